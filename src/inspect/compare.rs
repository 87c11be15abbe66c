//! The comparison of two connections, field by field: what differs, never how.
//!
//! Owns which names of fields may be shown. A value never leaves this file; the key of an extra does only if it looks like a name.

use crate::connection::{Connection, FIELDS};
use crate::error::Result;
use crate::python::json::{Object, Value};

/// The longest key of an extra that is shown, in bytes.
const LONGEST_KEY: usize = 64;

/// Returns the fields in which two connections differ, in Airflow's order: `host`, `password`, `extra.sslmode`.
///
/// Both are compared as Airflow reads them, so a URI and JSON with the same fields are the same. Keys of the extra are compared one
/// by one, and objects in it too. An absent field differs from an empty one, as `None` differs from `""`.
///
/// # Errors
/// None: every name asked for is a field.
pub fn connections(here: &Connection, there: &Connection) -> Result<Vec<String>> {
    let mut different = Vec::new();
    for field in FIELDS {
        if field == "extra" {
            let nothing = Object::new();
            let here = here.extra_object().unwrap_or(&nothing);
            let there = there.extra_object().unwrap_or(&nothing);
            objects("extra", here, there, &mut different);
        } else if here.field(field)? != there.field(field)? {
            different.push(field.to_owned());
        }
    }
    Ok(different)
}

/// Adds the paths at which two objects differ.
fn objects(path: &str, here: &Object, there: &Object, different: &mut Vec<String>) {
    let only_there = there.keys().filter(|key| !here.contains_key(*key));
    for key in here.keys().chain(only_there) {
        let path = if is_name(key) {
            format!("{path}.{key}")
        } else {
            format!("{path}.…")
        };
        match (here.get(key), there.get(key)) {
            (Some(Value::Object(here)), Some(Value::Object(there))) => objects(&path, here, there, different),
            (here, there) if here == there => {}
            _ if different.contains(&path) => {}
            _ => different.push(path),
        }
    }
}

/// Whether a key looks like a name. Any other text may be a part of a password that was not quoted in a URI.
fn is_name(key: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    key.len() <= LONGEST_KEY && key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::value::Found;

    fn different(here: &str, there: &str) -> Vec<String> {
        let read = |text: &str| {
            Connection::from_found("db", &Found::Text(Secret::from(text))).expect("it is a connection")
        };
        connections(&read(here), &read(there)).expect("every field is known")
    }

    #[test]
    fn the_form_of_a_connection_does_not_matter() {
        let json = r#"{"conn_type": "postgres", "login": "u", "password": "p", "host": "h", "port": 5432, "schema": "s", "extra": {"b": 1, "a": "x"}}"#;
        assert!(different("postgresql://u:p@h:5432/s?a=x&b=1", json).is_empty());
    }

    #[test]
    fn fields_are_named_in_airflows_order() {
        assert_eq!(
            different("postgres://u:p@h:1/s", "mysql://v:q@i:2/t"),
            ["conn_type", "host", "login", "password", "schema", "port"]
        );
    }

    #[test]
    fn keys_of_the_extra_are_named_and_so_are_those_of_objects_in_it() {
        assert_eq!(
            different(
                r#"{"extra": {"a": 1, "b": {"c": 1, "d": 2}, "only_here": null}}"#,
                r#"{"extra": {"a": 2, "b": {"c": 1, "d": 3}, "only_there": 1}}"#
            ),
            ["extra.a", "extra.b.d", "extra.only_here", "extra.only_there"]
        );
        assert_eq!(
            different(r#"{"extra": {"a": {}}}"#, r#"{"extra": {"a": 1}}"#),
            ["extra.a"]
        );
    }

    #[test]
    fn a_key_that_may_be_a_piece_of_a_password_is_not_named() {
        assert_eq!(
            different(r#"{"extra": {"hunter2!": 1, "p@ss": 2}}"#, r#"{"extra": {}}"#),
            ["extra.…"]
        );
    }

    #[test]
    fn absent_and_empty_differ() {
        assert_eq!(
            different(r#"{"host": "h"}"#, r#"{"host": "h", "login": ""}"#),
            ["login"]
        );
    }
}
