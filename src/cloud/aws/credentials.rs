//! An AWS access key: its id, its secret key, the session token if there is one, and when they expire.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::cloud::token_cache::Token;
use crate::secret::Secret;

/// How long before its expiry the cache stops using a token.
const EARLY: Duration = Duration::from_mins(6);

/// An access key.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: Secret,
    pub(crate) session_token: Option<Secret>,
    /// Until when they are used; `None` when that is not known.
    pub(crate) expires_at: Option<SystemTime>,
}

impl Credentials {
    /// Creates credentials that do not expire.
    pub(crate) fn new(
        access_key: impl Into<String>,
        secret_key: Secret,
        session_token: Option<Secret>,
    ) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key,
            session_token,
            expires_at: None,
        }
    }

    /// Sets when they expire.
    ///
    /// Credentials that expire soon are used nevertheless: their source has no newer ones.
    pub(crate) fn expiring_at(self, expiry: SystemTime) -> Self {
        let earliest = SystemTime::now() + EARLY;
        Self {
            expires_at: Some(expiry.max(earliest)),
            ..self
        }
    }
}

impl Token for Credentials {
    fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}
