//! Credentials that are not in the kwargs: a connection, in each of its forms, and the account of the machine itself.

use serde_json::{Value, json};

use super::{Cloud, TOKEN, call, secret};
use crate::support::airflow;
use crate::support::server::{Reply, Server};

const TOKEN_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

fn hello() -> Vec<Value> {
    vec![secret("airflow/variables/hello", "world")]
}

/// Runs `get-var hello` with connection `yandexcloud_default` with `extra`, and `metadata` as the machine's service.
fn look_up(cloud: &Cloud, extra: &Value, metadata: &str) -> crate::support::Output {
    let connection = json!({"conn_type": "yandexcloud", "extra": extra});
    cloud
        .program(&json!({}))
        .env("AIRFLOW_CONN_YANDEXCLOUD_DEFAULT", connection.to_string())
        .env("YC_METADATA_ADDR", metadata)
        .args(["get-var", "hello", "-n", "--no-metastore"])
        .run()
}

#[test]
fn the_machines_account_reads_the_secret() {
    let metadata = Server::start(|_| Reply::json(200, json!({"access_token": TOKEN, "expires_in": 3600})));
    let host = metadata.url().replace("http://", "");
    let cloud = Cloud::start(hello(), 9);
    let output = look_up(&cloud, &json!({"folder_id": "b1g"}), &host);
    assert_eq!(output.ok(), "world");
    let asked = metadata.take();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (
            asked[0].method.as_str(),
            asked[0].target.as_str(),
            asked[0].header("metadata-flavor")
        ),
        ("GET", TOKEN_PATH, Some("Google"))
    );
    for request in cloud.take() {
        assert_eq!(
            request.header("authorization"),
            Some(&format!("Bearer {TOKEN}")[..])
        );
    }
}

#[test]
fn a_machine_without_an_account_says_what_to_set() {
    let cloud = Cloud::start(hello(), 9);
    let nobody = look_up(&cloud, &json!({"folder_id": "b1g"}), "127.0.0.1:1");
    assert!(
        nobody.fails(4).contains("no Yandex Cloud credentials found")
            && nobody.stderr.contains("hint: set `yc_sa_key_json_path`"),
        "{}",
        nobody.stderr
    );
    for (reply, status) in [
        (Reply::status(404), 4),
        (Reply::status(500), 5),
        (Reply::html(200), 5),
        (Reply::status(302).header("Location", "http://127.0.0.1:1/"), 5),
    ] {
        let metadata = Server::start(move |_| reply.clone());
        let host = metadata.url().replace("http://", "");
        let output = look_up(&cloud, &json!({"folder_id": "b1g"}), &host);
        assert!(
            output.fails(status).contains("Yandex Cloud's metadata service"),
            "{}",
            output.stderr
        );
    }
    assert_eq!(cloud.take().len(), 0);
}

#[test]
fn a_connection_has_its_credentials_in_every_form_of_its_extra() {
    let Some((key, _)) = super::wire::authorized_key() else {
        return;
    };
    let cloud = Cloud::start(hello(), 9);
    let object: Value = serde_json::from_str(&key).unwrap();
    let path = cloud.file("key.json", &key);
    for (extra, is_key) in [
        (json!({"oauth": "y3_token", "folder_id": "b1g"}), false),
        (
            json!({"extra__yandexcloud__oauth": "y3_token", "extra__yandexcloud__folder_id": "b1g"}),
            false,
        ),
        (json!({"service_account_json": key, "folder_id": "b1g"}), true),
        (json!({"service_account_json": object, "folder_id": "b1g"}), true),
        (
            json!({"service_account_json_path": path, "folder_id": "b1g"}),
            true,
        ),
        (
            json!({"extra__yandexcloud__service_account_json_path": path, "folder_id": "b1g", "oauth": ""}),
            true,
        ),
        // Airflow's order: a token, a file, a key.
        (
            json!({"oauth": "y3_token", "service_account_json_path": path, "folder_id": "b1g"}),
            false,
        ),
    ] {
        let proof = if is_key {
            json!({"call": "token", "jwt": "a jwt"})
        } else {
            json!({"call": "token", "oauth": "y3_token"})
        };
        let expected = json!([
            proof,
            {"call": "list", "folder": "b1g", "page": ""},
            {"call": "payload", "id": "airflow-variables-hello", "version": "v1"},
        ]);
        let output = look_up(&cloud, &extra, "127.0.0.1:1");
        assert_eq!(output.ok(), "world", "{extra}");
        let ours: Value = cloud.take().iter().map(call).collect();
        assert_eq!(ours, expected, "{extra}");
        let Some(judge) = airflow() else { continue };
        let connection = json!({"conn_type": "yandexcloud", "extra": extra}).to_string();
        let asked = judge.ask(json!({
            "op": "yandex.lookup", "kwargs": {}, "env": {"AIRFLOW_CONN_YANDEXCLOUD_DEFAULT": connection},
            "kind": "variable", "id": "hello", "secrets": hello(), "page": 9,
        }));
        assert_eq!(asked["value"], "world", "{extra}: {asked}");
        assert_eq!(
            asked["requests"][0].get("jwt").is_some(),
            is_key,
            "{extra}: {asked}"
        );
    }
}

#[test]
fn an_extra_that_cannot_be_used_names_the_connection_and_the_field() {
    let cloud = Cloud::start(hello(), 9);
    for (extra, words) in [
        (
            json!({"oauth": 5, "folder_id": "b1g"}),
            "`oauth` in the extra of connection `yandexcloud_default` must be text",
        ),
        (
            json!({"oauth": "t"}),
            "set `folder_id` in the backend kwargs, or in the extra of connection `yandexcloud_default`",
        ),
        (
            json!({"service_account_json": "{}", "folder_id": "b1g"}),
            "`service_account_json` in the extra of connection `yandexcloud_default` lacks `private_key`",
        ),
        (
            json!({"oauth": "t", "folder_id": "b1g", "endpoint": "https://a/b"}),
            "is not a host",
        ),
    ] {
        let output = look_up(&cloud, &extra, "127.0.0.1:1");
        assert!(output.fails(2).contains(words), "{words}: {}", output.stderr);
    }
    assert_eq!(cloud.take().len(), 0);
}

#[test]
fn a_connection_may_be_a_uri_and_the_kwargs_come_first() {
    let cloud = Cloud::start(hello(), 9);
    let output = cloud
        .program(&json!({"yc_connection_id": "own", "folder_id": "b1g"}))
        .env(
            "AIRFLOW_CONN_OWN",
            "yandexcloud://?oauth=y3_token&folder_id=other",
        )
        .args(["get-var", "hello", "-n", "--no-metastore"])
        .run();
    assert_eq!(output.ok(), "world");
    let calls: Vec<Value> = cloud.take().iter().map(call).collect();
    assert_eq!(calls[1], json!({"call": "list", "folder": "b1g", "page": ""}));
}

#[test]
fn a_secret_without_a_text_says_so() {
    let mut empty = secret("airflow/variables/hello", "");
    empty["entries"] = json!([{"key": "a", "binary": "b"}, {"key": "b", "text": ""}]);
    let cloud = Cloud::start(vec![empty], 9);
    let program = |args: &[&str]| {
        cloud
            .program(&json!({"yc_oauth_token": "t", "folder_id": "b1g"}))
            .args(args)
            .run()
    };
    let output = program(&["get-var", "hello", "--no-fallback"]);
    assert!(
        output
            .fails(3)
            .contains("secret `airflow/variables/hello` exists, but has no entry with text")
            && output
                .stderr
                .contains("hint: Airflow treats such a secret as not found"),
        "{}",
        output.stderr
    );
}
