//! `Connection.to_dict()` and `as_json()`: the connection as an object.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`to_dict`, `as_json`), `airflow/utils/helpers.py`
//! (`prune_dict`).

use super::Connection;
use crate::python::json::{Object, Value};

impl Connection {
    /// Follows `to_dict()`: every key, in Airflow's order.
    pub(super) fn object(&self) -> Object {
        let conn_id = self.conn_id.clone().map_or(Value::Null, Value::String);
        let mut object = Object::from_iter([("conn_id".to_owned(), conn_id)]);
        for (name, value) in self.parts() {
            object.insert(name.to_owned(), value);
        }
        object.insert(
            "extra".to_owned(),
            Value::Object(self.extra_object().cloned().unwrap_or_default()),
        );
        object
    }

    /// Follows `to_dict(prune_empty=True)` without the id: no key for `None` or an empty extra.
    pub(super) fn pruned_object(&self) -> Object {
        let mut object = Object::new();
        for (name, value) in self.parts() {
            if !value.is_null() {
                object.insert(name.to_owned(), without_nulls(value));
            }
        }
        if let Some(extra) = self.extra_object().filter(|extra| !extra.is_empty()) {
            object.insert("extra".to_owned(), Value::Object(extra.clone()));
        }
        object
    }

    fn parts(&self) -> [(&'static str, Value); 7] {
        [
            ("conn_type", self.conn_type.clone()),
            ("description", self.description.clone()),
            ("host", self.host.clone()),
            ("login", self.login.clone()),
            (
                "password",
                self.password.clone().map_or(Value::Null, Value::String),
            ),
            ("schema", self.schema.clone()),
            ("port", self.port.clone()),
        ]
    }
}

/// Follows `prune_dict` for a list or an object: removes every `None` in it, at any depth.
///
/// Recursion is limited by the depth that `json.loads` reads.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(
            items
                .into_iter()
                .filter(|item| !item.is_null())
                .map(without_nulls)
                .collect(),
        ),
        Value::Object(object) => {
            let kept = object.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        value => value,
    }
}
