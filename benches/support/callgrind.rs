//! Counts the instructions of a command with valgrind's callgrind: the same on a busy machine as on an idle one.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Checks that valgrind is installed.
pub(crate) fn available() -> Result<(), String> {
    match Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
    {
        Ok(status) if status.success() => Ok(()),
        _ => Err("valgrind, which counts the instructions, is not installed".to_owned()),
    }
}

/// Returns a command that runs `program` under callgrind.
pub(crate) fn command(program: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program);
    valgrind
}

/// Runs such a command until it ends, and returns its instructions and its output.
///
/// Fails unless its status is `status`.
pub(crate) fn count(command: &mut Command, status: i32) -> (u64, Output) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{command:?}: {stderr}");
    let line = stderr.lines().find(|line| line.contains("Collected"));
    let instructions = line
        .and_then(|line| line.rsplit(':').next()?.trim().parse().ok())
        .unwrap_or_else(|| panic!("callgrind did not report a count: {stderr}"));
    (instructions, output)
}
