//! An AWS access key: its id, its secret key, the session token if there is one, and when they expire.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::timestamp;
use crate::cloud::token_cache::Token;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// How long credentials are used at least: longer than the five minutes that the cache keeps away from their expiry.
const SHORTEST_USE: Duration = Duration::from_mins(6);

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
    /// Creates credentials that do not expire. An empty session token counts as none.
    pub(crate) fn new(
        access_key: impl Into<String>,
        secret_key: Secret,
        session_token: Option<Secret>,
    ) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key,
            session_token: session_token.filter(|token| !token.is_empty()),
            expires_at: None,
        }
    }

    /// Sets when they expire; `place` is where the credentials and the time are from.
    ///
    /// Credentials that expire soon are used nevertheless: their source has no newer ones.
    ///
    /// # Errors
    /// A text that is not a time with its zone, and a time that has passed, with status 4.
    pub(super) fn until(self, expiry: &str, place: &str) -> Result<Self> {
        let time = timestamp::parse(expiry).ok_or_else(|| {
            Error::denied(format!("{place} has an expiry that is not a time"))
                .with_hint("a time is written `2026-01-02T03:04:05Z`, with its zone")
        })?;
        if time <= SystemTime::now() {
            return Err(
                Error::denied(format!("the AWS credentials of {place} have expired"))
                    .with_hint("get new ones; if they are new, compare this machine's clock"),
            );
        }
        Ok(self.lasting_until(time))
    }

    /// Sets when they expire, even if that time has passed.
    pub(super) fn lasting_until(self, expiry: SystemTime) -> Self {
        Self {
            expires_at: Some(expiry.max(SystemTime::now() + SHORTEST_USE)),
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
