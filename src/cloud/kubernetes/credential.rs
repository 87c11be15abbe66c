//! The credential that a request carries: the value of a header, a certificate, or both.
//!
//! Must not know where it comes from (`user`, `plugin`).

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::http::Identity;
use crate::secret::Secret;

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

/// Returns the header's value for a name and a password.
pub(super) fn basic(name: &str, password: &Secret) -> Secret {
    let mut pair = Zeroizing::new(name.as_bytes().to_vec());
    pair.push(b':');
    pair.extend_from_slice(password.expose());
    Secret::new(format!("Basic {}", STANDARD.encode(&*pair)))
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
}
