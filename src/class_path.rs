//! Airflow's class paths of the backends that are named without being configured: those of its own search path. A leaf.
//!
//! A backend that only a configuration names keeps its class path in its own folder.

/// The environment.
pub const ENVIRONMENT: &str = "airflow.secrets.environment_variables.EnvironmentVariablesBackend";

/// Airflow's database.
pub const METASTORE: &str = "airflow.secrets.metastore.MetastoreBackend";

/// Airflow's API server.
pub const EXECUTION_API: &str = "airflow.sdk.execution_time.secrets.execution_api.ExecutionAPISecretsBackend";

/// A local file, whose names completions know.
pub const LOCAL_FILESYSTEM: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
