//! TLS: rustls with ring, the trusted certificates, and the client's own.
//!
//! Nothing here is read before the first `https` connection: it is most of what a lookup over TLS costs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConfig;

use super::failure::{CertificateProblem, Failure, FailureKind};

mod der;
mod pem;
mod roots;
mod verifier;

pub use roots::Roots;
use verifier::Verifier;

/// The client's own certificate and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// A PEM file of the certificate and what leads to its authority; it may hold the key too.
    pub certificate: PathBuf,
    /// A PEM file of the key, when it is another.
    pub key: Option<PathBuf>,
}

/// Builds the configuration of every TLS connection of a client.
///
/// # Errors
/// A file that is missing or is no PEM, as a matter of configuration.
pub(super) fn config(
    roots: &Roots,
    identity: Option<&Identity>,
    deadline: Instant,
) -> Result<Arc<ClientConfig>, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| Failure::configuration("TLS cannot be set up").with_source(source))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(
            Verifier::new(roots, provider, deadline).map_err(Failure::about_roots)?,
        ));
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let bytes = pem::read(&identity.certificate, "the client certificate", deadline)?;
            let chain: Vec<_> = pem::certificates(bytes.expose()).collect();
            if chain.is_empty() {
                let path = identity.certificate.display();
                return Err(Failure::configuration(format!(
                    "`{path}` holds no certificate in PEM form"
                )));
            }
            let key = match &identity.key {
                Some(path) => {
                    let key = pem::read(path, "the client certificate's key", deadline)?;
                    pem::private_key(key.expose(), path)?
                }
                None => pem::private_key(bytes.expose(), &identity.certificate)?,
            };
            builder.with_client_auth_cert(chain, key).map_err(|source| {
                Failure::configuration("the client certificate and its key do not fit").with_source(source)
            })?
        }
    };
    Ok(Arc::new(config))
}

/// Makes a failure of what went wrong in or after a handshake, when TLS is what went wrong.
pub(super) fn failure(place: &str, error: &rustls::Error) -> Failure {
    use rustls::CertificateError as Bad;
    let problem = match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::UnknownIssuer => CertificateProblem::UnknownIssuer,
            Bad::Expired | Bad::ExpiredContext { .. } => CertificateProblem::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => CertificateProblem::NotYetValid,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => CertificateProblem::WrongName,
            _ => CertificateProblem::Other,
        },
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            return Failure::new(
                FailureKind::Tls,
                format!("{place} does not speak TLS, and an `https://` URL needs it"),
            );
        }
        other => {
            return Failure::new(FailureKind::Tls, format!("no TLS connection to {place}"))
                .with_source(other.clone());
        }
    };
    let what = match problem {
        CertificateProblem::UnknownIssuer => "is signed by no authority that is trusted",
        CertificateProblem::Expired => "has expired",
        CertificateProblem::NotYetValid => "is not valid yet",
        CertificateProblem::WrongName => "is for another name",
        CertificateProblem::Other => "cannot be trusted",
    };
    let failure = Failure::new(
        FailureKind::Certificate(problem),
        format!("the certificate of {place} {what}"),
    );
    match problem {
        CertificateProblem::Other => failure.with_source(error.clone()),
        _ => failure,
    }
}
