//! Text from outside, fit to stand in a message: an id, a class path, a kwarg's name, a URL, a server's words.
//!
//! Owns how long such a text may be and which characters are escaped. Must not know where it is shown.

use std::fmt::Write as _;

/// The longest text that is shown, in characters.
pub(crate) const LONGEST: usize = 200;

/// Returns `text` on one line, with control characters escaped, and cut at 200 characters with `…`.
pub(crate) fn shown(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LONGEST));
    for c in text.chars().take(LONGEST + 1) {
        push(&mut line, c);
    }
    cut(line)
}

/// Cuts `line` at 200 characters.
pub(crate) fn cut(line: String) -> String {
    cut_at(LONGEST, line)
}

/// Cuts `line` at `most` characters, the last of which is then `…`.
pub(crate) fn cut_at(most: usize, mut line: String) -> String {
    if line.char_indices().nth(most).is_some() {
        let end = line.char_indices().nth(most - 1).map_or(0, |(end, _)| end);
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Appends `c` as it can be echoed.
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

/// Whether `c` is a control character, ends a line, or changes the direction of the text after it.
pub(crate) fn must_be_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_is_long_is_cut_and_what_steers_a_terminal_is_escaped() {
        assert_eq!(shown("smtp_default ü 名前"), "smtp_default ü 名前");
        assert_eq!(shown("a\n\u{1b}[31m\u{202e}"), "a\\n\\x1b[31m\\u{202e}");
        assert_eq!(shown(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(shown(&"é".repeat(100_000)), format!("{}…", "é".repeat(199)));
        assert_eq!(shown(&"\n".repeat(100_000)).chars().count(), 200);
    }
}
