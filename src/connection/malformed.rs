//! Why a value is not a connection: the part, the cause, and a hint.
//!
//! Must not hold any part of the value except the names of its keys.

use crate::python::json::{self, Value};
use crate::python::urlsplit;

/// Why Airflow would raise.
#[derive(Debug)]
pub(super) struct Malformed {
    /// A sentence that names the part.
    pub(super) what: String,
    pub(super) hint: Option<String>,
    pub(super) source: Option<Cause>,
}

/// The error of one of CPython's functions.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error(transparent)]
    Json(#[from] json::Error),
    #[error(transparent)]
    Url(#[from] urlsplit::Error),
}

impl Malformed {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: None,
            source: None,
        }
    }

    pub(super) fn of_type(part: &str, value: &Value, wanted: &str) -> Self {
        Self::new(format!(
            "`{part}` is of type {} instead of {wanted}",
            value.type_name()
        ))
    }

    #[must_use]
    pub(super) fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.source = Some(cause.into());
        self
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
