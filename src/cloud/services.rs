//! Clients for the services that issue credentials: AWS, Google Cloud, and metadata servers.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cloud::trust;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::http::{self, Client, Failure, Options, Proxies, Request, Response, Retry, Roots};
use crate::python::json::{self, Object, Value};
use crate::python::text::strip;
use crate::secret::Secret;

/// The time limit for an answer of a cloud's service.
const CLOUD_TIMEOUT: Duration = Duration::from_secs(30);

/// The time limit for an answer of a metadata server: botocore's `metadata_service_timeout`. It is close, or it is not there.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// Which requests to a cloud's service are retried.
pub(super) const RETRY: Retry = Retry {
    retries: 3,
    statuses: &[429, 500, 502, 503, 504],
    statuses_with_retry_after: &[],
    backoff: Duration::from_millis(100),
    after_sending: true,
    decide: None,
};

/// Which requests to an endpoint that issues tokens are retried: google-auth's `DEFAULT_RETRYABLE_STATUS_CODES`, three tries.
const TOKEN_RETRY: Retry = Retry {
    retries: 2,
    statuses: &[408, 429, 500, 503, 504],
    statuses_with_retry_after: &[],
    backoff: Duration::from_millis(500),
    after_sending: true,
    decide: None,
};

/// The time limit for an answer of Google's metadata server, once it is there: google-auth's `_METADATA_DEFAULT_TIMEOUT`.
const GOOGLE_METADATA_TIMEOUT: Duration = Duration::from_secs(3);

/// The clients for these services.
pub(crate) struct Services {
    google: Client,
    metadata: Client,
    google_metadata: Client,
    metadata_options: Options,
    /// When the command must be done.
    pub(crate) deadline: Instant,
}

impl Services {
    pub(crate) fn new(env: &Env, deadline: Instant) -> Self {
        let options = trust::options(env, CLOUD_TIMEOUT, deadline);
        // A metadata server answers with a credential, so no proxy is used. No variable decides which certificates are trusted
        // there (botocore, `utils.py`).
        let metadata = Options {
            roots: Roots::system(env),
            proxies: Proxies::default(),
            attempt_timeout: METADATA_TIMEOUT,
            ..options.clone()
        };
        let google_metadata = Options {
            attempt_timeout: GOOGLE_METADATA_TIMEOUT,
            ..metadata.clone()
        };
        Self {
            google: Client::new(options),
            google_metadata: Client::new(google_metadata),
            metadata: Client::new(metadata.clone()),
            metadata_options: metadata,
            deadline,
        }
    }

    /// Sends a request to a service of Google.
    pub(crate) async fn google(&self, request: ServiceRequest) -> Result<Response, Failure> {
        self.google.send(request.with(RETRY)).await
    }

    /// Sends a request to an endpoint that issues tokens for Google.
    pub(crate) async fn token_endpoint(&self, request: ServiceRequest) -> Result<Response, Failure> {
        self.google.send(request.with(TOKEN_RETRY)).await
    }

    /// Sends a request to Google's metadata server, which is there.
    pub(crate) async fn google_metadata(&self, request: ServiceRequest) -> Result<Response, Failure> {
        self.google_metadata.send(request.with(TOKEN_RETRY)).await
    }

    /// Returns whether a metadata server accepts a connection within a second.
    ///
    /// # Errors
    /// The command's time is up, so it is not known whether the server is there.
    pub(crate) async fn is_there(&self, url: &str) -> Result<bool> {
        match tokio::time::timeout(METADATA_TIMEOUT, self.metadata.reaches(url)).await {
            Ok(true) => Ok(true),
            _ if Instant::now() < self.deadline => Ok(false),
            _ => Err(Error::unavailable(
                "the metadata server did not answer before the command's time was up",
            )
            .with_hint("`--timeout` sets how long the whole command may take")),
        }
    }

    /// Sends a request to a service of Yandex Cloud. Its SDK reads the same variables as Google's.
    pub(crate) async fn yandex(&self, request: ServiceRequest) -> Result<Response, Failure> {
        self.google.send(request.with(RETRY)).await
    }

    /// Returns the client for the services of Yandex Cloud, for `doctor`.
    pub(crate) fn yandex_client(&self) -> &Client {
        &self.google
    }

    /// Sends a request to a metadata server, once.
    pub(crate) async fn metadata(&self, request: ServiceRequest) -> Result<Response, Failure> {
        self.metadata.send(request.with(Retry::NONE)).await
    }

    /// Sends a request to a metadata server, once, which must answer within `timeout`.
    pub(crate) async fn metadata_within(
        &self,
        timeout: Duration,
        request: ServiceRequest,
    ) -> Result<Response, Failure> {
        if timeout == METADATA_TIMEOUT {
            return self.metadata(request).await;
        }
        let options = Options {
            attempt_timeout: timeout,
            ..self.metadata_options.clone()
        };
        Client::new(options).send(request.with(Retry::NONE)).await
    }

    /// Sends a request to a metadata server that may not be there.
    ///
    /// # Errors
    /// The command's time is up, so it is not known whether the server is there.
    pub(crate) async fn ask_if_there(&self, request: ServiceRequest) -> Result<Option<Response>> {
        match self.metadata(request).await {
            Ok(response) => Ok(Some(response)),
            Err(failure) if failure.kind() == http::FailureKind::Deadline => Err(failure.into()),
            Err(_) => Ok(None),
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Services")
    }
}

/// A request to a service.
pub(crate) struct ServiceRequest {
    method: &'static str,
    url: String,
    headers: Vec<(String, Secret)>,
    body: Option<Secret>,
}

impl ServiceRequest {
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn put(url: impl Into<String>) -> Self {
        Self {
            method: "PUT",
            ..Self::get(url)
        }
    }

    /// Posts a body of type `content_type`.
    pub(crate) fn post(url: impl Into<String>, content_type: &str, body: Secret) -> Self {
        let request = Self {
            method: "POST",
            body: Some(body),
            ..Self::get(url)
        };
        request.header("content-type", content_type)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Secret>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn with(self, retry: Retry) -> Request {
        let Self {
            method,
            url,
            headers,
            body,
        } = self;
        Request {
            method,
            url,
            headers,
            body,
            retry,
            follow_redirects: false,
        }
    }
}

/// Reads an answer's JSON object.
pub(crate) fn object(response: &Response) -> Option<Object> {
    match json::loads(response.body.expose_text()?) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Reads the JSON object of an answer with a secret, `what`. `None`: the answer is not the service's.
///
/// # Errors
/// JSON that Python cannot read either, with status 6.
pub(crate) fn secret_object(response: &Response, what: &str) -> Result<Option<Object>> {
    match json::loads(response.body.expose_text().unwrap_or_default()) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Err(source) if !source.is_decode_error() => {
            Err(Error::malformed(format!("{what} cannot be read")).with_source(source))
        }
        _ => Ok(None),
    }
}

/// Returns a field of an answer that is text and not empty.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// Makes the error of a service that did not answer.
pub(crate) fn unreachable(what: &str, failure: Failure) -> Error {
    match failure.kind() {
        http::FailureKind::Configuration
        | http::FailureKind::Deadline
        | http::FailureKind::Certificate(_)
        | http::FailureKind::Proxy => Error::from(failure),
        _ => Error::unavailable(format!("{what} did not answer")).with_source(failure),
    }
}

/// Makes the error of a service that answered with a failure: a 4xx is a refusal, any other status means "could not tell".
pub(crate) fn refused(what: &str, response: &Response) -> Error {
    let status = response.status;
    match status {
        400..=499 if status != 429 => Error::denied(format!("{what} refused the request (status {status})")),
        _ => Error::unavailable(format!("{what} failed (status {status})")),
    }
}

/// Reads a credential from a file, without the whitespace around it.
///
/// # Errors
/// A file that cannot be read, is not text or is empty, with status 4: there is no credential.
pub(crate) fn credential_file(path: &str, what: &str, services: &Services) -> Result<Secret> {
    let shown = path.escape_debug();
    let bytes = file::read(Path::new(path), services.deadline).map_err(|source| {
        Error::denied(format!("{what} cannot be read from `{shown}`")).with_source(source)
    })?;
    let text = bytes
        .expose_text()
        .ok_or_else(|| Error::denied(format!("{what} in `{shown}` is not text")))?;
    match strip(text) {
        "" => Err(Error::denied(format!("{what} in `{shown}` is empty"))),
        text => Ok(Secret::from(text)),
    }
}
