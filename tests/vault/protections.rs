//! What protects and what must not be in the way: certificates, paths that climb, and configurations that work in Airflow.

use serde_json::{Value, json};

use super::{kv2, login, vault, with};
use crate::support::server::{Authority, Reply, Server, Validity};
use crate::support::{airflow, difference, differs, temp_dir};

fn token(more: Value) -> Value {
    with(&json!({"token": "CANARY-token"}), more)
}

fn approle(more: Value) -> Value {
    with(
        &json!({"auth_type": "approle", "role_id": "r", "secret_id": "CANARY-secret"}),
        more,
    )
}

#[test]
fn paths_that_climb_are_asked_for_by_airflow_and_refused_here() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|request| {
        if request.method == "POST" {
            Reply::json(200, login("hvs.issued"))
        } else {
            Reply::json(200, kv2(&json!({"value": "world"})))
        }
    });
    for kwargs in [
        token(json!({"mount_point": "a/../../sys"})),
        token(json!({"mount_point": ".."})),
        token(json!({"variables_path": "../sys"})),
        token(json!({"variables_path": ["..", "b"]})),
        token(json!({"variables_path": null, "global_secrets_path": "../x"})),
        approle(json!({"auth_mount_point": "../sys"})),
    ] {
        let kwargs = with(&kwargs, json!({"url": server.url()}));
        judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "x"}));
        let theirs = server.take().len();
        let output = vault(&kwargs).args(["--no-fallback", "get-var", "x"]).run();
        assert_eq!(output.status, 2, "{kwargs}: {}", output.stderr);
        assert!(
            output.stderr.contains("climbs out of its path"),
            "{}",
            output.stderr
        );
        differs("vault-climbing-id", &server.take().len(), &theirs);
    }
}

#[test]
fn certificates_are_unchecked_for_false_alone() {
    let judge = airflow();
    let folder = temp_dir();
    let server = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| {
        Reply::json(200, kv2(&json!({"value": "world"})))
    });
    let found = |verify: &Value| {
        let kwargs = token(json!({"url": server.url(), "verify": verify}));
        let output = vault(&kwargs)
            .dir(folder.path())
            .args(["--no-fallback", "get-var", "x"])
            .run();
        (output.status, output.stderr, server.take().len(), kwargs)
    };
    for verify in [json!(false), json!("false"), json!("False"), json!("FALSE")] {
        let (status, stderr, ..) = found(&verify);
        assert_eq!(status, 0, "{verify}: {stderr}");
    }
    // True, or its text: the authority is not among the system's.
    for verify in [json!(true), json!("true"), json!("TRUE"), Value::Null] {
        let (status, stderr, requests, _) = found(&verify);
        assert_eq!((status, requests), (5, 0), "{verify}: {stderr}");
    }
    for verify in [
        "no", "off", "n", "f", "0", "none", " false", "disabled", "yes", "on", "1", "t", "y",
    ] {
        let (status, stderr, requests, kwargs) = found(&json!(verify));
        assert_eq!((status, requests), (2, 0), "{verify}: {stderr}");
        assert!(
            stderr.contains(&format!("the CA bundle `{verify}` cannot be read"))
                && stderr.contains("the backend kwarg `verify` names it"),
            "{stderr}"
        );
        if let Some(judge) = judge {
            let theirs =
                judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "x"}));
            assert_eq!(theirs["error"], "OSError", "{verify}: {theirs}");
            server.take();
        }
    }
    for verify in [json!(""), json!(0), json!(0.0), json!([]), json!({})] {
        let (status, stderr, requests, kwargs) = found(&verify);
        assert_eq!((status, requests), (2, 0), "{verify}: {stderr}");
        if let Some(judge) = judge {
            let theirs =
                judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "x"}));
            differs("vault-verify-empty", &false, &(theirs["value"] == "world"));
            server.take();
        }
    }
    for verify in [json!(1), json!(5.5), json!(["/x"]), json!({"a": 1})] {
        let (status, stderr, requests, _) = found(&verify);
        assert_eq!((status, requests), (2, 0), "{verify}: {stderr}");
    }
    assert!(difference("vault-verify-empty").reason.contains("only `false`"));
}

/// Kwargs that are not used, and dots that climb nowhere: both ask for the same.
#[test]
fn nothing_that_works_in_airflow_is_taken_for_a_mistake() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|request| {
        if request.method == "POST" {
            Reply::json(200, login("hvs.issued"))
        } else {
            Reply::json(200, kv2(&json!({"value": "world"})))
        }
    });
    for (kwargs, env) in [
        (token(json!({"role_id": "r", "secret_id": "s"})), json!({})),
        (token(json!({"username": "u", "kubernetes_role": "r"})), json!({})),
        (
            json!({"role_id": "r", "secret_id": "s"}),
            json!({"VAULT_TOKEN": "hvs.env"}),
        ),
        (
            approle(json!({"username": "u", "password": "p", "token": "t"})),
            json!({}),
        ),
        (approle(json!({"auth_mount_point": "a/b"})), json!({})),
        (token(json!({"auth_mount_point": "a..b"})), json!({})),
        (token(json!({"mount_point": "a%2e%2e/..b"})), json!({})),
        (token(json!({"verify_x": null})), json!({})),
    ] {
        let kwargs = with(&kwargs, json!({"url": server.url()}));
        let theirs = judge
            .ask(json!({"op": "vault.lookup", "kwargs": kwargs, "env": env, "kind": "var", "name": "x"}));
        let targets = |server: &Server| -> Vec<String> {
            server.take().into_iter().map(|request| request.target).collect()
        };
        let asked_by_them = targets(&server);
        let variables = env.as_object().unwrap().iter();
        let output = vault(&kwargs)
            .envs(variables.map(|(name, value)| (name.as_str(), value.as_str().unwrap())))
            .args(["--no-fallback", "get-var", "x"])
            .run();
        assert_eq!(
            output.status == 0,
            theirs["value"] == "world",
            "{kwargs} {theirs} {}",
            output.stderr
        );
        assert_eq!(targets(&server), asked_by_them, "{kwargs}");
    }
}
