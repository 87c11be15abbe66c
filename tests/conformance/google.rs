//! Google Secret Manager: a Google of the tests' own, over TLS, with a service account's key.

use serde_json::json;

use super::{DSN, Subject, URI, WORLD, conforms};
use crate::google::support::{BACKEND, World, key, secret};

#[test]
fn google_secret_manager_conforms() {
    let world = World::start();
    world.has(&[
        ("airflow-connections-smtp_default", secret(URI)),
        ("airflow-variables-hello", secret(WORLD)),
        ("airflow-variables-empty", json!({})),
        ("airflow-config-sql_alchemy_conn", secret(DSN)),
    ]);
    let text = |(name, value): (String, serde_json::Value)| (name, value.as_str().unwrap().to_owned());
    conforms(&Subject {
        class_path: BACKEND,
        kwargs: json!({"gcp_keyfile_dict": key()}),
        env: world.env(&json!({})).into_iter().map(text).collect(),
        has_configuration: true,
    });
}
