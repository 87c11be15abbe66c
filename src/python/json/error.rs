//! Python's exceptions for a text that is not JSON, with its messages and positions.
//!
//! Must not hold any part of the text.
//!
//! Source: CPython 3.11, `Lib/json/decoder.py` (`JSONDecodeError`).

use std::fmt;

/// The deepest nesting that is read: the deepest that Airflow reads anywhere.
///
/// CPython 3.11 counts calls and brackets against one limit of 1000, so the exact figure depends on the caller. Measured
/// from the top of a script with airflow 3.3.2: 993 for `Variable.get(deserialize_json=True)`, 991 for backend kwargs, 990
/// for a local JSON file of variables, 984 for one of connections, 984 for Vault's answer, 979 to 983 for the extra of a
/// connection by `Connection.get_connection_from_secrets` and `get_connection`; about ten fewer when the caller is an Airflow
/// command or a task. One limit serves all of them: a value that Airflow reads is never refused here.
pub const MAX_DEPTH: usize = 993;

/// The most digits of an integer: `sys.int_info.default_max_str_digits`.
pub const MAX_INTEGER_DIGITS: usize = 4300;

/// The most values that are read. An object, a list, and each item in them count as one. Python has no limit, but a value of
/// three bytes of text takes a hundred bytes of memory.
pub const MAX_VALUES: usize = 200_000;

/// Why and where a text is not JSON. Holds no part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    position: usize,
    line: usize,
    column: usize,
}

/// The kind of failure: Python raises a different exception for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// `JSONDecodeError`, with its message.
    Syntax(&'static str),
    /// `ValueError`: an integer of more than [`MAX_INTEGER_DIGITS`] digits.
    IntegerTooLong,
    /// `RecursionError`: nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Not an exception in Python: more than [`MAX_VALUES`] values.
    TooManyValues,
    /// Not an exception in Python: the command's deadline passed before the end of the text.
    Late,
    /// Not an exception in Python: an escape for half of a surrogate pair, which UTF-8 cannot represent.
    LoneSurrogate,
}

impl Error {
    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns whether Python's exception is a `JSONDecodeError`, which Airflow catches in some places.
    #[must_use]
    pub fn is_decode_error(&self) -> bool {
        matches!(self.kind, ErrorKind::Syntax(_))
    }

    /// Returns the position in characters from 0, as `JSONDecodeError.pos`.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Returns the line from 1, as `JSONDecodeError.lineno`.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column in characters from 1, as `JSONDecodeError.colno`.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    pub(super) fn new(kind: ErrorKind, text: &str, offset: usize) -> Self {
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            kind,
            position: before.chars().count(),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            // One of Python's messages ends with it.
            ErrorKind::Syntax(message) => f.write_str(message.strip_suffix(" at").unwrap_or(message)),
            ErrorKind::IntegerTooLong => write!(f, "integer of more than {MAX_INTEGER_DIGITS} digits"),
            ErrorKind::TooDeep => f.write_str("nested too deeply"),
            ErrorKind::TooManyValues => write!(f, "more than {MAX_VALUES} values"),
            ErrorKind::Late => return f.write_str("reading it takes longer than `--timeout`"),
            ErrorKind::LoneSurrogate => {
                f.write_str("escape for half of a surrogate pair, which is not a character")
            }
        }?;
        write!(f, " at line {} column {}", self.line, self.column)
    }
}

impl std::error::Error for Error {}
