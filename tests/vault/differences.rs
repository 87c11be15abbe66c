//! The deliberate differences from Airflow's backend: each is asked of both, and must still differ.

use serde_json::{Value, json};

use super::{kv2, login, vault, with};
use crate::support::server::{Authority, Recorded, Reply, Server, Validity, in_order};
use crate::support::{Judge, Output, airflow, difference, differs, temp_dir};

/// What both sent and made of it.
struct Both {
    /// `{"value": …}` or `{"error": …}`.
    theirs: Value,
    asked_by_them: Vec<Recorded>,
    output: Output,
    asked: Vec<Recorded>,
}

impl Both {
    /// Whether Airflow and secretctl found something.
    fn found(&self) -> (bool, bool) {
        (!self.theirs["value"].is_null(), self.output.status == 0)
    }
}

fn ask(judge: &Judge, server: &Server, kwargs: &Value, env: &[(&str, &str)], name: &str) -> Both {
    let kwargs = with(&json!({"url": server.url()}), kwargs.clone());
    let variables: serde_json::Map<_, _> = env.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
    let theirs = judge
        .ask(json!({"op": "vault.lookup", "kwargs": kwargs, "env": variables, "kind": "var", "name": name}));
    let asked_by_them = server.take();
    let output = vault(&kwargs)
        .envs(env.iter().copied())
        .args(["--no-fallback", "-n", "get-var", "--", name])
        .run();
    Both {
        theirs,
        asked_by_them,
        output,
        asked: server.take(),
    }
}

fn targets(requests: &[Recorded]) -> Vec<&str> {
    requests.iter().map(|request| request.target.as_str()).collect()
}

fn found() -> Reply {
    Reply::json(200, kv2(&json!({"value": "world"})))
}

/// A Vault that takes any login and has `reply` for any read.
fn any_vault(reply: Reply) -> Server {
    Server::start(move |request| match request.method.as_str() {
        "GET" => reply.clone(),
        _ => Reply::json(200, login("hvs.issued")),
    })
}

#[test]
fn secrets_that_airflow_passes_over_in_silence_are_malformed() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(Reply::json(200, kv2(&json!({"other": 1}))));
    let both = ask(judge, &server, &json!({"token": "t"}), &[], "hello");
    differs("vault-no-value-key", &both.output.status, &3);
    assert_eq!(
        (both.output.status, &both.theirs["value"]),
        (6, &Value::Null),
        "{}",
        both.output.stderr
    );
    let server = any_vault(Reply::json(200, kv2(&json!({"value": {"a": 5}}))));
    let both = ask(judge, &server, &json!({"token": "t"}), &[], "hello");
    let text = json!(String::from_utf8_lossy(&both.output.stdout));
    differs("vault-value-type", &text, &both.theirs["value"]);
    assert_eq!(
        serde_json::from_slice::<Value>(&both.output.stdout).unwrap(),
        both.theirs["value"]
    );
}

#[test]
fn a_url_with_a_query_is_not_asked() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    for tail in ["?x", "/#y"] {
        let kwargs = json!({"token": "t", "url": format!("{}{tail}", server.url())});
        let both = ask(judge, &server, &kwargs, &[], "hello");
        assert!(!both.asked_by_them[0].target.starts_with("/v1/"), "{tail}");
        differs("vault-url-query", &both.asked.len(), &both.asked_by_them.len());
        assert_eq!(
            (both.output.status, both.asked.len()),
            (2, 0),
            "{}",
            both.output.stderr
        );
    }
}

#[test]
fn names_stay_in_their_paths() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    let both = ask(judge, &server, &json!({"token": "t"}), &[], "../../sys/x");
    differs(
        "vault-climbing-id",
        &targets(&both.asked),
        &targets(&both.asked_by_them),
    );
    assert_eq!(
        (both.output.status, both.asked.len()),
        (2, 0),
        "{}",
        both.output.stderr
    );
    let kwargs = json!({"auth_type": "userpass", "username": "a/b?c", "password": "p"});
    let both = ask(judge, &server, &kwargs, &[], "hello");
    differs(
        "vault-username-quoting",
        &targets(&both.asked),
        &targets(&both.asked_by_them),
    );
    assert_eq!(
        both.asked[0].target, "/v1/auth/userpass/login/a%2Fb%3Fc",
        "{}",
        both.output.stderr
    );
    let both = ask(
        judge,
        &server,
        &json!({"auth_type": "ldap", "password": "p"}),
        &[],
        "hello",
    );
    assert_eq!(both.asked_by_them[0].target, "/v1/auth/ldap/login/None");
    assert_eq!((both.output.status, both.asked.len()), (2, 0));
}

#[test]
fn credentials_go_to_vault_alone_and_only_where_they_are_wanted() {
    let Some(judge) = airflow() else { return };
    let elsewhere = any_vault(found());
    let location = format!("{}/v1/x", elsewhere.url());
    let server = Server::script([Reply::status(307).header("Location", &location)]);
    let both = ask(judge, &server, &json!({"token": "hvs.secret"}), &[], "hello");
    let (theirs, ours) = both.found();
    differs("vault-redirect", &ours, &theirs);
    assert_eq!(
        elsewhere.take()[0].header("x-vault-token"),
        Some("hvs.secret"),
        "Airflow's own request"
    );

    let server = any_vault(found());
    let kwargs = json!({"auth_type": "approle", "role_id": "r"});
    let both = ask(judge, &server, &kwargs, &[("VAULT_TOKEN", "hvs.env")], "hello");
    let token = |requests: &[Recorded]| requests[0].header("x-vault-token").map(str::to_owned);
    differs(
        "vault-token-on-login",
        &token(&both.asked),
        &token(&both.asked_by_them),
    );

    let folder = temp_dir();
    let netrc = folder.path().join("netrc");
    std::fs::write(&netrc, "machine 127.0.0.1 login user password hunter2\n").unwrap();
    let both = ask(
        judge,
        &server,
        &json!({"token": "t"}),
        &[("NETRC", netrc.to_str().unwrap())],
        "hello",
    );
    let basic = |requests: &[Recorded]| requests[0].header("authorization").map(str::to_owned);
    differs("vault-netrc", &basic(&both.asked), &basic(&both.asked_by_them));
}

#[test]
fn a_github_token_is_read_from_its_file() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    let folder = temp_dir();
    let file = folder.path().join("token");
    std::fs::write(&file, "ghp_file\n").unwrap();
    let both = ask(
        judge,
        &server,
        &json!({"auth_type": "github", "token_path": file}),
        &[],
        "hello",
    );
    differs(
        "vault-github-token-path",
        &both.asked[0].json(),
        &both.asked_by_them[0].json(),
    );
    assert_eq!(both.asked[0].json(), json!({"token": "ghp_file"}));
}

#[test]
fn azure_and_radius_write_nothing() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    for kwargs in [
        json!({"auth_type": "azure", "azure_resource": "r", "azure_tenant_id": "t"}),
        json!({"auth_type": "radius", "radius_host": "h", "radius_secret": "s"}),
    ] {
        let both = ask(judge, &server, &kwargs, &[("VAULT_TOKEN", "hvs.env")], "hello");
        differs(
            "vault-azure-radius",
            &targets(&both.asked),
            &targets(&both.asked_by_them),
        );
        assert!(both.asked.iter().all(|request| request.method == "GET"));
        assert_eq!(both.found(), (true, true), "{}", both.output.stderr);
    }
}

#[test]
fn logins_that_fail_are_told_from_secrets_that_are_not_there() {
    let Some(judge) = airflow() else { return };
    let approle = json!({"auth_type": "approle", "role_id": "r", "variables_path": ["a", "b"]});
    let server = Server::script([Reply::json(404, json!({"errors": ["no handler for route"]}))]);
    let both = ask(judge, &server, &approle, &[], "hello");
    differs(
        "vault-login-not-found",
        &both.asked.len(),
        &both.asked_by_them.len(),
    );
    assert_eq!(
        (both.output.status, both.asked.len(), both.theirs.get("error")),
        (4, 1, None)
    );

    let server = Server::script([Reply::json(403, json!({"errors": ["permission denied"]}))]);
    let both = ask(judge, &server, &approle, &[], "hello");
    differs("vault-login-retry", &both.asked.len(), &both.asked_by_them.len());
    assert_eq!((both.output.status, both.asked.len()), (4, 1));
    for status in [429, 503] {
        let replies = || [Reply::status(status), Reply::json(200, login("hvs.x")), found()];
        let server = Server::start(in_order(replies().into_iter().chain(replies())));
        let (theirs, _) = (judge.ask(json!({
            "op": "vault.lookup", "kwargs": with(&approle, json!({"url": server.url()})), "kind": "var", "name": "hello",
        })), server.take());
        let server = Server::script(replies());
        let output = vault(&with(&approle, json!({"url": server.url()})))
            .args(["get-var", "hello"])
            .run();
        differs(
            "vault-login-retry",
            &(output.status == 0),
            &!theirs["value"].is_null(),
        );
    }
}

#[test]
fn a_cut_body_is_asked_for_again() {
    let Some(judge) = airflow() else { return };
    let replies = || [found().cut_at(120), found()];
    let server = Server::start(in_order(replies().into_iter().chain([found()])));
    let kwargs = json!({"url": server.url(), "token": "t"});
    let theirs = judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "hello"}));
    let server = Server::script(replies());
    let output = vault(&json!({"url": server.url(), "token": "t"}))
        .args(["get-var", "hello"])
        .run();
    differs(
        "vault-cut-body",
        &(output.status == 0),
        &!theirs["value"].is_null(),
    );
}

#[test]
fn certificates_are_taken_in_pairs_and_never_left_unchecked_by_accident() {
    let Some(judge) = airflow() else { return };
    let folder = temp_dir();
    let client = Authority::trusted().certificate(Validity::Good);
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = (write("cert.pem", &client.pem), write("key.pem", &client.key_pem));
    let ca = write("ca.pem", &Authority::trusted().pem());
    let server = Server::start_mutual_tls(&client, Authority::trusted(), |_| found());
    let kwargs = json!({"token": "t", "verify": ca, "cert": [cert, key]});
    let both = ask(judge, &server, &kwargs, &[], "hello");
    // requests itself would take a pair; Airflow's session makes a text of what it is given.
    let (theirs, ours) = both.found();
    if !theirs {
        differs("vault-client-certificate-pair", &ours, &theirs);
    }
    assert!(ours, "{}", both.output.stderr);

    let server = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| found());
    let both = ask(judge, &server, &json!({"token": "t", "verify": ""}), &[], "hello");
    let (theirs, ours) = both.found();
    differs("vault-verify-empty", &ours, &theirs);
    assert_eq!(both.output.status, 2);
}

#[test]
fn a_session_without_a_region_signs_for_the_first_one() {
    // boto3 is not among the judge's packages; the region is checked in the signature (`cloud`).
    assert!(difference("vault-aws-region").reason.contains("us-east-1"));
}
