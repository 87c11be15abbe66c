//! Masks: what a CI system is told to hide, before it is printed.

use super::{run, session, shown, stocked};

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
fn github_is_told_every_line_and_every_form() {
    insta::assert_snapshot!(session(&stocked().env("GITHUB_ACTIONS", "true"), LINES));
}

#[test]
fn azure_pipelines_is_told_every_line_and_every_form() {
    insta::assert_snapshot!(session(&stocked().env("TF_BUILD", "True"), LINES));
}

#[test]
fn nothing_is_masked_that_is_shorter_than_four_characters() {
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
fn a_value_that_looks_like_a_command_is_masked_as_it_is() {
    let program = stocked()
        .env("AIRFLOW_VAR_X", "a%0A::warning::b\n##vso[x]y")
        .env("GITHUB_ACTIONS", "true")
        .env("TF_BUILD", "True");
    insta::assert_snapshot!(shown(&run(program, "get-var x")));
}
