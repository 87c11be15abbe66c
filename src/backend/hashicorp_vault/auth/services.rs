//! The services that a credential is had from before Vault is asked: AWS, Google Cloud, and metadata servers.

use std::fmt;
use std::time::{Duration, Instant};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{self, Client, Failure, Options, Proxies, Request, Response, Retry, Roots};
use crate::python::json::{self, Object, Value};
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
pub(super) struct Services {
    aws: Client,
    google: Client,
    metadata: Client,
    /// When the command has to be done.
    pub(super) deadline: Instant,
}

impl Services {
    /// Each client trusts what the library trusts that Airflow uses there: botocore (`session.py`, `client.py`) for AWS, requests
    /// for Google. No variable decides about a metadata server (botocore, `utils.py`).
    pub(super) fn new(env: &Env, deadline: Instant) -> Self {
        let client = |bundles: &[&str]| {
            let bundle = bundles.iter().find_map(|name| env.non_empty(name));
            Client::new(Options {
                roots: bundle.map_or_else(|| Roots::system(env), |bundle| Roots::Path(bundle.into())),
                identity: None,
                proxies: Proxies::from_env(env),
                attempt_timeout: CLOUD_TIMEOUT,
                deadline,
            })
        };
        // What a metadata server answers is a credential: it goes through no proxy.
        let metadata = Options {
            roots: Roots::system(env),
            identity: None,
            proxies: Proxies::default(),
            attempt_timeout: METADATA_TIMEOUT,
            deadline,
        };
        Self {
            aws: client(&["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"]),
            google: client(&["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]),
            metadata: Client::new(metadata),
            deadline,
        }
    }

    /// Asks a service of AWS.
    pub(super) async fn aws(&self, ask: Ask) -> Result<Response, Failure> {
        self.aws.send(ask.request(RETRY)).await
    }

    /// Asks a service of Google.
    pub(super) async fn google(&self, ask: Ask) -> Result<Response, Failure> {
        self.google.send(ask.request(RETRY)).await
    }

    /// Asks a metadata server, once.
    pub(super) async fn metadata(&self, ask: Ask) -> Result<Response, Failure> {
        self.metadata.send(ask.request(Retry::NONE)).await
    }

    /// Asks a metadata server that may not be there.
    ///
    /// # Errors
    /// The end of the command's time: it may be there.
    pub(super) async fn look(&self, ask: Ask) -> Result<Option<Response>> {
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
pub(super) struct Ask {
    method: &'static str,
    url: String,
    headers: Vec<(String, Secret)>,
    body: Option<Secret>,
}

impl Ask {
    pub(super) fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(super) fn put(url: impl Into<String>) -> Self {
        Self {
            method: "PUT",
            ..Self::get(url)
        }
    }

    /// Posts a body of type `content_type`.
    pub(super) fn post(url: impl Into<String>, content_type: &str, body: Secret) -> Self {
        let ask = Self {
            method: "POST",
            body: Some(body),
            ..Self::get(url)
        };
        ask.header("content-type", content_type)
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<Secret>) -> Self {
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
pub(super) fn object(response: &Response) -> Option<Object> {
    match json::loads(response.body.expose_text()?) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Takes a text that is not empty out of an answer.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The error of a service that did not answer.
pub(super) fn unreachable(what: &str, failure: Failure) -> Error {
    match failure.kind() {
        http::FailureKind::Configuration => Error::from(failure),
        _ => Error::unavailable(format!("{what} does not answer")).with_source(failure),
    }
}

/// The error of a service that answered with something else: a 4xx is a refusal, anything else "could not tell".
pub(super) fn refused(what: &str, response: &Response) -> Error {
    let status = response.status;
    match status {
        400..=499 if status != 429 => Error::denied(format!("{what} refuses (status {status})")),
        _ => Error::unavailable(format!("{what} does not answer as it should (status {status})")),
    }
}
