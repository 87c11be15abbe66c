//! What every credential can do, and for which scopes.
//!
//! Source: google-auth 2.63.0, `credentials.py` (`Credentials`, `Scoped`).

use super::{AccessToken, CLOUD_PLATFORM, DEFAULT_UNIVERSE, IAM_SCOPE, TokenContext};
use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::python::json::Object;

/// What a token may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scopes {
    /// Nothing is configured: each credential has its own default.
    Default,
    /// The scopes of the kwarg.
    Chosen(Vec<String>),
    /// IAM, for the token with which another account's is made.
    Iam,
}

impl Scopes {
    /// Returns the scopes, or `None` by default.
    pub(super) fn explicit(&self) -> Option<Vec<&str>> {
        match self {
            Self::Default => None,
            Self::Chosen(scopes) => Some(scopes.iter().map(String::as_str).collect()),
            Self::Iam => Some(vec![IAM_SCOPE]),
        }
    }

    /// Returns the scopes; by default access to every service.
    pub(super) fn or_cloud_platform(&self) -> Vec<&str> {
        self.explicit().unwrap_or_else(|| vec![CLOUD_PLATFORM])
    }
}

/// A source of tokens.
pub(crate) trait Credential: Send + Sync {
    /// Gets a new token.
    ///
    /// # Errors
    /// No credential or a refusal, with status 4; no answer, 5; a configuration that cannot be used, 2.
    fn token<'a>(
        &'a self,
        context: &'a TokenContext,
        scopes: &'a Scopes,
    ) -> BoxFuture<'a, Result<AccessToken>>;

    /// Returns the account whose token it is, if that is known.
    fn account(&self) -> Option<&str> {
        None
    }

    /// Returns the universe of its services.
    fn universe(&self) -> &str {
        DEFAULT_UNIVERSE
    }
}

/// Returns a field of a file of credentials.
///
/// # Errors
/// A field that is missing, empty or not text, with status 2.
pub(super) fn required(what: &str, object: &Object, name: &str) -> Result<String> {
    let found = text(object, name).map(str::to_owned);
    found.ok_or_else(|| Error::usage(format!("{what} lacks `{name}`")))
}
