//! What Python's own functions and methods make of constants.

use std::rc::Rc;

use super::value::{Value, Values};

/// A range longer than this is unknown.
const LONG: i64 = 256;

/// Functions that `call` knows.
pub(super) fn is_function(name: &str) -> bool {
    matches!(
        name,
        "super"
            | "str"
            | "list"
            | "tuple"
            | "set"
            | "frozenset"
            | "sorted"
            | "reversed"
            | "dict"
            | "enumerate"
            | "zip"
            | "range"
    )
}

/// The result of a function of Python's own.
pub(super) fn call(function: &str, arguments: &[Values]) -> Option<Values> {
    match (function, arguments) {
        ("str", [value]) => {
            Some(value.map(|value| value.as_str().map(|text| Values::one(Value::Text(text)))))
        }
        ("list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed", [values]) => {
            Some(Values::one(Value::List(Rc::from([values.elements()]))))
        }
        ("enumerate", [values, ..]) => {
            let pair: Rc<[Values]> = Rc::from([Values::unknown(), values.elements()]);
            Some(Values::one(Value::List(Rc::from([Values::one(Value::List(
                pair,
            ))]))))
        }
        ("zip", lists) => {
            let tuple: Rc<[Values]> = lists.iter().map(Values::elements).collect();
            Some(Values::one(Value::List(Rc::from([Values::one(Value::List(
                tuple,
            ))]))))
        }
        ("range", bounds) => range(bounds),
        _ => None,
    }
}

fn range(bounds: &[Values]) -> Option<Values> {
    let mut numbers = Vec::new();
    for bound in bounds {
        match bound.options.as_slice() {
            [Value::Integer(integer)] if bound.complete => numbers.push(*integer),
            _ => return None,
        }
    }
    let (start, end) = match numbers.as_slice() {
        [end] => (0, *end),
        [start, end] => (*start, *end),
        _ => return None,
    };
    if end.checked_sub(start)? > LONG {
        return None;
    }
    Some(Values::one(Value::List(
        (start..end)
            .map(|integer| Values::one(Value::Integer(integer)))
            .collect(),
    )))
}

/// `left + right`.
pub(super) fn concatenate(left: &Values, right: &Values) -> Values {
    left.combine(right, |left, right| match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(Value::Text(format!("{left}{right}").into())),
        (Value::Integer(left), Value::Integer(right)) => left.checked_add(*right).map(Value::Integer),
        (Value::List(left), Value::List(right)) => {
            Some(Value::List(left.iter().chain(&**right).cloned().collect()))
        }
        _ => None,
    })
}

/// `owner[key]`.
pub(super) fn item(owner: &Value, key: &Values) -> Option<Values> {
    match owner {
        Value::Dict(items) => Some(of_dict(items, key, None)),
        Value::List(elements) => {
            let index = match key.options.as_slice() {
                [Value::Integer(index)] if key.complete => *index,
                _ => return Some(Values::one(owner.clone()).elements()),
            };
            let from_start = if index < 0 {
                index + i64::try_from(elements.len()).ok()?
            } else {
                index
            };
            match usize::try_from(from_start)
                .ok()
                .and_then(|index| elements.get(index))
            {
                Some(element) => Some(element.clone()),
                // A list of one element with many values stands for a longer one.
                None => Some(Values::one(owner.clone()).elements()),
            }
        }
        _ => None,
    }
}

/// The values of a dictionary under a key; with `default`, as `get` answers.
fn of_dict(items: &[(Values, Values)], key: &Values, default: Option<Values>) -> Values {
    let mut all = Values::none_yet();
    let mut missing = !key.complete;
    for wanted in &key.options {
        let mut found = false;
        for (own, value) in items {
            if own.options.contains(wanted) {
                all.add(value.clone());
                found = true;
            } else if !own.complete {
                all.complete = false;
            }
        }
        missing |= !found;
    }
    if !key.complete {
        // Whatever the key is, it is one of these.
        for (own, value) in items {
            all.complete &= own.complete;
            all.add(value.clone());
        }
    }
    match default {
        Some(default) if missing => all.add(default),
        _ if all.options.is_empty() => all.complete = false,
        _ => {}
    }
    all
}

/// The result of a method of a text, a list or a dictionary.
pub(super) fn method(
    owner: &Value,
    name: &str,
    arguments: &[Values],
    keywords: &[(&str, Values)],
) -> Option<Values> {
    match owner {
        Value::Text(text) => of_text(text, name, arguments, keywords),
        Value::Dict(items) => {
            let tuple = |parts: &[&Values]| {
                Values::one(Value::List(parts.iter().map(|part| (*part).clone()).collect()))
            };
            match (name, arguments) {
                ("get" | "pop", [key]) => Some(of_dict(items, key, Some(Values::one(Value::None)))),
                ("get" | "pop" | "setdefault", [key, default]) => {
                    Some(of_dict(items, key, Some(default.clone())))
                }
                ("items", []) => {
                    let pairs = items.iter().map(|(key, value)| tuple(&[key, value])).collect();
                    Some(Values::one(Value::List(pairs)))
                }
                ("keys", []) => Some(Values::one(Value::List(
                    items.iter().map(|(key, _)| key.clone()).collect(),
                ))),
                ("values", []) => Some(Values::one(Value::List(
                    items.iter().map(|(_, value)| value.clone()).collect(),
                ))),
                ("copy", []) => Some(Values::one(owner.clone())),
                _ => None,
            }
        }
        Value::List(_) => match (name, arguments) {
            ("copy", []) => Some(Values::one(owner.clone())),
            ("pop", _) => Some(Values::one(owner.clone()).elements()),
            _ => None,
        },
        _ => None,
    }
}

fn of_text(text: &str, name: &str, arguments: &[Values], keywords: &[(&str, Values)]) -> Option<Values> {
    let one = |text: &str| Some(Values::one(Value::text(text)));
    match (name, arguments) {
        ("lower", []) => one(&text.to_lowercase()),
        ("upper", []) => one(&text.to_uppercase()),
        ("strip", []) => one(text.trim()),
        ("lstrip", []) => one(text.trim_start()),
        ("rstrip", []) => one(text.trim_end()),
        ("format", _) => format(text, arguments, keywords),
        ("replace", [from, to]) => Some(from.combine(to, |from, to| match (from, to) {
            (Value::Text(from), Value::Text(to)) if !from.is_empty() => {
                Some(Value::text(&text.replace(&**from, to)))
            }
            _ => None,
        })),
        ("removeprefix", [prefix]) => Some(prefix.map(|prefix| match prefix {
            Value::Text(prefix) => one(text.strip_prefix(&**prefix).unwrap_or(text)),
            _ => None,
        })),
        ("removesuffix", [suffix]) => Some(suffix.map(|suffix| match suffix {
            Value::Text(suffix) => one(text.strip_suffix(&**suffix).unwrap_or(text)),
            _ => None,
        })),
        ("join", [list]) => Some(list.map(|list| match list {
            Value::List(elements) => {
                let mut all = Values::one(Value::text(""));
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        all = concatenate(&all, &Values::one(Value::text(text)));
                    }
                    all = concatenate(&all, element);
                }
                Some(all)
            }
            _ => None,
        })),
        ("split", [separator]) => Some(separator.map(|separator| {
            match separator {
                Value::Text(separator) if !separator.is_empty() => Some(Values::one(Value::List(
                    text.split(&**separator)
                        .map(|part| Values::one(Value::text(part)))
                        .collect(),
                ))),
                _ => None,
            }
        })),
        ("split", []) => Some(Values::one(Value::List(
            text.split_whitespace()
                .map(|part| Values::one(Value::text(part)))
                .collect(),
        ))),
        _ => None,
    }
}

/// `text.format(…)` with plain fields: `{}`, `{0}`, `{name}`.
fn format(text: &str, arguments: &[Values], keywords: &[(&str, Values)]) -> Option<Values> {
    let mut all = Values::one(Value::text(""));
    let mut rest = text;
    let mut next = 0;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(at);
        all = concatenate(&all, &Values::one(Value::text(before)));
        if after.starts_with("{{") || after.starts_with("}}") {
            all = concatenate(&all, &Values::one(Value::text(&after[..1])));
            rest = &after[2..];
            continue;
        }
        let end = after.find('}').filter(|_| after.starts_with('{'))?;
        let field = &after[1..end];
        let value = if field.is_empty() {
            next += 1;
            arguments.get(next - 1)?
        } else if let Ok(index) = field.parse::<usize>() {
            arguments.get(index)?
        } else {
            &keywords.iter().find(|(name, _)| *name == field)?.1
        };
        all = concatenate(
            &all,
            &value.map(|value| value.as_str().map(|text| Values::one(Value::Text(text)))),
        );
        rest = &after[end + 1..];
    }
    Some(concatenate(&all, &Values::one(Value::text(rest))))
}

/// `left % right` with `%s`, `%d` and `%(name)s`.
pub(super) fn percent(left: &Value, right: &Value) -> Option<Value> {
    let Value::Text(text) = left else { return None };
    let mut result = String::new();
    let mut parts = text.split('%');
    result.push_str(parts.next()?);
    let mut index = 0;
    let mut doubled = false;
    for part in parts {
        if std::mem::take(&mut doubled) {
            result.push_str(part);
        } else if part.is_empty() {
            result.push('%');
            doubled = true;
        } else if let Some(rest) = part.strip_prefix('(') {
            let (name, rest) = rest.split_once(')')?;
            let Value::Dict(items) = right else { return None };
            result.push_str(&single(&of_dict(items, &Values::one(Value::text(name)), None))?);
            result.push_str(rest.strip_prefix(['s', 'd'])?);
        } else {
            let rest = part.strip_prefix(['s', 'd'])?;
            let value = match right {
                Value::List(elements) => single(elements.get(index)?)?,
                other => other.as_str().filter(|_| index == 0)?,
            };
            index += 1;
            result.push_str(&value);
            result.push_str(rest);
        }
    }
    Some(Value::Text(result.into()))
}

fn single(values: &Values) -> Option<Rc<str>> {
    match values.options.as_slice() {
        [value] if values.complete => value.as_str(),
        _ => None,
    }
}
