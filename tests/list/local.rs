//! Local files and the environment.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ids, json as listed_json, lines};
use crate::support::{Program, Random, cases, random, secretctl, temp_dir};

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// Describes a run with local files of `connections` and `variables` in `folder`.
fn local(folder: &std::path::Path, connections: &Value, variables: &Value) -> Program {
    let write = |name: &str, content: &Value| {
        let file = folder.join(name);
        std::fs::write(&file, content.to_string()).unwrap();
        file
    };
    let kwargs = json!({
        "connections_file_path": write("connections.json", connections),
        "variables_file_path": write("variables.json", variables),
    });
    secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", LOCAL)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

#[test]
fn every_place_is_listed_in_airflows_order_and_shadowed_names_are_marked() {
    let folder = temp_dir();
    let variables = json!({"hello": "hidden-7c1e", "null": null, "tab\there": "x", "Upper": "x"});
    let program = || {
        local(folder.path(), &json!({}), &variables)
            .env("AIRFLOW_VAR_HELLO", "hidden-9d2f")
            .env("AIRFLOW_VAR_UPPER", "hidden-9d2f")
            .env("AIRFLOW_VAR_EMPTY", "")
            .env("AIRFLOW_VAR_lower", "never read")
    };
    let output = program().args(["list", "var"]).run();
    let place = format!(
        "the files `{0}/connections.json`, `{0}/variables.json`",
        folder.path().display()
    );
    let line = |id: &str, place: &str, remark: Option<&str>| {
        (id.to_owned(), place.to_owned(), remark.map(str::to_owned))
    };
    let shadowed = format!("shadowed by {place}");
    assert_eq!(
        lines(&output),
        [
            line("Upper", &place, None),
            line("hello", &place, None),
            line("tab\\there", &place, None),
            line("empty", "the environment", None),
            line("hello", "the environment", Some(&shadowed)),
            line("upper", "the environment", None),
        ]
    );
    assert!(!output.text().contains("hidden") && output.stderr.is_empty());

    let output = program().args(["list", "var", "-o", "json"]).run();
    let listed = listed_json(&output);
    assert_eq!(listed["kind"], "var");
    assert_eq!(listed["names"][2]["id"], "tab\there");
    assert_eq!(
        listed["names"][4],
        json!({
            "id": "hello", "place": "the environment", "state": null, "shadowed_by": place,
            "backend": "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
        })
    );
    assert_eq!(
        listed["places"][0],
        json!({"backend": LOCAL, "place": place, "status": "listed", "reason": null, "notes": []})
    );
}

#[test]
fn an_empty_connection_is_not_there_for_airflow() {
    let program = secretctl()
        .env("AIRFLOW_CONN_A", "")
        .env("AIRFLOW_CONN_B_C", "http://h")
        .args(["list", "conn"]);
    assert_eq!(ids(program), ["b_c"]);
}

#[test]
fn a_place_that_has_none_of_the_kind_says_why_if_nothing_is_listed() {
    let output = secretctl().args(["list", "config"]).run();
    assert_eq!((output.status, output.text()), (0, ""));
    assert!(
        output.stderr.contains("no secrets backend is configured"),
        "{}",
        output.stderr
    );
    let folder = temp_dir();
    let program = || local(folder.path(), &json!({}), &json!({"a": "x"}));
    let output = program().args(["list", "config"]).run();
    assert!(lines(&output).is_empty());
    assert!(
        output.stderr.contains("no `configs_file_path` is configured"),
        "{}",
        output.stderr
    );
    // Airflow does not ask its API server for options, and secretctl never asks it.
    let output = program().args(["list", "var", "--worker"]).run();
    assert!(
        output.stderr.contains("Airflow's API server cannot be listed"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_file_that_does_not_parse_is_status_2_and_lenient_goes_on() {
    let folder = temp_dir();
    let program = || {
        let program = local(folder.path(), &json!({}), &json!({}));
        std::fs::write(folder.path().join("variables.json"), "{hidden-7c1e").unwrap();
        program.env("AIRFLOW_VAR_A", "x").args(["list", "var"])
    };
    let output = program().run();
    assert_eq!((output.status, output.text()), (2, ""), "{}", output.stderr);
    let output = program().arg("--lenient").run();
    assert_eq!(lines(&output).len(), 1);
    assert!(
        output.stderr.contains("listing the next place") && !output.stderr.contains("hidden-7c1e"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_team_has_its_own_names_and_those_of_all() {
    let program = |team: &[&str]| {
        secretctl()
            .env("AIRFLOW__CORE__MULTI_TEAM", "True")
            .env("AIRFLOW_VAR_A", "x")
            .env("AIRFLOW_VAR__DATA___B", "x")
            .env("AIRFLOW_VAR__DATA___A", "x")
            .env("AIRFLOW_VAR__OPS___C", "x")
            .args(["list", "var"])
            .args(team)
    };
    assert_eq!(ids(program(&["--team", "data"])), ["a", "b"]);
    assert_eq!(ids(program(&["--team", "ops"])), ["a", "c"]);
    assert_eq!(ids(program(&[])), ["a"]);
}

/// What ids are made of.
const PIECES: &[&str] = &[
    "a", "B", "_", "__", "___", "-", "/", ".", "..", "é", "ß", "ǆ", " ", "%", "\t", "\n", "::", "##", "7",
    "T1",
];

fn id(random: &mut Random) -> String {
    (0..=random.below(4)).map(|_| *random.pick(PIECES)).collect()
}

#[test]
fn what_is_listed_is_found_and_what_is_found_is_listed() {
    let mut random = random("list local");
    for _ in 0..cases(60, 600) {
        let folder = temp_dir();
        let kind = *random.pick(&["conn", "var"]);
        let team = *random.pick(&[None, Some("T1"), Some("ß")]);
        let multi_team = team.is_some() || random.one_in(3);
        let wanted: Vec<String> = (0..4).map(|_| id(&mut random)).collect();
        let mut file = serde_json::Map::new();
        let mut env = Vec::new();
        for id in &wanted {
            let value = *random.pick(&["http://h", "", "http://g"]);
            if random.one_in(2) && (kind == "var" || !value.is_empty()) {
                let value = if random.one_in(5) {
                    Value::Null
                } else {
                    json!(value)
                };
                file.insert(id.clone(), value);
            }
            let team = if random.one_in(2) {
                format!("_{}___", random.pick(&["T1", "SS", "X"]))
            } else {
                String::new()
            };
            if !id.contains('\0') && random.one_in(2) {
                let name = format!("AIRFLOW_{}_{team}{}", kind.to_uppercase(), id.to_uppercase());
                env.push((name, value));
            }
        }
        let (connections, variables) = match kind {
            "conn" => (Value::Object(file), json!({})),
            _ => (json!({}), Value::Object(file)),
        };
        if connections.as_object().unwrap().values().any(Value::is_null) {
            // A connection that is null makes the whole file unusable, in Airflow too.
            continue;
        }
        let program = || {
            let team: Vec<&str> = team.into_iter().flat_map(|team| ["--team", team]).collect();
            local(folder.path(), &connections, &variables)
                .env(
                    "AIRFLOW__CORE__MULTI_TEAM",
                    if multi_team { "True" } else { "False" },
                )
                .envs(env.iter().map(|(name, value)| (name, value)))
                .args(team)
        };
        let get = |id: &str| {
            let command = format!("get-{kind}");
            program().args([command.as_str(), "-q", "--", id]).run()
        };
        let listed = listed_json(&program().args(["list", kind, "-o", "json"]).run());
        let listed: BTreeSet<String> = listed["names"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name["id"].as_str().unwrap().to_owned())
            .collect();
        for id in &listed {
            let output = get(id);
            assert_eq!(output.status, 0, "{id:?} of {listed:?}: {}", output.stderr);
        }
        for id in wanted {
            if get(&id).status == 0 {
                // The environment has names in upper case only.
                let has = listed.contains(&id) || listed.contains(&id.to_uppercase().to_lowercase());
                assert!(has, "{id:?} is not among {listed:?}");
            }
        }
    }
}
