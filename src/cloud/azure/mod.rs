//! Who we are to Microsoft Entra ID: the credentials of azure-identity for Python, one file each.
//!
//! Owns the trait of a credential, and Python's difference between one that is unavailable (the next is tried) and one that failed
//! (the chain ends). `azure_core`'s `TokenCredential` has only one kind of error, so the trait is our own, and [`tokens`] adapts it
//! to the SDK. The environment is passed in; nothing here reads the process's environment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_core::credentials::AccessToken;
use tokio::sync::watch;

use self::transport::Sender;
use crate::cloud::trust;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::Options;
use crate::secret::{Redaction, Secret};

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
mod pfx;
mod region;
pub(crate) mod retry;
mod tenant;
pub(crate) mod tokens;
pub(crate) mod transport;
mod unavailable;
mod username_password;
mod workload_identity;

/// The identity that the kwargs select.
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
    /// `DefaultAzureCredential` with `managed_identity_client_id` and `workload_identity_tenant_id`, which count only as a pair.
    Managed { client_id: String, tenant_id: String },
}

/// `ConnectionConfiguration.timeout` and `.read_timeout` of azure-core.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(5);

/// A request for a token.
#[derive(Clone, Debug)]
pub(crate) struct TokenRequest {
    /// The one scope, such as `https://vault.azure.net/.default`.
    pub(crate) scope: String,
    /// The claims of a vault's claims challenge.
    pub(crate) claims: Option<String>,
    /// The vault's tenant, known once its challenge is there.
    pub(crate) tenant: watch::Receiver<VaultTenant>,
    /// The secrets to redact from what is shown of a challenge.
    pub(crate) redactor: Arc<Redaction>,
}

/// What is known of the vault's tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VaultTenant {
    /// The challenge is not there yet.
    Unknown,
    /// The challenge names it; `None` if it names no tenant (as AD FS).
    Known(Option<String>),
}

impl TokenRequest {
    /// Returns the resource of the scope: `_scopes_to_resource`.
    pub(crate) fn resource(&self) -> &str {
        self.scope.strip_suffix("/.default").unwrap_or(&self.scope)
    }

    /// Waits until the vault's tenant is known, and returns it.
    ///
    /// Python asks its credentials after that. Here, a credential that does not depend on the tenant is asked earlier.
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
    /// It is not configured, and did not try: the next one is asked (`CredentialUnavailableError`).
    Unavailable(String),
    /// It tried and failed: no other credential is asked.
    Failed(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A credential.
pub(crate) trait Credential: Send + Sync {
    /// Returns its name in azure-identity for Python, as in Python's documentation and errors.
    fn name(&self) -> &'static str;

    /// Returns a token.
    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>>;
}

/// What credentials need to be built and asked.
#[derive(Clone)]
pub(crate) struct CredentialContext {
    /// The environment in force.
    pub(crate) env: Env,
    /// Sends requests to Microsoft Entra ID.
    pub(crate) sender: Arc<dyn Sender>,
    /// Sends requests without a proxy, to services of the machine itself.
    pub(crate) direct: Arc<dyn Sender>,
    /// The secrets to redact from servers' messages.
    pub(crate) redactor: Arc<Redaction>,
    /// When the command must be done.
    pub(crate) deadline: Instant,
    /// What messages call the backend's things.
    pub(crate) words: Words,
}

/// A backend's words for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// What the token is for, such as `Azure Key Vault`.
    pub(crate) resource: &'static str,
    /// The kwargs of a client secret's login, with their backticks.
    pub(crate) client_secret: &'static str,
    /// The kwarg of a managed identity's client id, with its backticks.
    pub(crate) managed_identity: &'static str,
}

/// Returns the options of a client that the kwargs do not configure: those of requests in this environment.
pub(crate) fn options(env: &Env, deadline: Instant) -> Options {
    trust::options(env, TIMEOUT, deadline)
}

/// Builds the credential that Airflow's backend would build.
///
/// # Errors
/// A configuration that Python's constructors refuse, with status 2.
pub(crate) fn build(identity: &Identity, context: &CredentialContext) -> Result<Box<dyn Credential>> {
    match identity {
        Identity::ClientSecret {
            tenant_id,
            client_id,
            client_secret,
        } => {
            let login = entra::Login::new(context, tenant_id, client_id, Vec::new())?.in_region()?;
            Ok(Box::new(client_secret::ClientSecretCredential::new(
                login,
                client_secret.clone(),
            )))
        }
        Identity::Default => Ok(Box::new(chain::DefaultAzureCredential::new(context, None)?)),
        Identity::Managed { client_id, tenant_id } => Ok(Box::new(chain::DefaultAzureCredential::new(
            context,
            Some((client_id, tenant_id)),
        )?)),
    }
}
