//! `…_CMD`: a configured value that is the output of a command.
//!
//! Owns running the command, without a shell and within the deadline. The output is a secret, and the command line can hold one. Errors
//! show neither.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `run_command`.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use super::globals::os_string_of;
use crate::env::{Env, Origin};
use crate::error::{Error, Result};
use crate::helper::{self, Failure, MAX_BYTES, Output};
use crate::python::shlex;
use crate::secret::Secret;

/// Runs `line` and returns its output unchanged, except for bytes that are not UTF-8, which Airflow leaves out.
///
/// The command gets the process's environment and the variables of env files. Its stderr is discarded.
///
/// # Errors
/// With status 2: a line that cannot be split, and a command that cannot be run, fails, prints too much, or misses the deadline.
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
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    match output(command, deadline)? {
        Ok(output) if output.status.success() => Ok(without_invalid(output.stdout)),
        Ok(output) => Err(Error::usage(format!("the command failed ({})", output.status))),
        Err(Failure::Start(cause)) => Err(Error::usage("the command cannot be run").with_source(cause)),
        Err(Failure::Late) => Err(Error::usage("the command did not end within the timeout")),
        Err(Failure::TooLong) => Err(Error::usage(format!(
            "the command prints more than {} MiB",
            MAX_BYTES >> 20
        ))),
        Err(Failure::Lost(cause)) => {
            Err(Error::usage("the command's output cannot be read").with_source(cause))
        }
    }
}

/// Runs `command` in its own runtime on its own thread, because the caller may already be in a runtime.
fn output(command: Command, deadline: Instant) -> Result<Result<Output, Failure>> {
    let failed = |source| Error::internal("the runtime cannot be started").with_source(source);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    thread::scope(|scope| {
        let running = thread::Builder::new()
            .name("command".to_owned())
            // The runtime ends in that thread too: none may end within another.
            .spawn_scoped(scope, move || runtime.block_on(helper::run(command, deadline)))
            .map_err(failed)?;
        running
            .join()
            .map_err(|_| Error::internal("the command's thread ended without an answer"))
    })
}

/// Removes invalid UTF-8, as Python's `decode("utf-8", "ignore")` does.
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
    use std::time::Duration;

    use super::*;

    fn within(line: &str, timeout: Duration) -> Result<Secret> {
        run(&Secret::from(line), &Env::default(), Instant::now() + timeout)
    }

    #[test]
    fn output_is_kept_unchanged() {
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
