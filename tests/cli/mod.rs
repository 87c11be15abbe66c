//! The command line as users see it: stdout, stderr and status together, and the readers of every format.

mod as_format;
mod bounds;
mod completions;
mod errors;
pub mod examples;
mod examples_aws;
mod exec;
mod formats;
mod get;
mod hints;
mod masks;
mod process;
mod readers;
mod shells;
mod stderr;
mod terminal;

use std::fmt::Write as _;

use crate::support::{Output, Program, secretctl};

/// Returns everything that a run showed, as one text.
fn shown(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let mut text = format!("status: {}\n", output.status);
    for (name, content) in [("stdout", stdout.as_ref()), ("stderr", output.stderr.as_str())] {
        if content.is_empty() {
            continue;
        }
        writeln!(text, "{name}:").unwrap();
        for line in content.split_inclusive('\n') {
            write!(text, "  {line}").unwrap();
        }
        if !content.ends_with('\n') {
            text.push_str("⏎ (no newline)\n");
        }
    }
    text
}

/// Runs each line, and returns everything shown.
fn session(program: &Program, lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        writeln!(text, "$ secretctl {line}\n{}", shown(&run(program.clone(), line))).unwrap();
    }
    text
}

/// Returns a program with a missing home folder, so without an `airflow.cfg`.
fn program() -> Program {
    secretctl()
        .env("HOME", "/nonexistent/home")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
}

/// Returns a program with one connection of each form, and a few variables.
fn stocked() -> Program {
    program()
        .env("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://user:pass@mail.example.com:587")
        .env(
            "AIRFLOW_CONN_WAREHOUSE",
            r#"{"conn_type": "postgres", "host": "db.example.com", "login": "etl", "password": "p@ss w%rd", "schema": "dw", "port": 5432, "extra": {"sslmode": "require", "api_token": "tok-4711", "deep": {"list": [1, {"k": null}]}}}"#,
        )
        .env("AIRFLOW_CONN_MY-DB", "mysql://h/db")
        .env("AIRFLOW_CONN_BROKEN", "http://h:port/")
        .env("AIRFLOW_VAR_HELLO", "world")
        .env("AIRFLOW_VAR_SETTINGS", r#"{"database": {"host": "h", "ports": [1, 2]}, "ü": "ä", "none": null}"#)
        .env("AIRFLOW_VAR_LINES", "first line\nit's \"2nd\"; 100%]\n")
        .env("AIRFLOW_VAR_EMPTY", "")
}

/// Runs a command line, split at blanks.
fn run(program: Program, line: &str) -> Output {
    program.args(line.split_whitespace()).run()
}
