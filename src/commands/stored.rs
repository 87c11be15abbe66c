//! A value as text: as stored, as a URI, and as Airflow reads it from its environment.
//!
//! Must not know about output formats.
//! Source: airflow 3.3.2, `airflow/secrets/environment_variables.py`, `airflow/secrets/base_secrets.py`.

use crate::connection::{self, Connection};
use crate::error::{Error, Result};
use crate::python::json;
use crate::python::text::is_space;
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::Found;

/// Returns the stored value byte for byte, as Airflow's `get_conn_value()` and `get_variable()` do.
///
/// A connection that is an object becomes the JSON that Airflow makes of it; for a row of Airflow's database that is
/// [`as_json`](Connection::as_json), which the caller prints instead. A variable that is not text becomes compact JSON.
pub(super) fn text(found: &Found) -> Secret {
    match found {
        Found::Text(text) | Found::Uri(text) => text.clone(),
        Found::Fields(object) | Found::Arguments(object) | Found::Row(object) => {
            json::dumps(&json::Value::Object(object.clone())).into()
        }
        Found::Json(value) => json::dumps_compact(value).into(),
    }
}

/// Returns the stored value if it is a URI.
pub(super) fn uri(found: &Found) -> Option<Secret> {
    match found {
        Found::Text(text) if !looks_like_json(text) => Some(text.clone()),
        Found::Uri(uri) => Some(uri.clone()),
        _ => None,
    }
}

/// Returns the value of `AIRFLOW_CONN_<ID>` from which Airflow reads `connection` back.
///
/// This is the stored text, or `as_json()` if the backend stores no text or Airflow would read it differently from an environment.
///
/// # Errors
/// An object that Airflow accepts in a local file but not in an environment, such as one whose port is not a number, with status 6.
pub(super) fn for_environment(conn_id: &str, found: &Found, connection: &Connection) -> Result<Secret> {
    match found {
        Found::Text(text) => return Ok(text.clone()),
        Found::Uri(uri) if !looks_like_json(uri) && !has_blanks_around(uri) => return Ok(uri.clone()),
        _ => {}
    }
    let json = connection.as_json()?;
    match Connection::from_found(conn_id, &Found::Text(json.clone())) {
        Ok(_) => Ok(json),
        Err(error) => Err(Error::malformed(format!(
            "Airflow could not read connection `{}` from an environment variable",
            conn_id.escape_debug()
        ))
        .with_source(error)),
    }
}

/// Parses a variable's value as Airflow's `deserialize_json=True` does.
///
/// # Errors
/// A value that is not JSON, with status 6.
pub(super) fn parse_json(key: &str, found: &Found) -> Result<json::Value> {
    let text = match found {
        Found::Json(value) => return Ok(value.clone()),
        Found::Fields(object) | Found::Arguments(object) | Found::Row(object) => {
            return Ok(json::Value::Object(object.clone()));
        }
        Found::Text(text) | Found::Uri(text) => text,
    };
    let Some(text) = text.expose_text() else {
        return Err(Error::malformed(format!(
            "variable `{}` is not UTF-8",
            shown(key)
        )));
    };
    json::loads(text).map_err(|source| {
        Error::malformed(format!("variable `{}` is not JSON", shown(key))).with_source(source)
    })
}

/// Returns the part of `value` at `path`, as in `extra.KEY.KEY`; `None` if it is missing or null.
pub(super) fn reach<'a>(value: &'a json::Value, path: &str) -> Option<&'a json::Value> {
    connection::reach(value, path).filter(|part| !part.is_null())
}

/// Whether Airflow treats a connection's text as JSON: its first character after blanks is a brace.
fn looks_like_json(text: &Secret) -> bool {
    text.expose_text()
        .is_some_and(|text| text.trim_start_matches(is_space).starts_with('{'))
}

fn has_blanks_around(text: &Secret) -> bool {
    text.expose_text()
        .is_some_and(|text| text.starts_with(is_space) || text.ends_with(is_space))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reaches_into_objects_and_lists() {
        let value = json::loads(r#"{"a": {"b": [1, {"c": "d"}], "n": null}}"#).expect("it is JSON");
        assert_eq!(reach(&value, "a.b.1.c").and_then(json::Value::as_str), Some("d"));
        assert!(reach(&value, "a.n").is_none());
        assert!(reach(&value, "a.x").is_none());
        assert!(reach(&value, "a.b.7").is_none());
        assert!(reach(&value, "a.b.+0").is_none());
    }
}
