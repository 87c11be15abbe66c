//! The command line: the list of commands, their dispatch, and the exit status.
//!
//! The options of every command are in [`options`](crate::options). Each command's own options are next to it in `commands`. This file
//! must not know what an option means. An argument that may hold a secret is a [`Secret`](crate::secret::Secret) from here on, so
//! `Debug` does not show it.

use std::ffi::OsString;
use std::panic::Location;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum as _};

use crate::commands::check::{self, CheckArgs};
use crate::commands::completions::{self, CompletionsArgs};
use crate::commands::deferred::Deferred;
use crate::commands::diff::{self, DiffArgs};
use crate::commands::doctor::{self, DoctorArgs};
use crate::commands::exec::{self, ExecArgs};
use crate::commands::explain::{self, ExplainArgs};
use crate::commands::export::{self, ExportArgs};
use crate::commands::get::{self, GetConnArgs, GetVarArgs};
use crate::commands::get_config::{self, GetConfigArgs};
use crate::commands::inject::{self, InjectArgs};
use crate::commands::list::{self, ListArgs};
use crate::commands::man::{self, ManArgs};
use crate::commands::policy::{self, PolicyArgs};
use crate::commands::session::Session;
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::render::Terminal;
use crate::settings;

mod habits;
mod help;
mod usage;

pub use crate::options::{ColorChoice, EnvFileDialect, GlobalArgs};

/// The most characters of a line of help.
const MAX_HELP_WIDTH: usize = 100;

/// Resolves Apache Airflow's connections, variables and configuration options, without Python.
#[derive(Debug, Parser)]
#[command(
    name = "secretctl",
    version = crate::VERSION,
    max_term_width = MAX_HELP_WIDTH,
    arg_required_else_help = true,
    // The last one wins, so a script can override the options of an alias.
    args_override_self = true,
    after_long_help = "Examples:\n  secretctl get-conn smtp_default\n  secretctl get-var hello\n  \
                       secretctl exec --conn warehouse -- dbt run\n  secretctl explain conn smtp_default\n\n\
                       Exit status: 0 found, 1 an internal error, 2 usage or configuration, 3 not found,\n\
                       4 refused or denied, 5 unreachable or timed out, 6 malformed; exec: 125, 126, 127"
)]
pub struct Cli {
    /// The options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a connection
    GetConn(Deferred<GetConnArgs>),
    /// Print a variable
    GetVar(Deferred<GetVarArgs>),
    /// Print a configuration option
    GetConfig(Deferred<GetConfigArgs>),
    /// Run a command with connections and variables in its environment
    Exec(Deferred<ExecArgs>),
    /// Print many connections and variables at once
    Export(Deferred<ExportArgs>),
    /// Render a template with real values
    Inject(Deferred<InjectArgs>),
    /// Show where Airflow would look, and why
    Explain(Deferred<ExplainArgs>),
    /// Check that what code asks for is there, and usable
    Check(Deferred<CheckArgs>),
    /// Print the names that each place has
    List(Deferred<ListArgs>),
    /// Check the configuration, the network, the login and the permissions
    Doctor(Deferred<DoctorArgs>),
    /// Show which names differ between two configurations, without their values
    Diff(Deferred<DiffArgs>),
    /// Print the least privilege with which these names can be read
    Policy(Deferred<PolicyArgs>),
    /// Print completions for a shell
    Completions(Deferred<CompletionsArgs>),
    /// Print the manual page
    Man(Deferred<ManArgs>),
}

impl Command {
    /// Takes the options of every command that stand after the command's name.
    fn take_global(&mut self) -> GlobalArgs {
        std::mem::take(match self {
            Self::GetConn(args) => &mut args.global,
            Self::GetVar(args) => &mut args.global,
            Self::GetConfig(args) => &mut args.global,
            Self::Exec(args) => &mut args.global,
            Self::Export(args) => &mut args.global,
            Self::Inject(args) => &mut args.global,
            Self::Explain(args) => &mut args.global,
            Self::Check(args) => &mut args.global,
            Self::List(args) => &mut args.global,
            Self::Doctor(args) => &mut args.global,
            Self::Diff(args) => &mut args.global,
            Self::Policy(args) => &mut args.global,
            Self::Completions(args) => &mut args.global,
            Self::Man(args) => &mut args.global,
        })
    }
}

/// Parses `args`, runs the command under `env`, reports an error on stderr, and returns the exit status.
pub fn main(args: impl IntoIterator<Item = OsString>, env: Env) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(shell) = completions::asked_by(&env) {
        return completions::answer(shell, Cli::command(), args, &env);
    }
    let cli = match usage::parse(&args, &env) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    let terminal = Terminal::new(color(&cli, &env).forced(), cli.global.quiet, &env);
    let in_full = cli.global.verbose > 0 || settings::wants_details(&env);
    match run(&cli, env) {
        Ok(status) => status,
        Err(error) => {
            let error = if in_full { error.in_full() } else { error };
            terminal.error(&error);
            exit_status(&cli.command, error.kind())
        }
    }
}

/// Reports a panic, and returns the exit status for `args`.
///
/// The panic's message is not shown, because it can quote a secret.
pub fn fault(args: impl IntoIterator<Item = OsString>, location: Option<&Location<'_>>) -> u8 {
    let place = location.map_or("an unknown place", Location::file);
    let line = location.map_or(0, Location::line);
    let error = Error::internal(format!("a bug in secretctl, in {place} line {line}"))
        .with_hint("please report it with this line, which contains no secret");
    Terminal::default().error(&error);
    usage::failed(&args.into_iter().collect::<Vec<_>>(), error.kind())
}

/// Returns when to colour stderr, for an error that occurs before the settings are resolved.
fn color(cli: &Cli, env: &Env) -> ColorChoice {
    let variable = || ColorChoice::from_str(env.text("SECRETCTL_COLOR")?, false).ok();
    cli.global.color.or_else(variable).unwrap_or(ColorChoice::Auto)
}

/// Runs the command of `cli` under `env`, and returns its exit status on success.
///
/// # Errors
/// Any failure; its kind gives the exit status.
pub fn run(cli: &Cli, env: Env) -> Result<u8> {
    let offline = match &cli.command {
        Command::Check(args) => check::offline(args, &cli.global),
        _ => None,
    };
    let session = |env| Session::start(offline.as_ref().unwrap_or(&cli.global), env);
    match &cli.command {
        Command::GetConn(args) => get::connection(|| session(env), args),
        Command::GetVar(args) => get::variable(&session(env)?, args),
        Command::GetConfig(args) => get_config::run(&session(env)?, args),
        Command::Exec(args) => return exec::run(session, env, args),
        Command::Export(args) => export::run(&session(env)?, args),
        Command::Inject(args) => inject::run(&session(env)?, args),
        Command::Explain(args) => explain::run(&session(env)?, args),
        Command::Check(args) => return check::run(|| session(env), args),
        Command::List(args) => list::run(&session(env)?, args),
        Command::Doctor(args) => return doctor::run(&cli.global, env, args),
        Command::Diff(args) => {
            let here = session(env.clone())?;
            return diff::run(&here, &Session::start_other(&cli.global, &env, &args.with)?, args);
        }
        Command::Policy(args) => policy::run(&session(env)?, args),
        Command::Completions(args) => completions::print(args.shell),
        Command::Man(_) => man::print(Cli::command()),
    }
    .map(|()| 0)
}

/// Returns the exit status of a failure of `kind` in `command`.
///
/// In `exec`, secretctl's own failures are 125, to distinguish them from the command's.
fn exit_status(command: &Command, kind: ErrorKind) -> u8 {
    match (command, kind) {
        (Command::Exec(_), ErrorKind::CannotRun | ErrorKind::CommandNotFound) => kind.exit_status(),
        (Command::Exec(_), _) => usage::EXEC_FAILED,
        _ => kind.exit_status(),
    }
}
