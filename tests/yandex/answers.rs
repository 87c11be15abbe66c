//! What each answer of the services is, and what configurations are refused.

use serde_json::json;

use super::{Cloud, TOKEN, answer};
use crate::support::server::Reply;

const OAUTH: &str = "y3_hidden-oauth-token";

fn kwargs() -> serde_json::Value {
    json!({"yc_oauth_token": OAUTH, "folder_id": "b1g"})
}

fn secret() -> serde_json::Value {
    json!({"id": "s1", "name": "airflow/variables/hello", "version": "v1", "entries": [{"key": "v", "text": "world"}]})
}

#[test]
fn an_answer_has_its_status_wherever_it_comes_and_shows_no_secret() {
    for place in ["/iam/", "/lockbox/v1/secrets?", "/payload"] {
        for (reply, status, words) in [
            (
                Reply::json(403, json!({"code": 7, "message": "Permission denied"})),
                4,
                "",
            ),
            (
                Reply::json(
                    401,
                    json!({"code": 16, "message": format!("bad {OAUTH} {TOKEN}")}),
                ),
                4,
                "",
            ),
            (
                Reply::json(503, json!({"code": 14, "message": "unavailable"})),
                5,
                "",
            ),
            (
                Reply::json(429, json!({"code": 8, "message": "slow down"})),
                5,
                "",
            ),
            (Reply::html(200), 5, ""),
            (
                Reply::status(302).header("Location", "https://127.0.0.1:1/"),
                5,
                "",
            ),
            (Reply::cut(), 5, "did not answer"),
        ] {
            let cloud = Cloud::scripted(move |request| {
                if request.target.contains(place) {
                    reply.clone()
                } else {
                    answer(request, &[secret()], 10)
                }
            });
            let output = cloud
                .program(&kwargs())
                .args(["get-var", "hello", "-vvv", "--no-fallback"])
                .run();
            assert_eq!(output.status, status, "{place} {}", output.stderr);
            assert!(output.stderr.contains(words), "{place} {}", output.stderr);
            assert!(
                !output.stderr.contains(OAUTH) && !output.stderr.contains(TOKEN),
                "{}",
                output.stderr
            );
        }
    }
}

#[test]
fn a_folder_that_is_not_there_is_a_usage_error() {
    let cloud = Cloud::scripted(|request| {
        if request.target.contains("/secrets?") {
            Reply::json(404, json!({"code": 5, "message": "Folder b1g not found"}))
        } else {
            answer(request, &[], 10)
        }
    });
    let output = cloud.program(&kwargs()).args(["get-var", "hello"]).run();
    assert!(
        output.fails(2).contains("Folder b1g not found"),
        "{}",
        output.stderr
    );
}

#[test]
fn many_names_need_one_token_and_one_listing() {
    let cloud = Cloud::start(vec![secret()], 10);
    let output = cloud
        .program(&kwargs())
        .args(["export", "--format", "json", "--var", "hello", "--var", "hello"])
        .run();
    output.ok();
    let targets: Vec<String> = cloud.take().into_iter().map(|request| request.target).collect();
    assert_eq!(targets.len(), 3, "{targets:?}");
}

#[test]
fn another_endpoint_is_asked_for_its_services() {
    let cloud = Cloud::start(vec![secret()], 10);
    let mut kwargs = kwargs();
    kwargs["endpoint"] = "api.private.example".into();
    assert_eq!(
        cloud.program(&kwargs).args(["get-var", "hello", "-n"]).run().ok(),
        "world"
    );
    let hosts: Vec<String> = cloud
        .take()
        .iter()
        .map(|request| request.header("host").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        hosts
            .iter()
            .map(|host| host.trim_end_matches(":443"))
            .collect::<Vec<_>>(),
        [
            "api.private.example",
            "iam.private.example",
            "lockbox.private.example",
            "payload.private.example"
        ]
    );
}

#[test]
fn a_configuration_that_airflow_cannot_use_is_refused_before_a_request() {
    let cloud = Cloud::start(vec![secret()], 10);
    let missing = cloud.file("broken.json", "{\"id\": \"a\"}");
    for (kwargs, words) in [
        (
            json!({"yc_oauth_token": "t", "yc_connection_id": "c", "folder_id": "f"}),
            "`yc_connection_id`",
        ),
        (json!({"yc_oauth_token": "t"}), "needs a folder"),
        (
            json!({"yc_oauth_token": "t", "folder_id": "f", "sep": null}),
            "`sep` is null",
        ),
        (
            json!({"yc_oauth_token": "t", "folder_id": "f", "endpoint": "https://api.cloud.yandex.net"}),
            "is not a host",
        ),
        (
            json!({"yc_sa_key_json": "{}", "folder_id": "f"}),
            "lacks `private_key`",
        ),
        (
            json!({"yc_sa_key_json": "no json", "folder_id": "f"}),
            "is not a JSON object",
        ),
        (
            json!({"yc_sa_key_json_path": missing, "folder_id": "f"}),
            "lacks `private_key`",
        ),
        (
            json!({"yc_sa_key_json_path": "/nonexistent/key.json", "folder_id": "f"}),
            "cannot be read",
        ),
        (
            json!({"yc_oauth_token": "t", "folder": "f"}),
            "did you mean `folder_id`?",
        ),
    ] {
        let output = cloud.program(&kwargs).args(["get-var", "hello"]).run();
        assert!(output.fails(2).contains(words), "{words}: {}", output.stderr);
    }
    assert_eq!(cloud.take().len(), 0);
}

#[test]
fn the_connection_with_the_credentials_may_be_missing_or_need_the_backend_itself() {
    let cloud = Cloud::start(vec![secret()], 10);
    let output = cloud
        .program(&json!({"folder_id": "f"}))
        .args(["get-var", "hello"])
        .run();
    assert!(
        output.fails(4).contains("`yandexcloud_default`"),
        "{}",
        output.stderr
    );
    // The database would have the connection, and the backend the key that opens it.
    let home = crate::support::temp_dir();
    let output = cloud
        .program(&json!({"folder_id": "f"}))
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "sql_alchemy_conn")
        .env("AIRFLOW_HOME", home.path())
        .args(["get-var", "hello"])
        .run();
    assert!(
        output.fails(2).contains("its own credentials"),
        "{}",
        output.stderr
    );
    assert_eq!(cloud.take().len(), 0);
}
