//! Parses the command line, runs the command, and returns its exit status.

use std::process::ExitCode;

use secretctl::cli;
use secretctl::env::Env;
use secretctl::error::ErrorKind;

fn main() -> ExitCode {
    forbid_core_dumps();
    std::panic::set_hook(Box::new(|panic| {
        let status = cli::fault(std::env::args_os(), panic.location());
        std::process::exit(status.into());
    }));
    let status = cli::main(std::env::args_os(), Env::process());
    if status == ErrorKind::BrokenPipe.exit_status() {
        end_as_by_sigpipe();
    }
    ExitCode::from(status)
}

/// Ends the process by SIGPIPE, as a shell expects from the writer of a closed pipe. Rust ignores the signal at start.
fn end_as_by_sigpipe() {
    #[cfg(unix)]
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
}

/// Keeps memory out of core files and away from debuggers of the same user. The command of `exec` is not protected so.
/// Source: prctl(2), `PR_SET_DUMPABLE`.
fn forbid_core_dumps() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
