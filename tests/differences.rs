//! Deliberate differences that no area's own tests ask about: Airflow and secretctl, asked the same, and what each makes of it.

use serde_json::{Value, json};

use crate::support::server::{Reply, Server};
use crate::support::{Side, Sides, airflow, airflow_fresh, differs, free_port, secretctl, temp_dir};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const AZURE: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";

#[test]
fn with_lenient_a_connection_that_is_none_is_passed_over_as_by_airflow() {
    for (text, passed_over) in [
        (r#"{"value": "v"}"#, true),
        (r#"{"conn_type": "x", "port": "p"}"#, true),
        ("x://h:port", true),
        ("x://first", false),
    ] {
        let server = Server::start({
            let fields =
                json!({"data": {"data": serde_json::from_str(text).unwrap_or(json!({"conn_uri": text}))}});
            move |_| Reply::json(200, fields.clone())
        });
        let kwargs = json!({"url": server.url(), "token": "t"}).to_string();
        let env = [
            ("AIRFLOW__SECRETS__BACKEND", VAULT),
            ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
            ("AIRFLOW_CONN_A", "x://second"),
        ];
        let Some(judge) = airflow_fresh(env) else { return };
        let theirs = judge.ask(json!({"op": "differences.connection", "conn_id": "a"}));
        let lenient = secretctl()
            .envs(env)
            .args(["get-conn", "a", "-n", "-o", "airflow-uri", "--lenient"])
            .run();
        assert_eq!(json!(lenient.ok()), theirs["uri"], "{text}: {}", lenient.stderr);
        assert_eq!(
            lenient.stderr.starts_with("warning: "),
            passed_over,
            "{text}: {}",
            lenient.stderr
        );
        let strict = secretctl()
            .envs(env)
            .args(["get-conn", "a", "-n", "-o", "airflow-uri"])
            .run();
        assert_eq!(
            strict.status,
            if passed_over { 6 } else { 0 },
            "{text}: {}",
            strict.stderr
        );
    }
}

#[test]
fn a_backend_that_fails_is_passed_over_by_airflow_alone() {
    let kwargs =
        json!({"url": format!("http://127.0.0.1:{}", free_port()), "auth_type": "token", "token": "t"});
    let kwargs = kwargs.to_string();
    let env = [
        ("AIRFLOW__SECRETS__BACKEND", VAULT),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
        ("AIRFLOW_VAR_HELLO", "of the environment"),
    ];
    let Some(judge) = airflow_fresh(env) else { return };
    let theirs = judge.ask(json!({"op": "differences.search_path", "key": "hello"}));
    let ask = |more: &[&str]| {
        secretctl()
            .envs(env)
            .args(["--timeout", "2", "get-var", "hello"])
            .args(more)
            .run()
    };
    let (ours, lenient) = (ask(&[]), ask(&["--lenient"]));
    differs(
        "resolver-failure-stops",
        &Sides {
            airflow: (Side::of_airflow(&theirs), Side::found("of the environment")),
            secretctl: (Side::of_secretctl(&ours), Side::failed("status 5")),
        },
    );
    assert_eq!(json!(lenient.ok().trim_end()), theirs["value"]);
    assert!(lenient.stderr.starts_with("warning: "), "{}", lenient.stderr);
}

#[test]
fn the_search_path_is_airflows() {
    let kwargs = json!({"url": format!("http://127.0.0.1:{}", free_port()), "token": "t"}).to_string();
    let env = [
        ("AIRFLOW__SECRETS__BACKEND", VAULT),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
        (
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
            "sqlite:////nonexistent/airflow.db",
        ),
    ];
    let Some(judge) = airflow_fresh(env) else { return };
    let theirs = judge.ask(json!({"op": "differences.search_path", "key": "hello"}));
    let ours = secretctl()
        .envs(env)
        .args(["explain", "var", "hello", "-o", "json"])
        .run();
    let explained: Value = serde_json::from_str(ours.ok()).unwrap();
    let steps = explained["lookups"].as_array().unwrap();
    let asked: Value = steps
        .iter()
        .map(|step| json!(step["backend"].as_str().unwrap().rsplit('.').next()))
        .collect();
    assert_eq!(asked, theirs["backends"]);
    assert!(steps.iter().all(|step| step["skipped"].is_null()), "{explained}");
}

#[test]
fn a_local_file_that_does_not_parse_is_passed_over_by_airflow_alone() {
    let dir = temp_dir();
    let file = dir.path().join("connections.json");
    std::fs::write(&file, "{\"hello\": ").unwrap();
    let kwargs = json!({"connections_file_path": file}).to_string();
    let env = [
        ("AIRFLOW__SECRETS__BACKEND", LOCAL),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
        ("AIRFLOW_CONN_HELLO", "http://environment"),
    ];
    let Some(judge) = airflow_fresh(env) else { return };
    let theirs = judge.ask(json!({"op": "differences.connection", "conn_id": "hello"}));
    let ours = secretctl().envs(env).args(["get-conn", "hello"]).run();
    differs(
        "resolver-failure-stops",
        &Sides {
            airflow: (uri(&theirs), Side::found("http://environment")),
            secretctl: (Side::of_secretctl(&ours), Side::failed("status 2")),
        },
    );
    let words = ours.fails(2);
    assert!(words.contains("connections.json"), "{words}");
}

#[test]
fn values_of_types_that_are_no_json_are_python_objects_in_airflow_alone() {
    let dir = temp_dir();
    let file = dir.path().join("variables.yaml");
    std::fs::write(
        &file,
        "date: 2024-01-02\nbinary: !!binary aGVsbG8=\nset: !!set {a}\n",
    )
    .unwrap();
    let kwargs = json!({"variables_file_path": file}).to_string();
    let env = [
        ("AIRFLOW__SECRETS__BACKEND", LOCAL),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
    ];
    let Some(judge) = airflow_fresh(env) else { return };
    for (key, object, ours) in [
        ("date", "datetime.date(2024, 1, 2)", Side::found("2024-01-02")),
        ("binary", "b'hello'", Side::found("hello")),
        ("set", "{'a'}", Side::failed("status 6")),
    ] {
        let theirs = judge.ask(json!({"op": "differences.search_path", "key": key}));
        let output = secretctl().envs(env).args(["get-var", "-n", key]).run();
        differs(
            "local-yaml-type",
            &Sides {
                airflow: (Side::of_airflow(&theirs), Side::found(json!({"python": object}))),
                secretctl: (Side::of_secretctl(&output), ours),
            },
        );
    }
}

/// The URI that the judge says a connection has, if it has one.
fn uri(answer: &Value) -> Side {
    Side::of_airflow(&json!({"value": answer["uri"]}))
}

#[test]
fn a_connection_without_a_uri_is_not_found_in_airflow_alone() {
    for (value, part) in [
        (r#"{"conn_type": "x", "login": 5}"#, "`login`"),
        (r#"{"conn_type": "x", "host": ["h"]}"#, "`host`"),
    ] {
        let env = [("AIRFLOW_CONN_NUMBER", value)];
        let Some(judge) = airflow_fresh(env) else { return };
        let theirs = judge.ask(json!({"op": "differences.connection", "conn_id": "number"}));
        let ours = secretctl().envs(env).args(["get-conn", "number"]).run();
        differs(
            "connection-without-uri",
            &Sides {
                airflow: (uri(&theirs), Side::not_found()),
                secretctl: (Side::of_secretctl(&ours), Side::failed("status 6")),
            },
        );
        assert!(ours.stderr.contains(part), "{}", ours.stderr);
    }
}

#[test]
fn an_unknown_kwarg_is_an_error_or_a_warning_here_and_airflow_takes_it_by_backend() {
    let Some(judge) = airflow() else { return };
    let nowhere = format!("127.0.0.1:{}", free_port());
    for (class, kwargs, theirs, ours) in [
        (
            LOCAL,
            json!({"variables_file_pth": "x.json"}),
            Side::failed("TypeError at once"),
            Side::failed("status 2"),
        ),
        (
            VAULT,
            json!({"url": format!("http://{nowhere}"), "token": "t", "variables_pth": "x"}),
            Side::failed("TypeError at the first lookup"),
            Side::failed("status 2"),
        ),
        (
            AZURE,
            json!({
                "vault_url": format!("https://{nowhere}/"), "variables_prefx": "x", "retry_total": 0,
                "tenant_id": "t", "client_id": "c", "client_secret": "s",
            }),
            Side::found("taken").asking(json!([])),
            Side::found("taken").asking(json!(["`variables_prefx`", "`variables_prefix`"])),
        ),
    ] {
        let answer = judge.ask(json!({"op": "differences.accepts", "class": class, "kwargs": kwargs}));
        let airflow = Side::of_airflow(&answer).asking(answer["said"].clone());
        let output = secretctl().args(["--backend", class, "explain", "var", "hello"]);
        let output = output.env("SECRETCTL_BACKEND_KWARGS", kwargs.to_string()).run();
        // What is said of a kwarg, by the names in it.
        let said: Vec<&str> = ["`variables_prefx`", "`variables_prefix`"]
            .into_iter()
            .filter(|name| output.stderr.contains(name))
            .collect();
        let secretctl = if output.status == 0 {
            Side::found("taken").asking(said)
        } else {
            Side::of_secretctl(&output)
        };
        if class == AZURE {
            differs(
                "settings-unknown-kwarg",
                &Sides {
                    airflow: (airflow, theirs),
                    secretctl: (secretctl, ours),
                },
            );
        } else {
            // Both refuse it: how the entry has it.
            assert_eq!((airflow, secretctl), (theirs, ours), "{class}: {}", output.stderr);
            assert!(
                output.stderr.contains("hint: did you mean `variables_"),
                "{}",
                output.stderr
            );
        }
    }
}
