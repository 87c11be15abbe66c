//! The input and the output of every format of `export`.

use crate::error::{Error, Result};
use crate::secret::Secret;

/// A name in an environment, and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Secret,
}

impl Entry {
    /// Returns the value as text.
    ///
    /// # Errors
    /// A value that is not UTF-8, with status 6.
    pub(super) fn text(&self, format: &str) -> Result<&str> {
        self.value
            .expose_text()
            .ok_or_else(|| self.refused(format, "bytes that are not UTF-8"))
    }

    /// Returns the value as text without NUL, for an environment.
    ///
    /// # Errors
    /// A value that is not UTF-8 or has NUL, with status 6.
    pub(super) fn text_for_environment(&self, format: &str) -> Result<&str> {
        match self.text(format)? {
            text if text.contains('\0') => Err(self.refused(format, "NUL")),
            text => Ok(text),
        }
    }

    /// Returns the error of a value that `format` cannot carry because it has `what`.
    pub(super) fn refused(&self, format: &str, what: &str) -> Error {
        Error::malformed(format!(
            "{format} cannot carry `{}`: its value has {what}",
            self.name
        ))
    }
}

/// The output of a format.
#[derive(Debug, Default)]
pub struct Exported {
    /// The text, with a newline at its end.
    pub bytes: Secret,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

impl Exported {
    /// Creates the output without warnings.
    pub(super) fn plain(text: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: Secret::new(text),
            warnings: Vec::new(),
        }
    }
}
