//! One request and its answer on one connection, kept or new.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderName, HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::failure::{Failure, FailureKind};
use super::pool::Sender;
use super::probe::HttpProbe;
use super::target::{Scheme, Target};
use super::{Client, Request, Response, body, connect, tls};
use crate::secret::Secret;

impl Client {
    /// Sends a request once. A kept connection that the server has closed meanwhile does not count as an attempt.
    pub(super) async fn attempt(&self, target: &Target, request: &Request) -> Result<Response, Failure> {
        let proxy = self.options.proxies.select(&target.origin)?;
        let absolute = proxy.is_some() && target.origin.scheme == Scheme::Http;
        let message = || message(target, request, proxy.as_ref().filter(|_| absolute));
        // Lets the runtime notice what the server has closed since the last answer.
        tokio::task::yield_now().await;
        // With an absolute URL the peer is the proxy.
        let peer = proxy.as_ref().filter(|_| absolute);
        let place = peer.map_or_else(
            || target.origin.authority(),
            |proxy| format!("the proxy {}", proxy.origin),
        );
        while let Some(sender) = self.pool.take(&target.origin) {
            match self.exchange(sender, message()?, target, &place, || true).await {
                Ok(response) => return Ok(response),
                Err(Lost { unsent: true, .. }) => {}
                Err(Lost { failure, .. })
                    if failure.kind() == FailureKind::Cut && request.retry.after_sending => {}
                Err(Lost { failure, .. }) => return Err(failure),
            }
        }
        let stream = connect::connect(
            &target.origin,
            self.tls_name.as_deref(),
            proxy.as_ref(),
            || self.tls(),
            self.time_budget(),
        )
        .await?;
        let (stream, speaks_http) = HttpProbe::new(stream);
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|source| wire(&place, source, false))?;
        tokio::spawn(async move {
            // A failure reaches the caller through `exchange`.
            let _ = connection.await;
        });
        self.exchange(sender, message()?, target, &place, || {
            speaks_http.load(Ordering::Relaxed)
        })
        .await
        .map_err(|lost| lost.failure)
    }

    /// Sends a message and reads the whole answer. Keeps the connection when it can be used again.
    async fn exchange(
        &self,
        mut sender: Sender,
        message: hyper::Request<Full<Bytes>>,
        target: &Target,
        place: &str,
        speaks_http: impl Fn() -> bool,
    ) -> Result<Response, Lost> {
        let answer = match timeout(self.time_budget().step(), sender.try_send_request(message)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(mut error)) => {
                let unsent = error.take_message().is_some();
                return Err(Lost {
                    unsent,
                    failure: wire(place, error.into_error(), speaks_http()),
                });
            }
            Err(_) => {
                return Err(Failure::new(
                    FailureKind::Timeout,
                    format!("{place} did not answer {}", self.time_budget().late()),
                )
                .into());
            }
        };
        let (head, incoming) = answer.into_parts();
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let ends_with_connection = !headers
            .iter()
            .any(|(name, _)| name == "content-length" || name == "transfer-encoding");
        let read = body::read(incoming, ends_with_connection, place, self.time_budget()).await?;
        let mut response = Response {
            status: head.status.as_u16(),
            headers,
            body: read,
        };
        let body = std::mem::replace(&mut response.body, Secret::from(""));
        response.body = body::decode(body, response.header("content-encoding"), place)?;
        body::check_values(&response.body, place)?;
        self.pool.put(target.origin.clone(), sender);
        Ok(response)
    }
}

/// A failure, and whether the request was never sent.
struct Lost {
    unsent: bool,
    failure: Failure,
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Self {
        Self {
            unsent: false,
            failure,
        }
    }
}

/// Builds hyper's message. An `http` URL that goes to a proxy is in absolute form.
fn message(
    target: &Target,
    request: &Request,
    proxy: Option<&Target>,
) -> Result<hyper::Request<Full<Bytes>>, Failure> {
    let refused = |what: &str| Failure::configuration(format!("{what} cannot be sent over HTTP"));
    let uri = match proxy {
        None => target.path.clone(),
        Some(_) => format!("{}{}", target.origin, target.path),
    };
    let body = match &request.body {
        Some(body) => Bytes::from_owner(Zeroizing::new(body.expose().to_vec())),
        None => Bytes::new(),
    };
    let mut message = hyper::Request::new(Full::new(body));
    *message.method_mut() = request.method.parse().map_err(|_| refused("the method"))?;
    *message.uri_mut() = uri.parse().map_err(|_| refused("the URL"))?;
    let headers = message.headers_mut();
    let host = HeaderValue::from_str(&target.origin.host_header()).map_err(|_| refused("the host"))?;
    headers.insert(hyper::header::HOST, host);
    headers.insert(
        hyper::header::USER_AGENT,
        HeaderValue::from_static(concat!("secretctl/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(hyper::header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(
        hyper::header::ACCEPT_ENCODING,
        HeaderValue::from_static("gzip, deflate"),
    );
    let basic = [
        ("authorization", &target.basic),
        (
            "proxy-authorization",
            &proxy.and_then(|proxy| proxy.basic.clone()),
        ),
    ];
    for (name, value) in basic {
        if let Some(value) = value {
            headers.insert(
                HeaderName::from_static(name),
                sensitive(value).ok_or_else(|| refused("the credentials"))?,
            );
        }
    }
    for (index, (name, value)) in request.headers.iter().enumerate() {
        let value = sensitive(value).ok_or_else(|| refused(&format!("the value of header `{name}`")))?;
        let is_repeated = request.headers[..index]
            .iter()
            .any(|(earlier, _)| earlier == name);
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("the name of a header"))?;
        if is_repeated {
            headers.append(name, value);
        } else {
            headers.insert(name, value);
        }
    }
    Ok(message)
}

fn sensitive(value: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Converts hyper's error: a TLS failure, an answer that is not HTTP, or a cut connection.
fn wire(place: &str, error: hyper::Error, speaks_http: bool) -> Failure {
    use std::error::Error as _;
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return tls::failure(place, tls);
        }
        // The source of an io::Error is the source of its custom error, not the custom error itself.
        let io = inner.downcast_ref::<std::io::Error>();
        let custom = io.and_then(std::io::Error::get_ref);
        if let Some(tls) = custom.and_then(|custom| custom.downcast_ref::<rustls::Error>()) {
            return tls::failure(place, tls);
        }
        cause = inner.source();
    }
    if error.is_parse() {
        return if speaks_http {
            Failure::new(
                FailureKind::Garbled,
                format!("{place} answers with malformed HTTP headers"),
            )
        } else {
            Failure::new(FailureKind::Malformed, format!("{place} does not answer in HTTP"))
        }
        .with_source(error);
    }
    Failure::new(
        FailureKind::Cut,
        format!("{place} closed the connection without an answer"),
    )
    .with_source(error)
}
