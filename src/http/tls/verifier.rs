//! Checks a server's certificate with webpki and OpenSSL's rules, or not at all.
//!
//! Only the trusted certificates that are issuers of what the server sends are looked at. webpki finds the path and checks
//! signatures, dates, names and constraints. `rules` checks what OpenSSL requires beyond that, above all that the path ends at an
//! authority.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, PeerMisbehaved, SignatureScheme};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use super::super::failure::Failure;
use super::certificate::{Authority, Certificate};
use super::common_name;
use super::der::Head;
use super::known::{self, Known, Shown, is_rejected};
use super::old;
use super::path::Search;
use super::pem::{Held, Purpose};
use super::roots::{Roots, Trust};
use super::rules::{self, Refusal};

/// Checks a server's certificate.
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    trusted: Trusted,
    names: Names,
}

/// Which name a server's certificate must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// The host's name.
    Host,
    /// The host's name, which may be the subject's common name when there is no alternative name: libpq's `verify-full`.
    HostOrCommonName,
    /// Any name: only the issuer counts.
    Any,
}

/// Which servers are trusted.
enum Trusted {
    /// Any server that holds the key of its certificate: `"verify": false`.
    Any,
    /// The server whose certificate has this SHA-1: Azure Service Fabric's server is identified so.
    Thumbprint([u8; 20]),
    /// Any server whose certificate leads to a trusted one.
    Issued(Trust),
}

impl Verifier {
    /// Reads the trusted certificates.
    ///
    /// # Errors
    /// A file or a folder that cannot be used.
    pub(super) fn new(
        roots: &Roots,
        provider: Arc<CryptoProvider>,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let trusted = match roots {
            Roots::Unverified => Trusted::Any,
            Roots::Thumbprint(thumbprint) => Trusted::Thumbprint(*thumbprint),
            Roots::System { .. } | Roots::Path(_) | Roots::Text(..) => {
                Trusted::Issued(Trust::load(roots, deadline)?)
            }
        };
        Ok(Self {
            provider,
            trusted,
            names: Names::Host,
        })
    }

    /// Sets which name a server's certificate must have.
    pub(super) fn checking(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// Checks the server's certificates against the trusted ones that were found for it.
    fn check(&self, trust: &Trust, held: &[Held], shown: &Shown<'_>) -> Result<(), CertificateError> {
        let leaf = Certificate::parse(shown.end_entity).ok_or(CertificateError::BadEncoding)?;
        let end_entity = match EndEntityCert::try_from(shown.end_entity) {
            Ok(end_entity) => end_entity,
            Err(webpki::Error::UnsupportedCertVersion) => {
                let algorithms = self.provider.signature_verification_algorithms;
                old::check(&leaf, held, shown, algorithms)?;
                return match self.names {
                    Names::Any => Ok(()),
                    Names::HostOrCommonName if common_name::matches(&leaf, shown.server_name) => Ok(()),
                    // It cannot have an alternative name.
                    Names::Host | Names::HostOrCommonName => Err(CertificateError::NotValidForName),
                };
            }
            Err(error) => return Err(problem(error)),
        };
        let is_held = held.iter().find(|held| *held.der == *leaf.der);
        match is_held.filter(|_| leaf.is_self_signed()) {
            // It is its own issuer, and OpenSSL looks no further.
            Some(held) if held.purpose == Purpose::Rejected => return Err(Refusal::Rejected.into()),
            Some(held) => rules::check(
                std::slice::from_ref(&leaf),
                None,
                held.purpose,
                shown.now.as_secs(),
            )?,
            None => self.check_chain(trust, held, &end_entity, shown)?,
        }
        match self.names {
            Names::Any => Ok(()),
            Names::HostOrCommonName if common_name::matches(&leaf, shown.server_name) => Ok(()),
            Names::Host | Names::HostOrCommonName => end_entity
                .verify_is_valid_for_subject_name(shown.server_name)
                .map_err(problem),
        }
    }

    /// Looks for a path to a trusted authority.
    fn check_chain(
        &self,
        trust: &Trust,
        held: &[Held],
        end_entity: &EndEntityCert<'_>,
        shown: &Shown<'_>,
    ) -> Result<(), CertificateError> {
        let known = known::parsed(held);
        let (roots, others) = known::divided(&known);

        let trusted: Vec<CertificateDer<'_>> = roots.iter().map(|(root, _)| root.der.into()).collect();
        let anchors: Vec<TrustAnchor<'_>> = trusted
            .iter()
            .filter_map(|der| webpki::anchor_from_trusted_cert(der).ok())
            .chain(trust.mozilla().iter().cloned())
            .collect();
        // Trusted authorities that are not roots may lead to one, like those that the server sends.
        let intermediates: Vec<CertificateDer<'_>> = shown
            .intermediates
            .iter()
            .map(|der| CertificateDer::from(der.as_ref()))
            .chain(others.iter().map(|other| other.der.into()))
            .collect();

        let refusal = RefCell::new(None);
        let accept = |path: &VerifiedPath<'_>| {
            check_path(path, &roots, &known, shown.now).map_err(|problem| {
                refusal.replace(Some(problem));
                webpki::Error::UnknownIssuer
            })
        };
        let outcome = end_entity.verify_for_usage(
            self.provider.signature_verification_algorithms.all,
            &anchors,
            &intermediates,
            shown.now,
            KeyUsage::server_auth(),
            None,
            Some(&accept),
        );
        let error = match outcome {
            Ok(_) => return Ok(()),
            Err(webpki::Error::CaUsedAsEndEntity) => {
                let shown_too = known::sent_authorities(shown.intermediates, &known);
                let others: Vec<_> = shown_too.iter().chain(others.iter().copied()).collect();
                let search = Search {
                    anchors: &roots,
                    others: &others,
                    algorithms: self.provider.signature_verification_algorithms,
                    now: shown.now.as_secs(),
                };
                match search.run(shown.end_entity) {
                    Ok(()) => return Ok(()),
                    Err(error) => error,
                }
            }
            Err(error) => refusal.take().unwrap_or_else(|| problem(error)),
        };
        Err(match error {
            CertificateError::UnknownIssuer => why_unknown(&known, &anchors, end_entity),
            error => error,
        })
    }
}

/// Checks a path that webpki has found by OpenSSL's rules.
///
/// `roots` are the trusted certificates that it may end at. If none of these fits, it ends at one of Mozilla's.
fn check_path(
    path: &VerifiedPath<'_>,
    roots: &[&Known<'_>],
    known: &[Known<'_>],
    now: UnixTime,
) -> Result<(), CertificateError> {
    let shown: Vec<CertificateDer<'_>> = std::iter::once(path.end_entity().der())
        .chain(path.intermediate_certificates().map(webpki::Cert::der))
        .collect();
    if shown.iter().skip(1).any(|der| is_rejected(der, known)) {
        return Err(Refusal::Rejected.into());
    }
    let chain: Vec<Certificate<'_>> = shown
        .iter()
        .map(|der| Certificate::parse(der))
        .collect::<Option<_>>()
        .ok_or(CertificateError::BadEncoding)?;
    let anchor = path.anchor();
    let mut outcome = None;
    for (root, purpose) in roots {
        if root.head.subject == anchor.subject.as_ref()
            && root.public_key_info == anchor.subject_public_key_info.as_ref()
        {
            match rules::check(&chain, Some(root), *purpose, now.as_secs()) {
                Ok(()) => return Ok(()),
                Err(problem) => outcome = Some(problem),
            }
        }
    }
    match outcome {
        Some(problem) => Err(problem),
        None => rules::check(&chain, None, Purpose::Unsaid, now.as_secs()),
    }
}

/// Returns why no path was found, when the trusted certificates show a reason.
fn why_unknown(
    known: &[Known<'_>],
    anchors: &[TrustAnchor<'_>],
    end_entity: &EndEntityCert<'_>,
) -> CertificateError {
    let leaf_is_self_issued = end_entity.subject() == end_entity.issuer();
    let is_anchored = |name: &[u8]| anchors.iter().any(|anchor| anchor.subject.as_ref() == name);
    let mut reasons = known.iter().filter_map(|(certificate, purpose)| {
        if *purpose == Purpose::Rejected {
            Some(Refusal::Rejected)
        } else if *certificate.der == *end_entity.der() {
            Some(Refusal::NotSelfSigned)
        } else if certificate.head.subject == end_entity.subject() && !leaf_is_self_issued {
            // It is there because it has the server's name, and has signed nothing that was sent.
            None
        } else if certificate.authority() == Authority::No {
            Some(Refusal::NoAuthority)
        } else if !certificate.is_self_signed() && !is_anchored(certificate.head.issuer) {
            Some(Refusal::NoRoot)
        } else {
            None
        }
    });
    reasons
        .next()
        .map_or(CertificateError::UnknownIssuer, CertificateError::from)
}

/// Converts webpki's error into rustls's, as rustls does.
fn problem(error: webpki::Error) -> CertificateError {
    use webpki::Error as Webpki;
    match error {
        Webpki::BadDer | Webpki::BadDerTime | Webpki::TrailingData(_) => CertificateError::BadEncoding,
        Webpki::CertNotValidYet { .. } => CertificateError::NotValidYet,
        Webpki::CertExpired { .. } | Webpki::InvalidCertValidity => CertificateError::Expired,
        Webpki::UnknownIssuer => CertificateError::UnknownIssuer,
        Webpki::CertNotValidForName(_) => CertificateError::NotValidForName,
        Webpki::InvalidSignatureForPublicKey => CertificateError::BadSignature,
        Webpki::EndEntityUsedAsCa => Refusal::NoAuthority.into(),
        other => CertificateError::Other(OtherError(Arc::new(other))),
    }
}

fn check_thumbprint(wanted: &[u8; 20], shown: &CertificateDer<'_>) -> Result<ServerCertVerified, Error> {
    let thumbprint = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, shown);
    if thumbprint.as_ref() == wanted {
        Ok(ServerCertVerified::assertion())
    } else {
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = match &self.trusted {
            Trusted::Any => return Ok(ServerCertVerified::assertion()),
            Trusted::Thumbprint(wanted) => return check_thumbprint(wanted, end_entity),
            Trusted::Issued(trust) => trust,
        };
        let chain = std::iter::once(end_entity).chain(intermediates);
        let issuers = chain.filter_map(|shown| Some(Head::of(shown)?.issuer));
        // Its own certificate too, so that an error can say that it is trusted.
        let own = Head::of(end_entity).map(|head| head.subject);
        let names: Vec<&[u8]> = issuers.chain(own).collect();
        let shown = Shown {
            end_entity,
            intermediates,
            server_name,
            now,
        };
        let mut held = trust.in_bundles(&names);
        let mut outcome = self.check(trust, &held, &shown);
        if outcome.is_err() && trust.add_from_folders(&names, &mut held) {
            outcome = self.check(trust, &held, &shown);
        }
        outcome
            .map(|()| ServerCertVerified::assertion())
            .map_err(Error::InvalidCertificate)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let Some(old) = old::parse(cert) {
            return old::verify_by_key(
                self.provider.signature_verification_algorithms,
                &old,
                message,
                dss,
            );
        }
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let Some(old) = old::parse(cert) {
            use SignatureScheme as Scheme;
            // TLS 1.3 has no other signatures than these.
            return match dss.scheme {
                Scheme::ECDSA_NISTP256_SHA256
                | Scheme::ECDSA_NISTP384_SHA384
                | Scheme::ECDSA_NISTP521_SHA512
                | Scheme::RSA_PSS_SHA256
                | Scheme::RSA_PSS_SHA384
                | Scheme::RSA_PSS_SHA512
                | Scheme::ED25519 => old::verify_by_key(
                    self.provider.signature_verification_algorithms,
                    &old,
                    message,
                    dss,
                ),
                _ => Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into()),
            };
        }
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::samples::{Sample, authority, expired, plain, self_signed, signed_by};
    use super::*;

    /// 2026-01-01.
    const NOW_SECONDS: u64 = 1_767_225_600;
    const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(NOW_SECONDS));

    /// Checks `shown`, the server's certificate first, for `localhost`. Returns the refusal.
    fn said(trusted: &[&Sample], shown: &[&Sample]) -> Option<String> {
        said_for("localhost", trusted, shown)
    }

    fn said_for(name: &'static str, trusted: &[&Sample], shown: &[&Sample]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("trusted.pem");
        let text: String = trusted.iter().map(|sample| sample.pem()).collect();
        std::fs::write(&file, text).expect("a file");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let deadline = Instant::now() + Duration::from_mins(1);
        let verifier = Verifier::new(&Roots::Path(file), provider, deadline).expect("a verifier");
        let shown: Vec<CertificateDer<'_>> = shown.iter().map(|sample| sample.der().clone()).collect();
        let name = ServerName::try_from(name).expect("a name");
        match verifier.verify_server_cert(&shown[0], &shown[1..], &name, &[], NOW) {
            Ok(_) => None,
            Err(Error::InvalidCertificate(CertificateError::Other(other))) => Some(other.to_string()),
            Err(Error::InvalidCertificate(error)) => Some(format!("{error:?}")),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_refusal_says_what_is_missing_among_the_trusted_certificates() {
        let root = self_signed(authority("root", None));
        let under = signed_by(authority("under", None), &root);
        let pinned = signed_by(plain("pinned"), &root);
        let server = signed_by(plain("server"), &under);
        let renewed = signed_by(plain("server"), &under);
        let stranger = self_signed(authority("stranger", None));
        let unknown = || Some("UnknownIssuer".to_owned());
        let refused = |refusal: Refusal| Some(refusal.to_string());
        assert_eq!(said(&[&root], &[&server, &under]), None);
        assert_eq!(said(&[&root, &under], &[&server]), None);
        assert_eq!(said(&[&root], &[&server]), unknown());
        assert_eq!(said(&[&stranger], &[&server, &under]), unknown());
        assert_eq!(said(&[&under], &[&server, &under]), refused(Refusal::NoRoot));
        assert_eq!(
            said(&[&server], &[&server, &under]),
            refused(Refusal::NotSelfSigned)
        );
        assert_eq!(said(&[&server], &[&renewed, &under]), unknown());
        let posing = signed_by(plain("server"), &pinned);
        assert_eq!(said(&[&root, &pinned], &[&posing]), refused(Refusal::NoAuthority));
        assert_eq!(
            said(&[&root, &pinned], &[&posing, &pinned]),
            refused(Refusal::NoAuthority)
        );
        assert_eq!(said(&[&root], &[&posing, &pinned]), refused(Refusal::NoAuthority));
        let old = self_signed(expired(authority("old", None)));
        let by_old = signed_by(plain("server"), &old);
        assert_eq!(said(&[&old], &[&by_old]), refused(Refusal::AuthorityExpired));
    }

    #[test]
    fn a_self_signed_certificate_matches_itself() {
        let own = self_signed(plain("own"));
        let own_authority = self_signed({
            let mut params = authority("own authority", None);
            params.subject_alt_names = plain("own").subject_alt_names;
            params
        });
        assert_eq!(said(&[&own], &[&own]), None);
        assert_eq!(said(&[&own_authority], &[&own_authority]), None);
        assert_eq!(
            said_for("elsewhere.example", &[&own], &[&own]).as_deref(),
            Some("NotValidForName")
        );
        let mimic = self_signed(plain("own"));
        assert_eq!(said(&[&own], &[&mimic]), Some(Refusal::NoAuthority.to_string()));
        let old = self_signed(expired(plain("old")));
        assert_eq!(said(&[&old], &[&old]).as_deref(), Some("Expired"));
    }

    #[test]
    fn an_unknown_authority_is_not_in_mozillas_list() {
        let stranger = self_signed(authority("stranger", None));
        let server = signed_by(plain("server"), &stranger);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trusted = Trusted::Issued(Trust::of_mozilla());
        let verifier = Verifier {
            provider,
            trusted,
            names: Names::Host,
        };
        let name = ServerName::try_from("localhost").expect("a name");
        let outcome = verifier.verify_server_cert(server.der(), &[stranger.der().clone()], &name, &[], NOW);
        assert_eq!(
            outcome.err(),
            Some(Error::InvalidCertificate(CertificateError::UnknownIssuer))
        );
    }

    #[test]
    fn a_thumbprint_matches_only_one_certificate() {
        let (one, two) = (self_signed(plain("one")), self_signed(plain("two")));
        let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, one.der());
        let wanted: [u8; 20] = digest.as_ref().try_into().expect("20 bytes");
        assert!(check_thumbprint(&wanted, one.der()).is_ok());
        assert!(check_thumbprint(&wanted, two.der()).is_err());
    }
}
