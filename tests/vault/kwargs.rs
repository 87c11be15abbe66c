//! Every kwarg with a value of every JSON type: what Python makes of it is what is asked, or an error.

use serde_json::{Map, Value, json};

use super::wire::{Case, ask};
use super::{found, login, vault};
use crate::support::server::{Reply, Server};
use crate::support::{Random, airflow, cases, listed, random};

/// What is true and what is false in Python, in every type that JSON has.
fn value(random: &mut Random) -> Value {
    let values = [
        json!(null),
        json!(""),
        json!(0),
        json!(-0.0),
        json!(false),
        json!([]),
        json!({}),
        json!(true),
        json!(5),
        json!(2.5),
        json!("x"),
        json!("no way"),
        json!("no"),
        json!("off"),
        json!("0"),
        json!("ä/b"),
        json!(" "),
        json!(["a", "b"]),
        json!([null]),
        json!({"a": 1, "b": [true, "q'"]}),
    ];
    random.pick(&values).clone()
}

/// The kwargs whose types Python does not ask for, or asks for late.
const NAMES: &[&str] = &[
    "connections_path",
    "variables_path",
    "config_path",
    "use_team_secrets_path",
    "global_secrets_path",
    "mount_point",
    "kv_engine_version",
    "auth_mount_point",
    "token",
    "username",
    "password",
    "key_id",
    "secret_id",
    "role_id",
    "assume_role_kwargs",
    "kubernetes_role",
    "gcp_key_path",
    "gcp_keyfile_dict",
    "gcp_scopes",
    "azure_tenant_id",
    "azure_resource",
    "radius_host",
    "radius_secret",
    "radius_port",
    "jwt_role",
    "jwt_token",
    "jwt_token_path",
    "namespace",
    "allow_redirects",
    "request_header",
    "strict_http",
];

fn method(random: &mut Random) -> Value {
    let logins = [
        json!({"token": "t"}),
        json!({"token": "t"}),
        json!({"auth_type": "approle", "role_id": "r", "secret_id": "s"}),
        json!({"auth_type": "userpass", "username": "u", "password": "p"}),
        json!({"auth_type": "github", "token": "gh"}),
        json!({"auth_type": "jwt", "jwt_role": "r", "jwt_token": "a.b.c"}),
        json!({"auth_type": "aws_iam", "key_id": "AK", "secret_id": "s", "role_id": "r"}),
    ];
    random.pick(&logins).clone()
}

/// The deliberate difference that these kwargs may show, which is another test's to ask about.
fn passed_over(kwargs: &Map<String, Value>) -> Option<&'static str> {
    let plain = [json!("u"), json!(5), json!(true), json!("x")];
    let falsy = |name: &str| {
        kwargs.get(name).is_some_and(|value| {
            [
                json!(null),
                json!(""),
                json!(0),
                json!(-0.0),
                json!(false),
                json!([]),
                json!({}),
            ]
            .contains(value)
        })
    };
    match kwargs.get("auth_type").and_then(Value::as_str) {
        // The mount is quoted as the name is.
        Some("userpass")
            if !plain.contains(&kwargs["username"]) || kwargs.contains_key("auth_mount_point") =>
        {
            Some("vault-username-quoting")
        }
        // Without both keys there is a session, and that one has no region.
        Some("aws_iam") if falsy("key_id") || falsy("secret_id") => Some("vault-aws-region"),
        // Then `token_path` is what is left.
        Some("github") if falsy("token") => Some("vault-github-token-path"),
        _ => None,
    }
}

#[test]
fn a_kwarg_of_any_type_is_taken_as_python_takes_it() {
    if airflow().is_none() {
        return;
    }
    let mut random = random("vault kwargs");
    let (mut found, mut failed, mut asked) = (0, 0, 0);
    for _ in 0..cases(250, 5000) {
        let Value::Object(mut kwargs) = method(&mut random) else {
            unreachable!("logins are objects")
        };
        for _ in 0..=random.below(3) {
            let name = *random.pick(NAMES);
            kwargs.insert(name.to_owned(), value(&mut random));
        }
        if let Some(id) = passed_over(&kwargs) {
            listed(id);
            continue;
        }
        let kind = *random.pick(&["conn", "var", "config"]);
        let name = *random.pick(&["k", "m/k"]);
        let version_1 =
            [json!(1), json!(true)].contains(&kwargs.get("kv_engine_version").cloned().unwrap_or_default());
        let secret = json!({"value": "v", "conn_uri": "x://h"});
        let answer = if version_1 {
            json!({"data": secret})
        } else {
            json!({"data": {"data": secret}})
        };
        let case = Case::new(Value::Object(kwargs))
            .kind(kind)
            .name(name)
            .answer(200, answer);
        let both = ask(&case);
        if both.asked.get("error").is_some() {
            failed += 1;
            assert!(![0, 3].contains(&both.output.status), "{case:?} {both:?}");
            continue;
        }
        assert_eq!(both.ours, both.theirs, "{case:?} {both:?}");
        asked += both.ours.len();
        match &both.asked["value"] {
            // What Airflow would stumble over in its first request is found out before there is one.
            Value::Null if both.theirs.is_empty() => {
                assert!([2, 3].contains(&both.output.status), "{case:?} {both:?}");
            }
            Value::Null => assert_eq!(both.output.status, 3, "{case:?} {both:?}"),
            value => {
                found += 1;
                assert_eq!(
                    json!(String::from_utf8_lossy(&both.output.stdout)),
                    *value,
                    "{case:?} {both:?}"
                );
            }
        }
    }
    // A generator that is always refused would prove nothing.
    assert!(
        found > 50 && failed > 20 && asked > found,
        "{found} {failed} {asked}"
    );
}

#[test]
fn a_header_is_latin_1_and_begins_with_no_blank() {
    for value in ["é", "x ", "a\tb", "€", " x", "\u{a0}x", "a\nb"] {
        for kwargs in [json!({"token": value}), json!({"token": "t", "namespace": value})] {
            let case = Case::new(kwargs);
            if airflow().is_none() {
                return;
            }
            let both = ask(&case);
            assert_eq!(both.ours, both.theirs, "{case:?} {both:?}");
            let status = if both.asked.get("error").is_some() { 2 } else { 0 };
            assert_eq!(both.output.status, status, "{case:?} {both:?}");
        }
    }
}

#[test]
fn a_token_of_a_login_is_sent_as_latin_1_too() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|request| match request.method.as_str() {
        "POST" => Reply::json(200, login("hvs.é")),
        _ => found(),
    });
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r"});
    let sent = || -> Vec<Option<String>> {
        let requests = server.take();
        requests
            .iter()
            .map(|request| request.header("x-vault-token").map(str::to_owned))
            .collect()
    };
    let asked = judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "hello"}));
    assert_eq!(asked["value"], "world");
    let theirs = sent();
    let output = vault(&kwargs).args(["--no-fallback", "get-var", "hello"]).run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!((sent(), theirs.len()), (theirs, 2));
}

/// Asks both, which send one request each, and the same.
fn one_and_the_same_request(case: &Case) {
    let both = ask(case);
    assert_eq!(
        (&both.ours, both.ours.len()),
        (&both.theirs, 1),
        "{case:?} {both:?}"
    );
}

#[test]
fn a_url_is_quoted_as_requests_quotes_it() {
    if airflow().is_none() {
        return;
    }
    for prefix in ["/%41%7e", "/%2f", "/ä%zz", "/%zz/ä b", "/a%20b", "/a%"] {
        let case = Case::new(json!({"token": "t", "url": prefix})).name("ä b%/k");
        one_and_the_same_request(&case);
    }
}

#[test]
fn a_user_of_the_url_counts_with_a_password_alone() {
    if airflow().is_none() {
        return;
    }
    for user in ["u", "u:", "u:p", ":p", ":", "é:%C3%A9", "a@b:c"] {
        let case = Case::new(json!({"token": "t"})).user(user);
        one_and_the_same_request(&case);
    }
}

#[test]
fn a_client_certificate_that_is_not_there_is_an_error_over_http_too() {
    if airflow().is_none() {
        return;
    }
    for case in [
        Case::new(json!({"token": "t", "cert": "/nowhere.pem"})),
        Case::new(json!({"token": "t"})).env("VAULT_CLIENT_CERT", "/nowhere.pem"),
    ] {
        let both = ask(&case);
        assert_eq!(both.asked["error"], "OSError", "{both:?}");
        assert_eq!((both.output.status, both.ours.len()), (2, 0), "{both:?}");
    }
}
