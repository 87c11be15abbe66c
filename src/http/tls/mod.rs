//! TLS: rustls with ring, the trusted certificates, and the client's certificate.
//!
//! No file is read before the first `https` connection, because reading is most of the cost of a lookup over TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};

use super::failure::{CertificateProblem, Failure, FailureKind};
use crate::secret::Secret;
use crate::shown::shown;

mod bundle;
mod certificate;
mod common_name;
mod der;
mod end_point;
mod known;
mod old;
mod path;
mod pem;
mod presented;
mod roots;
mod rules;
#[cfg(test)]
mod samples;
mod verifier;

pub(super) use end_point::server_end_point;
pub(super) use presented::{Presented, presented};
pub use roots::Roots;
use rules::Refusal;
pub(crate) use verifier::Names;
use verifier::Verifier;

/// The client's certificate and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate and its chain; the key may be there too.
    pub certificate: Pem,
    /// The key, when it is separate.
    pub key: Option<Pem>,
}

/// Certificates or a key in PEM form.
#[derive(Clone, Debug)]
pub enum Pem {
    /// A file.
    File(PathBuf),
    /// The text itself, and what names it in messages, such as "`client-key-data`".
    Text(Secret, String),
}

impl<P: Into<PathBuf>> From<P> for Pem {
    fn from(path: P) -> Self {
        Self::File(path.into())
    }
}

impl Pem {
    /// Returns its file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Text(..) => None,
        }
    }

    /// Returns the text; a file's is called `what` in an error.
    fn read(&self, what: &str, deadline: Instant) -> Result<Secret, Failure> {
        match self {
            Self::File(path) => pem::read(path, what, deadline),
            Self::Text(text, _) => Ok(text.clone()),
        }
    }

    /// Returns its name for messages.
    fn name(&self) -> String {
        match self {
            Self::File(path) => format!("`{}`", shown(&path.display().to_string())),
            Self::Text(_, name) => name.clone(),
        }
    }
}

/// The configurations of a client's TLS connections.
pub(super) struct Tls {
    /// For servers, which may ask for the client's certificate.
    pub(super) server: Arc<ClientConfig>,
    /// For proxies: the same authorities are trusted, and the client's certificate is never sent.
    pub(super) proxy: Arc<ClientConfig>,
}

impl Tls {
    /// Reads the trusted certificates and the client's certificate.
    ///
    /// # Errors
    /// A file that is missing or is not PEM, as an error of configuration.
    pub(super) fn new(
        roots: &Roots,
        identity: Option<&Identity>,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        Self::with_names(roots, Names::Host, identity, deadline)
    }

    /// Reads the trusted certificates and the client's certificate. `names` says which name a server's certificate must have.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn with_names(
        roots: &Roots,
        names: Names,
        identity: Option<&Identity>,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new(roots, Arc::clone(&provider), deadline).map_err(Failure::about_roots)?;
        let verifier = Arc::new(verifier.checking(names));
        let builder = || {
            ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(|source| Failure::configuration("TLS cannot be set up").with_source(source))
                .map(|builder| {
                    let verifier: Arc<Verifier> = Arc::clone(&verifier);
                    builder.dangerous().with_custom_certificate_verifier(verifier)
                })
        };
        let proxy = Arc::new(builder()?.with_no_client_auth());
        let server = match identity {
            None => Arc::clone(&proxy),
            Some(identity) => {
                let (chain, key) = own_certificate(identity, deadline)?;
                let old = CertifiedKey::new(chain.clone(), signer(&provider, key.clone_key(), identity)?);
                let config = match builder()?.with_client_auth_cert(chain, key) {
                    // webpki does not read a certificate of version 1, which servers may accept.
                    Err(rustls::Error::InvalidCertificate(_)) => {
                        builder()?.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(old)))
                    }
                    outcome => outcome.map_err(mismatch)?,
                };
                Arc::new(config)
            }
        };
        Ok(Self { server, proxy })
    }
}

fn mismatch(source: rustls::Error) -> Failure {
    Failure::configuration("the client certificate and its key do not match").with_source(source)
}

/// Returns what signs with the client's key.
fn signer(
    provider: &CryptoProvider,
    key: PrivateKeyDer<'static>,
    identity: &Identity,
) -> Result<Arc<dyn SigningKey>, Failure> {
    provider.key_provider.load_private_key(key).map_err(|source| {
        let name = identity.key.as_ref().unwrap_or(&identity.certificate).name();
        Failure::configuration(format!("{name} holds a private key that cannot be used")).with_source(source)
    })
}

/// Reads the client's certificate and its key.
fn own_certificate(
    identity: &Identity,
    deadline: Instant,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Failure> {
    let bytes = identity.certificate.read("the client certificate", deadline)?;
    let chain: Vec<_> = pem::certificates(bytes.expose()).collect();
    if chain.is_empty() {
        let name = identity.certificate.name();
        return Err(Failure::configuration(format!(
            "{name} holds no certificate in PEM form"
        )));
    }
    let key = match &identity.key {
        Some(separate) => {
            let key = separate.read("the client certificate's key", deadline)?;
            pem::private_key(key.expose(), &separate.name())?
        }
        None => pem::private_key(bytes.expose(), &identity.certificate.name())?,
    };
    Ok((chain, key))
}

/// Converts an error of TLS, in the handshake or after it, into a failure.
pub(super) fn failure(place: &str, error: &rustls::Error) -> Failure {
    use rustls::CertificateError as Bad;
    let mut refusal = None;
    let problem = match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::Other(other) => {
                refusal = other.0.downcast_ref::<Refusal>().copied();
                match refusal {
                    Some(refusal) if refusal.is_unknown_issuer() => CertificateProblem::UnknownIssuer,
                    _ => CertificateProblem::Other,
                }
            }
            Bad::UnknownIssuer => CertificateProblem::UnknownIssuer,
            Bad::Expired | Bad::ExpiredContext { .. } => CertificateProblem::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => CertificateProblem::NotYetValid,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => CertificateProblem::WrongName,
            _ => CertificateProblem::Other,
        },
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            return Failure::new(
                FailureKind::Tls,
                format!("{place} does not speak TLS, which an `https://` URL needs"),
            );
        }
        other => {
            return Failure::new(FailureKind::Tls, format!("no TLS connection to {place}"))
                .with_source(other.clone());
        }
    };
    let what = match problem {
        CertificateProblem::UnknownIssuer => "is not signed by a trusted authority",
        CertificateProblem::Expired => "has expired",
        CertificateProblem::NotYetValid => "is not valid yet",
        CertificateProblem::WrongName => "is for another name",
        CertificateProblem::Other => "cannot be trusted",
    };
    let failure = Failure::new(
        FailureKind::Certificate(problem),
        format!("the certificate of {place} {what}"),
    );
    match (problem, refusal) {
        (_, Some(refusal)) => failure.with_source(refusal),
        (CertificateProblem::Other, None) => failure.with_source(error.clone()),
        _ => failure,
    }
}
