//! Completions and the manual page: the candidates for a shell, without asking a backend.

use super::{program, run, stocked};
use crate::support::{Program, skip, temp_dir};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// Returns the candidates for the last of `words`, asked as a shell does.
fn candidates(program: Program, words: &[&str]) -> Vec<String> {
    let output = program
        .env("SECRETCTL_COMPLETE", "elvish")
        .args(["--", "secretctl"])
        .args(words)
        .run();
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    output
        .text()
        .split('\n')
        .filter(|candidate| !candidate.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn names_complete_from_the_environment_and_from_local_files() {
    assert_eq!(candidates(stocked(), &["get-conn", "w"]), ["warehouse"]);
    assert_eq!(candidates(stocked(), &["get-var", "he"]), ["hello"]);
    assert_eq!(candidates(stocked(), &["exec", "--var", "he"]), ["hello"]);
    assert_eq!(
        candidates(stocked(), &["export", "--conn", "smtp"]),
        ["smtp_default"]
    );
    assert_eq!(candidates(stocked(), &["check", "--var", "he"]), ["hello"]);
    let folder = temp_dir();
    let env_file = folder.path().join(".env");
    std::fs::write(folder.path().join("c.json"), r#"{"from_file": "x://h"}"#).unwrap();
    let kwargs = serde_json::json!({"connections_file_path": folder.path().join("c.json")});
    std::fs::write(
        &env_file,
        format!("AIRFLOW__SECRETS__BACKEND={LOCAL}\nAIRFLOW__SECRETS__BACKEND_KWARGS={kwargs}\nAIRFLOW_CONN_FROM_ENV_FILE=x://h\n"),
    )
    .unwrap();
    let file = env_file.to_str().unwrap();
    assert_eq!(
        candidates(program(), &["--env-file", file, "get-conn", "from"]),
        ["from_env_file", "from_file"]
    );
    std::fs::write(&env_file, "AIRFLOW_CONN_FROM_YAML: x://h\n").unwrap();
    for dialect in [
        &["--env-file-dialect", "compose"][..],
        &["--env-file-dialect=compose"],
    ] {
        let words = [dialect, &["--env-file", file, "get-conn", "from"]].concat();
        assert_eq!(candidates(program(), &words), ["from_yaml"]);
    }
}

#[test]
fn commands_options_and_values_complete() {
    assert_eq!(candidates(program(), &["get-c"]), ["get-conn", "get-config"]);
    assert_eq!(candidates(program(), &["get-conn", "x", "--fi"]), ["--field"]);
    assert_eq!(
        candidates(program(), &["export", "--format", "git"]),
        ["github-env", "gitlab-dotenv"]
    );
    assert_eq!(candidates(program(), &["explain", "c"]), ["conn", "config"]);
    assert_eq!(candidates(program(), &["check", "-o", "s"]), ["sarif"]);
    let options = [
        "core.dag_discovery_safe_mode",
        "core.dag_ignore_file_syntax",
        "core.dag_run_conf_overrides_params",
    ];
    assert_eq!(candidates(program(), &["get-config", "core.dag_"]), options);
    assert_eq!(
        candidates(program(), &["explain", "config", "core.dag_"]),
        options
    );
    assert_eq!(
        candidates(program(), &["explain", "conn", "core.dag_"]),
        Vec::<String>::new()
    );
}

#[test]
fn no_backend_is_asked_and_no_command_is_run_for_a_completion() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let folder = temp_dir();
    let ran = folder.path().join("ran");
    let kwargs = format!(
        r#"{{"url": "http://{}", "token": "t"}}"#,
        listener.local_addr().unwrap()
    );
    let vault = program()
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW_CONN_A", "x://h");
    for program in [
        vault.clone().env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs),
        vault.env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
            format!("touch {}", ran.display()),
        ),
    ] {
        assert_eq!(candidates(program, &["get-conn", "a"]), ["a"]);
    }
    assert!(!ran.exists());
    assert_eq!(
        listener.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}

#[test]
fn bash_completes_with_the_printed_script() {
    let folder = temp_dir();
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_secretctl"));
    let path = std::env::join_paths(
        [binary.parent().unwrap().to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let script = r#"
        eval "$(secretctl completions bash)"
        COMP_LINE='secretctl get-conn ware' COMP_POINT=23
        $(complete -p secretctl | sed 's/.*-F \([^ ]*\).*/\1/') secretctl ware get-conn
        printf '[%s]\n' "${COMPREPLY[@]}"
    "#;
    let output = Program::new("bash")
        .args(["-c", script])
        .env("PATH", path.unwrap())
        .env("HOME", folder.path())
        .env("AIRFLOW_CONN_WAREHOUSE", "x://h")
        .run();
    assert_eq!(output.text(), "[warehouse ]\n", "{}", output.stderr);
}

#[test]
fn each_printed_script_is_valid_in_its_shell() {
    let path = || std::env::var_os("PATH").unwrap_or_default();
    for (shell, check) in [("bash", "bash -n"), ("zsh", "zsh -n"), ("fish", "fish -n")] {
        let script = run(program(), &format!("completions {shell}"));
        assert_eq!(script.status, 0);
        if Program::new("sh")
            .args(["-c", &format!("command -v {shell}")])
            .env("PATH", path())
            .run()
            .status
            != 0
        {
            skip(shell, "it is not installed here");
            continue;
        }
        let folder = temp_dir();
        let file = folder.path().join("script");
        std::fs::write(&file, &script.stdout).unwrap();
        let output = Program::new("sh")
            .args(["-c", &format!("{check} \"$0\"")])
            .arg(&file)
            .env("PATH", path())
            .run();
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{shell}");
    }
    for shell in ["powershell", "elvish"] {
        assert!(
            run(program(), &format!("completions {shell}"))
                .text()
                .contains("secretctl"),
            "{shell}"
        );
    }
    assert_eq!(run(program(), "completions tcsh").status, 2);
}

#[test]
fn the_manual_page_has_every_command_option_and_status() {
    let page = run(program(), "man");
    assert_eq!(page.status, 0);
    let text = page.text().replace("\\-", "-");
    for wanted in [
        ".TH secretctl",
        "get-conn",
        "get-var",
        "get-config",
        "exec",
        "export",
        "explain",
        "check",
        "--offline",
        "--from",
        "sarif: SARIF 2.1.0, for code scanning",
        "completions",
        "--env-file",
        "--backend-kwargs",
        "Give up after this many seconds",
        "--field",
        "--pristine",
        "--probe",
        "-o, --output <FORMAT>",
        "uri: The stored URI, or the one that Airflow builds from JSON or fields (the default)",
        "-f, --format <FORMAT>",
        "github-env: Lines for",
        "bash: Bash",
        "EXIT STATUS",
        "SECRETCTL_LOG",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing");
    }
}

#[test]
fn without_a_command_there_is_help_and_status_2() {
    let output = program().run();
    assert_eq!((output.status, output.stdout.len()), (2, 0));
    assert!(output.stderr.contains("Usage: secretctl"), "{}", output.stderr);
    assert_eq!(run(program(), "help get-conn").status, 0);
}
