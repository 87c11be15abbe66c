//! Runs the command lines of the pages against a real server.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::markdown::{Block, blocks};
use crate::support::{Output, Program, VaultServer, bao, temp_dir};

/// The server's address in the pages.
const EXAMPLE_ADDRESS: &str = "http://127.0.0.1:8200";

/// Stores the secrets that the pages' examples expect in Vault.
fn seed(bao: &VaultServer) -> String {
    let mount = bao.kv(2);
    let uri = "smtp://user:pass@mail.example.com:587";
    bao.put(&mount, "connections/smtp_default", json!({"conn_uri": uri}));
    let uri = "postgres://etl:s3cr%40t@db.example.com:5432/dwh?sslmode=require";
    bao.put(&mount, "connections/warehouse", json!({"conn_uri": uri}));
    bao.put(&mount, "variables/hello", json!({"value": "world"}));
    bao.put(
        &mount,
        "variables/limits",
        json!({"value": r#"{"daily": {"rows": 1000}}"#}),
    );
    mount
}

/// Writes the file of a block, with this run's server instead of the example's.
fn write_file(dir: &Path, name: &str, block: &Block<'_>, bao: &VaultServer, mount: &str) {
    let mut text = block.text.clone();
    if text.contains("vault.VaultBackend") {
        let (role_id, secret_id) = bao.approle(mount);
        for (from, to) in [
            (EXAMPLE_ADDRESS, bao.addr.as_str()),
            (
                r#""mount_point": "airflow""#,
                &format!(r#""mount_point": "{mount}""#),
            ),
            ("astro_role", &role_id),
            (r#""secret_id":"…""#, &format!(r#""secret_id":"{secret_id}""#)),
        ] {
            assert!(text.contains(from), "{name} has no {from}");
            text = text.replace(from, to);
        }
    }
    fs::write(dir.join(name), text).unwrap();
}

fn run(dir: &Path, script: &str) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_secretctl")).parent().unwrap();
    // A release build would take minutes; the program is the same.
    let script = script.replace("cargo run --release --locked --quiet --", "secretctl");
    Program::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env(
            "PATH",
            format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()),
        )
        .env("HOME", dir)
        .dir(dir)
        .run()
}

/// Runs each `$ command` of a block and compares its output with the lines that follow it.
fn run_console(dir: &Path, block: &Block<'_>, bao: &VaultServer, mount: &str) -> Result<(), String> {
    for entry in format!("\n{}", block.text).split("\n$ ").skip(1) {
        let (command, expected) = entry.split_once('\n').unwrap_or((entry, ""));
        let output = run(dir, command);
        let (expected, printed) = (
            expected.trim_end(),
            output
                .text()
                .replace(&bao.addr, EXAMPLE_ADDRESS)
                .replace(mount, "airflow"),
        );
        let printed = printed.trim_end();
        if output.status != 0 || !matches(printed, expected) || !output.stderr.is_empty() {
            return Err(format!(
                "$ {command}\nstatus {}, prints\n{printed}\nbut the page says\n{expected}\nstderr: {}",
                output.status, output.stderr
            ));
        }
    }
    Ok(())
}

/// Returns whether `printed` is what the page shows; a last line `…` matches anything.
fn matches(printed: &str, expected: &str) -> bool {
    expected
        .strip_suffix("\n…")
        .map_or(printed == expected, |start| printed.starts_with(start))
}

fn run_script(dir: &Path, block: &Block<'_>) -> Result<(), String> {
    let output = run(dir, &block.text);
    if output.status == 0 {
        Ok(())
    } else {
        Err(format!("status {}, stderr: {}", output.status, output.stderr))
    }
}

#[test]
fn every_command_line_in_the_pages_prints_what_the_page_says() {
    let Some(bao) = bao() else { return };
    let mount = seed(bao);
    let mut failures = Vec::new();
    let mut ran = 0;
    for page in super::pages() {
        let text = fs::read_to_string(&page).unwrap();
        let dir = temp_dir();
        std::os::unix::fs::symlink(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"),
            dir.path().join("examples"),
        )
        .unwrap();
        for block in blocks(&text) {
            let comment = block.comment.unwrap_or_default();
            let result = match block.language {
                _ if comment.starts_with("not run: ") => continue,
                "dotenv" => {
                    let name = comment
                        .strip_prefix("file: ")
                        .expect("a dotenv block names its file");
                    write_file(dir.path(), name, &block, bao, &mount);
                    Ok(())
                }
                "console" => run_console(dir.path(), &block, bao, &mount),
                "sh" | "bash" | "shell" => run_script(dir.path(), &block),
                _ => continue,
            };
            ran += 1;
            if let Err(error) = result {
                failures.push(format!(
                    "{}:{}: {error}",
                    page.file_name().unwrap().display(),
                    block.line
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(ran > 10, "only {ran} blocks ran");
}
