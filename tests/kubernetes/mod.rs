//! Kubernetes Secrets: a scripted API server whose answers are the real one's, a real one where there is one, and Airflow's own
//! backend.

use serde_json::{Value, json};

use crate::support::{Program, secretctl};

pub mod api;
mod context;
mod differences;
mod example;
mod generated;
#[cfg(target_os = "linux")]
mod in_cluster;
mod kubeconfig;
mod kubectl;
mod names;
#[cfg(target_os = "linux")]
mod plugin;
#[cfg(target_os = "linux")]
mod real;

/// Airflow's class path of the backend.
pub const BACKEND: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";

/// Describes a run of the program with the Kubernetes backend and `kwargs`.
pub fn kubernetes(kwargs: &Value) -> Program {
    secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

/// Returns a kubeconfig of one context, with the fields of its cluster and its user.
#[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
pub fn kubeconfig(cluster: Value, user: Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "airflow"}}],
        "clusters": [{"name": "k", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
    })
}
