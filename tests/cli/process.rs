//! The process and its system: closed pipes, full devices, signals, inherited descriptors.

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use super::{program, run, stocked};
use crate::support::{Program, free_port, skip};

const SIGINT: i32 = 2;
const SIGPIPE: i32 = 13;
const SIGTERM: i32 = 15;

/// Runs a shell script in which `$S` is the program.
fn shell(script: &str) -> crate::support::Output {
    Program::new("bash")
        .args(["-c", script])
        .env("S", env!("CARGO_BIN_EXE_secretctl"))
        .env("AIRFLOW_VAR_HELLO", "world")
        .env("AIRFLOW_VAR_LONG", "x".repeat(100_000))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .run()
}

#[test]
fn a_closed_pipe_ends_it_silently_as_sigpipe_does() {
    for arguments in [
        "get-var long",
        "--help",
        "export --var long --format json",
        "man",
        "completions bash",
        "explain var long",
    ] {
        let output = shell(&format!("$S {arguments} | sleep 0; echo ${{PIPESTATUS[0]}}"));
        assert_eq!(output.stderr, "", "{arguments}");
        // The reader exits at once or a moment later; a short text may already be written.
        assert!(
            matches!(output.text(), "141\n" | "0\n"),
            "{arguments}: {}",
            output.text()
        );
    }
    let mut child = stocked()
        .env("AIRFLOW_VAR_LONG", "x".repeat(100_000))
        .args(["get-var", "long"])
        .command();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = child.stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.signal(), Some(SIGPIPE));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_slow_reader_gets_everything() {
    let output = shell("$S --timeout 0.2 get-var long | { sleep 0.6; wc -c; }; echo ${PIPESTATUS[0]}");
    let words: Vec<&str> = output.text().split_whitespace().collect();
    assert_eq!(words, ["100001", "0"], "{}", output.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_status_1() {
    for arguments in ["get-var hello", "--help", "man"] {
        let output = shell(&format!("$S {arguments} >/dev/full"));
        assert_eq!(output.status, 1, "{arguments}");
    }
    assert_eq!(
        shell("$S exec --var hello -- true >/dev/full").status,
        0,
        "exec itself prints nothing"
    );
}

#[test]
fn closed_standard_streams_are_not_an_error() {
    assert_eq!(shell("$S get-var hello <&-").text(), "world\n");
    assert_eq!(shell("$S get-var hello 2>&-").text(), "world\n");
    assert_eq!(shell("$S get-var nope 2>&-").status, 3);
    assert_eq!(
        shell("$S exec --var hello -- sh -c 'echo $AIRFLOW_VAR_HELLO' <&- 2>&-").text(),
        "world\n"
    );
}

#[test]
fn descriptors_limits_and_dispositions_pass_unchanged() {
    let output = shell(
        "exec 7</etc/hostname; ulimit -n 77; $S exec -- sh -c 'ls /proc/self/fd | grep -c ^7$; ulimit -n'",
    );
    if cfg!(target_os = "linux") {
        assert_eq!(output.text(), "1\n77\n");
        let dispositions = |wrapped: &str| {
            shell(&format!(
                "trap '' INT HUP; {wrapped} grep -E 'Sig(Ign|Cgt|Blk)' /proc/self/status"
            ))
        };
        assert_eq!(dispositions("$S exec --").text(), dispositions("").text());
    }
    // Rust ignores SIGPIPE at start; the command must not.
    let output = shell("$S exec -- bash -c 'trap -p PIPE; kill -PIPE $$; echo alive'; echo $?");
    assert_eq!(output.text(), "141\n");
}

/// Starts a server that accepts connections and never answers.
fn silent_server() -> (std::net::TcpListener, Program) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let kwargs = format!(r#"{{"url": "http://{address}", "token": "t", "auth_type": "token"}}"#);
    let program = program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs);
    (listener, program)
}

fn kill(pid: u32, signal: i32) {
    let status = Program::new("sh")
        .args(["-c", &format!("kill -{signal} {pid}")])
        .run()
        .status;
    assert_eq!(status, 0);
}

#[test]
fn a_signal_ends_a_lookup_at_once() {
    for signal in [SIGINT, SIGTERM] {
        for line in [
            "get-var x",
            "exec --var x -- true",
            "export --var x --format json",
            "explain var x --probe",
        ] {
            let (listener, program) = silent_server();
            let mut child = program
                .args(line.split_whitespace())
                .command()
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let connection = listener.accept().unwrap();
            kill(child.id(), signal);
            let status = child.wait().unwrap();
            assert_eq!(status.signal(), Some(signal), "{line}");
            let mut shown = String::new();
            child.stderr.take().unwrap().read_to_string(&mut shown).unwrap();
            child.stdout.take().unwrap().read_to_string(&mut shown).unwrap();
            assert_eq!(shown, "", "{line}");
            drop(connection);
        }
    }
}

#[test]
fn a_server_that_never_answers_ends_in_time() {
    let (_listener, program) = silent_server();
    for line in [
        "--timeout 0.3 get-var x",
        "--timeout 0.3 export --var x --var y --format json",
    ] {
        let output = run(program.clone(), line);
        assert_eq!((output.status, output.stdout.len()), (5, 0), "{}", output.stderr);
        assert!(output.time.as_millis() < 1500, "{:?}", output.time);
    }
    let output = run(program, "--timeout 0.3 explain var x --probe -o json");
    assert_eq!(output.status, 0, "{}", output.stderr);
    let steps: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(steps["lookups"][0]["outcome"], "unreachable");
    assert_eq!(steps["lookups"][1]["outcome"], "not found");
}

#[test]
fn other_processes_see_no_secret_in_a_command_line() {
    let kwargs = format!(
        r#"{{"url": "http://127.0.0.1:{}", "token": "hunter2", "auth_type": "token"}}"#,
        free_port()
    );
    let program = || {
        program().env(
            "SECRETCTL_BACKEND",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        )
    };
    let output = program()
        .args(["--backend-kwargs", &kwargs, "explain", "var", "x"])
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("`token`") && !output.stderr.contains("hunter2"),
        "{}",
        output.stderr
    );
    let output = program()
        .args(["-q", "--backend-kwargs", &kwargs, "explain", "var", "x"])
        .run();
    assert_eq!(output.stderr, "");
    let output = program()
        .args(["--backend-kwargs", "@-", "explain", "var", "x"])
        .stdin(&kwargs)
        .run();
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
}

#[test]
#[cfg(target_os = "linux")]
fn a_system_without_room_for_a_thread_is_not_a_bug() {
    // An account without other processes: the servers of the tests run as `nobody`.
    let unused = |limit: &str| {
        let shell = "exec setpriv --reuid=65531 --clear-groups prlimit --nproc=$LIMIT \"$0\" \"$@\"";
        Program::new("sh")
            .args(["-c", shell, env!("CARGO_BIN_EXE_secretctl")])
            .env("LIMIT", limit)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", "/nonexistent/home")
    };
    if unused("100").arg("--version").run().status != 0 {
        return skip("a limit on processes", "it takes root, setpriv and prlimit");
    }
    // Without room for the thread that reads what may hang, a file is still read.
    let read = unused("1")
        .args(["--config", "/proc/version", "get-var", "x"])
        .run();
    assert!(
        read.fails(2).contains("`/proc/version` line 1"),
        "{}",
        read.stderr
    );
    // There is room for the thread that reads files and for the command, but not for the thread that reads its output.
    let output = unused("3")
        .env("AIRFLOW_CONFIG", "/dev/null")
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", "sleep 1")
        .args(["get-var", "x"])
        .run();
    assert!(
        output.fails(2).contains("BACKEND_KWARGS_CMD"),
        "{}",
        output.stderr
    );
}
