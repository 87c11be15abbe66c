//! Iteration, attributes, items and slices of values that need no lookup.

use std::rc::Rc;

use super::attributes;
use super::operators::MOST_ITEMS;
use super::problem::{Problem, Result};
use super::text_of::pairs;
use super::value::{Value, View, place, range_length};
use crate::connection::TaskConnection;
use crate::error::ErrorKind;

/// Returns what iterating over `value` gives.
pub(super) fn items(value: &Value) -> Result<Vec<Value>> {
    Ok(match value {
        Value::Undefined(what) => return Err(Problem::undefined(what)),
        Value::Empty => Vec::new(),
        Value::Text(text) | Value::Markup(text) => {
            if text.len() > 4 * MOST_ITEMS {
                return Err(Problem::usage(format!(
                    "it makes a list of more than {MOST_ITEMS} items"
                )));
            }
            text.chars().map(|c| Value::text(c.to_string())).collect()
        }
        Value::List(items) => items.borrow().clone(),
        Value::Tuple(items) => items.to_vec(),
        Value::Group(group) => vec![group.0.clone(), group.1.clone()],
        Value::Dict(dict) | Value::View(View::Keys, dict) => {
            dict.borrow().values().map(|(key, _)| key.clone()).collect()
        }
        Value::View(View::Values, dict) => dict.borrow().values().map(|(_, value)| value.clone()).collect(),
        Value::View(View::Items, dict) => pairs(&dict.borrow()),
        Value::Generator(rest) => rest.borrow_mut().by_ref().collect(),
        Value::Range(start, stop, stride) => {
            let length = range_length(*start, *stop, *stride);
            (0..length)
                .map(|index| Value::Int(start + index * stride))
                .collect()
        }
        Value::Var => vec![Value::text("json"), Value::text("value")],
        other => {
            return Err(Problem::usage(format!(
                "a value of type {} is not a sequence",
                other.type_name()
            )));
        }
    })
}

/// Returns `len(value)`, or `None` for a value without a length.
pub(super) fn length(value: &Value) -> Result<Option<usize>> {
    Ok(Some(match value {
        Value::Undefined(what) => return Err(Problem::undefined(what)),
        Value::Text(text) | Value::Markup(text) => text.chars().count(),
        Value::List(items) => items.borrow().len(),
        Value::Tuple(items) => items.len(),
        Value::Group(_) | Value::Var => 2,
        Value::Empty => 0,
        Value::Dict(dict) | Value::View(_, dict) => dict.borrow().len(),
        Value::Range(start, stop, stride) => {
            usize::try_from(range_length(*start, *stop, *stride)).unwrap_or(usize::MAX)
        }
        Value::Loop(state) => state.items.len(),
        _ => return Ok(None),
    }))
}

/// Describes a value in a message, without the value.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Connection(connection) => {
            format!("connection `{}`", crate::shown::shown(connection.requested_id()))
        }
        Value::Namespace(_) => "the namespace".to_owned(),
        Value::Loop(_) => "`loop`".to_owned(),
        Value::Dict(_) => "the object".to_owned(),
        Value::List(_) | Value::Tuple(_) => "the list".to_owned(),
        other => format!("a value of type {}", other.type_name()),
    }
}

/// Returns an attribute of Python's own, or `None` where Python raises `AttributeError`.
pub(super) fn own_attribute(owner: &Value, name: &str) -> Result<Option<Value>> {
    let found = match owner {
        Value::Connection(connection) => return of_connection(connection, name),
        Value::Namespace(attributes) => attributes.borrow().get(name).cloned(),
        Value::Loop(state) => of_loop(state, name),
        Value::Group(group) if name == "grouper" => Some(group.0.clone()),
        Value::Group(group) if name == "list" => Some(group.1.clone()),
        Value::Cycler(cycler) if name == "current" => Some(cycler.0[cycler.1.get() % cycler.0.len()].clone()),
        Value::Cycler(_) if matches!(name, "next" | "reset") => Some(method(owner, name)),
        Value::Macro(_)
            if matches!(
                name,
                "name" | "arguments" | "catch_kwargs" | "catch_varargs" | "caller"
            ) =>
        {
            return Err(Problem::unsupported(format!("the attribute `{name}` of a macro")));
        }
        other if attributes::exists(other, name) => Some(method(other, name)),
        _ => None,
    };
    Ok(found)
}

fn method(owner: &Value, name: &str) -> Value {
    Value::Method(Rc::new((owner.clone(), name.to_owned())))
}

fn of_loop(state: &Rc<super::value::Loop>, name: &str) -> Option<Value> {
    let index0 = state.index0.get();
    let length = state.items.len();
    Some(match name {
        "index0" => Value::size(index0),
        "index" => Value::size(index0 + 1),
        "length" => Value::size(length),
        "revindex" => Value::size(length - index0),
        "revindex0" => Value::size(length - index0 - 1),
        "first" => Value::Bool(index0 == 0),
        "last" => Value::Bool(index0 + 1 == length),
        "depth" => Value::size(state.depth0 + 1),
        "depth0" => Value::size(state.depth0),
        "previtem" => match index0.checked_sub(1) {
            Some(before) => state.items[before].clone(),
            None => Value::undefined("there is no previous item"),
        },
        "nextitem" => match state.items.get(index0 + 1) {
            Some(next) => next.clone(),
            None => Value::undefined("there is no next item"),
        },
        "cycle" | "changed" => Value::Method(Rc::new((Value::Loop(state.clone()), name.to_owned()))),
        _ => return None,
    })
}

/// The methods and other attributes of Airflow's class that are not here.
const CONNECTION: [&str; 14] = [
    "EXTRA_KEY",
    "aextra_dejson",
    "aget_uri",
    "async_get",
    "from_json",
    "from_uri",
    "get_extra_dejson",
    "get_hook",
    "get_password",
    "parse_from_uri",
    "set_extra",
    "set_password",
    "test_connection",
    "to_dict",
];

fn of_connection(connection: &Rc<TaskConnection>, name: &str) -> Result<Option<Value>> {
    let in_connection = |stop: super::problem::Stop| match stop {
        super::problem::Stop::Problem(problem) if problem.error.kind() == ErrorKind::Malformed => {
            Problem::of(problem.error.map_message(|message| {
                format!(
                    "connection `{}` cannot be used: {message}",
                    crate::shown::shown(connection.requested_id())
                )
            }))
        }
        other => other,
    };
    if let Some(value) = connection.attribute(name) {
        return Value::from_json(value).map(Some).map_err(in_connection);
    }
    match name {
        "extra_dejson" => {
            let value = connection.extra_dejson().map_err(Problem::of)?;
            Value::from_json(&value).map(Some).map_err(in_connection)
        }
        // `get` would look another connection up, and is refused when it is called.
        "get_uri" | "as_json" | "get" => Ok(Some(method(&Value::Connection(connection.clone()), name))),
        name if CONNECTION.contains(&name) => Err(Problem::unsupported(format!("`{name}` of a connection"))),
        _ => Ok(None),
    }
}

/// Returns `owner[key]`, or `None` where Python raises `TypeError` or `LookupError`.
pub(super) fn own_item(owner: &Value, key: &Value) -> Result<Option<Value>> {
    Ok(match owner {
        Value::Undefined(what) => return Err(Problem::undefined(what)),
        Value::Dict(dict) => match key.key() {
            Ok(key) => dict.borrow().get(&key).map(|(_, value)| value.clone()),
            Err(stop) if matches!(key, Value::Undefined(_)) => return Err(stop),
            Err(_) => None,
        },
        Value::Var => match key.as_text().map(|text| &**text) {
            Some("value") => Some(Value::Variables { as_json: false }),
            Some("json") => Some(Value::Variables { as_json: true }),
            _ => None,
        },
        Value::List(items) => key
            .as_int()
            .and_then(|index| items.borrow().get(place(index, items.borrow().len())?).cloned()),
        Value::Tuple(items) => key
            .as_int()
            .and_then(|index| items.get(place(index, items.len())?).cloned()),
        Value::Group(group) => match key.as_int() {
            Some(0 | -2) => Some(group.0.clone()),
            Some(1 | -1) => Some(group.1.clone()),
            _ => None,
        },
        Value::Text(text) | Value::Markup(text) => key.as_int().and_then(|index| {
            let index = if index < 0 {
                place(index, text.chars().count())?
            } else {
                usize::try_from(index).ok()?
            };
            let c = text.chars().nth(index)?.to_string();
            Some(match owner {
                Value::Markup(_) => Value::Markup(c.into()),
                _ => Value::text(c),
            })
        }),
        Value::Range(start, stop, stride) => key.as_int().and_then(|index| {
            let length = usize::try_from(range_length(*start, *stop, *stride)).ok()?;
            let index = i128::try_from(place(index, length)?).ok()?;
            Some(Value::Int(start + index * stride))
        }),
        _ => None,
    })
}

/// Follows an attribute or item of a field of `str.format`, where what is missing is an error.
pub(super) fn reach(owner: &Value, name: &str, is_attribute: bool) -> Result<Value> {
    if matches!(owner, Value::Variables { .. } | Value::Connections) {
        return Err(Problem::unsupported("a lookup within a format"));
    }
    let found = if is_attribute {
        own_attribute(owner, name)?
    } else {
        let key = match name.parse() {
            Ok(index) => Value::Int(index),
            Err(_) => Value::text(name),
        };
        own_item(owner, &key)?
    };
    found.ok_or_else(|| {
        Problem::usage(format!(
            "a format asks for a part that {} does not have",
            described(owner)
        ))
    })
}

/// Returns `owner[start:stop:step]`.
pub(super) fn slice(
    owner: &Value,
    start: Option<i128>,
    stop: Option<i128>,
    stride: Option<i128>,
) -> Result<Value> {
    let stride = stride.unwrap_or(1);
    if stride == 0 {
        return Err(Problem::usage("a slice has the step 0"));
    }
    let all: Vec<Value> = match owner {
        Value::Text(_) | Value::Markup(_) | Value::List(_) | Value::Tuple(_) | Value::Group(_) => {
            items(owner)?
        }
        Value::Undefined(what) => return Err(Problem::undefined(what)),
        Value::Range(..) => return Err(Problem::unsupported("a slice of a range")),
        other => {
            return Err(Problem::usage(format!(
                "a value of type {} has no slices",
                other.type_name()
            )));
        }
    };
    let length = i128::try_from(all.len()).unwrap_or(i128::MAX);
    let clamp = |index: i128| {
        let index = if index < 0 {
            index.saturating_add(length)
        } else {
            index
        };
        if stride > 0 {
            index.clamp(0, length)
        } else {
            index.clamp(-1, length - 1)
        }
    };
    let first = start.map_or(if stride > 0 { 0 } else { length - 1 }, clamp);
    let end = stop.map_or(if stride > 0 { length } else { -1 }, clamp);
    let mut taken = Vec::new();
    let mut index = first;
    while (stride > 0 && index < end) || (stride < 0 && index > end) {
        taken.extend(
            usize::try_from(index)
                .ok()
                .and_then(|index| all.get(index))
                .cloned(),
        );
        index = index.saturating_add(stride);
    }
    Ok(match owner {
        Value::Text(_) | Value::Markup(_) => {
            let text: String = taken
                .iter()
                .filter_map(Value::as_text)
                .map(|text| &**text)
                .collect();
            if matches!(owner, Value::Text(_)) {
                Value::text(text)
            } else {
                Value::Markup(text.into())
            }
        }
        Value::List(_) => Value::list(taken),
        _ => Value::tuple(taken),
    })
}
