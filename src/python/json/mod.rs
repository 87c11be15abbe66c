//! `json.loads` and `json.dumps` of CPython 3.11: the one JSON type of Airflow's data.
//!
//! Owns [`Value`], its truth and its `type().__name__`. Reading is in `loads`, writing in `dumps`.
//! Must not know what the data means. `serde_json` is for JSON that Python does not read: it rejects `NaN`, rounds big
//! integers and has another depth limit.
//!
//! <https://docs.python.org/3.11/library/json.html>

use std::fmt;

use indexmap::IndexMap;

mod bound;
mod dumps;
mod entries;
mod error;
mod loads;

pub(crate) use bound::has_too_many_values;
pub use dumps::{dumps, dumps_compact, escaped};
pub(crate) use entries::{entries, text_of_key};
pub use error::{Error, ErrorKind, MAX_DEPTH, MAX_INTEGER_DIGITS, MAX_VALUES};
pub use loads::loads;

/// A JSON object: keys in order of first appearance, with the last value of a repeated key.
pub type Object = IndexMap<String, Value>;

/// What `json.loads` returns.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `None`
    Null,
    /// `True`, `False`
    Bool(bool),
    /// An integer of any size, as Python's `str()` writes it.
    Int(String),
    /// A float, with `NaN` and the infinities.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Value>),
    /// A dictionary.
    Object(Object),
}

impl Value {
    /// Returns whether the value is `None`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the text, if the value is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the dictionary, if the value is one.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Returns the list, if the value is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Returns Python's `bool(value)`: `None`, zero and empty containers are false; `NaN` is true.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(digits) => digits != "0",
            Self::Float(value) => *value != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Object(object) => !object.is_empty(),
        }
    }

    /// Returns the JSON type in words, for a message that must not show the value.
    #[must_use]
    pub fn described(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::String(_) => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Returns Python's `type(value).__name__`, for a message that must not show the value.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::String(_) => "str",
            Self::List(_) => "list",
            Self::Object(_) => "dict",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool(redacted)",
            Self::Int(_) => "Int(redacted)",
            Self::Float(_) => "Float(redacted)",
            Self::String(_) => "String(redacted)",
            Self::List(_) => "List(redacted)",
            Self::Object(_) => "Object(redacted)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn truth_is_pythons() {
        for (value, truth) in [
            (Value::Null, false),
            (Value::Bool(true), true),
            (Value::Int("0".into()), false),
            (Value::Int("-1".into()), true),
            (Value::Float(-0.0), false),
            (Value::Float(f64::NAN), true),
            (Value::from(""), false),
            (Value::from("0"), true),
            (Value::List(vec![]), false),
            (Value::List(vec![Value::Null]), true),
            (Value::Object(super::Object::new()), false),
        ] {
            assert_eq!(value.is_truthy(), truth, "{}", value.type_name());
        }
    }

    #[test]
    fn each_type_gives_its_own_value_and_no_other() {
        let list = Value::List(vec![Value::Bool(true)]);
        assert!(list.as_list().is_some_and(|list| *list == [Value::Bool(true)]));
        assert!(list.as_str().is_none() && list.as_object().is_none());
        assert!(Value::from("a").as_list().is_none());
    }

    #[test]
    fn debug_never_shows_a_value() {
        assert_eq!(format!("{:?}", Value::from("hunter2")), "String(redacted)");
    }
}
