//! Everything that configures a command, resolved once: (command line, environment, env files, airflow.cfg) -> [`Settings`].
//!
//! Owns the order of precedence. Must not know any backend: a class path and kwargs leave here as Airflow would read them.

use std::time::{Duration, Instant};

use crate::backend::kwargs::Kwargs;
use crate::cli::GlobalArgs;
use crate::env::Env;
use crate::error::Result;

/// One backend of the search path.
#[derive(Debug)]
pub struct BackendSpec {
    /// Airflow's class path, as it is configured.
    pub class_path: String,
    /// Its kwargs.
    pub kwargs: Kwargs,
    /// What configured it, for `explain`: a variable, a file and line, an option.
    pub origin: String,
}

/// What a command runs with. No option is left unresolved here.
#[derive(Debug)]
pub struct Settings {
    /// The process's environment with the env files under it.
    pub env: Env,
    /// Airflow's search path, in order.
    pub search_path: Vec<BackendSpec>,
    /// The team that asks.
    pub team: Option<String>,
    /// Airflow's `[core] multi_team`.
    pub multi_team: bool,
    /// Whether "could not tell" falls through to the next backend, as in Airflow.
    pub lenient: bool,
    /// When the command has to be done.
    pub deadline: Instant,
    /// What the user should be told on stderr.
    pub warnings: Vec<String>,
}

/// The default of `--timeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

impl Settings {
    /// Resolves the settings.
    ///
    /// # Errors
    /// A configuration that cannot be used, with status 2.
    pub fn resolve(args: &GlobalArgs, env: Env) -> Result<Self> {
        let _ = args;
        Ok(Self {
            env,
            search_path: Vec::new(),
            team: None,
            multi_team: false,
            lenient: false,
            deadline: Instant::now() + DEFAULT_TIMEOUT,
            warnings: Vec::new(),
        })
    }
}
