//! The ways to look up one connection. Each starts new processes, as a shell or a CI job does, and returns their output.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::floor;
use crate::openbao::{OpenBao, cli};
use crate::run::{clean, output_of};

/// One way to look up the connection.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) goal: Goal,
    pub(crate) run: Box<dyn Fn() -> String>,
}

/// What a row is compared for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// It is secretctl.
    Ours,
    /// It should take so many times longer.
    Slower(u32),
    /// No program can be faster.
    Floor,
}

const BACKEND: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const CONNECTION: &str = "connections/smtp_default";

/// Airflow's backend, without the rest of Airflow's command.
const BACKEND_SCRIPT: &str = "\
import json, sys
from airflow.providers.hashicorp.secrets.vault import VaultBackend
backend = VaultBackend(**json.loads(sys.argv[1]))
print(backend.get_connection('smtp_default').get_uri())
";

/// The library of that backend.
const HVAC_SCRIPT: &str = "\
import json, sys
import hvac
kwargs = json.loads(sys.argv[1])
client = hvac.Client(url=kwargs['url'])
client.auth.approle.login(role_id=kwargs['role_id'], secret_id=kwargs['secret_id'])
path = 'connections/smtp_default'
answer = client.secrets.kv.v2.read_secret_version(path, mount_point='airflow', raise_on_deleted_version=True)
print(answer['data']['data']['conn_uri'])
";

/// Returns a variable of this process that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the rows whose programs are installed, and reports the others. secretctl's row is the last.
pub(crate) fn all(bao: &str, vault: &OpenBao, folder: &Path) -> Vec<Row> {
    let kwargs = json!({
        "connections_path": "connections", "variables_path": "variables", "mount_point": "airflow", "url": vault.address,
        "auth_type": "approle", "role_id": vault.role_id, "secret_id": vault.secret_id,
    });
    let mut rows = Vec::new();
    if let Some(python) = variable("AIRFLOW_PYTHON") {
        rows.extend(python_rows(&python, &kwargs, folder));
    } else {
        println!("skipped: Airflow, its backend and hvac, because AIRFLOW_PYTHON is not set");
    }
    let (program, address) = (bao.to_owned(), vault.address.clone());
    rows.push(row("`bao kv get`, with a token", 10, move || {
        let arguments = ["kv", "get", "-mount=airflow", "-field=conn_uri", CONNECTION];
        output_of(cli(&program, &address).args(arguments))
    }));
    if clean("curl").arg("--version").output().is_ok() {
        rows.push(curl(vault));
    } else {
        println!("skipped: curl, because it is not installed");
    }
    match floor::compile(folder) {
        Ok(program) => rows.push(at_the_floor(program, vault)),
        Err(why) => println!("skipped: the floor, because it cannot be compiled: {why}"),
    }
    let program = variable("SECRETCTL").unwrap_or_else(|| env!("CARGO_BIN_EXE_secretctl").to_owned());
    rows.push(Row {
        goal: Goal::Ours,
        ..row("`secretctl get-conn`", 0, move || {
            let mut command = clean(&program);
            output_of(with_backend(&mut command, &kwargs).args(["get-conn", "smtp_default"]))
        })
    });
    rows
}

fn row(name: &str, goal: u32, run: impl Fn() -> String + 'static) -> Row {
    Row {
        name: name.to_owned(),
        goal: Goal::Slower(goal),
        run: Box::new(run),
    }
}

/// Configures the backend, for both Airflow and secretctl.
fn with_backend<'a>(command: &'a mut Command, kwargs: &Value) -> &'a mut Command {
    command
        .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

/// Airflow's command, with a database created before; a script with its backend; and one with hvac.
fn python_rows(python: &str, kwargs: &Value, folder: &Path) -> [Row; 3] {
    let (interpreter, home) = (python.to_owned(), folder.join("airflow"));
    let python = move || {
        let mut command = clean(&interpreter);
        command
            .env("AIRFLOW_HOME", &home)
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False");
        command
    };
    output_of(python().args(["-m", "airflow", "db", "migrate"]));
    let script = |text: &'static str| {
        let (python, kwargs) = (python.clone(), kwargs.to_string());
        move || output_of(python().args(["-c", text, &kwargs]))
    };
    let (backend, hvac) = (script(BACKEND_SCRIPT), script(HVAC_SCRIPT));
    let kwargs = kwargs.clone();
    let airflow = move || {
        let mut command = python();
        with_backend(&mut command, &kwargs);
        output_of(command.args([
            "-m",
            "airflow",
            "connections",
            "get",
            "smtp_default",
            "-o",
            "json",
        ]))
    };
    [
        row("`airflow connections get`", 400, airflow),
        row("a script with Airflow's `VaultBackend`", 250, backend),
        row("a script with hvac", 20, hvac),
    ]
}

/// The same two requests, each by one process of curl, without a shell.
fn curl(vault: &OpenBao) -> Row {
    let login = format!("{}/v1/auth/approle/login", vault.address);
    let read = format!("{}/v1/airflow/data/{CONNECTION}", vault.address);
    let body = json!({"role_id": vault.role_id, "secret_id": vault.secret_id}).to_string();
    row("curl, the same two requests", 2, move || {
        let answer = output_of(clean("curl").args(["-sS", "--fail", "--data", &body, &login]));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let token = answer["auth"]["client_token"].as_str().unwrap();
        output_of(clean("curl").args(["-sS", "--fail", "-H", &format!("X-Vault-Token: {token}"), &read]))
    })
}

/// The same two requests by the C program, on one connection.
fn at_the_floor(program: PathBuf, vault: &OpenBao) -> Row {
    let (host, port) = vault
        .address
        .trim_start_matches("http://")
        .split_once(':')
        .unwrap();
    let words = [host, port, &vault.role_id, &vault.secret_id].map(str::to_owned);
    let path = format!("/v1/airflow/data/{CONNECTION}");
    Row {
        goal: Goal::Floor,
        ..row("a C program that only writes them to a socket", 0, move || {
            output_of(clean(&program).args(&words).arg(&path))
        })
    }
}
