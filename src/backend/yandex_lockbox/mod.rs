//! Yandex Lockbox, as Airflow's `LockboxSecretBackend` asks it.
//!
//! `config` takes the kwargs, `names` computes the names of secrets, `client` lists the folder and reads a secret, and
//! `cloud::yandex` gets the token. Nothing is sent before the first secret is asked for. Facts:
//! `airflow/providers/yandex/secrets/lockbox.py` of the Yandex provider 4.6.1.

use std::sync::Arc;
use std::time::Instant;

use super::{BoxFuture, Connections, Context, SecretsBackend};
use crate::cloud::services::Services;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::location::{Address, Location, Null};
use crate::shown::shown;
use crate::value::{Answer, Lookup, Step};

mod client;
mod config;
mod meanings;
mod names;

use client::Client;
use config::{Access, Config, Identity};

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend";

/// A secret of a folder.
#[derive(Debug)]
struct SecretAddress {
    /// The folder, unless the connection has it.
    folder_id: Option<String>,
    /// The name, computed from the id.
    secret_name: String,
}

impl Address for SecretAddress {
    fn words(&self) -> String {
        format!("secret `{}`", shown(&self.secret_name))
    }

    fn sentence(&self, place: &str) -> String {
        format!("secret `{}` in {place}", shown(&self.secret_name))
    }

    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("folder_id", self.folder_id.as_deref().into()),
            ("secret_name", self.secret_name.as_str().into()),
        ]
    }

    fn prefixes(&self, id: &str) -> Vec<String> {
        let prefix = self.secret_name.strip_suffix(id);
        prefix.map(str::to_owned).into_iter().collect()
    }

    fn null(&self) -> Null {
        Null {
            words: "has no entry with text",
            hint: "Airflow treats such a secret as not found: give an entry of it a text that is not empty",
        }
    }
}

/// Connections, variables and configuration options from the secrets of one Lockbox folder.
pub struct LockboxSecretBackend {
    config: Config,
    connections: Arc<dyn Connections>,
    deadline: Instant,
    client: Client,
}

impl LockboxSecretBackend {
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        let metadata_address = context.env.non_empty("YC_METADATA_ADDR").map(str::to_owned);
        Ok(Box::new(Self {
            config: Config::new(kwargs, context.deadline)?,
            connections: context.connections.clone(),
            deadline: context.deadline,
            client: Client::new(Services::new(context.env, context.deadline), metadata_address),
        }))
    }

    /// Returns the access of the kwargs, or of the connection that they name.
    async fn access(&self) -> Result<Access> {
        match &self.config.identity {
            Identity::Given(credentials) => self.config.access(credentials.clone()),
            Identity::Connection(id) => match self.connections.extra(id).await {
                Ok(Some(extra)) => self.config.access_of_connection(id, &extra, self.deadline),
                Ok(None) => Err(Error::denied(format!(
                    "Yandex Lockbox takes its credentials from connection `{}`, which was not found",
                    shown(id)
                ))
                .with_detail("the backend kwargs have no credentials of their own")
                .with_hint(
                    "set `yc_sa_key_json_path` in the backend kwargs, or the connection's `AIRFLOW_CONN_…` variable",
                )),
                Err(error) => Err(error.with_detail(format!(
                    "while connection `{}` was looked up, which has the credentials for Yandex Lockbox",
                    shown(id)
                ))),
            },
        }
    }

    fn folder_id(&self) -> Option<String> {
        Some(self.config.folder_id.clone()).filter(|folder| !folder.is_empty())
    }
}

impl SecretsBackend for LockboxSecretBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        match self.folder_id() {
            Some(folder) => format!("Yandex Lockbox (folder `{}`)", shown(&folder)),
            None => "Yandex Lockbox".to_owned(),
        }
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let location = |secret_name| {
            Location::new(SecretAddress {
                folder_id: self.folder_id(),
                secret_name,
            })
        };
        Ok(match self.config.names.of(lookup) {
            Ok(names) => names.into_iter().map(|name| Step::ask(location(name))).collect(),
            Err(why) => vec![Step::skip(location(String::new()), why)],
        })
    }

    fn ask<'a>(&'a self, _: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let SecretAddress { secret_name, .. } = step.location.address()?;
            if self.connections.is_looking_up() {
                return Err(Error::usage(
                    "Yandex Lockbox is needed for the connection that has its own credentials",
                )
                .with_hint("set `yc_sa_key_json_path` in the backend kwargs"));
            }
            let session = self.client.session(self.access()).await?;
            self.client.read(&session, secret_name).await
        })
    }

    fn probing(&self) {
        self.client.probing();
    }

    fn needs_network(&self) -> bool {
        true
    }
}
