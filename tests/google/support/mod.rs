//! A Google on loopback: Secret Manager over REST, the services that issue tokens, and a metadata server.
//!
//! Everything but the metadata server is at its real name: clients reach it through a proxy, with a certificate of the tests'
//! authority.

mod jwt;
mod world;

pub use jwt::{key, key_pkcs1, verified};
pub use world::{World, line, secret, shown};

/// Airflow's class path.
pub const BACKEND: &str = "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend";

/// The service account of the tests.
pub const ACCOUNT: &str = "sa@proj.iam.gserviceaccount.com";

/// The host of Secret Manager.
pub const HOST: &str = "secretmanager.googleapis.com";
