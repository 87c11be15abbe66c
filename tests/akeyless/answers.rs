//! What each answer of the API is, which a real Akeyless gives only on a bad day.

use std::collections::BTreeMap;

use serde_json::json;

use super::{KEY, TOKEN, akeyless, program};
use crate::support::server::{Reply, Server};

/// Starts a server that logs everybody in, and answers a read with `reply`.
fn reads(reply: Reply) -> Server {
    Server::start(move |request| {
        if request.target == "/auth" {
            Reply::json(200, json!({"token": TOKEN}))
        } else {
            reply.clone()
        }
    })
}

#[test]
fn a_read_has_the_status_of_its_answer() {
    for (reply, status, words) in [
        (
            Reply::json(404, json!({"error": "no such item"})),
            3,
            "is not in Akeyless",
        ),
        (
            Reply::json(401, json!({"error": "token expired"})),
            4,
            "token expired",
        ),
        (
            Reply::json(403, json!({"error": "no permission"})),
            4,
            "no permission",
        ),
        (Reply::json(400, json!({"error": "bad path"})), 4, "bad path"),
        // Another server's JSON.
        (
            Reply::json(404, json!({"status": "gone"})),
            5,
            "may not be Akeyless",
        ),
        (
            Reply::json(403, json!({"status": "no"})),
            5,
            "may not be Akeyless",
        ),
        (
            Reply::json(200, json!("x")).body("{\"/airflow/variables/hello\": \"\\ud83d\"}"),
            6,
            "cannot be read",
        ),
        (Reply::html(404), 5, "with status 404"),
        (Reply::html(200), 5, "Akeyless's JSON"),
        (Reply::json(200, json!(["a"])), 5, "Akeyless's JSON"),
        (Reply::json(500, json!({"error": "internal"})), 5, "internal"),
        (Reply::json(429, json!({"error": "slow down"})), 5, "slow down"),
        (
            Reply::status(302).header("Location", "http://127.0.0.1:1/"),
            5,
            "with status 302",
        ),
        (Reply::cut(), 5, "did not answer"),
        (
            Reply::json(200, json!({"/airflow/variables/other": "v"})),
            3,
            "is not in Akeyless",
        ),
    ] {
        let server = reads(reply);
        let output = program(&server.url(), &json!({}))
            .args(["get-var", "hello"])
            .run();
        assert_eq!(output.status, status, "{}", output.stderr);
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
        assert_eq!(output.stdout, b"");
    }
}

#[test]
fn a_login_has_the_status_of_its_answer_and_shows_no_secret() {
    for (reply, status) in [
        (Reply::json(401, json!({"error": format!("wrong key {KEY}")})), 4),
        (Reply::json(403, json!({"error": "no"})), 4),
        (Reply::json(503, json!({"error": "down"})), 5),
        (Reply::json(200, json!({"token": ""})), 5),
        (Reply::json(200, json!({})), 5),
        (Reply::html(200), 5),
    ] {
        let server = Server::start(move |_| reply.clone());
        let output = program(&server.url(), &json!({}))
            .args(["get-var", "hello", "-vvv"])
            .run();
        assert_eq!(output.status, status, "{}", output.stderr);
        assert!(!output.stderr.contains(KEY), "{}", output.stderr);
    }
}

#[test]
fn many_names_need_one_login() {
    let names: Vec<String> = (0..20).map(|number| format!("v{number}")).collect();
    let secrets: BTreeMap<_, _> = names
        .iter()
        .map(|name| (format!("/airflow/variables/{name}"), json!("x")))
        .collect();
    let server = akeyless(secrets);
    let mut program = program(&server.url(), &json!({})).args(["export", "--format", "json"]);
    for name in &names {
        program = program.args(["--var", name]);
    }
    program.run().ok();
    let requests = server.take();
    let logins = requests
        .iter()
        .filter(|request| request.target == "/auth")
        .count();
    assert_eq!((logins, requests.len()), (1, 21));
}

#[test]
fn a_configuration_that_airflow_cannot_use_is_refused_before_a_request() {
    let server = akeyless(BTreeMap::new());
    for (kwargs, words) in [
        (json!({"access_type": "saml"}), "`access_type` is `saml`"),
        (json!({"access_type": null}), "`access_type` is null"),
        (json!({"access_id": null}), "`access_id` is missing"),
        (json!({"access_key": ""}), "`access_key` is missing"),
        (json!({"access_type": "uid"}), "`uid_token` is missing"),
        (
            json!({"access_type": "gcp", "access_id": null}),
            "`access_id` is missing",
        ),
        (json!({"sep": null}), "`sep` is null"),
        (json!({"connections_path": 5}), "`connections_path` must be text"),
        (json!({"api_url": "api.akeyless.io"}), "`api_url`"),
        (json!({"token_ttl": "long"}), "`token_ttl` must be a number"),
    ] {
        let output = program(&server.url(), &kwargs).args(["get-var", "hello"]).run();
        assert_eq!(output.status, 2, "{kwargs}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
    }
    assert_eq!(server.take().len(), 0);
}

#[test]
fn an_unknown_kwarg_is_a_warning_with_the_right_name() {
    let server = akeyless(BTreeMap::new());
    for (name, meant) in [
        ("acess_key", "access_key"),
        ("gateway_url", "api_url"),
        ("variables_prefix", "variables_path"),
    ] {
        let output = program(&server.url(), &json!({name: "x"}))
            .args(["explain", "var", "hello"])
            .run();
        let words = format!("did you mean `{meant}`?");
        assert!(
            output.status == 0 && output.stderr.contains(&words),
            "{}",
            output.stderr
        );
    }
}
