//! `str(value)` and `repr(value)`: what `{{ … }}` prints.
//!
//! A value that Python prints with its address in memory is an error.

use std::rc::Rc;

use zeroize::Zeroizing;

use super::problem::{Problem, Result};
use super::value::{Dict, Text, Value, View};
use crate::connection::TaskConnection;
use crate::python::{float, repr};

/// Values that are nested more deeply are not printed: a list can contain itself.
const DEEPEST: usize = 200;
/// A longer text is not made.
pub(super) const LONGEST: usize = 64 * 1024 * 1024;

/// Returns `str(value)`.
pub(super) fn text_of(value: &Value) -> Result<Text> {
    match value {
        Value::Text(text) | Value::Markup(text) => Ok(text.clone()),
        Value::Undefined(what) => Err(Problem::undefined(what)),
        Value::Empty => Ok("".into()),
        other => repr_of(other),
    }
}

/// Returns `repr(value)`.
pub(super) fn repr_of(value: &Value) -> Result<Text> {
    let mut out = Zeroizing::new(String::new());
    write(value, DEEPEST, &mut out)?;
    Ok(std::mem::take(&mut *out).into())
}

fn write(value: &Value, depth: usize, out: &mut String) -> Result<()> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Problem::usage(format!(
            "a value that is nested more than {DEEPEST} levels cannot be printed"
        )));
    };
    if out.len() > LONGEST {
        return Err(too_long());
    }
    match value {
        Value::Undefined(_) | Value::Empty => out.push_str("Undefined"),
        Value::None => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&float::repr(*number)),
        Value::Text(text) => repr::quoted(text, out),
        Value::Markup(text) => {
            out.push_str("Markup(");
            repr::quoted(text, out);
            out.push(')');
        }
        Value::List(items) => sequence('[', &items.borrow(), "]", depth, out)?,
        Value::Tuple(items) => {
            let end = if items.len() == 1 { ",)" } else { ")" };
            sequence('(', items, end, depth, out)?;
        }
        Value::Group(group) => sequence('(', &[group.0.clone(), group.1.clone()], ")", depth, out)?,
        Value::Dict(dict) => write_dict(&dict.borrow(), depth, out)?,
        Value::View(view, dict) => write_view(*view, &dict.borrow(), depth, out)?,
        Value::Range(start, stop, 1) => write_text(out, format_args!("range({start}, {stop})")),
        Value::Range(start, stop, stride) => {
            write_text(out, format_args!("range({start}, {stop}, {stride})"));
        }
        Value::Var => out.push_str(
            "{'json': <VariableAccessor (dynamic access)>, 'value': <VariableAccessor (dynamic access)>}",
        ),
        Value::Variables { .. } => out.push_str("<VariableAccessor (dynamic access)>"),
        Value::Connections => out.push_str("<ConnectionAccessor (dynamic access)>"),
        Value::Connection(connection) => write_connection(connection, depth, out)?,
        Value::Namespace(attributes) => {
            out.push_str("<Namespace {");
            for (index, (name, value)) in attributes.borrow().iter().enumerate() {
                separate(index, out);
                repr::quoted(name, out);
                out.push_str(": ");
                write(value, depth, out)?;
            }
            out.push_str("}>");
        }
        Value::Loop(state) => write_text(
            out,
            format_args!("<LoopContext {}/{}>", state.index0.get() + 1, state.items.len()),
        ),
        Value::Unknown
        | Value::NotSet
        | Value::Generator(_)
        | Value::Cycler(_)
        | Value::Joiner(_)
        | Value::Method(_)
        | Value::Macro(_)
        | Value::Global(_) => return Err(no_text(value)),
    }
    Ok(())
}

/// The error of a value that has no text of its own.
fn no_text(value: &Value) -> super::problem::Stop {
    let (what, hint) = match value {
        Value::Generator(_) => ("a generator".to_owned(), "add `|list` or `|join`"),
        Value::Method(method) => (format!("the method `{}`", method.1), "call it with `()`"),
        Value::Macro(_) | Value::Global(_) => ("a function".to_owned(), "call it with `()`"),
        Value::NotSet => (
            "a variable that is missing".to_owned(),
            "give `get` a default as its second argument",
        ),
        other => (
            format!("a value of type {}", other.type_name()),
            "print a part of it",
        ),
    };
    Problem::of(crate::error::Error::usage(format!("{what} cannot be printed")).with_hint(hint))
}

fn sequence(open: char, items: &[Value], close: &str, depth: usize, out: &mut String) -> Result<()> {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        separate(index, out);
        write(item, depth, out)?;
    }
    out.push_str(close);
    Ok(())
}

fn write_dict(dict: &Dict, depth: usize, out: &mut String) -> Result<()> {
    out.push('{');
    for (index, (key, value)) in dict.values().enumerate() {
        separate(index, out);
        write(key, depth, out)?;
        out.push_str(": ");
        write(value, depth, out)?;
    }
    out.push('}');
    Ok(())
}

fn write_view(view: View, dict: &Dict, depth: usize, out: &mut String) -> Result<()> {
    let (name, items): (_, Vec<Value>) = match view {
        View::Keys => ("dict_keys", dict.values().map(|(key, _)| key.clone()).collect()),
        View::Values => (
            "dict_values",
            dict.values().map(|(_, value)| value.clone()).collect(),
        ),
        View::Items => ("dict_items", pairs(dict)),
    };
    out.push_str(name);
    out.push('(');
    sequence('[', &items, "]", depth, out)?;
    out.push(')');
    Ok(())
}

/// Returns the items of a dictionary as tuples.
pub(super) fn pairs(dict: &Dict) -> Vec<Value> {
    let pair = |(key, value): &(Value, Value)| Value::Tuple(Rc::new(vec![key.clone(), value.clone()]));
    dict.values().map(pair).collect()
}

/// Writes the `repr` that attrs makes for the task SDK's class, or the id, which is that of core's.
fn write_connection(connection: &TaskConnection, depth: usize, out: &mut String) -> Result<()> {
    if connection.is_core() {
        let id = connection.attribute("conn_id").and_then(|id| id.as_str());
        out.push_str(id.unwrap_or_default());
        return Ok(());
    }
    let fields = [
        "conn_id",
        "conn_type",
        "description",
        "host",
        "schema",
        "login",
        "password",
        "port",
        "extra",
    ];
    out.push_str("Connection(");
    for (index, field) in fields.into_iter().enumerate() {
        separate(index, out);
        out.push_str(field);
        out.push('=');
        let value = connection.attribute(field).expect("it is a field");
        write(&Value::from_json(value)?, depth, out)?;
    }
    out.push(')');
    Ok(())
}

fn write_text(out: &mut String, text: std::fmt::Arguments<'_>) {
    std::fmt::write(out, text).expect("writing to a string succeeds");
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}

pub(super) fn too_long() -> super::problem::Stop {
    Problem::usage(format!(
        "it makes a text of more than {} MiB",
        LONGEST / 1024 / 1024
    ))
}
