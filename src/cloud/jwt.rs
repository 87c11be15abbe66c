//! JSON Web Tokens that an RSA key signs: a service account's proof of who it is.
//!
//! Owns the form of a token, and of a private key in PEM. Must not know any cloud's claims. Sources: RFC 7515; `PyJWT` 2.x
//! (`api_jwt.encode`) and google-auth 2.x (`jwt.encode`), whose signatures have the same form.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use zeroize::Zeroizing;

use crate::python::json::{Object, Value, dumps_compact, loads};
use crate::secret::Secret;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    fn encoding(self) -> &'static dyn RsaEncoding {
        match self {
            Self::Rs256 => &RSA_PKCS1_SHA256,
            Self::Ps256 => &RSA_PSS_SHA256,
        }
    }
}

/// Returns a token with `claims`, signed with the private key in `pem`. `key_id` goes into its header.
///
/// `None` if the private key is not an RSA key in PEM form, in PKCS#8 or PKCS#1.
pub(crate) fn sign(
    algorithm: Algorithm,
    pem: &Secret,
    key_id: Option<&str>,
    claims: Object,
) -> Option<Secret> {
    let text = |text: &str| Value::String(text.to_owned());
    let mut header = Object::new();
    header.insert("typ".to_owned(), text("JWT"));
    header.insert("alg".to_owned(), text(algorithm.name()));
    if let Some(id) = key_id {
        header.insert("kid".to_owned(), text(id));
    }
    let encode = |object: Object| URL_SAFE_NO_PAD.encode(dumps_compact(&Value::Object(object)));
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = key_pair(pem)?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        algorithm.encoding(),
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .ok()?;
    Some(Secret::from(format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(signature)
    )))
}

/// Returns the claims of a token, without checking its signature; `None` if it is not a JWT.
pub(crate) fn claims(token: &str) -> Option<Object> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = Zeroizing::new(URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?);
    match loads(std::str::from_utf8(&claims).ok()?) {
        Ok(Value::Object(claims)) => Some(claims),
        _ => None,
    }
}

/// Reads the first private key in `pem`.
fn key_pair(pem: &Secret) -> Option<RsaKeyPair> {
    let (_, rest) = pem.expose_text()?.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let base64: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    let der = Zeroizing::new(STANDARD.decode(base64.as_bytes()).ok()?);
    match label {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok(),
        _ => RsaKeyPair::from_pkcs8(&der).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_of_a_token_are_read_and_of_anything_else_are_not() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"tid": "t", "exp": 1}"#);
        let claims = claims(&format!("e30.{payload}.signature")).expect("a JWT");
        assert_eq!(claims.get("tid").and_then(Value::as_str), Some("t"));
        for text in ["", "opaque", "a.b", "e30.!.s", "e30.W10.s"] {
            assert!(super::claims(text).is_none(), "{text}");
        }
    }
}
