//! Akeyless, asked through the binary: against a scripted server, and beside Airflow's own backend with Akeyless's own client.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::server::{Recorded, Reply, Server};
use crate::support::{Program, secretctl};

mod answers;
mod cloud;
mod differences;
mod wire;

/// Airflow's class path of the backend.
pub const BACKEND: &str = "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend";

/// The token of every login.
pub const TOKEN: &str = "t-hidden-token-1f0a";

/// The key that the usual login has.
pub const KEY: &str = "hidden-key-77aa";

/// Starts an Akeyless that accepts any login, and has `secrets` by their names.
pub fn akeyless(secrets: BTreeMap<String, Value>) -> Server {
    Server::start(move |request| answer(request, &secrets))
}

/// Answers as Akeyless does.
pub fn answer(request: &Recorded, secrets: &BTreeMap<String, Value>) -> Reply {
    if request.target.ends_with("/auth") {
        return Reply::json(200, json!({"token": TOKEN, "creds": null}));
    }
    let body = request.json();
    if request.target.ends_with("/list-items") {
        return list(&body, secrets);
    }
    let name = body["names"][0].as_str().unwrap_or_default();
    match secrets.get(name) {
        Some(value) => Reply::json(200, json!({name: value})),
        None => Reply::json(404, json!({"error": "the item was not found"})),
    }
}

/// A page of two of the items below the folder `path`.
fn list(body: &Value, secrets: &BTreeMap<String, Value>) -> Reply {
    const PAGE: usize = 2;
    let folder = format!("{}/", body["path"].as_str().unwrap().trim_end_matches('/'));
    let below: Vec<Value> = secrets
        .keys()
        .filter(|name| name.starts_with(&folder))
        .map(|name| json!({"item_name": name, "item_type": "STATIC_SECRET"}))
        .collect();
    let token = body["pagination-token"].as_str();
    let start = token.map_or(0, |token| token.parse().unwrap());
    let end = below.len().min(start + PAGE);
    let next = if end < below.len() {
        end.to_string()
    } else {
        String::new()
    };
    Reply::json(
        200,
        json!({"items": below[start..end], "folders": [], "next_page": next}),
    )
}

/// Describes a run of the program with the usual login at `api_url`, and `more` kwargs.
pub fn program(api_url: &str, more: &Value) -> Program {
    let mut kwargs = json!({"api_url": api_url, "access_id": "p-1234", "access_key": KEY});
    for (name, value) in more.as_object().unwrap() {
        kwargs[name] = value.clone();
    }
    secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
        .arg("--no-fallback")
}
