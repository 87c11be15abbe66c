//! The dialect of python-dotenv.
//!
//! - Lines are `NAME=VALUE`; `export` before the name and blanks around the `=` are allowed; `#` begins a comment line. A name
//!   without a value sets nothing.
//! - A value in quotes runs to the closing quote, even over several lines. Within `"…"` the escapes `\\ \' \" \a \b \f \n \r \t \v`
//!   are decoded, within `'…'` only `\\` and `\'`. Only a comment may follow the closing quote.
//! - Any other value runs to the end of the line, without surrounding blanks, and without a comment (`#` after a blank).
//! - `${NAME}` and `${NAME:-default}` are replaced; any other `$` is literal. The default is used if the variable is not set; an
//!   empty variable is set. Bytes that are not UTF-8 are unchanged.
//!
//! python-dotenv skips a malformed line with a warning. Here it is an error, because the line meant something. So is a name that
//! looks like a piece of YAML or JSON (`NAME: value`, `}`).
//!
//! [`Variant::Default`] differs from [`Variant::Exact`] where python-dotenv differs from all other readers, or would cut a value:
//! - `'…'` is literal, as in every shell and in compose; python-dotenv replaces `${NAME}` there too.
//! - `NAME= #x` is `#x`, as in compose and in python-dotenv up to 1.2.3; 1.2.4 reads it as a comment.
//! - In a value that begins as a JSON object, a comment can begin only after the object, so a ` #` inside is kept.
//!
//! Source: python-dotenv 1.2.4, `dotenv/parser.py`, `dotenv/variables.py`, `dotenv/main.py` (`resolve_variables`).

use zeroize::Zeroizing;

use super::characters::{first, is_python_blank, last, trim_end, trim_start};
use super::dotenv_references;
use super::problem::{self, Open, Problem};
use super::scope::Scope;
use crate::python::text::is_space;
use crate::secret::Secret;

/// How closely to follow python-dotenv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::settings) enum Variant {
    /// With the differences in the module's documentation.
    Default,
    /// Exactly.
    Exact,
}

/// A name, and its value if it has one.
#[derive(Debug)]
pub(in crate::settings) struct Binding {
    /// The name.
    pub(in crate::settings) name: String,
    /// The value, with escapes decoded and references not yet replaced.
    pub(in crate::settings) value: Option<Secret>,
    /// Whether the value is in single quotes.
    in_single_quotes: bool,
    /// The line on which it begins, counted from 1.
    pub(in crate::settings) line: usize,
}

/// Reads a file into `scope`.
pub(super) fn read(text: &[u8], variant: Variant, scope: &mut Scope<'_>) -> Result<(), Problem> {
    parse(text, variant, |line| {
        let value = match line.value {
            Some(value) if !(line.in_single_quotes && variant == Variant::Default) => {
                dotenv_references::replace(&value, scope)
                    .map(Some)
                    .map_err(|message| Problem::new(line.line, message))
            }
            value => Ok(value),
        };
        scope.assign(line.name, value, line.line)
    })
}

/// Parses a file, and calls `take` with each assignment.
pub(in crate::settings) fn parse(
    text: &[u8],
    variant: Variant,
    mut take: impl FnMut(Binding) -> Result<(), Problem>,
) -> Result<(), Problem> {
    if let Some(problem) = problem::utf16(text) {
        return Err(problem);
    }
    let text = with_line_feeds(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
    let mut parser = Parser {
        rest: text.expose(),
        line: 1,
        variant,
        open: Open::default(),
    };
    while parser.skip_to_assignment() {
        if let Some(line) = parser.assignment()? {
            take(line)?;
        }
    }
    Ok(())
}

/// Returns `text` with `\n` at the end of each line, as Python reads a text file.
fn with_line_feeds(text: &[u8]) -> Secret {
    let mut lines = Vec::with_capacity(text.len());
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'\r' if text.get(index + 1) == Some(&b'\n') => {}
            b'\r' => lines.push(b'\n'),
            _ => lines.push(*byte),
        }
    }
    Secret::new(lines)
}

struct Parser<'a> {
    rest: &'a [u8],
    line: usize,
    variant: Variant,
    /// What the previous value left open.
    open: Open,
}

impl<'a> Parser<'a> {
    /// Skips blank lines and comments; returns whether anything follows.
    fn skip_to_assignment(&mut self) -> bool {
        while let Some((c, length)) = first(self.rest) {
            match c {
                '#' | '\n' => {
                    self.take_line();
                }
                c if is_space(c) => self.rest = &self.rest[length..],
                _ => return true,
            }
        }
        false
    }

    /// Reads one assignment to the end of its last line. Returns `None` for a comment after `export`.
    fn assignment(&mut self) -> Result<Option<Binding>, Problem> {
        let open = std::mem::take(&mut self.open);
        let (number, start) = (self.line, self.rest);
        let not_an_assignment = || open.or(|| Problem::not_an_assignment(number, start));
        if let Some(rest) = self.rest.strip_prefix(b"export")
            && first(rest).is_some_and(|(c, _)| is_python_blank(c))
        {
            self.rest = rest;
            self.skip_blanks();
            if self.rest.first() == Some(&b'#') {
                self.take_line();
                return Ok(None);
            }
        }
        let name = self.name().ok_or_else(not_an_assignment)?;
        self.skip_blanks();
        let Some(rest) = self.rest.strip_prefix(b"=") else {
            let is_alone = self.ends_line() && !Problem::is_odd_name(name.as_bytes()) && !open.is_json();
            return if is_alone {
                Ok(Some(Binding {
                    name,
                    value: None,
                    in_single_quotes: false,
                    line: number,
                }))
            } else {
                Err(not_an_assignment())
            };
        };
        // `NAME:x=y` is YAML, and `"NAME"=x` sets a name that nobody looks up.
        if name.contains([':', '"']) {
            return Err(not_an_assignment());
        }
        self.rest = rest;
        self.skip_blanks();
        let blank_after_sign = self.rest.len() < rest.len();
        let quote = self.rest.first().copied();
        let value = match quote {
            Some(quote @ (b'\'' | b'"')) => self.quoted(quote)?,
            Some(b'#') if blank_after_sign && self.variant == Variant::Exact => {
                self.take_line();
                Secret::new("")
            }
            _ => self.bare()?,
        };
        Ok(Some(Binding {
            name,
            value: Some(value),
            in_single_quotes: quote == Some(b'\''),
            line: number,
        }))
    }

    /// Reads a name, which may be in single quotes.
    fn name(&mut self) -> Option<String> {
        let (name, rest) = if let Some(quoted) = self.rest.strip_prefix(b"'") {
            let end = quoted.iter().position(|byte| *byte == b'\'')?;
            (&quoted[..end], &quoted[end + 1..])
        } else {
            let mut rest = self.rest;
            while let Some((c, length)) = first(rest)
                && !matches!(c, '=' | '#')
                && !is_space(c)
            {
                rest = &rest[length..];
            }
            self.rest.split_at(self.rest.len() - rest.len())
        };
        self.rest = rest;
        let usable = !name.is_empty() && !name.iter().any(|byte| matches!(byte, b'\n' | b'=' | 0));
        usable
            .then(|| std::str::from_utf8(name).ok().map(str::to_owned))
            .flatten()
    }

    /// Reads a value in quotes, and the rest of its line.
    fn quoted(&mut self, quote: u8) -> Result<Secret, Problem> {
        let (number, start) = (self.line, self.rest);
        let mut value = Zeroizing::new(Vec::new());
        let mut rest = &self.rest[1..];
        loop {
            rest = match rest {
                [] | [b'\\'] => return Err(Problem::unclosed_quote(number)),
                [b'\\', escaped, rest @ ..] => {
                    match unescaped(quote, *escaped) {
                        Some(byte) => value.push(byte),
                        None => value.extend([b'\\', *escaped]),
                    }
                    rest
                }
                [byte, rest @ ..] if *byte == quote => {
                    let read = &self.rest[..self.rest.len() - rest.len()];
                    self.line += read.split(|byte| *byte == b'\n').count() - 1;
                    self.rest = rest;
                    break;
                }
                [byte, rest @ ..] => {
                    value.push(*byte);
                    rest
                }
            };
        }
        if self.ends_line() {
            Ok(Secret::new(value.to_vec()))
        } else {
            Err(Problem::after_quote(number, start))
        }
    }

    /// Reads a value without quotes: the rest of the line.
    fn bare(&mut self) -> Result<Secret, Problem> {
        let number = self.line;
        let line = self.take_line();
        let comment_from = if line.first() == Some(&b'{') && self.variant == Variant::Default {
            problem::json_length(line)
        } else {
            0
        };
        let mut positions = comment_from.max(1)..line.len();
        let comment = positions.find(|index| {
            line[*index] == b'#' && last(&line[..*index]).is_some_and(|(c, _)| is_python_blank(c))
        });
        let value = trim_end(&line[..comment.unwrap_or(line.len())], is_space);
        self.open = Open::after(value, number);
        match self.open.pem_in(self.rest) {
            Some(problem) => Err(problem),
            None => Ok(Secret::new(value)),
        }
    }

    /// Skips blanks and a comment. Returns whether the line ends there, and if so advances to the next line.
    fn ends_line(&mut self) -> bool {
        self.skip_blanks();
        let ends = matches!(self.rest.first(), None | Some(b'#' | b'\n'));
        if ends {
            self.take_line();
        }
        ends
    }

    fn skip_blanks(&mut self) {
        self.rest = trim_start(self.rest, is_python_blank);
    }

    /// Reads the rest of the line and its end, and returns it without the end.
    fn take_line(&mut self) -> &'a [u8] {
        let end = self
            .rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        if let Some(rest) = rest.strip_prefix(b"\n") {
            self.line += 1;
            self.rest = rest;
        } else {
            self.rest = rest;
        }
        line
    }
}

/// Returns the byte for `\` and `escaped` within `quote`.
fn unescaped(quote: u8, escaped: u8) -> Option<u8> {
    Some(match escaped {
        b'\\' | b'\'' => escaped,
        _ if quote == b'\'' => return None,
        b'"' => b'"',
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], variant: Variant) -> Result<Vec<Binding>, Problem> {
        let mut lines = Vec::new();
        parse(text, variant, |line| {
            lines.push(line);
            Ok(())
        })?;
        Ok(lines)
    }

    fn one(text: &str) -> String {
        let lines = lines(text.as_bytes(), Variant::Default).unwrap();
        assert_eq!(lines.len(), 1, "{text}");
        let value = lines[0].value.as_ref();
        value.unwrap().expose_text().unwrap().to_owned()
    }

    fn wrong(text: &str) -> (usize, &'static str) {
        let problem = lines(text.as_bytes(), Variant::Default).unwrap_err();
        (problem.line, problem.message)
    }

    #[test]
    fn unquoted_json_keeps_its_quotes_and_blanks() {
        let kwargs = r#"{"connections_path": "connections", "url": "http://h/#f # g"}"#;
        assert_eq!(
            one(&format!("AIRFLOW__SECRETS__BACKEND_KWARGS={kwargs}\n")),
            kwargs
        );
        assert_eq!(one(&format!("K={kwargs}   # the vault\n")), kwargs);
    }

    #[test]
    fn quotes_carry_newlines_and_escapes() {
        assert_eq!(one("export A=\"a\\n\\\"b\\\"\nc\" # comment\n"), "a\n\"b\"\nc");
        assert_eq!(one("A='a\\n\\'b\\' \"c\"'"), "a\\n'b' \"c\"");
        assert_eq!(one("A=\"a\r\nb\""), "a\nb");
    }

    #[test]
    fn comments_begin_after_a_blank_only() {
        assert_eq!(one("A=postgres://u:p#w@h#f # c"), "postgres://u:p#w@h#f");
        assert_eq!(one("A=#x"), "#x");
        assert_eq!(one("A= #x"), "#x");
        assert_eq!(one("A= #x # c"), "#x");
        assert_eq!(one("# c\n\n  A = b c  \r\n"), "b c");
        assert_eq!(one("A=a\u{a0}#c\u{3000}"), "a");
    }

    #[test]
    fn a_name_without_a_value_sets_nothing() {
        let lines = lines(b"A\nB # c\nexport C\nexport # c\n", Variant::Default).unwrap();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.value.is_none()));
    }

    #[test]
    fn errors_name_the_line_and_not_the_value() {
        assert_eq!(wrong("A=1\n\nsecret words\n"), (3, "expected NAME=VALUE"));
        assert_eq!(
            wrong("A=\"1\n2\"\nB=\"secret\n\n"),
            (3, "the quoted value has no closing quote")
        );
        assert_eq!(wrong("A=\"a\"b\""), (1, "there is text after the closing quote"));
        assert_eq!(wrong("=x"), (1, "expected NAME=VALUE"));
    }

    #[test]
    fn a_value_over_lines_needs_quotes_and_names_its_first_line() {
        const NEEDS_QUOTES: &str = "a value over several lines needs quotes around it";
        for text in [
            "\nA={\n  \"conn_type\": \"x\",\n  \"extra\": {}\n}\n",
            "\nA={\n}\n",
            "\nA=[1,\n2]\n",
            "\nA=-----BEGIN PRIVATE KEY-----\nMIIabc\nabc==\n-----END PRIVATE KEY-----\n",
            "\nA=a \\\n  b c\n",
        ] {
            assert_eq!(wrong(text), (2, NEEDS_QUOTES), "{text}");
        }
        assert_eq!(
            lines(b"A={abc\nB=x\\\nC=[\n# c\n", Variant::Default)
                .unwrap()
                .len(),
            3
        );
    }

    #[test]
    fn yaml_is_recognised() {
        for text in ["A: b", "A:b", "AIRFLOW_CONN_X:postgres://h/?a=b", "A : b"] {
            assert_eq!(
                wrong(text),
                (1, "expected NAME=VALUE, not YAML's `NAME: value`"),
                "{text}"
            );
        }
    }

    #[test]
    fn the_line_of_an_assignment_is_its_first() {
        let lines: Vec<_> = lines(b"A='1\r\n2\r\n'\r\nB=1\rC=2", Variant::Default)
            .unwrap()
            .iter()
            .map(|line| line.line)
            .collect();
        assert_eq!(lines, [1, 4, 5]);
    }
}
