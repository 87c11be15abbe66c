//! The names in Vault: LIST of every folder of the base paths, several at a time.
//!
//! Sources: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#list-secrets> and `kv-v1#list-secrets`. The request is
//! `GET …?list=true`, as of Vault's own command line, because some proxies do not pass the method `LIST` on.

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::VaultBackend;
use super::answer::{self, Envelope};
use super::client::MAX_SHOWN_CHARS;
use super::paths::{SecretPath, normalized};
use crate::backend::SecretsBackend as _;
use crate::backend::listed::located;
use crate::error::{Error, Result};
use crate::listing::{Listing, Names, Scope};
use crate::python::json::Value;
use crate::python::quote::quote_path;

/// The name whose plan shows the folders of a scope.
const SAMPLE: &str = "x";

/// A folder of a mount.
#[derive(Clone, Debug)]
struct Folder {
    mount_point: String,
    kv_engine_version: u8,
    /// The base path with a slash at its end; empty for the whole mount.
    base: String,
    /// The path below it, likewise.
    below: String,
}

impl Folder {
    /// Returns the folder's path within the mount.
    fn path(&self) -> String {
        format!("{}{}", self.base, self.below)
    }

    /// Returns the path without the namespace, as policies have it.
    fn policy_path(&self) -> String {
        match self.kv_engine_version {
            1 => format!("{}/{}", self.mount_point, self.path()),
            _ => format!("{}/metadata/{}", self.mount_point, self.path()),
        }
    }

    fn api_path(&self) -> String {
        let (mount, path) = (quote_path(&self.mount_point), quote_path(&self.path()));
        match self.kv_engine_version {
            1 => format!("v1/{mount}/{}?list=true", path.trim_end_matches('/')),
            _ => format!("v1/{mount}/metadata/{}?list=true", path.trim_end_matches('/')),
        }
    }

    /// Returns the folder `key`, unless a request for it would ask for another path.
    fn child(&self, key: &str) -> Option<Self> {
        let below = format!("{}{key}", self.below);
        let child = Self {
            below,
            ..self.clone()
        };
        let path = child.path();
        path.strip_suffix('/').is_some_and(normalized).then_some(child)
    }
}

/// What a folder has.
#[derive(Default)]
struct Content {
    keys: Vec<String>,
    note: Option<String>,
}

impl VaultBackend {
    /// Returns the names below the base paths of `scope`.
    ///
    /// # Errors
    /// A folder that may not be listed (status 4), and the failures of any request.
    pub(super) async fn listing(&self, scope: &Scope) -> Result<Listing> {
        if self.client.config.paths.mount_point().is_none() {
            let why = "`mount_point` is null, so every name begins with its own mount";
            return Ok(Listing::Cannot(why.to_owned()));
        }
        let mut waiting = Vec::new();
        let mut skipped = None;
        for step in self.plan(&scope.lookup(SAMPLE))? {
            let secret: &SecretPath = step.location.address()?;
            match (step.skipped, secret.path.strip_suffix(SAMPLE)) {
                (Some(why), _) => skipped = Some(why),
                (None, Some(base)) => waiting.push(Folder {
                    mount_point: secret.mount_point.clone(),
                    kv_engine_version: secret.kv_engine_version,
                    base: base.to_owned(),
                    below: String::new(),
                }),
                (None, None) => return Err(Error::internal("a path in Vault does not end in its name")),
            }
        }
        match skipped {
            Some(why) if waiting.is_empty() => Ok(Listing::NotLookedUp(why)),
            _ => self.walk(scope, waiting).await.map(Listing::Names),
        }
    }

    /// Lists the folders in `waiting` and those in them.
    async fn walk(&self, scope: &Scope, mut waiting: Vec<Folder>) -> Result<Names> {
        let list = async |folder: Folder| {
            let content = self.content(scope, &folder).await;
            (folder, content)
        };
        let mut names = Names::default();
        let mut asking = FuturesUnordered::new();
        loop {
            while asking.len() < self.jobs
                && let Some(folder) = waiting.pop()
            {
                asking.push(list(folder));
            }
            let Some((folder, content)) = asking.next().await else {
                break;
            };
            let content = content?;
            names.notes.extend(content.note);
            for key in content.keys {
                if key.ends_with('/') {
                    waiting.extend(folder.child(&key));
                    continue;
                }
                let (id, path) = (
                    format!("{}{key}", folder.below),
                    format!("{}{key}", folder.path()),
                );
                let is_stored = |asked: &SecretPath| {
                    asked.mount_point == folder.mount_point && asked.path == path && normalized(&path)
                };
                names.listed.extend(located(self, scope, &id, is_stored));
            }
        }
        if names.listed.is_empty() && names.notes.is_empty() {
            names.notes.extend(self.about_absence());
        }
        Ok(names)
    }

    /// Lists one folder.
    async fn content(&self, scope: &Scope, folder: &Folder) -> Result<Content> {
        let response = self.client.read(&folder.api_path()).await?;
        let envelope = Envelope::of(&response);
        match (response.status, envelope) {
            (200, Some(envelope)) => match envelope.keys() {
                Some(keys) => Ok(Content { keys, note: None }),
                None => Err(Error::unavailable(format!(
                    "{} answered without a list of names",
                    self.client.config.address.shown()
                ))
                .with_hint("this may not be Vault, or a gateway before it may change its answers")),
            },
            (404, Some(envelope)) => Ok(Content {
                keys: Vec::new(),
                note: self.absence(
                    scope.kind,
                    &folder.mount_point,
                    &folder.path(),
                    folder.kv_engine_version,
                    &envelope,
                ),
            }),
            (404, None) if response.body.is_empty() => Ok(Content::default()),
            (200 | 404, None) => Err(answer::not_vault(&self.client.config.address, &response)),
            (401 | 403, envelope) => Err(self.may_not_list(folder, envelope.as_ref())),
            _ => Err(self.client.unexpected(&response)),
        }
    }

    /// Returns the error of a folder that the token may not list.
    fn may_not_list(&self, folder: &Folder, envelope: Option<&Envelope>) -> Error {
        let cut = |text: String| -> String { text.chars().take(MAX_SHOWN_CHARS).collect() };
        let mut error = Error::denied(format!(
            "Vault at {} does not let the token list `{}` of mount `{}`",
            self.client.config.address.shown(),
            cut(folder.path()),
            cut(folder.mount_point.clone())
        ));
        if let Some(words) = envelope.and_then(Envelope::words) {
            error = error.with_detail(format!("Vault says: {}", self.client.clean(&words)));
        }
        let path = cut(folder.policy_path());
        error = error.with_detail(format!(
            "a policy must have: path \"{path}*\" {{ capabilities = [\"list\"] }}"
        ));
        for detail in [
            self.client.ignored_namespace(),
            self.client.config.auth.unused.as_deref(),
        ] {
            error = detail.into_iter().fold(error, Error::with_detail);
        }
        error.with_hint("add that to a policy of the token; `get-conn` and `get-var` need only `read`")
    }
}

impl Envelope {
    /// Returns the names in the answer to a LIST; `None` without a list of texts.
    fn keys(&self) -> Option<Vec<String>> {
        let keys = self.data()?.get("keys")?.as_list()?;
        keys.iter()
            .map(|key| Value::as_str(key).map(str::to_owned))
            .collect()
    }
}
