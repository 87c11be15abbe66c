//! Hints for a name that is not found, and warnings about a value that is probably a mistake.

use serde_json::{Value, json};

use super::{program, run};
use crate::support::server::{Reply, Server};
use crate::support::{Program, airflow, temp_dir};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const AZURE: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";
const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

fn with_backend(class: &str, kwargs: &Value) -> Program {
    program()
        .env("AIRFLOW__SECRETS__BACKEND", class)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

/// Runs a line that finds nothing, and returns the hint.
fn hint(program: Program, line: &str) -> String {
    let output = run(program, line);
    let words = output.fails(3);
    let hints: Vec<&str> = words
        .lines()
        .filter_map(|line| line.strip_prefix("hint: "))
        .collect();
    assert_eq!(hints.len(), 1, "{line}: {words}");
    hints[0].to_owned()
}

/// Returns a Vault that has `secret` at every path.
fn vault(status: u16, secret: Value) -> (Server, Program) {
    let server = Server::start(move |_| Reply::json(status, secret.clone()));
    let kwargs =
        json!({"url": server.url(), "token": "t", "mount_point": "kv", "connections_path": "prod/conns"});
    let program = with_backend(VAULT, &kwargs);
    (server, program)
}

#[test]
fn the_typed_name_is_never_proposed() {
    let folder = temp_dir();
    let file = folder.path().join("lower-case.env");
    std::fs::write(&file, "AIRFLOW_CONN_my_db=postgres://u:p@h/d\n").unwrap();
    for id in ["my_db", "MY_DB", "My_Db"] {
        let hint = hint(
            program().env("SECRETCTL_ENV_FILE", &file),
            &format!("get-conn {id}"),
        );
        assert!(!hint.contains("did you mean"), "{id}: {hint}");
    }
    let file = folder.path().join("connections.json");
    std::fs::write(&file, r#"{"My_DB": "x://h"}"#).unwrap();
    let local = || with_backend(LOCAL, &json!({"connections_file_path": file}));
    // In a file, names differ by case.
    assert_eq!(hint(local(), "get-conn my_db"), "did you mean `My_DB`?");
    assert_eq!(hint(local(), "get-conn My_BD"), "did you mean `My_DB`?");
}

#[test]
fn a_name_with_a_prefix_gets_a_hint_to_remove_it() {
    let environment = || program().env("AIRFLOW_CONN_SMTP_DEFAULT", "x://h");
    let (_server, in_vault) = vault(404, json!({"errors": []}));
    let key_vault = || {
        let kwargs = json!({"vault_url": "https://127.0.0.1:1/", "connections_prefix": null});
        with_backend(AZURE, &kwargs)
    };
    for (program, line, expected) in [
        (
            environment(),
            "get-conn AIRFLOW_CONN_SMTP_DEFAULT",
            "remove `AIRFLOW_CONN_`, which Airflow adds itself: ask for `smtp_default`",
        ),
        (
            environment(),
            "get-var AIRFLOW_CONN_SMTP_DEFAULT",
            "use `get-conn` with `smtp_default`",
        ),
        (
            environment(),
            "get-conn AIRFLOW_VAR_X",
            "`AIRFLOW_VAR_` is the prefix of a variable: use `get-var` with `x`",
        ),
        (
            key_vault(),
            "get-conn airflow-connections-smtp",
            "remove `airflow-connections-`",
        ),
        (
            in_vault.clone(),
            "get-conn prod/conns/smtp",
            "remove `prod/conns/`",
        ),
        (
            in_vault.clone(),
            "get-conn kv/data/prod/conns/smtp",
            "remove `kv/data/prod/conns/`",
        ),
        (in_vault, "get-conn variables/x", "use `get-var` with `x`"),
    ] {
        let hint = hint(program, line);
        assert!(hint.contains(expected), "{line}: {hint}");
    }
    // A name that begins with the prefix and exists is not a mistake.
    let odd = program().env("AIRFLOW_VAR_AIRFLOW_VAR_X", "value");
    let output = run(odd, "get-var AIRFLOW_VAR_X");
    assert_eq!((output.ok(), output.stderr.as_str()), ("value\n", ""));
}

#[test]
fn a_name_of_another_kind_is_reported() {
    let environment = || {
        program()
            .env("AIRFLOW_CONN_DB", "x://h")
            .env("AIRFLOW_VAR_HELLO", "world")
    };
    assert_eq!(
        hint(environment(), "get-var db"),
        "the environment has a connection `db`: use `get-conn`"
    );
    assert_eq!(
        hint(environment(), "get-conn Hello"),
        "the environment has a variable `Hello`: use `get-var`"
    );
    let folder = temp_dir();
    let file = folder.path().join("connections.json");
    std::fs::write(&file, r#"{"db": "x://h"}"#).unwrap();
    let local = with_backend(LOCAL, &json!({"connections_file_path": file}));
    let hint = hint(local, "get-var db");
    assert!(hint.contains("has a connection `db`: use `get-conn`"), "{hint}");
}

#[test]
fn a_null_of_a_backend_is_reported() {
    let (_server, program) = vault(
        200,
        json!({"data": {"data": {"value": null}, "metadata": {"version": 1}}}),
    );
    let output = run(program.env("AIRFLOW_VAR_HELL", "near"), "get-var hello");
    let words = output.fails(3);
    assert!(
        words.contains("path `variables/hello` of mount `kv` exists, but is null"),
        "{words}"
    );
    assert!(
        words.contains("hint: Airflow treats null as not found"),
        "{words}"
    );
}

#[test]
fn a_suspicious_uri_is_printed_unchanged_with_a_warning() {
    let uri = "google_cloud_platform://user:hunter2@h?project=p";
    let doubtful = || {
        program()
            .env("AIRFLOW_CONN_GCP", uri)
            .env("AIRFLOW_CONN_Q", "'postgres://hunter2@h'")
    };
    let output = run(doubtful(), "get-conn gcp");
    assert_eq!(output.ok(), format!("{uri}\n"));
    assert_eq!(
        output.stderr,
        "warning: connection `gcp` has no `conn_type` for Airflow: the scheme of a URI cannot contain `_`: write \
         `google-cloud-platform://` for `google_cloud_platform://`\n"
    );
    let output = run(doubtful(), "get-conn q");
    assert!(
        output.ok().contains("hunter2") && output.stderr.contains("is in quotes"),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("hunter2"));
    assert_eq!(run(doubtful(), "-q get-conn gcp").stderr, "");
    for line in [
        "export --conn gcp --conn gcp --set X=conn:gcp --format json",
        "exec --conn gcp -- true",
    ] {
        let output = run(doubtful(), line);
        output.ok();
        assert_eq!(
            output.stderr.matches("warning: ").count(),
            1,
            "{line}: {}",
            output.stderr
        );
    }
    let Some(judge) = airflow() else { return };
    let inputs =
        [uri, "google-cloud-platform://user:hunter2@h?project=p"].map(|uri| json!({"id": "c", "value": uri}));
    let answers = judge.ask(json!({"op": "connection.check", "domain": "text", "inputs": inputs}));
    assert_eq!(answers[0]["fields"]["conn_type"], json!(""), "{answers}");
    assert_eq!(answers[1]["fields"]["conn_type"], "google_cloud_platform");
}
