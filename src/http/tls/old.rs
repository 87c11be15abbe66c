//! Certificates of version 1, which webpki does not read.
//!
//! OpenSSL does, and `openssl x509 -req` makes them: PostgreSQL's documentation has such servers. Must not know names: these
//! certificates have none but the subject's.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, DigitallySignedStruct, Error};

use super::certificate::Certificate;
use super::known::{self, Shown};
use super::path::Search;
use super::pem::{Held, Purpose};
use super::rules::{self, Refusal};

/// Returns the certificate if it is of version 1 or 2.
pub(super) fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Option<Certificate<'a>> {
    Certificate::parse(certificate).filter(|certificate| certificate.head.version < 3)
}

/// Checks that the server's certificate leads to a trusted one.
pub(super) fn check(
    leaf: &Certificate<'_>,
    held: &[Held],
    shown: &Shown<'_>,
    algorithms: WebPkiSupportedAlgorithms,
) -> Result<(), CertificateError> {
    let now = shown.now.as_secs();
    let is_held = held.iter().find(|held| *held.der == *leaf.der);
    match is_held.filter(|_| leaf.is_self_signed()) {
        Some(held) if held.purpose == Purpose::Rejected => Err(Refusal::Rejected.into()),
        Some(held) => rules::check(std::slice::from_ref(leaf), None, held.purpose, now),
        None => {
            let known = known::parsed(held);
            let (anchors, others) = known::divided(&known);
            let sent = known::sent_authorities(shown.intermediates, &known);
            let others: Vec<_> = sent.iter().chain(others).collect();
            let search = Search {
                anchors: &anchors,
                others: &others,
                algorithms,
                now,
            };
            search.run(shown.end_entity)
        }
    }
}

/// Checks the signature of a handshake with the certificate's key.
pub(super) fn verify_by_key(
    algorithms: WebPkiSupportedAlgorithms,
    certificate: &Certificate<'_>,
    message: &[u8],
    dss: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let of_scheme = algorithms
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == dss.scheme);
    let of_scheme = of_scheme.map_or(&[][..], |(_, algorithms)| algorithms);
    let is_right = of_scheme
        .iter()
        .filter(|algorithm| algorithm.public_key_alg_id().as_ref() == certificate.key_algorithm)
        .any(|algorithm| {
            algorithm
                .verify_signature(certificate.key, message, dss.signature())
                .is_ok()
        });
    if is_right {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }
}
