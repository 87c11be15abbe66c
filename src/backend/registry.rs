//! Airflow's class paths, and the constructor of each: the one place that knows which backends there are.

use crate::backend::kwargs::Kwargs;
use crate::backend::{
    Context, SecretsBackend, azure_key_vault, environment, execution_api, hashicorp_vault, local_filesystem,
    metastore,
};
use crate::error::{Error, Result};

type Constructor = fn(Kwargs, &Context<'_>) -> Result<Box<dyn SecretsBackend>>;

/// Every backend: its class path in Airflow, and its constructor.
const BACKENDS: &[(&str, Constructor)] = &[
    (
        azure_key_vault::CLASS_PATH,
        azure_key_vault::AzureKeyVaultBackend::boxed,
    ),
    (hashicorp_vault::CLASS_PATH, hashicorp_vault::VaultBackend::boxed),
    (
        local_filesystem::CLASS_PATH,
        local_filesystem::LocalFilesystemBackend::boxed,
    ),
    (
        environment::CLASS_PATH,
        environment::EnvironmentVariablesBackend::boxed,
    ),
    (metastore::CLASS_PATH, metastore::MetastoreBackend::boxed),
    (
        execution_api::CLASS_PATH,
        execution_api::ExecutionApiSecretsBackend::boxed,
    ),
];

/// Returns the class path of every backend.
pub fn class_paths() -> impl Iterator<Item = &'static str> {
    BACKENDS.iter().map(|(path, _)| *path)
}

/// Builds the backend of `class_path` from its kwargs, without any I/O but the reading of files that the kwargs name.
///
/// # Errors
/// A class path that no backend has, and what the backend's own kwargs are refused for, both with status 2.
pub fn build(class_path: &str, kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
    match BACKENDS.iter().find(|(path, _)| *path == class_path) {
        Some((_, constructor)) => constructor(kwargs, context),
        None => Err(unknown(class_path)),
    }
}

/// The error of a class path that no backend has. What does not look like one is not shown: it may be the kwargs, which are
/// secrets, set in the place of the class.
fn unknown(class_path: &str) -> Error {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut error = if class_path.chars().all(part) {
        Error::usage(format!("secrets backend `{class_path}` is not supported"))
    } else {
        Error::usage("the secrets backend is not the path of a class, such as `package.module.Class`")
    };
    for (path, _) in BACKENDS {
        error = error.with_detail(format!("supported: `{path}`"));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn kwargs_in_the_place_of_the_class_are_not_shown() {
        for text in [r#"{"token": "hunter2"}"#, "https://u:hunter2@h", "hunter2\n"] {
            assert!(!format!("{:?}", unknown(text)).contains("hunter2"), "{text}");
        }
        assert!(unknown("a.b_c.D").message().contains("`a.b_c.D`"));
    }
}
