//! `HashiCorp` Vault, asked through the binary: against a scripted server, against `OpenBao` and Vault, and beside Airflow's own
//! backend.

use serde_json::{Value, json};

use crate::support::server::{Reply, Server};
use crate::support::{Program, secretctl};

mod client;
mod cloud;
mod differences;
mod faults;
mod hashicorp;
mod kwargs;
mod messages;
mod openbao;
mod protections;
mod proxy;
mod redirects;
pub mod servers;
mod wire;

/// Airflow's class path of the backend.
pub const BACKEND: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// Describes a run of the program with the Vault backend and `kwargs`.
pub fn vault(kwargs: &Value) -> Program {
    secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

/// Returns the answer of KV v2 with `fields`.
pub fn kv2(fields: &Value) -> Value {
    json!({"request_id": "r", "lease_id": "", "data": {"data": fields, "metadata": {"version": 1}}, "auth": null})
}

/// Returns the answer of a login.
pub fn login(token: &str) -> Value {
    json!({"request_id": "r", "data": null, "auth": {"client_token": token, "lease_duration": 3600}})
}

/// Returns the answer to a read whose secret has the value `world`.
pub fn found() -> Reply {
    Reply::json(200, kv2(&json!({"value": "world"})))
}

/// Starts a Vault that accepts any login, and has `world` at every path.
pub fn any_vault() -> Server {
    Server::start(|request| match request.method.as_str() {
        "POST" => Reply::json(200, login("hvs.issued")),
        _ => found(),
    })
}

/// Returns `kwargs` with `more` over them.
pub fn with(kwargs: &Value, more: Value) -> Value {
    let mut kwargs = kwargs.clone();
    let Value::Object(more) = more else {
        panic!("an object")
    };
    kwargs.as_object_mut().unwrap().extend(more);
    kwargs
}
