//! Who we are to Yandex Cloud: credentials, the IAM token for them, and requests with it to one service.
//!
//! `credentials` exchanges an OAuth token, a service account's `key` or the machine's own account for an IAM token. `connection`
//! finds them in an Airflow connection, `access` joins them with a folder and an endpoint, and
//! `endpoints` has the addresses of the services. Must not know what a service is asked for.
//!
//! Sources: yandexcloud 0.413.0, whose SDK speaks gRPC; the same API is asked over REST here.
//! <https://yandex.cloud/docs/api-design-guide/concepts/errors>.

use super::pages::{self, Page};
use super::services::{ServiceRequest, Services, object, refused, text, unreachable};
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{self, Response};
use crate::python::json::{Object, Value};
use crate::python::quote::quote;
use crate::secret::{Redaction, Secret};
use crate::shown::cut_at;

mod access;
mod connection;
mod credentials;
mod endpoints;
mod key;

pub(crate) use access::{Access, Configured};
pub(crate) use connection::Extra;
pub(crate) use credentials::Credentials;
pub(crate) use endpoints::Endpoints;

/// The most characters of the server's words that are shown.
const LONGEST_WORDS: usize = 300;

/// The hint about an answer that Yandex Cloud does not give.
const ANOTHER_SERVER: &str =
    "something else may have answered: check `endpoint` in the backend kwargs, and `HTTPS_PROXY`";

/// A client of one service.
pub(crate) struct Client {
    /// The service, for messages.
    name: &'static str,
    services: Services,
    /// `YC_METADATA_ADDR`
    metadata_address: Option<String>,
    redactor: Redaction,
}

/// What an answer that is a failure is about.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    /// What was to be done: "read the secret".
    pub(crate) what: &'a str,
    /// What to check after a refusal.
    pub(crate) hint: &'a str,
}

impl Client {
    /// Creates the client without sending anything.
    pub(crate) fn new(name: &'static str, env: &Env, deadline: std::time::Instant) -> Self {
        Self {
            name,
            services: Services::new(env, deadline),
            metadata_address: env.non_empty("YC_METADATA_ADDR").map(str::to_owned),
            redactor: Redaction::default(),
        }
    }

    /// Returns the client of its requests, for `doctor`.
    pub(crate) fn http(&self) -> &http::Client {
        self.services.yandex_client()
    }

    /// Returns the addresses of the services.
    ///
    /// # Errors
    /// No answer of an endpoint that is not Yandex Cloud's own, with status 5.
    pub(crate) async fn endpoints(&self, access: &Access) -> Result<Endpoints> {
        endpoints::endpoints(&self.services, &access.endpoint).await
    }

    /// Returns the error of a request without an answer.
    pub(crate) fn unreachable(&self, failure: http::Failure) -> Error {
        unreachable(self.name, failure)
    }

    /// Returns an IAM token, and the addresses of the services.
    ///
    /// # Errors
    /// A refusal, or a machine without an account, with status 4; no answer, 5; a key that cannot be used, 2.
    pub(crate) async fn log_in(&self, access: &Access) -> Result<(Secret, Endpoints)> {
        let Access {
            credentials,
            endpoint,
            ..
        } = access;
        let endpoints = endpoints::endpoints(&self.services, endpoint).await?;
        for secret in credentials.secrets() {
            self.redactor.add(secret);
        }
        let address = self.metadata_address.as_deref();
        let token = credentials
            .iam_token(&self.services, endpoint, &endpoints, address)
            .await?;
        self.redactor.add(token.clone());
        Ok((token, endpoints))
    }

    /// Gets `url` with an IAM token.
    ///
    /// # Errors
    /// A refusal of `task`, with status 4, or 2 if its parameters are refused; no answer, 5.
    pub(crate) async fn get(&self, url: String, token: &Secret, task: Task<'_>) -> Result<Response> {
        let mut bearer = b"Bearer ".to_vec();
        bearer.extend_from_slice(token.expose());
        let request = ServiceRequest::get(url).header("authorization", Secret::new(bearer));
        let response = self
            .services
            .yandex(request)
            .await
            .map_err(|failure| self.unreachable(failure))?;
        match response.status {
            200 => Ok(response),
            _ => Err(self.refused(task, &response)),
        }
    }

    /// Gets the objects under `field` of all pages of `url`, which has a query.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn list(
        &self,
        url: &str,
        token: &Secret,
        task: Task<'_>,
        field: &str,
    ) -> Result<Vec<Object>> {
        let page = |next: String| {
            let url = match next.as_str() {
                "" => url.to_owned(),
                next => format!("{url}&pageToken={}", quote(next)),
            };
            async move {
                let response = self.get(url, token, task).await?;
                let mut answer = object(&response).ok_or_else(|| self.not_its_json())?;
                let next = text(&answer, "nextPageToken").map(str::to_owned);
                let items = pages::objects(answer.shift_remove(field));
                Ok(Page { items, next })
            }
        };
        pages::all(self.name, page).await
    }

    /// Returns the error of an answer that is not the service's.
    pub(crate) fn not_its_json(&self) -> Error {
        Error::unavailable(format!("{} did not answer in its JSON", self.name)).with_hint(ANOTHER_SERVER)
    }

    /// Returns the error of an answer that is a failure, by gRPC's code in it.
    fn refused(&self, task: Task<'_>, response: &Response) -> Error {
        let Task { what, hint } = task;
        let answer = object(response);
        let code = answer.as_ref().and_then(|answer| match answer.get("code")? {
            Value::Int(digits) => digits.parse::<u8>().ok(),
            _ => None,
        });
        let kind = match code {
            // INVALID_ARGUMENT, NOT_FOUND: what the parameters name cannot be or is not there.
            Some(3 | 5) => ErrorKind::Usage,
            // PERMISSION_DENIED, FAILED_PRECONDITION (what is deactivated), UNAUTHENTICATED.
            Some(7 | 9 | 16) => ErrorKind::Denied,
            _ => ErrorKind::Unavailable,
        };
        let (name, status) = (self.name, response.status);
        let error = match (kind, code) {
            (ErrorKind::Unavailable, Some(_)) => {
                Error::unavailable(format!("{name} could not {what} (status {status})"))
            }
            (ErrorKind::Unavailable, None) => Error::unavailable(format!(
                "{name} could not {what}: status {status}, without an error of its own"
            ))
            .with_hint(ANOTHER_SERVER),
            _ => Error::new(kind, format!("{name} refused to {what} (status {status})")).with_hint(hint),
        };
        match answer.as_ref().and_then(|answer| text(answer, "message")) {
            Some(words) => {
                let words = cut_at(LONGEST_WORDS, self.redactor.clean(words));
                error.with_detail(format!("it says: {words}"))
            }
            None => error,
        }
    }
}

/// Sends a request to a service that gives what every request needs.
async fn send(services: &Services, what: &str, request: ServiceRequest) -> Result<Response> {
    let response = services
        .yandex(request)
        .await
        .map_err(|failure| unreachable(what, failure))?;
    match response.status {
        200 => Ok(response),
        _ => Err(refused(what, &response)),
    }
}
