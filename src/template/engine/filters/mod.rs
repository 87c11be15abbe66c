//! Jinja's filters, `b64encode` and `b64decode`, and the formats of `--as` as the filter `as`.
//!
//! A filter that Jinja has and this program has not is an error that names it.
//!
//! Source: jinja2 3.1.6, `jinja2/filters.py`.

mod json;
mod number;
mod sequence;
mod text;

use crate::error::Error;
use crate::nearest::nearest;
use crate::template::arguments::{Arguments, text as text_argument, truth};
use crate::template::engine::Engine;
use crate::template::engine::known::{FILTERS, OTHERS};
use crate::template::problem::{Problem, Result, quoted};
use crate::template::value::Value;

/// Applies the filter `name`.
pub(super) fn apply(
    engine: &Engine<'_, '_>,
    name: &str,
    value: Value,
    arguments: Arguments,
) -> Result<Value> {
    engine.step()?;
    match name {
        "default" | "d" => default(value, arguments),
        "as" => as_format(engine, &value, arguments),
        "tojson" => json::tojson(&value, arguments),
        "abs" | "float" | "int" | "round" | "filesizeformat" => number::apply(name, &value, arguments),
        "b64decode" | "b64encode" | "capitalize" | "center" | "e" | "escape" | "forceescape" | "format"
        | "indent" | "lower" | "replace" | "safe" | "string" | "title" | "trim" | "truncate" | "upper"
        | "urlencode" | "wordcount" | "xmlattr" => text::apply(name, &value, arguments),
        "attr" | "batch" | "count" | "dictsort" | "first" | "groupby" | "items" | "join" | "last"
        | "length" | "list" | "map" | "max" | "min" | "reject" | "rejectattr" | "reverse" | "select"
        | "selectattr" | "slice" | "sort" | "sum" | "unique" => {
            sequence::apply(engine, name, &value, arguments)
        }
        name if OTHERS.contains(&name) => Err(Problem::unsupported(format!("the filter `{name}`"))),
        name => {
            let error = Error::usage(format!("there is no filter {}", quoted(engine.text, name)));
            Err(Problem::of(match nearest(name, &FILTERS) {
                Some(known) => error.with_hint(format!("the nearest is `{known}`")),
                None => error.with_hint("docs/inject.md lists the filters"),
            }))
        }
    }
}

fn default(value: Value, arguments: Arguments) -> Result<Value> {
    let [other, boolean] = arguments.bind("default", ["default_value", "boolean"], 0)?;
    let is_missing = matches!(value, Value::Undefined(_) | Value::Empty)
        || truth(boolean.as_ref(), false)? && !value.is_true()?;
    Ok(if is_missing {
        other.unwrap_or_else(|| Value::text(""))
    } else {
        value
    })
}

fn as_format(engine: &Engine<'_, '_>, value: &Value, arguments: Arguments) -> Result<Value> {
    let [format] = arguments.bind("as", ["format"], 1)?;
    let format = text_argument("as", &format.unwrap_or(Value::None))?;
    match value {
        Value::Undefined(what) => Err(Problem::undefined(what)),
        Value::Connection(connection) => engine.formatted(connection, &format),
        other => Err(Problem::of(
            Error::usage(format!(
                "the filter `as` takes a connection, not a value of type {}",
                other.type_name()
            ))
            .with_hint("{{ conn.ID | as('FORMAT') }}"),
        )),
    }
}
