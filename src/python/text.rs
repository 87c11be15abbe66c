//! `str.strip`, `str.lower`, `str.upper`, `str.isalnum`, `str.splitlines`: text as CPython 3.11 sees it, with Unicode 14.
//!
//! Rust's methods do the work; what they do otherwise stands here: Python counts four separators as blank, and does not know
//! the letters that came after Unicode 14.
//!
//! <https://docs.python.org/3.11/library/stdtypes.html#string-methods>

use super::text_tables::NOT_ALPHANUMERIC;

/// Returns whether `c.isspace()`.
#[must_use]
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Returns `text.strip()`.
#[must_use]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Returns `text.lower()`.
#[must_use]
pub fn lower(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        convert(text, str::to_lowercase)
    }
}

/// Returns `text.upper()`.
#[must_use]
pub fn upper(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_uppercase()
    } else {
        convert(text, str::to_uppercase)
    }
}

/// Returns whether `c.isalnum()`.
#[must_use]
pub fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let code = u32::from(c);
    let after = NOT_ALPHANUMERIC.partition_point(|(first, _)| *first <= code);
    let excluded = after > 0 && code <= NOT_ALPHANUMERIC[after - 1].1;
    !excluded && c.is_alphanumeric()
}

/// Returns `text.splitlines()`.
#[must_use]
pub fn splitlines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(is_line_break) {
        lines.push(&rest[..end]);
        let ending = &rest[end..];
        let length = if ending.starts_with("\r\n") {
            2
        } else {
            ending.chars().next().map_or(0, char::len_utf8)
        };
        rest = &ending[length..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether `c` got its upper or lower case after Unicode 14.
fn is_cased_since_unicode_15(c: char) -> bool {
    matches!(
        c,
        '\u{19b}' | '\u{264}' | '\u{1c89}' | '\u{1c8a}' | '\u{a7cb}'..='\u{a7cf}' | '\u{a7d2}'..='\u{a7d5}'
            | '\u{a7da}'..='\u{a7dc}' | '\u{10d50}'..='\u{10d65}' | '\u{10d70}'..='\u{10d85}'
            | '\u{16ea0}'..='\u{16eb8}' | '\u{16ebb}'..='\u{16ed3}'
    )
}

/// Applies `convert` to the stretches between letters that Python does not convert.
fn convert(text: &str, convert: fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for stretch in text.split_inclusive(is_cased_since_unicode_15) {
        let kept = stretch
            .char_indices()
            .next_back()
            .filter(|(_, last)| is_cased_since_unicode_15(*last));
        let split = kept.map_or(stretch.len(), |(at, _)| at);
        out.push_str(&convert(&stretch[..split]));
        out.push_str(&stretch[split..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{is_alphanumeric, lower, splitlines, strip, upper};

    #[test]
    fn blanks_are_pythons() {
        assert_eq!(strip("\u{1c}\u{1f}\u{a0}\u{3000}\t a b \u{85}\u{2029}"), "a b");
        assert_eq!(strip("\u{200b}a\0"), "\u{200b}a\0");
    }

    #[test]
    fn letters_that_python_does_not_know_keep_their_case() {
        assert_eq!(lower("\u{10d50}A\u{a7da}ΑΣ"), "\u{10d50}a\u{a7da}ας");
        assert_eq!(upper("\u{10d70}aß\u{19b}"), "\u{10d70}ASS\u{19b}");
        assert_eq!(lower("İX"), "i\u{307}x");
    }

    #[test]
    fn marks_and_circled_letters_are_not_alphanumeric() {
        for (c, expected) in [
            ('é', true),
            ('٣', true),
            ('½', true),
            ('Ⓐ', false),
            ('\u{93e}', false),
            ('_', false),
        ] {
            assert_eq!(is_alphanumeric(c), expected, "{c}");
        }
    }

    #[test]
    fn lines_end_at_every_separator_that_python_knows() {
        assert_eq!(
            splitlines("a\r\nb\rc\u{b}d\u{1c}e\u{2028}f\n\n"),
            ["a", "b", "c", "d", "e", "f", ""]
        );
        assert!(splitlines("").is_empty());
        assert_eq!(splitlines("a\u{1f}b"), ["a\u{1f}b"]);
    }
}
