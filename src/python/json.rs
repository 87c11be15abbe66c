//! `json.loads` and `json.dumps` of CPython 3.11.
//!
//! <https://docs.python.org/3.11/library/json.html>

use std::fmt;

use indexmap::IndexMap;

/// A JSON object: keys in the order of their first appearance, the last value of a repeated key.
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
