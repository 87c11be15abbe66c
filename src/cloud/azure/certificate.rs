//! A client certificate, from a PEM or PFX file, and the assertions that its key signs.
//!
//! Facts: `certificate.py` of azure-identity 1.27.0 for Python and msal's `JwtAssertionCreator`: RS256, the thumbprint in `x5t`, the
//! chain in `x5c` on request. `azure_identity`'s own credential needs OpenSSL and signs PS256. Must not send anything.

use std::fmt;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::{digest, signature};
use zeroize::Zeroizing;

use super::pfx;
use crate::error::{Error, Result};
use crate::file;
use crate::secret::Secret;

/// The lifetime of an assertion (msal's `create_regenerative_assertion`).
const LIFETIME_SECONDS: u64 = 600;

/// A certificate with its key.
pub(super) struct Certificate {
    key: signature::RsaKeyPair,
    /// In DER: the key's certificate, then the other certificates of the file.
    chain: Vec<Vec<u8>>,
    send_chain: bool,
}

impl Certificate {
    /// Reads a file that holds a certificate and its key.
    ///
    /// # Errors
    /// A file that cannot be read, is neither PEM nor PFX, has another password, or has a key that is not RSA, with status 2.
    pub(super) fn read(
        path: &Path,
        password: Option<&Secret>,
        send_chain: bool,
        deadline: Instant,
    ) -> Result<Self> {
        let shown = crate::shown::shown(&path.display().to_string());
        let file = file::read(path, deadline).map_err(|source| {
            Error::usage(format!("the client certificate `{shown}` cannot be read"))
                .with_hint("check AZURE_CLIENT_CERTIFICATE_PATH")
                .with_source(source)
        })?;
        let file = file.expose();
        let is_pem = file.windows(10).any(|window| window == b"-----BEGIN");
        let (key, chain) = if is_pem {
            pem(file, password)
        } else {
            from_pfx(file, password)
        }
        .map_err(|error| {
            error.map_message(|message| format!("the client certificate `{shown}` {message}"))
        })?;
        Ok(Self {
            key,
            chain,
            send_chain,
        })
    }

    /// Returns a signed assertion of the identity of `client_id`, for `audience`.
    ///
    /// # Errors
    /// A key that cannot sign, with status 1.
    pub(super) fn assertion(&self, client_id: &str, audience: &str) -> Result<String> {
        let mut header = serde_json::json!({"alg": "RS256", "typ": "JWT"});
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.chain[0]);
        // Python keeps the padding here; Microsoft Entra ID accepts both.
        header["x5t"] = base64::engine::general_purpose::URL_SAFE
            .encode(thumbprint)
            .into();
        if self.send_chain {
            header["x5c"] = self
                .chain
                .iter()
                .map(|certificate| STANDARD.encode(certificate))
                .collect::<Vec<_>>()
                .into();
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let payload = serde_json::json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": identifier()?,
        });
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(&header), encode(&payload));
        let mut signed = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &signature::RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signed,
            )
            .map_err(|_| Error::internal("the client certificate's key cannot sign"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed)))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} in the chain)", self.chain.len())
    }
}

/// Returns a random UUID (version 4).
fn identifier() -> Result<String> {
    let random: [u8; 16] = ring::rand::generate(&SystemRandom::new())
        .map_err(|_| Error::internal("the system does not provide random numbers"))?
        .expose();
    let number = u128::from_be_bytes(random) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{number:032x}");
    Ok(format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    ))
}

type KeyAndChain = (signature::RsaKeyPair, Vec<Vec<u8>>);

fn pem(file: &[u8], password: Option<&Secret>) -> Result<KeyAndChain> {
    let text = std::str::from_utf8(file).map_err(|_| Error::usage("is not a PEM file"))?;
    let (mut key, mut chain) = (None, Vec::new());
    for (label, body, encrypted) in blocks(text) {
        if !label.ends_with("PRIVATE KEY") && label != "CERTIFICATE" {
            continue;
        }
        if encrypted {
            return Err(Error::usage("has a key that is encrypted in the old PEM form")
                .with_hint("convert it with `openssl pkcs8 -topk8`"));
        }
        let body: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
        let der = STANDARD
            .decode(body.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| Error::usage("is damaged: a block is not base64"))?;
        match label {
            "CERTIFICATE" => chain.push(der.to_vec()),
            _ if key.is_some() => {}
            "RSA PRIVATE KEY" => {
                key = Some(signature::RsaKeyPair::from_der(&der).map_err(|error| unusable(&error))?);
            }
            "PRIVATE KEY" => key = Some(pkcs8(&der)?),
            "ENCRYPTED PRIVATE KEY" => key = Some(decrypt(&der, password)?),
            _ => return Err(not_rsa()),
        }
    }
    let key = key.ok_or_else(|| Error::usage("holds no private key"))?;
    if chain.is_empty() {
        return Err(Error::usage("holds no certificate"));
    }
    Ok((key, chain))
}

/// Returns the blocks of a PEM file: label, base64, and whether an old header marks it as encrypted.
fn blocks(text: &str) -> Vec<(&str, &str, bool)> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let Some((label, begun)) = begun.split_once("-----") else {
            break;
        };
        let Some((body, after)) = begun.split_once("-----END ") else {
            break;
        };
        blocks.push((label, body, body.contains("Proc-Type:")));
        rest = after;
    }
    blocks
}

fn pkcs8(der: &[u8]) -> Result<signature::RsaKeyPair> {
    signature::RsaKeyPair::from_pkcs8(der).map_err(|error| unusable(&error))
}

fn decrypt(der: &[u8], password: Option<&Secret>) -> Result<signature::RsaKeyPair> {
    let password = password.ok_or_else(|| {
        Error::usage("has an encrypted key, but no password is given")
            .with_hint("set AZURE_CLIENT_CERTIFICATE_PASSWORD")
    })?;
    let key = pkcs8::EncryptedPrivateKeyInfoRef::try_from(der)
        .map_err(|_| Error::usage("has an encrypted key that cannot be read"))?;
    let document = key.decrypt(password.expose()).map_err(|_| wrong_password())?;
    pkcs8(document.as_bytes())
}

fn from_pfx(file: &[u8], password: Option<&Secret>) -> Result<KeyAndChain> {
    let password = match password {
        None => "",
        Some(password) => password
            .expose_text()
            .ok_or_else(|| Error::usage("has a password that is not UTF-8"))?,
    };
    let contents = pfx::open(file, password).map_err(|closed| match closed {
        pfx::Closed::OtherPassword => wrong_password(),
        pfx::Closed::Damaged => Error::usage("is not a valid PEM or PFX file"),
        pfx::Closed::Unsupported => Error::usage("is a PFX file with a cipher that is not supported")
            .with_hint("write it anew with OpenSSL 3: `openssl pkcs12 -in FILE -nodes | openssl pkcs12 -export -out NEW`"),
    })?;
    let key = contents.key.ok_or_else(|| Error::usage("holds no private key"))?;
    let key = pkcs8(&key)?;
    // The first that has the key's public half, as OpenSSL finds it; the others follow in their order.
    let mut chain = contents.certificates;
    let own = chain
        .iter()
        .position(|certificate| pfx::public_key(certificate) == Some(key.public().as_ref()))
        .ok_or_else(|| Error::usage("holds no certificate of its private key"))?;
    chain[..=own].rotate_right(1);
    Ok((key, chain))
}

fn wrong_password() -> Error {
    Error::usage("cannot be opened with this password").with_hint("check AZURE_CLIENT_CERTIFICATE_PASSWORD")
}

fn not_rsa() -> Error {
    Error::usage("has a key that is not RSA; Microsoft Entra ID accepts only RSA keys")
}

/// Returns the reason why a key cannot be used. The texts of ring's errors are fixed: they hold nothing from the file.
fn unusable(error: &ring::error::KeyRejected) -> Error {
    match error.to_string().as_str() {
        "WrongAlgorithm" | "VersionNotSupported" => not_rsa(),
        "TooSmall" => Error::usage("has an RSA key of fewer than 2048 bits"),
        "TooLarge" => Error::usage("has an RSA key of more than 4096 bits"),
        _ => Error::usage("has a private key that cannot be used"),
    }
}
