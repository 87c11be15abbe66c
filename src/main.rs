//! Parse, run, exit status.

use std::process::ExitCode;

use secretctl::commands;
use secretctl::env::Env;
use secretctl::error::ErrorKind;

fn main() -> ExitCode {
    let status = commands::main(std::env::args_os(), Env::process());
    if status == ErrorKind::BrokenPipe.exit_status() {
        end_as_by_sigpipe();
    }
    ExitCode::from(status)
}

/// Ends the process by SIGPIPE, as the reader of a closed pipe expects of a writer; Rust's start had it ignored.
fn end_as_by_sigpipe() {
    #[cfg(unix)]
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
}
