//! Parse, run, exit status.

use std::process::ExitCode;

use clap::Parser as _;
use secretctl::cli::Cli;
use secretctl::env::Env;
use secretctl::{commands, render};

fn main() -> ExitCode {
    match commands::run(Cli::parse(), Env::process()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            render::error(&error);
            ExitCode::from(error.kind().exit_status())
        }
    }
}
