//! The measured commands, and their limits.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::dags::dag;
use crate::database;
use crate::places::{self, Answers, Place};
use crate::server::{Counts, URI};
use crate::tls::Authority;

/// A command, and its limits.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) args: Vec<String>,
    /// The command that `exec` runs; `None` for other commands.
    pub(crate) runs: Option<&'static str>,
    pub(crate) env: Vec<(String, String)>,
    /// The expected lines of output, in any order; not checked when empty.
    pub(crate) expected: String,
    pub(crate) bounds: Bounds,
    /// The counts of its servers.
    pub(crate) counts: Vec<Arc<Counts>>,
}

/// The limits of a command. The limit of memory is the same for all.
#[derive(Default)]
pub(crate) struct Bounds {
    /// `None` without a limit.
    pub(crate) instructions: Option<u64>,
    pub(crate) connections: usize,
    /// Not one less either: a command that asks for nothing finds nothing.
    pub(crate) requests: usize,
}

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// How many names `exec` looks up at once, each on its own connection.
const AT_ONCE: usize = 8;

/// Returns every scenario. Files are written to `folder`, and servers live as long as this process.
pub(crate) fn all(folder: &Path) -> Vec<Scenario> {
    let mut scenarios = vec![
        scenario("--help", 1_000_000, &["--help"]),
        scenario("completions bash", 1_000_000, &["completions", "bash"]),
    ];
    for (name, file, text) in [
        (
            "local lookup, env",
            "connections.env",
            format!("smtp_default={URI}\n"),
        ),
        (
            "local lookup, json",
            "connections.json",
            json!({"smtp_default": URI}).to_string(),
        ),
        (
            "local lookup, yaml",
            "connections.yaml",
            format!("smtp_default: {URI}\n"),
        ),
    ] {
        let path = folder.join(file);
        std::fs::write(&path, text).unwrap();
        let kwargs = json!({"connections_file_path": path});
        scenarios.push(lookup(name, 1_000_000, LOCAL, &kwargs));
    }
    scenarios.push(environment());
    scenarios.push(example());
    scenarios.push(sqlite(folder));
    let (authority, answers) = (Authority::new(folder), Answers::of(URI));
    let (plain, tls) = (None, Some(&authority));
    for (name, most, place) in [
        ("Vault, AppRole, http", 1_250_000, places::vault(&answers, plain)),
        ("Vault, AppRole, https", 5_000_000, places::vault(&answers, tls)),
        (
            "Key Vault, client secret, https",
            8_000_000,
            places::key_vault(&answers, &authority),
        ),
        (
            "Secret Manager, key, https",
            16_000_000,
            places::google_by_key(&answers, &authority),
        ),
        (
            "Secret Manager, metadata, https",
            6_000_000,
            places::google_by_metadata(&answers, &authority),
        ),
        (
            "Kubernetes, token, https",
            5_000_000,
            places::kubernetes(&answers, folder, &authority),
        ),
        (
            "Lockbox, OAuth token, https",
            6_000_000,
            places::lockbox(&answers, &authority),
        ),
        ("Akeyless, API key, http", 2_500_000, places::akeyless(&answers)),
        (
            "Secrets Manager, static keys, http",
            2_500_000,
            places::secrets_manager(&answers, plain),
        ),
        (
            "Secrets Manager, static keys, https",
            5_000_000,
            places::secrets_manager(&answers, tls),
        ),
        (
            "Parameter Store, static keys, http",
            2_500_000,
            places::parameter_store(&answers),
        ),
    ] {
        scenarios.push(at(name, most, place));
    }
    for (name, names) in [
        ("exec, 1 name, Vault, http", 1),
        ("exec, 10 names, Vault, http", 10),
        ("exec, 100 names, Vault, http", 100),
    ] {
        scenarios.push(exec(name, names, places::vault(&answers, plain)));
    }
    scenarios.push(inject(folder, places::vault(&answers, plain)));
    scenarios.push(check(folder, places::vault(&answers, plain)));
    scenarios
}

fn scenario(name: &'static str, most_instructions: u64, args: &[&str]) -> Scenario {
    Scenario {
        name,
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        runs: None,
        env: Vec::new(),
        expected: String::new(),
        bounds: Bounds {
            instructions: Some(most_instructions),
            ..Bounds::default()
        },
        counts: Vec::new(),
    }
}

fn lookup(name: &'static str, most: u64, backend: &str, kwargs: &serde_json::Value) -> Scenario {
    Scenario {
        env: vec![
            ("AIRFLOW__SECRETS__BACKEND".to_owned(), backend.to_owned()),
            ("AIRFLOW__SECRETS__BACKEND_KWARGS".to_owned(), kwargs.to_string()),
        ],
        expected: format!("{URI}\n"),
        ..scenario(name, most, &["get-conn", "smtp_default"])
    }
}

/// The connection in a variable.
fn environment() -> Scenario {
    Scenario {
        env: vec![("AIRFLOW_CONN_SMTP_DEFAULT".to_owned(), URI.to_owned())],
        expected: format!("{URI}\n"),
        ..scenario("environment variable", 1_000_000, &["get-conn", "smtp_default"])
    }
}

/// The first command of the README, with larger files.
fn example() -> Scenario {
    let args = ["--env-file", "examples/local.env", "get-conn", "smtp_default"];
    Scenario {
        expected: format!("{URI}\n"),
        ..scenario("the README's first command", 1_300_000, &args)
    }
}

/// The metastore: no backend is configured, the environment does not have the name, and a value is decrypted.
fn sqlite(folder: &Path) -> Scenario {
    let url = format!("sqlite:///{}", database::file(folder).display());
    Scenario {
        env: vec![
            ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN".to_owned(), url),
            (
                "AIRFLOW__CORE__FERNET_KEY".to_owned(),
                database::FERNET_KEY.to_owned(),
            ),
        ],
        expected: format!("{URI}\n"),
        ..scenario("metastore, SQLite", 6_000_000, &["get-conn", "smtp_default"])
    }
}

/// A lookup of `smtp_default` at a place.
fn at(name: &'static str, most: u64, place: Place) -> Scenario {
    Scenario {
        env: place.env,
        expected: format!("{URI}\n"),
        bounds: Bounds {
            instructions: Some(most),
            connections: place.connections_before + 1,
            requests: place.requests_before + 1,
        },
        counts: place.counts,
        ..scenario(name, most, &["get-conn", "smtp_default"])
    }
}

/// A command with `names` connections in its environment: one login, and one request per name.
fn exec(name: &'static str, names: usize, vault: Place) -> Scenario {
    let ids = (0..names).map(|number| format!("c{number:02}"));
    let mut scenario = at(name, 2_000_000, vault);
    scenario.args = ["exec".to_owned(), "--pristine".to_owned()]
        .into_iter()
        .chain(ids.flat_map(|id| ["--conn".to_owned(), id]))
        .collect();
    scenario.runs = Some("env");
    scenario.expected = (0..names)
        .map(|number| format!("AIRFLOW_CONN_C{number:02}={URI}\n"))
        .chain([format!("PATH={}\n", std::env::var("PATH").unwrap_or_default())])
        .collect();
    // For more than one lookup, only requests and connections are limited.
    scenario.bounds = Bounds {
        instructions: scenario.bounds.instructions.filter(|_| names == 1),
        connections: names.min(AT_ONCE),
        requests: 1 + names,
    };
    scenario
}

/// A template with 10 connections: one login, and one request per name.
fn inject(folder: &Path, vault: Place) -> Scenario {
    const NAMES: usize = 10;
    let template = folder.join("template.j2");
    let lines = (0..NAMES).map(|number| format!("{{{{ conn.c{number:02}.get_uri() }}}}\n"));
    std::fs::write(&template, lines.collect::<String>()).unwrap();
    let mut scenario = at("inject, 10 names, Vault, http", 2_000_000, vault);
    scenario.args = ["inject", "-i"].map(str::to_owned).to_vec();
    scenario.args.push(template.display().to_string());
    scenario.expected = format!("{URI}\n").repeat(NAMES);
    scenario.bounds = Bounds {
        instructions: None,
        connections: NAMES.min(AT_ONCE),
        requests: 1 + NAMES,
    };
    scenario
}

/// `check` of a folder of DAG files: every name that they use is looked up.
fn check(folder: &Path, vault: Place) -> Scenario {
    const FILES: usize = 10;
    let dags = folder.join("dags");
    std::fs::create_dir(&dags).unwrap();
    for number in 0..FILES {
        let text = dag(u32::try_from(number).unwrap());
        std::fs::write(dags.join(format!("dag_{number}.py")), text).unwrap();
    }
    let mut scenario = at("check, 10 names in 10 files, http", 18_000_000, vault);
    scenario.args = vec!["check".to_owned(), dags.display().to_string()];
    scenario.expected = String::new();
    scenario.bounds.connections = AT_ONCE;
    scenario.bounds.requests = 1 + FILES;
    scenario
}
