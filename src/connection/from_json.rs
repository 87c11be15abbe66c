//! `Connection.from_json`: the text of a JSON object, or a Vault secret's fields, which Airflow turns into such a text.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`from_json`, `_normalize_conn_type`).

use super::Connection;
use super::conn_type::normalize_conn_type;
use super::constructor_arguments::Arguments;
use super::malformed::Malformed;
use crate::connection_keys;
use crate::python::int;
use crate::python::json::{Object, Value, loads};

/// Parses `text`, which starts with `{`.
pub(super) fn from_json(conn_id: &str, text: &str) -> Result<Connection, Malformed> {
    from_kwargs(conn_id, object(text)?)
}

/// Parses `text`, which starts with `{`, as an object.
pub(super) fn object(text: &str) -> Result<Object, Malformed> {
    match loads(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(value) => Err(Malformed::new(format!(
            "it is JSON of type {}, not an object",
            value.type_name()
        ))),
        Err(error) if error.is_decode_error() => {
            Err(Malformed::new("it starts with `{` and is not JSON").because(error))
        }
        Err(error) => Err(Malformed::new("it is JSON that cannot be read").because(error)),
    }
}

/// Creates a connection from the JSON's keys and values.
pub(super) fn from_kwargs(conn_id: &str, mut kwargs: Object) -> Result<Connection, Malformed> {
    check_keys(&kwargs, &[])?;
    let mut arguments = Arguments::take(&mut kwargs);
    arguments.conn_type = normalized(arguments.conn_type)?;
    arguments.port = port(&arguments.port)?;
    Connection::construct(conn_id, arguments)
}

/// Normalises a connection type. Airflow tests `"-" in conn_type`, so a list or an object passes when it has no `-`.
pub(super) fn normalized(conn_type: Value) -> Result<Value, Malformed> {
    match conn_type {
        Value::String(text) => Ok(if text.is_empty() {
            Value::Null
        } else {
            Value::String(normalize_conn_type(text))
        }),
        conn_type if !conn_type.is_truthy() => Ok(Value::Null),
        Value::List(items) if !items.iter().any(|item| item.as_str() == Some("-")) => Ok(Value::List(items)),
        Value::Object(object) if !object.contains_key("-") => Ok(Value::Object(object)),
        conn_type => Err(Malformed::of_type("conn_type", &conn_type, "text")),
    }
}

/// Converts a port with Python's `int()`.
pub(super) fn port(port: &Value) -> Result<Value, Malformed> {
    if !port.is_truthy() {
        return Ok(Value::Null);
    }
    let digits = match port {
        Value::String(text) => int::parse(text).ok_or_else(|| Malformed::new("`port` is not an integer")),
        Value::Int(digits) => Ok(digits.clone()),
        Value::Float(value) => {
            int::from_float(*value).ok_or_else(|| Malformed::new("`port` is not an integer"))
        }
        Value::Bool(_) => Ok("1".to_owned()),
        Value::Null | Value::List(_) | Value::Object(_) => {
            Err(Malformed::of_type("port", port, "an integer"))
        }
    };
    digits.map(Value::Int)
}

/// Checks that every key is an argument of the constructor, or one of `more`.
pub(super) fn check_keys(object: &Object, more: &[&str]) -> Result<(), Malformed> {
    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
    match connection_keys::unknown(&keys, more) {
        None => Ok(()),
        Some((what, hint)) => Err(Malformed::new(format!("it has {what}")).hint(hint)),
    }
}
