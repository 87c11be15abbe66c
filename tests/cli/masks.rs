//! Masks: text that a CI system is asked to hide before it is printed.

use super::{program, run, session, shown, stocked};
use crate::support::{Program, temp_dir};

const LINES: &[&str] = &[
    "get-var lines",
    "get-var hello",
    "get-conn warehouse --field password",
    "get-conn warehouse",
    "get-conn warehouse -o json",
    "get-var hello -q",
    "get-var hello --no-mask",
    "get-conn warehouse --field port",
    "export --conn warehouse --format kubernetes",
    "export --set P=conn:warehouse#password --format shell",
    "exec --var hello -- true",
];

#[test]
fn github_masks_every_line_and_every_form() {
    insta::assert_snapshot!(session(&stocked().env("GITHUB_ACTIONS", "true"), LINES));
}

#[test]
fn azure_pipelines_masks_every_line_and_every_form() {
    insta::assert_snapshot!(session(&stocked().env("TF_BUILD", "True"), LINES));
}

#[test]
fn text_shorter_than_four_characters_is_not_masked() {
    for (value, masked) in [
        ("abc", false),
        ("abcd", true),
        ("üüü", false),
        ("üüüü", true),
        ("", false),
    ] {
        let program = stocked()
            .env("AIRFLOW_VAR_X", value)
            .env("GITHUB_ACTIONS", "true");
        assert_eq!(!run(program, "get-var x").stderr.is_empty(), masked, "{value}");
    }
}

#[test]
fn no_mask_is_an_option_and_a_variable() {
    for (name, value) in [
        ("SECRETCTL_NO_MASK", "1"),
        ("GITHUB_ACTIONS", "false"),
        ("GITHUB_ACTIONS", ""),
    ] {
        let program = stocked().env("GITHUB_ACTIONS", "true").env(name, value);
        assert_eq!(run(program, "get-var hello").stderr, "", "{name}");
    }
}

#[test]
fn a_value_that_looks_like_a_command_is_masked_unchanged() {
    let program = stocked()
        .env("AIRFLOW_VAR_X", "a%0A::warning::b\n##vso[x]y")
        .env("GITHUB_ACTIONS", "true")
        .env("TF_BUILD", "True");
    insta::assert_snapshot!(shown(&run(program, "get-var x")));
}

#[test]
fn an_env_file_neither_switches_masks_off_nor_on() {
    let dir = temp_dir();
    let path = dir.path().join("a.env");
    std::fs::write(
        &path,
        "SECRETCTL_NO_MASK=1\nSECRETCTL_QUIET=1\nGITHUB_ACTIONS=false\nTF_BUILD=True\nAIRFLOW_VAR_X=from the file\n",
    )
    .unwrap();
    let line = format!("--env-file {} get-var x", path.display());
    let output = run(program().env("GITHUB_ACTIONS", "true"), &line);
    assert_eq!(output.text(), "from the file\n");
    assert!(
        output.stderr.contains("::add-mask::from the file\n"),
        "{}",
        output.stderr
    );
    assert!(
        output
            .stderr
            .contains("warning: an env file cannot set `SECRETCTL_NO_MASK` ("),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("##vso"), "{}", output.stderr);
    let output = run(program(), &line);
    assert_eq!(output.text(), "from the file\n");
    assert!(!output.stderr.contains("from the file"), "{}", output.stderr);
}

/// Every command that prints or passes on values, with stderr closed, full, null, or a pipe without a reader.
#[test]
#[cfg(target_os = "linux")]
fn no_value_is_printed_if_its_mask_cannot_be() {
    const COMMANDS: &[(&str, i32)] = &[
        ("get-var hello", 1),
        ("get-var hello -q", 1),
        ("get-conn warehouse", 1),
        ("get-conn warehouse --field password", 1),
        ("get-conn nope --default hunter2", 1),
        ("export --var hello --format json", 1),
        ("export --conn warehouse --format shell", 1),
        ("export --var hello --format dotenv --out out.env", 1),
        ("exec --var hello -- printenv AIRFLOW_VAR_HELLO", 125),
    ];
    let dir = temp_dir();
    let shell = |script: &str| {
        Program::new("bash")
            .args(["-c", script])
            .dir(dir.path())
            .env("S", env!("CARGO_BIN_EXE_secretctl"))
            .env("AIRFLOW_VAR_HELLO", "world")
            .env("AIRFLOW_CONN_WAREHOUSE", "pg://u:password@h/db")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
    };
    for ci in ["GITHUB_ACTIONS", "TF_BUILD"] {
        for (command, status) in COMMANDS {
            for stderr in ["2>&-", "2>/dev/full", "2>/dev/null"] {
                let script = format!("exec $S {command} {stderr}");
                let output = shell(&script).env(ci, "true").run();
                assert_eq!((output.status, output.text()), (*status, ""), "{script}");
                assert!(!dir.path().join("out.env").exists(), "{script}");
            }
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let mut child = shell(&format!("exec $S {command}")).env(ci, "true").command();
            let output = child.stderr(writer).output().unwrap();
            assert_eq!(output.status.code(), Some(*status), "{command}");
            assert_eq!(output.stdout, b"", "{command}");
        }
    }
    let hello = |script: &str| {
        shell(script)
            .env("GITHUB_ACTIONS", "true")
            .run()
            .text()
            .to_owned()
    };
    assert_eq!(hello("$S get-var hello --no-mask 2>/dev/null"), "world\n");
    assert_eq!(hello("SECRETCTL_NO_MASK=1 $S get-var hello 2>&-"), "world\n");
    assert_eq!(
        hello("AIRFLOW_VAR_X=abc $S get-var x 2>&-"),
        "abc\n",
        "too short for a mask"
    );
    assert_eq!(
        shell("$S get-var hello 2>&-").run().text(),
        "world\n",
        "no CI system"
    );
}
