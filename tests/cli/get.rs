//! `get-conn`, `get-var`, `get-config`, `explain` and help: every part of the contract, as a user sees it.

use super::{program, run, stocked};

/// Runs each line, and returns everything shown.
fn session(lines: &[&str]) -> String {
    super::session(&stocked(), lines)
}

#[test]
fn a_connection_is_printed_in_every_form() {
    insta::assert_snapshot!(session(&[
        "get-conn smtp_default",
        "get-conn smtp_default -o airflow-uri",
        "get-conn smtp_default -o json",
        "get-conn smtp_default -o raw",
        "get-conn smtp_default -o env",
        "get-conn warehouse",
        "get-conn warehouse -o json",
        "get-conn warehouse -o raw",
        "get-conn warehouse -o env",
        "get-conn MY-DB",
        "get-conn MY-DB -o env",
        "get-conn broken",
        "get-conn broken -o raw",
    ]));
}

#[test]
fn only_the_field_is_printed() {
    insta::assert_snapshot!(session(&[
        "get-conn warehouse --field conn_type",
        "get-conn warehouse --field host",
        "get-conn warehouse --field login",
        "get-conn warehouse --field password",
        "get-conn warehouse --field schema",
        "get-conn warehouse --field port",
        "get-conn warehouse --field description",
        "get-conn warehouse --field description --default none",
        "get-conn warehouse --field extra",
        "get-conn warehouse --field extra.sslmode",
        "get-conn warehouse --field extra.deep.list",
        "get-conn warehouse --field extra.deep.list.1",
        "get-conn warehouse --field extra.deep.list.1.k",
        "get-conn warehouse --field extra.nope",
        "get-conn warehouse --field extra.nope --default -1",
        "get-conn warehouse --field passwrd",
        "get-conn nope --field passwrd",
        "get-conn nope --default -x",
        "get-conn nope --field host --default x",
    ]));
}

#[test]
fn a_variable_is_printed_byte_for_byte() {
    insta::assert_snapshot!(session(&[
        "get-var hello",
        "get-var hello -n",
        "get-var empty",
        "get-var lines",
        "get-var settings",
        "get-var settings --json",
        "get-var settings --field database.host",
        "get-var settings --field database.host --json",
        "get-var settings --field database.ports",
        "get-var settings --field database.ports.1",
        "get-var settings --field ü",
        "get-var settings --field none",
        "get-var settings --field nope --default there",
        "get-var hello --json",
        "get-var hello --field a",
        "get-var nope",
        "get-var nope --default -1",
        "get-config sql_alchemy_conn",
    ]));
}

#[test]
fn bytes_that_are_not_text_pass_unchanged() {
    use std::os::unix::ffi::OsStrExt as _;
    let value = std::ffi::OsStr::from_bytes(b"\xff\xfe\r\n x");
    let output = run(program().env("AIRFLOW_VAR_B", value), "get-var b -n");
    assert_eq!((output.stdout.as_slice(), output.status), (value.as_bytes(), 0));
    let output = run(program().env("AIRFLOW_VAR_B", value), "get-var b --json");
    assert_eq!((output.stdout.len(), output.status), (0, 6));
}

#[test]
fn explain_has_the_keys_of_the_contract_and_no_others() {
    insta::assert_snapshot!(session(&[
        "explain conn smtp_default -o json",
        "explain var hello -o json",
        "explain config x -o json",
        "explain conn smtp_default",
        "explain conn ../x -o json",
    ]));
    let probed = run(stocked(), "explain var hello --probe -o json");
    let probed: serde_json::Value = serde_json::from_slice(&probed.stdout).unwrap();
    assert_eq!(probed["lookups"][0]["outcome"], "found");
    assert!(probed["lookups"][0]["milliseconds"].is_u64());
    assert!(probed["lookups"][1]["skipped"].is_string() && probed["lookups"][1]["outcome"].is_null());
}

#[test]
fn help_is_short_or_long() {
    insta::assert_snapshot!(session(&[
        "-h",
        "--help",
        "get-conn -h",
        "get-conn --help",
        "get-var --help",
        "get-config --help",
        "exec --help",
        "export --help",
        "inject --help",
        "explain --help",
        "doctor --help",
        "completions --help",
        "man -h",
    ]));
}

#[test]
fn an_empty_connection_is_not_found_and_is_not_proposed() {
    let output = run(program().env("AIRFLOW_CONN_E", ""), "get-conn e");
    assert_eq!(output.status, 3);
    assert!(!output.stderr.contains("did you mean"), "{}", output.stderr);
    let output = run(program().env("AIRFLOW_CONN_BLANK", "  "), "get-conn blank");
    assert_eq!((output.status, output.stdout.len()), (6, 0));
}

#[test]
fn a_default_is_used_only_for_a_name_that_is_not_found() {
    let unreachable = || {
        program()
            .env(
                "AIRFLOW__SECRETS__BACKEND",
                "airflow.providers.hashicorp.secrets.vault.VaultBackend",
            )
            .env(
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
                r#"{"url": "http://127.0.0.1:1", "token": "t"}"#,
            )
            .env("SECRETCTL_TIMEOUT", "1")
    };
    for (program, line, status) in [
        (stocked(), "get-var nope --default d", 0),
        (stocked(), "get-conn broken --default d", 6),
        (stocked(), "get-var hello --json --default d", 6),
        (unreachable(), "get-var hello --default d", 5),
        (unreachable(), "get-conn warehouse --field host --default d", 5),
        (
            stocked().env("SECRETCTL_TIMEOUT", "x"),
            "get-var nope --default d",
            2,
        ),
    ] {
        let output = run(program, line);
        let printed = if status == 0 { "d\n" } else { "" };
        assert_eq!((output.status, output.text()), (status, printed), "{line}");
    }
}

#[test]
fn the_version_has_the_commit_and_the_target() {
    let output = run(program(), "--version");
    let line = output.text();
    assert!(
        line.starts_with(concat!("secretctl ", env!("CARGO_PKG_VERSION"), " (")),
        "{line}"
    );
    assert!(line.contains(std::env::consts::ARCH), "{line}");
}

#[test]
fn an_option_of_every_command_may_come_before_or_after_it() {
    for line in ["-n get-var hello", "get-var -n hello", "get-var hello -n"] {
        assert_eq!(run(stocked(), line).stdout, b"world", "{line}");
    }
    let output = run(stocked().env("SECRETCTL_NO_NEWLINE", "true"), "get-var hello");
    assert_eq!(output.stdout, b"world");
}

#[test]
fn env_files_before_and_after_the_command_all_count() {
    let folder = crate::support::temp_dir();
    for (name, text) in [
        ("a.env", "AIRFLOW_VAR_A=a\nAIRFLOW_VAR_BOTH=a\n"),
        ("b.env", "AIRFLOW_VAR_B=b\nAIRFLOW_VAR_BOTH=b\n"),
        ("c.env", "AIRFLOW_VAR_C=c\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let args = "export --var a --var b --var c --var both --format json";
    for line in [
        format!("--env-file a.env --env-file=c.env {args} --env-file b.env"),
        format!("--team= --timeout 9 --env-file a.env {args} --env-file=b.env --env-file c.env --team t"),
        format!("{args} --env-file a.env --env-file b.env --env-file c.env"),
    ] {
        let program = program().env("AIRFLOW__CORE__MULTI_TEAM", "t").dir(folder.path());
        let read: serde_json::Value = serde_json::from_slice(&run(program, &line).stdout).unwrap_or_default();
        assert_eq!(read["AIRFLOW_VAR_A"], "a", "{line}");
        assert_eq!(read["AIRFLOW_VAR_B"], "b", "{line}");
        assert_eq!(read["AIRFLOW_VAR_C"], "c", "{line}");
        assert_eq!(read["AIRFLOW_VAR_BOTH"], "b", "{line}: a later file wins");
    }
}

#[test]
fn the_last_of_a_repeated_option_wins() {
    for (line, printed) in [
        ("--timeout x --timeout 9 get-var hello", "world\n"),
        ("-q -n get-var hello -q -n", "world"),
        ("-qq get-var hello", "world\n"),
        ("get-conn warehouse --field port --field host", "db.example.com\n"),
        (
            "get-conn smtp_default -o json -o uri",
            "smtp://user:pass@mail.example.com:587\n",
        ),
        ("get-var nope --default a --default b", "b\n"),
    ] {
        assert_eq!(run(stocked(), line).ok(), printed, "{line}");
    }
}

#[test]
fn explain_shows_the_sources_but_does_not_repeat_the_command_line() {
    let shown = run(
        stocked().env("SECRETCTL_TEAM", "").env("SECRETCTL_TIMEOUT", "9"),
        "--lenient -q --backend airflow.secrets.environment_variables.EnvironmentVariablesBackend explain conn a",
    );
    let configured: Vec<_> = shown
        .ok()
        .lines()
        .skip_while(|line| *line != "Configured by:")
        .collect();
    assert_eq!(
        configured[1..],
        [
            "  airflow.cfg: none",
            "  --timeout: SECRETCTL_TIMEOUT",
            "  backend: --backend"
        ]
    );
}

/// Inputs from users: a reference, a `#`, a variable in lower case, JSON over several lines.
#[test]
fn env_files_from_the_field_are_read_or_explained() {
    let dir = crate::support::temp_dir();
    let files = [
        ("hash.env", "AIRFLOW_VAR_COLOUR= #ff0000\n"),
        (
            "interpolated.env",
            "AWS_ACCESS_KEY_ID=AKIAEXAMPLE\nAWS_SECRET_ACCESS_KEY=abc%2Fdef\nAWS_S3_BUCKET_NAME=logs\n\
             AIRFLOW_CONN_S3_LOG=s3://${AWS_ACCESS_KEY_ID}:${AWS_SECRET_ACCESS_KEY}@${AWS_S3_BUCKET_NAME}\n",
        ),
        ("lower-case.env", "AIRFLOW_CONN_my_db=postgres://u:p@h/d\n"),
        (
            "unquoted-json.env",
            "AIRFLOW_CONN_GCP={\n  \"conn_type\": \"google_cloud_platform\",\n  \"extra\": {}\n}\n",
        ),
    ];
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let program = program().dir(dir.path());
    insta::assert_snapshot!(super::session(
        &program,
        &[
            "--env-file hash.env get-var colour",
            "--env-file hash.env --env-file-dialect compose get-var colour",
            "--env-file interpolated.env get-conn s3_log",
            "--env-file interpolated.env --env-file-dialect docker get-conn s3_log",
            "--env-file lower-case.env get-conn my_db",
            "--env-file unquoted-json.env get-conn gcp",
            "--env-file unquoted-json.env --env-file-dialect podman get-conn gcp",
        ]
    ));
}

#[test]
fn a_variable_in_lower_case_is_reported() {
    let program = program()
        .env("airflow_conn_my_db", "postgres://u:hunter2@h/d")
        .env("AIRFLOW_VAR_Colour", "hunter2");
    for (line, variable, upper) in [
        ("get-conn my_db", "airflow_conn_my_db", "AIRFLOW_CONN_MY_DB"),
        ("get-conn MY_DB", "airflow_conn_my_db", "AIRFLOW_CONN_MY_DB"),
        ("get-var colour", "AIRFLOW_VAR_Colour", "AIRFLOW_VAR_COLOUR"),
    ] {
        let output = run(program.clone(), line);
        let hint = format!("hint: the variable `{variable}` must be upper case: write `{upper}`\n");
        assert_eq!(output.status, 3, "{line}");
        assert!(output.stderr.ends_with(&hint), "{line}: {}", output.stderr);
        assert!(!output.stderr.contains("hunter2"), "{line}");
    }
}
