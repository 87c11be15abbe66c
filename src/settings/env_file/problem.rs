//! The mistakes in a line of an env file, in words for the person who wrote it.
//!
//! Owns the kinds of mistakes and the remedy for each. Never shows a part of the line, because it may hold a secret.

use std::path::Path;

use crate::error::Error;

/// A line, what is wrong with it, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::settings) struct Problem {
    /// The line, counted from 1.
    pub(in crate::settings) line: usize,
    /// What is wrong.
    pub(in crate::settings) message: &'static str,
    hint: Option<&'static str>,
}

const NO_ASSIGNMENT: &str = "expected NAME=VALUE";
const NEEDS_QUOTES: &str = "a value over several lines needs quotes around it";
const QUOTE_IT: &str = "put the value in single quotes, or on one line";

impl Problem {
    /// Creates a problem without a hint.
    pub(super) fn new(line: usize, message: &'static str) -> Self {
        Self {
            line,
            message,
            hint: None,
        }
    }

    fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// A value that holds NUL.
    pub(in crate::settings) fn nul(line: usize) -> Self {
        Self::new(line, "a variable cannot contain a NUL byte")
    }

    /// A file that is not UTF-8.
    pub(super) fn not_utf8(line: usize, text: &[u8]) -> Self {
        utf16(text).unwrap_or_else(|| Self::new(line, "the line is not UTF-8"))
    }

    /// A value without its closing quote.
    pub(super) fn unclosed_quote(line: usize) -> Self {
        Self::new(line, "the quoted value has no closing quote")
            .with_hint("within the quotes write `\\\"` or `\\'` for a quote, and close the value with the same quote that opens it")
    }

    /// Text after the closing quote of `value`, which begins with its opening quote.
    pub(super) fn after_quote(line: usize, value: &[u8]) -> Self {
        let problem = Self::new(line, "there is text after the closing quote");
        if value.starts_with(b"\"{") || value.starts_with(b"\"[") {
            problem.with_hint("remove the quotes around JSON, or use single quotes")
        } else {
            problem.with_hint("write `\\\"` or `\\'` for a quote within the value, and `#` before a comment")
        }
    }

    /// A line that is not an assignment. `line` is the whole line, without leading blanks.
    pub(super) fn not_an_assignment(number: usize, line: &[u8]) -> Self {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let problem = Self::new(number, NO_ASSIGNMENT);
        let word = line
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')))
            .unwrap_or(line.len());
        let (word, after) = line.split_at(word);
        let after_blanks = after.trim_ascii_start();
        match line {
            [b'[', .., b']'] => {
                problem.with_hint("`[…]` is a section of an INI file; read an airflow.cfg with `--config`")
            }
            [b'{', ..] => problem.with_hint(
                "an env file is not JSON; local secrets in JSON are read by Airflow's LocalFilesystemBackend",
            ),
            [b'-', b' ', ..] => problem.with_hint("remove YAML's `- `"),
            [b'"', ..] => problem.with_hint(
                "remove the quotes around the name; a value over several lines needs quotes around it",
            ),
            [b'=', ..] => problem.with_hint("write the variable's name before the `=`"),
            [b'$', ..] => problem.with_hint("remove the `$` before the name"),
            _ if !word.is_empty() && after_blanks.starts_with(b":") => {
                Self::new(number, "expected NAME=VALUE, not YAML's `NAME: value`")
                    .with_hint("write `=` instead of `:`")
            }
            _ if matches!(
                word,
                b"set" | b"setenv" | b"declare" | b"typeset" | b"readonly" | b"local" | b"env"
            ) && !after.is_empty() =>
            {
                problem.with_hint("only `export` may come before NAME=VALUE")
            }
            _ if after_blanks.contains(&b'=') && !word.is_empty() => problem.with_hint(
                "a name cannot contain blanks or quotes; a value over several lines needs quotes around it",
            ),
            _ => problem.with_hint(NEEDS_QUOTES),
        }
    }

    /// Explains what Docker's dialect does not support; `name` is the text before the `=`.
    pub(super) fn for_docker(mut self, name: &[u8]) -> Self {
        if name.starts_with(b"export ") {
            self.hint =
                Some("Docker's dialect has no `export`; remove it, or use another `--env-file-dialect`");
        } else if self.message == NEEDS_QUOTES {
            self.message = "Docker's dialect does not support a value over several lines";
            self.hint = Some("put the value on one line, or in quotes with `--env-file-dialect dotenv`");
        }
        self
    }

    /// Whether `name`, which is alone on its line, looks like a piece of something else: a bracket, YAML, JSON.
    pub(super) fn is_odd_name(name: &[u8]) -> bool {
        name.iter()
            .any(|byte| byte.is_ascii_punctuation() && !matches!(byte, b'_' | b'.' | b'-'))
    }

    /// Converts the problem to the error of the file `path`.
    pub(super) fn into_error(self, path: &Path) -> Error {
        let message = format!(
            "env file `{}` line {}: {}",
            path.display(),
            self.line,
            self.message
        );
        let error = Error::usage(message);
        match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// Returns the problem of a file in UTF-16, as some Windows editors and shells write it.
pub(super) fn utf16(text: &[u8]) -> Option<Problem> {
    let marked = text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff");
    let unmarked =
        matches!(text, [0, second, ..] if *second != 0) || matches!(text, [first, 0, ..] if *first != 0);
    (marked || unmarked)
        .then(|| Problem::new(1, "the file is UTF-16, not UTF-8").with_hint("save it as UTF-8"))
}

/// A value without quotes that seems to continue on the next line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Open(Option<(usize, Form)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Pem,
    Backslash,
}

impl Open {
    /// Returns what `value`, which has no quotes and is on `line`, leaves open.
    pub(super) fn after(value: &[u8], line: usize) -> Self {
        let is_json = matches!(value.first(), Some(b'{' | b'['));
        let is_pem = value.starts_with(b"-----BEGIN ");
        let form = if is_json && json_length(value) == 0 {
            Form::Json
        } else if is_pem && !value.windows(8).any(|part| part == b"-----END") {
            Form::Pem
        } else if value.ends_with(b"\\") {
            Form::Backslash
        } else {
            return Self(None);
        };
        Self(Some((line, form)))
    }

    /// Returns the problem of an open value, or `problem` if no value is open.
    pub(super) fn or(self, problem: impl FnOnce() -> Problem) -> Problem {
        match self.0 {
            Some((line, _)) => Problem::new(line, NEEDS_QUOTES).with_hint(QUOTE_IT),
            None => problem(),
        }
    }

    /// Returns the problem of a PEM that continues in `rest`, whose lines look like names and assignments.
    pub(super) fn pem_in(self, rest: &[u8]) -> Option<Problem> {
        let (line, _) = self.0.filter(|(_, form)| *form == Form::Pem)?;
        rest.split(|byte| *byte == b'\n')
            .any(|line| line.trim_ascii_start().starts_with(b"-----END "))
            .then(|| Problem::new(line, NEEDS_QUOTES).with_hint(QUOTE_IT))
    }

    /// Whether JSON is open. Then a name without a value is probably a piece of it.
    pub(super) fn is_json(self) -> bool {
        self.0.is_some_and(|(_, form)| form == Form::Json)
    }
}

/// Returns the length in bytes of the JSON object or list at the start of `line`, or 0 if it does not end on the line.
pub(super) fn json_length(line: &[u8]) -> usize {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (index, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
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
