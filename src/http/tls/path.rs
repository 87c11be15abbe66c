//! The path of a server's certificate that calls itself an authority, which webpki does not take for a server's.
//!
//! `openssl req -x509 -CA` makes such certificates unless told otherwise, and OpenSSL, and so Airflow, takes them. Signatures are
//! checked here, everything else by the rules of every chain; where an authority limits names, the path is refused, because only
//! webpki checks that.

use rustls::CertificateError;
use rustls::crypto::WebPkiSupportedAlgorithms;

use super::certificate::Certificate;
use super::rules::{self, Refusal};

/// The most certificates of a path, as in webpki.
const MAX_DEPTH: usize = 7;

/// The most signatures that are checked, as in webpki.
const MAX_SIGNATURES: usize = 100;

/// The certificates that a path may consist of.
pub(super) struct Search<'a> {
    pub(super) anchors: &'a [&'a Certificate<'a>],
    pub(super) others: &'a [&'a Certificate<'a>],
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    pub(super) now: u64,
}

impl<'a> Search<'a> {
    /// Looks for a path from `leaf` to an anchor that is in order.
    ///
    /// # Errors
    /// There is none; the error is that of the last path that ended at an anchor.
    pub(super) fn run(&self, leaf: &'a [u8]) -> Result<(), CertificateError> {
        let mut outcome = Err(CertificateError::UnknownIssuer);
        let mut left = MAX_SIGNATURES;
        let leaf = Certificate::parse(leaf).ok_or(CertificateError::BadEncoding)?;
        self.extend(&mut vec![leaf], &mut left, &mut outcome);
        outcome
    }

    fn extend(
        &self,
        path: &mut Vec<Certificate<'a>>,
        left: &mut usize,
        outcome: &mut Result<(), CertificateError>,
    ) {
        let Some(last) = path.last() else { return };
        for anchor in self.anchors {
            if self.signed(last, anchor, left) {
                *outcome = self.check(path, anchor);
                if outcome.is_ok() {
                    return;
                }
            }
        }
        for next in self.others {
            let Some(last) = path.last() else { return };
            let is_there = path.iter().any(|there| there.der == next.der);
            if path.len() < MAX_DEPTH && !is_there && self.signed(last, next, left) {
                let Some(next) = Certificate::parse(next.der) else {
                    continue;
                };
                path.push(next);
                self.extend(path, left, outcome);
                path.pop();
                if outcome.is_ok() {
                    return;
                }
            }
        }
    }

    fn check(&self, path: &[Certificate<'_>], anchor: &Certificate<'_>) -> Result<(), CertificateError> {
        let mut authorities = path.iter().skip(1).chain([anchor]);
        if authorities.any(Certificate::has_name_constraints) {
            return Err(Refusal::LimitedAuthority.into());
        }
        rules::check(path, Some(anchor), self.now)
    }

    /// Whether `issuer` has signed `certificate`.
    fn signed(&self, certificate: &Certificate<'_>, issuer: &Certificate<'_>, left: &mut usize) -> bool {
        if !certificate.was_issued_by(issuer) || *left == 0 {
            return false;
        }
        *left -= 1;
        self.algorithms.all.iter().any(|algorithm| {
            algorithm.public_key_alg_id().as_ref() == issuer.key_algorithm
                && algorithm.signature_alg_id().as_ref() == certificate.signature_algorithm
                && algorithm
                    .verify_signature(issuer.key, certificate.tbs, certificate.signature)
                    .is_ok()
        })
    }
}
