//! The same lookups by Airflow's backend over gRPC and by secretctl over REST: what each asked, and what each made of the answers.

use std::process::Command;

use serde_json::{Map, Value, json};

use super::{Cloud, call};
use crate::support::{Random, airflow, cases, random, skip};

/// One lookup, for both.
#[derive(Debug)]
struct Case {
    kwargs: Map<String, Value>,
    env: Map<String, Value>,
    kind: &'static str,
    id: String,
    team: Option<String>,
    multi_team: bool,
    secrets: Vec<Value>,
    page: usize,
}

/// Asks both, and compares. Returns whether Airflow found a value.
fn compare(case: &Case) -> bool {
    let judge = airflow().expect("the caller has looked");
    let asked = judge.ask(json!({
        "op": "yandex.lookup", "kwargs": case.kwargs, "env": case.env, "multi_team": case.multi_team,
        "kind": if case.kind == "connection" { "conn_value" } else { case.kind },
        "id": case.id, "team": case.team, "secrets": case.secrets, "page": case.page,
    }));
    let mut theirs = asked["requests"].as_array().unwrap().clone();
    for request in &mut theirs {
        let request = request.as_object_mut().unwrap();
        if request.contains_key("jwt") {
            request["jwt"] = "a jwt".into();
        }
        // How large a page is differs on purpose.
        request.remove("size");
        if let Some(token) = request.remove("token") {
            assert_eq!(token, "Bearer iam-token");
        }
    }
    // The SDK gets a token for each of its channels, with the same proof.
    let mut logins = 0;
    theirs.retain(|request| {
        let is_login = request["call"] == "token";
        logins += usize::from(is_login);
        !is_login || logins == 1
    });
    let cloud = Cloud::start(case.secrets.clone(), case.page);
    let mut program = cloud
        .program(&Value::Object(case.kwargs.clone()))
        .env("AIRFLOW__CORE__MULTI_TEAM", case.multi_team.to_string())
        .args(["-n", "--no-metastore"]);
    for (name, value) in &case.env {
        program = program.env(name, value.as_str().unwrap());
    }
    if let Some(team) = &case.team {
        program = program.args(["--team", team]);
    }
    let output = match case.kind {
        "connection" => program.args(["get-conn", "-o", "raw", "--", &case.id]),
        "variable" => program.args(["get-var", "--", &case.id]),
        _ => program.args(["get-config", "--backend-key", "--", &case.id]),
    }
    .run();
    let ours: Vec<Value> = cloud.take().iter().map(call).collect();
    assert_eq!(ours, theirs, "{case:?}\nairflow: {asked}\nsecretctl: {output:?}");
    match &asked["value"] {
        Value::Null if asked.get("error").is_some() => {
            assert!(matches!(output.status, 2 | 4), "{case:?}\n{asked}\n{output:?}");
        }
        Value::Null => assert_eq!(output.status, 3, "{case:?}\n{output:?}"),
        value => assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            value.as_str().unwrap(),
            "{case:?}\n{output:?}"
        ),
    }
    !asked["value"].is_null()
}

/// What names are made of.
const PIECES: &[&str] = &[
    "a",
    "B",
    "db",
    "smtp_default",
    "/",
    "//",
    "-",
    ".",
    " ",
    "%",
    "é",
    "red",
    "x.y",
];

fn text(random: &mut Random, most: usize) -> String {
    let count = 1 + random.below(most);
    (0..count).map(|_| *random.pick(PIECES)).collect()
}

/// The folder: secrets under the names that may be asked for, and others around them.
fn folder(random: &mut Random, names: &[String]) -> Vec<Value> {
    let mut secrets = Vec::new();
    let mut add = |random: &mut Random, name: String| {
        let count = random.below(4);
        let entries: Vec<Value> = (0..count)
            .map(|number| match random.below(5) {
                0 => json!({"key": format!("k{number}"), "binary": "b"}),
                1 => json!({"key": "same", "text": format!("s{}", random.below(9))}),
                2 => json!({"key": format!("k{number}"), "text": ""}),
                _ => json!({"key": format!("k{number}"), "text": *random.pick(&["b", "a", "Z", "é", "\u{10000}", "smtp://h"])}),
            })
            .collect();
        let id = format!("id{}", secrets.len());
        secrets.push(
            json!({"id": id, "name": name, "version": format!("v{}", random.below(9)), "entries": entries}),
        );
    };
    for name in names {
        if random.one_in(2) {
            add(random, format!("{name}x"));
        }
        if !random.one_in(3) {
            add(random, name.clone());
        }
        if random.one_in(6) {
            add(random, name.clone());
        }
    }
    secrets
}

fn case(random: &mut Random, key: &str) -> Case {
    let mut kwargs = Map::new();
    let mut env = Map::new();
    let kind = *random.pick(&["connection", "variable", "variable", "config"]);
    let (kwarg, default) = match kind {
        "connection" => ("connections_prefix", "airflow/connections"),
        "variable" => ("variables_prefix", "airflow/variables"),
        _ => ("config_prefix", "airflow/config"),
    };
    let mut prefix = default.to_owned();
    match random.below(6) {
        0 => drop(kwargs.insert(kwarg.to_owned(), Value::Null)),
        1 | 2 => {
            prefix = String::from(*random.pick(&["", "/", "p", "p//", "a-b-", "x/y/"]));
            kwargs.insert(kwarg.to_owned(), json!(prefix));
        }
        _ => {}
    }
    let sep = if random.one_in(3) {
        let sep = *random.pick(&["/", "-", "--", "", ".", "ab"]);
        kwargs.insert("sep".to_owned(), json!(sep));
        sep
    } else {
        "/"
    };
    let mut connection = json!({});
    match random.below(5) {
        0 => drop(kwargs.insert("yc_oauth_token".to_owned(), json!("y3_token"))),
        1 => drop(kwargs.insert("yc_sa_key_json".to_owned(), json!(key))),
        2 => drop(kwargs.insert("yc_sa_key_json".to_owned(), serde_json::from_str(key).unwrap())),
        3 => {
            connection["oauth"] = json!("y3_of_connection");
            connection["folder_id"] = json!("folder-of-connection");
        }
        _ => {
            connection["extra__yandexcloud__service_account_json"] = json!(key);
            connection["extra__yandexcloud__folder_id"] = json!("former-folder");
        }
    }
    let by_connection = connection != json!({});
    if !by_connection || random.one_in(2) {
        kwargs.insert("folder_id".to_owned(), json!("b1g-folder"));
    }
    if by_connection {
        let conn_id = if random.one_in(2) {
            "yandexcloud_default"
        } else {
            kwargs.insert("yc_connection_id".to_owned(), json!("own"));
            "own"
        };
        let json = json!({"conn_type": "yandexcloud", "extra": connection});
        env.insert(
            format!("AIRFLOW_CONN_{}", conn_id.to_uppercase()),
            json!(json.to_string()),
        );
    }
    let multi_team = random.one_in(2);
    let team = (multi_team && kind != "config" && random.one_in(2))
        .then(|| (*random.pick(&["red", "blue-1"])).to_owned());
    // An id that climbs is refused, whatever the backend.
    let id = text(random, 3).replace("..", ".i");
    let stripped = prefix.trim_end_matches(|c| sep.contains(c)).to_owned();
    let name = |key: &str| {
        if stripped.is_empty() {
            key.to_owned()
        } else {
            format!("{stripped}{sep}{key}")
        }
    };
    let mut names = vec![name(&id)];
    if let Some(team) = &team {
        names.push(name(&format!("{team}{sep}{sep}{id}")));
    }
    let secrets = folder(random, &names);
    Case {
        kwargs,
        env,
        kind,
        id,
        team,
        multi_team,
        secrets,
        page: 1 + random.below(4),
    }
}

/// Makes an authorized key of a service account with `openssl`.
pub(super) fn authorized_key() -> Option<(String, String)> {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA"])
        .output();
    let Some(made) = made.ok().filter(|made| made.status.success()) else {
        skip("openssl", "no RSA key can be made without it");
        return None;
    };
    let pem = String::from_utf8(made.stdout).unwrap();
    let with_note = format!("PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <aje1>\n{pem}");
    let key = json!({"id": "aje1", "service_account_id": "aje-account", "private_key": with_note});
    Some((key.to_string(), pem))
}

#[test]
fn airflows_backend_asks_the_same_and_finds_the_same() {
    if airflow().is_none() {
        return;
    }
    let Some((key, _)) = authorized_key() else { return };
    let mut random = random("yandex");
    let count = cases(500, 5_000);
    let cases: Vec<Case> = (0..count).map(|_| case(&mut random, &key)).collect();
    // Both wait for each other's services more than they compute.
    let found: usize = std::thread::scope(|scope| {
        let parts = cases
            .chunks(count.div_ceil(4))
            .map(|part| scope.spawn(|| part.iter().filter(|case| compare(case)).count()));
        let parts: Vec<_> = parts.collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    // A generator whose lookups find nothing would prove nothing.
    assert!(found * 4 > count, "{found} of {count} lookups found something");
}

#[test]
fn the_assertion_of_a_service_account_is_the_sdks() {
    let Some(judge) = airflow() else { return };
    let Some((key, pem)) = authorized_key() else {
        return;
    };
    let mut described = Vec::new();
    let kwargs = json!({"yc_sa_key_json": key, "folder_id": "f"});
    let asked = judge.ask(json!({
        "op": "yandex.lookup", "kwargs": kwargs, "kind": "variable", "id": "x", "secrets": [], "page": 9,
    }));
    let cloud = Cloud::start(Vec::new(), 9);
    cloud.program(&kwargs).args(["get-var", "x"]).run().fails(3);
    let endpoint = asked["endpoint"].as_str().unwrap();
    for (token, endpoint) in [
        (asked["requests"][0]["jwt"].clone(), endpoint),
        (cloud.take()[0].json()["jwt"].clone(), "api.cloud.yandex.net"),
    ] {
        let mut answer = judge.ask(json!({
            "op": "yandex.assertion", "key": pem, "token": token,
            "audience": format!("https://iam.{endpoint}/iam/v1/tokens"),
        }));
        let claims = answer["claims"].as_object_mut().unwrap();
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        claims.retain(|name, _| name == "iss");
        described.push((lifetime, answer));
    }
    assert_eq!(described[0], described[1]);
}
