//! The hash of a server's certificate to which a login is bound (RFC 5929, section 4.1; RFC 4055 and 5758 for the algorithms).

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use rustls::pki_types::CertificateDer;

use super::certificate::Certificate;
use super::der;

/// Returns the hash, or `None` when the certificate's signature has no hash of its own, as with Ed25519.
pub(crate) fn server_end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    const OBJECT_IDENTIFIER: u8 = 0x06;
    let parsed = Certificate::parse(certificate)?;
    let (name, _) = der::element(parsed.signature_algorithm, OBJECT_IDENTIFIER)?;
    Some(digest(hash_of(name)?, certificate).as_ref().to_vec())
}

/// Returns the hash of a signature's algorithm; SHA-256 instead of MD5 and SHA-1.
fn hash_of(name: &[u8]) -> Option<&'static Algorithm> {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    const ELLIPTIC_WITH_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
    const ELLIPTIC_WITH_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
    if name == ELLIPTIC_WITH_SHA1 {
        return Some(&SHA256);
    }
    let (&last, family) = name.split_last()?;
    match (family == RSA, family == ELLIPTIC_WITH_SHA2, last) {
        (true, _, 4 | 5 | 11) | (_, true, 2) => Some(&SHA256),
        (true, _, 12) | (_, true, 3) => Some(&SHA384),
        (true, _, 13) | (_, true, 4) => Some(&SHA512),
        _ => None,
    }
}
