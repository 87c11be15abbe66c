//! Parse, run, exit status.

use std::process::ExitCode;

use secretctl::commands;
use secretctl::env::Env;

fn main() -> ExitCode {
    ExitCode::from(commands::main(std::env::args_os(), Env::process()))
}
