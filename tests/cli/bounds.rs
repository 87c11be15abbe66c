//! Text from outside in messages: an input of 100 KB does not make a long line on stderr.

use serde_json::json;

use super::{program, stocked};
use crate::support::{Program, temp_dir};

/// The longest line of a message, in characters.
const LONGEST: usize = 1000;

const AZURE: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";
const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

fn with_kwargs(class: &str, kwargs: &serde_json::Value) -> Program {
    let folder = temp_dir();
    let file = folder.path().join("kwargs.json");
    std::fs::write(&file, kwargs.to_string()).unwrap();
    // The file lives as long as the test process.
    std::mem::forget(folder);
    program()
        .env("AIRFLOW__SECRETS__BACKEND", class)
        .args(["--timeout", "10", "--backend-kwargs"])
        .arg(format!("@{}", file.display()))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of runs")]
fn every_line_of_stderr_is_short() {
    let mut wrong = Vec::new();
    for letter in ["x", "é", "\u{1b}", "x/"] {
        let big = letter.repeat(100_000 / letter.len());
        let folder = temp_dir();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let unknown_key = write("unknown.json", &json!({&big: {&big: 1}}).to_string());
        let malformed = write(
            "malformed.json",
            &json!({&big: format!("http://h:port/?{big}=1")}).to_string(),
        );
        let line = big.replace(['\n', '\u{1b}'], "y");
        let env_file = write("long.env", &format!("{line}={line}\n{line} {line}\n"));
        let cfg = write("airflow.cfg", &format!("[{line}\n{line}\n"));
        let runs = [
            ("an id", stocked().args(["get-conn", &big]), 3),
            ("a key", stocked().args(["get-var", &big]), 3),
            ("an option", stocked().args(["get-config", &big]), 3),
            ("an id that climbs", stocked().args(["get-conn", &format!("../{big}")]), 2),
            ("a field", stocked().args(["get-conn", "smtp_default", "--field", &big]), 2),
            ("a key of extra", stocked().args(["get-conn", "warehouse", "--field", &format!("extra.{big}")]), 3),
            ("a part of a variable", stocked().args(["get-var", "settings", "--field", &big]), 3),
            ("an exported id", stocked().args(["export", "--format", "json", "--conn", &big]), 3),
            ("a name", stocked().args(["export", "--format", "shell", "--set", &format!("1{big}=var:hello")]), 2),
            ("no reference", stocked().args(["export", "--format", "json", "--set", &format!("{big}=x")]), 2),
            (
                "a part of an export",
                stocked().args(["export", "--format", "json", "--set", &format!("A=conn:warehouse#extra.{big}")]),
                3,
            ),
            (
                "a Secret's name",
                stocked().args(["export", "--format", "kubernetes", "--var", "hello", "--name", &big]),
                2,
            ),
            ("an output file", stocked().args(["export", "--format", "json", "--var", "hello", "--out", &big]), 1),
            ("a command", stocked().args(["exec", "--", &big]), 126),
            ("an option of the command line", program().arg(format!("--{big}")), 2),
            ("a word too many", program().args(["get-var", "hello", &big]), 2),
            ("an unknown command", program().arg(&big), 2),
            ("a choice", program().args(["--color", &big, "get-var", "x"]), 2),
            ("a timeout", program().args(["--timeout", &big, "get-var", "x"]), 2),
            ("a class", program().args(["--backend", &big, "get-var", "x"]), 2),
            ("kwargs", program().args(["--backend", LOCAL, "--backend-kwargs", &big, "get-var", "x"]), 2),
            ("an env file", program().args(["--env-file", &big, "get-var", "x"]), 2),
            ("an env file's text", program().args(["--env-file", &env_file, "get-var", "x"]), 2),
            ("an airflow.cfg", program().args(["--config", &big, "get-var", "x"]), 2),
            ("an airflow.cfg's text", program().args(["--config", &cfg, "get-var", "x"]), 2),
            ("a log filter", program().env("SECRETCTL_LOG", format!("{line}=loud")).args(["get-var", "x"]), 2),
            ("a kwarg's name", with_kwargs(LOCAL, &json!({&big: "x"})).args(["get-var", "x"]), 2),
            ("a kwarg of Vault", with_kwargs(VAULT, &json!({"url": "http://127.0.0.1:1", &big: "x"})).args(["get-var", "x"]), 2),
            (
                "an auth type",
                with_kwargs(VAULT, &json!({"url": "http://127.0.0.1:1", "auth_type": &big})).args(["get-var", "x"]),
                2,
            ),
            (
                "a mount point",
                with_kwargs(VAULT, &json!({"url": "http://127.0.0.1:1", "token": "t", "auth_type": "token", "mount_point": &line}))
                    .args(["get-var", &line]),
                5,
            ),
            (
                "a host",
                with_kwargs(VAULT, &json!({"url": format!("http://{line}"), "token": "t", "auth_type": "token"})).args(["get-var", "x"]),
                0,
            ),
            ("a URL", with_kwargs(VAULT, &json!({"url": &big, "token": "t", "auth_type": "token"})).args(["get-var", "x"]), 0),
            ("a vault URL", with_kwargs(AZURE, &json!({"vault_url": format!("https://{line}")})).args(["get-var", "x"]), 0),
            (
                "a local file",
                with_kwargs(LOCAL, &json!({"variables_file_path": format!("{line}.json")})).args(["get-var", "x"]),
                2,
            ),
            ("an unknown key", with_kwargs(LOCAL, &json!({"connections_file_path": unknown_key})).args(["get-conn", &big]), 2),
            ("a malformed one", with_kwargs(LOCAL, &json!({"connections_file_path": malformed})).args(["get-conn", &big]), 2),
        ];
        for (name, run, status) in runs {
            let output = run.limit(std::time::Duration::from_mins(4)).run();
            let longest = output.stderr.lines().map(|line| line.chars().count()).max();
            assert!(
                output.status != 0 && longest.is_some_and(|longest| longest <= LONGEST),
                "{name} of {letter:?}: status {}, {longest:?} characters: {:.3000}",
                output.status,
                output.stderr
            );
            // Characters that a URL or a path cannot contain are refused earlier.
            if status != 0 && letter == "x" && output.status != status {
                wrong.push(format!(
                    "{name}: {}, not {status}: {:.300}",
                    output.status, output.stderr
                ));
            }
            assert!(
                !output.stderr.contains(|c: char| c.is_control() && c != '\n'),
                "{name}: {:.3000}",
                output.stderr
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
