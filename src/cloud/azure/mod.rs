//! Who the backend is towards Microsoft Entra ID: the credentials that azure-identity for Python has, one file each.
//!
//! Owns what a credential is asked and answers, and Python's difference between one that is unavailable (the next is tried) and
//! one that has failed (the chain ends): `azure_core`'s `TokenCredential` has one kind of error only, so ours is a trait of our own
//! and [`tokens`] puts it under the SDK. The environment is handed in; nothing here reads the process's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use azure_core::credentials::AccessToken;
use tokio::sync::watch;

use self::transport::Sender;
use crate::cloud::trust;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::Options;
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
pub(crate) mod retry;
mod tenant;
pub(crate) mod tokens;
pub(crate) mod transport;
mod unavailable;
mod username_password;
mod workload_identity;

/// Whom the backend is to be, as the kwargs say it.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// All three of `tenant_id`, `client_id` and `client_secret`.
    ClientSecret {
        tenant_id: String,
        client_id: String,
        client_secret: Secret,
    },
    /// `DefaultAzureCredential()`
    Default,
    /// `DefaultAzureCredential` with `managed_identity_client_id` and `workload_identity_tenant_id`, which count as a pair only.
    Managed { client_id: String, tenant_id: String },
}

/// `ConnectionConfiguration.timeout` and `.read_timeout` of azure-core.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(300);

/// What a token is asked for.
#[derive(Clone, Debug)]
pub(crate) struct TokenRequest {
    /// The one scope, such as `https://vault.azure.net/.default`.
    pub(crate) scope: String,
    /// Claims that a vault has asked for.
    pub(crate) claims: Option<String>,
    /// The vault's tenant, once its challenge has told it.
    pub(crate) tenant: watch::Receiver<VaultTenant>,
    /// The secrets that a challenge is shown without.
    pub(crate) redactor: Arc<Redaction>,
}

/// What is known of the vault's tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VaultTenant {
    /// The challenge is under way.
    Unknown,
    /// The challenge has told it, or that there is none to be told (as AD FS).
    Known(Option<String>),
}

impl TokenRequest {
    /// Returns the resource of the scope: `_scopes_to_resource`.
    pub(crate) fn resource(&self) -> &str {
        self.scope.strip_suffix("/.default").unwrap_or(&self.scope)
    }

    /// Waits until the vault's tenant is known. Python's credentials are asked when it is; those that do not depend on it are
    /// asked earlier here.
    pub(crate) async fn vault_tenant(&self) -> Option<String> {
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
pub(crate) enum Failure {
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
pub(crate) trait Credential: Send + Sync {
    /// Returns its name in azure-identity for Python, which is what its documentation and its errors call it.
    fn name(&self) -> &'static str;

    /// Asks for a token.
    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>>;
}

/// What credentials are made of.
#[derive(Clone)]
pub(crate) struct CredentialContext {
    /// The environment in force.
    pub(crate) env: Env,
    /// What requests go through.
    pub(crate) exchange: Arc<dyn Sender>,
    /// What goes past every proxy: the services of the machine itself.
    pub(crate) direct: Arc<dyn Sender>,
    /// The secrets that servers' words are shown without.
    pub(crate) redactor: Arc<Redaction>,
    /// When the command has to be done.
    pub(crate) deadline: Instant,
}

/// The secrets of one backend, shared by everything that learns one.
#[derive(Debug, Default)]
pub(crate) struct Redaction(Mutex<Redactor>);

impl Redaction {
    /// Adds a secret.
    pub(crate) fn add(&self, secret: Secret) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(secret);
    }

    /// Returns a server's words, fit to be shown.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clean(text)
    }
}

/// Returns how the login's client talks, and the vault's without kwargs: as requests does in this environment.
pub(crate) fn options(env: &Env, deadline: Instant) -> Options {
    trust::options(env, TIMEOUT, deadline)
}

/// Builds the credential that Airflow's backend would build.
///
/// # Errors
/// A configuration that Python's constructors refuse, with status 2.
pub(crate) fn build(identity: &Identity, surroundings: &CredentialContext) -> Result<Box<dyn Credential>> {
    match identity {
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
