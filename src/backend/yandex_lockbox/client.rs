//! Lockbox's client: one token and one listing of the folder for all lookups, and one request a secret.
//!
//! Owns the meaning of answers. Must not know who asks: `cloud::yandex` does. Sources:
//! <https://yandex.cloud/docs/lockbox/api-ref/Secret/list> and <https://yandex.cloud/docs/lockbox/api-ref/Payload/get>; the Yandex
//! provider 4.6.1, `secrets/lockbox.py` (`_get_secrets`, `_get_secret_value`). Airflow lists the folder anew for each name, which is
//! the same within one command.

use std::sync::Arc;
use std::time::Instant;

use crate::cloud::services::{secret_object, text};
use crate::cloud::token_cache::{Issued, TokenCache};
use crate::cloud::yandex::{self, Access, Task};
use crate::env::Env;
use crate::error::Result;
use crate::python::json::{Object, Value};
use crate::python::quote::quote;
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::{Answer, Found};

/// The most secrets of one page. The service allows no more, and every page is asked for.
const PAGE_SIZE: &str = "1000";

/// A client of one folder.
pub(super) struct Client {
    pub(super) yandex: yandex::Client,
    session: TokenCache<Issued<Session>>,
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
pub(super) struct Listed {
    name: String,
    id: String,
    version: String,
}

impl Session {
    /// Returns the names of all secrets of the folder.
    pub(super) fn names(&self) -> Vec<String> {
        self.secrets.iter().map(|secret| secret.name.clone()).collect()
    }
}

impl Client {
    pub(super) fn new(env: &Env, deadline: Instant) -> Self {
        Self {
            yandex: yandex::Client::new("Yandex Lockbox", env, deadline),
            session: TokenCache::new(),
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
        let start = async {
            let access = access.await?;
            let (token, endpoints) = self.yandex.log_in(&access).await?;
            let secrets = self.list(&token, &endpoints.lockbox, &access.folder_id).await?;
            Ok(Issued(Session {
                token,
                payload_host: endpoints.lockbox_payload,
                secrets: Arc::new(secrets),
            }))
        };
        let (Issued(session), _) = self.session.get("", None, start).await?;
        Ok(session)
    }

    /// Lists the folder, all pages.
    pub(super) async fn list(&self, token: &Secret, host: &str, folder_id: &str) -> Result<Vec<Listed>> {
        let folder = shown(folder_id);
        let task = Task {
            what: &format!("list the secrets of folder `{folder}`"),
            hint: &format!(
                "check `folder_id`; the account needs the role `lockbox.viewer` on folder `{folder}`"
            ),
        };
        let folder = quote(folder_id);
        let url = format!("https://{host}/lockbox/v1/secrets?folderId={folder}&pageSize={PAGE_SIZE}");
        let listed = self.yandex.list(&url, token, task, "secrets").await?;
        Ok(listed.iter().filter_map(Listed::of).collect())
    }

    /// Reads the secret `name`: its first text by value, as Airflow sorts them.
    ///
    /// # Errors
    /// A refusal, with status 4; no answer, 5.
    pub(super) async fn read(&self, session: &Session, name: &str) -> Result<Answer> {
        let Some(secret) = session.secrets.iter().find(|secret| secret.name == name) else {
            return Ok(Answer::ABSENT);
        };
        let task = Task {
            what: "read the secret",
            hint: "the account needs the role `lockbox.payloadViewer` on the secret",
        };
        let url = format!(
            "https://{}/lockbox/v1/secrets/{}/payload?versionId={}",
            session.payload_host,
            quote(&secret.id),
            quote(&secret.version)
        );
        let response = self.yandex.get(url, &session.token, task).await?;
        let answer = secret_object(&response, "the secret in Yandex Lockbox")?
            .ok_or_else(|| self.yandex.not_its_json())?;
        let entries = answer.get("entries").and_then(Value::as_list);
        let mut texts = indexmap::IndexMap::new();
        for entry in entries.into_iter().flatten().filter_map(Value::as_object) {
            if let Some(value) = text(entry, "textValue") {
                let key = entry.get("key").and_then(Value::as_str);
                texts.insert(key.unwrap_or_default(), value);
            }
        }
        // Without a text, Airflow does not ask for the plain name after the team's.
        let first = texts.into_values().min();
        Ok(first.map_or(Answer::Null, |value| {
            Answer::Found(Found::Text(Secret::from(value)))
        }))
    }
}

impl Listed {
    /// Reads an entry of the list; one without an id cannot be read.
    fn of(secret: &Object) -> Option<Self> {
        let version = secret.get("currentVersion").and_then(Value::as_object);
        let version = version.and_then(|version| text(version, "id"));
        Some(Self {
            name: text(secret, "name").unwrap_or_default().to_owned(),
            id: text(secret, "id")?.to_owned(),
            version: version.unwrap_or_default().to_owned(),
        })
    }
}
