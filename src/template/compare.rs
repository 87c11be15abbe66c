//! Python's `==`, `<` and `in`.

use std::cmp::Ordering;

use minijinja::machinery::ast::CompareOpKind;

use super::problem::{Problem, Result};
use super::text_of::pairs;
use super::value::{Value, View, range_length, whole};

/// Containers that are nested more deeply are not compared.
const DEEPEST: usize = 200;

/// Returns `left == right`.
pub(super) fn equal(left: &Value, right: &Value) -> Result<bool> {
    equal_within(left, right, DEEPEST)
}

fn equal_within(left: &Value, right: &Value, depth: usize) -> Result<bool> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Problem::usage(
            "values that contain themselves cannot be compared",
        ));
    };
    if let (Some(left), Some(right)) = (left.as_text(), right.as_text()) {
        return Ok(left == right);
    }
    if let Some(order) = numbers(left, right) {
        return Ok(order == Some(Ordering::Equal));
    }
    let all = |left: &[Value], right: &[Value]| -> Result<bool> {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (left, right) in left.iter().zip(right) {
            if !equal_within(left, right, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    match (left, right) {
        (Value::Undefined(what), _) | (_, Value::Undefined(what)) => Err(Problem::undefined(what)),
        (Value::Empty, Value::Empty)
        | (Value::None, Value::None)
        | (Value::Var, Value::Var)
        | (Value::Connections, Value::Connections)
        | (Value::Variables { .. }, Value::Variables { .. })
        | (Value::NotSet, Value::NotSet) => Ok(true),
        (Value::List(left), Value::List(right)) => all(&left.borrow().clone(), &right.borrow().clone()),
        (Value::Tuple(_) | Value::Group(_), Value::Tuple(_) | Value::Group(_)) => {
            all(&tuple(left), &tuple(right))
        }
        (Value::Dict(left), Value::Dict(right)) => {
            let (left, right) = (left.borrow(), right.borrow());
            if left.len() != right.len() {
                return Ok(false);
            }
            for (key, (_, value)) in left.iter() {
                match right.get(key) {
                    Some((_, other)) if equal_within(value, other, depth)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (Value::Range(..), Value::Range(..)) => Ok(normal(left) == normal(right)),
        (Value::View(..), _) | (_, Value::View(..)) | (Value::Connection(_), Value::Connection(_)) => Err(
            Problem::unsupported(format!("comparing values of type {}", left.type_name())),
        ),
        (Value::Method(_) | Value::Macro(_) | Value::Global(_) | Value::Loop(_), _) => Err(
            Problem::unsupported(format!("comparing a value of type {}", left.type_name())),
        ),
        _ => Ok(false),
    }
}

fn tuple(value: &Value) -> Vec<Value> {
    match value {
        Value::Tuple(items) => items.to_vec(),
        Value::Group(group) => vec![group.0.clone(), group.1.clone()],
        _ => Vec::new(),
    }
}

/// What distinguishes ranges: their length, first number and step.
fn normal(value: &Value) -> Option<(i128, i128, i128)> {
    let Value::Range(start, stop, stride) = *value else {
        return None;
    };
    match range_length(start, stop, stride) {
        0 => Some((0, 0, 0)),
        1 => Some((1, start, 0)),
        length => Some((length, start, stride)),
    }
}

/// Compares numbers; the inner `None` is a comparison with `NaN`, the outer one other types.
#[expect(clippy::option_option, reason = "the two differ: other types, and `NaN`")]
fn numbers(left: &Value, right: &Value) -> Option<Option<Ordering>> {
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return Some(Some(left.cmp(&right)));
    }
    let (left_number, right_number) = (left.as_number()?, right.as_number()?);
    // An integer is compared exactly, not as a float.
    let exact = |number: f64, integer: i128| whole(number).map(|number| number.cmp(&integer));
    match (left, right) {
        (Value::Float(float), _) if right.as_int().is_some() => right
            .as_int()
            .and_then(|integer| exact(*float, integer))
            .map_or_else(
                || Some(left_number.partial_cmp(&right_number)),
                |order| Some(Some(order)),
            ),
        (_, Value::Float(float)) if left.as_int().is_some() => left
            .as_int()
            .and_then(|integer| exact(*float, integer))
            .map_or_else(
                || Some(left_number.partial_cmp(&right_number)),
                |order| Some(Some(order.reverse())),
            ),
        _ => Some(left_number.partial_cmp(&right_number)),
    }
}

/// Returns how `left` is ordered to `right` for `operator`; `None` beside `NaN`.
///
/// # Errors
/// Types that Python does not order.
pub(super) fn order(left: &Value, right: &Value, operator: &str) -> Result<Option<Ordering>> {
    if let (Some(left), Some(right)) = (left.as_text(), right.as_text()) {
        return Ok(Some(left.cmp(right)));
    }
    if let Some(order) = numbers(left, right) {
        return Ok(order);
    }
    match (left, right) {
        (Value::Undefined(what), _) | (_, Value::Undefined(what)) => Err(Problem::undefined(what)),
        (Value::List(left), Value::List(right)) => {
            sequences(&left.borrow().clone(), &right.borrow().clone(), operator)
        }
        (Value::Tuple(_) | Value::Group(_), Value::Tuple(_) | Value::Group(_)) => {
            sequences(&tuple(left), &tuple(right), operator)
        }
        _ => Err(Problem::types(operator, &[left.type_name(), right.type_name()])),
    }
}

fn sequences(left: &[Value], right: &[Value], operator: &str) -> Result<Option<Ordering>> {
    for (one, other) in left.iter().zip(right) {
        if !equal(one, other)? {
            return order(one, other, operator);
        }
    }
    Ok(Some(left.len().cmp(&right.len())))
}

/// Returns `item in container`.
pub(super) fn contains(container: &Value, item: &Value) -> Result<bool> {
    match container {
        Value::Undefined(what) => Err(Problem::undefined(what)),
        Value::Text(text) | Value::Markup(text) => match item {
            Value::Undefined(what) => Err(Problem::undefined(what)),
            item => match item.as_text() {
                Some(part) => Ok(text.contains(&**part)),
                None => Err(Problem::types("in", &[item.type_name(), "str"])),
            },
        },
        Value::Dict(dict) | Value::View(View::Keys, dict) => Ok(dict.borrow().contains_key(&item.key()?)),
        Value::Range(start, stop, stride) => {
            let Some(number) = item.as_number().and_then(whole) else {
                return Ok(false);
            };
            let inside = if *stride > 0 {
                (*start..*stop).contains(&number)
            } else {
                number <= *start && number > *stop
            };
            Ok(inside && (number - start) % stride == 0)
        }
        Value::Var => Ok(matches!(
            item.as_text().map(|text| &**text),
            Some("value" | "json")
        )),
        Value::Empty => Ok(false),
        Value::List(items) => any(&items.borrow().clone(), item),
        Value::Tuple(_) | Value::Group(_) => any(&tuple(container), item),
        Value::View(View::Values, dict) => {
            let values: Vec<Value> = dict.borrow().values().map(|(_, value)| value.clone()).collect();
            any(&values, item)
        }
        Value::View(View::Items, dict) => any(&pairs(&dict.borrow()), item),
        Value::Generator(rest) => {
            let rest: Vec<Value> = rest.borrow_mut().by_ref().collect();
            any(&rest, item)
        }
        other => Err(Problem::types("in", &[item.type_name(), other.type_name()])),
    }
}

fn any(items: &[Value], item: &Value) -> Result<bool> {
    for one in items {
        if equal(one, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the truth of a comparison.
pub(super) fn compared(operator: CompareOpKind, left: &Value, right: &Value) -> Result<bool> {
    let ordered = |operator: &str, is: fn(Ordering) -> bool| {
        order(left, right, operator).map(|order| order.is_some_and(is))
    };
    match operator {
        CompareOpKind::Eq => equal(left, right),
        CompareOpKind::Ne => equal(left, right).map(|equal| !equal),
        CompareOpKind::Lt => ordered("<", Ordering::is_lt),
        CompareOpKind::Lte => ordered("<=", Ordering::is_le),
        CompareOpKind::Gt => ordered(">", Ordering::is_gt),
        CompareOpKind::Gte => ordered(">=", Ordering::is_ge),
        CompareOpKind::In => contains(right, left),
        CompareOpKind::NotIn => contains(right, left).map(|contains| !contains),
    }
}
