//! A service account's key: from a file, from a kwarg, or from application default credentials.
//!
//! Source: google-auth 2.x, `oauth2/service_account.py` (`from_service_account_info`), `_service_account_info.py`.

use std::fmt;

use super::DEFAULT_UNIVERSE;
use crate::cloud::jwt::{self, Algorithm};
use crate::error::{Error, Result};
use crate::python::json::{Object, Value};
use crate::secret::Secret;

/// A service account and its private key.
pub(crate) struct ServiceAccountKey {
    pub(crate) email: String,
    pub(crate) project_id: Option<String>,
    pub(crate) token_uri: String,
    /// `universe_domain`, which is `googleapis.com` by default.
    pub(super) universe: String,
    private_key_id: Option<String>,
    private_key: Secret,
}

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceAccountKey(redacted)")
    }
}

impl ServiceAccountKey {
    /// Reads the object of a key file; `what` names the file in errors.
    ///
    /// # Errors
    /// A missing field, with status 2.
    pub(crate) fn from_object(what: &str, object: &Object) -> Result<Self> {
        let field = |name: &str| {
            let text = object
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty());
            text.map(str::to_owned)
                .ok_or_else(|| Error::usage(format!("{what} lacks `{name}`")))
        };
        Ok(Self {
            email: field("client_email")?,
            token_uri: field("token_uri")?,
            // A key from a variable may have its newlines written as `\n`.
            private_key: Secret::from(field("private_key")?.replace("\\n", "\n")),
            universe: field("universe_domain").unwrap_or_else(|_| DEFAULT_UNIVERSE.to_owned()),
            project_id: field("project_id").ok(),
            private_key_id: field("private_key_id").ok(),
        })
    }

    /// Returns its secrets.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        vec![self.private_key.clone()]
    }

    /// Returns a JWT with `claims`, signed with RS256.
    ///
    /// # Errors
    /// A private key that is not an RSA key in PEM form, with status 2.
    pub(crate) fn sign(&self, claims: Object) -> Result<Secret> {
        jwt::sign(
            Algorithm::Rs256,
            &self.private_key,
            self.private_key_id.as_deref(),
            claims,
        )
        .ok_or_else(|| {
            Error::usage("the private key of the Google service account is not an RSA key in PEM form")
        })
    }
}
