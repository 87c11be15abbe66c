//! The way to a server, step by step, for `doctor`: name, proxy, connection, certificate.
//!
//! It takes the same steps as a request, with the same errors, and says what each found. Sends no request.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use super::failure::Failure;
use super::target::{Origin, Scheme, Target};
use super::tls::{self, Presented};
use super::{Client, Roots, connect};

/// A step on the way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The proxy: its name, the connection to it, and its tunnel.
    Proxy,
    /// The server's name.
    Name,
    /// The connection to the server.
    Connect,
    /// The TLS handshake with the server.
    Tls,
}

/// What was found on the way to a server.
#[derive(Debug)]
pub struct Examination {
    /// `host:port`.
    pub place: String,
    /// The server's host, a name or an address.
    pub host: String,
    /// Whether the server is reached over TLS.
    pub is_https: bool,
    /// The proxy, without user and password, if there is one. The server's name is then the proxy's to resolve.
    pub proxy: Option<String>,
    /// The addresses of the server's name.
    pub addresses: Vec<IpAddr>,
    /// Where the connection led, and how long it took.
    pub connected: Option<(SocketAddr, Duration)>,
    /// The server's certificate.
    pub certificate: Option<PeerCertificate>,
    /// The first step that failed.
    pub failure: Option<(Way, Failure)>,
}

/// A server's certificate that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The version of TLS, such as `TLS 1.3`.
    pub protocol: &'static str,
    /// The common names of the certificate and of its issuers, as far as the server sent them.
    pub chain: Vec<String>,
    /// The issuer of the last one.
    pub issuer: Option<String>,
    /// When the first certificate of the chain expires.
    pub not_after: Option<SystemTime>,
    /// Whether it was checked at all.
    pub is_verified: bool,
}

impl Client {
    /// Returns the proxy for the server of `url`, without user and password.
    #[must_use]
    pub fn proxy_of(&self, url: &str) -> Option<String> {
        let target = Target::parse(url).ok()?;
        let proxy = self.options.proxies.select(&target.origin).ok()??;
        Some(proxy.origin.to_string())
    }

    /// Goes the way to the server of `url`, and says what each step found.
    ///
    /// # Errors
    /// A URL, or a proxy's URL, that cannot be used.
    pub async fn examine(&self, url: &str) -> Result<Examination, Failure> {
        let target = Target::parse(url)?;
        let origin = &target.origin;
        let mut found = Examination {
            place: origin.authority(),
            host: origin.host.clone(),
            is_https: origin.scheme == Scheme::Https,
            proxy: None,
            addresses: Vec::new(),
            connected: None,
            certificate: None,
            failure: None,
        };
        let outcome = match self.options.proxies.select(origin) {
            Err(failure) => Err((Way::Proxy, failure)),
            Ok(Some(proxy)) => {
                found.proxy = Some(proxy.origin.to_string());
                self.by_proxy(origin, &proxy, &mut found).await
            }
            Ok(None) => self.directly(origin, &mut found).await,
        };
        let is_late = Instant::now() >= self.options.deadline;
        found.failure = match outcome {
            Err((way, failure)) if is_late => Some((way, failure.at_the_deadline())),
            outcome => outcome.err(),
        };
        Ok(found)
    }

    async fn directly(&self, origin: &Origin, found: &mut Examination) -> Result<(), (Way, Failure)> {
        let time = self.time_budget();
        let addresses = connect::addresses(origin, time)
            .await
            .map_err(|failure| (Way::Name, failure))?;
        found.addresses = addresses.iter().map(SocketAddr::ip).collect();
        found.addresses.dedup();
        let begun = Instant::now();
        let tcp = connect::tcp_to(origin, addresses, time)
            .await
            .map_err(|failure| (Way::Connect, failure))?;
        found.connected = tcp.peer_addr().ok().map(|address| (address, begun.elapsed()));
        if found.is_https {
            found.certificate = Some(self.secured(tcp, origin).await?);
        }
        Ok(())
    }

    async fn by_proxy(
        &self,
        origin: &Origin,
        proxy: &Target,
        found: &mut Examination,
    ) -> Result<(), (Way, Failure)> {
        let time = self.time_budget();
        let stream = connect::through(origin, proxy, &|| self.tls(), time)
            .await
            .map_err(|failure| (Way::Proxy, failure))?;
        if found.is_https {
            found.certificate = Some(self.secured(stream, origin).await?);
        }
        Ok(())
    }

    async fn secured(
        &self,
        stream: impl connect::Stream,
        origin: &Origin,
    ) -> Result<PeerCertificate, (Way, Failure)> {
        let failed = |failure| (Way::Tls, failure);
        let tls = self.tls().map_err(failed)?;
        let (name, limit) = (self.tls_name.as_deref(), self.time_budget().step());
        let stream = connect::handshake(stream, origin, name, &tls.server, limit)
            .await
            .map_err(failed)?;
        let Presented {
            protocol,
            chain,
            issuer,
            not_after,
        } = tls::presented(stream.get_ref().1);
        Ok(PeerCertificate {
            protocol,
            chain,
            issuer,
            not_after: not_after.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)),
            is_verified: !matches!(self.options.roots, Roots::Unverified),
        })
    }
}
