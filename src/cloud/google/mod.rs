//! Who we are to Google Cloud: the credentials of `google.auth.default`, each as one file, and the tokens that they give.
//!
//! `source` decides which credentials a configuration means, `credential_file` reads a file of them by its type. `project_client`
//! sends requests with them, and `endpoint` says where to. `identity` is for Vault's login with a service account. Must not know
//! which service a token is for, apart from its audience.
//!
//! Sources: google-auth 2.63.0; apache-airflow-providers-google 22.8.0, `utils/credentials_provider.py`.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::cloud::services::Services;
use crate::env::Env;

mod access_token;
mod authorized_user;
mod aws_subject;
mod credential;
mod credential_file;
mod default;
mod endpoint;
mod executable;
mod external_account;
mod external_user;
mod gcloud;
mod id_token;
mod identity;
mod impersonated;
pub(crate) mod key;
mod metadata;
mod project_client;
mod service_account;
mod source;
mod subject_token;
mod token_endpoint;

pub(crate) use access_token::AccessToken;
pub(crate) use credential::{Credential, Scopes};
pub(crate) use endpoint::service_url;
pub(crate) use id_token::IdTokens;
pub(crate) use identity::{ApplicationDefault, Credentials};
pub(crate) use impersonated::project_of as project_of_account;
pub(crate) use project_client::{Access, ProjectClient, Service, project_fault};
pub(crate) use source::{ConfigFile, Key, Source};
use token_endpoint::url_fault as endpoint_fault;

/// The universe of Google's public cloud.
pub(crate) const DEFAULT_UNIVERSE: &str = "googleapis.com";

/// The scope that gives access to every service: what Airflow asks for when no scopes are configured.
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The scope of IAM, which makes tokens for other accounts: google-auth's `iam._IAM_SCOPE`.
const IAM_SCOPE: &str = "https://www.googleapis.com/auth/iam";

/// What credentials need to get a token.
#[derive(Debug)]
pub(crate) struct TokenContext {
    /// The clients of the services that issue tokens.
    pub(crate) services: Services,
    /// The environment in force.
    pub(crate) env: Env,
    /// The audience of a JWT that a service account signs for itself.
    pub(crate) audience: &'static str,
}

/// Returns the seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}
