//! Who the backend is towards Microsoft Entra ID: the credentials that azure-identity for Python has, one file each.
//!
//! Owns what a credential is asked and answers, and Python's difference between one that is unavailable (the next is tried) and
//! one that has failed (the chain ends): `azure_core`'s `TokenCredential` has one kind of error only, so ours is a trait of our own
//! and [`tokens`](super::tokens) puts it under the SDK. The environment is handed in; nothing here reads the process's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use azure_core::credentials::AccessToken;
use tokio::sync::watch;

use super::config::{Config, Identity};
use super::transport::Exchange;
use crate::backend::BoxFuture;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::secret::{Redactor, Secret};

mod azure_cli;
mod azure_developer_cli;
mod azure_powershell;
mod certificate;
mod chain;
mod client_certificate;
mod client_secret;
mod command;
mod entra;
mod environment;
mod managed_identity;
mod region;
mod tenant;
mod unavailable;
mod username_password;
mod workload_identity;

/// What a token is asked for.
#[derive(Clone, Debug)]
pub(super) struct TokenRequest {
    /// The one scope, such as `https://vault.azure.net/.default`.
    pub(super) scope: String,
    /// Claims that a vault has asked for.
    pub(super) claims: Option<String>,
    /// The vault's tenant, once its challenge has told it.
    pub(super) tenant: watch::Receiver<VaultTenant>,
    /// The secrets that a challenge is shown without.
    pub(super) redactor: Arc<Redaction>,
}

/// What is known of the vault's tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum VaultTenant {
    /// The challenge is under way.
    Unknown,
    /// The challenge has told it, or that there is none to be told (as AD FS).
    Known(Option<String>),
}

impl TokenRequest {
    /// Returns the resource of the scope: `_scopes_to_resource`.
    pub(super) fn resource(&self) -> &str {
        self.scope.strip_suffix("/.default").unwrap_or(&self.scope)
    }

    /// Waits until the vault's tenant is known. Python's credentials are asked when it is; those that do not depend on it are
    /// asked earlier here.
    pub(super) async fn vault_tenant(&self) -> Option<String> {
        let mut tenant = self.tenant.clone();
        match tenant
            .wait_for(|tenant| *tenant != VaultTenant::Unknown)
            .await
            .as_deref()
        {
            Ok(VaultTenant::Known(tenant)) => tenant.clone(),
            Ok(VaultTenant::Unknown) | Err(_) => None,
        }
    }
}

/// Why a credential gave no token.
#[derive(Debug)]
pub(super) enum Failure {
    /// It lacks what it needs, and did not try: the next one is asked (`CredentialUnavailableError`).
    Unavailable(String),
    /// It tried and failed: nobody else is asked.
    Failed(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A credential.
pub(super) trait Credential: Send + Sync {
    /// Returns its name in azure-identity for Python, which is what its documentation and its errors call it.
    fn name(&self) -> &'static str;

    /// Asks for a token.
    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>>;
}

/// What credentials are made of.
#[derive(Clone)]
pub(super) struct Surroundings {
    /// The environment in force.
    pub(super) env: Env,
    /// What requests go through.
    pub(super) exchange: Arc<dyn Exchange>,
    /// What goes past every proxy: the services of the machine itself.
    pub(super) direct: Arc<dyn Exchange>,
    /// The secrets that servers' words are shown without.
    pub(super) redactor: Arc<Redaction>,
    /// When the command has to be done.
    pub(super) deadline: Instant,
}

/// The secrets of one backend, shared by everything that learns one.
#[derive(Debug, Default)]
pub(super) struct Redaction(Mutex<Redactor>);

impl Redaction {
    /// Adds a secret.
    pub(super) fn add(&self, secret: Secret) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(secret);
    }

    /// Returns a server's words, fit to be shown.
    pub(super) fn clean(&self, text: &str) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clean(text)
    }
}

/// Builds the credential that Airflow's backend would build.
///
/// # Errors
/// A configuration that Python's constructors refuse, with status 2.
pub(super) fn build(config: &Config, surroundings: &Surroundings) -> Result<Box<dyn Credential>> {
    match &config.identity {
        Identity::ClientSecret {
            tenant_id,
            client_id,
            client_secret,
        } => {
            let login = entra::Login::new(surroundings, tenant_id, client_id, Vec::new())?.in_region()?;
            Ok(Box::new(client_secret::ClientSecretCredential::new(
                login,
                client_secret.clone(),
            )))
        }
        Identity::Default => Ok(Box::new(chain::DefaultAzureCredential::new(surroundings, None)?)),
        Identity::Managed { client_id, tenant_id } => Ok(Box::new(chain::DefaultAzureCredential::new(
            surroundings,
            Some((client_id, tenant_id)),
        )?)),
    }
}
