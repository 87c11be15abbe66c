//! The one error of the program: what failed, on what, why, and what to do.
//!
//! Owns the kinds of failure and the exit status of each. Must not know how an error is printed (`render`), nor hold any part of a
//! secret: a message names what is wrong, never its value.

use std::error::Error as StdError;
use std::fmt;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of a failure: the one thing a script can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An error within secretctl or its machine, such as a full disk.
    Internal,
    /// Usage, or a configuration that cannot be used.
    Usage,
    /// Every backend on the search path answered, and none has the name.
    NotFound,
    /// Authentication refused, no credential available, or permission denied.
    Denied,
    /// A backend could not be reached or did not answer in time.
    Unavailable,
    /// Found, but the value is malformed.
    Malformed,
    /// `exec`: the command exists and cannot be run.
    CannotRun,
    /// `exec`: the command was not found.
    CommandNotFound,
    /// Standard output was closed by its reader: the process ends as by SIGPIPE, without a message.
    BrokenPipe,
}

impl ErrorKind {
    /// Returns the exit status of a failure of this kind.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Denied => 4,
            Self::Unavailable => 5,
            Self::Malformed => 6,
            Self::CannotRun => 126,
            Self::CommandNotFound => 127,
            Self::BrokenPipe => 141,
        }
    }
}

/// A failure: a kind, one line that says what failed, lines below it, and one hint.
///
/// Messages are lower case, without a full stop, with names in backticks. The cause is only in
/// [`source`](StdError::source).
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    details: Vec<String>,
    hint: Option<String>,
    /// The hint with `-v`: longer than most people want to read.
    long_hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Creates an error of `kind` whose first line is `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            details: Vec::new(),
            hint: None,
            long_hint: None,
            source: None,
        }))
    }

    /// Creates an error within secretctl or its machine.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Creates an error of usage or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Creates the error of a name that is in no backend.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Creates the error of a refused login, a missing credential or a denied permission.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, message)
    }

    /// Creates the error of a backend that did not answer.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// Creates the error of a value that was found and is malformed.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    /// Adds a line below the message.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.details.push(detail.into());
        self
    }

    /// Sets the hint: one action for the user to take.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Sets the hint unless there is one already.
    #[must_use]
    pub fn or_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Sets the hint that [`in_full`](Self::in_full) shows instead.
    #[must_use]
    pub fn with_long_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.long_hint = Some(hint.into());
        self
    }

    /// Replaces the hint by the long hint, if there is one: for `-v`.
    #[must_use]
    pub fn in_full(mut self) -> Self {
        if let Some(hint) = self.0.long_hint.take() {
            self.0.hint = Some(hint);
        }
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Copies the error, for another lookup that failed with it. The source becomes details.
    #[must_use]
    pub(crate) fn copied(&self) -> Self {
        let mut copy = Self::new(self.kind(), self.message());
        let mut cause = self.source();
        for detail in self.details() {
            copy = copy.with_detail(detail);
        }
        while let Some(source) = cause {
            copy = copy.with_detail(source.to_string());
            cause = source.source();
        }
        match self.hint() {
            Some(hint) => copy.with_hint(hint),
            None => copy,
        }
    }

    /// Replaces the message by one made from it, for a caller that knows the name of the lookup.
    #[must_use]
    pub fn map_message(mut self, f: impl FnOnce(&str) -> String) -> Self {
        self.0.message = f(&self.0.message);
        self
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the first line, without the causes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the lines below the message.
    #[must_use]
    pub fn details(&self) -> &[String] {
        &self.0.details
    }

    /// Returns the hint.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("details", &self.0.details)
            .field("hint", &self.0.hint)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}
