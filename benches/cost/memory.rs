//! The most memory that a command has resident, as the system counted it until the command's end.
//!
//! The system tells it of all children together (`getrusage`, `RUSAGE_CHILDREN`), the greatest of them. So this program runs
//! itself as a wrapper with one child, and the wrapper writes the figure where it is told. A process begins as a copy of
//! the one that starts it, and that counts: no figure is below what the wrapper itself has resident.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The argument that makes this program the wrapper; behind it the file for the figure, the program and its arguments.
const WRAPPER: &str = "--peak-memory-to";

/// Returns a command that runs `program` and writes its peak memory to `file`.
pub(crate) fn command(program: &Path, file: &Path) -> Command {
    let mut wrapper = Command::new(std::env::current_exe().unwrap());
    wrapper.arg(WRAPPER).arg(file).arg(program);
    wrapper
}

/// Reads what the wrapper wrote, in bytes; none where the system does not tell.
pub(crate) fn read(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).unwrap().parse().ok()
}

/// Is the wrapper, when this process was started as one.
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
    // In KiB, as getrusage(2) has it for Linux.
    u64::try_from(usage.max_rss()).ok().map(|kib| kib << 10)
}

#[cfg(not(target_os = "linux"))]
fn peak_of_children() -> Option<u64> {
    None
}
