//! `yaml.safe_load` of PyYAML 6 over libyaml: YAML 1.1, as Airflow reads it.
//!
//! Text becomes tokens (`scan`), tokens events (`parse`), events a graph of nodes with tags (`compose`, `resolve`), and nodes
//! objects (`construct`, `scalar`), the first two by libyaml's rules and the others by PyYAML's: `yes` is true, `010` is 8, `1:30` is 90, `2024-01-31` is a date, and a tag that the
//! safe loader does not know is an error. Objects keep their identity: an alias is the same object again, and may be one that
//! contains itself; what that means as JSON is `document`'s to say.
//!
//! Must not know what a file is read for. Sources: PyYAML 6.0.3, `yaml/composer.py`, `resolver.py`, `constructor.py` and
//! `_yaml.pyx`; <https://pyyaml.org/wiki/PyYAMLDocumentation>, <https://yaml.org/type/>.

use std::fmt;

mod characters;
mod compose;
mod construct;
mod document;
mod parse;
mod parse_flow;
mod resolve;
mod scalar;
mod scan;
mod scan_scalar;
mod scan_tag;
mod timestamp;

pub use document::{Document, Id, Key, NoJson, Object};

/// The deepest nesting that is read. PyYAML recurses, and ends with Python's or the process's stack.
const MAX_DEPTH: usize = 1000;

/// What is wrong with a text, and where. Holds nothing of the text.
#[derive(Debug)]
pub struct Error {
    line: Option<usize>,
    what: &'static str,
}

impl Error {
    /// Creates the error of `what` on a line counted from 0.
    fn at(line: usize, what: &'static str) -> Self {
        Self {
            line: Some(line + 1),
            what,
        }
    }

    /// Returns the line, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for Error {}

/// Loads the one document of `text`.
///
/// # Errors
/// Whatever PyYAML raises, and nesting or merging beyond what a file that people write has.
pub fn safe_load(text: &str) -> Result<Document, Error> {
    construct::construct(compose::compose(text)?)
}
