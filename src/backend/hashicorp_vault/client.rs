//! Vault's client: one login for all requests, reads with its token, and one more login when Vault rejects the token.
//!
//! Owns headers, retries and the meaning of the answer to a login. `answer` has the meaning of the answer to a read, `failures`
//! the messages. Source: apache-airflow-providers-hashicorp 4.8.4, `_internal_client/vault_client.py` (`_client`,
//! `_run_with_reauth`).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::answer::Envelope;
use super::auth::{Credential, Login};
use super::config::Config;
use super::header;
use crate::cloud::token_cache::{Issued, TokenCache};
use crate::error::{Error, Result};
use crate::http::{self, Request, Response, Retry};
use crate::python::json;
use crate::secret::{Redaction, Secret};

/// Airflow's `Retry(total=3, backoff_factor=0.1, status_forcelist=[412, 500, 502, 503])`, which applies to GET, with urllib3's
/// `RETRY_AFTER_STATUS_CODES`.
const READ_RETRY: Retry = Retry {
    retries: 3,
    statuses: &[412, 500, 502, 503],
    statuses_with_retry_after: &[413, 429, 503],
    backoff: Duration::from_millis(100),
    after_sending: true,
    decide: None,
};

/// How logins are retried. Airflow retries no login on a status.
///
/// A deliberate difference: a throttled, sealed or standby server has not processed the login, so it is sent again.
const LOGIN_RETRY: Retry = Retry {
    statuses: &[429, 503],
    statuses_with_retry_after: &[],
    after_sending: false,
    ..READ_RETRY
};

/// How many characters of a path or a server's name a message shows.
pub(super) const MAX_SHOWN_CHARS: usize = 200;

/// A client of one Vault.
pub(super) struct Client {
    pub(super) config: Config,
    http: http::Client,
    /// The token of the last login. Its lifetime is ignored: Vault rejects an expired one.
    session: TokenCache<Issued>,
    redactor: Redaction,
    /// Whether the token of the last login has a limited number of uses.
    token_is_counted: AtomicBool,
}

impl Client {
    /// Creates the client without sending anything.
    pub(super) fn new(config: Config) -> Self {
        let redactor = Redaction::of(config.auth.secrets());
        let http = http::Client::new(config.http.clone()).following_standbys();
        Self {
            config,
            http,
            session: TokenCache::new(),
            redactor,
            token_is_counted: AtomicBool::new(false),
        }
    }

    /// Returns the client of its requests.
    pub(super) fn http(&self) -> &http::Client {
        &self.http
    }

    /// Switches to probing: from now on a refusal is an answer, and does not cause another login.
    pub(super) fn probing(&self) {
        self.session.probing();
    }

    /// Reads `api_path`, which is quoted and begins with `v1/`.
    ///
    /// A rejected token is replaced once, as in Airflow. A probe replaces only a token with a limited number of uses, because
    /// another login has the same policies.
    ///
    /// # Errors
    /// A failed login, or a request without an answer. A second 403 is an answer.
    pub(super) async fn read(&self, api_path: &str) -> Result<Response> {
        self.config.check_identity()?;
        let (token, logins) = self.token(None).await?;
        let response = self.get(api_path, token).await?;
        let is_last = self.session.is_probing() && !self.token_is_counted.load(Ordering::Relaxed);
        if response.status != 403 || is_last {
            return Ok(response);
        }
        let (token, _) = self.token(Some(logins)).await?;
        self.get(api_path, token).await
    }

    /// Adds a secret that is never shown.
    pub(super) fn hold(&self, secret: Secret) {
        self.redactor.add(secret);
    }

    /// Returns a server's words without secrets, fit to be shown.
    pub(super) fn clean(&self, text: &str) -> String {
        self.redactor.clean(text)
    }

    /// Returns the token and the number of its login. Logs in if there is none, or if login number `rejected` was the last.
    async fn token(&self, rejected: Option<u32>) -> Result<(Secret, u32)> {
        let log_in = async {
            let token = self.log_in().await?;
            self.hold(token.clone());
            Ok(Issued(token))
        };
        let (Issued(token), logins) = self.session.get("", rejected, log_in).await?;
        Ok((token, logins))
    }

    async fn log_in(&self) -> Result<Secret> {
        match self.config.auth.credential().await? {
            Credential::Token(token) => header::value(&token).ok_or_else(|| {
                Error::usage("the Vault token cannot be sent over HTTP")
                    .with_hint("a token is one line of ASCII without surrounding whitespace")
            }),
            Credential::Login(login) => self.post(login).await,
        }
    }

    /// Sends a login and returns its token.
    async fn post(&self, login: Login) -> Result<Secret> {
        let mut request = self.request("POST", &login.api_path, None, LOGIN_RETRY);
        request
            .headers
            .push(("content-type".to_owned(), "application/json".into()));
        login.secrets.iter().cloned().for_each(|secret| self.hold(secret));
        request.body = Some(Secret::from(json::dumps(&json::Value::Object(login.body))));
        let response = self
            .http
            .send(request)
            .await
            .map_err(|failure| self.unreachable(failure))?;
        self.token_of(&login.api_path, &response)
    }

    /// Returns the token in the answer to the login at `api_path`.
    ///
    /// # Errors
    /// An answer without a token: a refusal, with status 4, or anything else, with status 5.
    pub(super) fn token_of(&self, api_path: &str, response: &Response) -> Result<Secret> {
        let auth = &self.config.auth;
        let auth_type = auth.name();
        let place = self.config.address.shown();
        let url = self.config.address.name();
        let envelope = Envelope::of(response);
        let is_counted = envelope.as_ref().is_some_and(Envelope::counts_uses);
        self.token_is_counted.store(is_counted, Ordering::Relaxed);
        let passed_on = envelope.as_ref().is_some_and(Envelope::passes_on_a_refusal);
        match response.status {
            200 => match envelope
                .as_ref()
                .and_then(Envelope::client_token)
                .map(|token| header::value(&token))
            {
                Some(Some(token)) => Ok(token),
                Some(None) => Err(Error::unavailable(format!(
                    "the `{auth_type}` login at {place} was answered with a token that cannot be sent over HTTP"
                ))),
                None if envelope.as_ref().is_some_and(Envelope::wants_second_factor) => {
                    Err(Error::unavailable(format!(
                        "the `{auth_type}` login at {place} requires a second factor, which secretctl does not support"
                    )))
                }
                None => Err(Error::unavailable(format!(
                    "the `{auth_type}` login at {place} was answered without a token"
                ))
                .with_hint(format!("this may not be Vault: check {url}"))),
            },
            404 if envelope.is_none() && !response.body.is_empty() => {
                Err(super::answer::not_vault(&self.config.address, response))
            }
            400 if envelope.is_none() && super::answer::wants_tls(response) => Err(self.unexpected(response)),
            400 | 401 | 403 | 404 | 405 | 500 if response.status != 500 || passed_on => {
                Err(self.refused(api_path, response.status, envelope.as_ref()))
            }
            _ => Err(self.unexpected(response)),
        }
    }

    async fn get(&self, api_path: &str, token: Secret) -> Result<Response> {
        let request = self.request("GET", api_path, Some(token), READ_RETRY);
        self.http
            .send(request)
            .await
            .map_err(|failure| self.unreachable(failure))
    }

    fn request(&self, method: &'static str, api_path: &str, token: Option<Secret>, retry: Retry) -> Request {
        let mut headers = Vec::new();
        if self.config.request_header {
            headers.push(("x-vault-request".to_owned(), "true".into()));
        }
        if let Some(token) = token {
            headers.push(("x-vault-token".to_owned(), token));
        }
        if let Some(namespace) = &self.config.namespace {
            headers.push(("x-vault-namespace".to_owned(), namespace.clone()));
        }
        let url = self.config.address.url(api_path);
        Request {
            method,
            url,
            headers,
            body: None,
            retry,
            follow_redirects: self.config.allow_redirects,
        }
    }
}
