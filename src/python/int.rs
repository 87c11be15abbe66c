//! `int(text)` and `int(number)`: integers of any size, as their decimal digits.
//!
//! <https://docs.python.org/3.11/library/functions.html#int>; source: CPython 3.11, `Objects/longobject.c`
//! (`PyLong_FromUnicodeObject`), `Objects/unicodeobject.c` (`_PyUnicode_TransformDecimalAndSpaceToASCII`).

use super::json::MAX_INTEGER_DIGITS;
use super::text;

/// The digit 0 of every script with decimal digits in Unicode 14. The other nine digits follow it.
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50,
    0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
    0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950,
    0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6,
    0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// Returns the digits of `int(text)`, as `str()` writes them, or `None` where Python raises `ValueError`.
///
/// Accepts surrounding blanks, a sign, single underscores between digits, and the digits of any script.
#[must_use]
pub fn parse(text: &str) -> Option<String> {
    // Blanks and digits beyond ASCII become ASCII. The separators \x1c to \x1f stay, and are not blanks here.
    let ascii: String = if text.is_ascii() {
        text.to_owned()
    } else {
        text.chars().map(to_ascii).collect()
    };
    let number = ascii.trim_matches(|c| matches!(c, ' ' | '\t'..='\r'));
    let (negative, digits) = match number.as_bytes().first()? {
        b'-' => (true, &number[1..]),
        b'+' => (false, &number[1..]),
        _ => (false, number),
    };
    let mut plain = String::with_capacity(digits.len());
    for group in digits.split('_') {
        if group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        plain.push_str(group);
    }
    if plain.len() > MAX_INTEGER_DIGITS {
        return None;
    }
    let significant = plain.trim_start_matches('0');
    Some(match (significant, negative) {
        ("", _) => "0".to_owned(),
        (digits, true) => format!("-{digits}"),
        (digits, false) => digits.to_owned(),
    })
}

/// Returns `int(value)`, truncated towards zero, or `None` where Python raises: `NaN` or infinite.
#[must_use]
pub fn from_float(value: f64) -> Option<String> {
    // Adding zero turns -0 into 0.
    value.is_finite().then(|| format!("{:.0}", value.trunc() + 0.0))
}

fn to_ascii(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    if text::is_space(c) {
        return ' ';
    }
    let code = u32::from(c);
    let after = ZEROS.partition_point(|zero| *zero <= code);
    match ZEROS.get(after.wrapping_sub(1)).map(|zero| code - zero) {
        Some(digit @ 0..=9) => char::from_digit(digit, 10).unwrap_or('?'),
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::{from_float, parse};

    #[test]
    fn odd_integers_are_read_as_python_reads_them() {
        for (text, digits) in [
            ("5432", Some("5432")),
            (" +8_0\n", Some("80")),
            ("-007", Some("-7")),
            ("-0", Some("0")),
            ("٣٤", Some("34")),
            ("\u{a0}5\u{3000}", Some("5")),
            ("\u{1c}5", None),
            ("\u{1c}５", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("", None),
            ("-", None),
            ("+-1", None),
            ("0x10", None),
            ("1.0", None),
            ("5\0", None),
            ("²", None),
        ] {
            assert_eq!(parse(text).as_deref(), digits, "{text:?}");
        }
    }

    #[test]
    fn an_integer_of_more_than_4300_digits_is_none() {
        assert!(parse(&"9".repeat(4300)).is_some());
        assert!(parse(&"9".repeat(4301)).is_none());
    }

    #[test]
    fn floats_are_cut_towards_zero() {
        assert_eq!(from_float(80.9).as_deref(), Some("80"));
        assert_eq!(from_float(-0.5).as_deref(), Some("0"));
        assert_eq!(from_float(1e23).as_deref(), Some("99999999999999991611392"));
        assert_eq!(from_float(f64::NAN), None);
        assert_eq!(from_float(f64::INFINITY), None);
    }
}
