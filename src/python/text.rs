//! `str.strip`, `str.lower`, `str.upper`, `str.isalnum`, `str.splitlines`: text as CPython 3.11 sees it, with Unicode
//! 14.
//!
//! Rust's methods do the work. This file handles the differences: Python counts four separators as blank, and does not
//! know letters added after Unicode 14.
//!
//! <https://docs.python.org/3.11/library/stdtypes.html#string-methods>

use super::text_tables::{DECIMAL, NOT_ALPHANUMERIC, SINCE_UNICODE_15};

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
        return text.to_ascii_lowercase();
    }
    convert(text, is_unknown, str::to_lowercase)
}

/// Returns `text.upper()`.
#[must_use]
pub fn upper(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    // Four letters that Python knows got their capitals later.
    let keep = |c| matches!(c, '\u{19b}' | '\u{264}' | '\u{a7d3}' | '\u{a7d5}') || is_unknown(c);
    convert(text, keep, str::to_uppercase)
}

/// Returns whether `c.isalnum()`.
#[must_use]
pub fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() && !is_in(NOT_ALPHANUMERIC, c)
}

/// Returns whether `c.isprintable()`.
#[must_use]
pub fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // Rust's escapes follow Python's definition, but also escape a combining mark at the start of a text.
    let shown = ['a', c]
        .into_iter()
        .collect::<String>()
        .escape_debug()
        .nth(2)
        .is_none();
    shown && !is_unknown(c)
}

/// Returns whether `c.isdecimal()`.
#[must_use]
pub fn is_decimal(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && is_in(DECIMAL, c)
}

/// Returns the lower case of `c` that is one character: `_sre.unicode_tolower`.
#[must_use]
pub fn simple_lower(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    // Only `\u{130}` has a lower case of two characters, the first of which is its simple one.
    let lower = c.to_lowercase().next().unwrap_or(c);
    if is_unknown(c) || is_unknown(lower) {
        c
    } else {
        lower
    }
}

/// Returns the upper case of `c`, if that is one character.
#[must_use]
pub fn simple_upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) if !is_unknown(c) && !is_unknown(upper) => upper,
        _ => c,
    }
}

fn is_in(ranges: &[(u32, u32)], c: char) -> bool {
    let code = u32::from(c);
    let after = ranges.partition_point(|(first, _)| *first <= code);
    after > 0 && code <= ranges[after - 1].1
}

/// Returns `text.splitlines()`.
#[must_use]
pub fn splitlines(text: &str) -> Vec<&str> {
    lines(text).collect()
}

/// Iterates over `text.splitlines()`.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = rest.find(is_line_break) else {
            return Some(std::mem::take(&mut rest));
        };
        let (line, ending) = rest.split_at(end);
        let length = if ending.starts_with("\r\n") {
            2
        } else {
            ending.chars().next().map_or(0, char::len_utf8)
        };
        rest = &ending[length..];
        Some(line)
    })
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether `c` was added after Unicode 14.
fn is_unknown(c: char) -> bool {
    is_in(SINCE_UNICODE_15, c)
}

/// Applies `convert` to the text between the characters to keep.
fn convert(text: &str, keep: impl Fn(char) -> bool, convert: fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for stretch in text.split_inclusive(&keep) {
        let kept = stretch.char_indices().next_back().filter(|(_, last)| keep(*last));
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
        assert_eq!(lower("\u{19b}Σ"), "\u{19b}ς");
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
    fn lines_end_at_each_of_pythons_separators() {
        assert_eq!(
            splitlines("a\r\nb\rc\u{b}d\u{1c}e\u{2028}f\n\n"),
            ["a", "b", "c", "d", "e", "f", ""]
        );
        assert!(splitlines("").is_empty());
        assert_eq!(splitlines("a\u{1f}b"), ["a\u{1f}b"]);
    }
}
