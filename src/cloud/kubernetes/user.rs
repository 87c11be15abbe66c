//! A user of a cluster, and the credential that a request carries.
//!
//! Owns what each kind of user becomes: a bearer token, a user and password, or a certificate. Source: k8s.io/client-go v0.36.3,
//! `transport/round_trippers.go` and `transport/token_source.go`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::in_cluster;
use super::plugin::Plugin;
use crate::error::{Error, Result};
use crate::http::Identity;
use crate::secret::Secret;

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

/// A credential for requests.
#[derive(Default)]
pub(super) struct Credential {
    /// The value of the header `Authorization`.
    pub(super) authorization: Option<Secret>,
    /// A client certificate.
    pub(super) identity: Option<Identity>,
    /// When another one is needed.
    pub(super) expires_at: Option<SystemTime>,
}

impl User {
    /// Whether another credential can be had when this one is refused.
    pub(super) fn can_be_renewed(&self) -> bool {
        matches!(self, Self::TokenFile(..) | Self::Plugin(_))
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
                authorization: Some(match (in_cluster::token(path, deadline), otherwise) {
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

/// Returns the header's value for a token.
///
/// # Errors
/// A token with characters that no header may have, with status 4.
pub(super) fn bearer(token: &Secret) -> Result<Secret> {
    let text = token.expose();
    if text.is_empty() || !text.iter().all(u8::is_ascii_graphic) {
        return Err(
            Error::denied("the token for the cluster cannot be sent over HTTP")
                .with_hint("a token is one line of ASCII without blanks"),
        );
    }
    let mut value = Zeroizing::new(b"Bearer ".to_vec());
    value.extend_from_slice(text);
    Ok(Secret::new(value.as_slice()))
}

fn basic(name: &str, password: &Secret) -> Secret {
    let mut pair = Zeroizing::new(name.as_bytes().to_vec());
    pair.push(b':');
    pair.extend_from_slice(password.expose());
    Secret::new(format!("Basic {}", STANDARD.encode(&*pair)))
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
    fn a_token_is_one_word_of_ascii() {
        assert_eq!(bearer(&Secret::from("a.b-c")).unwrap().expose(), b"Bearer a.b-c");
        for text in ["", "a b", "a\nb", "ä"] {
            let error = bearer(&Secret::from(text)).unwrap_err();
            assert!(text.is_empty() || !format!("{error:?}").contains(text));
        }
    }

    #[test]
    fn the_key_of_an_extra_is_escaped_as_go_does() {
        assert_eq!(
            extra_header("acme.com/%x y"),
            "Impersonate-Extra-acme.com%2F%25x%20y"
        );
    }
}
