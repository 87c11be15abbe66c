//! `str(value)` for the values of `json.loads` and YAML, as an f-string writes a value that should have been text.
//!
//! <https://docs.python.org/3.11/library/functions.html#repr>; source: CPython 3.11, `Objects/unicodeobject.c`
//! (`unicode_repr`).

use std::fmt::Write as _;

use super::json::Value;
use super::{float, text};

/// Returns `str(value)`: text unchanged, anything else as `repr` writes it.
#[must_use]
pub fn str(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => repr(value),
    }
}

/// A value, or text between values, that is still to be written.
enum Part<'a> {
    Value(&'a Value),
    Text(&'a str),
    Between(&'static str),
}

/// Returns `repr(value)`.
#[must_use]
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    // Last in, first out, so that nesting cannot exhaust the thread's stack.
    let mut parts = vec![Part::Value(value)];
    while let Some(part) = parts.pop() {
        match part {
            Part::Between(text) => out.push_str(text),
            Part::Text(text) => quoted(text, &mut out),
            Part::Value(Value::String(text)) => quoted(text, &mut out),
            Part::Value(Value::Null) => out.push_str("None"),
            Part::Value(Value::Bool(true)) => out.push_str("True"),
            Part::Value(Value::Bool(false)) => out.push_str("False"),
            Part::Value(Value::Int(digits)) => out.push_str(digits),
            Part::Value(Value::Float(value)) => out.push_str(&float::repr(*value)),
            Part::Value(Value::List(list)) => {
                out.push('[');
                parts.push(Part::Between("]"));
                for (index, item) in list.iter().enumerate().rev() {
                    parts.push(Part::Value(item));
                    if index > 0 {
                        parts.push(Part::Between(", "));
                    }
                }
            }
            Part::Value(Value::Object(object)) => {
                out.push('{');
                parts.push(Part::Between("}"));
                for (index, (key, item)) in object.iter().enumerate().rev() {
                    parts.extend([Part::Value(item), Part::Between(": "), Part::Text(key)]);
                    if index > 0 {
                        parts.push(Part::Between(", "));
                    }
                }
            }
        }
    }
    out
}

/// Appends `repr(string)`.
pub(crate) fn quoted(string: &str, out: &mut String) {
    let quote = if string.contains('\'') && !string.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for c in string.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if text::is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                let written = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
                written.expect("writing to a string succeeds");
            }
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::{repr, str};
    use crate::python::json::{Value, loads};

    #[test]
    fn values_are_written_as_python_writes_them() {
        let value =
            loads(r#"[null, true, 1, 1.0, "it's", "a\"'\n\u00ad\u0301é", {"a": [], "b": {}}]"#).unwrap();
        let expected = r#"[None, True, 1, 1.0, "it's", 'a"\'\n\xad́é', {'a': [], 'b': {}}]"#;
        assert_eq!(repr(&value), expected);
        assert_eq!(str(&Value::from("it's")), "it's");
    }
}
