//! Akeyless's client: one login for all requests, and one request a secret.
//!
//! Owns the meaning of answers. Sources: akeyless 5.0.40 (`V2Api.auth`, `V2Api.get_secret_value` and the models' defaults);
//! <https://docs.akeyless.io/reference/getsecretvalue>. Airflow takes every error of the API for "not found". Here only a 404
//! means that.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::cloud_id::CloudIds;
use super::config::Login;
use crate::backend::Context;
use crate::cloud::services;
use crate::cloud::token_cache::{Token, TokenCache};
use crate::cloud::trust;
use crate::error::{Error, Result};
use crate::http::{self, Options, Proxies, Request, Response, Retry};
use crate::python::json::{Object, Value, dumps, loads};
use crate::secret::{Redactor, Secret};
use crate::shown::{cut_at, shown};

/// The time limit for an answer. The client for Python has none.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);

/// Which requests are retried. A read and a login can be repeated.
const RETRY: Retry = Retry {
    retries: 3,
    statuses: &[429, 500, 502, 503, 504],
    statuses_with_retry_after: &[],
    backoff: Duration::from_millis(100),
    after_sending: true,
    decide: None,
};

/// The hint about an answer that Akeyless does not give.
const ANOTHER_SERVER: &str = "this may not be Akeyless: check `api_url` in the backend kwargs";

/// The most characters of the server's words that are shown.
const LONGEST_WORDS: usize = 300;

/// A client of one Akeyless API.
pub(super) struct Client {
    api_url: String,
    /// The URL for messages.
    place: String,
    login: Login,
    cloud_ids: CloudIds,
    http: http::Client,
    session: TokenCache<Issued>,
    redactor: Mutex<Redactor>,
}

/// A token from a login. One command ends before it expires.
#[derive(Clone)]
struct Issued(Secret);

impl Token for Issued {
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }
}

impl Client {
    /// Creates the client without sending anything.
    pub(super) fn new(api_url: String, login: Login, context: &Context<'_>) -> Self {
        // The client for Python reads no variable for proxies.
        let options = Options {
            proxies: Proxies::default(),
            ..trust::options(context.env, ATTEMPT_TIMEOUT, context.deadline)
        };
        let mut redactor = Redactor::default();
        match &login {
            Login::ApiKey { access_key, .. } => redactor.add(access_key.clone()),
            Login::Uid(token) => redactor.add(token.clone()),
            Login::Cloud { .. } => {}
        }
        Self {
            place: place(&api_url),
            api_url,
            login,
            cloud_ids: CloudIds::new(context),
            http: http::Client::new(options),
            session: TokenCache::new(),
            redactor: Mutex::new(redactor),
        }
    }

    /// Returns the URL of the API for messages.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Switches to probing: a failed login is not repeated.
    pub(super) fn probing(&self) {
        self.session.probing();
    }

    /// Returns the value of the secret `name`: text, unless the server answers with another type. `None` is absent.
    ///
    /// # Errors
    /// A refusal, with status 4; no answer, or one that is not Akeyless's, 5.
    pub(super) async fn read(&self, name: &str) -> Result<Option<Value>> {
        let (Issued(token), _) = self.session.get("", None, Box::pin(self.log_in())).await?;
        let body = object([
            ("accessibility", "regular".into()),
            ("ignore-cache", "false".into()),
            ("json", Value::Bool(false)),
            ("names", Value::List(vec![name.into()])),
            ("token", token.expose_text().unwrap_or_default().into()),
        ]);
        let response = self.post("get-secret-value", body).await?;
        match response.status {
            404 if services::object(&response).is_some_and(|answer| words(&answer).is_some()) => {
                return Ok(None);
            }
            200 => {}
            _ => {
                let hint = format!(
                    "the access id needs a role with the permission to read `{}`",
                    shown(name)
                );
                return Err(self.refused("the request for the secret", &hint, &response));
            }
        }
        let mut values = match loads(response.body.expose_text().unwrap_or_default()) {
            Ok(Value::Object(values)) => values,
            // It is JSON, but Python cannot read it either.
            Err(source) if !source.is_decode_error() => {
                return Err(Error::malformed("the secret in Akeyless cannot be read").with_source(source));
            }
            _ => return Err(self.not_akeyless()),
        };
        Ok(values.shift_remove(name).filter(|value| !value.is_null()))
    }

    async fn log_in(&self) -> Result<Issued> {
        let (access_id, proof) = match &self.login {
            Login::Uid(token) => return Ok(Issued(token.clone())),
            Login::ApiKey {
                access_id,
                access_key,
            } => {
                let key = access_key.expose_text().unwrap_or_default();
                (
                    access_id,
                    [("access-key", key.into()), ("access-type", "access_key".into())],
                )
            }
            Login::Cloud { access_id, cloud } => {
                let cloud_id = self.cloud_ids.make(cloud).await?;
                self.hold(cloud_id.clone());
                let cloud_id = cloud_id.expose_text().unwrap_or_default();
                (
                    access_id,
                    [
                        ("access-type", cloud.access_type().into()),
                        ("cloud-id", cloud_id.into()),
                    ],
                )
            }
        };
        let mut body = object([("access-id", access_id.as_str().into())]);
        body.extend(object(proof));
        // The defaults of the client's model.
        body.extend(object([
            ("azure-cloud", "AzureCloud".into()),
            ("gcp-audience", "akeyless.io".into()),
            ("json", Value::Bool(false)),
            ("oci-auth-type", "apikey".into()),
        ]));
        let response = self.post("auth", body).await?;
        if response.status != 200 {
            return Err(self.refused("the login", self.login.hint(), &response));
        }
        let answer = services::object(&response).ok_or_else(|| self.not_akeyless())?;
        match answer.get("token").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => {
                let token = Secret::from(token);
                self.hold(token.clone());
                Ok(Issued(token))
            }
            _ => Err(Error::unavailable(format!(
                "the login at {} was answered without a token",
                self.place
            ))
            .with_hint(ANOTHER_SERVER)),
        }
    }

    async fn post(&self, operation: &str, body: Object) -> Result<Response> {
        let header = |name: &str| (name.to_owned(), Secret::from("application/json"));
        let request = Request {
            method: "POST",
            url: format!("{}/{operation}", self.api_url),
            headers: vec![header("accept"), header("content-type")],
            body: Some(Secret::from(dumps(&Value::Object(body)))),
            retry: RETRY,
            follow_redirects: false,
        };
        self.http
            .send(request)
            .await
            .map_err(|failure| match failure.kind() {
                http::FailureKind::Configuration
                | http::FailureKind::Deadline
                | http::FailureKind::Certificate(_) => Error::from(failure),
                _ => Error::unavailable(format!("{} did not answer", self.place)).with_source(failure),
            })
    }

    /// Returns the error of an answer that is a failure. A 4xx is a refusal; any other status is no answer.
    fn refused(&self, what: &str, hint: &str, response: &Response) -> Error {
        let (status, api) = (response.status, &self.place);
        let answer = services::object(response);
        let words = answer.as_ref().and_then(words);
        let failed = || Error::unavailable(format!("{api} answered {what} with status {status}"));
        match words {
            Some(words) => {
                let error = match status {
                    400..=499 if status != 429 => {
                        Error::denied(format!("{api} refused {what} (status {status})")).with_hint(hint)
                    }
                    _ => failed(),
                };
                error.with_detail(format!("it says: {}", cut_at(LONGEST_WORDS, self.clean(words))))
            }
            // A web server that is not Akeyless may answer with a 4xx too.
            None => failed().with_hint(ANOTHER_SERVER),
        }
    }

    fn not_akeyless(&self) -> Error {
        Error::unavailable(format!("{} did not answer in Akeyless's JSON", self.place))
            .with_hint(ANOTHER_SERVER)
    }

    fn hold(&self, secret: Secret) {
        self.redactor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(secret);
    }

    fn clean(&self, text: &str) -> String {
        self.redactor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clean(text)
    }
}

/// Returns a URL without what may be secret in it: user, password and query.
fn place(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    shown(&format!("{scheme}://{host}{path}"))
}

fn object<const N: usize>(pairs: [(&str, Value); N]) -> Object {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Returns the words of Akeyless's error: the answer of another server has none.
fn words(answer: &Object) -> Option<&str> {
    let words = ["error", "message"]
        .iter()
        .find_map(|name| answer.get(*name)?.as_str());
    words.filter(|words| !words.is_empty())
}
