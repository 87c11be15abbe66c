//! What the system shows about the process and its children: environment, core dumps, files.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::leaks::canary;
use super::scenarios::VAULT;
use crate::support::{Program, secretctl, skip, temp_dir};

const EXEC: &[&str] = &["exec", "--var", "hello", "--pristine", "--"];

#[cfg(target_os = "linux")]
#[test]
fn a_pristine_child_has_path_and_the_requested_variables() {
    let output = secretctl()
        .env("PATH", "/usr/bin:/bin")
        .env("AIRFLOW_VAR_HELLO", "world")
        .env("AIRFLOW_VAR_OTHER", canary("other"))
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", "{}")
        .env("SECRETCTL_TIMEOUT", "9")
        .env("VAULT_TOKEN", canary("token"))
        .args(EXEC)
        .args(["cat", "/proc/self/environ"])
        .run();
    let mut variables: Vec<_> = output.ok().split_terminator('\0').collect();
    variables.sort_unstable();
    assert_eq!(variables, ["AIRFLOW_VAR_HELLO=world", "PATH=/usr/bin:/bin"]);
}

#[test]
fn a_child_never_gets_the_variables_meant_for_secretctl() {
    let dir = temp_dir();
    std::fs::write(
        dir.path().join("a.env"),
        format!("AIRFLOW_VAR_HELLO=world\nTOKEN={}\n", canary("envfile")),
    )
    .unwrap();
    let output = secretctl()
        .env("PATH", "/usr/bin:/bin")
        .env("SECRETCTL_TIMEOUT", "9")
        .env("KEPT", "1")
        .dir(&dir)
        .args(["--env-file", "a.env", "exec", "--var", "hello", "--", "env"])
        .run();
    let text = output.ok();
    assert!(
        text.contains("KEPT=1\n") && text.contains("AIRFLOW_VAR_HELLO=world\n"),
        "{text}"
    );
    assert!(!text.contains("SECRETCTL_") && !text.contains("TOKEN"), "{text}");
}

/// Runs `path` with core dumps enabled, ends it with SIGABRT, and returns whether the system wrote a core.
fn dumps_core(program: &Program) -> bool {
    let dir = temp_dir();
    let command = program.command();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    shell
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(&dir);
    let mut child = shell.stderr(std::process::Stdio::null()).spawn().unwrap();
    // Long enough to read the environment, but not to give up on the server that never answers.
    std::thread::sleep(Duration::from_millis(500));
    let kill = Command::new("kill")
        .args(["-ABRT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6));
    status.core_dumped()
}

/// A server that listens and never answers, and a program that waits for it with a token in its memory.
fn waiting() -> (std::net::TcpListener, String) {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let kwargs = json!({"url": url, "auth_type": "token", "token": canary("waiting")});
    (silent, kwargs.to_string())
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_list_shows_no_secret() {
    let (_silent, kwargs) = waiting();
    let dir = temp_dir();
    std::fs::write(dir.path().join("kwargs.json"), kwargs).unwrap();
    let program = secretctl().args([
        "--backend",
        VAULT,
        "--backend-kwargs",
        "@kwargs.json",
        "get-var",
        "hello",
    ]);
    let child = program
        .dir(&dir)
        .command()
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let child = crate::support::Guard::new(child);
    std::thread::sleep(Duration::from_millis(300));
    // Its own line, and those of its children.
    let mut lines = 0;
    for entry in std::fs::read_dir("/proc").unwrap() {
        let folder = entry.unwrap().path();
        let stat = std::fs::read_to_string(folder.join("stat")).unwrap_or_default();
        let parent = stat
            .rsplit(')')
            .next()
            .and_then(|rest| rest.split(' ').nth(2))
            .unwrap_or_default();
        if folder.ends_with(child.id().to_string()) || parent == child.id().to_string() {
            let line = std::fs::read(folder.join("cmdline")).unwrap();
            assert!(
                !String::from_utf8_lossy(&line).contains("Zq7"),
                "{}",
                String::from_utf8_lossy(&line)
            );
            lines += 1;
        }
    }
    assert!(lines > 0, "the process ended too early");
}

#[test]
fn a_secret_on_the_command_line_gets_a_warning_that_does_not_show_it() {
    let kwargs =
        json!({"url": "http://127.0.0.1:1", "auth_type": "token", "token": canary("argv")}).to_string();
    let output = secretctl()
        .args([
            "--timeout",
            "1",
            "--backend",
            VAULT,
            "--backend-kwargs",
            &kwargs,
            "get-var",
            "x",
        ])
        .run();
    let stderr = output.fails(5);
    assert!(
        stderr.starts_with("warning: ") && stderr.contains("`token`"),
        "{stderr}"
    );
    assert!(!stderr.contains("Zq7"), "{stderr}");
}

#[test]
fn a_crash_leaves_no_core_dump() {
    if !dumps_core(&Program::new("/bin/sleep").arg("60")) {
        skip("core dumps", "the system writes none, of any program");
        return;
    }
    let (_silent, kwargs) = waiting();
    let program = secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
        .args(["get-var", "hello"]);
    assert!(!dumps_core(&program));
}

#[test]
fn a_written_file_is_private_and_no_temporary_file_remains() {
    let dir = temp_dir();
    let file = dir.path().join("secrets.env");
    let program = || secretctl().env("AIRFLOW_VAR_HELLO", canary("written")).dir(&dir);
    let args = [
        "export",
        "--var",
        "hello",
        "--format",
        "shell",
        "--out",
        "secrets.env",
    ];
    assert_eq!(program().args(args).run().ok(), "");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777,
        0o600
    );
    // A name that is not found: the file is unchanged.
    let before = std::fs::read(&file).unwrap();
    program().args(args).args(["--var", "missing"]).run().fails(3);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let names: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["secrets.env"]);
}
