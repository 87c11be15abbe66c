//! The certificates that a path may use: those that are trusted, and those that the server sends.

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::certificate::{Authority, Certificate};
use super::pem::{Held, Purpose};
use super::rules;

/// The certificates that a server sends, and its name.
pub(super) struct Shown<'a> {
    pub(super) end_entity: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) server_name: &'a ServerName<'a>,
    pub(super) now: UnixTime,
}

/// A trusted certificate, and what its file says about its use.
pub(super) type Known<'a> = (Certificate<'a>, Purpose);

/// Parses the trusted certificates.
pub(super) fn parsed(held: &[Held]) -> Vec<Known<'_>> {
    held.iter()
        .filter_map(|held| Some((Certificate::parse(&held.der)?, held.purpose)))
        .collect()
}

/// Divides the trusted certificates into those that a path may end at, and other authorities.
pub(super) fn divided<'k, 'a>(known: &'k [Known<'a>]) -> (Vec<&'k Known<'a>>, Vec<&'k Certificate<'a>>) {
    let (roots, others): (Vec<_>, Vec<_>) = known
        .iter()
        .filter(|(_, purpose)| *purpose != Purpose::Rejected)
        .partition(|(certificate, purpose)| rules::is_anchor(certificate, *purpose));
    let others = others
        .into_iter()
        .map(|(certificate, _)| certificate)
        .filter(|certificate| certificate.authority() != Authority::No)
        .collect();
    (roots, others)
}

/// Returns the certificates that the server sends beside its own.
pub(super) fn sent_authorities<'a>(
    intermediates: &'a [CertificateDer<'a>],
    known: &[Known<'_>],
) -> Vec<Certificate<'a>> {
    intermediates
        .iter()
        .filter_map(|der| Certificate::parse(der))
        .filter(|shown| !is_rejected(shown.der, known))
        .collect()
}

/// Returns whether the trusted certificates reject a certificate.
pub(super) fn is_rejected(der: &[u8], known: &[Known<'_>]) -> bool {
    known
        .iter()
        .any(|(certificate, purpose)| *purpose == Purpose::Rejected && certificate.der == der)
}
