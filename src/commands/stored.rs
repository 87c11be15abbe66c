//! What was found, as text: as it is stored, as a URI, and as Airflow reads it from its environment.
//!
//! Must not know an output format.
//! Source: airflow 3.3.2, `airflow/secrets/environment_variables.py`, `airflow/secrets/base_secrets.py`.

use crate::connection::{self, Connection};
use crate::error::{Error, Result};
use crate::python::json;
use crate::python::text::is_space;
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::Found;

/// Returns the stored value byte for byte: what Airflow's `get_conn_value()` and `get_variable()` return. An object of a
/// connection is the JSON that Airflow makes of it; a variable that is no text is compact JSON.
pub(super) fn text(found: &Found) -> Secret {
    match found {
        Found::Text(text) | Found::Uri(text) => text.clone(),
        Found::Fields(object) | Found::Arguments(object) => {
            json::dumps(&json::Value::Object(object.clone())).into()
        }
        Found::Json(value) => json::dumps_compact(value).into(),
    }
}

/// Returns the stored value when it is a URI.
pub(super) fn uri(found: &Found) -> Option<Secret> {
    match found {
        Found::Text(text) if !looks_like_json(text) => Some(text.clone()),
        Found::Uri(uri) => Some(uri.clone()),
        _ => None,
    }
}

/// Returns what `AIRFLOW_CONN_<ID>` must hold for Airflow to read `connection` back: the stored text, or `as_json()` where the
/// backend keeps no text, or keeps one that the environment would read in another way.
///
/// # Errors
/// An object of a local file that Airflow takes there and in no environment, such as one with a port that is no number, with
/// status 6.
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
            "connection `{}` would not be read back from an environment",
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
        Found::Fields(object) | Found::Arguments(object) => return Ok(json::Value::Object(object.clone())),
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

/// Returns the part of `value` that `path` names, as in `extra.KEY.KEY`; `None` when there is none, or when it is null.
pub(super) fn reach<'a>(value: &'a json::Value, path: &str) -> Option<&'a json::Value> {
    connection::reach(value, path).filter(|part| !part.is_null())
}

/// Whether Airflow takes a connection's text for JSON: its first character behind blanks is a brace.
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
