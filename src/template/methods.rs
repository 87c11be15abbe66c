//! The methods of `str`, `list`, `tuple` and `dict`.
//!
//! Python's other methods exist, so that a name is never taken for a key, and are errors when they are called.

use std::rc::Rc;

use super::arguments::{Arguments, integer};
use super::compare::equal;
use super::operators::MOST_ITEMS;
use super::problem::{Problem, Result};
use super::strings;
use super::value::{Dict, Key, Text, Value, View, place};

/// Calls a method.
pub(super) fn call(owner: &Value, name: &str, arguments: Arguments) -> Result<Value> {
    match owner {
        Value::Text(owner) => strings::call(owner, name, arguments),
        Value::Markup(owner) => match name {
            // Without text as an argument, these do what they do for `str`.
            "upper" | "lower" | "capitalize" | "title" | "strip" | "lstrip" | "rstrip" | "isdigit"
            | "islower" | "isupper"
                if arguments.positional.is_empty() && arguments.named.is_empty() =>
            {
                Ok(match strings::call(owner, name, arguments)? {
                    Value::Text(text) => Value::Markup(text),
                    other => other,
                })
            }
            name => Err(Problem::unsupported(format!(
                "the method `{name}` on text that `tojson`, `escape` or `safe` made"
            ))),
        },
        Value::List(items) => of_list(items, name, arguments),
        Value::Tuple(items) => of_sequence(items, name, arguments),
        Value::Dict(dict) => of_dict(dict, name, arguments),
        other => Err(unsupported(other, name)),
    }
}

fn unsupported(owner: &Value, name: &str) -> super::problem::Stop {
    Problem::unsupported(format!("the method `{name}` of type {}", owner.type_name()))
}

fn of_list(items: &Rc<std::cell::RefCell<Vec<Value>>>, name: &str, arguments: Arguments) -> Result<Value> {
    match name {
        "append" => {
            let [item] = arguments.bind(name, ["*item"], 1)?;
            let mut items = items.borrow_mut();
            if items.len() >= MOST_ITEMS {
                return Err(Problem::usage(format!(
                    "it makes a list of more than {MOST_ITEMS} items"
                )));
            }
            items.extend(item);
            Ok(Value::None)
        }
        "extend" => {
            let [more] = arguments.bind(name, ["*items"], 1)?;
            let more = super::sequences::items(&more.unwrap_or(Value::None))?;
            let mut items = items.borrow_mut();
            if items.len() + more.len() > MOST_ITEMS {
                return Err(Problem::usage(format!(
                    "it makes a list of more than {MOST_ITEMS} items"
                )));
            }
            items.extend(more);
            Ok(Value::None)
        }
        "insert" => {
            let [index, item] = arguments.bind(name, ["*index", "*item"], 2)?;
            let mut items = items.borrow_mut();
            let length = i128::try_from(items.len()).unwrap_or(i128::MAX);
            let index = integer(name, &index.unwrap_or(Value::None))?;
            let index = if index < 0 {
                (index + length).max(0)
            } else {
                index.min(length)
            };
            items.insert(usize::try_from(index).unwrap_or(0), item.unwrap_or(Value::None));
            Ok(Value::None)
        }
        "pop" => {
            let [index] = arguments.bind(name, ["*index"], 0)?;
            let mut items = items.borrow_mut();
            let index = index.map_or(Ok(-1), |index| integer(name, &index))?;
            match place(index, items.len()) {
                Some(index) => Ok(items.remove(index)),
                None => Err(Problem::usage("`pop` of an item that the list does not have")),
            }
        }
        "remove" => {
            let [item] = arguments.bind(name, ["*item"], 1)?;
            let item = item.unwrap_or(Value::None);
            let found = position(&items.borrow().clone(), &item)?;
            match found {
                Some(index) => {
                    items.borrow_mut().remove(index);
                    Ok(Value::None)
                }
                None => Err(Problem::usage("`remove` of an item that the list does not have")),
            }
        }
        "clear" => {
            arguments.none(name)?;
            items.borrow_mut().clear();
            Ok(Value::None)
        }
        "copy" => {
            arguments.none(name)?;
            Ok(Value::list(items.borrow().clone()))
        }
        "reverse" => {
            arguments.none(name)?;
            items.borrow_mut().reverse();
            Ok(Value::None)
        }
        "count" | "index" => of_sequence(&items.borrow().clone(), name, arguments),
        name => Err(Problem::unsupported(format!("the method `{name}` of type list"))),
    }
}

fn of_sequence(items: &[Value], name: &str, arguments: Arguments) -> Result<Value> {
    let [item] = arguments.bind(name, ["*item"], 1)?;
    let item = item.unwrap_or(Value::None);
    if name == "count" {
        let mut count = 0;
        for one in items {
            count += i128::from(equal(one, &item)?);
        }
        return Ok(Value::Int(count));
    }
    match position(items, &item)? {
        Some(index) => Ok(Value::size(index)),
        None => Err(Problem::usage("`index` of an item that is not there")),
    }
}

fn position(items: &[Value], item: &Value) -> Result<Option<usize>> {
    for (index, one) in items.iter().enumerate() {
        if equal(one, item)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

fn of_dict(dict: &Rc<std::cell::RefCell<Dict>>, name: &str, arguments: Arguments) -> Result<Value> {
    match name {
        "get" => {
            let [key, default] = arguments.bind(name, ["*key", "*default"], 1)?;
            let found = dict
                .borrow()
                .get(&key.unwrap_or(Value::None).key()?)
                .map(|(_, value)| value.clone());
            Ok(found.or(default).unwrap_or(Value::None))
        }
        "items" | "keys" | "values" => {
            arguments.none(name)?;
            let view = match name {
                "items" => View::Items,
                "keys" => View::Keys,
                _ => View::Values,
            };
            Ok(Value::View(view, dict.clone()))
        }
        "copy" => {
            arguments.none(name)?;
            Ok(Value::dict(dict.borrow().clone()))
        }
        "clear" => {
            arguments.none(name)?;
            dict.borrow_mut().clear();
            Ok(Value::None)
        }
        "pop" => {
            let [key, default] = arguments.bind(name, ["*key", "*default"], 1)?;
            match dict.borrow_mut().shift_remove(&key.unwrap_or(Value::None).key()?) {
                Some((_, value)) => Ok(value),
                None => {
                    default.ok_or_else(|| Problem::usage("`pop` of a key that the dictionary does not have"))
                }
            }
        }
        "setdefault" => {
            let [key, default] = arguments.bind(name, ["*key", "*default"], 1)?;
            let key = key.unwrap_or(Value::None);
            let mut dict = dict.borrow_mut();
            let entry = dict.entry(key.key()?);
            Ok(entry.or_insert((key, default.unwrap_or(Value::None))).1.clone())
        }
        "update" => {
            let more = merged(arguments, name)?;
            for (key, (name, value)) in more {
                insert(&mut dict.borrow_mut(), key, name, value);
            }
            Ok(Value::None)
        }
        name => Err(Problem::unsupported(format!("the method `{name}` of type dict"))),
    }
}

/// Sets the value of a key. A key that is there keeps its first form, as in Python.
pub(super) fn insert(dict: &mut Dict, key: Key, name: Value, value: Value) {
    match dict.get_mut(&key) {
        Some(entry) => entry.1 = value,
        None => {
            dict.insert(key, (name, value));
        }
    }
}

/// Returns `dict(*arguments, **named)`.
pub(super) fn merged(arguments: Arguments, what: &str) -> Result<Dict> {
    let mut dict = Dict::new();
    if arguments.positional.len() > 1 {
        return Err(Problem::usage(format!(
            "`{what}` takes at most 1 argument without a name"
        )));
    }
    match arguments.positional.first() {
        None => {}
        Some(Value::Dict(other)) => dict.clone_from(&other.borrow()),
        Some(other) => {
            for pair in super::sequences::items(other)? {
                let pair = super::sequences::items(&pair)?;
                let [name, value] = pair.as_slice() else {
                    return Err(Problem::usage(format!(
                        "`{what}` takes pairs of a key and a value"
                    )));
                };
                insert(&mut dict, name.key()?, name.clone(), value.clone());
            }
        }
    }
    for (name, value) in arguments.named {
        let name = Text::from(name);
        insert(&mut dict, Key::Text(name.clone()), Value::Text(name), value);
    }
    Ok(dict)
}
