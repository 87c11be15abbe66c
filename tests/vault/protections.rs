//! What protects and what must not be in the way: certificates, paths that climb, and configurations that work in Airflow.

use serde_json::{Value, json};

use super::{any_vault, found, vault, with};
use crate::support::server::{Authority, Server, Validity};
use crate::support::{Side, Sides, airflow, differs, requests, temp_dir};

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
    let server = any_vault();
    let climbed = |target: &str| json!([format!("GET {target}")]);
    let credentials = json!({"role_id": "r", "secret_id": "CANARY-secret"});
    for (kwargs, asked) in [
        (
            token(json!({"mount_point": "a/../../sys"})),
            climbed("/sys/data/variables/x"),
        ),
        (token(json!({"mount_point": ".."})), climbed("/data/variables/x")),
        (
            token(json!({"variables_path": "../sys"})),
            climbed("/v1/secret/sys/x"),
        ),
        (
            token(json!({"variables_path": ["..", "b"]})),
            climbed("/v1/secret/x"),
        ),
        (
            token(json!({"variables_path": null, "global_secrets_path": "../x"})),
            climbed("/v1/secret/x/x"),
        ),
        (
            approle(json!({"auth_mount_point": "../sys"})),
            json!([
                ["POST /v1/sys/login", credentials],
                "GET /v1/secret/data/variables/x"
            ]),
        ),
    ] {
        let kwargs = with(&kwargs, json!({"url": server.url()}));
        let answer = judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "x"}));
        let theirs = Side::of_airflow(&answer).asking(requests(&server.take()));
        let output = vault(&kwargs).args(["--no-fallback", "get-var", "x"]).run();
        assert!(
            output.stderr.contains("climbs out of its path"),
            "{kwargs}: {}",
            output.stderr
        );
        let ours = Side::of_secretctl(&output).asking(requests(&server.take()));
        differs(
            "vault-climbing-id",
            &Sides {
                airflow: (theirs, Side::found("world").asking(asked)),
                secretctl: (ours, Side::failed("status 2").asking(json!([]))),
            },
        );
    }
}

#[test]
fn certificates_are_unchecked_for_false_alone() {
    let judge = airflow();
    let folder = temp_dir();
    let server = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| found());
    let found = |verify: &Value| {
        let kwargs = token(json!({"url": server.url(), "verify": verify}));
        let output = vault(&kwargs)
            .dir(folder.path())
            .args(["--no-fallback", "get-var", "x"])
            .run();
        let requests = requests(&server.take());
        (output, requests, kwargs)
    };
    for verify in [json!(false), json!("false"), json!("False"), json!("FALSE")] {
        let (output, ..) = found(&verify);
        assert_eq!(output.status, 0, "{verify}: {}", output.stderr);
    }
    // True, or its text: the authority is not among the system's.
    for verify in [json!(true), json!("true"), json!("TRUE"), Value::Null] {
        let (output, asked, _) = found(&verify);
        assert_eq!(
            (output.status, asked),
            (5, json!([])),
            "{verify}: {}",
            output.stderr
        );
    }
    for verify in [
        "no", "off", "n", "f", "0", "none", " false", "disabled", "yes", "on", "1", "t", "y",
    ] {
        let (output, asked, kwargs) = found(&json!(verify));
        let stderr = &output.stderr;
        assert_eq!((output.status, asked), (2, json!([])), "{verify}: {stderr}");
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
        let (output, asked, kwargs) = found(&verify);
        assert_eq!(
            (output.status, &asked),
            (2, &json!([])),
            "{verify}: {}",
            output.stderr
        );
        if let Some(judge) = judge {
            let answer =
                judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "x"}));
            let theirs = Side::of_airflow(&answer).asking(requests(&server.take()));
            let stated = Side::found("world").asking(json!(["GET /v1/secret/data/variables/x"]));
            let ours = Side::of_secretctl(&output).asking(asked);
            differs(
                "vault-verify-empty",
                &Sides {
                    airflow: (theirs, stated),
                    secretctl: (ours, Side::failed("status 2").asking(json!([]))),
                },
            );
        }
    }
    for verify in [json!(1), json!(5.5), json!(["/x"]), json!({"a": 1})] {
        let (output, asked, _) = found(&verify);
        assert_eq!(
            (output.status, asked),
            (2, json!([])),
            "{verify}: {}",
            output.stderr
        );
    }
}

/// Kwargs that are not used, and dots that climb nowhere: both ask for the same.
#[test]
fn nothing_that_works_in_airflow_is_taken_for_a_mistake() {
    let Some(judge) = airflow() else { return };
    let server = any_vault();
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
