//! Finds the path of a server's certificate that is marked as an authority, which webpki refuses for a server.
//!
//! `openssl req -x509 -CA` makes such certificates by default; OpenSSL, and so Airflow, accepts them. Signatures are checked here,
//! and `rules` checks everything else. A path with an authority that limits names is refused, because only webpki checks limits.

use rustls::CertificateError;
use rustls::crypto::WebPkiSupportedAlgorithms;

use super::certificate::Certificate;
use super::pem::Purpose;
use super::rules::{self, Refusal};

/// The maximum number of certificates in a path, as in webpki.
const MAX_DEPTH: usize = 7;

/// The maximum number of signature checks, as in webpki.
const MAX_SIGNATURES: usize = 100;

/// The certificates that a path may use.
pub(super) struct Search<'a> {
    pub(super) anchors: &'a [&'a (Certificate<'a>, Purpose)],
    pub(super) others: &'a [&'a Certificate<'a>],
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    pub(super) now: u64,
}

impl<'a> Search<'a> {
    /// Looks for a valid path from `leaf` to an anchor.
    ///
    /// # Errors
    /// No valid path. The error is that of the last path that ended at an anchor.
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
        for (anchor, purpose) in self.anchors {
            if self.signed(last, anchor, left) {
                *outcome = self.check(path, anchor, *purpose);
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

    fn check(
        &self,
        path: &[Certificate<'_>],
        anchor: &Certificate<'_>,
        purpose: Purpose,
    ) -> Result<(), CertificateError> {
        let mut authorities = path.iter().skip(1).chain([anchor]);
        if authorities.any(Certificate::has_name_constraints) {
            return Err(Refusal::LimitedAuthority.into());
        }
        rules::check(path, Some(anchor), purpose, self.now)
    }

    /// Returns whether `issuer` has signed `certificate`.
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

#[cfg(test)]
mod tests {
    use super::super::samples::{Sample, authority, self_signed, signed_by};
    use super::*;

    /// 2026-01-01.
    const NOW: u64 = 1_767_225_600;

    fn search(leaf: &Sample, anchors: &[&Sample], others: &[&Sample]) -> Result<(), CertificateError> {
        fn read<'a>(samples: &[&'a Sample]) -> Vec<Certificate<'a>> {
            let read = |sample: &&'a Sample| Certificate::parse(sample.der()).expect("a certificate");
            samples.iter().map(read).collect()
        }
        let (anchors, others) = (read(anchors), read(others));
        let anchors: Vec<_> = anchors
            .into_iter()
            .map(|anchor| (anchor, Purpose::Unsaid))
            .collect();
        let search = Search {
            anchors: &anchors.iter().collect::<Vec<_>>(),
            others: &others.iter().collect::<Vec<_>>(),
            algorithms: rustls::crypto::ring::default_provider().signature_verification_algorithms,
            now: NOW,
        };
        search.run(leaf.der())
    }

    #[test]
    fn signatures_lead_to_an_anchor_or_nowhere() {
        let root = self_signed(authority("root", None));
        let mimic = self_signed(authority("root", None));
        let under = signed_by(authority("under", None), &root);
        let leaf = signed_by(authority("server", None), &under);
        assert_eq!(search(&leaf, &[&root], &[&under]), Ok(()));
        assert_eq!(search(&leaf, &[&mimic, &root], &[&mimic, &under]), Ok(()));
        for (anchors, others) in [
            (vec![&root], vec![]),
            (vec![&mimic], vec![&under]),
            (vec![], vec![&under, &root]),
        ] {
            assert_eq!(
                search(&leaf, &anchors, &others),
                Err(CertificateError::UnknownIssuer)
            );
        }
    }

    #[test]
    fn a_search_ends() {
        let root = self_signed(authority("root", None));
        let mut chain = vec![self_signed(authority("level 0", None))];
        for level in 1..9 {
            let next = signed_by(authority(&format!("level {level}"), None), &chain[level - 1]);
            chain.push(next);
        }
        let others: Vec<&Sample> = chain[..8].iter().collect();
        assert!(search(&chain[8], &[&root], &others).is_err());
        // Authorities of one name that have all signed each other, judged by name.
        let twins: Vec<Sample> = (0..40).map(|_| self_signed(authority("twin", None))).collect();
        let all: Vec<&Sample> = twins.iter().collect();
        assert!(search(&signed_by(authority("twin", None), &twins[39]), &[&root], &all).is_err());
    }
}
