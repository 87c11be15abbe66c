//! The filters of numbers.

use crate::python::int;
use crate::python::text::strip;
use crate::template::arguments::{Arguments, integer, text, truth};
use crate::template::operators::{negate, too_large};
use crate::template::problem::{Problem, Result};
use crate::template::value::{Value, whole};

/// Applies the filter `name`.
pub(super) fn apply(name: &str, value: &Value, arguments: Arguments) -> Result<Value> {
    if let Value::Empty = value {
        return Err(Problem::types(name, &["a value that is undefined"]));
    }
    match name {
        "abs" => {
            arguments.none(name)?;
            absolute(value)
        }
        "float" => {
            let [default] = arguments.bind(name, ["default"], 0)?;
            if let Value::Undefined(what) = value {
                return Err(Problem::undefined(what));
            }
            Ok(match real(value) {
                Some(number) => Value::Float(number),
                None => default.unwrap_or(Value::Float(0.0)),
            })
        }
        "int" => to_integer(value, arguments),
        "round" => round(value, arguments),
        _ => {
            let [binary] = arguments.bind(name, ["binary"], 0)?;
            let bytes = match value {
                Value::Undefined(what) => return Err(Problem::undefined(what)),
                value => real(value).ok_or_else(|| Problem::usage("`filesizeformat` takes a number"))?,
            };
            file_size(bytes, truth(binary.as_ref(), false)?).map(Value::text)
        }
    }
}

fn absolute(value: &Value) -> Result<Value> {
    match value {
        Value::Undefined(what) => Err(Problem::undefined(what)),
        Value::Float(number) => Ok(Value::Float(number.abs())),
        other => match other.as_int() {
            Some(number) if number < 0 => negate(other),
            Some(number) => Ok(Value::Int(number)),
            None => Err(Problem::types("abs", &[other.type_name()])),
        },
    }
}

/// Returns `float(value)`, or `None` where Python raises.
fn real(value: &Value) -> Option<f64> {
    let Some(text) = value.as_text() else {
        return value.as_number();
    };
    let text = strip(text);
    let digits = text.as_bytes();
    // An underscore stands between two digits.
    for (at, _) in text.match_indices('_') {
        let is_digit = |at: Option<usize>| at.and_then(|at| digits.get(at)).is_some_and(u8::is_ascii_digit);
        if !is_digit(at.checked_sub(1)) || !is_digit(Some(at + 1)) {
            return None;
        }
    }
    text.replace('_', "").parse().ok()
}

fn to_integer(value: &Value, arguments: Arguments) -> Result<Value> {
    let [default, base] = arguments.bind("int", ["default", "base"], 0)?;
    let base = base.map_or(Ok(10), |base| integer("int", &base))?;
    let default = default.unwrap_or(Value::Int(0));
    let of_digits = |digits: String| digits.parse().map(Value::Int).map_err(|_| too_large());
    let of_float = |number: Option<f64>| match number.and_then(int::from_float) {
        Some(digits) => of_digits(digits),
        None => Ok(default.clone()),
    };
    match value {
        Value::Undefined(what) => Err(Problem::undefined(what)),
        Value::Text(text) | Value::Markup(text) => {
            if base != 10 {
                return match in_base(text, base)? {
                    Some(number) => Ok(Value::Int(number)),
                    None => of_float(real(value)),
                };
            }
            match int::parse(text) {
                Some(digits) => of_digits(digits),
                None => of_float(real(value)),
            }
        }
        // An infinite float raises OverflowError, which the filter does not catch at first.
        Value::Float(number) if number.is_infinite() => {
            Err(Problem::usage("an infinite number cannot become an integer"))
        }
        Value::Float(number) => of_float(Some(*number)),
        other => Ok(match other.as_int() {
            Some(number) => Value::Int(number),
            None => default,
        }),
    }
}

/// Returns `int(text, base)` for the bases with a prefix, or `None` where Python raises.
fn in_base(text: &str, base: i128) -> Result<Option<i128>> {
    let (base, prefixes) = match base {
        2 => (2, ["0b", "0B"]),
        8 => (8, ["0o", "0O"]),
        16 => (16, ["0x", "0X"]),
        _ => {
            return Err(Problem::unsupported(
                "`int` with a base other than 2, 8, 10 and 16",
            ));
        }
    };
    let text = strip(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = prefixes
        .into_iter()
        .find_map(|prefix| digits.strip_prefix(prefix))
        .unwrap_or(digits);
    let is_digit = |byte: u8| char::from(byte).is_digit(base);
    if digits.is_empty() || !digits.bytes().all(is_digit) {
        return if digits.contains('_') {
            Err(Problem::unsupported(
                "`int` of digits with underscores and a base",
            ))
        } else {
            Ok(None)
        };
    }
    i128::from_str_radix(digits, base)
        .map(|number| Some(sign * number))
        .map_err(|_| too_large())
}

#[expect(clippy::cast_precision_loss, reason = "as Python converts it")]
fn round(value: &Value, arguments: Arguments) -> Result<Value> {
    let [precision, method] = arguments.bind("round", ["precision", "method"], 0)?;
    let precision = precision.map_or(Ok(0), |precision| integer("round", &precision))?;
    let method = method.map_or(Ok("common".into()), |method| text("round", &method))?;
    if !matches!(&*method, "common" | "ceil" | "floor") {
        return Err(Problem::usage(
            "the method of `round` is `common`, `ceil` or `floor`",
        ));
    }
    let digits = usize::try_from(precision)
        .ok()
        .filter(|digits| *digits <= 300)
        .ok_or_else(|| Problem::unsupported("`round` to such a precision"))?;
    if let Value::Undefined(what) = value {
        return Err(Problem::undefined(what));
    }
    let Some(number) = value.as_number() else {
        return Err(Problem::types("round", &[value.type_name()]));
    };
    if &*method == "common" {
        return Ok(match value.as_int() {
            Some(number) => Value::Int(number),
            // Rust rounds the exact value, and to even, as Python does.
            None if number.is_finite() => {
                Value::Float(format!("{number:.digits$}").parse().unwrap_or(number))
            }
            None => Value::Float(number),
        });
    }
    let power = 10_i128
        .checked_pow(u32::try_from(digits).unwrap_or(u32::MAX))
        .ok_or_else(too_large)?;
    let scaled = match value.as_int() {
        Some(number) => {
            return number
                .checked_mul(power)
                .map(|scaled| Value::Float(scaled as f64 / power as f64))
                .ok_or_else(too_large);
        }
        None => number * power as f64,
    };
    let rounded = if &*method == "ceil" {
        scaled.ceil()
    } else {
        scaled.floor()
    };
    match whole(rounded) {
        // `math.ceil` returns an integer, so there is no negative zero.
        Some(number) => Ok(Value::Float(number as f64 / power as f64)),
        None => Err(Problem::unsupported("`round` of such a number")),
    }
}

fn file_size(bytes: f64, binary: bool) -> Result<String> {
    let base = if binary { 1024.0_f64 } else { 1000.0 };
    let prefixes = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    if !bytes.is_finite() {
        return Err(Problem::usage("`filesizeformat` takes a finite number"));
    }
    if bytes.to_bits() == 1.0_f64.to_bits() {
        return Ok("1 Byte".to_owned());
    }
    if bytes < base {
        return Ok(format!("{:.0} Bytes", bytes.trunc() + 0.0));
    }
    let mut unit = base;
    for prefix in prefixes {
        unit *= base;
        if bytes < unit || prefix == prefixes[7] {
            return Ok(format!("{:.1} {prefix}", base * bytes / unit));
        }
    }
    Ok(String::new())
}
