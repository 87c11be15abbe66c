//! On a pseudo terminal: Ctrl-C, progress, colour, a terminal as standard input.

use crate::support::{Program, skip, variable};

/// Runs a command on its own terminal, presses keys, and prints the status and everything that the terminal showed.
const ON_A_TERMINAL: &str = r#"
import os, pty, select, sys, time
keys, after, argv = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2].encode(), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execve(argv[0], argv, dict(os.environ))
shown, pressed, end = b"", not keys, time.monotonic() + 30
while time.monotonic() < end:
    if select.select([terminal], [], [], 0.05)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    if not pressed and after in shown:
        pressed = True
        os.write(terminal, keys)
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status))
sys.stdout.write(shown.decode("utf-8", "replace"))
"#;

/// Returns the status (negative for a signal), and the terminal's output.
fn on_a_terminal(
    keys: &str,
    after: &str,
    variables: &[(&str, &str)],
    args: &[&str],
) -> Option<(i32, String)> {
    let Some(python) = variable("AIRFLOW_PYTHON") else {
        skip(
            "airflow",
            "AIRFLOW_PYTHON is not set, whose Python makes the terminal",
        );
        return None;
    };
    let output = Program::new(python)
        .args(["-c", ON_A_TERMINAL, keys, after, env!("CARGO_BIN_EXE_secretctl")])
        .args(args)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .env("HOME", "/nonexistent/home")
        .env("AIRFLOW_VAR_HELLO", "world")
        .envs(variables.iter().copied())
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let (status, shown) = output.text().split_once('\n').unwrap();
    Some((status.parse().unwrap(), shown.to_owned()))
}

/// Starts a server that accepts connections and never answers, and returns its configuration.
fn silent_server() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (
        listener,
        format!(r#"{{"url": "http://{address}", "token": "t", "auth_type": "token"}}"#),
    )
}

const VAULT: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND",
    "airflow.providers.hashicorp.secrets.vault.VaultBackend",
);

#[test]
fn ctrl_c_ends_a_lookup_and_progress_is_shown_after_a_second() {
    let (_listener, kwargs) = silent_server();
    let variables = [VAULT, ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.as_str())];
    let args = ["export", "--var", "a", "--var", "b", "--format", "json"];
    let Some((status, shown)) = on_a_terminal("\\x03", "resolved 0 of 2", &variables, &args) else {
        return;
    };
    assert_eq!(status, -2, "{shown}");
}

#[test]
fn check_shows_progress_and_then_its_report_in_colour() {
    let (_listener, kwargs) = silent_server();
    let variables = [VAULT, ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.as_str())];
    let args = ["check", "--var", "a", "--var", "b", "--timeout", "2"];
    let Some((status, shown)) = on_a_terminal("", "", &variables, &args) else {
        return;
    };
    assert_eq!(status, 5);
    let (_, after) = shown.rsplit_once("resolved 0 of 2").expect("progress is shown");
    assert!(after.starts_with("\r\x1b[K"), "{after:?}");
    assert!(
        after.contains("variable `a`: \x1b[1;31munreachable\x1b[0m"),
        "{after:?}"
    );
    let args = ["check", "--var", "hello", "-q", "--no-metastore"];
    assert_eq!(on_a_terminal("", "", &[], &args), Some((0, String::new())));
}

#[test]
fn progress_is_cleared() {
    let (_listener, kwargs) = silent_server();
    let variables = [VAULT, ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.as_str())];
    let args = [
        "--timeout",
        "1.4",
        "export",
        "--var",
        "a",
        "--var",
        "b",
        "--format",
        "json",
    ];
    let Some((status, shown)) = on_a_terminal("", "", &variables, &args) else {
        return;
    };
    assert_eq!(status, 5, "{shown}");
    let (_, after) = shown.rsplit_once("resolved 0 of 2").expect("progress is shown");
    assert!(after.starts_with("\r\x1b[K"), "{after:?}");
    let quiet = [&["-q"], &args[..]].concat();
    let Some((_, shown)) = on_a_terminal("", "", &variables, &quiet) else {
        return;
    };
    assert!(!shown.contains("resolved"), "{shown}");
}

#[test]
fn ctrl_c_is_the_commands_own() {
    let script = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.05; done";
    let args = ["exec", "--var", "hello", "--", "sh", "-c", script];
    let Some((status, shown)) = on_a_terminal("\\x03", "ready", &[], &args) else {
        return;
    };
    assert_eq!(status, 7, "{shown}");
    assert!(shown.contains("caught"), "{shown}");
}

#[test]
fn the_terminal_is_the_commands_own() {
    let args = [
        "exec",
        "--",
        "sh",
        "-c",
        "test -t 0 && test -t 1 && test -t 2 && echo ready && read x && echo got $x",
    ];
    let Some((status, shown)) = on_a_terminal("line\\n", "ready", &[], &args) else {
        return;
    };
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("got line"), "{shown}");
}

#[test]
fn errors_are_coloured_on_a_terminal_with_colour() {
    let args = ["get-var", "nope"];
    let Some((status, shown)) = on_a_terminal("", "", &[], &args) else {
        return;
    };
    assert_eq!(status, 3);
    assert!(shown.starts_with("\x1b[1;31merror:\x1b[0m "), "{shown:?}");
    for variables in [
        [("TERM", "dumb")],
        [("NO_COLOR", "1")],
        [("SECRETCTL_COLOR", "never")],
    ] {
        let (_, shown) = on_a_terminal("", "", &variables, &args).unwrap();
        assert!(shown.starts_with("error: "), "{shown:?}");
    }
}
