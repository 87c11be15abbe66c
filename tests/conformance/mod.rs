//! What every backend has to do, whatever it is made of: one set of functions that each backend's tests call.
//!
//! A backend's tests put the [`Contents`] where it looks, and hand over its class path, kwargs and environment. Every
//! function then goes the whole way, from the environment to standard output.

mod akeyless;
mod aws;
mod azure;
mod environment;
mod google;
mod kubernetes;
mod local;
#[cfg(unix)]
mod metastore;
mod steps;
mod vault;
mod yandex;

use serde_json::Value;

use crate::support::{self, Output, Program};

/// A backend with the contents that these functions ask for: connection `smtp_default` ([`URI`]), variable `hello`
/// ([`WORLD`]), variable `empty` with nothing in it where the backend can have that, and configuration option
/// `sql_alchemy_conn` ([`DSN`]).
#[derive(Clone, Debug)]
pub struct Subject {
    /// Airflow's class path.
    pub class_path: &'static str,
    /// Its kwargs.
    pub kwargs: Value,
    /// What else is in the environment.
    pub env: Vec<(String, String)>,
    /// Whether it has configuration options: Airflow's environment does not answer as a backend of them.
    pub has_configuration: bool,
}

/// The connection.
pub const URI: &str = "smtp://user:pass@mail.example.com:587";
/// The variable.
pub const WORLD: &str = "w\u{f6}rld of hidden-value-7c1e";
/// The configuration option.
pub const DSN: &str = "postgresql://airflow:hidden-value-9d2f@db/airflow";

impl Subject {
    fn program<const N: usize>(&self, args: [&str; N]) -> Program {
        support::secretctl()
            .args(args)
            .arg("--no-fallback")
            .env("AIRFLOW__SECRETS__BACKEND", self.class_path)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", self.kwargs.to_string())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
    }

    fn run<const N: usize>(&self, args: [&str; N]) -> Output {
        self.program(args).run()
    }
}

/// Everything below.
pub fn conforms(subject: &Subject) {
    conforms_with(subject, URI);
}

/// Everything below, for a backend whose connection is exported as `exported`: one that keeps fields has no URI.
pub fn conforms_with(subject: &Subject, exported: &str) {
    each_kind_is_found(subject);
    absent_names_are_absent(subject);
    many_names_come_in_their_order(subject, exported);
    steps_are_explained_without_asking(subject);
    nothing_secret_is_told(subject);
    unknown_kwargs_are_told(subject);
    names_are_listed(subject);
    a_right_configuration_has_only_right_lines(subject);
}

/// A connection, a variable and an option are found, byte for byte.
pub fn each_kind_is_found(subject: &Subject) {
    for (args, value) in [
        (["get-conn", "smtp_default", "-n"], URI),
        (["get-var", "hello", "-n"], WORLD),
        (["get-config", "sql_alchemy_conn", "-n"], DSN),
    ] {
        let output = subject.run(args);
        let (status, value) = match value {
            DSN if !subject.has_configuration => (3, ""),
            _ => (0, value),
        };
        assert_eq!(
            (output.status, &output.stdout[..]),
            (status, value.as_bytes()),
            "{args:?}: {}",
            output.stderr
        );
    }
}

/// A name that is not there is status 3, with nothing on standard output, and with what was looked for.
pub fn absent_names_are_absent(subject: &Subject) {
    for (command, kind) in [
        ("get-conn", "connection"),
        ("get-var", "variable"),
        ("get-config", "configuration option"),
    ] {
        let output = subject.run([command, "not-there"]);
        assert_eq!(
            (output.status, &output.stdout[..]),
            (3, &b""[..]),
            "{command}: {}",
            output.stderr
        );
        if command == "get-config" && !subject.has_configuration {
            assert!(
                output.stderr.contains("no backend could be asked"),
                "{}",
                output.stderr
            );
            continue;
        }
        let first = format!("error: {kind} `not-there` is not in ");
        assert!(output.stderr.starts_with(&first), "{}", output.stderr);
        assert!(
            output.stderr.contains("\n  looked for ") && output.stderr.contains("\nhint: "),
            "{}",
            output.stderr
        );
    }
    let output = subject.run(["get-var", "not-there", "--default", "d", "-n"]);
    assert_eq!(
        (output.status, &output.stdout[..]),
        (0, &b"d"[..]),
        "{}",
        output.stderr
    );
}

/// Several names are all resolved, or none is printed.
pub fn many_names_come_in_their_order(subject: &Subject, exported: &str) {
    let output = subject.run([
        "export",
        "--var",
        "hello",
        "--conn",
        "smtp_default",
        "--var",
        "hello",
        "--format",
        "json",
    ]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["AIRFLOW_CONN_SMTP_DEFAULT"], exported);
    assert_eq!(printed["AIRFLOW_VAR_HELLO"], WORLD);
    let output = subject.run([
        "export",
        "--var",
        "hello",
        "--var",
        "nowhere",
        "--conn",
        "not-there",
        "--format",
        "json",
    ]);
    assert_eq!(
        (output.status, &output.stdout[..]),
        (3, &b""[..]),
        "{}",
        output.stderr
    );
    assert!(
        output.stderr.contains("`nowhere`") && output.stderr.contains("`not-there`"),
        "{}",
        output.stderr
    );
}

/// `explain` names the steps that a lookup takes.
pub fn steps_are_explained_without_asking(subject: &Subject) {
    let output = subject.run(["explain", "conn", "smtp_default", "-o", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let explained: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&explained["kind"], &explained["name"]),
        (&"conn".into(), &"smtp_default".into())
    );
    assert_eq!(explained["lookups"][0]["backend"], subject.class_path);
}

/// No value is in any log line or error, at the highest verbosity.
pub fn nothing_secret_is_told(subject: &Subject) {
    for args in [
        ["get-conn", "smtp_default", "-vvv", "-n"],
        ["get-var", "hello", "-vvv", "-n"],
        ["get-var", "hello", "-vvv", "--json"],
        ["get-config", "sql_alchemy_conn", "-vvv", "-n"],
    ] {
        let output = subject.run(args);
        for secret in ["user:pass", "hidden-value-7c1e", "hidden-value-9d2f"] {
            assert!(
                !output.stderr.contains(secret),
                "{args:?} tells `{secret}`: {}",
                output.stderr
            );
        }
    }
}

/// A misspelt kwarg is told: refused, or warned about where Airflow's backend swallows it.
pub fn unknown_kwargs_are_told(subject: &Subject) {
    let mut misspelt = subject.clone();
    misspelt.kwargs["conections_pat"] = "x".into();
    let output = misspelt.run(["get-var", "hello", "-n"]);
    assert!(matches!(output.status, 0 | 2), "{}", output.stderr);
    assert!(output.stderr.contains("`conections_pat`"), "{}", output.stderr);
}

/// The names of each kind are listed, each is found, and no value is in any output.
pub fn names_are_listed(subject: &Subject) {
    for (kind, get, expected) in [
        ("conn", "get-conn", "smtp_default"),
        ("var", "get-var", "hello"),
        ("config", "get-config", "sql_alchemy_conn"),
    ] {
        let output = subject.run(["list", kind, "-o", "json", "-vvv"]);
        assert_eq!(output.status, 0, "{kind}: {}", output.stderr);
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let names = listed["names"].as_array().unwrap();
        let ids: Vec<&str> = names.iter().map(|name| name["id"].as_str().unwrap()).collect();
        let has_kind = kind != "config" || subject.has_configuration;
        assert_eq!(ids.contains(&expected), has_kind, "{kind}: {listed}");
        for id in ids {
            let output = subject.run([get, id]);
            // A list does not say what is in a secret: an empty one is none to Airflow in some stores.
            let is_empty = id == "empty" && output.stderr.contains("exists, but");
            assert!(output.status == 0 || is_empty, "{kind} `{id}`: {}", output.stderr);
        }
        for secret in ["user:pass", "hidden-value-7c1e", "hidden-value-9d2f"] {
            assert!(
                !output.stderr.contains(secret) && !output.text().contains(secret),
                "{kind} tells `{secret}`: {}",
                output.stderr
            );
        }
    }
}

/// `doctor` finds nothing wrong, and shows no secret.
pub fn a_right_configuration_has_only_right_lines(subject: &Subject) {
    let output = subject.run(["doctor", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["checks"].as_array().unwrap();
    let wrong: Vec<&Value> = rows.iter().filter(|row| row["outcome"] != "ok").collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let checks: Vec<&str> = rows.iter().filter_map(|row| row["check"].as_str()).collect();
    assert!(
        ["settings", "backend", "kwargs", "read"]
            .iter()
            .all(|check| checks.contains(check)),
        "{checks:?}"
    );
    for secret in ["user:pass", "hidden", "w\u{f6}rld"] {
        assert!(!output.text().contains(secret), "`{secret}`: {}", output.text());
    }
}
