//! The deliberate differences of settings: what Airflow does with each configuration, and what secretctl does.

use secretctl::cli::GlobalArgs;
use secretctl::settings::Settings;
use serde_json::json;

use super::generate::{Case, RECORDER};
use super::parity::placed;
use crate::support::{airflow, differs};

/// How a configuration ends: `stops`, `never ends`, or the kwargs with which the program goes on.
struct Fates {
    airflow: String,
    ours: String,
}

/// Asks both about the recording backend with these variables, or says why not.
fn fates(variables: &[(&str, &[u8])]) -> Option<Fates> {
    fates_of(false, variables)
}

fn fates_of(worker: bool, variables: &[(&str, &[u8])]) -> Option<Fates> {
    let judge = airflow()?;
    let mut env = vec![(
        "AIRFLOW__SECRETS__BACKEND".to_owned(),
        RECORDER.as_bytes().to_vec(),
    )];
    env.extend(
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_vec())),
    );
    let placed = placed(Case {
        env,
        cfg: None,
        worker,
    });
    let answer = judge.ask(placed.question("settings.resolve"));
    let airflow = match (answer["kwargs"].as_str(), &answer["endless"]) {
        (Some(kwargs), _) => kwargs.to_owned(),
        (None, endless) if *endless == json!(true) => "never ends".to_owned(),
        (None, _) => "stops".to_owned(),
    };
    let ours = placed.ours().map_or_else(
        |_| "stops".to_owned(),
        |answer| answer["kwargs"].as_str().unwrap().to_owned(),
    );
    Some(Fates { airflow, ours })
}

#[test]
fn an_expansion_that_never_ends_stops_here() {
    let Some(fates) = fates(&[("AIRFLOW__SECRETS__BACKEND_KWARGS", b"$A"), ("A", b"x$A")]) else {
        return;
    };
    assert_eq!(fates.ours, "stops");
    differs("settings-expansion-cycle", &fates.ours, &fates.airflow);
}

#[cfg(unix)]
#[test]
fn a_command_that_fails_stops_here() {
    for command in [b"false".as_slice(), b"printf 'x"] {
        let Some(fates) = fates(&[("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", command)]) else {
            return;
        };
        assert_eq!(fates.ours, "stops");
        if command == b"false" {
            differs("settings-command-fails", &fates.ours, &fates.airflow);
        }
    }
}

#[test]
fn kwargs_that_are_no_object_stop_here() {
    for kwargs in [b"[1]".as_slice(), b"{", b"1"] {
        let Some(fates) = fates(&[("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)]) else {
            return;
        };
        assert_eq!(fates.ours, "stops");
        differs("settings-kwargs-not-an-object", &fates.ours, &fates.airflow);
    }
}

#[test]
fn kwargs_that_a_backend_would_have_to_be_asked_for_stop_here() {
    let own = [("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET", b"x".as_slice())];
    let Some(fates) = fates(&own) else { return };
    // Airflow asks itself until Python's stack is full.
    assert_eq!((fates.ours.as_str(), fates.airflow.as_str()), ("stops", "stops"));
    let of_a_worker = [
        ("AIRFLOW__WORKERS__SECRETS_BACKEND", RECORDER.as_bytes()),
        ("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_SECRET", b"x"),
    ];
    let Some(fates) = fates_of(true, &of_a_worker) else {
        return;
    };
    assert_eq!(fates.ours, "stops");
    differs("settings-nested-secret", &fates.ours, &fates.airflow);
}

#[test]
fn kwargs_that_are_not_utf_8_stop_here() {
    let kwargs = b"{\"a\": \"\xff\"}".as_slice();
    let Some(fates) = fates(&[("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)]) else {
        return;
    };
    assert_eq!(fates.ours, "stops");
    differs("settings-not-utf-8", &fates.ours, &fates.airflow);
}

#[test]
fn text_of_a_boolean_is_one_here() {
    let variable = ("AIRFLOW__SECRETS__BACKEND_KWARG__USE_TEAM_SECRETS_PATH", "false");
    let Some(fates) = fates(&[(variable.0, variable.1.as_bytes())]) else {
        return;
    };
    let env = super::env([
        ("AIRFLOW__SECRETS__BACKEND", RECORDER),
        variable,
        ("HOME", "/nonexistent"),
    ]);
    let mut settings = Settings::resolve(&GlobalArgs::default(), env).unwrap();
    let ours = settings.search_path[0].kwargs.flag("use_team_secrets_path", true);
    let airflow: serde_json::Value = serde_json::from_str(&fates.airflow).unwrap();
    // What Python takes a text for.
    let airflow = airflow["use_team_secrets_path"]
        .as_str()
        .map(|text| !text.is_empty());
    let ours = Some(ours);
    assert_eq!(ours, Some(false));
    differs("settings-kwarg-text", &ours, &airflow);
}
