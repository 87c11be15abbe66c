//! Standard output: the value, whole or not at all.

use std::io::Write as _;

use crate::error::{Error, ErrorKind, Result};

/// Writes `bytes` to stdout, followed by a newline if `newline` is set. Waits for a slow reader.
///
/// A descriptor that the caller closed (`>&-`) is not an error. Before `main`, Rust's runtime opens `/dev/null` for reading and writing
/// in its place, which looks like a caller's own `/dev/null` (Python opens `subprocess.DEVNULL` the same way).
///
/// # Errors
/// A closed pipe (silent, as with SIGPIPE), and a stdout that cannot be written (status 1).
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
