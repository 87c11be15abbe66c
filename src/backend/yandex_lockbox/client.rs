//! Lockbox's client: one token and one listing of the folder for all lookups, and one request a secret.
//!
//! Owns the meaning of answers. Sources: <https://yandex.cloud/docs/lockbox/api-ref/Secret/list> and
//! <https://yandex.cloud/docs/lockbox/api-ref/Payload/get>; the Yandex provider 4.6.1, `secrets/lockbox.py` (`_get_secrets`,
//! `_get_secret_value`). Airflow lists the folder anew for each name, which is the same within one command.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::cloud::services::{ServiceRequest, Services, object, text, unreachable};
use crate::cloud::token_cache::{Token, TokenCache};
use crate::cloud::yandex;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Response;
use crate::python::json::{Value, loads};
use crate::python::quote::quote;
use crate::secret::{Redactor, Secret};
use crate::shown::{cut_at, shown};
use crate::value::{Answer, Found};

use super::config::Access;

/// The most secrets of one page. The service allows no more, and every page is asked for.
const PAGE_SIZE: &str = "1000";

/// The most characters of the server's words that are shown.
const LONGEST_WORDS: usize = 300;

const WHAT: &str = "Yandex Lockbox";

/// The hint about an answer that Yandex Cloud does not give.
const ANOTHER_SERVER: &str =
    "something else may have answered: check `endpoint` in the backend kwargs, and `HTTPS_PROXY`";

/// A client of one folder.
pub(super) struct Client {
    services: Services,
    metadata_address: Option<String>,
    session: TokenCache<Session>,
    redactor: Mutex<Redactor>,
}

/// What all lookups share.
#[derive(Clone)]
pub(super) struct Session {
    token: Secret,
    /// The host of the values.
    payload_host: String,
    secrets: Arc<Vec<Listed>>,
}

/// A secret of the folder.
struct Listed {
    name: String,
    id: String,
    version: String,
}

impl Token for Session {
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }
}

impl Client {
    pub(super) fn new(services: Services, metadata_address: Option<String>) -> Self {
        Self {
            services,
            metadata_address,
            session: TokenCache::new(),
            redactor: Mutex::default(),
        }
    }

    /// Switches to probing: a failed login is not repeated.
    pub(super) fn probing(&self) {
        self.session.probing();
    }

    /// Returns what all lookups share. `access` is awaited once.
    ///
    /// # Errors
    /// Those of `access`; a refusal, with status 4; no answer, 5.
    pub(super) async fn session(&self, access: impl Future<Output = Result<Access>>) -> Result<Session> {
        let (session, _) = self
            .session
            .get("", None, async { self.start(access.await?).await })
            .await?;
        Ok(session)
    }

    async fn start(&self, access: Access) -> Result<Session> {
        let endpoints = yandex::endpoints(&self.services, &access.endpoint).await?;
        access
            .credentials
            .secrets()
            .into_iter()
            .for_each(|secret| self.hold(secret));
        let token = access
            .credentials
            .iam_token(
                &self.services,
                &access.endpoint,
                &endpoints,
                self.metadata_address.as_deref(),
            )
            .await?;
        self.hold(token.clone());
        let secrets = self.list(&token, &endpoints.lockbox, &access.folder_id).await?;
        Ok(Session {
            token,
            payload_host: endpoints.lockbox_payload,
            secrets: Arc::new(secrets),
        })
    }

    /// Lists the folder, all pages.
    async fn list(&self, token: &Secret, host: &str, folder_id: &str) -> Result<Vec<Listed>> {
        let mut secrets = Vec::new();
        let mut page = String::new();
        loop {
            let mut url = format!(
                "https://{host}/lockbox/v1/secrets?folderId={}&pageSize={PAGE_SIZE}",
                quote(folder_id)
            );
            if !page.is_empty() {
                url = format!("{url}&pageToken={}", quote(&page));
            }
            let response = self.get(url, token).await?;
            if response.status != 200 {
                let folder = shown(folder_id);
                return Err(self.refused(
                    &format!("list the secrets of folder `{folder}`"),
                    &format!(
                        "check `folder_id`; the account needs the role `lockbox.viewer` on folder `{folder}`"
                    ),
                    &response,
                ));
            }
            let answer = object(&response).ok_or_else(not_lockbox)?;
            let listed = answer.get("secrets").and_then(Value::as_list);
            secrets.extend(listed.into_iter().flatten().filter_map(|secret| {
                let secret = secret.as_object()?;
                let version = secret.get("currentVersion").and_then(Value::as_object);
                Some(Listed {
                    name: secret
                        .get("name")
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned(),
                    id: text(secret, "id")?.to_owned(),
                    version: version
                        .and_then(|version| text(version, "id"))
                        .unwrap_or_default()
                        .to_owned(),
                })
            }));
            match text(&answer, "nextPageToken") {
                None => return Ok(secrets),
                Some(next) if next == page => return Err(not_lockbox()),
                Some(next) => next.clone_into(&mut page),
            }
        }
    }

    /// Reads the secret `name`: its first text by value, as Airflow sorts them.
    ///
    /// # Errors
    /// A refusal, with status 4; no answer, 5.
    pub(super) async fn read(&self, session: &Session, name: &str) -> Result<Answer> {
        let Some(secret) = session.secrets.iter().find(|secret| secret.name == name) else {
            return Ok(Answer::ABSENT);
        };
        let url = format!(
            "https://{}/lockbox/v1/secrets/{}/payload?versionId={}",
            session.payload_host,
            quote(&secret.id),
            quote(&secret.version)
        );
        let response = self.get(url, &session.token).await?;
        if response.status != 200 {
            return Err(self.refused(
                "read the secret",
                "the account needs the role `lockbox.payloadViewer` on the secret",
                &response,
            ));
        }
        let answer = match loads(response.body.expose_text().unwrap_or_default()) {
            Ok(Value::Object(answer)) => answer,
            // It is JSON, but not one that can be read.
            Err(source) if !source.is_decode_error() => {
                return Err(
                    Error::malformed("the secret in Yandex Lockbox cannot be read").with_source(source)
                );
            }
            _ => return Err(not_lockbox()),
        };
        let entries = answer.get("entries").and_then(Value::as_list);
        let mut texts = indexmap::IndexMap::new();
        for entry in entries.into_iter().flatten().filter_map(Value::as_object) {
            if let Some(value) = text(entry, "textValue") {
                texts.insert(
                    entry.get("key").and_then(Value::as_str).unwrap_or_default(),
                    value,
                );
            }
        }
        // Without a text, Airflow does not ask for the plain name after the team's.
        let first = texts.into_values().min();
        Ok(first.map_or(Answer::Null, |value| {
            Answer::Found(Found::Text(Secret::from(value)))
        }))
    }

    async fn get(&self, url: String, token: &Secret) -> Result<Response> {
        let mut bearer = b"Bearer ".to_vec();
        bearer.extend_from_slice(token.expose());
        let request = ServiceRequest::get(url).header("authorization", Secret::new(bearer));
        self.services
            .yandex(request)
            .await
            .map_err(|failure| unreachable(WHAT, failure))
    }

    /// Returns the error of an answer that is a failure, by gRPC's code in it.
    fn refused(&self, what: &str, hint: &str, response: &Response) -> Error {
        let answer = object(response);
        let code = answer.as_ref().and_then(|answer| match answer.get("code")? {
            Value::Int(digits) => digits.parse::<u8>().ok(),
            _ => None,
        });
        let kind = match code {
            // INVALID_ARGUMENT, NOT_FOUND: such a folder cannot be or is not there.
            Some(3 | 5) => ErrorKind::Usage,
            // PERMISSION_DENIED, FAILED_PRECONDITION (a deactivated secret), UNAUTHENTICATED.
            Some(7 | 9 | 16) => ErrorKind::Denied,
            _ => ErrorKind::Unavailable,
        };
        let status = response.status;
        let error = match (kind, code) {
            (ErrorKind::Unavailable, Some(_)) => {
                Error::unavailable(format!("{WHAT} could not {what} (status {status})"))
            }
            (ErrorKind::Unavailable, None) => Error::unavailable(format!(
                "{WHAT} could not {what}: status {status}, without an error of its own"
            ))
            .with_hint(ANOTHER_SERVER),
            _ => Error::new(kind, format!("{WHAT} refused to {what} (status {status})")).with_hint(hint),
        };
        match answer.as_ref().and_then(|answer| text(answer, "message")) {
            Some(words) => {
                let words = self
                    .redactor
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clean(words);
                error.with_detail(format!("it says: {}", cut_at(LONGEST_WORDS, words)))
            }
            None => error,
        }
    }

    fn hold(&self, secret: Secret) {
        self.redactor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(secret);
    }
}

fn not_lockbox() -> Error {
    Error::unavailable(format!("{WHAT} did not answer in its JSON")).with_hint(ANOTHER_SERVER)
}
