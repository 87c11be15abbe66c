//! `urllib.parse.quote`, `quote_plus` and `unquote`.
//!
//! The `percent-encoding` crate does the work, with Python's set of safe characters. Python decodes each run of ASCII
//! separately, and the crate the whole text. No UTF-8 sequence crosses the end of such a run, so the bytes are the same.
//!
//! <https://docs.python.org/3.11/library/urllib.parse.html#urllib.parse.quote>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The characters that `quote(text, safe="")` escapes.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');
/// The characters that `quote(text)` escapes.
const UNSAFE_BUT_SLASH: &AsciiSet = &UNSAFE.remove(b'/');
/// The characters that `quote_plus(text)` escapes before it turns spaces into plus signs.
const UNSAFE_BUT_BLANK: &AsciiSet = &UNSAFE.remove(b' ');

/// Returns `quote(text, safe="")`.
#[must_use]
pub fn quote(text: &str) -> String {
    utf8_percent_encode(text, UNSAFE).to_string()
}

/// Returns `quote(text)`, which keeps slashes.
#[must_use]
pub fn quote_path(text: &str) -> String {
    utf8_percent_encode(text, UNSAFE_BUT_SLASH).to_string()
}

/// Returns `quote_plus(text)`.
#[must_use]
pub fn quote_plus(text: &str) -> String {
    utf8_percent_encode(text, UNSAFE_BUT_BLANK)
        .to_string()
        .replace(' ', "+")
}

/// Returns `unquote(text)`: replaces invalid UTF-8, and keeps an invalid escape.
#[must_use]
pub fn unquote(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{quote, quote_path, quote_plus, unquote};

    #[test]
    fn safe_characters_are_pythons() {
        assert_eq!(quote("aZ9_.-~/ +é%"), "aZ9_.-~%2F%20%2B%C3%A9%25");
        assert_eq!(quote_path("a/b c"), "a/b%20c");
        assert_eq!(quote_plus("a b+c/d"), "a+b%2Bc%2Fd");
    }

    #[test]
    fn invalid_escapes_stay_and_bad_utf8_is_replaced() {
        assert_eq!(unquote("%41%4g%%zz%e2%82%ac%"), "A%4g%%zz€%");
        assert_eq!(unquote("%c3é%a9"), "\u{fffd}é\u{fffd}");
        assert_eq!(unquote("%ed%a0%80"), "\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(unquote("a+b"), "a+b");
    }
}
