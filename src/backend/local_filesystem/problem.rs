//! What is wrong with a local file, and where. The parsers of all forms report it.

use crate::error::Error;
use crate::shown::shown;

/// What is wrong with a file, and where. Never a value.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) line: Option<usize>,
    pub(super) what: String,
    pub(super) hint: Option<String>,
    pub(super) source: Option<std::io::Error>,
}

impl Problem {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self {
            line: None,
            what: what.into(),
            hint: None,
            source: None,
        }
    }

    pub(super) fn at(line: impl Into<Option<usize>>, what: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            what: what.into(),
            hint: None,
            source: None,
        }
    }

    /// Makes it an error that names the file.
    pub(super) fn in_file(self, path: &str) -> Error {
        let place = self.line.map(|line| format!(", line {line}")).unwrap_or_default();
        let error = Error::usage(format!(
            "local secrets file `{}`{place}: {}",
            shown(path),
            self.what
        ));
        let error = match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        };
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}
