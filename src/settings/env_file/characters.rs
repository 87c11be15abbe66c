//! Characters at the start and the end of bytes that may not be UTF-8.
//!
//! Owns the definition of a blank for each reader: Python's `\s`, Go's `unicode.IsSpace`, and compose-go's own `isSpace`.

use crate::python::text;

/// Returns the first character of `bytes` and its length; a byte that is not UTF-8 is a replacement character, as in Go.
pub(super) fn first(bytes: &[u8]) -> Option<(char, usize)> {
    let byte = *bytes.first()?;
    if byte.is_ascii() {
        return Some((char::from(byte), 1));
    }
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    Some(
        valid
            .chars()
            .next()
            .map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8())),
    )
}

/// Returns the last character of `bytes` and its length.
pub(super) fn last(bytes: &[u8]) -> Option<(char, usize)> {
    let end = bytes.len();
    for length in 1..=end.min(4) {
        let tail = &bytes[end - length..];
        if let Ok(text) = std::str::from_utf8(tail) {
            return text.chars().next().map(|c| (c, length));
        }
    }
    (end > 0).then_some((char::REPLACEMENT_CHARACTER, 1))
}

/// Returns `bytes` without the leading characters for which `is_blank` is true.
pub(super) fn trim_start(mut bytes: &[u8], is_blank: impl Fn(char) -> bool) -> &[u8] {
    while let Some((c, length)) = first(bytes)
        && is_blank(c)
    {
        bytes = &bytes[length..];
    }
    bytes
}

/// Returns `bytes` without the trailing characters for which `is_blank` is true.
pub(super) fn trim_end(mut bytes: &[u8], is_blank: impl Fn(char) -> bool) -> &[u8] {
    while let Some((c, length)) = last(bytes)
        && is_blank(c)
    {
        bytes = &bytes[..bytes.len() - length];
    }
    bytes
}

/// Whether Python's `[^\S\r\n]` matches `c`.
pub(super) fn is_python_blank(c: char) -> bool {
    text::is_space(c) && !matches!(c, '\r' | '\n')
}

/// Whether Go's `unicode.IsSpace` accepts `c`.
pub(super) fn is_go_space(c: char) -> bool {
    c.is_whitespace()
}

/// Whether `c` is a blank within a line for compose-go (`dotenv/parser.go`, `isSpace`).
pub(super) fn is_compose_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_at_both_ends() {
        assert_eq!(first("é=".as_bytes()), Some(('é', 2)));
        assert_eq!(first(b"\xff="), Some((char::REPLACEMENT_CHARACTER, 1)));
        assert_eq!(last("=é".as_bytes()), Some(('é', 2)));
        assert_eq!(last(b"=\xc3"), Some((char::REPLACEMENT_CHARACTER, 1)));
        assert_eq!((first(b""), last(b"")), (None, None));
        assert_eq!(trim_end("a\u{3000}\u{1f} ".as_bytes(), is_python_blank), b"a");
        assert_eq!(trim_start("\u{a0}\t\na".as_bytes(), is_compose_blank), b"\na");
    }
}
