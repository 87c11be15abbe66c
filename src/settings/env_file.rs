//! Env files: variables that are laid under the process's environment.
//!
//! Owns the reading of `--env-file`: one grammar that takes Docker's, Astro's and dotenv's files. Must not know what a
//! variable means.
//!
//! - Lines are `NAME=VALUE`; `export` before the name and blanks around the `=` are allowed; `#` begins a comment line. A
//!   name alone sets nothing, as in Docker and in dotenv.
//! - A value in quotes runs to the closing quote, over lines too. Within `"…"` the escapes `\\ \' \" \a \b \f \n \r \t \v`
//!   are decoded, within `'…'` only `\\` and `\'`; behind it nothing but a comment may stand.
//! - Any other value runs to the end of the line, without blanks around it, and without a comment (`#` after a blank). In a
//!   value that begins as a JSON object the comment begins behind the object, so a ` #` inside stays.
//! - Nothing is interpolated: Airflow's own expansion follows where Airflow has it. Bytes stay as they are.
//!
//! Source: python-dotenv 1.2, `dotenv/parser.py`; Docker's `--env-file`.

use std::path::Path;
use std::time::Instant;

use zeroize::Zeroizing;

use crate::env::{Env, Origin, Variable};
use crate::error::{Error, Result};
use crate::file;
use crate::secret::Secret;

/// Reads `files`, lays their variables under `env`, and returns the warnings.
///
/// A later file wins over an earlier one, within a file the last line wins, and the process's environment wins over files.
///
/// # Errors
/// A file that cannot be read, and a line that is no assignment, with status 2.
pub(super) fn lay_under<P: AsRef<Path>>(
    env: &mut Env,
    files: &[P],
    deadline: Instant,
) -> Result<Vec<String>> {
    let mut shadowed: Vec<(String, String)> = Vec::new();
    let mut from_files = indexmap::IndexMap::new();
    for path in files {
        let path = path.as_ref();
        for (name, value, line) in read(path, deadline)? {
            from_files.insert(
                name,
                Variable {
                    value,
                    origin: Origin::File(path.to_owned(), line),
                },
            );
        }
    }
    for (name, variable) in from_files {
        let Origin::File(path, line) = variable.origin.clone() else {
            continue;
        };
        let value = variable.value.clone();
        if let Some(winner) = env.set_default(name.clone(), variable)
            && configures_secrets(&name)
            && winner.value != value
        {
            shadowed.push((name, format!("{}:{line}", path.display())));
        }
    }
    Ok(warning(&shadowed).into_iter().collect())
}

/// Whether the variable belongs to the `[secrets]` family, where another value than the file's is a surprise.
fn configures_secrets(name: &str) -> bool {
    name.starts_with("AIRFLOW__SECRETS__") || name.starts_with("AIRFLOW__WORKERS__SECRETS_")
}

fn warning(shadowed: &[(String, String)]) -> Option<String> {
    let names: Vec<_> = shadowed
        .iter()
        .map(|(name, place)| format!("`{name}` ({place})"))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "the environment has another value, which wins over the env file's: {}",
            names.join(", ")
        )
    })
}

fn read(path: &Path, deadline: Instant) -> Result<Vec<(String, Secret, usize)>> {
    let bytes = file::read_up_to(path, file::MAX_SETTINGS_BYTES, deadline).map_err(|cause| {
        Error::usage(format!("env file `{}` cannot be read", path.display())).with_source(cause)
    })?;
    parse(bytes.expose()).map_err(|(line, problem)| {
        Error::usage(format!("env file `{}` line {line}: {problem}", path.display()))
    })
}

/// A line, counted from 1, and what is wrong with it.
pub(super) type Problem = (usize, &'static str);

/// Parses a file into name, value and line.
pub(super) fn parse(text: &[u8]) -> Result<Vec<(String, Secret, usize)>, Problem> {
    let text = with_line_feeds(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
    let mut parser = Parser {
        rest: text.expose(),
        line: 1,
    };
    let mut assignments = Vec::new();
    while parser.skip_to_assignment() {
        let line = parser.line;
        if let Some((name, value)) = parser.assignment().map_err(|problem| (line, problem))? {
            assignments.push((name, value, line));
        }
    }
    Ok(assignments)
}

/// `text` with `\n` at the end of each line, as Python reads a text file.
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
}

impl<'a> Parser<'a> {
    /// Skips blank lines and comments; returns whether anything follows.
    fn skip_to_assignment(&mut self) -> bool {
        while let Some(byte) = self.rest.first() {
            match byte {
                b'#' | b'\n' => {
                    self.take_line();
                }
                byte if is_blank(*byte) => self.rest = &self.rest[1..],
                _ => return true,
            }
        }
        false
    }

    /// Reads one assignment to the end of its last line; a name alone is `None`.
    fn assignment(&mut self) -> Result<Option<(String, Secret)>, &'static str> {
        const NO_ASSIGNMENT: &str = "expected NAME=VALUE";
        if let Some(rest) = self.rest.strip_prefix(b"export")
            && rest.first().is_some_and(|byte| is_blank(*byte))
        {
            self.rest = rest;
            self.skip_blanks();
            if self.rest.first() == Some(&b'#') {
                self.take_line();
                return Ok(None);
            }
        }
        let name = self.name().ok_or(NO_ASSIGNMENT)?;
        self.skip_blanks();
        let Some(rest) = self.rest.strip_prefix(b"=") else {
            return if self.ends_line() {
                Ok(None)
            } else {
                Err(NO_ASSIGNMENT)
            };
        };
        self.rest = rest;
        self.skip_blanks();
        let blank_after_sign = self.rest.len() < rest.len();
        let value = match self.rest.first() {
            Some(quote @ (b'\'' | b'"')) => self.quoted(*quote)?,
            Some(b'#') if blank_after_sign => {
                self.take_line();
                Secret::new("")
            }
            _ => self.bare(),
        };
        if value.expose().contains(&0) {
            return Err("a NUL byte cannot stand in a variable");
        }
        Ok(Some((name, value)))
    }

    /// A name, which may stand in single quotes.
    fn name(&mut self) -> Option<String> {
        let (name, rest) = if let Some(quoted) = self.rest.strip_prefix(b"'") {
            let end = quoted.iter().position(|byte| *byte == b'\'')?;
            (&quoted[..end], &quoted[end + 1..])
        } else {
            let ends = |byte: &u8| matches!(byte, b'=' | b'#' | b'\n') || is_blank(*byte);
            let end = self.rest.iter().position(ends).unwrap_or(self.rest.len());
            self.rest.split_at(end)
        };
        self.rest = rest;
        let usable = !name.is_empty() && !name.iter().any(|byte| matches!(byte, b'\n' | b'=' | 0));
        usable
            .then(|| std::str::from_utf8(name).ok().map(str::to_owned))
            .flatten()
    }

    /// A value in quotes, and the rest of its line.
    fn quoted(&mut self, quote: u8) -> Result<Secret, &'static str> {
        let mut value = Zeroizing::new(Vec::new());
        let mut rest = &self.rest[1..];
        loop {
            rest = match rest {
                [] | [b'\\'] => return Err("the quoted value has no closing quote"),
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
            Err("something stands behind the closing quote")
        }
    }

    /// A value without quotes: the rest of the line.
    fn bare(&mut self) -> Secret {
        let line = self.take_line();
        let comment_from = if line.first() == Some(&b'{') {
            json_object_length(line)
        } else {
            0
        };
        let mut positions = comment_from.max(1)..line.len();
        let comment = positions.find(|index| line[*index] == b'#' && is_blank(line[index - 1]));
        let value = &line[..comment.unwrap_or(line.len())];
        let length = value
            .iter()
            .rposition(|byte| !is_blank(*byte))
            .map_or(0, |last| last + 1);
        Secret::new(&value[..length])
    }

    /// Skips blanks and a comment; returns whether the line ends there, and goes on to the next.
    fn ends_line(&mut self) -> bool {
        self.skip_blanks();
        let ends = matches!(self.rest.first(), None | Some(b'#' | b'\n'));
        if ends {
            self.take_line();
        }
        ends
    }

    fn skip_blanks(&mut self) {
        while self.rest.first().is_some_and(|byte| is_blank(*byte)) {
            self.rest = &self.rest[1..];
        }
    }

    /// Takes what is left of the line, and its end, which is not returned.
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

/// What Python's `\s` has of ASCII, but for the ends of lines.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c | 0x1c..=0x1f)
}

/// The byte that `\` and `escaped` stand for within `quote`.
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

/// How many bytes the JSON object at the start of `line` takes, or 0 when it does not end on the line.
fn json_object_length(line: &[u8]) -> usize {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (index, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> String {
        let assignments = parse(text.as_bytes()).unwrap();
        assert_eq!(assignments.len(), 1, "{text}");
        assignments[0].1.expose_text().unwrap().to_owned()
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
        assert_eq!(one("A= #x"), "");
        assert_eq!(one("# c\n\n  A = b c  \r\n"), "b c");
    }

    #[test]
    fn a_name_alone_sets_nothing() {
        assert_eq!(parse(b"A\nB # c\nexport C\nexport # c\n").unwrap().len(), 0);
    }

    #[test]
    fn errors_name_the_line_and_not_the_value() {
        assert_eq!(
            parse(b"A=1\n\nsecret words\n").unwrap_err(),
            (3, "expected NAME=VALUE")
        );
        assert_eq!(
            parse(b"A=\"1\n2\"\nB=\"secret\n\n").unwrap_err(),
            (3, "the quoted value has no closing quote")
        );
        assert_eq!(
            parse(b"A=\"a\"b\"").unwrap_err(),
            (1, "something stands behind the closing quote")
        );
        assert_eq!(parse(b"=x").unwrap_err(), (1, "expected NAME=VALUE"));
    }

    #[test]
    fn the_line_of_an_assignment_is_its_first() {
        let lines: Vec<_> = parse(b"A='1\r\n2\r\n'\r\nB=1\rC=2")
            .unwrap()
            .iter()
            .map(|(_, _, line)| *line)
            .collect();
        assert_eq!(lines, [1, 4, 5]);
    }
}
