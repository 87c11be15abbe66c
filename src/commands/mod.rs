//! The commands: one file each, with its options' meaning and its work.
//!
//! Every command resolves all that it needs before it writes the first byte to stdout.

use std::ffi::OsString;

use futures_util::StreamExt as _;

use crate::cli::{Cli, ColorChoice, Command, GlobalArgs};
use crate::connection::Connection;
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::render::{Masks, Terminal};
use crate::resolver::Resolver;
use crate::settings::Settings;
use crate::value::{Found, SecretKind};

mod exec;
mod explain;
mod export;
mod get;
mod names;
mod stored;
mod usage;

/// How many names are asked for at a time.
const AT_A_TIME: usize = 8;

/// What every command starts from: settings, the search path built from them, and a runtime to ask it with.
pub struct Session {
    settings: Settings,
    resolver: Resolver,
    runtime: tokio::runtime::Runtime,
    terminal: Terminal,
}

impl Session {
    /// Resolves the settings, builds the search path, and says on stderr what the settings warn of.
    ///
    /// # Errors
    /// A configuration that cannot be used, with status 2.
    pub fn start(args: &GlobalArgs, env: Env) -> Result<Self> {
        let mut settings = Settings::resolve(args, env)?;
        let terminal = Terminal::new(settings.color, settings.quiet, &settings.env);
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
        })
    }

    /// Asks the search path for `id`.
    fn resolve(&self, kind: SecretKind, id: &str) -> Result<Found> {
        self.runtime.block_on(self.resolver.resolve(kind, id))
    }

    /// Returns an empty set of masks for the CI system that this runs under.
    fn masks(&self) -> Masks {
        Masks::new(&self.settings.env, self.settings.no_mask)
    }

    /// Asks for many, a few at a time, and returns the answers in the order of the questions: all of them, or up to the first
    /// that could not be told.
    fn resolve_all(&self, lookups: &[(SecretKind, &str)]) -> Result<Vec<Result<Found>>> {
        self.runtime.block_on(async {
            let mut answers = Vec::with_capacity(lookups.len());
            let mut stream = futures_util::stream::iter(lookups)
                .map(|&(kind, id)| self.resolver.resolve(kind, id))
                .buffered(AT_A_TIME);
            while let Some(answer) = stream.next().await {
                match answer {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    answer => answers.push(answer),
                }
            }
            Ok(answers)
        })
    }
}

/// Parses `args`, runs the command under `env`, tells what failed on stderr, and returns the exit status.
pub fn main(args: impl IntoIterator<Item = OsString>, env: Env) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match usage::parse(&args) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    let terminal = Terminal::new(
        cli.global.color.unwrap_or(ColorChoice::Auto),
        cli.global.quiet,
        &env,
    );
    match run(&cli, env) {
        Ok(status) => status,
        Err(error) => {
            terminal.error(&error);
            exit_status(&cli.command, error.kind())
        }
    }
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
        _ => Err(Error::internal("not yet")),
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
