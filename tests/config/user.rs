//! `get-config SECTION.KEY` and `explain config SECTION.KEY` as a user sees them.

use serde_json::{Value, json};

use crate::support::server::{Reply, Server};
use crate::support::{Program, secretctl, temp_dir};

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// Describes a run with an `airflow.cfg`.
fn with(folder: &tempfile::TempDir, cfg: &str) -> Program {
    std::fs::write(folder.path().join("airflow.cfg"), cfg).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    secretctl()
        .env("PATH", path)
        .env("HOME", "/nonexistent")
        .env("AIRFLOW_HOME", folder.path())
}

fn stdout(program: Program, line: &str) -> String {
    let output = program.args(line.split(' ')).run();
    assert_eq!(output.status, 0, "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(program: Program, line: &str, status: i32) -> String {
    let output = program.args(line.split(' ')).run();
    assert_eq!(
        (output.status, output.stdout.len()),
        (status, 0),
        "{line}: {output:?}"
    );
    output.stderr
}

#[test]
fn a_name_with_a_dot_is_an_option_and_one_without_is_a_key() {
    let folder = temp_dir();
    std::fs::write(
        folder.path().join("configs.json"),
        r#"{"k": "key", "a.b": "dotted"}"#,
    )
    .unwrap();
    let kwargs = json!({"configs_file_path": folder.path().join("configs.json")}).to_string();
    let program = with(
        &folder,
        "[a]\nb = option\nc.d = strange\n[providers.odbc]\nx = 1\n",
    )
    .env("AIRFLOW__SECRETS__BACKEND", LOCAL)
    .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs);
    for (line, printed) in [
        ("get-config k", "key\n"),
        ("get-config a.b", "option\n"),
        ("get-config a b -n", "option"),
        ("get-config A.B", "option\n"),
        ("get-config a c.d", "strange\n"),
        ("get-config providers.odbc.x", "1\n"),
        ("get-config --backend-key a.b", "dotted\n"),
        ("get-config --backend-key k", "key\n"),
        ("get-config no --default -x", "-x\n"),
        ("get-config a.no --default -x", "-x\n"),
        ("get-config a.b --default -x", "option\n"),
    ] {
        assert_eq!(stdout(program.clone(), line), printed, "{line}");
    }
    let error = fails(program.clone(), "get-config a.c", 3);
    assert!(
        error.contains("`[a] c`") && error.contains("--backend-key"),
        "{error}"
    );
    for line in ["get-config .b", "get-config a."] {
        let error = fails(program.clone(), line, 2);
        assert!(error.contains("--backend-key"), "{error}");
    }
    fails(program.clone(), "get-config --backend-key a b", 2);
    fails(program, "explain conn --backend-key a", 2);
}

#[test]
fn an_unknown_option_gets_the_nearest_name() {
    let folder = temp_dir();
    for (name, hint) in [
        ("core.dags_foldr", "did you mean `core.dags_folder`?"),
        ("core.base_log_folder", "did you mean `logging.base_log_folder`?"),
        ("loging.logging_level", "did you mean `logging.logging_level`?"),
    ] {
        let error = fails(with(&folder, ""), &format!("get-config {name}"), 3);
        assert!(error.contains(hint), "{error}");
    }
    let error = fails(with(&folder, ""), "get-config metrics.otel_host", 3);
    assert!(error.contains("Airflow has no default for it"), "{error}");
}

#[cfg(unix)]
#[test]
fn an_explanation_names_every_place_up_to_the_one_that_settles_it_and_no_value() {
    let folder = temp_dir();
    let cfg = "[webserver]\nsecret_key_cmd = echo hunter2\n[api]\nport = 1\n";
    let program = with(&folder, cfg).env("AIRFLOW__API__PORT_CMD", "echo 2");
    let file = folder.path().join("airflow.cfg").display().to_string();
    let places = |line: &str| {
        let explained: Value = serde_json::from_str(&stdout(program.clone(), line)).unwrap();
        let lookups = explained["lookups"].as_array().unwrap();
        let text = |lookup: &Value, key: &str| lookup[key].as_str().unwrap().to_owned();
        lookups
            .iter()
            .map(|lookup| (text(lookup, "location"), text(lookup, "outcome")))
            .collect::<Vec<_>>()
    };
    let pairs = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(place, outcome)| (place.replace("FILE", &file), (*outcome).to_owned()))
            .collect::<Vec<_>>()
    };
    let mut all = pairs(&[
        ("AIRFLOW__API__SECRET_KEY", "not set"),
        ("AIRFLOW__API__SECRET_KEY_CMD", "not set"),
        ("AIRFLOW__API__SECRET_KEY_SECRET", "not set"),
        ("AIRFLOW__WEBSERVER__SECRET_KEY", "not set"),
        ("AIRFLOW__WEBSERVER__SECRET_KEY_CMD", "not set"),
        ("AIRFLOW__WEBSERVER__SECRET_KEY_SECRET", "not set"),
        ("[api] secret_key", "not set"),
        ("[webserver] secret_key", "not set"),
        ("[api] secret_key_cmd", "not set"),
        ("[webserver] secret_key_cmd (FILE:2)", "found"),
    ]);
    assert_eq!(places("explain config api.secret_key --probe -o json"), all);
    all.pop();
    all.extend(pairs(&[
        ("[webserver] secret_key_cmd (FILE:2)", "not run"),
        ("[api] secret_key_secret", "not set"),
        ("[webserver] secret_key_secret", "not set"),
        ("Airflow's default", "not set"),
    ]));
    assert_eq!(places("explain config api.secret_key -o json"), all);
    // The command of an option that is not sensitive does nothing.
    let ignored = pairs(&[
        ("AIRFLOW__API__PORT", "not set"),
        ("AIRFLOW__API__PORT_CMD", "ignored"),
        ("AIRFLOW__WEBSERVER__WEB_SERVER_PORT", "not set"),
        ("[api] port (FILE:4)", "found"),
    ]);
    assert_eq!(places("explain config api.port -o json"), ignored);
    let output = program.args(["get-config", "api.secret_key", "--explain"]).run();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("10. [webserver] secret_key_cmd") && text.contains("(its former name)\n     found\n"),
        "{text}"
    );
    assert!(
        !text.contains("hunter2") && !output.stderr.contains("hunter2"),
        "{text}"
    );
    assert!(
        output.stderr.contains("former name of `[api] secret_key`"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_secrets_backend_that_refuses_or_hangs_is_not_an_absent_option() {
    let folder = temp_dir();
    let denied = Server::start(|_| Reply::json(403, json!({"errors": ["permission denied"]})));
    for (url, status, word) in [
        (denied.url(), 4, "denied"),
        ("http://127.0.0.1:1".to_owned(), 5, "unreachable"),
    ] {
        let kwargs = json!({"url": url, "token": "t"}).to_string();
        let program = with(&folder, "[core]\nfernet_key_secret = k\n")
            .env("AIRFLOW__SECRETS__BACKEND", VAULT)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs);
        // Airflow does not go on to another place either.
        for lenient in ["", " --lenient", " --default x"] {
            let error = fails(
                program.clone(),
                &format!("get-config core.fernet_key{lenient}"),
                status,
            );
            assert!(
                error.contains("[core] fernet_key_secret") && error.contains("airflow.cfg:2"),
                "{error}"
            );
        }
        let explained = stdout(program.clone(), "get-config core.fernet_key --explain");
        assert!(explained.contains(&format!("\n     {word}: ")), "{explained}");
        let explained = stdout(program, "explain config core.fernet_key");
        assert!(explained.contains("\n     not asked: "), "{explained}");
    }
    assert!(denied.take().iter().all(|request| request.method == "GET"));
}

#[test]
fn secrets_are_announced_to_a_ci_system_and_plain_options_are_not() {
    let folder = temp_dir();
    let program = with(
        &folder,
        "[core]\nexecutor = CeleryExecutor\n[my]\nkey = of-my-own\n[database]\nsql_alchemy_conn = postgresql://u:p%%2Fw0rd@h/db\n",
    )
    .env("GITHUB_ACTIONS", "true");
    for (name, masks) in [
        ("core.executor", &[][..]),
        ("my.key", &["of-my-own"]),
        (
            "database.sql_alchemy_conn",
            &["postgresql://u:p%2Fw0rd@h/db", "p/w0rd", "p%2Fw0rd"],
        ),
    ] {
        let output = program.clone().args(["get-config", name]).run();
        assert_eq!(output.status, 0, "{output:?}");
        assert_eq!(
            output.stderr.contains("::add-mask::"),
            !masks.is_empty(),
            "{}",
            output.stderr
        );
        for mask in masks {
            let mask = format!("::add-mask::{}", mask.replace('%', "%25"));
            assert!(output.stderr.contains(&mask), "{mask}: {}", output.stderr);
        }
    }
}

#[test]
fn an_empty_default_that_airflow_writes_later_is_explained() {
    let folder = temp_dir();
    let program = with(&folder, "").env("AIRFLOW_CONFIG", folder.path().join("nothing.cfg"));
    let output = program.args(["get-config", "core.fernet_key"]).run();
    assert_eq!((output.stdout.as_slice(), output.status), (&b"\n"[..], 0));
    assert!(
        output.stderr.contains("`[core] fernet_key` is empty"),
        "{}",
        output.stderr
    );
    let output = with(&folder, "").args(["get-config", "core.fernet_key"]).run();
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_str()),
        (&b"\n"[..], "")
    );
}
