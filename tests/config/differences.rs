//! The deliberate differences of `get-config SECTION.KEY`: what Airflow does, and what secretctl does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::parity::get_value;
use crate::support::{Side, Sides, airflow_fresh, differs, secretctl, skip, temp_dir, variable};

/// Asks a process of Airflow's own and the program; `None` if there is no Airflow. Both have an empty home in `home`.
fn sides(home: &str, env: &[(&str, &str)], section: &str, key: &str) -> Option<(Side, Side)> {
    let judge = airflow_fresh(Vec::<(String, String)>::new())?;
    let path = std::env::var("PATH").unwrap();
    let folder = temp_dir();
    let home = home.replace("HERE", &folder.path().display().to_string());
    let env = [
        &[
            ("PATH", path.as_str()),
            ("AIRFLOW_HOME", &home),
            ("HOME", "/nonexistent"),
        ][..],
        env,
    ]
    .concat();
    let encoded: Vec<_> = env
        .iter()
        .map(|(name, value)| [STANDARD.encode(name), STANDARD.encode(value)])
        .collect();
    let answer: Value =
        judge.ask(json!({"op": "config.get_fresh", "env": encoded, "section": section, "key": key}));
    let theirs = match (
        answer["value"].as_str(),
        &answer["missing"],
        &answer["not_started"],
    ) {
        (Some(value), ..) if answer["is_text"] == true => Side::found(value),
        (Some(value), ..) => Side::found(serde_json::from_str::<Value>(value).unwrap()),
        (None, Value::Bool(true), _) => Side::not_found(),
        (None, _, Value::String(class)) => Side::failed(class),
        _ => Side::failed(answer["died"].as_str().unwrap()),
    };
    Some((theirs, ours(&env, section, key)))
}

fn ours(env: &[(&str, &str)], section: &str, key: &str) -> Side {
    let output = secretctl()
        .envs(env.iter().copied())
        .args(["get-config", "-n", section, key])
        .run();
    match output.status {
        0 => Side::found(String::from_utf8(output.stdout).unwrap()),
        3 => Side::not_found(),
        status => Side::failed(format!("status {status}")),
    }
}

#[test]
fn a_value_that_airflow_makes_up_is_not_found_here() {
    let unit_tests = [("AIRFLOW__CORE__UNIT_TEST_MODE", "True")];
    for (env, section, key) in [
        (&[][..], "api", "secret_key"),
        (&unit_tests, "core", "fernet_key"),
        (&unit_tests, "api_auth", "jwt_secret"),
    ] {
        let Some((first, ours)) = sides("HERE", env, section, key) else {
            return;
        };
        let Some((second, _)) = sides("HERE", env, section, key) else {
            return;
        };
        // Two processes have two values.
        assert_ne!(first, second, "{section}.{key}");
        let random = Side::found("random");
        differs(
            "config-random-default",
            &Sides {
                airflow: (random.clone(), random),
                secretctl: (ours, Side::not_found()),
            },
        );
    }
}

#[test]
fn a_value_with_which_airflow_does_not_start_is_an_error_of_that_option_only() {
    let env = [("AIRFLOW__LOGGING__LOGGING_LEVEL", "LOUD")];
    let Some((theirs, ours)) = sides("HERE", &env, "core", "executor") else {
        return;
    };
    let dead = Side::failed("AirflowConfigException");
    differs(
        "config-airflow-does-not-start",
        &Sides {
            airflow: (theirs, dead.clone()),
            secretctl: (ours, Side::found("LocalExecutor")),
        },
    );
    let own = sides("HERE", &env, "logging", "logging_level");
    assert_eq!(own, Some((dead, Side::failed("status 2"))));
}

#[test]
fn a_home_with_a_reference_in_it_fails_on_both_sides() {
    let Some((theirs, ours)) = sides("/x%(name)s", &[], "core", "dags_folder") else {
        return;
    };
    assert_eq!(
        (theirs, ours),
        (
            Side::failed("InterpolationMissingOptionError"),
            Side::failed("status 2")
        )
    );
}

#[test]
fn a_value_that_is_not_text_is_json_here() {
    let folder = temp_dir();
    let file = folder.path().join("configs.json");
    std::fs::write(&file, r#"{"k": {"a": [1, true, null]}}"#).unwrap();
    let kwargs = json!({ "configs_file_path": file }).to_string();
    let env = [
        (
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        ),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
        ("AIRFLOW__CORE__ASSET_MANAGER_KWARGS_SECRET", "k"),
    ];
    let Some((theirs, ours)) = sides("HERE", &env, "core", "asset_manager_kwargs") else {
        return;
    };
    differs(
        "config-not-text",
        &Sides {
            airflow: (theirs, Side::found(json!({"a": [1, true, null]}))),
            secretctl: (ours, Side::found(r#"{"a":[1,true,null]}"#)),
        },
    );
}

#[cfg(unix)]
#[test]
fn a_failure_has_a_status_here() {
    let Some(python) = variable("AIRFLOW_PYTHON") else {
        skip(
            "airflow",
            "AIRFLOW_PYTHON is not set; `scripts/test` installs Airflow and sets it",
        );
        return;
    };
    let home = temp_dir();
    std::fs::write(home.path().join("airflow.cfg"), "").unwrap();
    let path = std::env::var("PATH").unwrap();
    let env = [
        ("PATH", path.as_str()),
        ("HOME", "/nonexistent"),
        ("AIRFLOW_HOME", home.path().to_str().unwrap()),
        ("AIRFLOW__CORE__ASSET_MANAGER_KWARGS_CMD", "false"),
    ];
    let theirs = get_value(&python, home.path(), &env, "core", "asset_manager_kwargs");
    differs(
        "config-get-value-fails",
        &Sides {
            airflow: (Side::found(theirs), Side::found("")),
            secretctl: (
                ours(&env, "core", "asset_manager_kwargs"),
                Side::failed("status 2"),
            ),
        },
    );
}
