//! Airflow's class paths of the backends that other modules name. Must not know anything else.
//!
//! The class path of every other backend is in its own folder.

/// The environment.
pub const ENVIRONMENT: &str = "airflow.secrets.environment_variables.EnvironmentVariablesBackend";

/// Airflow's database.
pub const METASTORE: &str = "airflow.secrets.metastore.MetastoreBackend";

/// Airflow's API server.
pub const EXECUTION_API: &str = "airflow.sdk.execution_time.secrets.execution_api.ExecutionAPISecretsBackend";

/// Local files. Completions know the names in them.
pub const LOCAL_FILESYSTEM: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
