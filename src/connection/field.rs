//! Looks up one field of a connection by its name: `host`, `extra`, `extra.KEY.KEY`.
//!
//! Owns the names of the fields, and the paths into the extra.

use super::Connection;
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::python::json::{Value, dumps_compact};
use crate::secret::Secret;
use crate::shown::shown;

/// The fields of a connection; `extra` may be followed by a path.
pub const FIELDS: [&str; 8] = [
    "conn_type",
    "description",
    "host",
    "login",
    "password",
    "schema",
    "port",
    "extra",
];

/// Checks that Airflow's connection has the field `name`.
///
/// # Errors
/// A name that is not a field, with status 2 and the nearest field.
pub fn check_field_name(name: &str) -> Result<()> {
    let (field, path) = name
        .split_once('.')
        .map_or((name, None), |(field, path)| (field, Some(path)));
    if FIELDS.contains(&field) && (path.is_none() || field == "extra") {
        return Ok(());
    }
    let error = Error::usage(format!("a connection has no field `{}`", shown(name)));
    Err(match nearest(field, &FIELDS) {
        Some(known) if !FIELDS.contains(&field) => error.with_hint(format!("the nearest is `{known}`")),
        _ => error.with_hint(format!("the fields are {}, extra.KEY", FIELDS.join(", "))),
    })
}

impl Connection {
    /// Returns the field `name`, which must be valid.
    pub(super) fn named_field(&self, name: &str) -> Option<Secret> {
        match name {
            "conn_type" => printed(&self.conn_type),
            "description" => printed(&self.description),
            "host" => printed(&self.host),
            "login" => printed(&self.login),
            "password" => self.password().map(Secret::from),
            "schema" => printed(&self.schema),
            "port" => printed(&self.port),
            "extra" => self
                .extra_object()
                .and_then(|extra| printed(&Value::Object(extra.clone()))),
            _ => printed(reach(self.extra.as_ref()?.value(), name.strip_prefix("extra.")?)?),
        }
    }
}

/// Follows `path` into `value`. A key that contains dots matches the rest of the path.
pub(crate) fn reach<'a>(mut value: &'a Value, mut path: &str) -> Option<&'a Value> {
    loop {
        let (key, rest) = path
            .split_once('.')
            .map_or((path, None), |(key, rest)| (key, Some(rest)));
        value = match (child(value, key), rest) {
            (Some(child), None) => return Some(child),
            (Some(child), Some(rest)) => {
                path = rest;
                child
            }
            (None, _) => return child(value, path),
        };
    }
}

fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(object) => object.get(key),
        Value::List(items) if key.bytes().all(|byte| byte.is_ascii_digit()) => {
            items.get(key.parse::<usize>().ok()?)
        }
        _ => None,
    }
}

/// Returns text unchanged, anything else as compact JSON, and nothing for null.
fn printed(value: &Value) -> Option<Secret> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Secret::from(text.as_str())),
        value => Some(Secret::from(dumps_compact(value))),
    }
}
