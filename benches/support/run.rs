//! Runs a program with a clean environment until it ends.

use std::ffi::OsStr;
use std::process::Command;

/// Returns a command with only `PATH` in its environment.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .stdin(std::process::Stdio::null());
    command
}

/// Runs a command, and returns its output without the final newline.
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
