//! The dialect of docker compose, as its `env_file:` reads a file.
//!
//! - `NAME=VALUE` or `NAME: VALUE`, optionally after `export`. A name is letters, digits, `_.-[]` and tabs. A name without a value is
//!   taken from the environment, so it sets nothing here.
//! - A value in quotes runs to the closing quote, even over several lines. The next assignment may follow on the same line. Within
//!   `"…"` the escapes `\a \b \f \n \r \t \v \\ \" \$ \0123` are decoded and references replaced. `'…'` is literal, except for `\'`.
//! - Any other value runs to the end of the line, or to a ` #`; references are replaced.
//!
//! Source: compose-go 2.16, `dotenv/parser.go`. Differences: a name that is empty or not UTF-8, and a NUL, are errors here.

use zeroize::Zeroizing;

use super::characters::{first, is_compose_blank, is_go_space, trim_end, trim_start};
use super::compose_template;
use super::problem::{self, Open, Problem};
use super::scope::Scope;
use crate::secret::Secret;

/// Reads a file into `scope`.
pub(super) fn read(text: &[u8], scope: &mut Scope<'_>) -> Result<(), Problem> {
    if let Some(problem) = problem::utf16(text) {
        return Err(problem);
    }
    let mut parser = Parser {
        rest: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text),
        line: 1,
        open: Open::default(),
    };
    while parser.skip_to_assignment() {
        let line = parser.line;
        let Some(name) = parser.name()? else { continue };
        let value = parser.value(line)?;
        let value = match value {
            Value::Literal(value) => Ok(Secret::new(value.to_vec())),
            Value::Template(template) => {
                compose_template::replace(&template, scope).map_err(|message| Problem::new(line, message))
            }
        };
        scope.assign(name, value.map(Some), line)?;
    }
    Ok(())
}

/// A value before its references are replaced.
enum Value {
    Literal(Zeroizing<Vec<u8>>),
    Template(Zeroizing<Vec<u8>>),
}

struct Parser<'a> {
    rest: &'a [u8],
    line: usize,
    open: Open,
}

impl Parser<'_> {
    /// Skips blank lines and comments; returns whether anything follows.
    fn skip_to_assignment(&mut self) -> bool {
        loop {
            let start = trim_start(self.rest, is_go_space);
            self.go_to(start.len());
            match self.rest.first() {
                None => return false,
                Some(b'#') => {
                    let end = self.rest.iter().position(|byte| *byte == b'\n');
                    self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
                }
                Some(_) => return true,
            }
        }
    }

    /// Advances until `left` bytes remain, and counts the lines.
    fn go_to(&mut self, left: usize) {
        let (read, rest) = self.rest.split_at(self.rest.len() - left);
        self.line += read.split(|byte| *byte == b'\n').count() - 1;
        self.rest = rest;
    }

    /// Reads a name, its `=` or `:`, and the blanks after it; `None` for a name without a value.
    fn name(&mut self) -> Result<Option<String>, Problem> {
        let open = std::mem::take(&mut self.open);
        let (line, start) = (self.line, self.rest);
        let not_an_assignment = || open.or(|| Problem::not_an_assignment(line, start));
        if let Some(rest) = self.rest.strip_prefix(b"export")
            && rest
                .first()
                .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c))
        {
            self.rest = trim_start(rest, is_compose_blank);
        }
        let mut rest = self.rest;
        let end = loop {
            match first(rest) {
                None => break None,
                Some((c @ ('=' | ':' | '\n'), _)) => break Some(c),
                Some((c, length)) if is_compose_blank(c) || is_of_name(c) => rest = &rest[length..],
                Some(_) => return Err(not_an_assignment()),
            }
        };
        let name = trim_end(&self.rest[..self.rest.len() - rest.len()], is_go_space);
        let is_alone = matches!(end, None | Some('\n'));
        if name.contains(&b' ') || open.is_json() && is_alone || name.is_empty() && !is_alone {
            return Err(not_an_assignment());
        }
        self.rest = rest.get(1..).unwrap_or_default();
        self.line += usize::from(end == Some('\n'));
        self.rest = trim_start(self.rest, is_compose_blank);
        if is_alone {
            return Ok(None);
        }
        let name = std::str::from_utf8(name).map_err(|_| not_an_assignment())?;
        Ok(Some(name.to_owned()))
    }

    /// Reads a value, and the end of its line if it has no quotes.
    fn value(&mut self, line: usize) -> Result<Value, Problem> {
        match self.rest.first() {
            Some(quote @ (b'\'' | b'"')) => self.quoted(*quote, line),
            _ => self.bare(),
        }
    }

    fn bare(&mut self) -> Result<Value, Problem> {
        let number = self.line;
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        let rest = end.map_or(&[][..], |end| &self.rest[end + 1..]);
        let comment = line.windows(2).position(|pair| pair == b" #");
        let value = trim_end(&line[..comment.unwrap_or(line.len())], is_go_space);
        self.open = Open::after(value, number);
        if let Some(problem) = self.open.pem_in(rest) {
            return Err(problem);
        }
        self.line += usize::from(end.is_some());
        self.rest = rest;
        Ok(Value::Template(Zeroizing::new(value.to_vec())))
    }

    fn quoted(&mut self, quote: u8, line: usize) -> Result<Value, Problem> {
        let mut value = Zeroizing::new(Vec::new());
        let mut rest = &self.rest[1..];
        loop {
            rest = match rest {
                [] | [b'\\'] => return Err(Problem::unclosed_quote(line)),
                [b'\\', byte, rest @ ..] if *byte == quote => {
                    value.push(quote);
                    rest
                }
                [b'\\', byte, rest @ ..] => {
                    value.extend([b'\\', *byte]);
                    rest
                }
                [byte, rest @ ..] if *byte == quote => {
                    self.go_to(rest.len());
                    break;
                }
                [byte, rest @ ..] => {
                    value.push(*byte);
                    rest
                }
            };
        }
        Ok(if quote == b'"' {
            Value::Template(unescaped(&value))
        } else {
            Value::Literal(value)
        })
    }
}

/// Whether a name can contain `c`. Go's letters and numbers are those of Rust, except combining marks, which are accepted here.
fn is_of_name(c: char) -> bool {
    matches!(c, '_' | '.' | '-' | '[' | ']') || c.is_alphanumeric()
}

/// Decodes the escapes of a value in double quotes (`expandEscapes`); `\$` becomes `$$`, which stands for a `$`.
fn unescaped(value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(value.len()));
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escaped = if *byte == b'\\' { after.first() } else { None };
        let simple = match escaped {
            Some(b'a') => Some(0x07),
            Some(b'b') => Some(0x08),
            Some(b'f') => Some(0x0c),
            Some(b'n') => Some(b'\n'),
            Some(b'r') => Some(b'\r'),
            Some(b't') => Some(b'\t'),
            Some(b'v') => Some(0x0b),
            Some(quoted @ (b'\\' | b'"')) => Some(*quoted),
            _ => None,
        };
        match (escaped, simple) {
            (_, Some(byte)) => {
                decoded.push(byte);
                rest = &rest[1..];
            }
            (Some(b'$'), _) => {
                decoded.extend(b"$$");
                rest = &rest[1..];
            }
            (Some(b'0'), _) => {
                let digits = rest[1..]
                    .iter()
                    .take(3)
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                octal(&rest[1..=digits], &mut decoded);
                rest = &rest[1 + digits..];
            }
            _ => decoded.push(*byte),
        }
    }
    decoded
}

/// Decodes `\0` and three octal digits. Anything else loses its `0`, as in compose-go.
fn octal(digits: &[u8], decoded: &mut Vec<u8>) {
    let number = std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.len() == 3)
        .and_then(|digits| u8::from_str_radix(digits, 8).ok());
    if let Some(number) = number {
        let mut buffer = [0; 2];
        decoded.extend_from_slice(char::from(number).encode_utf8(&mut buffer).as_bytes());
    } else {
        decoded.push(b'\\');
        decoded.extend_from_slice(digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;

    fn all(text: &str) -> Result<Vec<(String, String)>, Problem> {
        let env = Env::from_iter([("P".to_owned(), Secret::from("process"))]);
        let mut scope = Scope::new(&env);
        read(text.as_bytes(), &mut scope)?;
        let text = |value: &Option<Secret>| value.as_ref().unwrap().expose_text().unwrap().to_owned();
        Ok(scope
            .variables()
            .map(|(name, entry)| (name.to_owned(), text(&entry.value)))
            .collect())
    }

    fn one(text: &str) -> String {
        all(text).unwrap().pop().unwrap().1
    }

    #[test]
    fn values_are_read_as_compose_reads_them() {
        for (text, expected) in [
            ("A=b c # d", "b c"),
            ("A= #ff0000", "#ff0000"),
            ("A=b\t#c", "b\t#c"),
            ("A: b", "b"),
            ("export A='b\\'c\\n$P'", "b'c\\n$P"),
            ("A=\"b\\n\\\"c\\$P$$P${P}\\0101\\07\\c\"", "b\n\"c$P$Pprocess"),
            ("A=\"1\"B=2", "2"),
            ("A=$P-${P}", "process-process"),
            ("A={\"a\": \"b\"}", "{\"a\": \"b\"}"),
        ] {
            let expected = if expected.ends_with("Pprocess") {
                format!("{expected}A\\7\\c")
            } else {
                expected.to_owned()
            };
            assert_eq!(one(text), expected, "{text}");
        }
        assert_eq!(all("P\nexport Q\nR").unwrap(), []);
    }

    #[test]
    fn errors_name_the_line_where_the_assignment_begins() {
        for (text, line) in [
            ("A=1\n\nB C=2", 3),
            ("A=\"1\n\"\nB=\"2\n", 3),
            ("A=1\n# c\n=2\n", 3),
            ("A=1\nB='1\n\n'\nC=${X:?}\n", 5),
            ("A=1\nB/C=2\n", 2),
            ("K={\n  \"a\": 1\n}\n", 1),
        ] {
            assert_eq!(all(text).unwrap_err().line, line, "{text}");
        }
    }
}
