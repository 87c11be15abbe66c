//! On the wire: one scripted server answers Airflow's backend and then secretctl. What each sent is compared, and what each made
//! of the answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{BACKEND, akeyless, program};
use crate::support::server::Recorded;
use crate::support::{Random, airflow, cases, random};

/// One lookup, for both.
#[derive(Debug)]
struct Case {
    kwargs: Map<String, Value>,
    kind: &'static str,
    id: String,
    team: Option<String>,
    multi_team: bool,
    secrets: BTreeMap<String, Value>,
}

/// What of a request is compared.
fn sent(requests: &[Recorded]) -> Vec<(String, String, Value)> {
    let part = |request: &Recorded| (request.method.clone(), request.target.clone(), request.json());
    requests.iter().map(part).collect()
}

/// Asks both, and compares. Returns whether Airflow found a value.
fn compare(case: &Case) -> bool {
    let judge = airflow().expect("the caller has looked");
    let server = akeyless(case.secrets.clone());
    let mut kwargs = case.kwargs.clone();
    kwargs.insert("api_url".to_owned(), json!(server.url()));
    for (name, value) in [("access_id", "p-1234"), ("access_key", super::KEY)] {
        kwargs.entry(name).or_insert(json!(value));
    }
    let asked = judge.ask(json!({
        "op": "backends.lookup", "class": BACKEND, "kwargs": kwargs, "multi_team": case.multi_team,
        "kind": case.kind, "id": case.id, "team": case.team,
    }));
    let theirs = sent(&server.take());
    let mut program = program(&server.url(), &Value::Object(case.kwargs.clone()))
        .env("AIRFLOW__CORE__MULTI_TEAM", case.multi_team.to_string())
        .arg("-n");
    if let Some(team) = &case.team {
        program = program.args(["--team", team]);
    }
    let output = match case.kind {
        "connection" => program.args(["get-conn", "-o", "airflow-uri", "--", &case.id]),
        "variable" => program.args(["get-var", "--", &case.id]),
        _ => program.args(["get-config", "--backend-key", "--", &case.id]),
    }
    .run();
    let ours = sent(&server.take());
    assert_eq!(ours, theirs, "{case:?}\nairflow: {asked}\nsecretctl: {output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    match &asked["value"] {
        Value::Null if asked.get("error").is_some() => {
            assert!(matches!(output.status, 2 | 6), "{case:?}\n{asked}\n{output:?}");
        }
        Value::Null => assert_eq!(output.status, 3, "{case:?}\n{output:?}"),
        Value::Object(connection) if case.kind == "connection" => {
            assert_eq!(text, connection["uri"].as_str().unwrap(), "{case:?}\n{output:?}");
        }
        Value::String(value) => assert_eq!(text, *value, "{case:?}\n{output:?}"),
        // A value that is not text: the command line of Airflow prints Python's form, and secretctl JSON.
        value => {
            let printed: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(printed, *value, "{case:?}\n{output:?}");
        }
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
    "--",
    ".",
    " ",
    "%",
    "?",
    "é",
    "\n",
    "red",
    "x.y",
];

fn text(random: &mut Random, least: usize, most: usize) -> String {
    let count = least + random.below(most - least + 1);
    (0..count).map(|_| *random.pick(PIECES)).collect()
}

/// A value as people store it, and as they should not.
fn stored(random: &mut Random) -> Value {
    match random.below(22) {
        0 => Value::Null,
        1 => json!(5),
        2 => json!({"conn_type": "http", "host": "h"}),
        3 => json!(["a"]),
        4 => json!(""),
        5 => json!("null"),
        6 => json!("[1, 2.5, \"a\"]"),
        7 => json!("\"x\""),
        8 => json!("12.50"),
        9 => json!("{\"value\": \"v\"}"),
        10 => json!("{\"value\": 7, \"other\": 1}"),
        11 => json!("{\"value\": null}"),
        12 => json!("{\"value\": {\"a\": [true]}}"),
        13 => json!("{\"conn_uri\": \"postgres://u:p%40@h:5432/d?sslmode=require\"}"),
        14 => json!("{\"conn_uri\": \"\", \"conn_type\": \"HTTP\", \"host\": \"h\"}"),
        15 => json!("{\"conn_uri\": 5}"),
        16 => json!(
            "{\"conn_type\": \"postgresql\", \"login\": \"u\", \"password\": \"p@/:\", \"host\": \"h\", \"port\": \"5432\"}"
        ),
        17 => json!("{\"conn_type\": \"aws\", \"extra\": {\"region_name\": \"eu-west-1\"}}"),
        18 => json!("{\"conn_type\": \"x\", \"passwrd\": \"p\"}"),
        19 => json!("{\"conn_id\": \"i\", \"conn_type\": \"x\"}"),
        20 => json!(" postgres://u:p@h/d "),
        _ => json!("mysql://user:pass@host:3306/schema"),
    }
}

fn case(random: &mut Random) -> Case {
    let mut kwargs = Map::new();
    let paths = ["connections_path", "variables_path", "config_path"];
    for name in paths {
        let value = match random.below(8) {
            0 => Value::Null,
            1 => json!(""),
            2 => json!("/"),
            3 => json!("/team//"),
            4 => json!(text(random, 1, 3)),
            _ => continue,
        };
        kwargs.insert(name.to_owned(), value);
    }
    if random.one_in(3) {
        let seps = [
            json!("--"),
            json!("."),
            json!(""),
            json!("//"),
            json!("-"),
            json!("x"),
        ];
        kwargs.insert("sep".to_owned(), random.pick(&seps).clone());
    }
    if random.one_in(4) {
        let flags = [
            json!(true),
            json!(false),
            json!(null),
            json!(0),
            json!("yes"),
            json!(""),
        ];
        kwargs.insert("use_team_secrets_path".to_owned(), random.pick(&flags).clone());
    }
    if random.one_in(3) {
        let paths = [json!("global"), json!("all/"), json!(""), json!("/"), Value::Null];
        kwargs.insert("global_secrets_path".to_owned(), random.pick(&paths).clone());
    }
    match random.below(8) {
        0 => {
            kwargs.insert("access_type".to_owned(), json!("uid"));
            kwargs.insert("uid_token".to_owned(), json!("u-token"));
        }
        1 => {
            kwargs.insert("token_ttl".to_owned(), json!(60));
            kwargs.insert("acces_key".to_owned(), json!("swallowed"));
        }
        _ => {}
    }
    let kind = *random.pick(&["connection", "connection", "variable", "variable", "config"]);
    let multi_team = random.one_in(2);
    let team = (multi_team && kind != "config" && random.one_in(2))
        .then(|| (*random.pick(&["red", "blue-1", "a/b"])).to_owned());
    // An id that climbs is refused, whatever the backend.
    let id = text(random, 1, 3).replace("..", ".i");
    let mut case = Case {
        kwargs,
        kind,
        id,
        team,
        multi_team,
        secrets: BTreeMap::new(),
    };
    case.secrets = secrets(random, &case);
    case
}

/// Stores a value under some of the names that may be asked for.
fn secrets(random: &mut Random, case: &Case) -> BTreeMap<String, Value> {
    let (kwarg, default) = match case.kind {
        "connection" => ("connections_path", "/airflow/connections"),
        "variable" => ("variables_path", "/airflow/variables"),
        _ => ("config_path", "/airflow/config"),
    };
    let path = case.kwargs.get(kwarg).map_or(Some(default), Value::as_str);
    let path = path.unwrap_or_default().trim_end_matches('/');
    let sep = case.kwargs.get("sep").and_then(Value::as_str).unwrap_or("/");
    let global = case.kwargs.get("global_secrets_path").and_then(Value::as_str);
    let mut names = vec![format!("{path}{sep}{}", case.id)];
    if let Some(team) = &case.team {
        names.push(format!("{path}{sep}{team}{sep}{}", case.id));
    }
    if let Some(global) = global {
        names.push(format!(
            "{path}{sep}{}{sep}{}",
            global.trim_end_matches('/'),
            case.id
        ));
    }
    names
        .into_iter()
        .filter(|_| !random.one_in(3))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|name| (name, stored(random)))
        .collect()
}

#[test]
fn airflows_backend_sends_the_same_and_finds_the_same() {
    if airflow().is_none() {
        return;
    }
    let mut random = random("akeyless");
    let count = cases(500, 20_000);
    let found = (0..count).filter(|_| compare(&case(&mut random))).count();
    // A generator whose lookups find nothing would prove nothing.
    assert!(found * 4 > count, "{found} of {count} lookups found something");
}
