//! The commands: one file each, with its options' meaning and its work.
//!
//! Every command resolves all that it needs before it writes the first byte to stdout.

use crate::cli::{Cli, Command};
use crate::connection::Connection;
use crate::env::Env;
use crate::error::Result;
use crate::resolver::Resolver;
use crate::settings::Settings;

mod get;

/// What every command starts from: settings, the search path built from them, and a runtime to ask it with.
pub struct Session {
    settings: Settings,
    resolver: Resolver,
    runtime: tokio::runtime::Runtime,
}

impl Session {
    /// Resolves the settings and builds the search path.
    ///
    /// # Errors
    /// A configuration that cannot be used, with status 2.
    pub fn start(cli: &Cli, env: Env) -> Result<Self> {
        let mut settings = Settings::resolve(&cli.global, env)?;
        let resolver = Resolver::new(&mut settings, |conn_id, found| {
            Connection::from_found(conn_id, found).map(drop)
        })?;
        let mut builder = tokio::runtime::Builder::new_current_thread();
        if resolver.needs_network() {
            builder.enable_all();
        }
        let runtime = builder.build().map_err(|source| {
            crate::error::Error::internal("the runtime cannot be started").with_source(source)
        })?;
        Ok(Self {
            settings,
            resolver,
            runtime,
        })
    }
}

/// Runs the command of `cli` under `env`.
///
/// # Errors
/// Whatever kept it from its answer; its kind is the exit status.
pub fn run(cli: Cli, env: Env) -> Result<()> {
    let session = Session::start(&cli, env)?;
    match &cli.command {
        Command::GetConn(args) => get::connection(&session, &cli.global, args),
        Command::GetVar(args) => get::variable(&session, &cli.global, args),
        Command::GetConfig(args) => get::config(&session, &cli.global, args),
    }
}
