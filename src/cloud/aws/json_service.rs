//! A service of AWS that speaks JSON 1.1: one signed POST for a question, and what the answer means.
//!
//! Must not know what is asked: the caller passes the operation's name and its JSON, and reads the answer's fields. Source:
//! botocore 1.44.8, `parsers.py` (`BaseJSONParser`), `endpoint.py` (`_get_verify_value`), `auth.py` (`SigV4Auth`). A deliberate
//! difference: an answer that is not the service's JSON means "could not tell", where boto3 returns an empty answer.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use super::client_config::ClientConfig;
use super::credentials::Credentials;
use super::endpoint::{Endpoint, Service};
use super::region;
use super::retry::RetrySettings;
use super::service_error::ServiceError;
use super::sigv4::{self, Signable};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{
    CertificateProblem, Client, Failure, FailureKind, Options, Proxies, Request, Response, Retry, Roots,
};
use crate::python::json::{self, Object, Value};
use crate::python::quote::quote_path;
use crate::python::urlsplit::urlsplit;
use crate::secret::{Redactor, Secret};

/// The time limit for connecting and for each wait: botocore's `DEFAULT_TIMEOUT`.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// What the caller configures, besides what a session reads from the environment and the profile.
#[derive(Clone, Default)]
pub(crate) struct ClientKwargs {
    /// The kwarg `region_name`.
    pub(crate) region_name: Option<String>,
    /// The kwarg `endpoint_url`, which may have a password.
    pub(crate) endpoint_url: Option<String>,
    /// The kwarg `verify`.
    pub(crate) verify: Verify,
}

/// Which certificates are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verify {
    /// No kwarg: `AWS_CA_BUNDLE`, else the profile's `ca_bundle`, else `REQUESTS_CA_BUNDLE`, else the system's.
    #[default]
    Configured,
    /// `true`: the system's, whatever the variables name.
    System,
    /// `false`: any.
    Nothing,
    /// The path of a PEM file.
    Bundle(String),
}

/// An answer of the service.
pub(crate) enum Reply {
    /// Status 200 with a JSON object that is not empty.
    Answer(Object),
    /// The service refused or failed, in its own words.
    Error(ServiceError),
}

/// A client for one service in one region.
pub(crate) struct JsonService {
    service: &'static Service,
    endpoint: Endpoint,
    region: String,
    /// The parts of the URL that are signed.
    signed: SignedUrl,
    client: Client,
    retry: Retry,
    /// Where the trusted certificates are configured.
    roots_place: Option<String>,
}

impl JsonService {
    /// Creates a client. It opens no connection.
    ///
    /// # Errors
    /// Settings that botocore refuses, with status 2: no region, an invalid endpoint, an unknown retry mode.
    pub(crate) fn new(
        service: &'static Service,
        config: &impl ClientConfig,
        env: &Env,
        kwargs: &ClientKwargs,
        deadline: Instant,
    ) -> Result<Self> {
        let endpoint = Endpoint::resolve(
            service,
            config,
            kwargs.region_name.as_deref(),
            kwargs.endpoint_url.as_deref(),
        )?;
        let region = endpoint.signing_region.clone();
        let (roots, roots_place) = roots(config, env, &kwargs.verify)?;
        let options = Options {
            roots,
            identity: None,
            proxies: Proxies::from_env(env).by_urllib(),
            attempt_timeout: ATTEMPT_TIMEOUT,
            deadline,
        };
        let retry = RetrySettings::configured(config)?.policy();
        let service_client = Self {
            service,
            region: region.ok_or_else(|| region::missing(config))?,
            signed: SignedUrl::of(&endpoint.url),
            endpoint,
            client: Client::new(options),
            retry,
            roots_place,
        };
        tracing::debug!(
            place = service_client.place(),
            region = service_client.region,
            attempts = service_client.retry.retries + 1,
            "client of AWS"
        );
        Ok(service_client)
    }

    /// Returns the service and its host, for messages: "AWS Secrets Manager <https://secretsmanager.eu-west-1.amazonaws.com>".
    pub(crate) fn place(&self) -> String {
        format!(
            "{} <{}://{}>",
            self.service.name, self.signed.scheme, self.signed.host
        )
    }

    /// Returns the region for which requests are signed.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Returns the client and the URL of its requests, for `doctor`.
    pub(crate) fn way(&self) -> (&Client, &str) {
        (&self.client, &self.endpoint.url)
    }

    /// Calls `operation` with a JSON body.
    ///
    /// # Errors
    /// No answer, or an answer that does not come from the service, with status 5.
    pub(crate) async fn call(
        &self,
        credentials: &Credentials,
        operation: &str,
        body: Secret,
    ) -> Result<Reply> {
        let request = self.request(credentials, operation, body, SystemTime::now());
        let response = self
            .client
            .send(request)
            .await
            .map_err(|failure| self.unreachable(failure))?;
        if response.status == 200 {
            return match json::loads(response.body.expose_text().unwrap_or_default()) {
                Ok(Value::Object(answer)) if !answer.is_empty() => Ok(Reply::Answer(answer)),
                // It is JSON, but Python cannot read it either.
                Err(source) if !source.is_decode_error() => {
                    let message = format!("the answer of {} cannot be read", self.place());
                    Err(Error::malformed(message).with_source(source))
                }
                _ => Err(self.not_the_service(&response)),
            };
        }
        let mut redactor = Redactor::default();
        redactor.add(Secret::from(credentials.access_key.as_str()));
        redactor.add(credentials.secret_key.clone());
        if let Some(token) = &credentials.session_token {
            redactor.add(token.clone());
        }
        match ServiceError::of(&response, &redactor, SystemTime::now()) {
            Some(error) => Ok(Reply::Error(error)),
            None => Err(self.not_the_service(&response)),
        }
    }

    /// Makes the signed request.
    fn request(&self, credentials: &Credentials, operation: &str, body: Secret, now: SystemTime) -> Request {
        let signable = Signable {
            method: "POST",
            path: &self.signed.path,
            query: &self.signed.query,
            headers: vec![
                ("Content-Type", Secret::from(CONTENT_TYPE)),
                ("Host", Secret::from(self.signed.host.as_str())),
                (
                    "X-Amz-Target",
                    Secret::from(format!("{}.{operation}", self.service.target)),
                ),
            ],
            body: body.expose(),
        };
        let headers = sigv4::sign(signable, credentials, &self.region, self.service.prefix, now);
        Request {
            method: "POST",
            url: self.endpoint.url.clone(),
            headers: headers
                .into_iter()
                // The client writes it, from the same URL.
                .filter(|(name, _)| *name != "Host")
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body: Some(body),
            retry: self.retry.clone(),
            follow_redirects: false,
        }
    }

    /// Returns the error of a request without an answer.
    pub(crate) fn unreachable(&self, failure: Failure) -> Error {
        let kind = failure.kind();
        let is_about_roots = failure.is_about_roots();
        let error = Error::from(failure);
        if is_about_roots {
            return match &self.roots_place {
                Some(place) => error.with_detail(format!("{place} names it")),
                None => error,
            };
        }
        match (kind, &self.endpoint.place) {
            (FailureKind::Certificate(CertificateProblem::UnknownIssuer), _) => error.with_hint(
                "name the authority's certificate in the backend kwarg `verify`, or in `AWS_CA_BUNDLE`",
            ),
            (
                FailureKind::Connect | FailureKind::Tls | FailureKind::Malformed | FailureKind::Timeout,
                Some(place),
            ) => error.or_hint(format!("check the endpoint that {place} names")),
            (FailureKind::Connect, None) => error.or_hint(format!(
                "check the network, and that `{}` is the right region",
                self.region
            )),
            _ => error,
        }
    }

    /// Returns the error of an answer that the service did not write.
    fn not_the_service(&self, response: &Response) -> Error {
        let is_html = response
            .header("content-type")
            .is_some_and(|kind| kind.contains("html"))
            || response.body.expose().trim_ascii_start().starts_with(b"<");
        let status = response.status;
        let what = match (status, is_html, response.body.is_empty()) {
            (300..400, ..) if response.header("location").is_some() => {
                "answered with a redirect, which is not followed"
            }
            (429, ..) => "throttled the request",
            (500.., ..) => "returned a server error",
            (_, true, _) => "answered with HTML",
            (_, _, true) => "answered with nothing",
            _ => "answered with something that is not its JSON",
        };
        let error = Error::unavailable(format!("{} {what} (status {status})", self.place()));
        match (status, &self.endpoint.place) {
            (500.. | 429, _) => error.with_hint("try again later"),
            (_, Some(place)) => error.with_hint(format!(
                "this may not be AWS: check the endpoint that {place} names"
            )),
            _ => error.with_hint("this may not be AWS: check the proxy"),
        }
    }
}

impl fmt::Debug for JsonService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonService")
            .field("service", &self.service.prefix)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// The parts of a URL as a signature has them.
pub(super) struct SignedUrl {
    scheme: String,
    /// The host in lower case, with a port that is not the scheme's.
    pub(super) host: String,
    /// Without dot segments and doubled slashes, and quoted once more.
    pub(super) path: String,
    /// Sorted by name and value.
    pub(super) query: String,
}

impl SignedUrl {
    /// Takes a URL apart that [`Endpoint`] has checked: `_host_from_url`, `_normalize_url_path` and
    /// `_canonical_query_string_url` in `auth.py`.
    pub(super) fn of(url: &str) -> Self {
        let Ok(parts) = urlsplit(url) else {
            return Self {
                scheme: String::new(),
                host: String::new(),
                path: "/".to_owned(),
                query: String::new(),
            };
        };
        let name = parts.hostname().unwrap_or_default();
        let name = if name.contains(':') {
            format!("[{name}]")
        } else {
            name
        };
        let default = if parts.scheme == "https" { 443 } else { 80 };
        let port = parts.port().ok().flatten().filter(|port| *port != default);
        let mut pairs: Vec<(&str, &str)> = parts
            .query
            .split('&')
            .filter(|_| !parts.query.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        pairs.sort_unstable();
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Self {
            host: port.map_or_else(|| name.clone(), |port| format!("{name}:{port}")),
            path: quote_path(&plain_path(&parts.path)),
            query: pairs.join("&"),
            scheme: parts.scheme,
        }
    }
}

/// Returns scheme and host of a configured endpoint, for messages. The URL may have a password.
pub(crate) fn origin_of(url: &str) -> String {
    let SignedUrl { scheme, host, .. } = SignedUrl::of(url);
    format!("{scheme}://{host}")
}

/// Removes dot segments and doubled slashes: `normalize_url_path` in `utils.py`.
fn plain_path(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", kept.join("/"))
}

/// Returns the trusted certificates, and where they are configured.
fn roots(config: &impl ClientConfig, env: &Env, verify: &Verify) -> Result<(Roots, Option<String>)> {
    let (path, place) = match verify {
        Verify::Nothing => return Ok((Roots::Unverified, None)),
        Verify::System => return Ok((Roots::system(env), None)),
        Verify::Bundle(path) => (path.as_str(), "the backend kwarg `verify`".to_owned()),
        Verify::Configured => match config.variable_or_profile("AWS_CA_BUNDLE", "ca_bundle") {
            Some(setting) => (setting.value, setting.place),
            None => match env.text("REQUESTS_CA_BUNDLE") {
                Some(path) => (path, "`REQUESTS_CA_BUNDLE`".to_owned()),
                None => return Ok((Roots::system(env), None)),
            },
        },
    };
    if path.trim().is_empty() {
        return Err(
            Error::usage(format!("{place} is empty, but should name a CA bundle"))
                .with_hint("unset it, or set it to the path of a PEM file"),
        );
    }
    Ok((Roots::Path(path.into()), Some(place)))
}
