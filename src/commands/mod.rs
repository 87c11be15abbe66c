//! The commands: one file each, with its options' meaning and its work.
//!
//! Every command resolves all that it needs before it writes the first byte to stdout.

use std::ffi::OsString;

use crate::cli::{Cli, Command, GlobalArgs};
use crate::connection::Connection;
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::render::{Masks, Terminal};
use crate::resolver::Resolver;
use crate::settings::Settings;
use crate::value::{Found, SecretKind};

mod explain;
mod get;
mod stored;
mod usage;

/// What every command starts from: settings, the search path built from them, and a runtime to ask it with.
pub struct Session {
    settings: Settings,
    resolver: Resolver,
    runtime: tokio::runtime::Runtime,
    terminal: Terminal,
    newline: bool,
    no_mask: bool,
}

impl Session {
    /// Resolves the settings, builds the search path, and says on stderr what the settings warn of.
    ///
    /// # Errors
    /// A configuration that cannot be used, with status 2.
    pub fn start(args: &GlobalArgs, env: Env) -> Result<Self> {
        let terminal = Terminal::new(args.color, args.quiet, &env);
        let mut settings = Settings::resolve(args, env)?;
        for warning in &settings.warnings {
            terminal.warning(warning);
        }
        let resolver = Resolver::new(&mut settings, |conn_id, found| {
            Connection::from_found(conn_id, found).map(drop)
        })?;
        let mut builder = tokio::runtime::Builder::new_current_thread();
        if resolver.needs_network() {
            builder.enable_all();
        }
        let runtime = builder
            .build()
            .map_err(|source| Error::internal("the runtime cannot be started").with_source(source))?;
        Ok(Self {
            settings,
            resolver,
            runtime,
            terminal,
            newline: !args.no_newline,
            no_mask: args.no_mask,
        })
    }

    /// Asks the search path for `id`.
    fn resolve(&self, kind: SecretKind, id: &str) -> Result<Found> {
        self.runtime.block_on(self.resolver.resolve(kind, id))
    }

    /// Returns an empty set of masks for the CI system that this runs under.
    fn masks(&self) -> Masks {
        Masks::new(&self.settings.env, self.no_mask)
    }
}

/// Parses `args`, runs the command under `env`, tells what failed on stderr, and returns the exit status.
pub fn main(args: impl IntoIterator<Item = OsString>, env: Env) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match usage::parse(&args) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    let terminal = Terminal::new(cli.global.color, cli.global.quiet, &env);
    match run(&cli, env) {
        Ok(()) => 0,
        Err(error) => {
            terminal.error(&error);
            exit_status(&cli.command, error.kind())
        }
    }
}

/// Runs the command of `cli` under `env`.
///
/// # Errors
/// Whatever kept it from its answer; its kind is the exit status.
pub fn run(cli: &Cli, env: Env) -> Result<()> {
    let session = || Session::start(&cli.global, env);
    match &cli.command {
        Command::GetConn(args) => get::connection(&session()?, args),
        Command::GetVar(args) => get::variable(&session()?, args),
        Command::GetConfig(args) => get::config(&session()?, args),
        Command::Explain(args) => explain::run(&session()?, args),
        _ => Err(Error::internal("not yet")),
    }
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
