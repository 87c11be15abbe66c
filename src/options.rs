//! The options of every command.
//!
//! Owns their names and help. Must not know what an option means: `settings` resolves them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::secret::Secret;

/// The options of every command. Each has a `SECRETCTL_…` variable, which `settings` reads.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct GlobalArgs {
    /// Read variables from FILE (repeatable; a later file wins, the environment wins over files)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub env_file: Vec<PathBuf>,
    /// Read env files as this reader does [default: as python-dotenv does, with a warning where others differ]
    #[arg(long, value_name = "READER", hide_short_help = true)]
    pub env_file_dialect: Option<EnvFileDialect>,
    /// Read this airflow.cfg
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub config: Option<PathBuf>,
    /// Use this secrets backend, by its class path in Airflow
    #[arg(long, value_name = "CLASS", hide_short_help = true)]
    pub backend: Option<String>,
    /// Kwargs of the backend: JSON, @FILE, or @- for standard input
    #[arg(long, value_name = "JSON", hide_short_help = true)]
    pub backend_kwargs: Option<Secret>,
    /// Read `[workers] secrets_backend`, as Airflow's workers do
    #[arg(long, hide_short_help = true)]
    pub worker: bool,
    /// Look up names for this team
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub team: Option<String>,
    /// Give up after this many seconds [default: 30]
    #[arg(
        long,
        value_name = "SECONDS",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub timeout: Option<String>,
    /// Look up this many names at a time, 1 to 64 [default: 8]
    #[arg(long, value_name = "N", allow_hyphen_values = true, hide_short_help = true)]
    pub jobs: Option<String>,
    /// Ask only the configured secrets backend
    #[arg(long, hide_short_help = true)]
    pub no_fallback: bool,
    /// Do not ask Airflow's database
    #[arg(long, hide_short_help = true)]
    pub no_metastore: bool,
    /// When a backend fails, warn and continue with the next, as Airflow does
    #[arg(long, hide_short_help = true)]
    pub lenient: bool,
    /// Print no newline after the value
    #[arg(short = 'n', long)]
    pub no_newline: bool,
    /// Do not ask the CI system to mask printed values
    #[arg(long, hide_short_help = true)]
    pub no_mask: bool,
    /// Print no warnings
    #[arg(short, long)]
    pub quiet: bool,
    /// Log each request and its outcome to stderr (repeatable)
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to colour stderr
    #[arg(long, value_name = "WHEN", hide_short_help = true)]
    pub color: Option<ColorChoice>,
}

impl GlobalArgs {
    /// Adds the options that stand later on the line. They win, but for those that add up.
    #[must_use]
    pub(crate) fn followed_by(self, later: Self) -> Self {
        let Self {
            mut env_file,
            env_file_dialect,
            config,
            backend,
            backend_kwargs,
            worker,
            team,
            timeout,
            jobs,
            no_fallback,
            no_metastore,
            lenient,
            no_newline,
            no_mask,
            quiet,
            verbose,
            color,
        } = self;
        env_file.extend(later.env_file);
        Self {
            env_file,
            env_file_dialect: later.env_file_dialect.or(env_file_dialect),
            config: later.config.or(config),
            backend: later.backend.or(backend),
            backend_kwargs: later.backend_kwargs.or(backend_kwargs),
            worker: worker || later.worker,
            team: later.team.or(team),
            timeout: later.timeout.or(timeout),
            jobs: later.jobs.or(jobs),
            no_fallback: no_fallback || later.no_fallback,
            no_metastore: no_metastore || later.no_metastore,
            lenient: lenient || later.lenient,
            no_newline: no_newline || later.no_newline,
            no_mask: no_mask || later.no_mask,
            quiet: quiet || later.quiet,
            verbose: verbose.saturating_add(later.verbose),
            color: later.color.or(color),
        }
    }
}

/// The program whose rules apply to env files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EnvFileDialect {
    /// python-dotenv: `${NAME}` and `${NAME:-default}`, in single quotes too
    Dotenv,
    /// docker compose: `$NAME`, `${NAME}` with all its operators, `$$`; single quotes are literal
    Compose,
    /// docker run --env-file: nothing is replaced, quotes stay
    Docker,
}

/// When stderr is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` or `CLICOLOR_FORCE` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Returns the choice, or `None` to let the environment and the terminal decide.
    #[must_use]
    pub fn forced(self) -> Option<bool> {
        match self {
            Self::Auto => None,
            Self::Always => Some(true),
            Self::Never => Some(false),
        }
    }
}
