//! What a secret's content is to Airflow: a connection, or the value of a variable or an option.
//!
//! Facts: `get_connection`, `get_variable` and `get_config` of the Akeyless provider 0.3.2, `secrets/akeyless.py`. Must not know
//! where the content comes from.

use crate::error::{Error, Result};
use crate::python::json::{Object, Value, loads};
use crate::python::repr::str;
use crate::secret::Secret;
use crate::value::{Answer, Found, SecretKind};

/// Returns the answer that a secret's content is. `stored` is a value of the server's JSON, never null.
///
/// # Errors
/// Content that Airflow cannot use, with status 6.
pub(super) fn answer(kind: SecretKind, stored: Value) -> Result<Answer> {
    match (kind, stored) {
        (SecretKind::Connection, Value::String(text)) => connection(text),
        (SecretKind::Connection, _) => Err(Error::malformed("the secret's value in Akeyless is not text")),
        (_, Value::String(text)) => Ok(value(text)),
        // Airflow passes it on.
        (_, stored) => Ok(Answer::Found(Found::Json(stored))),
    }
}

fn connection(text: String) -> Result<Answer> {
    let found = match loads(&text) {
        Err(_) => uri(text),
        Ok(Value::Object(mut object)) => match object.shift_remove("conn_uri") {
            Some(Value::String(text)) if !text.is_empty() => uri(text),
            Some(value) if value.is_truthy() => {
                return Err(Error::malformed("`conn_uri` in the secret is not text"));
            }
            _ if object.contains_key("conn_id") => {
                return Err(Error::malformed(
                    "the secret has the key `conn_id`, which Airflow refuses in Akeyless",
                )
                .with_hint("remove `conn_id`: the secret's name is the connection id"));
            }
            _ => Found::Arguments(object),
        },
        Ok(other) => uri(str(&other)),
    };
    Ok(Answer::Found(found))
}

/// Returns what `Connection(uri=text)` is; without text it has no fields.
fn uri(text: String) -> Found {
    if text.is_empty() {
        Found::Arguments(Object::new())
    } else {
        Found::Uri(Secret::from(text))
    }
}

fn value(text: String) -> Answer {
    let in_object = match loads(&text) {
        Ok(Value::Object(mut object)) => object.shift_remove("value"),
        _ => None,
    };
    Answer::Found(match in_object {
        None => Found::Text(Secret::from(text)),
        Some(Value::Null) => return Answer::Null,
        Some(Value::String(text)) => Found::Text(Secret::from(text)),
        Some(other) => Found::Json(other),
    })
}
