//! The one HTTP client as the SDK's transport, and as the credentials' that are our own.
//!
//! Owns the translation between azure-core's requests and `http`'s, and between their errors. The retries are `http`'s, and the
//! SDK's are off. Must not know what a request is for.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, ClientOptions, HttpClient, Method, RetryOptions};
use azure_core::http::{Request as SdkRequest, Transport as SdkTransport};

use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::http::{self, Client, FailureKind, Request, Response, Retry};
use crate::secret::Secret;
use crate::shown::shown;

/// Something that sends a request and returns the whole answer: the one client, or a test's stand-in where an address is fixed.
pub(crate) trait Sender: Send + Sync {
    /// Sends `request`.
    fn exchange(&self, request: Request) -> BoxFuture<'_, Result<Response>>;

    /// Returns whether anybody takes a connection to the host of `url`.
    fn connects<'a>(&'a self, url: &'a str) -> BoxFuture<'a, bool>;
}

/// Whom a client asks.
#[derive(Clone, Copy)]
pub(crate) enum Endpoint {
    /// The vault.
    Vault,
    /// Microsoft Entra ID.
    Login,
}

/// The one client, and what to do when whom it asks is not reached.
pub(crate) struct Server {
    pub(crate) client: Arc<Client>,
    pub(crate) whom: Endpoint,
}

impl Server {
    fn unreached(&self, failure: http::Failure) -> Error {
        let kind = failure.kind();
        let error = Error::from(failure);
        match (kind, self.whom) {
            (FailureKind::Connect, Endpoint::Vault) => error
                .or_hint("check `vault_url`, and that this machine reaches it: DNS, a firewall, HTTPS_PROXY"),
            (FailureKind::Connect, Endpoint::Login) => error
                .or_hint("check that this machine reaches it: DNS, a firewall, HTTPS_PROXY"),
            (FailureKind::Tls | FailureKind::Malformed, Endpoint::Vault) => error.or_hint(
                "a proxy or a gateway may have answered in its place; check `vault_url` and HTTPS_PROXY",
            ),
            (FailureKind::Tls | FailureKind::Malformed, Endpoint::Login) => error.or_hint(
                "a proxy or a gateway may have answered in its place; check AZURE_AUTHORITY_HOST and HTTPS_PROXY",
            ),
            _ => error,
        }
    }
}

impl Sender for Server {
    fn exchange(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            let host = url::Url::parse(&request.url)
                .ok()
                .and_then(|url| url.host_str().map(shown))
                .unwrap_or_default();
            let outcome = self.client.send(request).await;
            outcome.map_err(|failure| match failure.kind() {
                // Where to is the server's word: it may repeat a secret.
                FailureKind::RedirectRefused => Error::unavailable(format!(
                    "{host} redirects to where no credential is sent: another host, or from https to http"
                ))
                .with_hint("a proxy or a gateway may have answered in its place"),
                _ => self.unreached(failure),
            })
        })
    }

    fn connects<'a>(&'a self, url: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(self.client.reaches(url))
    }
}

impl Sender for Client {
    fn exchange(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move { Ok(self.send(request).await?) })
    }

    fn connects<'a>(&'a self, url: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(self.reaches(url))
    }
}

/// The SDK's view of an [`Sender`].
pub(crate) struct Transport {
    exchange: Arc<dyn Sender>,
    retry: Retry,
}

impl Transport {
    /// Returns the SDK's options for a client over `exchange`, whose requests are tried again as `retry` says.
    pub(crate) fn options(exchange: Arc<dyn Sender>, retry: Retry) -> ClientOptions {
        ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(SdkTransport::new(Arc::new(Self { exchange, retry }))),
            ..ClientOptions::default()
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

#[async_trait]
impl HttpClient for Transport {
    async fn execute_request(&self, request: &SdkRequest) -> azure_core::Result<AsyncRawResponse> {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), Secret::from(value.as_str())));
        let body = match request.body() {
            Body::Bytes(bytes) if bytes.is_empty() => None,
            Body::Bytes(bytes) => Some(Secret::new(bytes.to_vec())),
            Body::SeekableStream(_) => return Err(into_sdk(Error::internal("a request's body is a stream"))),
        };
        let request = Request {
            method: method(request.method()),
            url: request.url().to_string(),
            headers: headers.collect(),
            body,
            retry: self.retry.clone(),
            follow_redirects: true,
        };
        let response = self.exchange.exchange(request).await.map_err(into_sdk)?;
        let mut headers = Headers::new();
        for (name, value) in &response.headers {
            // A repeated header is one, joined as requests joins it.
            let value = match headers.get_optional_str(&name.clone().into()) {
                Some(before) => format!("{before}, {value}"),
                None => value.clone(),
            };
            headers.insert(name.clone(), value);
        }
        Ok(AsyncRawResponse::from_bytes(
            response.status.into(),
            headers,
            response.body.expose().to_vec(),
        ))
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Delete => "DELETE",
        Method::Head => "HEAD",
        Method::Patch => "PATCH",
        Method::Post => "POST",
        Method::Put => "PUT",
        _ => "GET",
    }
}

/// Carries an error of ours through the SDK.
pub(crate) fn into_sdk(error: Error) -> azure_core::Error {
    azure_core::Error::new(azure_core::error::ErrorKind::Other, error)
}

/// Takes an error of ours out of the SDK's, however deep it lies; `None` is one of the SDK's own, whose text is not to be shown:
/// it may hold an answer's body.
pub(crate) fn from_sdk(error: azure_core::Error) -> Option<Error> {
    let error = match error.into_downcast::<Error>() {
        Ok(error) => return Some(error),
        Err(error) => error,
    };
    let mut error = error.into_inner().ok()?;
    // Every level is an error that the SDK wrapped once: there are as many as it has layers.
    loop {
        error = match error.downcast::<Error>() {
            Ok(error) => return Some(*error),
            Err(error) => error.downcast::<azure_core::Error>().ok()?.into_inner().ok()?,
        };
    }
}

/// Makes an error of one of the SDK's own, by its type alone.
pub(crate) fn sdk_failure(error: &azure_core::Error, what: &str) -> Error {
    let kind = match error.kind() {
        azure_core::error::ErrorKind::Credential => ErrorKind::Denied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(
        kind,
        format!("{what} failed in the Azure SDK: {}", sdk_kind(error)),
    )
}

fn sdk_kind(error: &azure_core::Error) -> String {
    match error.kind() {
        azure_core::error::ErrorKind::HttpResponse { status, .. } => format!("status {}", u16::from(*status)),
        azure_core::error::ErrorKind::Connection | azure_core::error::ErrorKind::Io => {
            "input or output".to_owned()
        }
        azure_core::error::ErrorKind::DataConversion => "an answer that it cannot read".to_owned(),
        azure_core::error::ErrorKind::Credential => "no usable credential".to_owned(),
        azure_core::error::ErrorKind::Other => "for a reason of its own".to_owned(),
    }
}
