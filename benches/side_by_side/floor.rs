//! The floor: a C program that writes the same two requests to a socket, and prints the value. It is compiled for this run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles the program into `folder`, or returns why it cannot be.
pub(crate) fn compile(folder: &Path) -> Result<PathBuf, String> {
    let program = folder.join("floor");
    let output = Command::new("cc")
        .args(["-O2", "-o"])
        .arg(&program)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/benches/side_by_side/floor.c"
        ))
        .output()
        .map_err(|why| format!("cc: {why}"))?;
    if output.status.success() {
        return Ok(program);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let first = stderr.lines().find(|line| line.contains("error"));
    Err(first.unwrap_or("cc failed").to_owned())
}
