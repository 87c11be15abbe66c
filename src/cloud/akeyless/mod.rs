//! Who we are to Akeyless: an access key, a token, or a cloud that vouches for this machine; and requests with the token of a login.
//!
//! `parts` decides which login is meant, `login` makes the request for a token, and `cloud_id` the proof of a cloud. A [`Client`] logs in once for all requests. Must not
//! know what is read from Akeyless. Sources: akeyless 5.0.40 (`V2Api`, `ApiException`); the Akeyless provider 0.3.2,
//! `secrets/akeyless.py` (`_authenticate`).

use std::time::{Duration, Instant};

use crate::cloud::pages::{self, Page};
use crate::cloud::services::{RETRY, ServiceRequest, object, text, unreachable};
use crate::cloud::token_cache::{Issued, TokenCache};
use crate::cloud::trust;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{self, Options, Proxies, Response};
use crate::python::json::{Object, Value, dumps};
use crate::secret::{Redaction, Secret};
use crate::shown::{cut_at, shown};

mod cloud_id;
mod login;
mod parts;

pub(crate) use login::Login;
use login::Start;
pub(crate) use parts::LoginParts;

/// Akeyless's own API.
pub(crate) const API_URL: &str = "https://api.akeyless.io";

/// The time limit for an answer. The client for Python has none.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);

/// The hint about an answer that Akeyless does not give.
const ANOTHER_SERVER: &str = "this may not be Akeyless: check `api_url` in the backend kwargs";

/// The most characters of the server's words that are shown.
const LONGEST_WORDS: usize = 300;

/// A client of one Akeyless API, as one identity.
pub(crate) struct Client {
    api_url: String,
    /// The URL for messages.
    place: String,
    login: Login,
    env: Env,
    deadline: Instant,
    http: http::Client,
    session: TokenCache<Issued>,
    redactor: Redaction,
}

impl Client {
    /// Creates the client without sending anything.
    pub(crate) fn new(api_url: String, login: Login, env: &Env, deadline: Instant) -> Self {
        // The client for Python reads no variable for proxies.
        let options = Options {
            proxies: Proxies::default(),
            ..trust::options(env, ATTEMPT_TIMEOUT, deadline)
        };
        Self {
            place: place(&api_url),
            api_url,
            redactor: Redaction::of(login.secret()),
            login,
            env: env.clone(),
            deadline,
            http: http::Client::new(options),
            session: TokenCache::new(),
        }
    }

    /// Returns the URL of the API for messages.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Switches to probing: a failed login is not repeated.
    pub(crate) fn probing(&self) {
        self.session.probing();
    }

    /// Returns the client of its requests and the URL of the API, for `doctor`.
    pub(crate) fn way(&self) -> (&http::Client, &str) {
        (&self.http, &self.api_url)
    }

    /// Returns who asks.
    pub(crate) fn login(&self) -> &Login {
        &self.login
    }

    /// Returns the error of a request without an answer.
    pub(crate) fn unreachable(&self, failure: http::Failure) -> Error {
        unreachable(&self.place, failure)
    }

    /// Logs in, unless that is done.
    ///
    /// # Errors
    /// A refused login, with status 4; no answer, 5.
    pub(crate) async fn sign_in(&self) -> Result<()> {
        self.session
            .get("", None, Box::pin(self.log_in()))
            .await
            .map(drop)
    }

    /// Asks for `operation`, with the token of the login after `parameters`.
    ///
    /// # Errors
    /// A refused login, with status 4; no answer, 5.
    pub(crate) async fn ask(&self, operation: &str, mut parameters: Object) -> Result<Response> {
        let (Issued(token), _) = self.session.get("", None, Box::pin(self.log_in())).await?;
        let token = token.expose_text().unwrap_or_default();
        parameters.insert("token".to_owned(), token.into());
        self.post(operation, parameters).await
    }

    /// Asks for the objects under `field` of all pages of `operation`. `hint` is for a refusal.
    ///
    /// # Errors
    /// A refusal, with status 4; no answer, or one that is not Akeyless's, 5.
    pub(crate) async fn list(
        &self,
        operation: &str,
        parameters: &[(&str, Value)],
        field: &str,
        hint: &str,
    ) -> Result<Vec<Object>> {
        let page = |token: String| async move {
            let token = (!token.is_empty()).then(|| ("pagination-token", token.into()));
            let parameters = parameters.iter().cloned().chain(token);
            let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
            let response = self.ask(operation, parameters.collect()).await?;
            if response.status != 200 {
                return Err(self.refused("the request for the names", hint, &response));
            }
            let mut answer = object(&response).ok_or_else(|| self.not_akeyless())?;
            let next = text(&answer, "next_page").map(str::to_owned);
            let items = pages::objects(answer.shift_remove(field));
            Ok(Page { items, next })
        };
        pages::all(&self.place, page).await
    }

    /// Returns whether an answer is an error of Akeyless, and not of a web server before it.
    pub(crate) fn is_own_error(response: &Response) -> bool {
        object(response).is_some_and(|answer| words(&answer).is_some())
    }

    /// Returns the error of an answer that is a failure. A 4xx is a refusal; any other status is no answer.
    pub(crate) fn refused(&self, what: &str, hint: &str, response: &Response) -> Error {
        let (status, api) = (response.status, &self.place);
        let answer = object(response);
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
                let words = cut_at(LONGEST_WORDS, self.redactor.clean(words));
                error.with_detail(format!("it says: {words}"))
            }
            // A web server that is not Akeyless may answer with a 4xx too.
            None => failed().with_hint(ANOTHER_SERVER),
        }
    }

    /// Returns the error of an answer that Akeyless does not give.
    pub(crate) fn not_akeyless(&self) -> Error {
        Error::unavailable(format!("{} did not answer in Akeyless's JSON", self.place))
            .with_hint(ANOTHER_SERVER)
    }

    async fn log_in(&self) -> Result<Issued> {
        let body = match self.login.start(&self.env, self.deadline).await? {
            Start::Token(token) => return Ok(Issued(token)),
            Start::Request { body, proof } => {
                self.redactor.add(proof);
                body
            }
        };
        let response = self.post("auth", body).await?;
        if response.status != 200 {
            return Err(self.refused("the login", self.login.hint(), &response));
        }
        let answer = object(&response).ok_or_else(|| self.not_akeyless())?;
        match answer.get("token").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => {
                let token = Secret::from(token);
                self.redactor.add(token.clone());
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
        let url = format!("{}/{operation}", self.api_url);
        let body = Secret::from(dumps(&Value::Object(body)));
        let request =
            ServiceRequest::post(url, "application/json", body).header("accept", "application/json");
        self.http
            .send(request.with(RETRY))
            .await
            .map_err(|failure| self.unreachable(failure))
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

/// Returns the words of Akeyless's error: the answer of another server has none.
fn words(answer: &Object) -> Option<&str> {
    let words = ["error", "message"]
        .iter()
        .find_map(|name| answer.get(*name)?.as_str());
    words.filter(|words| !words.is_empty())
}
