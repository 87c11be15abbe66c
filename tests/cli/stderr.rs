//! Standard error: what it echoes of arguments and of text from outside, its colour, and the log.

use super::{run, shown, stocked};
use crate::support::temp_dir;

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

#[test]
fn echoed_text_does_not_control_a_terminal_or_a_runner() {
    for id in [
        "a\x1b[31mb",
        "a\n::add-mask::b",
        "::set-env name=A::b",
        "##vso[task.setvariable variable=a]b",
        "a\u{202e}b\r",
    ] {
        for args in [
            vec!["get-var", id],
            vec!["get-conn", id, "--field", "host"],
            vec!["get-var", "hello", id],
            vec![id],
            vec!["exec", "--conn", id, "--", "true"],
            vec!["exec", "--", id],
            vec!["export", "--set", id, "--format", "json"],
            vec!["export", "--conn", id, "--format", "shell"],
            vec!["export", "--var", "hello", "--format", id],
            vec!["--backend", id, "get-var", "x"],
            vec!["--env-file", id, "get-var", "x"],
            vec!["-v", "get-var", id],
        ] {
            let output = stocked().args(&args).run();
            assert_ne!(output.status, 0, "{args:?}");
            assert!(output.stdout.is_empty(), "{args:?}");
            assert!(
                !output.stderr.contains(['\x1b', '\r', '\u{202e}']),
                "{args:?}: {:?}",
                output.stderr
            );
            for line in output.stderr.lines() {
                assert!(
                    !line.trim_start().starts_with("::") && !line.contains("##"),
                    "{args:?}: {line}"
                );
            }
        }
    }
}

#[test]
fn a_stray_argument_that_may_be_a_secret_is_not_echoed() {
    for secret in [
        "{\"token\":",
        "\"s.hunter2\"}",
        "https://u:hunter2@h",
        "PASSWORD=hunter2",
        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
    ] {
        let output = stocked().args(["get-var", "hello", secret]).run();
        assert_eq!(output.status, 2);
        assert!(!output.stderr.contains("hunter2"), "{}", shown(&output));
    }
    for words in [
        // A shell has split an unquoted value.
        &[
            "--backend-kwargs",
            "{\"token\":",
            "\"s.hunter2\"}",
            "get-var",
            "x",
        ][..],
        &["--backend-kwargs", "{token:", "hunter2", "get-var", "x"],
        &["--backend-kwargs={token:", "hunter2", "get-var", "x"],
        &["get-var", "x", "--default", "my", "hunter2"],
        &["get-var", "x", "--defualt=hunter2"],
        // A class and its kwargs, swapped.
        &["--backend", "{\"token\": \"hunter2\"}", "get-var", "x"],
        &["--backend-kwargs", "@{\"token\": \"hunter2\"}", "get-var", "x"],
        &["export", "--format", "json", "--set", "hunter2="],
    ] {
        let output = stocked().args(words).run();
        assert_eq!(output.status, 2);
        assert!(!output.stderr.contains("hunter2"), "{}", shown(&output));
    }
}

#[test]
fn an_argument_that_is_not_a_secret_is_echoed() {
    for (words, shown_word) in [
        (&["gt-var", "x"][..], "gt-var"),
        (&["get-var", "x", "surplus"], "surplus"),
        (
            &["--backend-kwargs", "@kwargs.json", "get-var", "x", "surplus"],
            "surplus",
        ),
        (&["get-var", "x", "--bogus"], "--bogus"),
    ] {
        let output = stocked().args(words).run();
        assert_eq!(output.status, 2);
        assert!(output.stderr.contains(shown_word), "{}", shown(&output));
    }
}

#[test]
fn commands_of_other_programs_get_a_tip_that_shows_no_secret() {
    for (line, expected) in [
        ("connections get x", "`secretctl get-conn x`"),
        ("variables get x", "`secretctl get-var x`"),
        (
            "config get-value core fernet_key",
            "`secretctl get-config core.fernet_key`",
        ),
        ("-q connections get x", "`secretctl get-conn x`"),
        ("--env-file x connections get x", "`secretctl get-conn x`"),
        ("connections list", "conn"),
        ("vault kv get secret/x", "`secretctl get-conn <CONN_ID>`"),
        ("get-connection x", "`secretctl get-conn x`"),
        ("get_conn x", "`secretctl get-conn x`"),
        ("get conn x", "`secretctl get-conn x`"),
        ("get_var x", "`secretctl get-var x`"),
        ("env", "`secretctl export "),
        ("run ls", "`secretctl exec "),
        (
            "connections get https://u:hunter2@h",
            "`secretctl get-conn <CONN_ID>`",
        ),
        ("connections get A=hunter2", "`secretctl get-conn <CONN_ID>`"),
        ("variables set a hunter2", "never writes"),
        (
            "--backend-kwargs {hunter2 connections get hunter2",
            "`secretctl get-conn <CONN_ID>`",
        ),
    ] {
        let output = run(stocked(), line);
        let stderr = output.fails(2);
        let tip = stderr.lines().find(|line| line.trim_start().starts_with("tip: "));
        assert!(tip.is_some_and(|tip| tip.contains(expected)), "{line}: {stderr}");
        assert!(!stderr.contains("hunter2"), "{line}: {stderr}");
    }
    let help = stocked().args(["--help"]).run();
    assert!(
        !help
            .ok()
            .lines()
            .any(|line| line.trim_start().starts_with("connections"))
    );
}

#[test]
fn text_from_outside_is_shown_with_200_characters() {
    let long = "x".repeat(5000);
    let path = format!("/{}/{long}", "d".repeat(100));
    let dotted = format!("a.{}", "b.".repeat(2000)) + "c";
    let climbing = format!("../{long}");
    for args in [
        vec!["get-conn", &long],
        vec!["get-var", &long],
        vec!["get-config", &long],
        vec!["get-conn", &climbing],
        vec![&long],
        vec!["connections", "get", &long],
        vec!["get-var", "hello", &long],
        vec!["--config", &path, "get-var", "x"],
        vec!["--backend", &long, "get-var", "x"],
        vec!["--backend", &dotted, "get-var", "x"],
        vec![
            "--backend",
            LOCAL,
            "--backend-kwargs",
            &format!("@{path}"),
            "get-var",
            "x",
        ],
    ] {
        let output = stocked().args(&args).run();
        assert_ne!(output.status, 0);
        for line in output.stderr.lines() {
            assert!(line.chars().count() < 700, "{}: {line}", args[0]);
        }
    }
}

#[test]
fn colour_is_for_terminals_and_on_request() {
    let colored = |program: crate::support::Program, line: &str| run(program, line).stderr.contains('\x1b');
    assert!(!colored(stocked(), "get-var nope"));
    assert!(colored(stocked(), "--color always get-var nope"));
    assert!(colored(stocked().env("CLICOLOR_FORCE", "1"), "get-var nope"));
    assert!(!colored(
        stocked().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"),
        "get-var nope"
    ));
    assert!(colored(
        stocked().env("CLICOLOR_FORCE", "1").env("NO_COLOR", ""),
        "get-var nope"
    ));
    assert!(!colored(
        stocked().env("CLICOLOR_FORCE", "1"),
        "--color never get-var nope"
    ));
    assert!(colored(
        stocked().env("SECRETCTL_COLOR", "always"),
        "get-conn broken"
    ));
}

#[test]
fn the_log_shows_requests_and_no_secret() {
    let folder = temp_dir();
    let file = folder.path().join("v.json");
    std::fs::write(&file, r#"{"x": "hunter2"}"#).unwrap();
    let kwargs = serde_json::json!({"variables_file_path": file}).to_string();
    let program = || {
        stocked()
            .env("AIRFLOW__SECRETS__BACKEND", LOCAL)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs)
    };
    for (program, line) in [
        (program(), "-v get-var x"),
        (program(), "-vvv get-var x"),
        (program().env("SECRETCTL_LOG", "secretctl=debug"), "get-var x"),
    ] {
        let output = run(program, line);
        assert_eq!(output.text(), "hunter2\n");
        assert!(
            output.stderr.contains("v.json") && !output.stderr.contains("hunter2"),
            "{}",
            output.stderr
        );
    }
    let quiet = run(program().env("SECRETCTL_LOG", "hyper=trace"), "get-var x");
    assert_eq!(quiet.stderr, "");
}
