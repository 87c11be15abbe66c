//! `json.dumps`: a [`Value`] in, text out, with Python's separators, escapes and floats.
//!
//! It keeps its own stack: a value that did not come from `loads` may be nested too deeply for the thread's stack.
//!
//! Source: CPython 3.11, `Modules/_json.c` (`encoder_listencode_obj`, `ascii_escape_unicode`).

use std::fmt::Write as _;

use super::Value;
use crate::python::float;

/// Returns `json.dumps(value)`: `", "` and `": "` as separators, and everything beyond ASCII escaped.
#[must_use]
pub fn dumps(value: &Value) -> String {
    write(
        value,
        &Style {
            item: ", ",
            key: ": ",
            ascii: true,
        },
    )
}

/// Returns `json.dumps(value, separators=(",", ":"), ensure_ascii=False)`: compact, with text beyond ASCII unchanged.
#[must_use]
pub fn dumps_compact(value: &Value) -> String {
    write(
        value,
        &Style {
            item: ",",
            key: ":",
            ascii: false,
        },
    )
}

struct Style {
    item: &'static str,
    key: &'static str,
    ascii: bool,
}

/// The rest of a container that is being written.
enum Open<'a> {
    List(std::slice::Iter<'a, Value>),
    Object(indexmap::map::Iter<'a, String, Value>),
}

fn write(value: &Value, style: &Style) -> String {
    let mut out = String::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut next = Some(value);
    loop {
        // A container just opened has nothing before its first item.
        let mut first = false;
        if let Some(value) = next.take() {
            match value {
                Value::List(list) => {
                    out.push('[');
                    open.push(Open::List(list.iter()));
                    first = true;
                }
                Value::Object(object) => {
                    out.push('{');
                    open.push(Open::Object(object.iter()));
                    first = true;
                }
                Value::Null => out.push_str("null"),
                Value::Bool(true) => out.push_str("true"),
                Value::Bool(false) => out.push_str("false"),
                Value::Int(digits) => out.push_str(digits),
                Value::Float(value) => out.push_str(&number(*value)),
                Value::String(text) => string(text, style, &mut out),
            }
        }
        let Some(container) = open.last_mut() else {
            return out;
        };
        let closing = match container {
            Open::List(items) => {
                next = items.next();
                if next.is_some() && !first {
                    out.push_str(style.item);
                }
                ']'
            }
            Open::Object(entries) => {
                if let Some((key, value)) = entries.next() {
                    if !first {
                        out.push_str(style.item);
                    }
                    string(key, style, &mut out);
                    out.push_str(style.key);
                    next = Some(value);
                }
                '}'
            }
        };
        if next.is_none() {
            out.push(closing);
            open.pop();
        }
    }
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        let text = if value.is_sign_positive() {
            "Infinity"
        } else {
            "-Infinity"
        };
        text.to_owned()
    } else {
        float::repr(value)
    }
}

fn string(text: &str, style: &Style, out: &mut String) {
    out.reserve(text.len() + 2);
    out.push('"');
    escape_into(text, style.ascii, out);
    out.push('"');
}

/// Returns the JSON escape of `text`, without the quotes around it, with or without Python's `ensure_ascii`.
#[must_use]
pub fn escaped(text: &str, ensure_ascii: bool) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, ensure_ascii, &mut out);
    out
}

fn escape_into(text: &str, ensure_ascii: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            // Without `ensure_ascii`, Python escapes only the control characters below the space.
            '\0'..='\u{1f}' => escape(c, out),
            _ if ensure_ascii => escape(c, out),
            _ => out.push(c),
        }
    }
}

/// Writes `\uXXXX`, twice for a character beyond the first plane.
fn escape(c: char, out: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(out, "\\u{unit:04x}").expect("writing to a string succeeds");
    }
}

#[cfg(test)]
mod tests {
    use super::{dumps, dumps_compact};
    use crate::python::json::{Object, Value};

    #[test]
    fn separators_and_escapes_are_pythons() {
        let mut object = Object::new();
        object.insert(
            "é".into(),
            Value::List(vec![Value::from("\u{1f600}\u{7f}\u{1}\"\\/"), Value::Null]),
        );
        object.insert("b".into(), Value::Object(Object::new()));
        let value = Value::Object(object);
        assert_eq!(
            dumps(&value),
            r#"{"\u00e9": ["\ud83d\ude00\u007f\u0001\"\\/", null], "b": {}}"#
        );
        assert_eq!(
            dumps_compact(&value),
            "{\"é\":[\"\u{1f600}\u{7f}\\u0001\\\"\\\\/\",null],\"b\":{}}"
        );
    }

    #[test]
    fn depth_cannot_exhaust_the_stack() {
        let mut value = Value::List(Vec::new());
        for _ in 1..900 {
            value = Value::List(vec![value]);
        }
        assert_eq!(dumps(&value).len(), 1800);
    }
}
