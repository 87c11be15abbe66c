//! PEM files of certificates and keys (RFC 7468).
//!
//! Certificates are public, so their base64 is read by a fast decoder: the constant-time one of `rustls-pki-types` takes 8
//! million instructions for a system's bundle. A private key is read by that one.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::failure::Failure;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// Returns every certificate of a PEM file, in order; what is not a certificate, or not base64, is passed over.
pub(super) fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    let mut found = Vec::new();
    let mut base64: Option<Vec<u8>> = None;
    for line in pem.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if let Some(label) = line.strip_prefix(BEGIN) {
            let wanted = matches!(
                label,
                b"CERTIFICATE-----" | b"TRUSTED CERTIFICATE-----" | b"X509 CERTIFICATE-----"
            );
            base64 = wanted.then(|| Vec::with_capacity(2048));
        } else if line.starts_with(END) {
            let der = base64.take().and_then(|text| STANDARD.decode(text).ok());
            found.extend(der.map(CertificateDer::from));
        } else if let Some(text) = &mut base64 {
            text.extend_from_slice(line);
        }
    }
    found
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
pub(super) fn read(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| {
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
        assert_eq!(
            certificates(pem),
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
