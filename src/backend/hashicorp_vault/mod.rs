//! `HashiCorp` Vault, HCP Vault and `OpenBao`: Airflow's `VaultBackend`.
//!
//! Sources: apache-airflow-providers-hashicorp 4.8.4, `secrets/vault.py` and `_internal_client/vault_client.py`; hvac 2.4.0.
//!
//! Not built on the `vaultrs` crate: it quotes the segments of a path by the WHATWG rules, not as hvac does; it cannot send
//! `"secret_id": null`; its errors keep response bodies without a size limit; and `Debug` and `tracing` can show its request
//! types, including tokens.

use crate::backend::{BoxFuture, Context, SecretsBackend};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::privilege::{PolicyFormat, Privilege};
use crate::python::quote::quote_path;
use crate::secret::Secret;
use crate::value::{Answer, Found, Lookup, SecretKind, Step};

mod address;
mod answer;
mod auth;
mod checkup;
mod client;
mod config;
mod failures;
#[cfg(fuzzing)]
pub mod fuzzing;
mod header;
mod list;
mod meanings;
mod paths;

use answer::Envelope;
use client::{Client, MAX_SHOWN_CHARS};
use config::Config;
use paths::SecretPath;

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// A value of at most this many bytes is remembered, so that a server's words never show it.
const MAX_HELD_BYTES: usize = 4096;

/// Vault as a secrets backend.
pub struct VaultBackend {
    client: Client,
    /// How many folders are listed at the same time.
    jobs: usize,
}

impl VaultBackend {
    /// Builds the backend from its kwargs, without sending anything.
    ///
    /// # Errors
    /// A kwarg that is unknown, missing, of the wrong type or cannot be used, with status 2.
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        let config = Config::new(kwargs, context)?;
        Ok(Box::new(Self {
            client: Client::new(config),
            jobs: context.jobs,
        }))
    }

    /// Returns the path of the request that reads `path` of `mount`.
    fn api_path(mount: &str, path: &str, kv_engine_version: u8) -> String {
        match kv_engine_version {
            1 => format!("v1/{}/{}", quote_path(mount), quote_path(path)),
            _ => format!("v1/{}/data/{}", quote_path(mount), quote_path(path)),
        }
    }

    /// Reads one path of one mount.
    async fn read(&self, kind: SecretKind, mount: &str, path: &str, kv_engine_version: u8) -> Result<Answer> {
        let api_path = Self::api_path(mount, path, kv_engine_version);
        let response = self.client.read(&api_path).await?;
        self.meaning(kind, mount, path, kv_engine_version, &response)
    }

    /// Returns the meaning of the answer to a read.
    ///
    /// # Errors
    /// An answer that has no secret and does not say that it is absent.
    fn meaning(
        &self,
        kind: SecretKind,
        mount: &str,
        path: &str,
        kv_engine_version: u8,
        response: &Response,
    ) -> Result<Answer> {
        let place = self.client.config.address.shown();
        let envelope = Envelope::of(response);
        match response.status {
            200 => {
                let envelope =
                    envelope.ok_or_else(|| answer::unreadable(&self.client.config.address, response))?;
                let secret = envelope.into_secret(kv_engine_version).ok_or_else(|| {
                    Error::unavailable(format!(
                        "{place} answered without a KV v{kv_engine_version} secret"
                    ))
                    .with_hint("`kv_engine_version` may not match the mount, or this may not be Vault")
                })?;
                let answer = answer::of_secret(kind, secret)
                    .map_err(|error| error.with_detail(format!("it is at `{path}` of mount `{mount}`")))?;
                self.hold(&answer);
                Ok(answer)
            }
            404 => match envelope {
                Some(envelope) => Ok(Answer::Absent {
                    hint: self.absence(kind, mount, path, kv_engine_version, &envelope),
                }),
                None if response.body.is_empty() => Ok(Answer::ABSENT),
                None => Err(answer::not_vault(&self.client.config.address, response)),
            },
            401 | 403 => Err(self.denied(kind, mount, path, kv_engine_version, envelope.as_ref())),
            _ => Err(self.client.unexpected(response)),
        }
    }

    /// Returns a hint about a secret that is absent.
    fn absence(
        &self,
        kind: SecretKind,
        mount: &str,
        path: &str,
        kv_engine_version: u8,
        envelope: &Envelope,
    ) -> Option<String> {
        if let Some(gone) = envelope.gone() {
            return Some(format!("there is a secret in Vault, but {gone}"));
        }
        if kv_engine_version == 1 && envelope.warns_of_versions() {
            return Some(format!(
                "mount `{mount}` is KV v2: set the kwarg `kv_engine_version` to 2"
            ));
        }
        if let Some(misplaced) = self.client.config.paths.misplaced(kind, mount, path) {
            return Some(misplaced);
        }
        if envelope.says_no_mount() {
            let mount: String = mount.chars().take(MAX_SHOWN_CHARS).collect();
            return Some(match self.client.ignored_namespace() {
                None => format!("Vault has no mount `{mount}`: check `mount_point`"),
                Some(_) => format!(
                    "set the backend kwarg `namespace`: Airflow does not read `VAULT_NAMESPACE`, and without a namespace there is no \
                     mount `{mount}`"
                ),
            });
        }
        envelope
            .words()
            .map(|words| format!("Vault says: {}", self.client.clean(&words)))
            .or_else(|| self.client.ignored_namespace().map(str::to_owned))
    }

    /// Returns the error of a read that the token is not allowed.
    fn denied(
        &self,
        kind: SecretKind,
        mount: &str,
        path: &str,
        kv_engine_version: u8,
        envelope: Option<&Envelope>,
    ) -> Error {
        let auth = &self.client.config.auth;
        let place = self.client.config.address.shown();
        let mut error = Error::denied(format!(
            "Vault at {place} does not let the token read `{path}` of mount `{mount}`"
        ));
        if let Some(words) = envelope.and_then(Envelope::words) {
            error = error.with_detail(format!("Vault says: {}", self.client.clean(&words)));
        }
        let policy_path = paths::policy_path(mount, path, kv_engine_version);
        let policy_path: String = policy_path.chars().take(MAX_SHOWN_CHARS).collect();
        error = error.with_detail(format!("a policy must allow `read` on `{policy_path}`"));
        error = error.with_detail(self.client.config.paths.asked_as());
        for detail in [self.client.ignored_namespace(), auth.unused.as_deref()]
            .into_iter()
            .flatten()
        {
            error = error.with_detail(detail);
        }
        if let Some(misplaced) = self.client.config.paths.misplaced(kind, mount, path) {
            return error.with_hint(misplaced);
        }
        if auth.name() == "token" {
            return error.with_hint(auth.refusal_hint());
        }
        error.with_hint("check the policies of the login's role, and `mount_point`")
    }

    /// Remembers a value, so that a server's words never show it.
    fn hold(&self, answer: &Answer) {
        let texts: Vec<Secret> = match answer {
            Answer::Found(Found::Text(text)) => vec![text.clone()],
            Answer::Found(Found::Fields(fields)) => fields
                .values()
                .filter_map(|value| value.as_str())
                .map(Secret::from)
                .collect(),
            _ => Vec::new(),
        };
        texts
            .into_iter()
            .filter(|text| text.expose().len() <= MAX_HELD_BYTES)
            .for_each(|text| self.client.hold(text));
    }
}

impl SecretsBackend for VaultBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        let config = &self.client.config;
        match config.paths.mount_point() {
            Some(mount) => format!("Vault {} (mount `{mount}`)", config.address.shown()),
            None => format!("Vault {}", config.address.shown()),
        }
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        self.client.config.paths.plan(lookup)
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let secret: &SecretPath = step.location.address()?;
            self.read(
                lookup.kind,
                &secret.mount_point,
                &secret.path,
                secret.kv_engine_version,
            )
            .await
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(self.listing(scope))
    }

    fn policy_format(&self) -> Option<PolicyFormat> {
        Some(PolicyFormat::Vault)
    }

    fn privilege(&self, step: &Step) -> Result<Option<Privilege>> {
        let secret: &SecretPath = step.location.address()?;
        secret.privilege(self.client.config.namespace.as_ref()).map(Some)
    }

    fn about_absence(&self) -> Option<String> {
        Some(self.client.config.paths.asked_as().to_owned())
    }

    fn probing(&self) {
        self.client.probing();
    }

    fn needs_network(&self) -> bool {
        true
    }
}
