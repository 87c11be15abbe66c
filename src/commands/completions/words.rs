//! Reads the words of an unfinished command line, by the quoting rules of the shell.
//!
//! Owns the quoting rules of POSIX shells (bash, zsh) and of fish. Expands nothing: a word with an active `$`, backtick or glob is
//! kept as typed, and marked. Facts: POSIX.1-2024, Shell Command Language, 2.2; fish 3.6, "The fish language", Quotes.

/// The quoting rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// bash and zsh.
    Posix,
    /// fish: `\'` and `\\` work within single quotes.
    Fish,
}

/// The quote that is open at the end of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quote {
    /// None.
    #[default]
    None,
    /// `'`
    Single,
    /// `"`
    Double,
}

/// A word, possibly unfinished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The word as a command would get it without expansion.
    pub(super) text: String,
    /// The word as typed.
    pub(super) raw: String,
    /// The quote that is open at its end.
    pub(super) open: Quote,
    /// Whether a part of it is expanded or ends the command, so a command would not get `text`.
    pub(super) active: bool,
}

/// Reads one word, which may contain quoted blanks.
pub(super) fn word(raw: &str, rules: Rules) -> Word {
    let mut word = Word::default();
    let mut reader = raw.chars().peekable();
    while let Some(c) = reader.next() {
        step(&mut word, c, &mut reader, rules);
    }
    raw.clone_into(&mut word.raw);
    word
}

/// Reads the words of a bash line up to the cursor. The last word is at the cursor, and is empty after a blank.
pub(super) fn line(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Word::default();
    let mut in_word = false;
    let mut reader = line.chars().peekable();
    while let Some(c) = reader.next() {
        if word.open == Quote::None && c.is_ascii_whitespace() {
            if in_word {
                words.push(std::mem::take(&mut word));
                in_word = false;
            }
            continue;
        }
        in_word = true;
        let typed = step(&mut word, c, &mut reader, Rules::Posix);
        word.raw.push_str(&typed);
    }
    words.push(word);
    words
}

/// Adds `c` and the characters that belong to it to `word`, and returns them.
fn step(
    word: &mut Word,
    c: char,
    reader: &mut std::iter::Peekable<std::str::Chars<'_>>,
    rules: Rules,
) -> String {
    let mut typed = String::from(c);
    match (word.open, c) {
        (Quote::None, '\'') => {
            // `$'…'` has escapes of its own.
            word.active |= rules == Rules::Posix && word.text.ends_with('$');
            word.open = Quote::Single;
        }
        (Quote::None, '"') => word.open = Quote::Double,
        (Quote::Single, '\'') | (Quote::Double, '"') => word.open = Quote::None,
        (Quote::Single, '\\') if rules == Rules::Posix => word.text.push(c),
        (_, '\\') => {
            // A backslash that ends the line has nothing to quote yet.
            if let Some(&next) = reader.peek() {
                let quotes = match word.open {
                    Quote::None => true,
                    Quote::Single => matches!(next, '\'' | '\\'),
                    Quote::Double => {
                        matches!(next, '"' | '\\' | '$') || (next == '`' && rules == Rules::Posix)
                    }
                };
                if quotes {
                    reader.next();
                    typed.push(next);
                    word.text.push(next);
                } else {
                    word.text.push(c);
                }
            }
        }
        (open, c) => {
            word.active |= match open {
                Quote::None => is_active(c) || (c == '~' && word.raw.is_empty() && word.text.is_empty()),
                Quote::Double => matches!(c, '$' | '`'),
                Quote::Single => false,
            };
            word.text.push(c);
        }
    }
    typed
}

/// Whether `c` is special in a shell when it is not quoted.
fn is_active(c: char) -> bool {
    c.is_ascii_whitespace()
        || matches!(
            c,
            '$' | '`'
                | ';'
                | '|'
                | '&'
                | '<'
                | '>'
                | '('
                | ')'
                | '{'
                | '}'
                | '*'
                | '?'
                | '['
                | ']'
                | '!'
                | '#'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_both_kinds_and_backslashes_are_taken_off() {
        for (raw, text, open) in [
            ("a", "a", Quote::None),
            (r"a\ b", "a b", Quote::None),
            ("'a b", "a b", Quote::Single),
            (r"'a\'", r"a\", Quote::None),
            (r#""a\$\"\x"#, r#"a$"\x"#, Quote::Double),
            (r#"'it'\''s'" x""#, "it's x", Quote::None),
            (r"a\", "a", Quote::None),
        ] {
            let word = word(raw, Rules::Posix);
            assert_eq!(
                (word.text.as_str(), word.open, word.active),
                (text, open, false),
                "{raw}"
            );
        }
        let fish = word(r"'it\'s \\ \n", Rules::Fish);
        assert_eq!((fish.text.as_str(), fish.open), (r"it's \ \n", Quote::Single));
    }

    #[test]
    fn what_a_shell_expands_is_marked() {
        for raw in ["a$(b", "a`b", "\"a$b", "\"a`b", "a;b", "a*", "~x", "$'a", "a&b"] {
            assert!(word(raw, Rules::Posix).active, "{raw}");
        }
        for raw in ["'a$(b'", r"a\$b", r#""a\$b;*""#, "a~", "a=b:c"] {
            assert!(!word(raw, Rules::Posix).active, "{raw}");
        }
    }

    #[test]
    fn a_line_is_split_at_its_blanks_and_ends_in_the_word_at_the_cursor() {
        let texts = |text: &str| -> Vec<String> { line(text).into_iter().map(|word| word.text).collect() };
        assert_eq!(texts("secretctl get-conn "), ["secretctl", "get-conn", ""]);
        assert_eq!(
            texts("secretctl --env-file 'my file'  get-conn \"a b"),
            ["secretctl", "--env-file", "my file", "get-conn", "a b"]
        );
        assert_eq!(
            line(r"x a\ 'b c").last().map(|word| word.raw.as_str()),
            Some(r"a\ 'b c")
        );
    }
}
