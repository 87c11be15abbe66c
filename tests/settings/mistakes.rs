//! The mistakes that people make in configuring a backend: each made as they make it, and what they are told.
//!
//! Airflow is asked about the same configurations: what it takes is never refused, and what is refused here it does not use.

use serde_json::json;

use super::file;
use super::generate::Case;
use super::parity::placed;
use crate::support::{Output, airflow, secretctl, temp_dir};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const CLASS: &str = "AIRFLOW__SECRETS__BACKEND";
const KWARGS: &str = "AIRFLOW__SECRETS__BACKEND_KWARGS";

/// A mistake, what the message says, and what the hint says. The secret in each is `hunter2`.
type Mistake = (&'static str, &'static str, &'static str);

/// Kwargs, as they stand in a variable.
const BAD_KWARGS: &[Mistake] = &[
    (
        r#"'{"token": "hunter2"}'"#,
        "stands in quotes",
        "remove the quotes",
    ),
    (
        r#""{"token": "hunter2"}""#,
        "stands in quotes",
        "remove the quotes",
    ),
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
        "stands without quotes",
        "double quotes",
    ),
    (
        r#"{"token": "hunter2",}"#,
        "a comma stands before",
        "remove that comma",
    ),
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
        "a backslash that begins no escape",
        "twice",
    ),
    ("{\"token\": \"hunter2\nx\"}", "a line break", r"write `\n`"),
    ("{token: hunter2}", "has no quotes", "quotes around"),
    (r#"{"token": "hunter2""#, "ends before its last", "whole object"),
    (r#"{"token": "hun"ter2"}"#, "goes on after it", r#"write `\"`"#),
    (
        r#"{"url": "u" "token": "hunter2"}"#,
        "a comma between",
        "put a comma",
    ),
    (r#"{"token" = "hunter2"}"#, "a `=` stands", "write `:`"),
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

/// Classes, as they stand in a variable.
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
    (
        "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
        "not supported yet by this version",
        "`--backend`",
    ),
    ("mycompany.secrets.Backend", "it is Python", "`--backend`"),
];

fn run(pairs: &[(&str, &str)], args: &[&str]) -> Output {
    secretctl()
        .env("HOME", "/nonexistent/home")
        .envs(pairs.iter().copied())
        .args(args)
        .args(["explain", "conn", "x"])
        .run()
}

/// Fails unless `output` is an error at `place` that says `what`, with a hint that says `hint`, and shows no secret.
#[track_caller]
fn told(output: &Output, place: &str, (mistake, what, hint): Mistake) {
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
fn bad_kwargs_are_told_what_they_are_wherever_they_stand() {
    for &mistake in BAD_KWARGS {
        let (kwargs, what, _) = mistake;
        told(&run(&[(CLASS, VAULT), (KWARGS, kwargs)], &[]), KWARGS, mistake);
        let args = ["--backend", VAULT, "--backend-kwargs", kwargs];
        told(&run(&[], &args), "--backend-kwargs", mistake);
        // In a file it is the same mistake; the way out can be another.
        let dir = temp_dir();
        let path = file(&dir, "kwargs.txt", kwargs);
        let at = format!("@{}", path.display());
        let output = run(&[], &["--backend", VAULT, "--backend-kwargs", &at]);
        told(
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
        told(&output, "airflow.cfg:4)", (kwargs, what, ""));
        if !kwargs.contains('\'') {
            let quoted = format!("{CLASS}={VAULT}\n{KWARGS}='{kwargs}'\n");
            let env_file = file(&dir, "x.env", quoted);
            let output = run(&[], &["--env-file", env_file.to_str().unwrap()]);
            told(&output, "x.env:2)", (kwargs, what, ""));
        }
    }
}

#[test]
fn bad_classes_are_told_what_they_are_wherever_they_stand() {
    for &mistake in BAD_CLASSES {
        let (class, what, hint) = mistake;
        told(&run(&[(CLASS, class)], &[]), CLASS, mistake);
        told(&run(&[], &["--backend", class]), "--backend", mistake);
        // Of a file's value the blanks around it go.
        if class.trim() == class {
            let dir = temp_dir();
            let cfg = file(&dir, "airflow.cfg", format!("[secrets]\n\nbackend = {class}\n"));
            let output = run(&[], &["--config", cfg.to_str().unwrap()]);
            told(&output, "[secrets] backend (", (class, what, hint));
            told(&output, "airflow.cfg:3)", mistake);
            let env_file = file(&dir, "x.env", format!("\n{CLASS}=\"{class}\"\n"));
            if !class.contains('"') {
                let output = run(&[], &["--env-file", env_file.to_str().unwrap()]);
                told(&output, "x.env:2)", mistake);
            }
        }
    }
}

#[test]
fn a_class_that_goes_on_in_the_next_line_names_the_option_below_it() {
    let dir = temp_dir();
    let text = format!("[secrets]\nbackend = {VAULT}\n  backend_kwargs = {{\"token\": \"hunter2\"}}\n");
    let cfg = file(&dir, "airflow.cfg", text);
    let output = run(&[], &["--config", cfg.to_str().unwrap()]);
    let what = "continues on the next line: `backend_kwargs` below it is indented";
    told(&output, "airflow.cfg:2)", ("indented", what, VAULT));
    let text = format!(
        "[secrets]\nbackend = {VAULT}\nbackend_kwargs = {{\"token\": \"hunter2\"}}\n  use_cache = True\n"
    );
    let cfg = file(&dir, "airflow.cfg", text);
    let output = run(&[], &["--config", cfg.to_str().unwrap()]);
    let what = "the line below it begins with a blank";
    told(&output, "airflow.cfg:3)", ("indented", what, "remove the blanks"));
}

#[test]
fn the_inputs_of_the_field_are_told_their_mistake() {
    let dir = temp_dir();
    for (name, text, what) in [
        (
            "quoted-kwargs.cfg",
            "[secrets]\nbackend = airflow.providers.hashicorp.secrets.vault.VaultBackend\n\
             backend_kwargs = '{\"connections_path\": \"connections\", \"url\": \"http://127.0.0.1:1\"}'\n",
            "quoted-kwargs.cfg:3) is not JSON: the whole value stands in quotes",
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
fn a_line_of_a_long_value_is_told_as_a_line_of_the_file() {
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
fn an_unquoted_reference_that_is_set_is_told_by_its_name() {
    let pairs = [
        (CLASS, VAULT),
        (KWARGS, r#"{"token": $VAULT_TOKEN}"#),
        ("VAULT_TOKEN", "hunter2"),
    ];
    let output = run(&pairs, &[]);
    told(&output, KWARGS, ("reference", "has no quotes", "quotes"));
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
    told(
        &output,
        KWARGS,
        ("reference", "goes on after it", "BACKEND_KWARG__<KEY>"),
    );
}

#[test]
#[cfg(unix)]
fn what_a_command_prints_is_told_to_be_no_json() {
    let pairs = [
        (CLASS, VAULT),
        (
            "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
            r#"echo "{'token': 'hunter2'}""#,
        ),
        ("PATH", "/usr/bin:/bin"),
    ];
    let place = "what the command of AIRFLOW__SECRETS__BACKEND_KWARGS_CMD prints is not JSON";
    told(
        &run(&pairs, &[]),
        place,
        ("command", "single quotes", "double quotes"),
    );
}

#[test]
fn a_file_of_kwargs_that_is_not_there_is_named() {
    for (kwargs, what, hint) in [
        (
            "@/nonexistent/kwargs.json",
            "`/nonexistent/kwargs.json`, which --backend-kwargs names",
            "working folder",
        ),
        ("@", "an `@` and no file", "@FILE"),
        (
            r#"@{"token": "hunter2"}"#,
            "an `@` before the JSON",
            "leave the `@` out",
        ),
        (
            r#"@'{"token": "hunter2"}'"#,
            "an `@` before the JSON",
            "leave the `@` out",
        ),
        ("kwargs.json", "the path of a file", "--backend-kwargs @FILE"),
        ("~/kwargs.json", "the path of a file", "--backend-kwargs @FILE"),
    ] {
        let output = run(&[], &["--backend", VAULT, "--backend-kwargs", kwargs]);
        told(&output, "--backend-kwargs", (kwargs, what, hint));
    }
}

/// Files that Airflow does not start with, the line of the mistake, what is said, and the way out.
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
fn a_file_that_does_not_parse_is_told_the_way_out_and_airflow_does_not_start_with_it() {
    for (text, line, what, hint) in BAD_FILES {
        let dir = temp_dir();
        let cfg = file(&dir, "airflow.cfg", text);
        let output = run(&[], &["--config", cfg.to_str().unwrap()]);
        told(
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
fn a_lone_percent_sign_is_told_how_it_is_written() {
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
        told(
            &output,
            "airflow.cfg:3) cannot be interpolated",
            (value, "", hint),
        );
        assert!(output.stderr.contains(what), "{}", output.stderr);
    }
}

#[test]
fn names_that_airflow_does_not_read_are_a_warning_and_no_error() {
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

#[test]
fn what_is_refused_airflow_does_not_use_either() {
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
        // Airflow has the class; whether it is supported here is another question.
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
