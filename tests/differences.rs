//! Deliberate differences that no area's own tests ask about: Airflow and secretctl, asked the same, and each still different.

use serde_json::{Value, json};

use crate::support::server::{Authority, Recorded, Reply, Server, Validity};
use crate::support::{Judge, Output, airflow, airflow_fresh, differs, free_port, secretctl, temp_dir};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const AZURE: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";

/// Both answers to one question, and what each asked the server.
struct Both {
    theirs: Value,
    asked_by_airflow: Vec<Recorded>,
    ours: Output,
    asked_by_us: Vec<Recorded>,
}

fn ask(judge: &Judge, server: &Server, kwargs: &Value, env: &[(&str, &str)]) -> Both {
    let mut kwargs = kwargs.clone();
    kwargs["url"] = server.url().into();
    let variables: serde_json::Map<_, _> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let theirs = judge.ask(
        json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "hello", "env": variables}),
    );
    let asked_by_airflow = server.take();
    let program = secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
        .envs(env.iter().copied());
    let ours = program.args(["--no-fallback", "get-var", "hello"]).run();
    Both {
        theirs,
        asked_by_airflow,
        ours,
        asked_by_us: server.take(),
    }
}

/// A Vault whose secrets are all `value`.
fn vault(request: &Recorded, value: &Value) -> Reply {
    let login = json!({"auth": {"client_token": "hvs.issued", "lease_duration": 3600}});
    let secret = json!({"data": {"data": {"value": value}, "metadata": {"version": 1}}});
    Reply::json(200, if request.method == "GET" { secret } else { login })
}

fn approle() -> Value {
    json!({"auth_type": "approle", "role_id": "r", "secret_id": "s"})
}

fn logins(asked: &[Recorded]) -> Vec<&Recorded> {
    asked
        .iter()
        .filter(|request| request.target.ends_with("/login"))
        .collect()
}

#[test]
fn a_value_that_is_no_text_keeps_its_type_in_airflow_alone() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|request| vault(request, &json!(5)));
    let both = ask(judge, &server, &json!({"token": "t"}), &[]);
    differs(
        "vault-value-type",
        &json!(both.ours.ok().trim_end()),
        &both.theirs["value"],
    );
    assert_eq!((both.ours.ok(), &both.theirs["value"]), ("5\n", &json!(5)));
}

#[test]
fn a_token_of_the_environment_goes_along_with_airflows_logins_alone() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|request| vault(request, &json!("world")));
    let both = ask(judge, &server, &approle(), &[("VAULT_TOKEN", "hvs.environment")]);
    let token = |asked: &[Recorded]| logins(asked)[0].header("x-vault-token").map(str::to_owned);
    differs(
        "vault-token-on-login",
        &token(&both.asked_by_us),
        &token(&both.asked_by_airflow),
    );
    assert_eq!((token(&both.asked_by_us), both.ours.ok()), (None, "world\n"));
}

#[test]
fn a_login_that_is_not_found_is_a_missing_secret_in_airflow_alone() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|_| Reply::json(404, json!({"errors": []})));
    let mut kwargs = approle();
    kwargs["variables_path"] = json!(["a", "b"]);
    let both = ask(judge, &server, &kwargs, &[]);
    assert_eq!(both.theirs["value"], Value::Null, "{}", both.theirs);
    differs(
        "vault-login-not-found",
        &logins(&both.asked_by_us).len(),
        &logins(&both.asked_by_airflow).len(),
    );
    assert_eq!(logins(&both.asked_by_us).len(), 1);
    both.ours.fails(4);
}

#[test]
fn a_login_that_is_throttled_is_tried_again_by_us_alone() {
    let Some(judge) = airflow() else { return };
    let busy = std::sync::atomic::AtomicBool::new(true);
    let server = Server::start(move |request| {
        // Every other login is answered 429.
        if request.method != "GET" && busy.fetch_xor(true, std::sync::atomic::Ordering::SeqCst) {
            return Reply::json(429, json!({"errors": ["too many requests"]}));
        }
        vault(request, &json!("world"))
    });
    let theirs = ask(judge, &server, &approle(), &[]);
    let failed = theirs.theirs["error"].is_string();
    // Airflow took the one that is refused, so ours began with the one that works: once more, ours alone begins.
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    let ours = secretctl().args(["--backend", VAULT, "-q", "get-var", "hello"]);
    let ours = ours.env("SECRETCTL_BACKEND_KWARGS", kwargs.to_string()).run();
    assert_eq!(logins(&server.take()).len(), 2);
    differs("vault-login-retry", &(ours.status != 0), &failed);
    assert_eq!(ours.ok(), "world\n");
}

#[test]
fn aws_without_a_region_is_an_error_in_airflow_alone() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|request| vault(request, &json!("world")));
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let both = ask(
        judge,
        &server,
        &json!({"auth_type": "aws_iam", "role_id": "r"}),
        &keys,
    );
    differs(
        "vault-aws-region",
        &(both.ours.status != 0),
        &both.theirs["error"].is_string(),
    );
    assert_eq!(both.ours.ok(), "world\n");
}

#[test]
fn radius_is_configured_anew_by_airflow_alone() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|request| vault(request, &json!("world")));
    let kwargs = json!({"auth_type": "radius", "radius_host": "h", "radius_secret": "s"});
    let both = ask(judge, &server, &kwargs, &[("VAULT_TOKEN", "hvs.environment")]);
    let writes = |asked: &[Recorded]| asked.iter().filter(|request| request.method != "GET").count();
    differs(
        "vault-azure-radius",
        &writes(&both.asked_by_us),
        &writes(&both.asked_by_airflow),
    );
    assert_eq!((writes(&both.asked_by_us), both.ours.ok()), (0, "world\n"));
}

#[test]
fn a_pair_of_certificate_and_key_works_with_us_alone() {
    let Some(judge) = airflow() else { return };
    let (authority, dir) = (Authority::trusted(), temp_dir());
    let client = authority.certificate_for(&["client"]);
    let server = Server::start_mutual_tls(&authority.certificate(Validity::Good), authority, |request| {
        vault(request, &json!("world"))
    });
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let kwargs = json!({
        "token": "t", "verify": write("ca.pem", &authority.pem()),
        "cert": [write("client.pem", &client.pem), write("client.key", &client.key_pem)],
    });
    let both = ask(judge, &server, &kwargs, &[]);
    differs(
        "vault-client-certificate-pair",
        &(both.ours.status != 0),
        &both.theirs["error"].is_string(),
    );
    assert_eq!(both.ours.ok(), "world\n");
}

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
        &json!(ours.text().trim_end()),
        &theirs["value"],
    );
    ours.fails(5);
    assert_eq!(json!(lenient.ok().trim_end()), theirs["value"]);
    assert!(lenient.stderr.starts_with("warning: "), "{}", lenient.stderr);

    let ours = secretctl().args(["explain", "var", "hello", "-o", "json"]).run();
    let explained: Value = serde_json::from_str(ours.ok()).unwrap();
    let last = explained["lookups"].as_array().unwrap().last().unwrap();
    assert!(
        last["backend"].as_str().unwrap().ends_with(".MetastoreBackend"),
        "{last}"
    );
    let airflow_asks = theirs["backends"].as_array().unwrap().last() == Some(&json!("MetastoreBackend"));
    differs("resolver-metastore", &last["skipped"].is_null(), &airflow_asks);
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
        &json!(ours.text().trim_end()),
        &theirs["uri"],
    );
    assert_eq!(theirs["uri"], "http://environment");
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
        ("AIRFLOW_CONN_NUMBER", r#"{"conn_type": "x", "login": 5}"#),
    ];
    let Some(judge) = airflow_fresh(env) else { return };
    for (key, object, status, text) in [
        ("date", "datetime.date(2024, 1, 2)", 0, "2024-01-02"),
        ("binary", "b'hello'", 0, "hello"),
        ("set", "{'a'}", 6, ""),
    ] {
        let theirs = judge.ask(json!({"op": "differences.search_path", "key": key}));
        let ours = secretctl().envs(env).args(["get-var", "-n", key]).run();
        differs("local-yaml-type", &json!(ours.text()), &theirs["value"]);
        assert_eq!(theirs["value"]["python"], object);
        assert_eq!((ours.status, ours.text()), (status, text), "{}", ours.stderr);
    }

    let theirs = judge.ask(json!({"op": "differences.connection", "conn_id": "number"}));
    let not_found = if theirs["uri"].is_null() { 3 } else { 0 };
    let ours = secretctl().envs(env).args(["get-conn", "number"]).run();
    differs("connection-without-uri", &ours.status, &not_found);
    assert_eq!(not_found, 3, "{theirs}");
    assert!(ours.fails(6).contains("`login`"), "{}", ours.stderr);
}

#[test]
fn an_unknown_kwarg_of_key_vault_is_swallowed_by_airflow_alone() {
    let Some(judge) = airflow() else { return };
    let kwargs = json!({"vault_url": "https://contoso.vault.azure.net/", "variables_prefx": "x"});
    let theirs = judge.ask(json!({"op": "differences.accepts", "class": AZURE, "kwargs": kwargs}));
    let ours = secretctl().args(["--backend", AZURE, "explain", "var", "hello"]);
    let ours = ours.env("SECRETCTL_BACKEND_KWARGS", kwargs.to_string()).run();
    ours.ok();
    differs("settings-unknown-kwarg", &json!(ours.stderr.is_empty()), &theirs);
    assert!(
        ours.stderr.contains("`variables_prefx`") && ours.stderr.contains("`variables_prefix`"),
        "{}",
        ours.stderr
    );
}
