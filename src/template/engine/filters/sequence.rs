//! The filters of sequences and mappings.
//!
//! A generator of Jinja is a [`Value::Generator`] whose items are known already.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::python::text::lower;
use crate::template::arguments::{Arguments, integer, text, truth};
use crate::template::compare::{equal, order};
use crate::template::engine::Engine;
use crate::template::engine::{filters, tests};
use crate::template::operators::{MOST_ITEMS, add};
use crate::template::problem::{Problem, Result, quoted};
use crate::template::sequences::{items, length, slice};
use crate::template::strings::join;
use crate::template::text_of::{pairs, text_of};
use crate::template::value::Value;

/// Applies the filter `name`.
pub(super) fn apply(
    engine: &Engine<'_, '_>,
    name: &str,
    value: &Value,
    arguments: Arguments,
) -> Result<Value> {
    match name {
        "attr" => {
            let [attribute] = arguments.bind(name, ["name"], 1)?;
            let attribute = text(name, &attribute.unwrap_or(Value::None))?;
            attr(engine, value, &attribute)
        }
        "count" | "length" => {
            arguments.none(name)?;
            match length(value)? {
                Some(length) => Ok(Value::size(length)),
                None => Err(Problem::types(name, &[value.type_name()])),
            }
        }
        "list" => {
            arguments.none(name)?;
            items(value).map(Value::list)
        }
        "items" => {
            arguments.none(name)?;
            match value {
                Value::Undefined(_) | Value::Empty => Ok(Value::generator(Vec::new())),
                Value::Dict(dict) => Ok(Value::generator(pairs(&dict.borrow()))),
                other => Err(Problem::types("items", &[other.type_name()])),
            }
        }
        "first" => {
            arguments.none(name)?;
            let first = match value {
                Value::Generator(rest) => rest.borrow_mut().next(),
                value => items(value)?.into_iter().next(),
            };
            Ok(first.unwrap_or_else(|| Value::undefined("there is no first item: the sequence is empty")))
        }
        "last" => {
            arguments.none(name)?;
            reversible(value)?;
            let last = items(value)?.pop();
            Ok(last.unwrap_or_else(|| Value::undefined("there is no last item: the sequence is empty")))
        }
        "reverse" => {
            arguments.none(name)?;
            if value.as_text().is_some() {
                return slice(value, None, None, Some(-1));
            }
            let mut all = items(value)?;
            all.reverse();
            Ok(if matches!(value, Value::Generator(_)) {
                Value::list(all)
            } else {
                Value::generator(all)
            })
        }
        "join" => {
            let [separator, attribute] = arguments.bind(name, ["d", "attribute"], 0)?;
            let separator = separator.map_or(Ok("".into()), |separator| text_of(&separator))?;
            let path = path(attribute);
            let mut all = Vec::new();
            for item in items(value)? {
                all.push(text_of(&engine.getter(&item, &path)?)?);
            }
            join(&separator, &all).map(Value::Text)
        }
        "batch" | "slice" => portions(name, value, arguments),
        "sum" => {
            let [attribute, start] = arguments.bind(name, ["attribute", "start"], 0)?;
            let path = path(attribute);
            let mut sum = start.unwrap_or(Value::Int(0));
            if sum.as_text().is_some() {
                return Err(Problem::usage("`sum` cannot add text: use `join`"));
            }
            for item in items(value)? {
                engine.step()?;
                sum = engine.made(add(&sum, &engine.getter(&item, &path)?)?)?;
            }
            Ok(sum)
        }
        "sort" | "min" | "max" | "unique" | "groupby" | "dictsort" => ordered(engine, name, value, arguments),
        "map" => map(engine, value, arguments),
        _ => select(engine, name, value, arguments),
    }
}

fn attr(engine: &Engine<'_, '_>, value: &Value, name: &str) -> Result<Value> {
    match value {
        Value::Undefined(what) => Err(Problem::undefined(what)),
        Value::Variables { .. } | Value::Connections => engine.attribute(value, name, None),
        _ if name.starts_with("__") => engine.attribute(value, name, None),
        _ => Ok(
            crate::template::sequences::own_attribute(value, name)?.unwrap_or_else(|| {
                Value::undefined(format!("there is no attribute {}", quoted(engine.text, name)))
            }),
        ),
    }
}

fn reversible(value: &Value) -> Result<()> {
    match value {
        Value::Generator(_) => Err(Problem::usage(
            "`last` cannot be used with a generator: add `|list`",
        )),
        _ => Ok(()),
    }
}

/// Returns the parts of an attribute: text with dots, or an index.
fn path(attribute: Option<Value>) -> Vec<Value> {
    match attribute {
        None | Some(Value::None) => Vec::new(),
        Some(Value::Text(path) | Value::Markup(path)) => path
            .split('.')
            .map(|part| match part.parse() {
                Ok(index) if part.bytes().all(|byte| byte.is_ascii_digit()) => Value::Int(index),
                _ => Value::text(part),
            })
            .collect(),
        Some(other) => vec![other],
    }
}

fn portions(name: &str, value: &Value, arguments: Arguments) -> Result<Value> {
    let [count, fill] = arguments.bind(
        name,
        [if name == "batch" { "linecount" } else { "slices" }, "fill_with"],
        1,
    )?;
    let count = integer(name, &count.unwrap_or(Value::None))?;
    let count = usize::try_from(count)
        .ok()
        .filter(|count| (1..=MOST_ITEMS).contains(count))
        .ok_or_else(|| Problem::usage(format!("`{name}` takes a number from 1 to {MOST_ITEMS}")))?;
    let fill = fill.filter(|fill| !matches!(fill, Value::None));
    let all = items(value)?;
    let mut out = Vec::new();
    if name == "batch" {
        for portion in all.chunks(count) {
            let mut portion = portion.to_vec();
            if let Some(fill) = &fill {
                portion.resize(count, fill.clone());
            }
            out.push(Value::list(portion));
        }
    } else {
        let (each, extra) = (all.len() / count, all.len() % count);
        let mut rest = all.into_iter();
        for number in 0..count {
            let size = each + usize::from(number < extra);
            let mut portion: Vec<Value> = rest.by_ref().take(size).collect();
            if number >= extra {
                portion.extend(fill.clone());
            }
            out.push(Value::list(portion));
        }
    }
    Ok(Value::generator(out))
}

/// Returns text in lower case, and another value unchanged.
fn ignore_case(value: Value) -> Value {
    match value {
        Value::Text(text) | Value::Markup(text) => Value::text(lower(&text)),
        other => other,
    }
}

fn ordered(engine: &Engine<'_, '_>, name: &str, value: &Value, arguments: Arguments) -> Result<Value> {
    let by = |item: &Value, path: &[Value], case_sensitive: bool| -> Result<Value> {
        let key = engine.getter(item, path)?;
        Ok(if case_sensitive { key } else { ignore_case(key) })
    };
    match name {
        "sort" => {
            let names = ["reverse", "case_sensitive", "attribute"];
            let [reverse, case, attribute] = arguments.bind(name, names, 0)?;
            let case = truth(case.as_ref(), false)?;
            let paths = match attribute {
                Some(Value::Text(attributes) | Value::Markup(attributes)) => attributes
                    .split(',')
                    .map(|attribute| path(Some(Value::text(attribute))))
                    .collect(),
                other => vec![path(other)],
            };
            let mut keyed = Vec::new();
            for item in items(value)? {
                let keys = paths.iter().map(|path| by(&item, path, case));
                keyed.push((Value::list(keys.collect::<Result<_>>()?), item));
            }
            sorted(engine, keyed, truth(reverse.as_ref(), false)?).map(Value::list)
        }
        "dictsort" => {
            let [case, key, reverse] = arguments.bind(name, ["case_sensitive", "by", "reverse"], 0)?;
            let case = truth(case.as_ref(), false)?;
            let key = key.map_or(Ok("key".into()), |key| text(name, &key))?;
            let position = match &*key {
                "key" => 0,
                "value" => 1,
                _ => return Err(Problem::usage("`dictsort` sorts by `key` or by `value`")),
            };
            let Value::Dict(dict) = value else {
                return Err(match value {
                    Value::Undefined(what) => Problem::undefined(what),
                    other => Problem::types("dictsort", &[other.type_name()]),
                });
            };
            let mut keyed = Vec::new();
            for pair in pairs(&dict.borrow()) {
                keyed.push((by(&pair, &[Value::Int(position)], case)?, pair));
            }
            sorted(engine, keyed, truth(reverse.as_ref(), false)?).map(Value::list)
        }
        "groupby" => {
            let names = ["attribute", "default", "case_sensitive"];
            let [attribute, default, case] = arguments.bind(name, names, 1)?;
            group(
                engine,
                value,
                &path(attribute),
                default.as_ref(),
                truth(case.as_ref(), false)?,
            )
        }
        _ => {
            let [case, attribute] = arguments.bind(name, ["case_sensitive", "attribute"], 0)?;
            let (case, path) = (truth(case.as_ref(), false)?, path(attribute));
            if name == "unique" {
                let mut seen = std::collections::HashSet::new();
                let mut kept = Vec::new();
                for item in items(value)? {
                    if seen.insert(by(&item, &path, case)?.key()?) {
                        kept.push(item);
                    }
                }
                return Ok(Value::generator(kept));
            }
            let mut best: Option<(Value, Value)> = None;
            for item in items(value)? {
                let key = by(&item, &path, case)?;
                let is_better = match &best {
                    None => true,
                    Some((best, _)) if name == "min" => order(&key, best, "<")? == Some(Ordering::Less),
                    Some((best, _)) => order(&key, best, ">")? == Some(Ordering::Greater),
                };
                if is_better {
                    best = Some((key, item));
                }
            }
            Ok(best.map_or_else(
                || Value::undefined(format!("there is no `{name}`: the sequence is empty")),
                |(_, item)| item,
            ))
        }
    }
}

fn group(
    engine: &Engine<'_, '_>,
    value: &Value,
    path: &[Value],
    default: Option<&Value>,
    case_sensitive: bool,
) -> Result<Value> {
    let real = |item: &Value| get_or(engine, item, path, default);
    let mut keyed = Vec::new();
    for item in items(value)? {
        let key = real(&item)?;
        keyed.push((if case_sensitive { key } else { ignore_case(key) }, item));
    }
    let keys: Vec<(Value, Value)> = keyed
        .into_iter()
        .map(|(key, item)| (key.clone(), Value::tuple(vec![key, item])))
        .collect();
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for pair in sorted(engine, keys, false)? {
        let pair = items(&pair)?;
        let (key, item) = (pair[0].clone(), pair[1].clone());
        match groups.last_mut() {
            Some((last, members)) if equal(last, &key)? => members.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    let mut out = Vec::new();
    for (key, members) in groups {
        let key = if case_sensitive { key } else { real(&members[0])? };
        out.push(Value::Group(Rc::new((key, Value::list(members)))));
    }
    Ok(Value::list(out))
}

/// Follows a path; what is missing on the way is the default.
fn get_or(engine: &Engine<'_, '_>, item: &Value, path: &[Value], default: Option<&Value>) -> Result<Value> {
    let default = default.filter(|default| !matches!(default, Value::None));
    let mut item = item.clone();
    for part in path {
        item = engine.item(&item, part, None)?;
        if let (Value::Undefined(_) | Value::Empty, Some(default)) = (&item, default) {
            item = default.clone();
        }
    }
    Ok(item)
}

/// Sorts by the keys, as Python's `sorted` does: equal items keep their order.
fn sorted(engine: &Engine<'_, '_>, mut keyed: Vec<(Value, Value)>, reverse: bool) -> Result<Vec<Value>> {
    if reverse {
        keyed.reverse();
    }
    let mut width = 1;
    while width < keyed.len() {
        let mut merged = Vec::with_capacity(keyed.len());
        for pair in keyed.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(one), Some(other)) = (left.first(), right.first()) {
                engine.step()?;
                if less(&other.0, &one.0)? {
                    merged.push(other.clone());
                    right = &right[1..];
                } else {
                    merged.push(one.clone());
                    left = &left[1..];
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        keyed = merged;
        width *= 2;
    }
    if reverse {
        keyed.reverse();
    }
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

fn less(left: &Value, right: &Value) -> Result<bool> {
    match order(left, right, "<")? {
        Some(order) => Ok(order == Ordering::Less),
        None => Err(Problem::unsupported("sorting `nan`")),
    }
}

fn map(engine: &Engine<'_, '_>, value: &Value, mut arguments: Arguments) -> Result<Value> {
    if let Value::Undefined(what) = value {
        return Err(Problem::undefined(what));
    }
    let mut mapped = Vec::new();
    let by_attribute =
        arguments.positional.is_empty() && arguments.named.iter().any(|(name, _)| name == "attribute");
    if by_attribute {
        let [attribute, default] = arguments.bind("map", ["attribute", "default"], 1)?;
        let path = path(attribute);
        for item in some_items(value)? {
            mapped.push(get_or(engine, &item, &path, default.as_ref())?);
        }
        return Ok(Value::generator(mapped));
    }
    if arguments.positional.is_empty() {
        return Err(Problem::usage(
            "`map` takes the name of a filter, or `attribute=`",
        ));
    }
    let name = text("map", &arguments.positional.remove(0))?;
    for item in some_items(value)? {
        let arguments = Arguments {
            positional: arguments.positional.clone(),
            named: arguments.named.clone(),
        };
        mapped.push(filters::apply(engine, &name, item, arguments)?);
    }
    Ok(Value::generator(mapped))
}

/// Returns the items of what is true; Jinja does not iterate over `None` here.
fn some_items(value: &Value) -> Result<Vec<Value>> {
    if value.is_true()? {
        items(value)
    } else {
        Ok(Vec::new())
    }
}

fn select(engine: &Engine<'_, '_>, name: &str, value: &Value, mut arguments: Arguments) -> Result<Value> {
    let wanted = name.starts_with("select");
    let all = some_items(value)?;
    let path = if name.ends_with("attr") {
        if arguments.positional.is_empty() {
            return Err(Problem::usage(format!("`{name}` takes the name of an attribute")));
        }
        path(Some(arguments.positional.remove(0)))
    } else {
        Vec::new()
    };
    let test = if arguments.positional.is_empty() {
        None
    } else {
        Some(text(name, &arguments.positional.remove(0))?)
    };
    let mut kept = Vec::new();
    for item in all {
        let part = engine.getter(&item, &path)?;
        let holds = match &test {
            None => part.is_true()?,
            Some(test) => {
                let arguments = Arguments {
                    positional: arguments.positional.clone(),
                    named: arguments.named.clone(),
                };
                tests::test(engine, test, &part, arguments)?
            }
        };
        if holds == wanted {
            kept.push(item);
        }
    }
    Ok(Value::generator(kept))
}
