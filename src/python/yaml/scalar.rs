//! The values of scalars: booleans, integers, floats and binary data, each as PyYAML constructs it.
//!
//! An explicit tag (`!!int "0b0b1"`) can have any text, so this follows Python's `int()` and `float()` as well.
//! Source: PyYAML 6.0.3, `yaml/constructor.py`; CPython 3.11, `Modules/binascii.c`.

use std::fmt::Write as _;

use super::object::Object;
use crate::python::text::is_space;
use crate::python::{int as integer, json};

type Result<T> = std::result::Result<T, &'static str>;

const NO_INTEGER: &str = "it is not an integer";
const NO_FLOAT: &str = "it is not a number";

/// `construct_yaml_bool`
pub(super) fn bool(text: &str) -> Result<Object> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "on" => Ok(Object::Bool(true)),
        "no" | "false" | "off" => Ok(Object::Bool(false)),
        _ => Err("it is not a boolean"),
    }
}

/// Splits off the sign, as PyYAML does itself.
fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// `construct_yaml_int`
pub(super) fn int(text: &str) -> Result<Object> {
    let text = text.replace('_', "");
    let (negative, text) = sign(&text);
    let number = match text.as_bytes() {
        [b'0', b'b', ..] => Number::parse(&text[2..], 2, ["0b", "0B"])?,
        [b'0', b'x', ..] => Number::parse(&text[2..], 16, ["0x", "0X"])?,
        [b'0', ..] => Number::parse(text, 8, ["0o", "0O"])?,
        _ => {
            let mut sum = Number::default();
            for part in text.split(':') {
                let part = Number::decimal(part)?;
                // No part is long enough to bring a huge number below the limit.
                if !sum.is_huge() {
                    sum.times_plus(60, 0);
                    sum = sum.plus(part);
                }
            }
            sum
        }
    };
    Ok(number.into_object(negative))
}

/// An integer of any size: limbs of 9 decimal digits, lowest first, without leading zeros.
#[derive(Default)]
struct Number {
    negative: bool,
    limbs: Vec<u32>,
}

impl Number {
    const LIMB: i64 = 1_000_000_000;
    /// The most digits that Python writes.
    const DIGITS: usize = json::MAX_INTEGER_DIGITS;

    /// Python's `int(text)`.
    fn decimal(text: &str) -> Result<Self> {
        let text = integer::parse(text).ok_or(NO_INTEGER)?;
        let (negative, digits) = sign(&text);
        let mut number = Self {
            negative,
            limbs: Vec::new(),
        };
        if digits != "0" {
            // Only ASCII digits, so it can be split anywhere.
            for limb in digits.as_bytes().rchunks(9) {
                number.limbs.push(
                    limb.iter()
                        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0')),
                );
            }
        }
        Ok(number)
    }

    /// Python's `int(text, base)` without underscores: surrounding blanks, a sign, and the base's own prefix.
    fn parse(text: &str, base: u32, prefix: [&str; 2]) -> Result<Self> {
        let (negative, digits) = sign(text.trim_matches(is_space));
        let digits = prefix
            .iter()
            .find_map(|prefix| digits.strip_prefix(prefix))
            .unwrap_or(digits);
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
            return Err(NO_INTEGER);
        }
        let mut number = Self {
            negative,
            limbs: Vec::new(),
        };
        for digit in digits.chars().filter_map(|c| c.to_digit(base)) {
            number.times_plus(i64::from(base), digit);
            if number.is_huge() {
                break;
            }
        }
        Ok(number)
    }

    fn is_huge(&self) -> bool {
        self.limbs.len() > Self::DIGITS / 9 + 1
    }

    fn times_plus(&mut self, factor: i64, plus: u32) {
        if self.is_huge() {
            return;
        }
        let mut carry = i64::from(plus);
        for limb in &mut self.limbs {
            let value = i64::from(*limb) * factor + carry;
            *limb = Self::low(value);
            carry = value / Self::LIMB;
        }
        if carry > 0 {
            self.limbs.push(Self::low(carry));
        }
    }

    fn low(value: i64) -> u32 {
        u32::try_from(value.rem_euclid(Self::LIMB)).expect("a remainder of 1e9 fits 32 bits")
    }

    /// Adds two numbers. PyYAML accepts parts of both signs: `!!int 1:-2`.
    fn plus(self, other: Self) -> Self {
        let (mut larger, smaller) = if self.is_nearer_to_zero_than(&other) {
            (other, self)
        } else {
            (self, other)
        };
        let subtracts = larger.negative != smaller.negative;
        // The carry, or the borrow, of the lower limbs.
        let mut carry = 0;
        let smaller = smaller.limbs.iter().copied().chain(std::iter::repeat(0));
        for (limb, other) in larger.limbs.iter_mut().zip(smaller) {
            let other = i64::from(other);
            let value = i64::from(*limb) + carry + if subtracts { -other } else { other };
            carry = value.div_euclid(Self::LIMB);
            *limb = Self::low(value);
        }
        larger.limbs.push(Self::low(carry));
        while larger.limbs.last() == Some(&0) {
            larger.limbs.pop();
        }
        larger
    }

    fn is_nearer_to_zero_than(&self, other: &Self) -> bool {
        let lengths = self.limbs.len().cmp(&other.limbs.len());
        lengths
            .then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
            .is_lt()
    }

    fn into_object(self, negate: bool) -> Object {
        let Some((top, rest)) = self.limbs.split_last() else {
            return Object::Int("0".to_owned());
        };
        let mut text = if self.negative == negate {
            String::new()
        } else {
            "-".to_owned()
        };
        text.push_str(&top.to_string());
        for limb in rest.iter().rev() {
            let _ = write!(text, "{limb:09}");
        }
        if text.trim_start_matches('-').len() > Self::DIGITS {
            Object::HugeInt
        } else {
            Object::Int(text)
        }
    }
}

/// `construct_yaml_float`
pub(super) fn float(text: &str) -> Result<Object> {
    let text = text.replace('_', "").to_lowercase();
    let (negative, text) = sign(&text);
    if text.is_empty() {
        return Err(NO_FLOAT);
    }
    let value = match text {
        ".inf" => f64::INFINITY,
        ".nan" => return Ok(Object::Float(f64::NAN)),
        _ if text.contains(':') => {
            let (mut sum, mut base) = (0.0, 1.0);
            for part in text.rsplit(':') {
                sum += python_float(part)? * base;
                base *= 60.0;
            }
            sum
        }
        _ => python_float(text)?,
    };
    Ok(Object::Float(if negative { -value } else { value }))
}

/// Python's `float(text)`, for text without underscores.
fn python_float(text: &str) -> Result<f64> {
    text.trim_matches(is_space).parse().map_err(|_| NO_FLOAT)
}

/// `construct_yaml_binary`: `binascii.a2b_base64`, which skips characters outside its alphabet.
pub(super) fn binary(text: &str) -> Result<Object> {
    if !text.is_ascii() {
        return Err("binary data that is not ASCII");
    }
    let (mut bytes, mut position, mut left, mut pads) = (Vec::new(), 0_u8, 0_u8, 0_u8);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                if position >= 2 {
                    pads += 1;
                    if position + pads >= 4 {
                        return Ok(Object::Bytes(bytes));
                    }
                }
                continue;
            }
            _ => continue,
        };
        pads = 0;
        match position {
            0 => left = value,
            1 => {
                bytes.push(left << 2 | value >> 4);
                left = value & 0x0f;
            }
            2 => {
                bytes.push(left << 4 | value >> 2);
                left = value & 0x03;
            }
            _ => bytes.push(left << 6 | value),
        }
        position = (position + 1) % 4;
    }
    if position == 0 {
        Ok(Object::Bytes(bytes))
    } else {
        Err("binary data that is not base64")
    }
}

#[cfg(test)]
mod tests {
    use super::{binary, float, int};
    use crate::python::yaml::object::Object;

    fn digits_of(text: &str) -> Option<String> {
        match int(text) {
            Ok(Object::Int(digits)) => Some(digits),
            _ => None,
        }
    }

    #[test]
    fn integers_are_yaml_1_1() {
        for (text, digits) in [
            ("0", "0"),
            ("010", "8"),
            ("-0x1F", "-31"),
            ("0b1_01", "5"),
            ("1_000", "1000"),
            ("1:30", "90"),
            ("-1:30", "-90"),
            ("190:20:30", "685230"),
            ("--5", "5"),
            (" 7 ", "7"),
            ("0o7", "7"),
            ("0b0b1", "1"),
            ("1:-2", "58"),
            ("-0", "0"),
            ("0xffffffffffffffffffffffff", "79228162514264337593543950335"),
        ] {
            assert_eq!(digits_of(text).as_deref(), Some(digits), "{text}");
        }
        for text in ["", "+", "0b", "0x_", "08", "1::2", "x", "0:30"] {
            assert_eq!(digits_of(text), None, "{text}");
        }
        assert!(matches!(int(&"9".repeat(4300)), Ok(Object::Int(_))));
        assert!(int(&"9".repeat(4301)).is_err());
        assert!(matches!(
            int(&format!("0x{}", "f".repeat(100_000))),
            Ok(Object::HugeInt)
        ));
    }

    #[test]
    fn floats_are_yaml_1_1() {
        for (text, repr) in [
            ("1.", "1.0"),
            ("-1_0.5e+3", "-10500.0"),
            ("1:30.5", "90.5"),
            ("-.INF", "-inf"),
            (".nan", "nan"),
            ("1e400", "inf"),
            ("1e16", "1e+16"),
            ("0.00001", "1e-05"),
            ("123456789012345680.0", "1.2345678901234568e+17"),
        ] {
            let Ok(Object::Float(value)) = float(text) else {
                panic!("{text}")
            };
            assert_eq!(crate::python::float::repr(value), repr, "{text}");
        }
        assert!(float("").is_err() && float("1:").is_err() && float("x").is_err());
    }

    #[test]
    fn base64_is_read_as_leniently_as_python_does() {
        for (text, bytes) in [
            ("aGk=", Some(&b"hi"[..])),
            ("aG k=\n!", Some(b"hi")),
            ("aGk", None),
            ("", Some(b"")),
            ("=", Some(b"")),
        ] {
            let Object::Bytes(found) = binary(text).unwrap_or(Object::Null) else {
                assert_eq!(bytes, None, "{text}");
                continue;
            };
            assert_eq!(Some(&found[..]), bytes, "{text}");
        }
    }
}
