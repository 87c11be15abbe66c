//! The deliberate differences of settings: what Airflow does with each configuration, and what secretctl does.

use serde_json::{Value, json};

use super::generate::{Case, RECORDER};
use super::parity::placed;
use crate::support::server::{Authority, Reply, Server, Validity};
use crate::support::{Side, Sides, airflow, airflow_fresh, differs, requests, secretctl};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// The outcome of a configuration on each side: it stops, never ends, or continues with kwargs.
struct Fates {
    airflow: Side,
    ours: Side,
}

impl Fates {
    /// States that Airflow does what `airflow` says, and that secretctl stops.
    fn are(self, airflow: Side) -> Sides {
        Sides {
            airflow: (self.airflow, airflow),
            secretctl: (self.ours, Side::failed("status 2")),
        }
    }
}

/// Runs both with the recording backend and these variables, or says why not.
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
    let airflow = match (answer["kwargs"].as_str(), answer["died"].as_str()) {
        (Some(kwargs), _) => Side::found(kwargs).asking(answer["warned"].clone()),
        (None, Some(class)) => Side::failed(class),
        (None, None) if answer["endless"] == true => Side::never_ends(),
        (None, None) => panic!("{answer}"),
    };
    // An error of secretctl has status 2; otherwise `ours` fails.
    let ours = placed.ours().map_or_else(
        |_| Side::failed("status 2"),
        |answer| Side::found(answer["kwargs"].clone()),
    );
    Some(Fates { airflow, ours })
}

/// Airflow warns, and continues without kwargs.
fn without_kwargs() -> Side {
    Side::found("{}").asking(true)
}

#[test]
fn an_expansion_that_never_ends_stops_here() {
    let Some(fates) = fates(&[("AIRFLOW__SECRETS__BACKEND_KWARGS", b"$A"), ("A", b"x$A")]) else {
        return;
    };
    differs("settings-expansion-cycle", &fates.are(Side::never_ends()));
}

#[cfg(unix)]
#[test]
fn a_command_that_fails_stops_here() {
    for command in [b"false".as_slice(), b"printf 'x"] {
        let Some(fates) = fates(&[("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", command)]) else {
            return;
        };
        differs("settings-command-fails", &fates.are(without_kwargs()));
    }
}

#[test]
fn kwargs_that_are_not_an_object_stop_here() {
    for kwargs in [b"[1]".as_slice(), b"{", b"1"] {
        let Some(fates) = fates(&[("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)]) else {
            return;
        };
        differs("settings-kwargs-not-an-object", &fates.are(without_kwargs()));
    }
}

#[test]
fn kwargs_from_a_secrets_backend_stop_here() {
    let own = [("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET", b"x".as_slice())];
    let Some(fates) = fates(&own) else { return };
    // Airflow calls itself until Python's stack is full.
    let both = (Side::failed("RecursionError"), Side::failed("status 2"));
    assert_eq!((fates.airflow, fates.ours), both);
    let of_a_worker = [
        ("AIRFLOW__WORKERS__SECRETS_BACKEND", RECORDER.as_bytes()),
        ("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_SECRET", b"x"),
    ];
    let Some(fates) = fates_of(true, &of_a_worker) else {
        return;
    };
    let answered = Side::found(r#"{"asked for": "x"}"#).asking(false);
    differs("settings-nested-secret", &fates.are(answered));
}

#[test]
fn kwargs_that_are_not_utf_8_stop_here() {
    let kwargs = b"{\"a\": \"\xff\"}".as_slice();
    let Some(fates) = fates(&[("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)]) else {
        return;
    };
    let carried = Side::found(r#"{"a": "\udcff"}"#).asking(false);
    differs("settings-not-utf-8", &fates.are(carried));
}

/// Airflow uses the text unchanged: `false` is true, because it is not empty, or is a path to a file; a list is one path.
#[test]
fn the_text_of_a_boolean_or_a_list_is_parsed_here() {
    let server = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| {
        Reply::json(
            200,
            json!({"data": {"data": {"value": "world"}, "metadata": {"version": 1}}}),
        )
    });
    let kwargs =
        json!({"url": server.url(), "token": "t", "verify": false, "variables_path": "v"}).to_string();
    let nothing = || Side::not_found().asking(json!([]));
    let strange = "GET /v1/secret/data/%5B%22v%22%2C%20%22w%22%5D/m/hello";
    for (kwarg, text, multi_team, theirs) in [
        // With teams, an id with a slash belongs to another team.
        ("USE_TEAM_SECRETS_PATH", "false", "True", nothing()),
        ("VERIFY", "false", "False", nothing()),
        (
            "VARIABLES_PATH",
            r#"["v", "w"]"#,
            "False",
            Side::found("world").asking(json!([strange])),
        ),
    ] {
        let name = format!("AIRFLOW__SECRETS__BACKEND_KWARG__{kwarg}");
        let env = [
            ("AIRFLOW__SECRETS__BACKEND", VAULT),
            ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
            ("AIRFLOW__CORE__MULTI_TEAM", multi_team),
            (&name, text),
        ];
        let Some(judge) = airflow_fresh(env) else { return };
        let answer = judge.ask(json!({"op": "differences.variable", "key": "m/hello"}));
        let airflow = Side::of_airflow(&answer).asking(requests(&server.take()));
        let output = secretctl().envs(env).args(["get-var", "m/hello"]).run();
        let secretctl = Side::of_secretctl(&output).asking(requests(&server.take()));
        let ours = Side::found("world").asking(json!(["GET /v1/secret/data/v/m/hello"]));
        differs(
            "settings-kwarg-text",
            &Sides {
                airflow: (airflow, theirs),
                secretctl: (secretctl, ours),
            },
        );
    }
}

/// The text of a number ends Airflow when it builds the backend.
#[test]
fn the_text_of_a_number_ends_only_airflow() {
    let server = Server::start(|_| Reply::json(200, json!({"data": {"value": "world"}})));
    let kwargs = json!({"url": server.url(), "token": "t"}).to_string();
    let env = [
        ("AIRFLOW__SECRETS__BACKEND", VAULT),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
        ("AIRFLOW__SECRETS__BACKEND_KWARG__KV_ENGINE_VERSION", "1"),
    ];
    let Some(judge) = airflow_fresh(env) else { return };
    let answer: Value = judge.ask(json!({"op": "differences.variable", "key": "hello"}));
    let output = secretctl().envs(env).args(["get-var", "hello"]).run();
    differs(
        "settings-kwarg-text",
        &Sides {
            airflow: (Side::of_airflow(&answer), Side::failed("VaultError")),
            secretctl: (Side::of_secretctl(&output), Side::found("world")),
        },
    );
}
