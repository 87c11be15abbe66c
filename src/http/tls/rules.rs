//! What OpenSSL requires of a chain beyond webpki, and the reasons for refusing one.
//!
//! webpki accepts any trusted certificate as an authority. OpenSSL, and so Python's requests, trusts a chain that ends in a
//! self-signed authority among the trusted certificates, and checks that authority like the others. Facts: OpenSSL 3.0,
//! `crypto/x509/x509_vfy.c` (`check_extensions`, `internal_verify`, `check_trust`), as CPython 3.11 and urllib3 use it: neither
//! `X509_V_FLAG_PARTIAL_CHAIN` nor `X509_V_FLAG_X509_STRICT` is set. (From CPython 3.13 on both are.)

use rustls::CertificateError;

use super::certificate::{Authority, Certificate};
use super::pem::Purpose;

/// Why a chain is refused that webpki would accept, or would refuse without saying enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The certificate with the issuer's name, trusted or sent, is not an authority's.
    #[error("the certificate of its issuer is not an authority's")]
    NoAuthority,
    /// The issuer is trusted, but no path leads from it to a root.
    #[error(
        "the trusted certificates include the authority that signed it, but not the root above that authority"
    )]
    NoRoot,
    /// The server's own certificate is trusted, but not self-signed.
    #[error(
        "it is one of the trusted certificates, but only a self-signed one is trusted without its authority"
    )]
    NotSelfSigned,
    /// The file of trusted certificates says so.
    #[error("the trusted certificates reject a certificate of its chain for servers")]
    Rejected,
    #[error("its authority's own certificate has expired")]
    AuthorityExpired,
    #[error("its authority's own certificate is not valid yet")]
    AuthorityNotYetValid,
    #[error("its authority's key usage does not allow signing for servers")]
    AuthorityUsage,
    #[error("there are more authorities between it and its root than the root allows")]
    PathLength,
    #[error("it names a different key of its authority than the trusted one")]
    OtherKey,
    #[error("its key usage does not allow a server")]
    ServerUsage,
    #[error("its chain has an unknown critical extension")]
    UnknownExtension,
    #[error("it is marked as an authority, and an authority above it limits names")]
    LimitedAuthority,
}

impl Refusal {
    /// Returns whether trusting another certificate would help.
    pub(crate) fn is_unknown_issuer(self) -> bool {
        matches!(self, Self::NoAuthority | Self::NoRoot | Self::NotSelfSigned)
    }
}

impl From<Refusal> for CertificateError {
    fn from(refusal: Refusal) -> Self {
        Self::Other(rustls::OtherError(std::sync::Arc::new(refusal)))
    }
}

/// Returns whether a chain may end at a trusted certificate: at a root, or where the file's OpenSSL settings say so.
pub(super) fn is_anchor(certificate: &Certificate<'_>, purpose: Purpose) -> bool {
    let ends = match purpose {
        Purpose::Rejected => false,
        Purpose::Servers => true,
        Purpose::Unsaid => certificate.is_self_signed(),
    };
    ends && certificate.authority() != Authority::No
}

/// Checks a chain, from the server's certificate upwards. `root` ends it when the trusted certificate itself is known.
///
/// `purpose` is what the trusted certificates say about the last one. If it is trusted for servers, its own usages do not matter
/// (`check_purpose`).
pub(super) fn check(
    chain: &[Certificate<'_>],
    root: Option<&Certificate<'_>>,
    purpose: Purpose,
    now: u64,
) -> Result<(), CertificateError> {
    let last = chain.len() + usize::from(root.is_some()) - 1;
    let mut authorities_below = 0;
    let mut below: Option<&Certificate<'_>> = None;
    for (depth, certificate) in chain.iter().chain(root).enumerate() {
        let is_root = depth == chain.len();
        let usage_matters = depth != last || purpose != Purpose::Servers;
        if certificate.has_refused_extension() {
            return Err(Refusal::UnknownExtension.into());
        }
        if depth == 0 {
            if usage_matters && !(certificate.may_be_shown() && certificate.is_for_servers()) {
                return Err(Refusal::ServerUsage.into());
            }
        } else {
            match certificate.authority() {
                Authority::Yes => {}
                Authority::OldRoot if is_root => {}
                Authority::OldRoot | Authority::No => return Err(Refusal::NoAuthority.into()),
            }
            if usage_matters && !certificate.is_for_servers() {
                return Err(Refusal::AuthorityUsage.into());
            }
        }
        // A root that is the only authority has no authorities below to count.
        if depth > 1
            && certificate
                .path_length()
                .is_some_and(|length| authorities_below > length)
        {
            return Err(Refusal::PathLength.into());
        }
        if depth > 0 && !certificate.is_self_issued() {
            authorities_below += 1;
        }
        if below.is_some_and(|below| !below.was_issued_by(certificate)) {
            return Err(Refusal::OtherKey.into());
        }
        certificate
            .head
            .check_validity(now)
            .map_err(|problem| match problem {
                CertificateError::Expired if depth > 0 => Refusal::AuthorityExpired.into(),
                CertificateError::NotValidYet if depth > 0 => Refusal::AuthorityNotYetValid.into(),
                problem => problem,
            })?;
        below = Some(certificate);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Sample, authority, expired, plain, self_signed, signed_by};
    use super::*;

    /// 2026-01-01.
    const NOW: u64 = 1_767_225_600;

    /// Returns the refusal of a chain from the server's certificate to the root.
    fn said(chain: &[&Sample]) -> Option<String> {
        let mut read: Vec<_> = chain
            .iter()
            .map(|sample| Certificate::parse(sample.der()).expect("a certificate"))
            .collect();
        let root = read.pop().expect("a root");
        match check(&read, Some(&root), Purpose::Unsaid, NOW) {
            Ok(()) => None,
            Err(CertificateError::Other(other)) => Some(other.to_string()),
            Err(error) => Some(format!("{error:?}")),
        }
    }

    #[test]
    fn every_certificate_of_a_chain_is_checked() {
        let root = self_signed(authority("root", None));
        let under = signed_by(authority("under", Some(0)), &root);
        let below = signed_by(authority("below", None), &under);
        let by = |issuer: &Sample| signed_by(plain("server"), issuer);
        assert_eq!(said(&[&by(&root), &root]), None);
        assert_eq!(said(&[&by(&under), &under, &root]), None);
        let long = said(&[&by(&below), &below, &under, &root]);
        assert_eq!(long, Some(Refusal::PathLength.to_string()));

        let pinned = self_signed(plain("pinned"));
        assert_eq!(
            said(&[&by(&pinned), &pinned]),
            Some(Refusal::NoAuthority.to_string())
        );
        let old = self_signed(expired(authority("old", None)));
        assert_eq!(
            said(&[&by(&old), &old]),
            Some(Refusal::AuthorityExpired.to_string())
        );
        let stale = signed_by(expired(plain("server")), &root);
        assert_eq!(said(&[&stale, &root]).as_deref(), Some("Expired"));
        let stranger = self_signed(authority("stranger", None));
        assert_eq!(
            said(&[&by(&root), &stranger]),
            Some(Refusal::OtherKey.to_string())
        );
    }

    #[test]
    fn a_chain_ends_at_a_root_or_where_the_file_says() {
        let root = self_signed(authority("root", None));
        let under = signed_by(authority("under", None), &root);
        let pinned = self_signed(plain("pinned"));
        let ends = |sample: &Sample, purpose| {
            is_anchor(&Certificate::parse(sample.der()).expect("a certificate"), purpose)
        };
        assert!(ends(&root, Purpose::Unsaid) && ends(&root, Purpose::Servers));
        assert!(!ends(&root, Purpose::Rejected));
        assert!(!ends(&under, Purpose::Unsaid) && ends(&under, Purpose::Servers));
        assert!(!ends(&pinned, Purpose::Unsaid) && !ends(&pinned, Purpose::Servers));
    }
}
