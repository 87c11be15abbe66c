//! Makes text from outside printable and short, for messages.
//!
//! Owns the escaping of everything that is echoed. An id may hold any character, and no line of ours may control a terminal or be
//! read as a workflow command by a CI system. (GitHub's runner obeys `::` at the start of a line and `##[` anywhere, the agent of
//! Azure Pipelines obeys `##vso[` anywhere.) Must not be given a secret.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The maximum length of a shown text, in characters.
pub(crate) const LONGEST: usize = 200;

/// Returns `text` for a message: control characters are escaped, and it is cut at 200 characters with `…`.
#[must_use]
pub(crate) fn shown(text: &str) -> String {
    // An escape is longer than its character, so this much is enough for any text.
    let beginning: String = text.chars().take(LONGEST + 1).collect();
    cut(printable(&beginning).into_owned())
}

/// Cuts `line` at 200 characters.
pub(crate) fn cut(line: String) -> String {
    cut_at(LONGEST, line)
}

/// Cuts `line` at `most` characters; the last one is then `…`.
pub(crate) fn cut_at(most: usize, mut line: String) -> String {
    if line.char_indices().nth(most).is_some() {
        let end = line.char_indices().nth(most - 1).map_or(0, |(end, _)| end);
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Returns `text` as one line that is safe to echo.
///
/// Control characters and those that reorder text are escaped, and so is everything that a CI system would read as a command.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let harmless = |text: &str| {
        !text.trim_start().starts_with("::") && !text.contains("##") && !text.chars().any(must_be_escaped)
    };
    if harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    let mut at_start = true;
    let mut previous = ' ';
    for (index, c) in text.char_indices() {
        match c {
            '#' if previous == '#' => line.push_str("\\x23"),
            ':' if at_start && text[index..].starts_with("::") => line.push_str("\\x3a"),
            c => push(&mut line, c),
        }
        at_start = at_start && c.is_whitespace();
        previous = c;
    }
    Cow::Owned(line)
}

/// Appends `c`, escaped if necessary.
pub(crate) fn push(line: &mut String, c: char) {
    match c {
        '\n' => line.push_str("\\n"),
        '\r' => line.push_str("\\r"),
        '\t' => line.push_str("\\t"),
        c if !must_be_escaped(c) => line.push(c),
        c if c.is_ascii() => {
            let _ = write!(line, "\\x{:02x}", u32::from(c));
        }
        c => {
            let _ = write!(line, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

/// Returns whether `c` is a control character, ends a line, or changes the direction of the text after it.
pub(crate) fn must_be_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{printable, shown};

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            printable("a\nb\x1b[31m\u{9b}c\u{202e}"),
            "a\\nb\\x1b[31m\\u{9b}c\\u{202e}"
        );
    }

    #[test]
    fn ordinary_text_stays_unchanged() {
        assert_eq!(
            printable("a `b` ü 名前 # ok :: fine"),
            "a `b` ü 名前 # ok :: fine"
        );
    }

    #[test]
    fn no_line_is_a_workflow_command() {
        assert_eq!(printable("::add-mask::x"), "\\x3a:add-mask::x");
        assert_eq!(printable("  ::error::x"), "  \\x3a:error::x");
        assert_eq!(printable("id `##vso[task.x]y`"), "id `#\\x23vso[task.x]y`");
        assert_eq!(printable("####["), "#\\x23\\x23\\x23[");
    }

    #[test]
    fn a_long_text_is_cut_at_200_characters() {
        assert_eq!(shown(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(shown(&"é".repeat(201)), "é".repeat(199) + "…");
        assert_eq!(shown(&"\u{1b}".repeat(1 << 20)).chars().count(), 200);
        assert_eq!(shown("a\n\u{1b}[31m\u{202e}"), "a\\n\\x1b[31m\\u{202e}");
        assert_eq!(shown(""), "");
    }
}
