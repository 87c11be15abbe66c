//! Standard output: the value, whole or not at all.

use std::io::Write as _;

use crate::error::{Error, ErrorKind, Result};

/// Writes `bytes` to stdout, with a newline behind them unless there shall be none. A reader that takes its time is waited for.
///
/// A descriptor that the caller closed (`>&-`) is no failure: before `main`, Rust's start opens `/dev/null` in its place, for reading
/// and writing, which cannot be told from a caller's own (Python opens its `subprocess.DEVNULL` so too).
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
