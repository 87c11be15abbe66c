//! The peak resident memory of a command, as the system counts it.
//!
//! The system reports the greatest figure of all children (`getrusage`, `RUSAGE_CHILDREN`). So this program runs itself as a
//! wrapper with one child, and the wrapper writes the figure to a given file. A process starts as a copy of its parent, and
//! that counts: no figure is below the wrapper's own memory.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The argument that makes this program the wrapper. The file for the figure, the program and its arguments follow.
const WRAPPER: &str = "--peak-memory-to";

/// Returns a command that runs `program` and writes its peak memory to `file`.
pub(crate) fn command(program: &Path, file: &Path) -> Command {
    let mut wrapper = Command::new(std::env::current_exe().unwrap());
    wrapper.arg(WRAPPER).arg(file).arg(program);
    wrapper
}

/// Reads the wrapper's figure in bytes; `None` where the system does not report it.
pub(crate) fn read(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).unwrap().parse().ok()
}

/// Runs the wrapper, if this process was started as one.
pub(crate) fn wrap() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != WRAPPER {
        return None;
    }
    let (file, program): (OsString, OsString) = (args.next()?, args.next()?);
    let status = Command::new(program).args(args).status().unwrap();
    let figure = peak_of_children().map_or_else(String::new, |bytes| bytes.to_string());
    std::fs::write(file, figure).unwrap();
    Some(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(target_os = "linux")]
fn peak_of_children() -> Option<u64> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    // In KiB on Linux, see getrusage(2).
    u64::try_from(usage.max_rss()).ok().map(|kib| kib << 10)
}

#[cfg(not(target_os = "linux"))]
fn peak_of_children() -> Option<u64> {
    None
}
