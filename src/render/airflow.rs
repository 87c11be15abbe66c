//! The files that `airflow connections import` and `airflow variables import` read.
//!
//! Source: airflow 3.3.2, `airflow/secrets/local_filesystem.py` (`_create_connection`),
//! `airflow/cli/commands/connection_command.py`, `variable_command.py`.

use super::{Exported, Masks};
use crate::connection::{Connection, FIELDS};
use crate::error::{Error, Result};
use crate::python::json::{self, Object, Value};
use crate::secret::Secret;

/// The longest id that the import takes, in characters.
const LONGEST_ID: usize = 200;

/// Whether the import accepts `conn_id`. It skips others with a message, and still succeeds.
///
/// Source: airflow 3.3.2, `airflow/utils/helpers.py`, `validate_key`.
fn is_importable(conn_id: &str) -> bool {
    conn_id.chars().count() <= LONGEST_ID
        && !conn_id.contains("..")
        && conn_id
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// Returns one object, connection id to arguments. Airflow requires a type, and an extra that is text.
///
/// # Errors
/// An id that the import skips, with status 2; a connection without a type, with status 6.
pub fn connections<'a>(
    connections: impl IntoIterator<Item = (&'a str, &'a Connection)>,
    masks: &mut Masks,
) -> Result<Exported> {
    let mut file = Object::new();
    for (conn_id, connection) in connections {
        if !is_importable(conn_id) {
            return Err(Error::usage(format!(
                "`airflow connections import` would skip connection `{conn_id}`"
            ))
            .with_hint("it accepts ids of up to 200 letters, digits, `_`, `-` and single `.`"));
        }
        let mut parsed = connection.to_object()?;
        let mut arguments = Object::new();
        // The order of Airflow's own export, where the extra is last.
        for name in FIELDS.into_iter().filter(|name| *name != "extra") {
            if let Some(value) = parsed.shift_remove(name).filter(|value| !value.is_null()) {
                arguments.insert(name.to_owned(), value);
            }
        }
        match arguments.get_mut("conn_type") {
            Some(Value::String(name)) if !name.is_empty() => *name = normalised(name),
            _ => {
                return Err(Error::malformed(format!(
                    "`airflow connections import` cannot import connection `{conn_id}`: it has no type"
                )));
            }
        }
        if let Some(text) = connection.extra_text() {
            masks.add_forms(text);
            arguments.insert("extra".to_owned(), Value::String(text.to_owned()));
        }
        file.insert(conn_id.to_owned(), Value::Object(arguments));
    }
    Ok(written(file))
}

/// Returns one object, variable key to text. JSON stays text, because Airflow takes only the `value` of an object.
///
/// # Errors
/// A value that is not UTF-8, with status 6.
pub fn variables(variables: &[(&str, Secret)], masks: &mut Masks) -> Result<Exported> {
    let mut file = Object::new();
    for (key, value) in variables {
        let Some(text) = value.expose_text() else {
            return Err(Error::malformed(format!(
                "`airflow variables import` cannot import variable `{key}`: it is not UTF-8"
            )));
        };
        masks.add_forms(text);
        file.insert((*key).to_owned(), Value::String(text.to_owned()));
    }
    Ok(written(file))
}

/// Returns a type as `Connection._normalize_conn_type` does. The type in a local file is not normalised yet.
fn normalised(conn_type: &str) -> String {
    if conn_type == "postgresql" {
        "postgres".to_owned()
    } else {
        conn_type.replace('-', "_")
    }
}

fn written(file: Object) -> Exported {
    Exported::plain(json::dumps_compact(&Value::Object(file)) + "\n")
}
