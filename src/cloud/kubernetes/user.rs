//! A user of a cluster: how it proves who it is, and as whom it acts.
//!
//! Owns where each kind of user gets its credential from. Source: k8s.io/client-go v0.36.3,
//! `transport/round_trippers.go` and `transport/token_source.go`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::credential::{Credential, basic, bearer};
use super::plugin::Plugin;
use crate::error::{Error, Result};
use crate::file;
use crate::python::text::strip;
use crate::secret::{Redactor, Secret};
use crate::shown::shown;

/// How long the text of a token file is used: a minute, in Python and in Go.
const TOKEN_FILE_LIFETIME: Duration = Duration::from_mins(1);

/// How a user proves who it is. A certificate of the kubeconfig is in the options of the client.
pub(super) enum User {
    /// Not at all, or by the client's certificate alone.
    Anonymous,
    /// A token.
    Token(Secret),
    /// A file with a token, which somebody replaces from time to time, and the token to use without it.
    TokenFile(PathBuf, Option<Secret>),
    /// A name and a password.
    Basic(String, Secret),
    /// A program that prints a credential.
    Plugin(Box<Plugin>),
}

impl User {
    /// Whether another credential can be had when this one is refused.
    pub(super) fn can_be_renewed(&self) -> bool {
        matches!(self, Self::TokenFile(..) | Self::Plugin(_))
    }

    /// Adds the secrets that are not in the credential as they are.
    pub(super) fn reveal(&self, secrets: &mut Redactor) {
        if let Self::Basic(_, password) = self {
            secrets.add(password.clone());
        }
    }

    /// Returns the credential: reads the file, or runs the plugin.
    ///
    /// # Errors
    /// No credential, with status 4.
    pub(super) async fn credential(&self, deadline: Instant) -> Result<Credential> {
        Ok(match self {
            Self::Anonymous => Credential::default(),
            Self::Token(token) => Credential {
                authorization: Some(bearer(token)?),
                ..Credential::default()
            },
            Self::TokenFile(path, otherwise) => Credential {
                authorization: Some(match (token(path, deadline), otherwise) {
                    (Err(_), Some(token)) => bearer(token)?,
                    (token, _) => bearer(&token?)?,
                }),
                expires_at: Some(SystemTime::now() + TOKEN_FILE_LIFETIME),
                ..Credential::default()
            },
            Self::Basic(name, password) => Credential {
                authorization: Some(basic(name, password)),
                ..Credential::default()
            },
            Self::Plugin(plugin) => plugin.run(deadline).await?,
        })
    }
}

/// Reads a token, which the kubelet replaces before it expires.
///
/// # Errors
/// A file that cannot be read or has no token, with status 4.
fn token(path: &Path, deadline: Instant) -> Result<Secret> {
    let place = shown(&path.display().to_string());
    let text = file::read(path, deadline).map_err(|source| {
        Error::denied(format!("the token cannot be read from `{place}`")).with_source(source)
    })?;
    match text.expose_text().map(strip) {
        None => Err(Error::denied(format!("the token in `{place}` is not text"))),
        Some("") => Err(Error::denied(format!("the token in `{place}` is empty"))),
        Some(token) => Ok(Secret::from(token)),
    }
}

/// Returns the name of the header for the extra `key` of an impersonated user.
pub(super) fn extra_header(key: &str) -> String {
    let mut name = "Impersonate-Extra-".to_owned();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte) {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "%{byte:02X}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_an_extra_is_escaped_as_go_does() {
        assert_eq!(
            extra_header("acme.com/%x y"),
            "Impersonate-Extra-acme.com%2F%25x%20y"
        );
    }
}
