//! `tojson`: `json.dumps` with sorted keys, and `< > & '` escaped for HTML.
//!
//! Source: jinja2 3.1.6, `jinja2/utils.py` (`htmlsafe_json_dumps`), `jinja2/defaults.py`; CPython 3.11, `Lib/json/encoder.py`.

use zeroize::Zeroizing;

use crate::python::{float, json};
use crate::template::arguments::Arguments;
use crate::template::problem::{Problem, Result};
use crate::template::text_of::{LONGEST, too_long};
use crate::template::value::{Key, Value};

/// A value that is nested more deeply is refused: a list can contain itself.
const DEEPEST: usize = 200;

/// Returns `value|tojson`.
pub(super) fn tojson(value: &Value, arguments: Arguments) -> Result<Value> {
    let [indent] = arguments.bind("tojson", ["indent"], 0)?;
    let indent = match indent {
        None | Some(Value::None) => None,
        Some(Value::Text(indent)) => Some(indent.to_string()),
        Some(other) => {
            let width = crate::template::arguments::integer("tojson", &other)?.clamp(0, 1000);
            Some(" ".repeat(usize::try_from(width).unwrap_or(0)))
        }
    };
    let mut writer = Writer {
        out: Zeroizing::new(String::new()),
        indent,
    };
    writer.value(value, 0)?;
    let mut safe = String::with_capacity(writer.out.len());
    for c in writer.out.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\'' => safe.push_str("\\u0027"),
            c => safe.push(c),
        }
    }
    Ok(Value::Markup(safe.into()))
}

struct Writer {
    out: Zeroizing<String>,
    indent: Option<String>,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(Problem::usage(format!(
                "a value that is nested more than {DEEPEST} levels cannot become JSON"
            )));
        }
        if self.out.len() > LONGEST {
            return Err(too_long());
        }
        match value {
            Value::Undefined(what) => return Err(Problem::undefined(what)),
            Value::None => self.out.push_str("null"),
            Value::Bool(truth) => self.out.push_str(if *truth { "true" } else { "false" }),
            Value::Int(number) => self.out.push_str(&number.to_string()),
            Value::Float(number) => self.out.push_str(&real(*number)),
            Value::Text(text) | Value::Markup(text) => {
                self.out.push_str(&json::dumps(&json::Value::from(&**text)));
            }
            Value::List(items) => self.list(&items.borrow(), depth)?,
            Value::Tuple(items) => self.list(items, depth)?,
            Value::Group(group) => self.list(&[group.0.clone(), group.1.clone()], depth)?,
            Value::Dict(dict) => {
                let mut entries: Vec<(Value, Value)> = dict.borrow().values().cloned().collect();
                sort(&mut entries)?;
                let mut named = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    named.push((name(&key)?, value));
                }
                self.container(&named, '{', '}', depth, |writer, (name, value)| {
                    writer
                        .out
                        .push_str(&json::dumps(&json::Value::from(name.as_str())));
                    writer.out.push_str(": ");
                    writer.value(value, depth + 1)
                })?;
            }
            other => {
                return Err(Problem::usage(format!(
                    "a value of type {} cannot become JSON",
                    other.type_name()
                )));
            }
        }
        Ok(())
    }

    fn list(&mut self, items: &[Value], depth: usize) -> Result<()> {
        self.container(items, '[', ']', depth, |writer, item| {
            writer.value(item, depth + 1)
        })
    }

    fn container<T>(
        &mut self,
        items: &[T],
        open: char,
        close: char,
        depth: usize,
        write: impl Fn(&mut Self, &T) -> Result<()>,
    ) -> Result<()> {
        self.out.push(open);
        for (index, item) in items.iter().enumerate() {
            match (&self.indent, index) {
                (_, 0) => {}
                (Some(_), _) => self.out.push(','),
                (None, _) => self.out.push_str(", "),
            }
            self.new_line(depth + 1);
            write(self, item)?;
        }
        if !items.is_empty() {
            self.new_line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    fn new_line(&mut self, depth: usize) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            self.out.push_str(&indent.repeat(depth));
        }
    }
}

fn real(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        (if number > 0.0 { "Infinity" } else { "-Infinity" }).to_owned()
    } else {
        float::repr(number)
    }
}

/// Sorts the keys, which must all be text or all be numbers.
fn sort(entries: &mut [(Value, Value)]) -> Result<()> {
    let texts = entries.iter().filter(|(key, _)| key.as_text().is_some()).count();
    let numbers = entries.iter().filter(|(key, _)| key.as_int().is_some()).count();
    if texts == entries.len() {
        entries.sort_by(|(left, _), (right, _)| {
            let text = |value: &Value| value.as_text().map(|text| (*text).to_string());
            text(left).cmp(&text(right))
        });
    } else if numbers == entries.len() {
        entries.sort_by_key(|(key, _)| key.as_int());
    } else if entries.len() > 1 {
        return Err(Problem::usage(
            "keys of different types cannot be sorted for JSON",
        ));
    }
    Ok(())
}

/// Returns the text of a key.
fn name(key: &Value) -> Result<String> {
    Ok(match key {
        Value::Text(text) | Value::Markup(text) => text.to_string(),
        Value::None => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => real(*number),
        other => {
            debug_assert!(
                matches!(other.key(), Ok(Key::Tuple(_))),
                "no other value is a key"
            );
            return Err(Problem::usage(format!(
                "a key of type {} cannot become JSON",
                other.type_name()
            )));
        }
    })
}
