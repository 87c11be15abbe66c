//! The positions of the entries of a large JSON object, so that only the values that are used are built.
//!
//! The whole text is checked, as by `json.loads`. Values are built and dropped one at a time, so memory stays near the size of
//! the text.

use std::borrow::Cow;
use std::time::Instant;

use super::Error;
use super::loads::{Failure, Scanner};

/// A range of bytes in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// Calls `entry` with the key and the value of each entry of the object in `text`, in order.
///
/// A repeated key is passed each time. Returns false where the text is JSON but not an object.
///
/// # Errors
/// As [`loads`](super::loads), with its limit of values for each entry; and a text that is not read by `deadline`.
pub(crate) fn entries(
    text: &str,
    deadline: Instant,
    mut entry: impl FnMut(Span, Span),
) -> Result<bool, Error> {
    let mut scanner = Scanner::new(text, Some(deadline));
    let outcome = object(&mut scanner, &mut entry);
    scanner.finish(outcome)
}

fn object(scanner: &mut Scanner<'_>, entry: &mut impl FnMut(Span, Span)) -> Result<bool, Failure> {
    scanner.begin()?;
    if scanner.peek() != Some(b'{') {
        scanner.value()?;
        scanner.end()?;
        return Ok(false);
    }
    scanner.enter(0)?;
    scanner.depth = 1;
    if scanner.peek() == Some(b'}') {
        scanner.at += 1;
        scanner.end()?;
        return Ok(true);
    }
    loop {
        let start = scanner.at;
        scanner.name()?;
        let end = scanner.at;
        let key = Span { start, end };
        scanner.colon()?;
        let start = scanner.at;
        scanner.value()?;
        let end = scanner.at;
        entry(key, Span { start, end });
        scanner.skip_blanks();
        if scanner.peek() == Some(b'}') {
            scanner.at += 1;
            scanner.end()?;
            return Ok(true);
        }
        scanner.comma()?;
    }
}

/// Returns the text of a quoted key.
pub(crate) fn text_of_key(quoted: &str) -> Cow<'_, str> {
    if quoted.contains('\\') {
        // The scanner has accepted it.
        let read = Scanner::new(quoted, None).string();
        return Cow::Owned(read.unwrap_or_default());
    }
    Cow::Borrowed(quoted.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::python::json::{ErrorKind, MAX_DEPTH, MAX_VALUES, dumps, loads};

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(10)
    }

    fn pairs(text: &str) -> Result<Option<Vec<(String, String)>>, Error> {
        let mut pairs = Vec::new();
        let is_object = entries(text, soon(), |key, value| {
            let value = loads(&text[value.start..value.end]).map(|value| dumps(&value));
            let key = text_of_key(&text[key.start..key.end]).into_owned();
            pairs.push((key, value.unwrap_or_default()));
        })?;
        Ok(is_object.then_some(pairs))
    }

    #[test]
    fn each_entry_has_its_position() {
        let text = " { \"a\" : [1, {\"x\": 2}] , \"\\u0062\\n\":null,\"a\":\"t\\\"\" } ";
        let expected = [("a", "[1, {\"x\": 2}]"), ("b\n", "null"), ("a", "\"t\\\"\"")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(pairs(text).unwrap().unwrap(), expected);
        assert_eq!(pairs("{ }").unwrap(), Some(Vec::new()));
        assert_eq!(pairs("[1]").unwrap(), None);
    }

    #[test]
    fn errors_are_those_of_loads() {
        for text in [
            "",
            "{",
            "{\"a\"",
            "{\"a\": }",
            "{\"a\": 1,}",
            "{\"a\": 1} x",
            "[1] 2",
            "\u{feff}{}",
            "{a: 1}",
            "{\"a\": \"\\ud800\"}",
            "{\"\\ud800\": 1}",
            "{\"a\": 1 \"b\": 2}",
        ] {
            assert_eq!(pairs(text).unwrap_err(), loads(text).unwrap_err(), "{text}");
        }
        let deep = |depth: usize| format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(pairs(&deep(MAX_DEPTH - 1)).is_ok());
        assert_eq!(
            pairs(&deep(MAX_DEPTH)).unwrap_err(),
            loads(&deep(MAX_DEPTH)).unwrap_err()
        );
    }

    #[test]
    fn each_entry_has_its_own_limit_of_values_and_the_deadline_holds() {
        let many = format!("{{\"a\": [0{}]}}", ",0".repeat(MAX_VALUES));
        assert_eq!(pairs(&many).unwrap_err().kind(), ErrorKind::TooManyValues);
        let entries_of = format!("{{\"a\": 1{}}}", ",\"a\":1".repeat(MAX_VALUES));
        assert_eq!(pairs(&entries_of).unwrap().unwrap().len(), MAX_VALUES + 1);
        let late = entries(&entries_of, Instant::now(), |_, _| {}).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Late);
        assert_eq!(late.to_string(), "reading it takes longer than `--timeout`");
    }
}
