//! A reader of text that is nearly JSON, which records mistakes and their offsets.
//!
//! Owns the mistakes that people make when they write JSON by hand. Must not know what the text is for, and keeps no part of it. Text
//! that `json::loads` accepts has no mistakes.
//!
//! Source: RFC 8259, and the literals of Python that `json.dumps` would write differently.

use super::mistake::{Found, Mistake};
use crate::python::json;

/// How deep a text may be nested before the reader gives up.
const MAX_DEPTH: usize = 64;

/// How many mistakes are kept.
const MAX_MISTAKES: usize = 8;

/// Reads `text` as far as it makes sense, and returns the mistakes in order.
pub(super) fn mistakes(text: &str) -> Vec<Found> {
    let mut reader = Reader {
        text,
        at: 0,
        found: Vec::new(),
    };
    if reader.value(0).is_some() {
        let end = reader.at;
        reader.skip_blanks();
        if reader.at < text.len() {
            let is_below = text[end..reader.at].contains('\n');
            reader.note(match reader.peek() {
                Some(';') if !is_below => Mistake::Comment,
                _ if is_below => Mistake::LineBelow,
                _ => Mistake::Surplus,
            });
        }
    }
    reader.found
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    found: Vec<Found>,
}

/// The result of a step; `None` if the text after it would make no sense.
type Lost<T = ()> = Option<T>;

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn note(&mut self, mistake: Mistake) {
        self.note_at(mistake, self.at);
    }

    /// Records each kind of mistake once, at its first offset.
    fn note_at(&mut self, mistake: Mistake, offset: usize) {
        let known = self.found.iter().any(|found| found.mistake == mistake);
        if !known && self.found.len() < MAX_MISTAKES {
            self.found.push(Found { mistake, offset });
        }
    }

    /// Skips blanks, and records comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let Some(c) = rest.chars().next() else { return };
            let length = match c {
                ' ' | '\t' | '\n' | '\r' => 1,
                '\u{feff}' | '\u{200b}' => {
                    self.note(Mistake::OddBlank);
                    c.len_utf8()
                }
                c if c.is_whitespace() => {
                    self.note(Mistake::OddBlank);
                    c.len_utf8()
                }
                '#' => self.comment("\n", 0),
                '/' if rest.starts_with("//") => self.comment("\n", 0),
                '/' if rest.starts_with("/*") => self.comment("*/", 2),
                _ => return,
            };
            self.at += length;
        }
    }

    /// Records a comment that ends with `end`, and returns its length.
    fn comment(&mut self, end: &str, length_of_end: usize) -> usize {
        let rest = self.rest();
        let length = rest.find(end).map_or(rest.len(), |at| at + length_of_end);
        self.note(Mistake::Comment);
        length
    }

    fn value(&mut self, depth: usize) -> Lost {
        self.skip_blanks();
        if depth > MAX_DEPTH {
            return None;
        }
        let Some(c) = self.peek() else {
            self.note(Mistake::Unclosed);
            return None;
        };
        match c {
            '{' if self.rest().starts_with("{{") => {
                self.note(Mistake::Template);
                None
            }
            '{' => self.container('}', depth),
            '[' => self.container(']', depth),
            '(' => {
                self.note(Mistake::PythonSyntax);
                self.container(')', depth)
            }
            c if closing_quote(c).is_some() => self.string(c),
            _ => self.word(&[',', '}', ']', ')', '\n']),
        }
    }

    /// Reads an object or a list from its opening bracket to `close`.
    fn container(&mut self, close: char, depth: usize) -> Lost {
        self.at += 1;
        let mut comma = None;
        loop {
            self.skip_blanks();
            match self.peek() {
                None => {
                    self.note(Mistake::Unclosed);
                    return None;
                }
                Some(c) if c == close => {
                    if let Some(comma) = comma {
                        self.note_at(Mistake::TrailingComma, comma);
                    }
                    self.at += 1;
                    return Some(());
                }
                Some(_) => {}
            }
            if close == '}' {
                self.name()?;
            }
            self.value(depth + 1)?;
            self.skip_blanks();
            comma = None;
            match self.peek() {
                Some(',') => {
                    comma = Some(self.at);
                    self.at += 1;
                }
                Some(';') => {
                    self.note(Mistake::NoComma);
                    self.at += 1;
                }
                Some(c) if c == close => {}
                // After a string comes another name, or the string continues.
                Some(c) if self.begins_an_entry(c, close) => self.note(Mistake::NoComma),
                Some(_) => {
                    let is_text = !matches!(self.peek(), Some('}' | ']' | ')' | ':' | '='));
                    self.note(if is_text && self.text[..self.at].trim_end().ends_with('"') {
                        Mistake::QuoteInside
                    } else {
                        Mistake::Misplaced
                    });
                    return None;
                }
                None => {}
            }
        }
    }

    /// Whether the text that begins with `c` looks like the next entry of a container, after a missing comma.
    fn begins_an_entry(&self, c: char, close: char) -> bool {
        let after_a_line_break = self.text[..self.at]
            .chars()
            .rev()
            .take_while(|c| c.is_whitespace())
            .any(|c| c == '\n');
        if close != '}' {
            return closing_quote(c).is_some() || after_a_line_break;
        }
        let Some(end) = closing_quote(c) else {
            return after_a_line_break && c.is_alphabetic();
        };
        let after = self.rest()[c.len_utf8()..].split_once(end);
        after.is_some_and(|(_, after)| after.trim_start().starts_with([':', '=']))
    }

    /// Reads the name of an entry and its colon.
    fn name(&mut self) -> Lost {
        match self.peek() {
            Some(c) if closing_quote(c).is_some() => self.string(c)?,
            _ => self.word(&[':', '=', ',', '}', '\n', ' '])?,
        }
        self.skip_blanks();
        match self.peek() {
            Some(':') => self.at += 1,
            Some('=') => {
                self.note(Mistake::EqualsSign);
                self.at += if self.rest().starts_with("=>") { 2 } else { 1 };
            }
            None => {
                self.note(Mistake::Unclosed);
                return None;
            }
            Some(_) => {
                self.note(Mistake::Misplaced);
                return None;
            }
        }
        Some(())
    }

    /// Reads a string from its opening quote.
    fn string(&mut self, open: char) -> Lost {
        let close = closing_quote(open)?;
        match open {
            '"' => {}
            '\'' | '`' => self.note(Mistake::SingleQuotes),
            _ => self.note(Mistake::SmartQuotes),
        }
        let start = self.at;
        let mut chars = self.rest().char_indices().skip(1);
        let mut noted = Vec::new();
        let end = loop {
            let Some((offset, c)) = chars.next() else {
                break None;
            };
            match c {
                c if c == close => break Some(offset + c.len_utf8()),
                '\\' => match chars.next() {
                    Some((_, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {}
                    Some((at, 'u')) if is_hexadecimal(&self.rest()[at + 1..]) => {}
                    // Python's strings may have it.
                    Some((_, '\'')) if open == '\'' => {}
                    _ => noted.push((Mistake::Backslash, offset)),
                },
                '\n' | '\r' => {
                    noted.push((Mistake::LineBreak, offset));
                }
                c if c < ' ' => noted.push((Mistake::ControlCharacter, offset)),
                _ => {}
            }
        };
        let Some(end) = end else {
            self.note_at(Mistake::Unclosed, start);
            return None;
        };
        for (mistake, offset) in noted.into_iter().take(MAX_MISTAKES) {
            self.note_at(mistake, start + offset);
        }
        self.at += end;
        Some(())
    }

    /// Reads a word up to one of `ends`: a number, a constant, or a string without quotes.
    fn word(&mut self, ends: &[char]) -> Lost {
        let rest = self.rest();
        let prefix = rest.trim_start_matches(|c: char| "rRbBuUfF".contains(c));
        if rest.len() - prefix.len() <= 2
            && rest.len() > prefix.len()
            && let Some(quote) = prefix.chars().next().filter(|c| matches!(c, '"' | '\''))
        {
            self.note(Mistake::PythonSyntax);
            self.at += rest.len() - prefix.len();
            return self.string(quote);
        }
        let end = rest.find(ends).unwrap_or(rest.len());
        let mut word = rest[..end].trim_end();
        // A number or a constant ends the word; the text after it is a separate mistake.
        let first = word.split_whitespace().next().unwrap_or_default();
        if json::loads(first).is_ok() || matches!(first, "None" | "True" | "False") {
            word = first;
        }
        if word.is_empty() {
            self.note(Mistake::Misplaced);
            return None;
        }
        let mistake = match word {
            "None" => Some(Mistake::PythonWord("None", "null")),
            "True" => Some(Mistake::PythonWord("True", "true")),
            "False" => Some(Mistake::PythonWord("False", "false")),
            word if word.starts_with("{{") => Some(Mistake::Template),
            word if word.starts_with('$') => Some(Mistake::Reference),
            word if json::loads(word).is_ok() && !ends.contains(&':') => None,
            _ => Some(Mistake::NoQuotes),
        };
        let length = word.len();
        if let Some(mistake) = mistake {
            self.note(mistake);
        }
        self.at += length;
        Some(())
    }
}

fn is_hexadecimal(text: &str) -> bool {
    text.len() >= 4 && text.bytes().take(4).all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the quote that closes `open`, if `open` is a quote.
pub(super) fn closing_quote(open: char) -> Option<char> {
    Some(match open {
        '"' | '\'' | '`' => open,
        '“' | '”' | '„' => '”',
        '‘' | '’' => '’',
        '«' => '»',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::mistake::Mistake::*;

    fn kinds(text: &str) -> Vec<Mistake> {
        mistakes(text).into_iter().map(|found| found.mistake).collect()
    }

    #[test]
    fn json_has_no_mistakes() {
        for text in [
            r#"{"a": 1, "b": [true, false, null, -1.5e3, "x\"\\\/\b\f\n\r\t\u00e9"], "c": {}, "d": []}"#,
            "[]",
            " {\n\t\"a\" : NaN\r\n}\n",
            r#""text""#,
            r##"{"": "", "#": "//", "é": "“”'`"}"##,
            "-0",
        ] {
            assert!(json::loads(text).is_ok());
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn each_mistake_is_found_where_it_is() {
        for (text, mistake, offset) in [
            ("{'a': 1}", SingleQuotes, 1),
            (r#"{"a": 'b'}"#, SingleQuotes, 6),
            ("{“a”: 1}", SmartQuotes, 1),
            (r#"{"a": None}"#, PythonWord("None", "null"), 6),
            (r#"{"a": [True]}"#, PythonWord("True", "true"), 7),
            (r#"{"a": False}"#, PythonWord("False", "false"), 6),
            (r#"{"a": r"b"}"#, PythonSyntax, 6),
            (r#"{"a": (1, 2)}"#, PythonSyntax, 6),
            ("{a: 1}", NoQuotes, 1),
            (r#"{"a": http://h:8200/v1}"#, NoQuotes, 6),
            (r#"{"a": 127.0.0.1}"#, NoQuotes, 6),
            (r#"{"a": 01}"#, NoQuotes, 6),
            (r#"{"a": $TOKEN}"#, Reference, 6),
            (r#"{"a": ${TOKEN}}"#, Reference, 6),
            (r#"{"a": {{ token }}}"#, Template, 6),
            (r#"{"a": 1,}"#, TrailingComma, 7),
            (r#"{"a": [1 , ]}"#, TrailingComma, 9),
            ("{\"a\": 1 # c\n}", Comment, 8),
            ("{\"a\": 1, // c\n \"b\": 2}", Comment, 9),
            (r#"{"a": 1 /* c */}"#, Comment, 8),
            (r#"{"a": 1} # c"#, Comment, 9),
            (r#"{"a": "C:\Users\x"}"#, Backslash, 9),
            (r#"{"a": "\u12"}"#, Backslash, 7),
            ("{\"a\": \"b\nc\"}", LineBreak, 8),
            ("{\"a\": \"b\tc\"}", ControlCharacter, 8),
            (r#"{"a": "b"c"}"#, QuoteInside, 9),
            (r#"{"a": 1 "b": 2}"#, NoComma, 8),
            (r#"{"a": "x" "b": 2}"#, NoComma, 10),
            (r#"{"a": "x"; "b": 2}"#, NoComma, 9),
            (r#"{"a": 1,, "b": 2}"#, Misplaced, 8),
            (r#"{"a": , "b": 2}"#, Misplaced, 6),
            (r#"{"a": 1]"#, Misplaced, 7),
            (r#"{"a", "b"}"#, Misplaced, 4),
            (r#"{"a" = 1}"#, EqualsSign, 5),
            (r#"{"a" => 1}"#, EqualsSign, 5),
            ("\u{feff}{}", OddBlank, 0),
            ("{\u{a0}\"a\": 1}", OddBlank, 1),
            (r#"{"a": 1"#, Unclosed, 7),
            (r#"{"a": "b"#, Unclosed, 6),
            ("{", Unclosed, 1),
            (r#"{"a": 1} x"#, Surplus, 9),
            (r#"{"a": 1}}"#, Surplus, 8),
            (r#"{"a": 1} ; c"#, Comment, 9),
            ("{\"a\": 1}\nuse_cache = 1", LineBelow, 9),
        ] {
            assert!(json::loads(text).is_err(), "{text}");
            let found = mistakes(text);
            assert!(found.contains(&Found { mistake, offset }), "{text}: {found:?}");
        }
    }

    #[test]
    fn all_the_mistakes_of_a_text_are_found() {
        let text = "{'url': 'http://h', 'verify': False, 'token': None, # why\n}";
        let expected = [
            SingleQuotes,
            PythonWord("False", "false"),
            PythonWord("None", "null"),
            Comment,
            TrailingComma,
        ];
        assert_eq!(kinds(text), expected);
    }

    #[test]
    fn changed_texts_have_mistakes_only_if_they_are_not_json() {
        let seed = r#"{"url": "http://h:8200", "path": ["a", "b\u00e9\n"], "n": -1.5e3, "x": {"t": true, "f": null}}"#;
        let pieces = [
            "{", "}", "[", "]", "(", "\"", "'", "“", "\\", ",", ":", "=", ";", " ", "\n", "\t", "#", "//",
            "/*", "$A", "é", "1", "None", "true", "\u{feff}", "u", "{{",
        ];
        // Knuth's generator: the same texts in each run.
        let mut state: u64 = 42;
        let mut below = |most: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % most
        };
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..20_000 {
            let mut text: Vec<char> = seed.chars().collect();
            for _ in 0..=below(3) {
                let at = below(text.len());
                let until = at + below(3).min(text.len() - at);
                text.splice(at..until, pieces[below(pieces.len())].chars());
            }
            let text: String = text.into_iter().collect();
            let found = mistakes(&text);
            assert!(found.iter().all(|found| text.is_char_boundary(found.offset)));
            if json::loads(&text).is_ok() {
                assert_eq!(found, [], "{text}");
                accepted += 1;
            } else if !found.is_empty() {
                refused += 1;
            }
        }
        assert!(accepted > 1_000 && refused > 16_000, "{accepted} {refused}");
    }

    #[test]
    fn no_text_is_too_odd_or_too_deep() {
        for text in [
            "", "}", ",", ":", "{,}", "{:}", "{]", "\\", "{\"a\"}", "{\"a\":}", "/*", "“", "{\"\\",
        ] {
            mistakes(text);
        }
        for text in ["[", "{\"a\":", "(", "{{", "'", "\u{feff}"] {
            mistakes(&text.repeat(100_000));
        }
    }
}
