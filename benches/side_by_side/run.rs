//! Runs a program as every row does: with nothing of ours in its environment, to its end.

use std::ffi::OsStr;
use std::process::Command;

/// Returns a command with an environment that has nothing of ours but `PATH`.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .stdin(std::process::Stdio::null());
    command
}

/// Runs a command, and returns what it printed, without the line's end.
pub(crate) fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {stderr}",
        command.get_program().display()
    );
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
