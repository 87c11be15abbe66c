//! Mistakes that people make when they configure a backend, and the message for each.
//!
//! The same configurations are given to Airflow. A configuration that Airflow uses is never refused, and one that is refused here is not
//! used by Airflow.

use serde_json::json;

use super::file;
use super::generate::Case;
use super::parity::placed;
use crate::support::{Output, airflow, secretctl, temp_dir};

pub const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const CLASS: &str = "AIRFLOW__SECRETS__BACKEND";
const KWARGS: &str = "AIRFLOW__SECRETS__BACKEND_KWARGS";

/// A mistake, what the message says, and what the hint says. The secret in each is `hunter2`.
pub type Mistake = (&'static str, &'static str, &'static str);

/// Kwargs, as in a variable.
const BAD_KWARGS: &[Mistake] = &[
    (r#"'{"token": "hunter2"}'"#, "is in quotes", "remove the quotes"),
    (r#""{"token": "hunter2"}""#, "is in quotes", "remove the quotes"),
    (
        r#""{\"token\": \"hunter2\"}""#,
        "quoted and escaped once too often",
        "remove the quotes",
    ),
    (
        r#"{\"token\": \"hunter2\"}"#,
        "escaped once too often",
        "for each",
    ),
    (
        "{'token': 'hunter2'}",
        "single quotes, as in Python",
        "double quotes",
    ),
    (
        r#"{"token": "hunter2", "cert": None}"#,
        "Python's `None`",
        "write `null`",
    ),
    (
        r#"{"token": "hunter2", "verify": True}"#,
        "Python's `True`",
        "write `true`",
    ),
    (
        r#"{"token": $VAULT_TOKEN}"#,
        "has no quotes around it",
        "double quotes",
    ),
    (r#"{"token": "hunter2",}"#, "a comma before", "remove that comma"),
    (
        r#"{"token": "hunter2"} # mine"#,
        "a comment",
        "remove the comment",
    ),
    (
        "{\"token\": \"hunter2\" // mine\n}",
        "a comment",
        "remove the comment",
    ),
    (
        "{“token”: “hunter2”}",
        "typographic quotes",
        "plain double quotes",
    ),
    (
        r#"{"token_path": "C:\Users\hunter2"}"#,
        "a backslash that does not begin an escape",
        "twice",
    ),
    ("{\"token\": \"hunter2\nx\"}", "a line break", r"write `\n`"),
    ("{token: hunter2}", "has no quotes", "quotes around"),
    (r#"{"token": "hunter2""#, "ends before its last", "whole object"),
    (
        r#"{"token": "hun"ter2"}"#,
        "continues after a double quote",
        r#"write `\"`"#,
    ),
    (
        r#"{"url": "u" "token": "hunter2"}"#,
        "a comma between",
        "put a comma",
    ),
    (r#"{"token" = "hunter2"}"#, "a `=` where", "write `:`"),
    (
        r#""token": "hunter2""#,
        "braces around it are missing",
        "between `{` and `}`",
    ),
    (r#"[{"token": "hunter2"}]"#, "in a list", "remove the `[`"),
    ("token=hunter2", "NAME=VALUE", "one JSON object"),
    ("token: hunter2", "YAML", "one JSON object"),
    ("{{ hunter2 }}", "not rendered", "render the template"),
    ("/run/secrets/hunter2", "the path of a file", "@FILE"),
    ("https://u:hunter2@vault", "it is a URL", "JSON object"),
    (VAULT, "it is a class path", "belongs in `backend`"),
    ("hunter2", "does not begin with `{`", "one JSON object"),
];

/// Classes, as in a variable.
const BAD_CLASSES: &[Mistake] = &[
    (
        "'airflow.providers.hashicorp.secrets.vault.VaultBackend'",
        "quotes around",
        VAULT,
    ),
    (
        "airflow.providers.hashicorp.secrets.vault.VaultBackend # hunter2",
        "a comment",
        VAULT,
    ),
    (
        " airflow.providers.hashicorp.secrets.vault.VaultBackend",
        "whitespace around",
        VAULT,
    ),
    (
        "airflow.providers.hashicorp.secrets.vault.VaultBackend\n",
        "a line break",
        VAULT,
    ),
    (
        "airflow.providers.hashicorp.secrets.vault.VaultBackend,airflow.secrets.metastore.MetastoreBackend",
        "more than one class",
        VAULT,
    ),
    (
        "airflow.providers.hashicorp.secrets.vault.VaultBakend",
        "cannot import",
        VAULT,
    ),
    ("VaultBackend", "without its module", VAULT),
    (
        "airflow.contrib.secrets.hashicorp_vault.VaultBackend",
        "an older Airflow",
        VAULT,
    ),
    (
        "airflow.providers.hashicorp.secrets.vault",
        "without its class",
        VAULT,
    ),
    (
        "Airflow.Providers.Hashicorp.Secrets.Vault.VaultBackend",
        "wrong case",
        VAULT,
    ),
    (
        "airflow.providers.hashicorp.secrets.vault:VaultBackend",
        "a `:`",
        VAULT,
    ),
    (r#"{"token": "hunter2"}"#, "holds JSON", "`backend_kwargs`"),
    ("https://u:hunter2@vault", "a URL", "`backend_kwargs`"),
    ("hunter2", "not a class path", VAULT),
    ("mycompany.secrets.Backend", "it is Python", "`--backend`"),
];

pub fn run(pairs: &[(&str, &str)], args: &[&str]) -> Output {
    secretctl()
        .env("HOME", "/nonexistent/home")
        .envs(pairs.iter().copied())
        .args(args)
        .args(["explain", "conn", "x"])
        .run()
}

/// Fails unless `output` is an error at `place` that says `what`, with a hint that says `hint`, and shows no secret.
#[track_caller]
pub fn reports(output: &Output, place: &str, (mistake, what, hint): Mistake) {
    let stderr = output.fails(2);
    assert!(!stderr.contains("hunter2"), "{mistake}: {stderr}");
    let message = stderr.lines().find(|line| line.starts_with("error: "));
    let message = message.unwrap_or_else(|| panic!("{mistake}: {stderr}"));
    assert!(message.contains(place), "{mistake}: {place}: {stderr}");
    assert!(message.contains(what), "{mistake}: {what}: {stderr}");
    let hinted = stderr.lines().find(|line| line.starts_with("hint: "));
    assert!(
        hinted.is_some_and(|line| line.contains(hint)),
        "{mistake}: {hint}: {stderr}"
    );
}

#[test]
fn bad_kwargs_are_explained_in_every_place() {
    for &mistake in BAD_KWARGS {
        let (kwargs, what, _) = mistake;
        reports(&run(&[(CLASS, VAULT), (KWARGS, kwargs)], &[]), KWARGS, mistake);
        let args = ["--backend", VAULT, "--backend-kwargs", kwargs];
        reports(&run(&[], &args), "--backend-kwargs", mistake);
        // In a file it is the same mistake, but the hint may differ.
        let dir = temp_dir();
        let path = file(&dir, "kwargs.txt", kwargs);
        let at = format!("@{}", path.display());
        let output = run(&[], &["--backend", VAULT, "--backend-kwargs", &at]);
        reports(
            &output,
            "kwargs.txt`, which --backend-kwargs names,",
            (kwargs, what, ""),
        );
        let indented = kwargs.replace('\n', "\n ");
        let cfg = file(
            &dir,
            "airflow.cfg",
            format!("[secrets]\nbackend = {VAULT}\n\nbackend_kwargs = {indented}\n"),
        );
        let output = run(&[], &["--config", cfg.to_str().unwrap()]);
        reports(&output, "airflow.cfg:4)", (kwargs, what, ""));
        if !kwargs.contains('\'') {
            let quoted = format!("{CLASS}={VAULT}\n{KWARGS}='{kwargs}'\n");
            let env_file = file(&dir, "x.env", quoted);
            let output = run(&[], &["--env-file", env_file.to_str().unwrap()]);
            reports(&output, "x.env:2)", (kwargs, what, ""));
        }
    }
}

#[test]
fn bad_classes_are_explained_in_every_place() {
    for &mistake in BAD_CLASSES {
        let (class, what, hint) = mistake;
        reports(&run(&[(CLASS, class)], &[]), CLASS, mistake);
        reports(&run(&[], &["--backend", class]), "--backend", mistake);
        // In a file, blanks around a value are removed.
        if class.trim() == class {
            let dir = temp_dir();
            let cfg = file(&dir, "airflow.cfg", format!("[secrets]\n\nbackend = {class}\n"));
            let output = run(&[], &["--config", cfg.to_str().unwrap()]);
            reports(&output, "[secrets] backend (", (class, what, hint));
            reports(&output, "airflow.cfg:3)", mistake);
            let env_file = file(&dir, "x.env", format!("\n{CLASS}=\"{class}\"\n"));
            if !class.contains('"') {
                let output = run(&[], &["--env-file", env_file.to_str().unwrap()]);
                reports(&output, "x.env:2)", mistake);
            }
        }
    }
}

#[test]
fn a_class_that_continues_on_the_next_line_names_the_option_below_it() {
    let dir = temp_dir();
    let text = format!("[secrets]\nbackend = {VAULT}\n  backend_kwargs = {{\"token\": \"hunter2\"}}\n");
    let cfg = file(&dir, "airflow.cfg", text);
    let output = run(&[], &["--config", cfg.to_str().unwrap()]);
    let what = "continues on the next line: `backend_kwargs` below it is indented";
    reports(&output, "airflow.cfg:2)", ("indented", what, VAULT));
    let text = format!(
        "[secrets]\nbackend = {VAULT}\nbackend_kwargs = {{\"token\": \"hunter2\"}}\n  use_cache = True\n"
    );
    let cfg = file(&dir, "airflow.cfg", text);
    let output = run(&[], &["--config", cfg.to_str().unwrap()]);
    let what = "the line below it begins with a blank";
    reports(&output, "airflow.cfg:3)", ("indented", what, "remove the blanks"));
}

#[test]
fn inputs_from_the_field_are_explained() {
    let dir = temp_dir();
    for (name, text, what) in [
        (
            "quoted-kwargs.cfg",
            "[secrets]\nbackend = airflow.providers.hashicorp.secrets.vault.VaultBackend\n\
             backend_kwargs = '{\"connections_path\": \"connections\", \"url\": \"http://127.0.0.1:1\"}'\n",
            "quoted-kwargs.cfg:3) is not JSON: the whole value is in quotes",
        ),
        (
            "backend-comment.cfg",
            "[secrets]\nbackend = airflow.providers.hashicorp.secrets.vault.VaultBackend  # vault\n\
             backend_kwargs = {\"url\": \"http://127.0.0.1:1\", \"token\": \"t\"}\n",
            "backend-comment.cfg:2) has a comment after the class path",
        ),
    ] {
        let cfg = file(&dir, name, text);
        let output = run(&[], &["--config", cfg.to_str().unwrap()]);
        assert!(output.fails(2).contains(what), "{}", output.stderr);
    }
}

#[test]
fn a_line_of_a_long_value_is_reported_as_a_line_of_the_file() {
    let dir = temp_dir();
    let text = format!(
        "[secrets]\nbackend = {VAULT}\nbackend_kwargs = {{\n  # a comment\n  \"url\": \"http://h\",\n\n  \"token\": hunter2\n  }}\n"
    );
    let cfg = file(&dir, "airflow.cfg", text);
    let output = run(&[], &["--config", cfg.to_str().unwrap()]);
    let stderr = output.fails(2);
    assert!(stderr.contains("line 4 of the value is line 7 of `"), "{stderr}");
    assert!(!stderr.contains("hunter2"));
}

#[test]
fn an_unquoted_reference_that_is_set_is_reported_by_name() {
    let pairs = [
        (CLASS, VAULT),
        (KWARGS, r#"{"token": $VAULT_TOKEN}"#),
        ("VAULT_TOKEN", "hunter2"),
    ];
    let output = run(&pairs, &[]);
    reports(&output, KWARGS, ("reference", "has no quotes", "quotes"));
    assert!(
        output.stderr.contains("`$VAULT_TOKEN` in it was replaced"),
        "{}",
        output.stderr
    );
    let pairs = [
        (CLASS, VAULT),
        (KWARGS, r#"{"token": "$VAULT_TOKEN"}"#),
        ("VAULT_TOKEN", "a\"hunter2"),
    ];
    let output = run(&pairs, &[]);
    reports(
        &output,
        KWARGS,
        (
            "reference",
            "continues after a double quote",
            "BACKEND_KWARG__<KEY>",
        ),
    );
}

#[test]
#[cfg(unix)]
fn command_output_that_is_not_json_is_reported() {
    let pairs = [
        (CLASS, VAULT),
        (
            "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
            r#"echo "{'token': 'hunter2'}""#,
        ),
        ("PATH", "/usr/bin:/bin"),
    ];
    let place = "the output of the command in AIRFLOW__SECRETS__BACKEND_KWARGS_CMD is not JSON";
    reports(
        &run(&pairs, &[]),
        place,
        ("command", "single quotes", "double quotes"),
    );
}

#[test]
fn a_missing_file_of_kwargs_is_named() {
    for (kwargs, what, hint) in [
        (
            "@/nonexistent/kwargs.json",
            "`/nonexistent/kwargs.json`, which --backend-kwargs names",
            "working folder",
        ),
        ("@", "an `@` without a file", "@FILE"),
        (
            r#"@{"token": "hunter2"}"#,
            "an `@` before the JSON",
            "remove the `@`",
        ),
        (
            r#"@'{"token": "hunter2"}'"#,
            "an `@` before the JSON",
            "remove the `@`",
        ),
        ("kwargs.json", "the path of a file", "--backend-kwargs @FILE"),
        ("~/kwargs.json", "the path of a file", "--backend-kwargs @FILE"),
    ] {
        let output = run(&[], &["--backend", VAULT, "--backend-kwargs", kwargs]);
        reports(&output, "--backend-kwargs", (kwargs, what, hint));
    }
}

#[test]
fn airflow_does_not_use_what_is_refused() {
    let Some(judge) = airflow() else { return };
    let ask = |class: &str, kwargs: &str| {
        let env = [(CLASS, class), (KWARGS, kwargs)];
        let env = env.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let placed = placed(Case {
            env: env.to_vec(),
            cfg: None,
            worker: false,
        });
        judge.ask(placed.question("settings.resolve"))
    };
    for (kwargs, ..) in BAD_KWARGS {
        let answer = ask(super::generate::RECORDER, kwargs);
        assert_eq!(answer["warned"], json!(true), "{kwargs}: {answer}");
    }
    for (class, ..) in BAD_CLASSES {
        let imported = judge.ask(json!({"op": "settings.imports", "class": class}));
        // Airflow has the class, even if it is not supported here.
        let is_official = class.ends_with("SecretsManagerBackend");
        assert!(imported == false || is_official, "{class}: {imported}");
    }
    for class in [
        VAULT,
        "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
        "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
        "airflow.secrets.metastore.MetastoreBackend",
        "airflow.sdk.execution_time.secrets.execution_api.ExecutionAPISecretsBackend",
        "airflow.sdk.execution_time.secrets.ExecutionAPISecretsBackend",
    ] {
        assert_eq!(
            judge.ask(json!({"op": "settings.imports", "class": class})),
            json!(true),
            "{class}"
        );
        secretctl::backend::registry::check(class, &"HERE").unwrap();
    }
}
