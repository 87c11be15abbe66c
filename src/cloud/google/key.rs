//! A service account's key: from a file, from a kwarg, or from application default credentials.
//!
//! Source: google-auth 2.x, `oauth2/service_account.py` (`from_service_account_info`), `_service_account_info.py`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::python::json::{Object, Value, dumps_compact};
use crate::secret::Secret;

/// A service account and its private key.
pub(crate) struct ServiceAccountKey {
    pub(crate) email: String,
    pub(crate) project_id: Option<String>,
    pub(crate) token_uri: String,
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
        let mut header = Object::new();
        header.insert("typ".to_owned(), Value::String("JWT".to_owned()));
        header.insert("alg".to_owned(), Value::String("RS256".to_owned()));
        if let Some(id) = &self.private_key_id {
            header.insert("kid".to_owned(), Value::String(id.clone()));
        }
        let encode = |object: Object| URL_SAFE_NO_PAD.encode(dumps_compact(&Value::Object(object)));
        let message = format!("{}.{}", encode(header), encode(claims));
        let unusable =
            || Error::usage("the private key of the Google service account is not an RSA key in PEM form");
        let key = self.key_pair().ok_or_else(unusable)?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .map_err(|_| unusable())?;
        Ok(Secret::from(format!(
            "{message}.{}",
            URL_SAFE_NO_PAD.encode(signature)
        )))
    }

    fn key_pair(&self) -> Option<RsaKeyPair> {
        let text = self.private_key.expose_text()?;
        let (_, rest) = text.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let (body, _) = rest.split_once("-----END ")?;
        let base64: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
        let der = Zeroizing::new(STANDARD.decode(base64.as_bytes()).ok()?);
        match label {
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok(),
            _ => RsaKeyPair::from_pkcs8(&der).ok(),
        }
    }
}
