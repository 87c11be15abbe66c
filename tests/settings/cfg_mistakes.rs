//! Mistakes in an `airflow.cfg` and in the names that Airflow reads, and the message for each.
//!
//! The same files are given to Airflow.

use serde_json::json;

use super::file;
use super::generate::Case;
use super::mistakes::{VAULT, reports, run};
use super::parity::placed;
use crate::support::{airflow, temp_dir};

/// Files with which Airflow does not start, the line of the mistake, a part of the message, and a part of the hint.
const BAD_FILES: &[(&str, usize, &str, &str)] = &[
    (
        "[secrets]\nbackend_kwargs = {\n  \"token\": \"hunter2\"\n}\n",
        4,
        "begins with `}`",
        "a blank before it",
    ),
    (
        "[secrets]\nbackend_kwargs = {\n\"token\": \"hunter2\"\n}\n",
        4,
        "begins with `}`",
        "a blank before it",
    ),
    (
        "[secrets]\nbackend_kwargs = [\n]\n",
        3,
        "begins with `]`",
        "a blank before it",
    ),
    (
        "[secrets]\nbackend = x\nhunter2\n",
        3,
        "not `option = value`",
        "a blank before it",
    ),
    (
        "[secrets]\nbackend = x\nbackend = hunter2\n",
        3,
        "already on line 2",
        "remove one",
    ),
    ("[secrets]\n[core]\n[secrets]\n", 3, "appears twice", "merge"),
    (
        "\u{feff}[secrets]\nbackend = x\n",
        1,
        "byte order mark",
        "without BOM",
    ),
    (
        "# c\nbackend = hunter2\n",
        2,
        "before the first `[section]`",
        "[secrets]",
    ),
    ("[secrets\nbackend = x\n", 1, "`]` is missing", "[secrets]"),
    ("{\"secrets\": {}}\n", 1, "is JSON", "@FILE"),
    (
        "AIRFLOW__SECRETS__BACKEND=hunter2\n",
        1,
        "a variable",
        "--env-file",
    ),
    (
        "[secrets]\n<<<<<<< HEAD\nbackend = x\n",
        2,
        "merge conflict",
        "resolve",
    ),
];

#[test]
fn a_file_that_does_not_parse_gets_a_hint_and_airflow_does_not_start_with_it() {
    for (text, line, what, hint) in BAD_FILES {
        let dir = temp_dir();
        let cfg = file(&dir, "airflow.cfg", text);
        let output = run(&[], &["--config", cfg.to_str().unwrap()]);
        reports(
            &output,
            &format!("airflow.cfg` line {line}: "),
            (text, what, hint),
        );
        let Some(judge) = airflow() else { continue };
        let placed = placed(Case {
            env: Vec::new(),
            cfg: Some(text.as_bytes().to_vec()),
            worker: false,
        });
        let answer = judge.ask(placed.question("settings.resolve"));
        assert!(answer["died"].is_string(), "{text}: {answer}");
    }
}

#[test]
fn a_lone_percent_sign_gets_a_hint() {
    for (value, what, hint) in [
        (
            "{\"token\": \"50%hunter2\"}",
            "must be written `%%`",
            "write `%%`",
        ),
        ("{\"token\": \"%(hunter2)s\"}", "is not an option", "`%%(name)s`"),
    ] {
        let dir = temp_dir();
        let text = format!("[secrets]\nbackend = {VAULT}\nbackend_kwargs = {value}\n");
        let cfg = file(&dir, "airflow.cfg", text);
        let output = run(&[], &["--config", cfg.to_str().unwrap()]);
        reports(
            &output,
            "airflow.cfg:3) cannot be interpolated",
            (value, "", hint),
        );
        assert!(output.stderr.contains(what), "{}", output.stderr);
    }
}

#[test]
fn names_that_airflow_does_not_read_are_a_warning_not_an_error() {
    for (text, line, right) in [
        ("[Secrets]\nbackend = x\n", 2, "`backend` in `[secrets]`"),
        ("[secrets]\nsecrets_backend = x\n", 2, "`backend` in `[secrets]`"),
        (
            "[secrets]\nbackend_kwarg = {}\n",
            2,
            "`backend_kwargs` in `[secrets]`",
        ),
        ("[secrets]\nBACKEND = x\n", 2, "`backend` in `[secrets]`"),
        ("[core]\nsecrets_backend = x\n", 2, "`backend` in `[secrets]`"),
        ("[DEFAULT]\nbackend = x\n", 2, "`backend` in `[secrets]`"),
    ] {
        let dir = temp_dir();
        let cfg = file(&dir, "airflow.cfg", text);
        let output = run(&[], &["--config", cfg.to_str().unwrap()]);
        output.ok();
        assert!(
            output.stderr.starts_with("warning: ")
                && output.stderr.contains(&format!("airflow.cfg:{line}: "))
                && output.stderr.contains(right),
            "{text}: {}",
            output.stderr
        );
        assert_eq!(run(&[], &["-q", "--config", cfg.to_str().unwrap()]).stderr, "");
        let Some(judge) = airflow() else { continue };
        let placed = placed(Case {
            env: Vec::new(),
            cfg: Some(text.as_bytes().to_vec()),
            worker: false,
        });
        let answer = judge.ask(placed.question("settings.resolve"));
        assert_eq!(answer["class"], json!(""), "{text}: {answer}");
    }
    let output = run(&[("AIRFLOW_SECRETS_BACKEND", "hunter2")], &[]);
    output.ok();
    assert!(
        output.stderr.contains("does not read `AIRFLOW_SECRETS_BACKEND`")
            && output.stderr.contains("`AIRFLOW__SECRETS__BACKEND`")
            && !output.stderr.contains("hunter2"),
        "{}",
        output.stderr
    );
}
