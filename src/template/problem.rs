//! Why a template cannot be rendered, and where.
//!
//! A message names types, names and places in the template, never a value.

use crate::error::{Error, ErrorKind};
use crate::shown::shown;

/// The result of each step of rendering.
pub(super) type Result<T> = std::result::Result<T, Stop>;

/// Why a step did not finish.
pub(super) enum Stop {
    /// It needs a name that is not resolved yet, or that is missing. The name is noted.
    Name,
    /// It failed.
    Problem(Box<Problem>),
}

/// Why a template cannot be rendered.
pub(super) struct Problem {
    /// What went wrong.
    pub(super) error: Error,
    /// The byte in the template.
    pub(super) offset: Option<usize>,
}

impl Problem {
    /// A problem of the template itself.
    pub(super) fn usage(message: impl Into<String>) -> Stop {
        Self::of_kind(ErrorKind::Usage, message)
    }

    pub(super) fn of_kind(kind: ErrorKind, message: impl Into<String>) -> Stop {
        Self::of(Error::new(kind, message))
    }

    pub(super) fn of(error: Error) -> Stop {
        Stop::Problem(Box::new(Self { error, offset: None }))
    }

    /// The use of something that is undefined.
    pub(super) fn undefined(what: &str) -> Stop {
        Self::usage(what)
    }

    /// A Python feature that rendering does not have.
    pub(super) fn unsupported(what: impl Into<String>) -> Stop {
        Self::of(
            Error::usage(format!("{} is not supported", what.into()))
                .with_hint("docs/inject.md lists what a template can use"),
        )
    }

    /// An operation that Python's types do not have.
    pub(super) fn types(operation: &str, types: &[&str]) -> Stop {
        Self::usage(format!(
            "`{operation}` cannot be used with {}",
            types.join(" and ")
        ))
    }
}

impl Stop {
    /// Adds the place, unless a part of the expression has one already.
    pub(super) fn at(mut self, offset: usize) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.offset.get_or_insert(offset);
        }
        self
    }
}

/// Quotes a name for a message if the template has it. A name that was computed may be a value, and is not shown.
pub(super) fn quoted(template: &str, name: &str) -> String {
    if template.contains(name) {
        format!("`{}`", shown(name))
    } else {
        "what it computes as a name".to_owned()
    }
}
