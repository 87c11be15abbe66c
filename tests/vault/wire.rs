//! On the wire: one scripted server answers Airflow's backend and then secretctl; what each sent is compared.
//!
//! Compared: method, path and query as they stood, JSON body, `X-Vault-*`, `Authorization`; and then what each made of the
//! answers. The deliberate differences are in `tests/parity/differences.jsonl`.

use serde_json::{Map, Value, json};

use super::{kv2, login, vault, with};
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{Output, airflow, cases, listed, random, temp_dir};

/// One lookup, for both.
#[derive(Clone, Debug)]
pub(super) struct Case {
    kwargs: Map<String, Value>,
    env: Map<String, Value>,
    kind: &'static str,
    name: String,
    team: Option<String>,
    /// The status and body of a read's answer.
    answer: (u16, Value),
    /// What stands in front of the `@` of the server's URL.
    user: Option<String>,
}

impl Case {
    pub(super) fn new(kwargs: Value) -> Self {
        let Value::Object(kwargs) = kwargs else {
            panic!("kwargs")
        };
        Self {
            kwargs,
            env: Map::new(),
            kind: "var",
            name: "hello".to_owned(),
            team: None,
            answer: (200, kv2(&json!({"value": "world", "conn_uri": "x://h"}))),
            user: None,
        }
    }

    pub(super) fn user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    pub(super) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), json!(value));
        self
    }

    pub(super) fn answer(mut self, status: u16, body: Value) -> Self {
        self.answer = (status, body);
        self
    }

    fn team(mut self, team: &str) -> Self {
        self.team = Some(team.to_owned());
        self.env("AIRFLOW__CORE__MULTI_TEAM", "True")
    }
}

/// What of a request is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sent {
    method: String,
    target: String,
    body: Value,
    headers: Vec<(String, String)>,
}

fn sent(recorded: &Recorded) -> Sent {
    let mut headers: Vec<_> = recorded
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-vault-") || name == "authorization" || name == "content-type")
        .cloned()
        .collect();
    headers.sort();
    let mut body = recorded.json();
    // A signature holds the time; it is verified with its key elsewhere.
    if let Some(headers) = body.get_mut("iam_request_headers") {
        *headers = signed_headers(headers.as_str().unwrap_or_default());
    }
    Sent {
        method: recorded.method.clone(),
        target: recorded.target.clone(),
        body,
        headers,
    }
}

/// The names and values of signed headers, but for the time and what follows from it.
fn signed_headers(base64: &str) -> Value {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    let mut headers: Map<String, Value> = serde_json::from_slice(&text).unwrap();
    headers["X-Amz-Date"] = json!("time");
    let authorization = headers["Authorization"][0].as_str().unwrap().to_owned();
    let (before, _) = authorization.split_once(", Signature=").unwrap();
    let (start, rest) = before.split_once('/').unwrap();
    let (_, rest) = rest.split_once('/').unwrap();
    headers["Authorization"] = json!(format!("{start}/date/{rest}"));
    Value::Object(headers)
}

/// What both sent, and what they made of the answers.
#[derive(Debug)]
pub(super) struct Both {
    /// Airflow's `{"value": …}` or `{"error": …}`.
    pub(super) asked: Value,
    pub(super) theirs: Vec<Sent>,
    pub(super) output: Output,
    pub(super) ours: Vec<Sent>,
}

/// Asks both.
pub(super) fn ask(case: &Case) -> Both {
    let judge = airflow().expect("the caller has looked");
    let answer = case.answer.clone();
    let server = Server::start(move |request| {
        if request.method == "POST" {
            Reply::json(200, login("hvs.issued"))
        } else {
            Reply::json(answer.0, answer.1.clone())
        }
    });
    let mut kwargs = case.kwargs.clone();
    let prefix = kwargs.get("url").and_then(Value::as_str).unwrap_or_default();
    let url = match &case.user {
        None => format!("{}{prefix}", server.url()),
        Some(user) => server.url().replace("://", &format!("://{user}@")),
    };
    kwargs.insert("url".to_owned(), json!(url));
    let asked = judge.ask(json!({
        "op": "vault.lookup", "kwargs": kwargs, "env": case.env, "kind": case.kind, "name": case.name,
        "team": case.team,
    }));
    let mut theirs: Vec<Sent> = server.take().iter().map(sent).collect();
    let mut program = vault(&Value::Object(kwargs)).args(["--no-fallback", "-n"]);
    for (name, value) in &case.env {
        program = program.env(name, value.as_str().unwrap());
    }
    if let Some(team) = &case.team {
        program = program.args(["--team", team]);
    }
    let output = match case.kind {
        "conn" => program.args(["get-conn", "-o", "raw", "--", &case.name]).run(),
        "var" => program.args(["get-var", "--", &case.name]).run(),
        _ => program
            .args(["get-config", "--backend-key", "--", &case.name])
            .run(),
    };
    let ours: Vec<Sent> = server.take().iter().map(sent).collect();
    // VAULT_TOKEN is sent along on logins by hvac alone.
    listed("vault-token-on-login");
    for request in &mut theirs {
        if request.method == "POST" {
            request.headers.retain(|(name, _)| name != "x-vault-token");
        }
    }
    Both {
        asked,
        theirs,
        output,
        ours,
    }
}

/// Asks both, and compares. Returns how many requests there were.
#[track_caller]
fn compare(case: &Case) -> usize {
    if airflow().is_none() {
        return 0;
    }
    let Both {
        asked,
        theirs,
        output,
        ours,
    } = ask(case);
    assert_eq!(ours, theirs, "{case:?}\nairflow: {asked}\nsecretctl: {output:?}");
    match &asked["value"] {
        Value::String(text) => assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            *text,
            "{case:?} {output:?}"
        ),
        Value::Null if asked.get("error").is_none() => assert_eq!(output.status, 3, "{case:?} {output:?}"),
        Value::Null => assert!(output.status >= 4, "{case:?} {asked} {output:?}"),
        _ => assert_eq!(output.status, 0, "{case:?} {output:?}"),
    }
    ours.len()
}

/// Every login that Airflow can do here, with a name.
fn logins(folder: &std::path::Path) -> Vec<(&'static str, Value)> {
    let jwt = folder.join("jwt");
    std::fs::write(&jwt, "\n eyJ.jwt.sig \n").unwrap();
    let token = folder.join("token");
    std::fs::write(&token, " hvs.from-file\n").unwrap();
    vec![
        ("token", json!({"token": "hvs.given"})),
        ("token", json!({"token_path": token, "token": "hvs.given"})),
        (
            "approle",
            json!({"auth_type": "approle", "role_id": "r", "secret_id": "s"}),
        ),
        ("approle", json!({"auth_type": "approle", "role_id": "r"})),
        (
            "approle",
            json!({"auth_type": "approle", "role_id": "ä\"\\\u{1}é", "secret_id": ""}),
        ),
        (
            "userpass",
            json!({"auth_type": "userpass", "username": "u", "password": "p\u{20ac}"}),
        ),
        ("userpass", json!({"auth_type": "userpass", "username": "u"})),
        (
            "ldap",
            json!({"auth_type": "ldap", "username": "u x@y", "password": "p"}),
        ),
        (
            "ldap",
            json!({"auth_type": "ldap", "username": "ü%", "password": ""}),
        ),
        ("github", json!({"auth_type": "github", "token": "ghp_x"})),
        (
            "kubernetes",
            json!({"auth_type": "kubernetes", "kubernetes_role": "r", "kubernetes_jwt_path": jwt}),
        ),
        (
            "jwt",
            json!({"auth_type": "jwt", "jwt_role": "r", "jwt_token": " a.b.c\n"}),
        ),
        (
            "jwt",
            json!({"auth_type": "jwt", "jwt_role": "r", "jwt_token_path": jwt}),
        ),
        (
            "aws",
            json!({"auth_type": "aws_iam", "key_id": "AKIA", "secret_id": "x", "role_id": "r"}),
        ),
        (
            "aws",
            json!({"auth_type": "aws_iam", "key_id": "AKIA", "secret_id": "x", "region": "eu-west-1"}),
        ),
    ]
}

#[test]
fn every_login_is_sent_as_hvac_sends_it() {
    let folder = temp_dir();
    let mut count = 0;
    for (mount, kwargs) in logins(folder.path()) {
        for more in [
            json!({}),
            json!({"namespace": "admin/team"}),
            json!({"auth_mount_point": format!("{mount}-two")}),
            json!({"auth_mount_point": "/a//b c/", "kv_engine_version": 1}),
            json!({"url": "/vault/", "mount_point": "airflow", "request_header": false}),
        ] {
            // hvac quotes no mount for userpass, and a path with a blank is then quoted by requests.
            count += compare(&Case::new(with(&kwargs, more)).answer(
                200,
                json!({"data": {"data": {"value": "world"}, "value": "world"}}),
            ));
        }
    }
    assert!(airflow().is_none() || count >= 120, "{count}");
}

#[test]
fn a_token_of_the_environment_is_for_reads_alone() {
    compare(&Case::new(json!({})).env("VAULT_TOKEN", "hvs.env"));
    compare(&Case::new(json!({"token": "hvs.given"})).env("VAULT_TOKEN", "hvs.env"));
    compare(&Case::new(json!({"token": ""})).env("VAULT_TOKEN", "hvs.env"));
    compare(&Case::new(json!({"auth_type": "approle", "role_id": "r"})).env("VAULT_TOKEN", "hvs.env"));
}

#[test]
fn every_shape_of_path_is_asked_as_airflow_asks_it() {
    let shapes = [
        json!({}),
        json!({"variables_path": "", "connections_path": "", "config_path": ""}),
        json!({"variables_path": null, "connections_path": null, "config_path": null}),
        json!({"variables_path": "a/b/", "connections_path": "/a", "config_path": "c//d"}),
        json!({"variables_path": ["p1", "p2/", ""], "connections_path": ["c1", "c2"], "config_path": ["x"]}),
        json!({"variables_path": [], "connections_path": [], "config_path": []}),
        json!({"global_secrets_path": "global/"}),
        json!({"global_secrets_path": "", "variables_path": null}),
        json!({"mount_point": null}),
        json!({"mount_point": ""}),
        json!({"mount_point": null, "variables_path": "", "connections_path": "", "config_path": ""}),
        json!({"mount_point": "a b/c", "kv_engine_version": 1}),
        json!({"mount_point": "/m/", "kv_engine_version": "2".parse::<u8>().unwrap()}),
        json!({"variables_path": "./v", "connections_path": "c d%", "config_path": "ä?"}),
        json!({"use_team_secrets_path": false}),
    ];
    for shape in &shapes {
        for (kind, name) in [
            ("var", "hello"),
            ("conn", "hello"),
            ("config", "hello"),
            ("var", "m/x"),
            ("conn", "m/x/y"),
            ("var", "/m/x"),
            ("config", "m/"),
            ("conn", "a//b"),
        ] {
            for (status, body) in [
                (200, kv2(&json!({"value": "v", "conn_uri": "x://h"}))),
                (404, json!({"errors": []})),
            ] {
                let body = if shape["kv_engine_version"] == 1 && status == 200 {
                    json!({"data": {"value": "v", "conn_uri": "x://h"}})
                } else {
                    body
                };
                compare(
                    &Case::new(with(shape, json!({"token": "t"})))
                        .kind(kind)
                        .name(name)
                        .answer(status, body),
                );
            }
        }
    }
}

#[test]
fn teams_are_asked_for_as_airflow_asks_for_them() {
    for shape in [
        json!({}),
        json!({"use_team_secrets_path": false}),
        json!({"mount_point": null}),
        json!({"variables_path": "", "connections_path": ["a", "b"]}),
    ] {
        for (kind, name) in [
            ("var", "k"),
            ("conn", "k"),
            ("config", "k"),
            ("var", "m/k"),
            ("conn", "m/t/k"),
            ("config", "m/k"),
        ] {
            let case = Case::new(with(&shape, json!({"token": "t"})))
                .kind(kind)
                .name(name);
            compare(&case.clone().env("AIRFLOW__CORE__MULTI_TEAM", "True"));
            if kind != "config" {
                compare(&case.team("team1"));
            }
        }
    }
}

#[test]
fn strange_ids_reach_the_path_that_airflow_reads() {
    let mut ids: Vec<String> = [
        "a b",
        "a%2Fb",
        "%41",
        "a?b",
        "a#b",
        "ä",
        "日本/語",
        "a\\b",
        "a\tb",
        "a\nb",
        "\u{1}",
        "a;b",
        "a:b@c",
        "~",
        "a+b",
        "a&b=c",
        ".",
        "./a",
        "a/.",
        "a/./b",
        "...",
        "a//b///c",
        "a/",
        "/a",
        "//a",
        "/",
        "//",
        "'\"<>^`{|}",
        "a..b",
        "..a",
        "%",
        "\u{feff}x",
        "x\u{0301}",
        "-n",
        "a,b",
        "[x]",
        "(y)*!$",
        "\u{7f}",
        "😀",
    ]
    .map(str::to_owned)
    .into();
    let mut random = random("vault ids");
    let alphabet: Vec<char> = "ab/.%?# \\~ä\u{1}+&=:@日".chars().collect();
    for _ in 0..cases(60, 2000) {
        let length = 1 + random.below(8);
        let id: String = (0..length)
            .map(|_| alphabet[random.below(alphabet.len())])
            .collect();
        if !id.split('/').any(|segment| segment == "..") {
            ids.push(id);
        }
    }
    for id in ids {
        compare(&Case::new(json!({"token": "t"})).name(&id));
        compare(
            &Case::new(json!({"token": "t", "mount_point": null, "kv_engine_version": 1}))
                .kind("conn")
                .name(&id)
                .answer(200, json!({"data": {"conn_uri": "x://h"}})),
        );
    }
}

#[test]
fn what_is_in_a_secret_is_found_as_airflow_finds_it() {
    let secrets = [
        json!({"value": "v"}),
        json!({"value": ""}),
        json!({"value": null}),
        json!({"conn_uri": ""}),
        json!({"conn_uri": null, "host": "h"}),
        json!({"conn_uri": 0}),
        json!({"host": "h", "port": 5}),
        json!({"conn_uri": "{\"conn_type\": \"x\"}"}),
        json!({"conn_uri": "x://h", "host": "other"}),
        json!({"extra": {"a": [1, 2.5, true, null, "ä"]}, "login": "\u{1}\""}),
        Value::Null,
    ];
    for secret in &secrets {
        for kind in ["conn", "var", "config"] {
            let no_value = kind != "conn" && secret.get("value").is_none() && !secret.is_null();
            if no_value {
                continue;
            }
            for paths in [
                json!({}),
                json!({"variables_path": ["a", "b"], "connections_path": ["a", "b"], "config_path": ["a", "b"]}),
            ] {
                let kwargs = with(&paths, json!({"token": "t"}));
                compare(&Case::new(kwargs.clone()).kind(kind).answer(200, kv2(secret)));
                let kwargs = with(&kwargs, json!({"kv_engine_version": 1}));
                compare(&Case::new(kwargs).kind(kind).answer(200, json!({"data": secret})));
            }
        }
    }
}

#[test]
fn refusals_and_failures_cost_the_same_requests() {
    for (status, body) in [
        (403, json!({"errors": ["permission denied"]})),
        (
            404,
            json!({"errors": [], "data": {"data": null, "metadata": {"deletion_time": "2026", "destroyed": false}}}),
        ),
        (400, json!({"errors": ["bad"]})),
        (412, json!({"errors": []})),
        (429, json!({"errors": []})),
        (500, json!({"errors": ["internal error"]})),
        (501, json!({"errors": []})),
        (502, json!({"errors": []})),
        (503, json!({"errors": ["Vault is sealed"]})),
        (504, json!({"errors": []})),
    ] {
        compare(&Case::new(json!({"token": "t"})).answer(status, body.clone()));
        compare(&Case::new(json!({"auth_type": "approle", "role_id": "r"})).answer(status, body));
    }
}
