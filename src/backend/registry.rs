//! Airflow's class paths and the constructor of each. Only this file knows which backends exist.

use std::fmt;

use crate::backend::{
    Context, SecretsBackend, akeyless, aws, azure_key_vault, environment, google_secret_manager,
    hashicorp_vault, kubernetes_secrets, local_filesystem, metastore, never_asked, wrong_class,
    yandex_lockbox,
};
use crate::class_path;
use crate::error::Result;
use crate::kwargs::Kwargs;

type Constructor = fn(Kwargs, &Context<'_>) -> Result<Box<dyn SecretsBackend>>;

/// Every backend: its class path in Airflow, and its constructor.
const BACKENDS: &[(&str, Constructor)] = &[
    (akeyless::CLASS_PATH, akeyless::AkeylessBackend::boxed),
    (aws::secrets_manager::CLASS_PATH, aws::secrets_manager::boxed),
    (aws::parameter_store::CLASS_PATH, aws::parameter_store::boxed),
    (
        azure_key_vault::CLASS_PATH,
        azure_key_vault::AzureKeyVaultBackend::boxed,
    ),
    (
        google_secret_manager::CLASS_PATH,
        google_secret_manager::GoogleSecretManagerBackend::boxed,
    ),
    (hashicorp_vault::CLASS_PATH, hashicorp_vault::VaultBackend::boxed),
    (
        kubernetes_secrets::CLASS_PATH,
        kubernetes_secrets::KubernetesSecretsBackend::boxed,
    ),
    (
        local_filesystem::CLASS_PATH,
        local_filesystem::LocalFilesystemBackend::boxed,
    ),
    (
        environment::CLASS_PATH,
        environment::EnvironmentVariablesBackend::boxed,
    ),
    (
        yandex_lockbox::CLASS_PATH,
        yandex_lockbox::LockboxSecretBackend::boxed,
    ),
    (metastore::CLASS_PATH, metastore::MetastoreBackend::boxed),
    (class_path::EXECUTION_API, never_asked::NeverAsked::execution_api),
];

/// Checks that `class_path`, which is configured at `place`, belongs to a backend.
///
/// # Errors
/// An unknown class path, with status 2. The error says what is wrong and which path was probably meant.
pub fn check(class_path: &str, place: &dyn fmt::Display) -> Result<()> {
    constructor(class_path, place).map(drop)
}

/// Returns the class path of every backend.
pub fn class_paths() -> impl Iterator<Item = &'static str> {
    BACKENDS.iter().map(|(path, _)| *path)
}

/// Builds the backend of `class_path` from its kwargs. It reads files that the kwargs name, but does no other I/O.
///
/// # Errors
/// An unknown class path, or kwargs that the backend refuses, with status 2.
pub fn build(class_path: &str, kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
    constructor(class_path, &"the secrets backend")?(kwargs, context)
}

fn constructor(class_path: &str, place: &dyn fmt::Display) -> Result<Constructor> {
    let known = |class_path| BACKENDS.iter().find(|(path, _)| *path == class_path);
    let found = known(class_path).or_else(|| known(same_class(class_path)?));
    found.map(|(_, constructor)| *constructor).ok_or_else(|| {
        let supported = BACKENDS.iter().map(|(path, _)| *path).collect::<Vec<_>>();
        wrong_class::refused(class_path, place, &supported)
    })
}

/// Returns the class path for which Airflow accepts `class_path` as an alias.
fn same_class(class_path: &str) -> Option<&'static str> {
    (class_path == "airflow.sdk.execution_time.secrets.ExecutionAPISecretsBackend")
        .then_some(class_path::EXECUTION_API)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_official_class_is_here_and_nothing_else() {
        let mut official = wrong_class::OFFICIAL.to_vec();
        let mut here: Vec<&str> = class_paths().collect();
        official.sort_unstable();
        here.sort_unstable();
        assert_eq!(here, official);
    }

    #[test]
    fn every_backend_has_its_path_and_one_has_two() {
        for (path, _) in BACKENDS {
            check(path, &"HERE").unwrap();
        }
        check(
            "airflow.sdk.execution_time.secrets.ExecutionAPISecretsBackend",
            &"HERE",
        )
        .unwrap();
        let error = check("airflow.secrets.X", &"HERE").unwrap_err();
        assert!(
            error.message().starts_with("HERE names `airflow.secrets.X`"),
            "{error}"
        );
    }
}
