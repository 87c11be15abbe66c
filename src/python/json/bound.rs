//! Counts the values in a JSON text without parsing it, for texts that another parser reads.
//!
//! Must not know what a text is for. Text that is not JSON gets an answer too; the parser rejects it.

use memchr::memchr2;

use super::MAX_VALUES;

/// Returns whether a JSON text has more than [`MAX_VALUES`] values. False for a text that is neither an object nor a list.
pub(crate) fn has_too_many_values(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.len() <= MAX_VALUES || !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return false;
    }
    // Every value is the first one of the text, or of its list or object, or follows a comma.
    let mut values = 1;
    let mut in_empty_container = false;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b']' | b'}' => in_empty_container = false,
            _ if in_empty_container => {
                values += 1;
                in_empty_container = false;
            }
            _ => {}
        }
        match byte {
            b'"' => at = end_of_string(text, at),
            b',' => values += 1,
            b'[' | b'{' => in_empty_container = true,
            _ => {}
        }
        if values > MAX_VALUES {
            return true;
        }
    }
    false
}

/// Returns the position after the closing quote of the string that contains `at`.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    while let Some(length) = memchr2(b'"', b'\\', &text[at.min(text.len())..]) {
        at += length + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json::{ErrorKind, loads};

    /// The parser counts the same values.
    fn same(text: &str) -> bool {
        let parsed = loads(text);
        let too_many = match &parsed {
            Ok(_) => false,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooManyValues, "{error}");
                true
            }
        };
        assert_eq!(
            has_too_many_values(text.as_bytes()),
            too_many,
            "{} bytes of {:.20}",
            text.len(),
            text
        );
        too_many
    }

    #[test]
    fn values_are_counted_as_the_parser_counts_them() {
        for item in [
            "[]",
            "{}",
            "1",
            "\"\"",
            "null",
            "\"[[,,\\\",,\\\\\"",
            " [ ] ",
            "\"[]\"",
        ] {
            let list = |values: usize| format!("[{item}{}]", format!(",{item}").repeat(values - 2));
            assert!(!same(&list(MAX_VALUES)), "{item}");
            assert!(same(&list(MAX_VALUES + 1)), "{item}");
        }
        let object = |values: usize| format!("{{\"k\": 1{}}}", ", \"k\": 1".repeat(values - 2));
        assert!(!same(&object(MAX_VALUES)));
        assert!(same(&object(MAX_VALUES + 1)));
        let nested = |values: usize| format!("[{{\"a\": {{}}}}{}]", ",{\"a\":{}}".repeat(values / 2 - 1));
        assert!(!same(&nested(MAX_VALUES - 2)));
        assert!(same(&nested(MAX_VALUES + 2)));
    }

    #[test]
    fn what_is_not_json_is_not_counted() {
        assert!(!has_too_many_values("<html>,".repeat(MAX_VALUES).as_bytes()));
        assert!(!has_too_many_values(b"[\"\\"));
        let open = format!("[\"{}\\", ",".repeat(MAX_VALUES));
        assert!(!has_too_many_values(open.as_bytes()));
    }
}
