//! Python's arithmetic: `+ - * / // % **` and `-x`, with its types.
//!
//! Integers have at most 38 digits; a larger one is an error, never another number.

use super::format;
use super::html::escape;
use super::problem::{Problem, Result, Stop};
use super::text_of::{LONGEST, text_of, too_long};
use super::value::Value;

/// A list with more items is not made.
pub(super) const MOST_ITEMS: usize = 1_000_000;

/// Returns `left + right`.
pub(super) fn add(left: &Value, right: &Value) -> Result<Value> {
    match (left, right) {
        (Value::Text(one), Value::Text(other)) => joined(one, other).map(Value::text),
        (Value::Markup(one), other @ (Value::Text(_) | Value::Markup(_))) => {
            joined(one, &escape(other)?).map(|text| Value::Markup(text.into()))
        }
        (one @ Value::Text(_), Value::Markup(other)) => {
            joined(&escape(one)?, other).map(|text| Value::Markup(text.into()))
        }
        (Value::List(one), Value::List(other)) => {
            let mut items = one.borrow().clone();
            items.extend(other.borrow().iter().cloned());
            limited(items).map(Value::list)
        }
        (Value::Tuple(one), Value::Tuple(other)) => {
            limited(one.iter().chain(other.iter()).cloned().collect()).map(Value::tuple)
        }
        _ => numbers("+", left, right, i128::checked_add, |one, other| one + other),
    }
}

fn joined(one: &str, other: &str) -> Result<String> {
    if one.len() + other.len() > LONGEST {
        return Err(too_long());
    }
    Ok([one, other].concat())
}

fn limited(items: Vec<Value>) -> Result<Vec<Value>> {
    if items.len() > MOST_ITEMS {
        return Err(Problem::usage(format!(
            "it makes a list of more than {MOST_ITEMS} items"
        )));
    }
    Ok(items)
}

/// Returns `left - right`.
pub(super) fn subtract(left: &Value, right: &Value) -> Result<Value> {
    numbers("-", left, right, i128::checked_sub, |one, other| one - other)
}

/// Returns `left * right`.
pub(super) fn multiply(left: &Value, right: &Value) -> Result<Value> {
    match (left, right) {
        (sequence, times) | (times, sequence)
            if times.as_int().is_some()
                && matches!(
                    sequence,
                    Value::Text(_) | Value::Markup(_) | Value::List(_) | Value::Tuple(_)
                ) =>
        {
            repeat(sequence, times.as_int().unwrap_or(0))
        }
        _ => numbers("*", left, right, i128::checked_mul, |one, other| one * other),
    }
}

fn repeat(sequence: &Value, times: i128) -> Result<Value> {
    let times = usize::try_from(times.max(0)).map_err(|_| too_long())?;
    let text = |text: &str| match text.len().checked_mul(times) {
        Some(length) if length <= LONGEST => Ok(text.repeat(times)),
        _ => Err(too_long()),
    };
    let items = |items: &[Value]| match items.len().checked_mul(times) {
        Some(length) if length <= MOST_ITEMS => {
            Ok(std::iter::repeat_n(items, times).flatten().cloned().collect())
        }
        _ => Err(Problem::usage(format!(
            "it makes a list of more than {MOST_ITEMS} items"
        ))),
    };
    match sequence {
        Value::Text(one) => text(one).map(Value::text),
        Value::Markup(one) => text(one).map(|text| Value::Markup(text.into())),
        Value::List(list) => items(&list.borrow()).map(Value::list),
        Value::Tuple(tuple) => items(tuple).map(Value::tuple),
        other => Err(Problem::types("*", &[other.type_name()])),
    }
}

/// Returns `left / right`.
pub(super) fn divide(left: &Value, right: &Value) -> Result<Value> {
    let (one, other) = floats("/", left, right)?;
    not_zero(other)?;
    // Python divides larger integers exactly.
    let is_large = |value: &Value| value.as_int().is_some_and(|number| number.abs() > 1 << 53);
    if is_large(left) || is_large(right) {
        return Err(Problem::unsupported(
            "dividing an integer of more than 53 bits with `/`",
        ));
    }
    Ok(Value::Float(one / other))
}

/// Returns `left // right`.
pub(super) fn floor_divide(left: &Value, right: &Value) -> Result<Value> {
    if let (Some(one), Some(other)) = (left.as_int(), right.as_int()) {
        if other == 0 {
            return Err(zero());
        }
        let quotient = one.checked_div(other).ok_or_else(too_large)?;
        let is_below = one % other != 0 && (one < 0) != (other < 0);
        return Ok(Value::Int(if is_below { quotient - 1 } else { quotient }));
    }
    let (one, other) = floats("//", left, right)?;
    not_zero(other)?;
    let remainder = modulo(one, other);
    Ok(Value::Float(((one - remainder) / other).round()))
}

/// Returns `left % right`: the remainder of numbers, or a text with its `%` replaced.
pub(super) fn remainder(left: &Value, right: &Value) -> Result<Value> {
    match left {
        Value::Text(text) => return format::printf(text, right).map(Value::text),
        Value::Markup(_) => {
            return Err(Problem::unsupported(
                "`%` on text that `tojson`, `escape` or `safe` made",
            ));
        }
        _ => {}
    }
    if let (Some(one), Some(other)) = (left.as_int(), right.as_int()) {
        if other == 0 {
            return Err(zero());
        }
        let rest = one.checked_rem(other).ok_or_else(too_large)?;
        let differs = rest != 0 && (rest < 0) != (other < 0);
        return Ok(Value::Int(if differs { rest + other } else { rest }));
    }
    let (one, other) = floats("%", left, right)?;
    not_zero(other)?;
    Ok(Value::Float(modulo(one, other)))
}

/// Returns Python's `one % other`: it has the sign of the divisor.
fn modulo(one: f64, other: f64) -> f64 {
    let rest = one % other;
    if rest == 0.0 {
        0.0_f64.copysign(other)
    } else if (rest < 0.0) == (other < 0.0) {
        rest
    } else {
        rest + other
    }
}

/// Returns `left ** right`.
pub(super) fn power(left: &Value, right: &Value) -> Result<Value> {
    if let (Some(base), Some(exponent)) = (left.as_int(), right.as_int())
        && exponent >= 0
    {
        let exponent = u32::try_from(exponent).map_err(|_| too_large())?;
        return base.checked_pow(exponent).map(Value::Int).ok_or_else(too_large);
    }
    let (base, exponent) = floats("**", left, right)?;
    if base == 0.0 && exponent < 0.0 {
        return Err(zero());
    }
    let result = base.powf(exponent);
    if result.is_nan() && !base.is_nan() && !exponent.is_nan() {
        return Err(Problem::unsupported("a complex number"));
    }
    if result.is_infinite() && base.is_finite() && exponent.is_finite() {
        return Err(too_large());
    }
    Ok(Value::Float(result))
}

/// Returns `-value`.
pub(super) fn negate(value: &Value) -> Result<Value> {
    match value {
        Value::Undefined(what) => Err(Problem::undefined(what)),
        Value::Float(number) => Ok(Value::Float(-number)),
        other => match other.as_int() {
            Some(number) => number.checked_neg().map(Value::Int).ok_or_else(too_large),
            None => Err(Problem::types("-", &[other.type_name()])),
        },
    }
}

/// Returns `left ~ right`.
pub(super) fn concatenate(left: &Value, right: &Value) -> Result<Value> {
    joined(&text_of(left)?, &text_of(right)?).map(Value::text)
}

fn numbers(
    operator: &str,
    left: &Value,
    right: &Value,
    integers: fn(i128, i128) -> Option<i128>,
    reals: fn(f64, f64) -> f64,
) -> Result<Value> {
    if let (Some(one), Some(other)) = (left.as_int(), right.as_int()) {
        return integers(one, other).map(Value::Int).ok_or_else(too_large);
    }
    let (one, other) = floats(operator, left, right)?;
    Ok(Value::Float(reals(one, other)))
}

fn floats(operator: &str, left: &Value, right: &Value) -> Result<(f64, f64)> {
    match (left, right) {
        (Value::Undefined(what), _) | (_, Value::Undefined(what)) => Err(Problem::undefined(what)),
        _ => match (left.as_number(), right.as_number()) {
            (Some(one), Some(other)) => Ok((one, other)),
            _ => Err(Problem::types(operator, &[left.type_name(), right.type_name()])),
        },
    }
}

fn not_zero(number: f64) -> Result<()> {
    if number == 0.0 { Err(zero()) } else { Ok(()) }
}

fn zero() -> Stop {
    Problem::usage("it divides by zero")
}

pub(super) fn too_large() -> Stop {
    Problem::unsupported("an integer of more than 38 digits")
}
