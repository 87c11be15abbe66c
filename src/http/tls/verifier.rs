//! Who checks a server's certificate: webpki against the trusted ones, or nobody.
//!
//! The trusted certificates are searched for the issuers of what the server shows, and webpki decides with those alone:
//! its own search begins with the same comparison of names.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::super::failure::Failure;
use super::der::Head;
use super::roots::{Roots, Trust};

/// Checks a server's certificate.
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    trusted: Trusted,
}

/// Who is trusted.
enum Trusted {
    /// Anybody who holds the key of the certificate shown: `"verify": false`.
    Anybody,
    /// Whoever shows the one certificate that has this SHA-1, as Azure Service Fabric's server is known.
    Thumbprint([u8; 20]),
    /// Who shows a certificate that leads to a trusted one.
    Issued(Trust),
}

/// What a server shows.
struct Shown<'a> {
    end_entity: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    server_name: &'a ServerName<'a>,
    ocsp_response: &'a [u8],
    now: UnixTime,
}

impl Verifier {
    /// Reads what is trusted.
    ///
    /// # Errors
    /// A file or a folder that cannot be used.
    pub(super) fn new(
        roots: &Roots,
        provider: Arc<CryptoProvider>,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let trusted = match roots {
            Roots::Unverified => Trusted::Anybody,
            Roots::Thumbprint(thumbprint) => Trusted::Thumbprint(*thumbprint),
            Roots::System { .. } | Roots::Path(_) => Trusted::Issued(Trust::load(roots, deadline)?),
        };
        Ok(Self { provider, trusted })
    }

    /// Checks what a server shows against `certificates`.
    fn check(
        &self,
        trust: &Trust,
        certificates: &[CertificateDer<'static>],
        shown: &Shown<'_>,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let store = trust.store(certificates).ok_or_else(|| unknown.clone())?;
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&self.provider))
            .build()
            .map_err(|_| unknown)?;
        let Shown {
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        } = *shown;
        match webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(CertificateError::Other(other))) if is_authority(&other) => {
                check_itself(certificates, shown)
            }
            outcome => outcome,
        }
    }
}

/// Trusts a server that shows a trusted certificate itself, although it is an authority's: what `openssl req -x509` makes for
/// a Vault, and what OpenSSL, and so Airflow, accepts.
fn check_itself(
    certificates: &[CertificateDer<'static>],
    shown: &Shown<'_>,
) -> Result<ServerCertVerified, Error> {
    let end_entity = shown.end_entity;
    if !certificates
        .iter()
        .any(|trusted| trusted.as_ref() == end_entity.as_ref())
    {
        return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
    }
    verify_server_name(&ParsedCertificate::try_from(end_entity)?, shown.server_name)?;
    let head = Head::of(end_entity).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
    head.check_validity(shown.now.as_secs())
        .map_err(Error::InvalidCertificate)?;
    Ok(ServerCertVerified::assertion())
}

fn check_thumbprint(wanted: &[u8; 20], shown: &CertificateDer<'_>) -> Result<ServerCertVerified, Error> {
    let thumbprint = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, shown);
    if thumbprint.as_ref() == wanted {
        Ok(ServerCertVerified::assertion())
    } else {
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    }
}

/// Whether webpki's complaint is that the server's certificate is an authority's.
fn is_authority(error: &OtherError) -> bool {
    matches!(
        error.0.downcast_ref::<webpki::Error>(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
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
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = match &self.trusted {
            Trusted::Anybody => return Ok(ServerCertVerified::assertion()),
            Trusted::Thumbprint(wanted) => return check_thumbprint(wanted, end_entity),
            Trusted::Issued(trust) => trust,
        };
        let chain = std::iter::once(end_entity).chain(intermediates);
        let issuers: Vec<&[u8]> = chain.filter_map(|shown| Some(Head::of(shown)?.issuer)).collect();
        let shown = Shown {
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        };
        let mut certificates = trust.in_bundles(&issuers);
        let outcome = self.check(trust, &certificates, &shown);
        match outcome {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                certificates.extend(trust.in_folders(&issuers));
                self.check(trust, &certificates, &shown)
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
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
