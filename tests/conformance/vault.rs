//! Vault: a scripted server, with both engines.

use serde_json::json;

use super::{DSN, Subject, URI, WORLD, conforms};
use crate::support::server::{Recorded, Reply, Server};
use crate::vault::{BACKEND, login};

/// What is beneath the mount, in the engine that the mount's name ends with.
fn answer(request: &Recorded) -> Reply {
    if request.method == "POST" {
        return Reply::json(200, login("hvs.issued"));
    }
    if let Some(folder) = request.target.strip_suffix("?list=true") {
        let names = match folder {
            "/v1/kv2/metadata/connections" | "/v1/kv1/connections" => vec!["smtp_default"],
            "/v1/kv2/metadata/variables" | "/v1/kv1/variables" => vec!["hello", "empty"],
            "/v1/kv2/metadata/config" | "/v1/kv1/config" => vec!["sql_alchemy_conn"],
            _ => return Reply::json(404, json!({"errors": []})),
        };
        return Reply::json(200, json!({"data": {"keys": names}}));
    }
    let (engine, path) = match request.target.strip_prefix("/v1/kv2/data/") {
        Some(path) => (2, path),
        None => (1, request.target.trim_start_matches("/v1/kv1/")),
    };
    let secret = match path {
        "connections/smtp_default" => json!({"conn_uri": URI}),
        "variables/hello" => json!({"value": WORLD}),
        "variables/empty" => json!({"value": ""}),
        "config/sql_alchemy_conn" => json!({"value": DSN}),
        _ => return Reply::json(404, json!({"errors": []})),
    };
    let data = if engine == 2 {
        json!({"data": secret, "metadata": {"version": 1}})
    } else {
        secret
    };
    Reply::json(200, json!({"request_id": "r", "data": data, "auth": null}))
}

#[test]
fn vault_conforms_with_either_engine() {
    let server = Server::start(answer);
    for engine in [1, 2] {
        conforms(&Subject {
            class_path: BACKEND,
            kwargs: json!({
                "url": server.url(), "mount_point": format!("kv{engine}"), "kv_engine_version": engine,
                "auth_type": "approle", "role_id": "r", "secret_id": "s",
            }),
            env: Vec::new(),
            has_configuration: true,
        });
    }
}
