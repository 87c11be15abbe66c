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
    match random.below(8) {
        5 => google(random),
        6 => akeyless(random),
        7 => lockbox(random),
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

/// Akeyless, with an API key that nobody sees.
fn akeyless(random: &mut Random) -> (&'static str, Value) {
    let mut kwargs = json!({"api_url": "http://127.0.0.1:9", "access_id": "p-1", "access_key": "k"});
    let names = ["connections_path", "variables_path", "config_path"];
    some(random, &mut kwargs, &names, |random| match random.below(4) {
        0 => Value::Null,
        1 => json!(""),
        _ => json!(*random.pick(&["/a", "b//", "x", "/"])),
    });
    some(random, &mut kwargs, &["use_team_secrets_path"], |random| {
        json!(random.one_in(2))
    });
    some(random, &mut kwargs, &["global_secrets_path"], |_| {
        json!("global/")
    });
    (crate::akeyless::BACKEND, kwargs)
}

/// Yandex Lockbox, with an OAuth token that nobody sees.
fn lockbox(random: &mut Random) -> (&'static str, Value) {
    let mut kwargs = json!({"yc_oauth_token": "t", "folder_id": "f"});
    let names = ["connections_prefix", "variables_prefix", "config_prefix"];
    some(random, &mut kwargs, &names, |random| match random.below(4) {
        0 => Value::Null,
        1 => json!(""),
        _ => json!(*random.pick(&["a", "b/", "x--y"])),
    });
    some(random, &mut kwargs, &["sep"], |random| {
        json!(*random.pick(&["/", "-", "_"]))
    });
    (crate::yandex::BACKEND, kwargs)
}

/// Google Secret Manager, with a key that nothing is signed with.
fn google(random: &mut Random) -> (&'static str, Value) {
    let mut kwargs = json!({"gcp_keyfile_dict": crate::google::support::key()});
    let names = ["connections_prefix", "variables_prefix", "config_prefix"];
    some(random, &mut kwargs, &names, |random| match random.below(4) {
        0 => Value::Null,
        1 => json!(""),
        _ => json!(*random.pick(&["a", "B-", "_x", "airflow--x"])),
    });
    some(random, &mut kwargs, &["sep"], |random| {
        json!(*random.pick(&["-", "--", "_", ""]))
    });
    some(random, &mut kwargs, &["project_id"], |_| json!("other"));
    (crate::google::support::BACKEND, kwargs)
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
    let mut line = vec!["explain", "-o", "json", kind];
    if kind == "config" {
        line.push("--backend-key");
    }
    let output = program
        .args(line)
        .args(["--", question["id"].as_str().unwrap()])
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

/// Whether the id, or a path in Vault's kwargs, has a segment `..`, which is refused.
fn climbs(question: &Value) -> bool {
    let kwargs: Value = serde_json::from_str(
        question["env"]["AIRFLOW__SECRETS__BACKEND_KWARGS"]
            .as_str()
            .unwrap(),
    )
    .unwrap();
    let paths = ["connections_path", "variables_path", "config_path"].map(|name| &kwargs[name]);
    let texts = paths.into_iter().flat_map(|path| match path {
        Value::Array(paths) => paths.iter().filter_map(Value::as_str).collect(),
        path => Vec::from_iter(path.as_str()),
    });
    texts
        .chain(question["id"].as_str())
        .any(|text| text.split('/').any(|segment| segment == ".."))
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

/// The environment of a backend of local files, whose options are those of `folder`.
fn with_options(folder: &tempfile::TempDir) -> Value {
    let file = folder.path().join("configs.json");
    std::fs::write(&file, r#"{"dsn": "postgresql://h/db"}"#).unwrap();
    json!({
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json!({"configs_file_path": file}).to_string(),
    })
}

/// Runs `line` under `env`, and a variable and a connection of the option's name that nobody may look at.
fn option(env: &Value, line: &[&str]) -> crate::support::Output {
    let mut program = secretctl().env("HOME", "/nonexistent/home");
    for (name, value) in env.as_object().unwrap() {
        program = program.env(name, value.as_str().unwrap());
    }
    program
        .env("AIRFLOW_VAR_NOPE", "of a variable")
        .env("AIRFLOW_CONFIG_NOPE", "of nothing")
        .args(line)
        .run()
}

#[test]
fn an_option_is_asked_of_the_configured_backend_alone() {
    let folder = crate::support::temp_dir();
    let env = with_options(&folder);
    for (flags, key) in [
        (&[][..], "dsn"),
        (&[], "nope"),
        (&["--worker"], "nope"),
        (&["--probe"], "nope"),
    ] {
        let line = [flags, &["explain", "-o", "json", "config", key]].concat();
        let line = if flags == ["--probe"] {
            vec!["explain", "--probe", "-o", "json", "config", key]
        } else {
            line
        };
        let explained: Value = serde_json::from_str(option(&env, &line).ok()).unwrap();
        let lookups = explained["lookups"].as_array().unwrap();
        assert_eq!(lookups.len(), 1, "{explained}");
        assert_eq!(lookups[0]["backend"], env["AIRFLOW__SECRETS__BACKEND"]);
    }
    assert_eq!(
        option(&env, &["get-config", "-n", "dsn"]).ok(),
        "postgresql://h/db"
    );
    let missing = option(&env, &["get-config", "nope"]);
    let error = missing.fails(3);
    assert!(
        error.contains("configs.json") && !error.contains("environment"),
        "{error}"
    );
    let Some(judge) = airflow() else { return };
    for (key, found) in [("dsn", true), ("nope", false)] {
        let answer = judge.ask(json!({"op": "explain.option", "env": env, "key": key}));
        assert_eq!(answer["asked"], json!([]), "{answer}");
        assert_eq!(answer["value"] == "postgresql://h/db", found, "{answer}");
        assert_eq!(
            answer["value"].is_null() || answer["is_default"] == true,
            !found,
            "{answer}"
        );
    }
}

#[test]
fn without_a_configured_backend_an_option_is_nowhere() {
    for env in [json!({}), json!({"AIRFLOW__SECRETS__BACKEND": ""})] {
        let missing = option(&env, &["get-config", "nope"]);
        let error = missing.fails(3);
        assert!(error.contains("no secrets backend is configured"), "{error}");
        assert!(error.contains("hint: set `AIRFLOW__SECRETS__BACKEND`"), "{error}");
        let explained = option(&env, &["explain", "config", "nope"]);
        assert!(
            explained.ok().contains("no secrets backend is configured"),
            "{}",
            explained.text()
        );
        let explained: Value =
            serde_json::from_str(option(&env, &["explain", "-o", "json", "config", "nope"]).ok()).unwrap();
        assert_eq!(explained["lookups"], json!([]));
        let Some(judge) = airflow() else { return };
        let answer = judge.ask(json!({"op": "explain.option", "env": env, "key": "nope"}));
        assert_eq!(answer["asked"], json!([]), "{answer}");
        assert!(
            answer["value"].is_null() || answer["is_default"] == true,
            "{answer}"
        );
    }
}

#[test]
fn a_configured_environment_has_no_options() {
    let env = json!({
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
    });
    option(&env, &["get-config", "nope"]).fails(3);
    let explained = option(&env, &["explain", "config", "nope"]);
    assert!(
        explained
            .ok()
            .contains("the configured secrets backend does not provide any"),
        "{}",
        explained.text()
    );
}
