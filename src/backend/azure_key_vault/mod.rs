//! Azure Key Vault, as Airflow's `AzureKeyVaultBackend` asks it.
//!
//! `config` takes the kwargs, `names` computes the names of secrets, `client` reads a secret, `authorize` and `challenge` answer
//! the vault's challenge, and `cloud::azure` gets the token. Only the kwargs are read before the first secret is asked for.
//! Facts: `airflow/providers/microsoft/azure/secrets/key_vault.py` of the Microsoft Azure provider 15.2.1.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use self::client::VaultClient;
use self::config::Config;
use super::{BoxFuture, Context, SecretsBackend};
use crate::cloud::azure::tokens::Tokens;
use crate::cloud::azure::transport::{Endpoint, Sender, Server};
use crate::cloud::azure::{self, CredentialContext, Words};
use crate::env::Env;
use crate::error::Result;
use crate::http::{Client, Options, Proxies};
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Address, Location};
use crate::privilege::{PolicyFormat, Privilege};
use crate::secret::Redaction;
use crate::shown::shown;
use crate::value::{Answer, Lookup, Step};

mod authorize;
mod challenge;
mod checkup;
mod client;
mod config;
#[cfg(fuzzing)]
pub mod fuzzing;
mod list;
mod meanings;
mod names;
mod vault_url;

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";

/// The words for messages about credentials.
const WORDS: Words = Words {
    resource: "Azure Key Vault",
    client_secret: "`tenant_id`, `client_id` and `client_secret`",
    managed_identity: "`managed_identity_client_id`",
};

/// A secret of a vault.
#[derive(Debug)]
struct SecretAddress {
    /// The vault as configured.
    vault_url: String,
    /// The name, computed from the id.
    secret_name: String,
}

impl Address for SecretAddress {
    fn words(&self) -> String {
        format!("secret `{}`", shown(&self.secret_name))
    }

    fn sentence(&self, place: &str) -> String {
        format!("secret `{}` in {place}", self.secret_name)
    }

    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("vault_url", self.vault_url.as_str().into()),
            ("secret_name", self.secret_name.as_str().into()),
        ]
    }

    fn prefixes(&self, id: &str) -> Vec<String> {
        // With most separators, names in Key Vault have `-` for `_`.
        let ids = [id, &id.replace('_', "-")];
        let prefix = ids.iter().find_map(|id| self.secret_name.strip_suffix(*id));
        prefix.map(str::to_owned).into_iter().collect()
    }
}

/// Connections, variables and configuration options from the secrets of one Azure Key Vault.
pub struct AzureKeyVaultBackend {
    config: Config,
    env: Env,
    deadline: Instant,
    client: OnceLock<(VaultClient, Arc<Server>)>,
    probing: AtomicBool,
}

impl AzureKeyVaultBackend {
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        Ok(Box::new(Self {
            config: Config::new(kwargs)?,
            env: context.env.clone(),
            deadline: context.deadline,
            client: OnceLock::new(),
            probing: AtomicBool::new(false),
        }))
    }

    /// Returns the client, which is created for the first secret: `explain` needs no credential.
    fn client(&self) -> Result<&VaultClient> {
        self.client_and_server().map(|(client, _)| client)
    }

    /// Returns the client, and the vault as a server.
    fn client_and_server(&self) -> Result<&(VaultClient, Arc<Server>)> {
        if let Some(both) = self.client.get() {
            return Ok(both);
        }
        let login = Arc::new(Client::new(azure::options(&self.env, self.deadline)));
        let vault = match &self.config.transport {
            None => Arc::clone(&login),
            Some(transport) => Arc::new(Client::new(transport.options(&self.env, self.deadline))),
        };
        let server = |client, endpoint| Arc::new(Server { client, endpoint });
        let direct = Options {
            proxies: Proxies::default(),
            ..azure::options(&self.env, self.deadline)
        };
        let redactor = Arc::new(Redaction::default());
        let context = CredentialContext {
            env: self.env.clone(),
            sender: server(login, Endpoint::Login) as Arc<dyn Sender>,
            direct: Arc::new(Client::new(direct)),
            redactor: Arc::clone(&redactor),
            deadline: self.deadline,
            words: WORDS,
        };
        let credential = azure::build(&self.config.identity, &context)?;
        let tokens = Tokens::new(credential, Arc::clone(&redactor));
        if self.probing.load(Ordering::Relaxed) {
            tokens.probing();
        }
        let vault = server(vault, Endpoint::Resource("`vault_url`"));
        let client = VaultClient::new(&self.config, tokens, Arc::clone(&vault) as _, redactor)?;
        Ok(self.client.get_or_init(|| (client, vault)))
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
                location: Location::new(SecretAddress {
                    vault_url: self.config.vault_url.clone(),
                    secret_name: name.name,
                }),
                skipped: name.skipped,
            })
            .collect())
    }

    fn ask<'a>(&'a self, _: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let SecretAddress { secret_name, .. } = step.location.address()?;
            self.client()?.get(secret_name).await
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(self.listing(scope))
    }

    fn policy_format(&self) -> Option<PolicyFormat> {
        Some(PolicyFormat::Azure)
    }

    fn privilege(&self, step: &Step) -> Result<Option<Privilege>> {
        let SecretAddress { secret_name, .. } = step.location.address()?;
        let host = self.config.endpoint.host_str().unwrap_or_default();
        Ok(Some(Privilege::Azure {
            vault: host.split('.').next().unwrap_or_default().to_owned(),
            secret: secret_name.clone(),
        }))
    }

    fn warnings(&self) -> &[String] {
        &self.config.warnings
    }

    fn probing(&self) {
        self.probing.store(true, Ordering::Relaxed);
    }

    fn needs_network(&self) -> bool {
        true
    }
}
