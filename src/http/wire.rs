//! TCP and TLS for protocols other than HTTP: the wire protocols of databases.
//!
//! Owns how such a protocol gets a connection with the same name resolution, roots and rules as HTTP has. Must not know a protocol:
//! the caller says when TLS begins, and whether the server's name is checked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::TimeBudget;
use super::connect;
use super::failure::{Failure, FailureKind};
use super::target::{Origin, Scheme};
use super::tls::{self, Identity, Names, Roots};
use crate::shown::shown;

/// Connects to the first address of `host` that answers.
///
/// # Errors
/// A name that cannot be resolved, a refused connection, or one that takes longer than `limit` or passes `deadline`.
pub(crate) async fn tcp(
    host: &str,
    port: u16,
    limit: Duration,
    deadline: Instant,
) -> Result<TcpStream, Failure> {
    let origin = Origin {
        scheme: Scheme::Http,
        host: host.to_owned(),
        port,
        port_given: true,
    };
    let time = TimeBudget {
        attempt: limit,
        deadline,
    };
    connect::tcp(&origin, time).await
}

/// The options of TLS, all chosen by the protocol's client.
#[derive(Debug)]
pub(crate) struct TlsOptions<'a> {
    /// Which certificates are trusted.
    pub(crate) roots: &'a Roots,
    /// Which name the server's certificate must have.
    pub(crate) names: Names,
    /// The client's own certificate.
    pub(crate) identity: Option<&'a Identity>,
    /// The protocol that ALPN names.
    pub(crate) alpn: Option<&'static str>,
    /// When the command must end.
    pub(crate) deadline: Instant,
}

/// TLS with its files read.
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    deadline: Instant,
}

impl Tls {
    /// Reads the trusted certificates and the client's certificate.
    ///
    /// # Errors
    /// A file that is missing or is not PEM, as an error of configuration.
    pub(crate) fn new(options: &TlsOptions<'_>) -> Result<Self, Failure> {
        let tls = tls::Tls::with_names(options.roots, options.names, options.identity, options.deadline)?;
        let mut config = tls.server;
        if let Some(alpn) = options.alpn {
            Arc::make_mut(&mut config).alpn_protocols = vec![alpn.as_bytes().to_vec()];
        }
        Ok(Self {
            config,
            deadline: options.deadline,
        })
    }

    /// Starts TLS over `stream`. `host` is the server's name; `place` names it in errors.
    ///
    /// # Errors
    /// A certificate that is not trusted, a failed handshake, or one that passes the deadline.
    pub(crate) async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        host: &str,
        place: &str,
    ) -> Result<TlsStream<S>, Failure> {
        let name = ServerName::try_from(host.to_owned()).map_err(|source| {
            Failure::configuration(format!("`{}` is not a host name", shown(host))).with_source(source)
        })?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        let handshake = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream);
        match timeout(left, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(source)) => {
                let cause = source.get_ref();
                Err(
                    match cause.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                        Some(error) => tls::failure(place, error),
                        None => Failure::new(FailureKind::Tls, format!("no TLS connection to {place}"))
                            .with_source(source),
                    },
                )
            }
            Err(_) => Err(Failure::new(
                FailureKind::Deadline,
                format!("the TLS handshake with {place} took too long"),
            )),
        }
    }
}

/// Returns the hash of the server's certificate that binds a login to this connection: `tls-server-end-point` (RFC 5929, section 4.1).
pub(crate) fn server_end_point<S>(stream: &TlsStream<S>) -> Option<Vec<u8>> {
    let (_, session) = stream.get_ref();
    tls::server_end_point(session.peer_certificates()?.first()?)
}
