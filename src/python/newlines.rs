//! Universal newlines: how `open()` translates line endings in text mode.
//!
//! <https://docs.python.org/3.11/library/functions.html#open>

use std::borrow::Cow;

/// Translates `\r\n` and `\r` to `\n`, as `open()` does in text mode.
#[must_use]
pub fn universal_newlines(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let mut translated = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\r') {
        translated.push_str(&rest[..at]);
        translated.push('\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    translated.push_str(rest);
    Cow::Owned(translated)
}

#[cfg(test)]
mod tests {
    use super::universal_newlines;

    #[test]
    fn carriage_returns_become_newlines() {
        assert_eq!(universal_newlines("a\r\nb\rc\n\r\n"), "a\nb\nc\n\n");
        assert_eq!(universal_newlines("a\n"), "a\n");
    }
}
