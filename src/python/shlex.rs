//! `shlex.split` of `CPython` 3.11, over bytes: POSIX rules, split at blanks, without comments.
//!
//! <https://docs.python.org/3.11/library/shlex.html#shlex.split>

use std::fmt;

/// Why a command line cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A quote is not closed.
    NoClosingQuotation,
    /// The last character is a backslash.
    NoEscapedCharacter,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoClosingQuotation => "no closing quotation",
            Self::NoEscapedCharacter => "no escaped character",
        })
    }
}

impl std::error::Error for Error {}

/// Splits a command line into words, as a POSIX shell does, but without expansion.
///
/// # Errors
/// A quote that is not closed, and a backslash at the end.
pub fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => words.extend(word.take()),
            b'\\' => word
                .get_or_insert_default()
                .push(bytes.next().ok_or(Error::NoEscapedCharacter)?),
            b'\'' | b'"' => quoted(byte, &mut bytes, word.get_or_insert_default())?,
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Reads to the closing `quote`. Within `"` a backslash escapes `"` and itself; before any other character it is literal.
fn quoted(quote: u8, bytes: &mut impl Iterator<Item = u8>, word: &mut Vec<u8>) -> Result<(), Error> {
    loop {
        match bytes.next().ok_or(Error::NoClosingQuotation)? {
            byte if byte == quote => return Ok(()),
            b'\\' if quote == b'"' => {
                let escaped = bytes.next().ok_or(Error::NoEscapedCharacter)?;
                if !matches!(escaped, b'"' | b'\\') {
                    word.push(b'\\');
                }
                word.push(escaped);
            }
            byte => word.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let words = split(line.as_bytes()).unwrap();
        words
            .into_iter()
            .map(|word| String::from_utf8(word).unwrap())
            .collect()
    }

    #[test]
    fn words_are_split_as_in_a_shell() {
        assert_eq!(words("cat  /a\\ b 'c d'\"e f\"g\n"), ["cat", "/a b", "c de fg"]);
        assert_eq!(
            words(r#"x "\$A \" \\ \n" '\n' # y"#),
            ["x", r#"\$A " \ \n"#, "\\n", "#", "y"]
        );
        assert_eq!(words("'' \"\" a''"), ["", "", "a"]);
        assert_eq!(words(r"'a\' '\'"), [r"a\", r"\"]);
        assert_eq!(words(" \t\r\n"), [""; 0]);
    }

    #[test]
    fn an_open_quote_or_escape_is_an_error() {
        assert_eq!(split(b"a 'b"), Err(Error::NoClosingQuotation));
        assert_eq!(split(b"a \"b"), Err(Error::NoClosingQuotation));
        assert_eq!(split(b"a\\"), Err(Error::NoEscapedCharacter));
        assert_eq!(split(b"\"a\\"), Err(Error::NoEscapedCharacter));
        assert_eq!(Error::NoClosingQuotation.to_string(), "no closing quotation");
    }
}
