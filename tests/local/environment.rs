//! The environment backend, including teams, compared with Airflow's.

use serde_json::{Value, json};

use crate::support;

const KEYS: &[&str] = &[
    "a",
    "A_b",
    "smtp-default",
    "team___x",
    "t_a",
    "_t___a",
    "straße",
    "ǆ",
    "a.b",
    "ﬁ",
    "x__y",
];
const TEAMS: &[Option<&str>] = &[None, Some("t"), Some("Team_1"), Some("ß")];

#[test]
fn variables_have_airflows_names() {
    let Some(judge) = support::airflow() else { return };
    let mut random = support::random("environment");
    let mut questions = Vec::new();
    for _ in 0..support::cases(300, 3_000) {
        let kind = *random.pick(&["connection", "variable"]);
        let prefix = if kind == "connection" {
            "AIRFLOW_CONN_"
        } else {
            "AIRFLOW_VAR_"
        };
        let key = *random.pick(KEYS);
        let multi_team = random.below(3) > 0;
        let team = if multi_team { *random.pick(TEAMS) } else { None };
        let mut env = serde_json::Map::new();
        for _ in 0..random.below(5) {
            let id = if random.one_in(3) { random.pick(KEYS) } else { key }.to_uppercase();
            let other = if random.one_in(2) {
                team
            } else {
                *random.pick(TEAMS)
            };
            let team = other.map_or(String::new(), |team| format!("_{}___", team.to_uppercase()));
            let value = *random.pick(&["", "http://h", "v"]);
            env.insert(format!("{prefix}{team}{id}"), json!(value));
        }
        questions.push(json!({
            "op": "local.environment", "kind": kind, "key": key, "team": team, "multi_team": multi_team, "env": env,
        }));
    }
    let answers = judge.ask_many(&questions);
    let mut found = 0;
    for (question, theirs) in questions.iter().zip(&answers) {
        let is_connection = question["kind"] == "connection";
        let mut program = support::secretctl()
            .args([
                if is_connection { "get-conn" } else { "get-var" },
                question["key"].as_str().unwrap(),
                "-n",
            ])
            .env(
                "AIRFLOW__CORE__MULTI_TEAM",
                if question["multi_team"] == json!(true) {
                    "True"
                } else {
                    "False"
                },
            );
        if is_connection {
            program = program.args(["-o", "raw"]);
        }
        if let Some(team) = question["team"].as_str() {
            program = program.args(["--team", team]);
        }
        for (name, value) in question["env"].as_object().unwrap() {
            program = program.env(name, value.as_str().unwrap());
        }
        let output = program.run();
        // Airflow ignores a connection in an empty variable.
        let expected = match theirs {
            Value::String(text) if !(is_connection && text.is_empty()) => (0, text.as_bytes()),
            _ => (3, &b""[..]),
        };
        found += usize::from(output.status == 0);
        assert_eq!(
            (output.status, &output.stdout[..]),
            expected,
            "{question}\n{}",
            output.stderr
        );
    }
    assert!(found > 20, "too few values were found to be a test: {found}");
}
