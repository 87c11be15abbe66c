//! `explain`: the locations that it prints are those that Airflow's search path asks, under generated configurations.

mod probe;

use serde_json::{Value, json};

use crate::support::{Random, airflow, cases, random, secretctl};

/// What ids, paths and prefixes are made of.
const PIECES: &[&str] = &[
    "a",
    "B",
    "_",
    "__",
    "___",
    "-",
    "--",
    "/",
    ".",
    "db",
    "smtp_default",
    "é",
    "ß",
    " ",
    "%",
    "?",
    "7",
];

fn text(random: &mut Random, most: usize) -> String {
    (0..=random.below(most)).map(|_| *random.pick(PIECES)).collect()
}

/// A text, a list of texts, "" or null.
fn path(random: &mut Random) -> Value {
    match random.below(6) {
        0 => Value::Null,
        1 => json!(""),
        2 => json!([text(random, 3), text(random, 3)]),
        3 => json!("connections/"),
        _ => json!(text(random, 3)),
    }
}

/// Sets some of `names` in an object of kwargs.
fn some(random: &mut Random, kwargs: &mut Value, names: &[&str], make: fn(&mut Random) -> Value) {
    for &name in names {
        if random.one_in(2) {
            kwargs[name] = make(random);
        }
    }
}

/// A backend's class path and its kwargs.
fn backend(random: &mut Random) -> (&'static str, Value) {
    match random.below(5) {
        0 => {
            let mut kwargs = json!({});
            let names = [
                "variables_file_path",
                "connections_file_path",
                "configs_file_path",
            ];
            some(random, &mut kwargs, &names, |_| json!("examples/configs.env"));
            ("airflow.secrets.local_filesystem.LocalFilesystemBackend", kwargs)
        }
        1 | 2 => {
            let mut kwargs = json!({"vault_url": "https://kv.vault.azure.net/"});
            let names = ["connections_prefix", "variables_prefix", "config_prefix"];
            some(random, &mut kwargs, &names, |random| match random.below(4) {
                0 => Value::Null,
                1 => json!(""),
                _ => json!(text(random, 2)),
            });
            some(random, &mut kwargs, &["sep"], |random| {
                json!(*random.pick(&["-", "--", "_", "-_"]))
            });
            (
                "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
                kwargs,
            )
        }
        _ => {
            let mut kwargs = json!({"url": "http://127.0.0.1:9", "token": "t0ken"});
            some(
                random,
                &mut kwargs,
                &["connections_path", "variables_path", "config_path"],
                path,
            );
            some(random, &mut kwargs, &["mount_point"], |random| {
                match random.below(3) {
                    0 => Value::Null,
                    _ => json!("airflow"),
                }
            });
            some(random, &mut kwargs, &["kv_engine_version"], |random| {
                json!(1 + random.below(2))
            });
            some(random, &mut kwargs, &["use_team_secrets_path"], |random| {
                json!(random.one_in(2))
            });
            some(random, &mut kwargs, &["global_secrets_path"], |_| {
                json!("global/")
            });
            ("airflow.providers.hashicorp.secrets.vault.VaultBackend", kwargs)
        }
    }
}

fn question(random: &mut Random) -> Value {
    let (class_path, kwargs) = backend(random);
    let kind = *random.pick(&["conn", "var", "config"]);
    let multi_team = random.one_in(2);
    let team = (multi_team && kind != "config" && random.one_in(2))
        .then(|| random.pick(&["blue", "Red_1"]).to_string());
    json!({
        "op": "explain.asked",
        "kind": kind,
        "id": format!("i{}", text(random, 4)),
        "team": team,
        "env": {
            "AIRFLOW__SECRETS__BACKEND": class_path,
            "AIRFLOW__SECRETS__BACKEND_KWARGS": kwargs.to_string(),
            "AIRFLOW__CORE__MULTI_TEAM": multi_team.to_string(),
        },
    })
}

/// The locations of `explain -o json` that are not skipped, without what people read.
fn ours(question: &Value) -> Value {
    let mut program = secretctl();
    for (name, value) in question["env"].as_object().unwrap() {
        program = program.env(name, value.as_str().unwrap());
    }
    if let Some(team) = question["team"].as_str() {
        program = program.args(["--team", team]);
    }
    let kind = question["kind"].as_str().unwrap();
    let output = program
        .args([
            "explain",
            "-o",
            "json",
            kind,
            "--",
            question["id"].as_str().unwrap(),
        ])
        .run();
    let explained: Value = serde_json::from_str(output.ok()).unwrap();
    let mut asked = Vec::new();
    for lookup in explained["lookups"].as_array().unwrap() {
        let mut location = lookup.as_object().unwrap().clone();
        if location.contains_key("skipped") {
            continue;
        }
        for words in ["backend", "location"] {
            assert!(location.shift_remove(words).is_some(), "{lookup}");
        }
        asked.push(Value::Object(location));
    }
    json!({"asked": asked})
}

/// Whether an id climbs, which is refused, or a part of a path does, which only Vault's server would see.
fn climbs(question: &Value) -> bool {
    question["id"]
        .as_str()
        .unwrap()
        .split('/')
        .any(|segment| segment == "..")
}

#[test]
fn the_locations_are_those_that_airflow_asks() {
    let Some(judge) = airflow() else { return };
    let mut random = random("explain");
    let count = cases(1_000, 10_000);
    let questions: Vec<Value> = std::iter::repeat_with(|| question(&mut random))
        .filter(|question| !climbs(question))
        .take(count)
        .collect();
    let mut locations = 0;
    for (question, airflows) in questions.iter().zip(judge.ask_many(&questions)) {
        assert_eq!(ours(question), airflows, "{question}");
        locations += airflows["asked"].as_array().unwrap().len();
    }
    assert!(
        locations > count,
        "{locations} locations of {count} configurations"
    );
}
