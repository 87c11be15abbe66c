//! The commands: one file each, with its options' meaning and its work.
//!
//! Every command resolves all that it needs before it writes the first byte to stdout.

use std::ffi::OsString;
use std::panic::Location;

use clap::ValueEnum as _;

use crate::cli::{Cli, ColorChoice, Command};
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::render::Terminal;

mod completions;
mod exec;
mod explain;
mod export;
mod get;
mod habits;
mod man;
mod names;
mod session;
mod stored;
mod usage;

use session::Session;

/// Parses `args`, runs the command under `env`, tells what failed on stderr, and returns the exit status.
pub fn main(args: impl IntoIterator<Item = OsString>, env: Env) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(shell) = completions::asked_by(&env) {
        return completions::answer(shell, args, &env);
    }
    let cli = match usage::parse(&args) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    let terminal = Terminal::new(color(&cli, &env), cli.global.quiet, &env);
    match run(&cli, env) {
        Ok(status) => status,
        Err(error) => {
            terminal.error(&error);
            exit_status(&cli.command, error.kind())
        }
    }
}

/// Says that secretctl is itself at fault, and returns the exit status of `args`. Of a panic's own words none is shown: they can
/// quote what it failed on, and here that may be a secret.
pub fn fault(args: impl IntoIterator<Item = OsString>, location: Option<&Location<'_>>) -> u8 {
    let place = location.map_or("an unknown place", Location::file);
    let line = location.map_or(0, Location::line);
    let error = Error::internal(format!("a fault of secretctl's own, in {place} line {line}"))
        .with_hint("please report it with this line, which holds no value");
    Terminal::default().error(&error);
    usage::failed(&args.into_iter().collect::<Vec<_>>(), error.kind())
}

/// Returns when stderr is coloured, for an error that comes before the settings are resolved.
fn color(cli: &Cli, env: &Env) -> ColorChoice {
    let variable = || ColorChoice::from_str(env.text("SECRETCTL_COLOR")?, false).ok();
    cli.global.color.or_else(variable).unwrap_or(ColorChoice::Auto)
}

/// Runs the command of `cli` under `env`, and returns the exit status of its success.
///
/// # Errors
/// Whatever kept it from its answer; its kind is the exit status.
pub fn run(cli: &Cli, env: Env) -> Result<u8> {
    let session = || Session::start(&cli.global, env);
    match &cli.command {
        Command::GetConn(args) => get::connection(session, args),
        Command::GetVar(args) => get::variable(&session()?, args),
        Command::GetConfig(args) => get::config(&session()?, args),
        Command::Exec(args) => return exec::run(&session()?, args),
        Command::Export(args) => export::run(&session()?, args),
        Command::Explain(args) => explain::run(&session()?, args),
        Command::Completions(args) => completions::print(args.shell),
        Command::Man => man::print(),
    }
    .map(|()| 0)
}

/// Returns the exit status of a failure of `kind` in `command`: in `exec` every one of secretctl's own is 125, so that it is
/// told apart from the command's.
fn exit_status(command: &Command, kind: ErrorKind) -> u8 {
    match (command, kind) {
        (Command::Exec(_), ErrorKind::CannotRun | ErrorKind::CommandNotFound) => kind.exit_status(),
        (Command::Exec(_), _) => usage::EXEC_FAILED,
        _ => kind.exit_status(),
    }
}
