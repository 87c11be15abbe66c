//! Jinja's tests: `x is defined`.
//!
//! Source: jinja2 3.1.6, `jinja2/tests.py`.

use minijinja::machinery::ast::CompareOpKind;

use super::Engine;
use super::known;
use crate::shown::shown;
use crate::template::arguments::Arguments;
use crate::template::compare::compared;
use crate::template::operators::remainder;
use crate::template::problem::{Problem, Result, quoted};
use crate::template::sequences;
use crate::template::strings;
use crate::template::text_of::text_of;
use crate::template::value::Value;

/// The tests, each with how many arguments it takes.
const TESTS: [(&str, usize); 39] = [
    ("odd", 0),
    ("even", 0),
    ("divisibleby", 1),
    ("defined", 0),
    ("undefined", 0),
    ("filter", 0),
    ("test", 0),
    ("none", 0),
    ("boolean", 0),
    ("false", 0),
    ("true", 0),
    ("integer", 0),
    ("float", 0),
    ("lower", 0),
    ("upper", 0),
    ("string", 0),
    ("mapping", 0),
    ("number", 0),
    ("sequence", 0),
    ("iterable", 0),
    ("callable", 0),
    ("sameas", 1),
    ("escaped", 0),
    ("in", 1),
    ("==", 1),
    ("eq", 1),
    ("equalto", 1),
    ("!=", 1),
    ("ne", 1),
    (">", 1),
    ("gt", 1),
    ("greaterthan", 1),
    ("ge", 1),
    (">=", 1),
    ("<", 1),
    ("lt", 1),
    ("lessthan", 1),
    ("<=", 1),
    ("le", 1),
];

/// Returns `value is name(arguments)`.
pub(super) fn test(engine: &Engine<'_, '_>, name: &str, value: &Value, arguments: Arguments) -> Result<bool> {
    engine.step()?;
    let Some((_, takes)) = TESTS.iter().find(|(known, _)| *known == name) else {
        return Err(Problem::usage(format!(
            "there is no test {}",
            quoted(engine.text, name)
        )));
    };
    if *takes == 0 {
        arguments.none(name)?;
        return plain(name, value);
    }
    let [other] = arguments.bind(name, ["*other"], 1)?;
    let other = other.unwrap_or(Value::None);
    let compare = |operator| compared(operator, value, &other);
    match name {
        "divisibleby" => {
            let rest = remainder(value, &other)?;
            crate::template::compare::equal(&rest, &Value::Int(0))
        }
        "in" => compare(CompareOpKind::In),
        "==" | "eq" | "equalto" => compare(CompareOpKind::Eq),
        "!=" | "ne" => compare(CompareOpKind::Ne),
        ">" | "gt" | "greaterthan" => compare(CompareOpKind::Gt),
        ">=" | "ge" => compare(CompareOpKind::Gte),
        "<" | "lt" | "lessthan" => compare(CompareOpKind::Lt),
        "<=" | "le" => compare(CompareOpKind::Lte),
        _ => same(value, &other),
    }
}

/// Python's `is`, where the answer does not depend on how Python stores a value.
fn same(value: &Value, other: &Value) -> Result<bool> {
    match (value, other) {
        (Value::None, Value::None) => Ok(true),
        (Value::Bool(one), Value::Bool(other)) => Ok(one == other),
        (Value::None | Value::Bool(_), _) | (_, Value::None | Value::Bool(_)) => Ok(false),
        _ => Err(Problem::unsupported(
            "`sameas` with values other than true, false and none",
        )),
    }
}

fn plain(test: &str, value: &Value) -> Result<bool> {
    Ok(match test {
        "defined" => !matches!(value, Value::Undefined(_) | Value::Empty),
        "undefined" => matches!(value, Value::Undefined(_) | Value::Empty),
        "none" => matches!(value, Value::None),
        "boolean" => matches!(value, Value::Bool(_)),
        "false" => matches!(value, Value::Bool(false)),
        "true" => matches!(value, Value::Bool(true)),
        "integer" => matches!(value, Value::Int(_)),
        "float" => matches!(value, Value::Float(_)),
        "number" => matches!(value, Value::Int(_) | Value::Float(_) | Value::Bool(_)),
        "string" => value.as_text().is_some(),
        "mapping" => matches!(value, Value::Dict(_) | Value::Var),
        "escaped" => matches!(value, Value::Markup(_)),
        "odd" => crate::template::compare::equal(&remainder(value, &Value::Int(2))?, &Value::Int(1))?,
        "even" => crate::template::compare::equal(&remainder(value, &Value::Int(2))?, &Value::Int(0))?,
        "lower" | "upper" => {
            let method = if test == "lower" { "islower" } else { "isupper" };
            strings::call(&text_of(value)?, method, Arguments::default())?.is_true()?
        }
        "sequence" => matches!(
            value,
            Value::Empty
                | Value::Text(_)
                | Value::Markup(_)
                | Value::List(_)
                | Value::Tuple(_)
                | Value::Group(_)
                | Value::Dict(_)
                | Value::Var
                | Value::Range(..)
        ),
        "iterable" => {
            matches!(value, Value::Generator(_) | Value::Loop(_)) || sequences::length(value)?.is_some()
        }
        "callable" => matches!(
            value,
            Value::Undefined(_)
                | Value::Empty
                | Value::Macro(_)
                | Value::Method(_)
                | Value::Global(_)
                | Value::Joiner(_)
                | Value::Loop(_)
        ),
        "filter" | "test" => {
            value.key()?;
            let name = value.as_text().map_or("", |name| name);
            if name.is_empty() {
                false
            } else if test == "filter" {
                known::exists(name)
            } else {
                TESTS.iter().any(|(known, _)| *known == name)
            }
        }
        _ => return Err(Problem::usage(format!("there is no test `{}`", shown(test)))),
    })
}
