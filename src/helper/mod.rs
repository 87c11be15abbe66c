//! Runs a helper program: the `…_CMD` of a configuration, or a tool that people log in with.
//!
//! Owns its limits of time and output, and ends it together with everything that it has started. Its output may be a secret, and
//! so may its command line: neither is in a failure. Must not know what it is run for.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::secret::Secret;

mod group;
mod words;

use group::Group;
pub(crate) use words::{names_a_secret, without_tokens};

/// The maximum size of a program's output, as of a file.
pub(crate) const MAX_BYTES: u64 = 16 << 20;

/// The result of a program.
pub(crate) struct Output {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Its standard output, when that is piped.
    pub(crate) stdout: Secret,
    /// Its standard error, when that is piped.
    pub(crate) stderr: Secret,
}

/// Why there is no output.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be started.
    Start(io::Error),
    /// It had not ended in time, or a process that it started still held its output.
    Late,
    /// It printed more than the limit.
    TooLong,
    /// Its output could not be read, or waiting for its end failed.
    Lost(io::Error),
}

/// Runs `command` until it ends and its output is closed.
///
/// At `deadline`, or when the future is dropped, it is killed with everything that it has started. If it ends in time, processes
/// that it left running with their own output go on.
///
/// # Errors
/// The reason why it did not end. A status other than 0 is not a failure.
pub(crate) async fn run(mut command: Command, deadline: Instant) -> Result<Output, Failure> {
    let mut group = Group::prepare(&mut command);
    let mut child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .map_err(Failure::Start)?;
    group.begin(child.id());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (stdout, stderr) = tokio::try_join!(whole(stdout), whole(stderr))?;
        let status = child.wait().await.map_err(Failure::Lost)?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    };
    let output = tokio::select! {
        output = tokio::time::timeout_at(deadline.into(), work) => output.unwrap_or(Err(Failure::Late))?,
        () = group.pass_signals_on() => return Err(Failure::Late),
    };
    group.leave();
    Ok(output)
}

/// Reads a pipe to its end.
async fn whole(pipe: Option<impl AsyncRead + Unpin>) -> Result<Secret, Failure> {
    let mut bytes = Vec::new();
    let read = match pipe {
        Some(pipe) => pipe.take(MAX_BYTES + 1).read_to_end(&mut bytes).await,
        None => Ok(0),
    };
    let bytes = Secret::new(bytes);
    match read {
        Ok(length) if length as u64 > MAX_BYTES => Err(Failure::TooLong),
        Ok(_) => Ok(bytes),
        Err(source) => Err(Failure::Lost(source)),
    }
}

/// Returns a value as the system passes it to a program; `None` if it cannot.
#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems allow only text in a variable"
)]
pub(crate) fn os_value(value: &Secret) -> Option<&std::ffi::OsStr> {
    Some(std::os::unix::ffi::OsStrExt::from_bytes(value.expose()))
}

/// Returns a value as the system passes it to a program; `None` if it cannot.
#[cfg(not(unix))]
pub(crate) fn os_value(value: &Secret) -> Option<&std::ffi::OsStr> {
    value.expose_text().map(std::ffi::OsStr::new)
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Stdio;
    use std::time::Duration;

    use super::*;

    fn shell(script: &str, time: Duration) -> Result<Output, Failure> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(run(command, Instant::now() + time))
    }

    #[test]
    fn output_errors_and_status_are_returned() {
        let output = shell("echo out; echo err >&2; exit 3", Duration::from_mins(1)).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.stdout.expose(), b"out\n");
        assert_eq!(output.stderr.expose(), b"err\n");
    }

    #[test]
    fn endless_output_is_refused() {
        let failure = shell("exec cat /dev/zero", Duration::from_mins(1)).err();
        assert!(matches!(failure, Some(Failure::TooLong)), "{failure:?}");
    }

    #[test]
    fn a_program_that_ends_in_time_may_leave_others_running() {
        // As a tool starts an agent: with its own output.
        let script = "sleep 20 >/dev/null 2>&1 </dev/null & echo $!";
        let output = shell(script, Duration::from_mins(1)).unwrap();
        let pid = output.stdout.expose_text().unwrap().trim().to_owned();
        let killed = Command::new("kill").arg(pid).status().unwrap();
        assert!(killed.success());
    }

    #[test]
    fn a_missing_program_does_not_start() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let failure = runtime
            .block_on(run(Command::new("/nonexistent/x"), Instant::now()))
            .err();
        assert!(matches!(failure, Some(Failure::Start(_))), "{failure:?}");
    }
}
