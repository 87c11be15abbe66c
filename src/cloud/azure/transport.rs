//! The one HTTP client, adapted to the SDK's transport and to our own credentials.
//!
//! Owns the translation between azure-core's requests and `http`'s, and between their errors. `http` retries; the SDK's retries are
//! off. Must not know what a request is for.

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

/// Sends requests and returns whole answers: the one client, or a test's stand-in for a fixed address.
pub(crate) trait Sender: Send + Sync {
    /// Sends `request` and returns the answer.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>>;

    /// Returns whether the host of `url` accepts a connection.
    fn connects<'a>(&'a self, url: &'a str) -> BoxFuture<'a, bool>;
}

/// The server that a client asks.
#[derive(Clone, Copy)]
pub(crate) enum Endpoint {
    /// The resource, and the setting that names it, with its backticks.
    Resource(&'static str),
    /// Microsoft Entra ID.
    Login,
}

/// The one client, with hints for when its server cannot be reached.
pub(crate) struct Server {
    pub(crate) client: Arc<Client>,
    pub(crate) endpoint: Endpoint,
}

impl Server {
    /// Returns the error of a request without an answer.
    pub(crate) fn unreachable(&self, failure: http::Failure) -> Error {
        let kind = failure.kind();
        let error = Error::from(failure);
        let setting = match self.endpoint {
            Endpoint::Resource(setting) => setting,
            Endpoint::Login => "AZURE_AUTHORITY_HOST",
        };
        match (kind, self.endpoint) {
            (FailureKind::Connect, Endpoint::Resource(_)) => error.or_hint(format!(
                "check {setting}, and that this machine reaches it: DNS, a firewall, HTTPS_PROXY"
            )),
            (FailureKind::Connect, Endpoint::Login) => {
                error.or_hint("check that this machine reaches it: DNS, a firewall, HTTPS_PROXY")
            }
            (FailureKind::Tls | FailureKind::Malformed, _) => error.or_hint(format!(
                "a proxy or a gateway may have answered in its place; check {setting} and HTTPS_PROXY"
            )),
            _ => error,
        }
    }
}

impl Sender for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            let host = url::Url::parse(&request.url)
                .ok()
                .and_then(|url| url.host_str().map(shown))
                .unwrap_or_default();
            let outcome = self.client.send(request).await;
            outcome.map_err(|failure| match failure.kind() {
                // The target comes from the server: it may repeat a secret.
                FailureKind::RedirectRefused => Error::unavailable(format!(
                    "{host} redirects to another host or from https to http, where no credential is sent"
                ))
                .with_hint("a proxy or a gateway may have answered in its place"),
                _ => self.unreachable(failure),
            })
        })
    }

    fn connects<'a>(&'a self, url: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(self.client.reaches(url))
    }
}

impl Sender for Client {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move { Ok(self.send(request).await?) })
    }

    fn connects<'a>(&'a self, url: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(self.reaches(url))
    }
}

/// A [`Sender`] as the SDK's transport.
pub(crate) struct Transport {
    sender: Arc<dyn Sender>,
    retry: Retry,
}

impl Transport {
    /// Returns the SDK's options for a client over `sender`, which retries as `retry` says.
    pub(crate) fn options(sender: Arc<dyn Sender>, retry: Retry) -> ClientOptions {
        ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(SdkTransport::new(Arc::new(Self { sender, retry }))),
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
            Body::SeekableStream(_) => {
                return Err(into_sdk(Error::internal("the body of a request is a stream")));
            }
        };
        let request = Request {
            method: method(request.method()),
            url: request.url().to_string(),
            headers: headers.collect(),
            body,
            retry: self.retry.clone(),
            follow_redirects: true,
        };
        let response = self.sender.send(request).await.map_err(into_sdk)?;
        let mut headers = Headers::new();
        for (name, value) in &response.headers {
            // requests joins a repeated header into one.
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

/// Wraps our error in an error of the SDK.
pub(crate) fn into_sdk(error: Error) -> azure_core::Error {
    azure_core::Error::new(azure_core::error::ErrorKind::Other, error)
}

/// Takes our error out of an error of the SDK, at any depth.
///
/// `None` means an error of the SDK's own. Its text must not be shown: it may hold an answer's body.
pub(crate) fn from_sdk(error: azure_core::Error) -> Option<Error> {
    let error = match error.into_downcast::<Error>() {
        Ok(error) => return Some(error),
        Err(error) => error,
    };
    let mut error = error.into_inner().ok()?;
    // The SDK wraps an error once in each of its layers, so this ends.
    loop {
        error = match error.downcast::<Error>() {
            Ok(error) => return Some(*error),
            Err(error) => error.downcast::<azure_core::Error>().ok()?.into_inner().ok()?,
        };
    }
}

/// Converts an error of the SDK's own, by its type only.
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
            "input or output error".to_owned()
        }
        azure_core::error::ErrorKind::DataConversion => "unreadable answer".to_owned(),
        azure_core::error::ErrorKind::Credential => "no usable credential".to_owned(),
        azure_core::error::ErrorKind::Other => "unknown reason".to_owned(),
    }
}
