//! PEM files of certificates and keys (RFC 7468).
//!
//! Certificates are public, so their base64 is read by a fast decoder: the constant-time one of `rustls-pki-types` takes 8
//! million instructions for a system's bundle. And of a bundle's hundred and fifty certificates a handshake needs one: the
//! markers are found without looking at every byte, and only as much is decoded as tells whose certificate it is. A private key
//! is read by the constant-time decoder.

use std::path::Path;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memmem};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::failure::Failure;
use super::der::Head;
use crate::file;
use crate::secret::Secret;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// How much of a certificate's base64 is decoded to learn its subject; where that is not enough, all of it is.
const HEAD_CHARACTERS: usize = 480;

/// Returns every certificate of a PEM file, in order; what is not a certificate, or not base64, is passed over.
pub(super) fn certificates(pem: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    bodies(pem)
        .filter_map(|body| decode(body, usize::MAX))
        .map(CertificateDer::from)
}

/// Returns the certificates of a PEM file whose subject is one of `subjects`.
pub(super) fn certificates_of(pem: &[u8], subjects: &[&[u8]]) -> Vec<CertificateDer<'static>> {
    let wanted = |der: &[u8]| Head::of(der).map(|head| subjects.contains(&head.subject));
    let mut found = Vec::new();
    for body in bodies(pem) {
        let told = decode(body, HEAD_CHARACTERS).and_then(|head| wanted(&head));
        if told == Some(false) {
            continue;
        }
        if let Some(der) = decode(body, usize::MAX).filter(|der| wanted(der) == Some(true)) {
            found.push(CertificateDer::from(der));
        }
    }
    found
}

/// Returns the base64 of every certificate, with its newlines.
fn bodies(pem: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = pem;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[memmem::find(rest, BEGIN)? + BEGIN.len()..];
            let label_end = memmem::find(rest, b"-----")?;
            let label = &rest[..label_end];
            rest = &rest[label_end + 5..];
            let end = memmem::find(rest, END)?;
            let body = &rest[..end];
            rest = &rest[end..];
            if matches!(
                label,
                b"CERTIFICATE" | b"TRUSTED CERTIFICATE" | b"X509 CERTIFICATE"
            ) {
                return Some(body);
            }
        }
    })
}

/// Decodes up to `characters` (a multiple of 4) of a body.
fn decode(body: &[u8], characters: usize) -> Option<Vec<u8>> {
    let mut base64 = Vec::with_capacity(body.len().min(characters));
    let mut rest = body;
    while !rest.is_empty() && base64.len() < characters {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest[..end].trim_ascii();
        base64.extend_from_slice(&line[..line.len().min(characters - base64.len())]);
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    STANDARD.decode(base64).ok()
}

/// Returns the first private key of a PEM file: PKCS#8, PKCS#1 or SEC1.
///
/// # Errors
/// A file that has none, or an encrypted one, which would ask for a password.
pub(super) fn private_key(pem: &[u8], path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        let encrypted = pem.windows(9).any(|window| window == b"ENCRYPTED");
        let what = if encrypted {
            "only an encrypted private key"
        } else {
            "no private key in PEM form"
        };
        Failure::configuration(format!("`{}` holds {what}", path.display()))
    })
}

/// Reads a file that configuration names.
pub(super) fn read(path: &Path, what: &str, deadline: Instant) -> Result<Secret, Failure> {
    file::read(path, deadline).map_err(|source| {
        Failure::configuration(format!("{what} `{}` cannot be read", path.display())).with_source(source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_found_among_other_things() {
        let pem =
            b"# a comment\r\n-----BEGIN CERTIFICATE-----\r\nAQID\r\nBA==\r\n-----END CERTIFICATE-----\r\n\
            -----BEGIN PRIVATE KEY-----\nBQY=\n-----END PRIVATE KEY-----\n\
            -----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n\
            -----BEGIN TRUSTED CERTIFICATE-----\nBw==\n-----END TRUSTED CERTIFICATE-----";
        let found: Vec<_> = certificates(pem).collect();
        assert_eq!(
            found,
            [
                CertificateDer::from(vec![1, 2, 3, 4]),
                CertificateDer::from(vec![7])
            ]
        );
    }

    #[test]
    fn an_encrypted_key_is_named_as_such() {
        let pem = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQID\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let failure = private_key(pem, Path::new("k.pem")).expect_err("encrypted");
        assert_eq!(failure.to_string(), "`k.pem` holds only an encrypted private key");
    }
}
