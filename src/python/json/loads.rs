//! `json.loads`: text in, [`Value`] out, by the rules of CPython's C scanner.
//!
//! Owns the grammar: `NaN`, big integers, blank characters, and the positions of errors. It keeps its own stack: deep
//! nesting cannot exhaust the thread's.
//!
//! Source: CPython 3.11, `Modules/_json.c` (`scan_once_unicode`, `scanstring_unicode`), `Lib/json/decoder.py`.

use std::time::Instant;

use super::error::{Error, ErrorKind, MAX_DEPTH, MAX_INTEGER_DIGITS, MAX_VALUES};
use super::{Object, Value};

/// How many values are read between two looks at the clock.
const VALUES_BETWEEN_LOOKS: usize = 1024;

/// Parses JSON text as `json.loads(text)` does.
///
/// # Errors
/// Where Python raises; for more than [`MAX_VALUES`] values; and for a lone surrogate, which a Python string can hold and UTF-8
/// cannot. A lone surrogate is reported only when nothing else is wrong.
pub fn loads(text: &str) -> Result<Value, Error> {
    let mut scanner = Scanner::new(text, None);
    let outcome = scanner.document();
    scanner.finish(outcome)
}

/// A kind, and a byte offset into the text.
pub(super) struct Failure(pub(super) ErrorKind, pub(super) usize);

/// A container that is being read.
enum Open {
    List(Vec<Value>),
    Object(Object, String),
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pub(super) at: usize,
    /// The depth in the text before a value is read.
    pub(super) depth: usize,
    lone_surrogate: Option<usize>,
    deadline: Option<Instant>,
    values_until_look: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, deadline: Option<Instant>) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            depth: 0,
            lone_surrogate: None,
            deadline,
            values_until_look: VALUES_BETWEEN_LOOKS,
        }
    }

    /// Turns a failure into an error, or reports a lone surrogate when nothing failed.
    pub(super) fn finish<T>(&self, outcome: Result<T, Failure>) -> Result<T, Error> {
        match (outcome, self.lone_surrogate) {
            (Err(Failure(kind, offset)), _) => Err(Error::new(kind, self.text, offset)),
            (Ok(_), Some(offset)) => Err(Error::new(ErrorKind::LoneSurrogate, self.text, offset)),
            (Ok(read), None) => Ok(read),
        }
    }

    fn document(&mut self) -> Result<Value, Failure> {
        self.begin()?;
        let value = self.value()?;
        self.end()?;
        Ok(value)
    }

    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        if self.text.starts_with('\u{feff}') {
            return self.fail("unexpected UTF-8 byte order mark", 0);
        }
        self.skip_blanks();
        Ok(())
    }

    pub(super) fn end(&mut self) -> Result<(), Failure> {
        self.skip_blanks();
        if self.at != self.bytes.len() {
            return self.fail("extra data", self.at);
        }
        Ok(())
    }

    /// Checks the deadline, but not for every value.
    fn check_deadline(&mut self) -> Result<(), Failure> {
        self.values_until_look -= 1;
        if self.values_until_look == 0 {
            self.values_until_look = VALUES_BETWEEN_LOOKS;
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Failure(ErrorKind::Late, self.at));
            }
        }
        Ok(())
    }

    /// Reads one value with its contents.
    pub(super) fn value(&mut self) -> Result<Value, Failure> {
        let mut open: Vec<Open> = Vec::new();
        let mut values_left = MAX_VALUES;
        loop {
            if values_left == 0 {
                return Err(Failure(ErrorKind::TooManyValues, self.at));
            }
            values_left -= 1;
            self.check_deadline()?;
            let mut value = match self.peek() {
                Some(b'{') => {
                    self.enter(open.len())?;
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                        Value::Object(Object::new())
                    } else {
                        let key = self.key()?;
                        // Most small objects have one key; the map would allocate three.
                        open.push(Open::Object(Object::with_capacity(1), key));
                        continue;
                    }
                }
                Some(b'[') => {
                    self.enter(open.len())?;
                    if self.peek() == Some(b']') {
                        self.at += 1;
                        Value::List(Vec::new())
                    } else {
                        open.push(Open::List(Vec::new()));
                        continue;
                    }
                }
                _ => self.scalar()?,
            };
            // Adds the value to its container, and that container to the next, while they end here.
            loop {
                let Some(container) = open.pop() else {
                    return Ok(value);
                };
                self.skip_blanks();
                let next = self.peek();
                match container {
                    Open::List(mut list) => {
                        list.push(value);
                        if next == Some(b']') {
                            self.at += 1;
                            value = Value::List(list);
                            continue;
                        }
                        self.comma()?;
                        open.push(Open::List(list));
                    }
                    Open::Object(mut object, key) => {
                        object.insert(key, value);
                        if next == Some(b'}') {
                            self.at += 1;
                            value = Value::Object(object);
                            continue;
                        }
                        self.comma()?;
                        let key = self.key()?;
                        open.push(Open::Object(object, key));
                    }
                }
                break;
            }
        }
    }

    /// Enters a container, after its bracket and blanks.
    pub(super) fn enter(&mut self, open: usize) -> Result<(), Failure> {
        if self.depth + open == MAX_DEPTH {
            return Err(Failure(ErrorKind::TooDeep, self.at));
        }
        self.at += 1;
        self.skip_blanks();
        Ok(())
    }

    pub(super) fn comma(&mut self) -> Result<(), Failure> {
        if self.peek() != Some(b',') {
            return self.fail("expecting ',' delimiter", self.at);
        }
        self.at += 1;
        self.skip_blanks();
        Ok(())
    }

    /// Reads a key and its colon, with surrounding blanks.
    fn key(&mut self) -> Result<String, Failure> {
        let key = self.name()?;
        self.colon()?;
        Ok(key)
    }

    /// Reads a key without its colon.
    pub(super) fn name(&mut self) -> Result<String, Failure> {
        if self.peek() != Some(b'"') {
            return self.fail("expecting property name enclosed in double quotes", self.at);
        }
        self.string()
    }

    /// Reads the colon after a key, with surrounding blanks.
    pub(super) fn colon(&mut self) -> Result<(), Failure> {
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return self.fail("expecting ':' delimiter", self.at);
        }
        self.at += 1;
        self.skip_blanks();
        Ok(())
    }

    fn scalar(&mut self) -> Result<Value, Failure> {
        const CONSTANTS: [(&str, Value); 6] = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        if self.peek() == Some(b'"') {
            return self.string().map(Value::String);
        }
        let rest = &self.text[self.at..];
        for (word, value) in CONSTANTS {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.number()
    }

    /// Reads the longest prefix that is a number: `01` is 0, followed by something else.
    fn number(&mut self) -> Result<Value, Failure> {
        let start = self.at;
        let integer = start + usize::from(self.peek() == Some(b'-'));
        let mut at = match self.bytes.get(integer) {
            Some(b'0') => integer + 1,
            Some(b'1'..=b'9') => self.skip_digits(integer),
            _ => return self.fail("expecting value", start),
        };
        let integer_end = at;
        if self.bytes.get(at) == Some(&b'.') && self.is_digit(at + 1) {
            at = self.skip_digits(at + 1);
        }
        if matches!(self.bytes.get(at), Some(b'e' | b'E')) {
            let exponent = at + 1 + usize::from(matches!(self.bytes.get(at + 1), Some(b'+' | b'-')));
            if self.is_digit(exponent) {
                at = self.skip_digits(exponent);
            }
        }
        self.at = at;
        let number = &self.text[start..at];
        if at > integer_end {
            // Rust and Python both round to the nearest float, and to infinity when the number is too large.
            let value = number.parse().expect("the scanner found a number");
            return Ok(Value::Float(value));
        }
        if at - integer > MAX_INTEGER_DIGITS {
            return Err(Failure(ErrorKind::IntegerTooLong, start));
        }
        Ok(Value::Int(if number == "-0" {
            "0".to_owned()
        } else {
            number.to_owned()
        }))
    }

    /// Reads a string, from its opening quote past its closing quote.
    pub(super) fn string(&mut self) -> Result<String, Failure> {
        let begin = self.at;
        let mut at = begin + 1;
        let mut string = String::new();
        loop {
            let stop = self.bytes[at..]
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            let Some(stop) = stop.map(|length| at + length) else {
                return self.fail("unterminated string starting at", begin);
            };
            string.push_str(&self.text[at..stop]);
            match self.bytes[stop] {
                b'"' => {
                    self.at = stop + 1;
                    return Ok(string);
                }
                b'\\' => {}
                _ => return self.fail("invalid control character", stop),
            }
            let Some(escape) = self.bytes.get(stop + 1) else {
                return self.fail("unterminated string starting at", begin);
            };
            at = stop + 2;
            string.push(match escape {
                b'"' | b'\\' | b'/' => char::from(*escape),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => {
                    let (c, end) = self.unicode_escape(stop)?;
                    at = end;
                    c
                }
                _ => return self.fail("invalid \\escape", stop),
            });
        }
    }

    /// Reads `\uXXXX` at `start`, or a surrogate pair; returns the character and where it ends.
    fn unicode_escape(&mut self, start: usize) -> Result<(char, usize), Failure> {
        let first = self.hex_digits(start)?;
        let end = start + 6;
        if let Some(c) = char::from_u32(first) {
            return Ok((c, end));
        }
        if first < 0xdc00 && self.bytes[end..].starts_with(b"\\u") {
            let second = self.hex_digits(end)?;
            if (0xdc00..0xe000).contains(&second) {
                let c = char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
                return Ok((c.expect("two halves make one character"), end + 6));
            }
        }
        self.lone_surrogate.get_or_insert(start);
        Ok((char::REPLACEMENT_CHARACTER, end))
    }

    /// Reads the four digits of the `\uXXXX` at `start`. At least one character must follow.
    fn hex_digits(&self, start: usize) -> Result<u32, Failure> {
        let digits = self
            .bytes
            .get(start + 2..start + 6)
            .filter(|_| self.bytes.len() > start + 6);
        let value = digits.and_then(|digits| {
            digits.iter().try_fold(0, |value, digit| {
                Some(value * 16 + char::from(*digit).to_digit(16)?)
            })
        });
        value.ok_or(Failure(ErrorKind::Syntax("invalid \\uXXXX escape"), start + 1))
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn is_digit(&self, at: usize) -> bool {
        self.bytes.get(at).is_some_and(u8::is_ascii_digit)
    }

    fn skip_digits(&self, at: usize) -> usize {
        at + self.bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    }

    #[expect(clippy::unused_self, reason = "reads as a step of the scanner")]
    fn fail<T>(&self, message: &'static str, offset: usize) -> Result<T, Failure> {
        Err(Failure(ErrorKind::Syntax(message), offset))
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, MAX_DEPTH, MAX_VALUES, loads};
    use crate::python::json::{Value, dumps};

    fn round_trip(text: &str) -> String {
        dumps(&loads(text).unwrap())
    }

    #[test]
    fn two_hundred_thousand_values_are_read_and_no_more() {
        let list = |values: usize| format!("[0{}]", ",0".repeat(values - 2));
        assert!(loads(&list(MAX_VALUES)).is_ok());
        let error = loads(&list(MAX_VALUES + 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyValues);
        assert!(error.to_string().starts_with("more than 200000 values at line 1"));
    }

    #[test]
    fn a_repeated_key_keeps_its_first_position_and_its_last_value() {
        assert_eq!(round_trip(r#"{"a": 1, "b": 2, "a": 3}"#), r#"{"a": 3, "b": 2}"#);
    }

    #[test]
    fn numbers_keep_pythons_form() {
        assert_eq!(
            round_trip("[-0, -0.0, 1E400, 1e16, 1e-5, 123456789012345678901234567890, NaN, -Infinity]"),
            "[0, -0.0, Infinity, 1e+16, 1e-05, 123456789012345678901234567890, NaN, -Infinity]"
        );
    }

    #[test]
    fn errors_point_at_the_character_that_is_wrong() {
        for (text, message, position) in [
            ("", "expecting value", 0),
            ("[1,]", "expecting value", 3),
            ("01", "extra data", 1),
            ("{\"é\" 1}", "expecting ':' delimiter", 5),
            (
                "{\"a\":1,}",
                "expecting property name enclosed in double quotes",
                7,
            ),
            ("\"a\nb\"", "invalid control character", 2),
            ("\"\\u12\"", "invalid \\uXXXX escape", 2),
            ("\"abc", "unterminated string starting at", 0),
            ("\u{feff}1", "unexpected UTF-8 byte order mark", 0),
        ] {
            let error = loads(text).unwrap_err();
            assert_eq!(
                (error.kind(), error.position()),
                (ErrorKind::Syntax(message), position),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_line_break_counts_for_lines_and_columns() {
        let error = loads("{\n \"a\": x}").unwrap_err();
        assert_eq!((error.line(), error.column()), (2, 7));
    }

    #[test]
    fn half_of_a_surrogate_pair_is_refused_unless_something_else_is_wrong() {
        assert!(loads(r#""\ud83d\ude00""#).unwrap() == Value::from("\u{1f600}"));
        assert_eq!(loads(r#""\ud83d""#).unwrap_err().kind(), ErrorKind::LoneSurrogate);
        assert_eq!(
            loads(r#""\ude00\ud83d""#).unwrap_err().kind(),
            ErrorKind::LoneSurrogate
        );
        assert!(loads(r#"["\ud83d""#).unwrap_err().is_decode_error());
    }

    #[test]
    fn depth_is_limited_and_cannot_exhaust_the_stack() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(loads(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(
            loads(&nested(MAX_DEPTH + 1)).unwrap_err().kind(),
            ErrorKind::TooDeep
        );
        assert_eq!(
            loads(&"{\"a\":".repeat(1_000_000)).unwrap_err().kind(),
            ErrorKind::TooDeep
        );
    }

    #[test]
    fn an_integer_of_4301_digits_is_refused() {
        assert!(loads(&format!("-{}", "9".repeat(4300))).is_ok());
        assert_eq!(
            loads(&"9".repeat(4301)).unwrap_err().kind(),
            ErrorKind::IntegerTooLong
        );
    }
}
