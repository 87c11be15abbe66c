//! The services that a credential is had from before Vault is asked: AWS, Google Cloud, and metadata servers.

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

/// How long a cloud's service may keep silent.
const CLOUD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a metadata server may keep silent: botocore's `metadata_service_timeout`. It is next door, or it is not there.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// What is tried again of a cloud's service.
const RETRY: Retry = Retry {
    retries: 3,
    statuses: &[429, 500, 502, 503, 504],
    statuses_with_retry_after: &[],
    backoff: Duration::from_millis(100),
    after_sending: true,
};

/// The clients of these services.
pub(crate) struct Services {
    aws: Client,
    google: Client,
    metadata: Client,
    /// When the command has to be done.
    pub(crate) deadline: Instant,
}

impl Services {
    pub(crate) fn new(env: &Env, deadline: Instant) -> Self {
        let options = trust::options(env, CLOUD_TIMEOUT, deadline);
        let aws = Options {
            roots: trust::aws_roots(env),
            ..options.clone()
        };
        // A metadata server answers with a credential, so it is asked without a proxy. No variable decides which certificates are
        // trusted there (botocore, `utils.py`).
        let metadata = Options {
            roots: Roots::system(env),
            proxies: Proxies::default(),
            attempt_timeout: METADATA_TIMEOUT,
            ..aws.clone()
        };
        Self {
            aws: Client::new(aws),
            google: Client::new(options),
            metadata: Client::new(metadata),
            deadline,
        }
    }

    /// Asks a service of AWS.
    pub(crate) async fn aws(&self, ask: ServiceRequest) -> Result<Response, Failure> {
        self.aws.send(ask.request(RETRY)).await
    }

    /// Asks a service of Google's.
    pub(crate) async fn google(&self, ask: ServiceRequest) -> Result<Response, Failure> {
        self.google.send(ask.request(RETRY)).await
    }

    /// Asks a metadata server, once.
    pub(crate) async fn metadata(&self, ask: ServiceRequest) -> Result<Response, Failure> {
        self.metadata.send(ask.request(Retry::NONE)).await
    }

    /// Asks a metadata server that may not be there.
    ///
    /// # Errors
    /// The end of the command's time: it may be there.
    pub(crate) async fn look(&self, ask: ServiceRequest) -> Result<Option<Response>> {
        match self.metadata(ask).await {
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

/// A question to a service.
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
        let ask = Self {
            method: "POST",
            body: Some(body),
            ..Self::get(url)
        };
        ask.header("content-type", content_type)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Secret>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn request(self, retry: Retry) -> Request {
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

/// Takes a text that is not empty out of an answer.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The error of a service that did not answer.
pub(crate) fn unreachable(what: &str, failure: Failure) -> Error {
    match failure.kind() {
        http::FailureKind::Configuration => Error::from(failure),
        _ => Error::unavailable(format!("{what} does not answer")).with_source(failure),
    }
}

/// The error of a service that answered with something else: a 4xx is a refusal, anything else "could not tell".
pub(crate) fn refused(what: &str, response: &Response) -> Error {
    let status = response.status;
    match status {
        400..=499 if status != 429 => Error::denied(format!("{what} refuses (status {status})")),
        _ => Error::unavailable(format!("{what} does not answer as it should (status {status})")),
    }
}

/// Reads a credential from a file, without the blanks around it.
///
/// # Errors
/// A file that cannot be read, is not text or is empty, with status 4: there is no credential to be had.
pub(crate) fn credential_file(path: &str, what: &str, services: &Services) -> Result<Secret> {
    let shown = path.escape_debug();
    let bytes = file::read(Path::new(path), services.deadline).map_err(|source| {
        Error::denied(format!("{what} cannot be read from `{shown}`")).with_source(source)
    })?;
    let text = bytes
        .expose_text()
        .ok_or_else(|| Error::denied(format!("{what} in `{shown}` is not text")))?;
    match strip(text) {
        "" => Err(Error::denied(format!(
            "`{shown}`, which should hold {what}, is empty"
        ))),
        text => Ok(Secret::from(text)),
    }
}
