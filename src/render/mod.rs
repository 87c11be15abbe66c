//! A value -> bytes, and the only writing to stdout and stderr.

use std::io::Write as _;

use crate::error::{Error, ErrorKind, Result};

/// Writes `bytes` to stdout, with a newline behind them unless there shall be none.
///
/// # Errors
/// A closed pipe (quiet, as by SIGPIPE) and a stdout that cannot be written (status 1).
pub fn stdout(bytes: &[u8], newline: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(bytes)
        .and_then(|()| if newline { out.write_all(b"\n") } else { Ok(()) })
        .and_then(|()| out.flush());
    written.map_err(|source| match source.kind() {
        std::io::ErrorKind::BrokenPipe => Error::new(ErrorKind::BrokenPipe, "stdout was closed"),
        _ => Error::internal("stdout cannot be written").with_source(source),
    })
}

/// Writes `error` to stderr: what failed, its causes and details beneath, then the hint.
pub fn error(error: &Error) {
    use std::error::Error as _;
    if error.kind() == ErrorKind::BrokenPipe {
        return;
    }
    let mut text = format!("error: {error}\n");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("  caused by: {cause}\n"));
        source = cause.source();
    }
    for detail in error.details() {
        text.push_str(&format!("  {detail}\n"));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("hint: {hint}\n"));
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}
