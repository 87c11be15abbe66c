//! `…_CMD`: a configured value that is a command's output.
//!
//! Owns the running of it, without a shell and within the deadline. What it prints is a secret; the command line can hold
//! one too, and neither is in an error.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `run_command`.

use std::io::Read as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::globals::os_string_of;
use crate::env::{Env, Origin};
use crate::error::{Error, Result};
use crate::python::shlex;
use crate::secret::Secret;

/// How often an ended output's process is asked whether it has ended too.
const POLL: Duration = Duration::from_millis(1);

/// Runs `line` and returns what it prints, as it is, but for bytes that are not UTF-8, which Airflow leaves out.
///
/// It runs in the process's environment with the env files under it. What it prints on stderr is dropped.
///
/// # Errors
/// A line that cannot be split, and a command that cannot be run, fails, or outlasts the deadline, with status 2.
pub(super) fn run(line: &Secret, env: &Env, deadline: Instant) -> Result<Secret> {
    let words = shlex::split(line.expose())
        .map_err(|cause| Error::usage("the command cannot be split into words").with_source(cause))?;
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| Error::usage("the command is empty"))?;
    let mut command = Command::new(os_string_of(program));
    command.args(arguments.iter().map(|word| os_string_of(word)));
    for (name, variable) in env
        .iter()
        .filter(|(_, variable)| variable.origin != Origin::Process)
    {
        command.env(name, os_string_of(variable.value.expose()));
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|cause| Error::usage("the command cannot be run").with_source(cause))?;
    match output(&mut child, deadline) {
        Ok(Some((status, printed))) if status.success() => Ok(printed),
        Ok(Some((status, _))) => Err(Error::usage(format!("the command failed ({status})"))),
        Ok(None) => {
            stop(&mut child);
            Err(Error::usage("the command did not end within the timeout"))
        }
        Err(cause) => {
            stop(&mut child);
            Err(Error::usage("the command's output cannot be read").with_source(cause))
        }
    }
}

/// What the child prints and how it ends; `None` when the deadline passes before.
fn output(child: &mut Child, deadline: Instant) -> std::io::Result<Option<(ExitStatus, Secret)>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut stdout) = child.stdout.take() {
        // The thread ends with the pipe, which a grandchild may hold longer than the child lives: nobody waits for it.
        thread::spawn(move || {
            let mut printed = Vec::new();
            let read = stdout.read_to_end(&mut printed);
            let _ = sender.send(read.map(|_| without_invalid(Secret::new(printed))));
        });
    }
    let Ok(printed) = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) else {
        return Ok(None);
    };
    let printed = printed?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some((status, printed)));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// Ends the child, which may have ended by itself.
fn stop(child: &mut Child) {
    if child.kill().is_ok() {
        let _ = child.wait();
    }
}

/// Python's `decode("utf-8", "ignore")`.
fn without_invalid(printed: Secret) -> Secret {
    if printed.expose_text().is_some() {
        return printed;
    }
    let valid: String = printed
        .expose()
        .utf8_chunks()
        .map(|chunk| chunk.valid())
        .collect();
    Secret::from(valid)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn within(line: &str, timeout: Duration) -> Result<Secret> {
        run(&Secret::from(line), &Env::default(), Instant::now() + timeout)
    }

    #[test]
    fn output_is_taken_as_it_is() {
        let printed = within(r#"printf '%s\n' "{\"a\": 1} $HOME" "#, Duration::from_secs(20)).unwrap();
        assert_eq!(printed.expose(), b"{\"a\": 1} $HOME\n");
        let printed = within(r"printf 'a\377b\303'", Duration::from_secs(20)).unwrap();
        assert_eq!(printed.expose(), b"ab");
    }

    #[test]
    fn a_command_that_outlasts_the_deadline_is_stopped() {
        let started = Instant::now();
        let error = within("sleep 30", Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.message(), "the command did not end within the timeout");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn failures_do_not_show_the_command() {
        for line in [
            "",
            "sh -c 'exit 3' hunter2",
            "no-such-program hunter2",
            "echo 'hunter2",
            "false hunter2",
        ] {
            let error = within(line, Duration::from_secs(20)).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{line}");
        }
    }
}
