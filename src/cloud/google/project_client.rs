//! Requests to a service of Google, for one project: that of the configuration, or that of the credentials.
//!
//! Must not know what is asked for. Source: apache-airflow-providers-google 22.8.0, `cloud/secrets/secret_manager.py`
//! (`__init__`), `utils/credentials_provider.py` (`get_credentials_and_project_id`).

use std::time::{Duration, Instant, SystemTime};

use super::impersonated::project_of as project_of_account;
use super::source::{Loaded, Source};
use super::{AccessToken, Scopes, TokenContext};
use crate::cloud::services::{Services, unreachable};
use crate::cloud::token_cache::{Token, TokenCache};
use crate::cloud::trust;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{Client, Failure, Request, Response, Retry};
use crate::secret::Secret;
use crate::shown::shown;

/// What to do when the project is not known, or cannot be one.
const SET_PROJECT: &str = "set the backend kwarg `project_id`";

/// The time limit for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Which requests are repeated: what gRPC calls `UNAVAILABLE` or `RESOURCE_EXHAUSTED`.
const RETRY: Retry = Retry {
    retries: 3,
    statuses: &[429, 502, 503, 504],
    statuses_with_retry_after: &[],
    backoff: Duration::from_millis(500),
    after_sending: true,
    decide: None,
};

/// A service of Google.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    /// Its name, for messages.
    pub(crate) name: &'static str,
    /// The audience of a token that a service account signs for itself.
    pub(crate) audience: &'static str,
    /// The kwargs that give credentials, for hints.
    pub(crate) kwargs: &'static str,
}

/// Who asks, and for which project, as configured.
pub(crate) struct Access {
    pub(crate) source: Source,
    /// The accounts to impersonate one after the other, and whether the kwarg is a list.
    pub(crate) chain: Option<(Vec<String>, bool)>,
    pub(crate) scopes: Scopes,
    /// The project; `None` for that of the credentials.
    pub(crate) project_id: Option<String>,
}

impl Access {
    /// Returns the project that is known before any file is read or any request is sent.
    pub(crate) fn known_project(&self, env: &Env) -> Option<String> {
        let of_chain = || {
            let (accounts, _) = self.chain.as_ref()?;
            project_of_account(accounts.last()?)
        };
        match (&self.project_id, &self.chain) {
            (Some(project), _) => Some(project.clone()),
            (None, Some(_)) => of_chain().map(str::to_owned),
            (None, None) => self.source.known_project(env),
        }
    }
}

/// A client: one set of credentials, one token at a time.
pub(crate) struct ProjectClient {
    service: Service,
    http: Client,
    context: TokenContext,
    credentials: Loaded,
    scopes: Scopes,
    /// The project that is configured.
    project_id: Option<String>,
    sessions: TokenCache<Session>,
}

/// A token, and the project that it is used for.
#[derive(Clone)]
struct Session {
    token: AccessToken,
    project: String,
}

impl Token for Session {
    fn expires_at(&self) -> Option<SystemTime> {
        self.token.expires_at()
    }
}

impl ProjectClient {
    /// Reads the credentials. It sends nothing.
    ///
    /// # Errors
    /// No credentials, with status 4; credentials that cannot be used, 2.
    pub(crate) fn new(service: Service, access: &Access, env: &Env, deadline: Instant) -> Result<Self> {
        let chain = access
            .chain
            .as_ref()
            .map(|(accounts, is_list)| (accounts.as_slice(), *is_list));
        Ok(Self {
            service,
            http: Client::new(trust::options(env, TIMEOUT, deadline)),
            credentials: Loaded::new(&access.source, chain, env, deadline, service.kwargs)?,
            context: TokenContext {
                services: Services::new(env, deadline),
                env: env.clone(),
                audience: service.audience,
            },
            scopes: access.scopes.clone(),
            project_id: access.project_id.clone(),
            sessions: TokenCache::new(),
        })
    }

    /// Marks this as a probe: there is one login, even if it fails.
    pub(crate) fn probing(&self) {
        self.sessions.probing();
    }

    /// Gets the URL that `url` returns for the project, and returns the project with the answer.
    ///
    /// # Errors
    /// No answer, with status 5; what kept it from a token or a project.
    pub(crate) async fn get(&self, url: impl FnOnce(&str) -> String) -> Result<(String, Response)> {
        let (Session { token, project }, _) = self.sessions.get("", None, self.session()).await?;
        let mut headers = vec![("authorization".to_owned(), token.bearer())];
        if let Some(quota) = &self.credentials.quota_project {
            headers.push(("x-goog-user-project".to_owned(), Secret::from(quota.as_str())));
        }
        let request = Request {
            method: "GET",
            url: url(&project),
            headers,
            body: None,
            retry: RETRY,
            follow_redirects: false,
        };
        let response = self.http.send(request).await;
        let response = response.map_err(|failure| self.unreachable(failure))?;
        Ok((project, response))
    }

    /// Returns the client of its requests, for `doctor`.
    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    /// Returns the error of a request without an answer.
    pub(crate) fn unreachable(&self, failure: Failure) -> Error {
        unreachable(self.service.name, failure)
    }

    /// Returns the account whose credentials they are, if that is known, and where they were found.
    pub(crate) fn identity(&self) -> (Option<&str>, &str) {
        let Loaded {
            credential, found_in, ..
        } = &self.credentials;
        (credential.account(), found_in)
    }

    /// Gets a token.
    ///
    /// # Errors
    /// What kept it from one, with status 2, 4 or 5.
    pub(crate) async fn token(&self) -> Result<AccessToken> {
        self.credentials
            .credential
            .token(&self.context, &self.scopes)
            .await
    }

    /// Returns the project: the one that is configured, else that of the credentials, whose `token` is given.
    ///
    /// # Errors
    /// No project, or text that cannot be one, with status 2; what kept it from an answer.
    pub(crate) async fn project(&self, token: &AccessToken) -> Result<String> {
        if let Some(project) = self.project_id.clone() {
            return Ok(project);
        }
        self.check_has_project()?;
        let project = self
            .credentials
            .project(&self.context, &self.scopes, token)
            .await?;
        let project = project
            .filter(|project| !project.is_empty())
            .ok_or_else(unknown_project)?;
        match project_fault(&project) {
            Some(why) => Err(
                Error::usage(format!("the project of the Google credentials {why}")).with_hint(SET_PROJECT),
            ),
            None => Ok(project),
        }
    }

    /// Refuses credentials that cannot name a project, before a token is asked for.
    fn check_has_project(&self) -> Result<()> {
        if self.project_id.is_none() && self.credentials.lacks_project(&self.scopes) {
            return Err(unknown_project());
        }
        Ok(())
    }

    /// Gets a token, and the project of the credentials if none is configured.
    ///
    /// # Errors
    /// No project, or text that cannot be one, with status 2; what kept it from a token.
    async fn session(&self) -> Result<Session> {
        self.check_has_project()?;
        let token = self.token().await?;
        let project = self.project(&token).await?;
        Ok(Session { token, project })
    }
}

/// Returns the error of a project that nothing names.
fn unknown_project() -> Error {
    Error::usage("the Google Cloud project of the secrets is not known")
        .with_detail("neither `project_id` nor the credentials nor `GOOGLE_CLOUD_PROJECT` names one")
        .with_hint(SET_PROJECT)
}

/// Returns why a project cannot have this id.
pub(crate) fn project_fault(project: &str) -> Option<String> {
    if project.contains("..") {
        return Some("has `..`".to_owned());
    }
    let wrong = project
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || "-_.:".contains(*c)));
    match wrong {
        Some('/') => Some("has `/`, and regional secrets are not supported".to_owned()),
        Some(' ') => Some("has a space".to_owned()),
        Some(c) => Some(format!("has `{}`", shown(&c.to_string()))),
        None => None,
    }
}
