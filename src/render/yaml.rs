//! One YAML mapping, name to text, that YAML 1.1 and 1.2 read alike.
//!
//! Every value is in double quotes, so no reader takes it for a number, a date or a boolean. Source: YAML 1.1, 5.6 (escapes) and
//! 5.1 (what is printable); PyYAML 6, `yaml/reader.py`.

use std::fmt::Write as _;

use super::{Entry, Exported, Masks, shell};
use crate::error::Result;
use crate::python::json::{Object, Value};

/// Returns the mapping.
///
/// # Errors
/// A value that is not UTF-8, with status 6.
pub fn render(entries: &[Entry], masks: &mut Masks) -> Result<Exported> {
    let mut text = String::new();
    for entry in entries {
        let value = quoted(entry.text("YAML")?);
        masks.add(value.trim_matches('"').as_bytes());
        let _ = writeln!(text, "{}: {value}", key(&entry.name));
    }
    Ok(Exported::plain(text))
}

/// Returns a key, unquoted if it is a name with an underscore, which no number, boolean or null has.
pub(super) fn key(name: &str) -> String {
    if shell::is_name(name) && name.contains('_') {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// Returns `text` in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            ' '..='~' => quoted.push(c),
            c if is_printable(c) => quoted.push(c),
            c if u32::from(c) <= 0xff => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(c));
            }
            c => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a YAML stream may hold `c` unescaped, and no reader takes it for a line break or a byte order mark.
fn is_printable(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// Returns an object as a block of lines, each of which starts with `indent` blanks. Lists are on one line.
#[must_use]
pub fn block(object: &Object, indent: usize) -> String {
    let mut text = String::new();
    for (name, value) in object {
        let _ = write!(text, "{:indent$}{}:", "", plain_key(name));
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                text.push_str(&block(inner, indent + 2));
            }
            value => {
                let _ = writeln!(text, " {}", flow(value));
            }
        }
    }
    text
}

/// Returns a key, unquoted if no reader takes it for something else than text.
fn plain_key(name: &str) -> String {
    const OTHERS: [&str; 10] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "none",
    ];
    if shell::is_name(name) && !OTHERS.contains(&name.to_lowercase().as_str()) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// Returns a value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(digits) => digits.clone(),
        Value::Float(value) if value.is_nan() => ".nan".to_owned(),
        Value::Float(value) if value.is_infinite() => if *value > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
        // YAML 1.1 wants a dot in a number with an exponent.
        Value::Float(value) => format!("{value:?}"),
        Value::String(text) => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let pairs = object
                .iter()
                .map(|(name, value)| format!("{}: {}", quoted(name), flow(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_printable_is_escaped() {
        assert_eq!(
            quoted("a\0\"\\\n\u{7f}\u{2028}\u{feff}ü😀"),
            "\"a\\x00\\\"\\\\\\n\\x7f\\u2028\\ufeffü😀\""
        );
    }

    #[test]
    fn a_key_that_could_be_something_else_is_quoted() {
        assert_eq!(key("AIRFLOW_VAR_X"), "AIRFLOW_VAR_X");
        assert_eq!(key("yes"), "\"yes\"");
        assert_eq!(key("AIRFLOW_CONN_MY-DB"), "\"AIRFLOW_CONN_MY-DB\"");
    }
}
