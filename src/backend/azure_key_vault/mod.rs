//! Azure Key Vault, as Airflow's `AzureKeyVaultBackend` asks it.
//!
//! `config` takes the kwargs, `names` computes what is asked for, `client` reads a secret, `authorize` and `challenge` answer the
//! vault's challenge, `tokens` and `credential` get the token for it. Built lazily: nothing but the kwargs is looked at before the
//! first secret is asked for. Facts: `airflow/providers/microsoft/azure/secrets/key_vault.py` of the Microsoft Azure provider 15.2.1.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use self::client::VaultClient;
use self::config::Config;
use self::credential::{Redaction, Surroundings};
use self::tokens::Tokens;
use self::transport::{Exchange, Server, Whom};
use super::kwargs::Kwargs;
use super::{BoxFuture, Context, SecretsBackend};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{Client, Options, Proxies};
use crate::shown::shown;
use crate::value::{Answer, Location, Lookup, Step};

mod authorize;
mod challenge;
mod client;
mod config;
mod credential;
#[cfg(fuzzing)]
pub mod fuzzing;
mod names;
mod retry;
mod tokens;
mod transport;
mod vault_url;

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";

/// Connections, variables and configuration options from the secrets of one Azure Key Vault.
pub struct AzureKeyVaultBackend {
    config: Config,
    env: Env,
    deadline: Instant,
    client: OnceLock<VaultClient>,
}

impl AzureKeyVaultBackend {
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        Ok(Box::new(Self {
            config: Config::new(kwargs)?,
            env: context.env.clone(),
            deadline: context.deadline,
            client: OnceLock::new(),
        }))
    }

    /// Returns the client, made at the first secret: `explain` needs no credential, nor does a name that is never asked for.
    fn client(&self) -> Result<&VaultClient> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let login = Arc::new(Client::new(config::options(&self.env, self.deadline)));
        let vault = match &self.config.transport {
            None => Arc::clone(&login),
            Some(transport) => Arc::new(Client::new(transport.options(&self.env, self.deadline))),
        };
        let server = |client, whom| -> Arc<dyn Exchange> { Arc::new(Server { client, whom }) };
        let direct = Options {
            proxies: Proxies::default(),
            ..config::options(&self.env, self.deadline)
        };
        let redactor = Arc::new(Redaction::default());
        let surroundings = Surroundings {
            env: self.env.clone(),
            exchange: server(login, Whom::Login),
            direct: Arc::new(Client::new(direct)),
            redactor: Arc::clone(&redactor),
            deadline: self.deadline,
        };
        let credential = credential::build(&self.config, &surroundings)?;
        let client = VaultClient::new(
            &self.config,
            Tokens::new(credential, Arc::clone(&redactor)),
            server(vault, Whom::Vault),
            redactor,
        )?;
        Ok(self.client.get_or_init(|| client))
    }
}

impl SecretsBackend for AzureKeyVaultBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        format!("Azure Key Vault {}", shown(&self.config.vault_url))
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let names = self.config.names.of(lookup)?;
        Ok(names
            .into_iter()
            .map(|name| Step {
                location: Location::AzureKeyVault {
                    vault_url: self.config.vault_url.clone(),
                    secret_name: name.name,
                },
                skipped: name.skipped,
            })
            .collect())
    }

    fn ask<'a>(&'a self, _: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            match &step.location {
                Location::AzureKeyVault { secret_name, .. } => self.client()?.get(secret_name).await,
                _ => Err(Error::internal(
                    "a step of another backend was asked of Azure Key Vault",
                )),
            }
        })
    }

    fn warnings(&self) -> &[String] {
        &self.config.warnings
    }

    fn needs_network(&self) -> bool {
        true
    }
}
