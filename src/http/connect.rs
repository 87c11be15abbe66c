//! A connection: name resolution, TCP, the proxy's CONNECT, TLS.

use crate::shown::shown;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::TimeBudget;
use super::failure::{Failure, FailureKind};
use super::target::{Origin, Scheme, Target};
use super::tls::{self, Tls};

/// A byte stream: TCP, TLS over it, or TLS within a proxy's TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The maximum size of the head of a proxy's answer to CONNECT.
const MAX_PROXY_HEAD_BYTES: usize = 64 * 1024;

/// Connects to `origin`, through `proxy` when there is one. Every step has its own time limit, as in urllib3.
///
/// Requests to an `http` origin go to the proxy itself, in absolute form; an `https` origin is reached by CONNECT. Its certificate
/// is for `tls_name` if there is one, else for its host.
pub(super) async fn connect(
    origin: &Origin,
    tls_name: Option<&str>,
    proxy: Option<&Target>,
    tls: impl Fn() -> Result<Arc<Tls>, Failure>,
    time: TimeBudget,
) -> Result<Box<dyn Stream>, Failure> {
    if origin.scheme == Scheme::Https || proxy.is_some_and(|proxy| proxy.origin.scheme == Scheme::Https) {
        // An unusable certificate file is an error even when no server answers, as in requests.
        tls()?;
    }
    let Some(proxy) = proxy else {
        let tcp = tcp(origin, time).await?;
        return match origin.scheme {
            Scheme::Http => Ok(Box::new(tcp)),
            Scheme::Https => secure(tcp, origin, tls_name, &tls()?.server, time.step()).await,
        };
    };
    let stream = through(origin, proxy, &tls, time).await?;
    match origin.scheme {
        Scheme::Http => Ok(stream),
        Scheme::Https => secure(stream, origin, tls_name, &tls()?.server, time.step()).await,
    }
}

/// Connects to `proxy`, and for an `https` origin asks it for a tunnel.
pub(super) async fn through(
    origin: &Origin,
    proxy: &Target,
    tls: &impl Fn() -> Result<Arc<Tls>, Failure>,
    time: TimeBudget,
) -> Result<Box<dyn Stream>, Failure> {
    let unreachable = |failure: Failure| match failure.kind() {
        FailureKind::Connect => {
            Failure::new(FailureKind::Proxy, "the proxy cannot be reached").with_source(failure)
        }
        _ => failure,
    };
    let tcp = tcp(&proxy.origin, time).await.map_err(unreachable)?;
    let mut stream: Box<dyn Stream> = match proxy.origin.scheme {
        Scheme::Http => Box::new(tcp),
        Scheme::Https => secure(tcp, &proxy.origin, None, &tls()?.proxy, time.step()).await?,
    };
    if origin.scheme == Scheme::Http {
        return Ok(stream);
    }
    match timeout(time.step(), tunnel(&mut stream, origin, proxy)).await {
        Ok(done) => done?,
        Err(_) => {
            return Err(Failure::new(
                FailureKind::Timeout,
                format!("the proxy {} did not answer {}", proxy.origin, time.late()),
            ));
        }
    }
    Ok(stream)
}

/// Connects to the first address of `origin` that answers. Each address gets the time of one step; resolving the name may take all
/// the time that is left.
pub(super) async fn tcp(origin: &Origin, time: TimeBudget) -> Result<TcpStream, Failure> {
    let addresses = addresses(origin, time).await?;
    tcp_to(origin, addresses, time).await
}

/// Returns the addresses of `origin`.
pub(super) async fn addresses(origin: &Origin, time: TimeBudget) -> Result<Vec<SocketAddr>, Failure> {
    timeout(time.left(), resolve(origin)).await.unwrap_or_else(|_| {
        Err(Failure::new(
            FailureKind::Timeout,
            format!(
                "the name `{}` was not resolved {}",
                shown(&origin.host),
                time.late()
            ),
        ))
    })
}

/// Connects to the first of `addresses` that answers.
pub(super) async fn tcp_to(
    origin: &Origin,
    addresses: Vec<SocketAddr>,
    time: TimeBudget,
) -> Result<TcpStream, Failure> {
    let place = origin.authority();
    let mut last = Failure::new(
        FailureKind::Connect,
        format!("{} has no address", shown(&origin.host)),
    );
    for address in addresses {
        match timeout(time.step(), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Small requests are sent at once. A socket that refuses the option still works.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(source)) => {
                last = Failure::new(FailureKind::Connect, format!("cannot connect to {place}"))
                    .with_source(source);
            }
            Err(_) => {
                last = Failure::new(
                    FailureKind::Timeout,
                    format!("connecting to {place} took too long"),
                );
            }
        }
    }
    Err(last)
}

/// Resolves a name on a separate thread that a deadline can abandon, because `getaddrinfo` cannot be stopped.
async fn resolve(origin: &Origin) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = origin.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, origin.port)]);
    }
    let failed = |source: io::Error| {
        Failure::new(
            FailureKind::Connect,
            format!("the name `{}` cannot be resolved", shown(&origin.host)),
        )
        .with_source(source)
    };
    let (sender, receiver) = oneshot::channel();
    let name = (origin.host.clone(), origin.port);
    std::thread::Builder::new()
        .name("resolve".to_owned())
        .spawn(move || {
            let _ = sender.send(name.to_socket_addrs().map(Iterator::collect::<Vec<_>>));
        })
        .map_err(failed)?;
    match receiver.await {
        Ok(found) => found.map_err(failed),
        Err(_) => Err(failed(io::Error::other("the resolver ended without an answer"))),
    }
}

/// Asks `proxy` for a tunnel to `origin`, as `http.client.HTTPConnection._tunnel` does.
async fn tunnel(stream: &mut Box<dyn Stream>, origin: &Origin, proxy: &Target) -> Result<(), Failure> {
    let failed = |source: io::Error| {
        Failure::new(
            FailureKind::Proxy,
            format!("the proxy {} cut the connection", proxy.origin),
        )
        .with_source(source)
    };
    let authority = origin.authority();
    let mut head = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(basic) = &proxy.basic {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(basic.expose());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    stream.write_all(&head).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") && !answer.ends_with(b"\n\n") {
        if answer.len() >= MAX_PROXY_HEAD_BYTES {
            return Err(Failure::new(
                FailureKind::Proxy,
                format!("{} does not answer as a proxy", proxy.origin),
            ));
        }
        // One byte at a time: the bytes after the head belong to TLS.
        answer.push(stream.read_u8().await.map_err(failed)?);
    }
    let status = answer
        .split(|byte| *byte == b' ')
        .nth(1)
        .and_then(|word| std::str::from_utf8(word).ok());
    match status.and_then(|word| word.trim_end().parse::<u16>().ok()) {
        Some(200) if answer.starts_with(b"HTTP/") => Ok(()),
        Some(407) => Err(Failure::new(
            FailureKind::Proxy,
            format!("the proxy {} wants a user and password (407)", proxy.origin),
        )),
        Some(status) => Err(Failure::new(
            FailureKind::Proxy,
            format!(
                "the proxy {} refuses a tunnel to {authority} ({status})",
                proxy.origin
            ),
        )),
        None => Err(Failure::new(
            FailureKind::Proxy,
            format!("{} does not answer as a proxy", proxy.origin),
        )),
    }
}

/// Starts TLS over a stream, as [`handshake`].
async fn secure(
    stream: impl Stream + 'static,
    origin: &Origin,
    name: Option<&str>,
    config: &Arc<ClientConfig>,
    limit: Duration,
) -> Result<Box<dyn Stream>, Failure> {
    Ok(Box::new(handshake(stream, origin, name, config, limit).await?))
}

/// Starts TLS over a stream. The server is asked for the certificate of `name` if there is one, else for that of its host.
pub(super) async fn handshake<S: Stream>(
    stream: S,
    origin: &Origin,
    name: Option<&str>,
    config: &Arc<ClientConfig>,
    limit: Duration,
) -> Result<TlsStream<S>, Failure> {
    let place = origin.authority();
    let name = name.unwrap_or(&origin.host);
    let name = ServerName::try_from(name.to_owned()).map_err(|source| {
        Failure::configuration(format!("`{}` is not a host name", shown(name))).with_source(source)
    })?;
    match timeout(
        limit,
        TlsConnector::from(Arc::clone(config)).connect(name, stream),
    )
    .await
    {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(source)) => Err(
            match source
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>())
            {
                Some(error) => tls::failure(&place, error),
                None => Failure::new(FailureKind::Tls, format!("no TLS connection to {place}"))
                    .with_source(source),
            },
        ),
        Err(_) => Err(Failure::new(
            FailureKind::Timeout,
            format!("the TLS handshake with {place} took too long"),
        )),
    }
}
