//! The command line's types and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Resolves Apache Airflow's connections, variables and configuration options, without Python.
#[derive(Debug, Parser)]
#[command(name = "secretctl", version, max_term_width = 100)]
pub struct Cli {
    /// The options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The options of every command.
#[derive(Args, Clone, Debug, Default)]
pub struct GlobalArgs {
    /// Read variables from FILE (repeatable; a later file wins, the environment wins over files)
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Read this airflow.cfg
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use this secrets backend, by its class path in Airflow
    #[arg(long, global = true, value_name = "CLASS")]
    pub backend: Option<String>,
    /// Its kwargs: JSON, @FILE, or @- for standard input
    #[arg(long, global = true, value_name = "JSON")]
    pub backend_kwargs: Option<String>,
    /// Read [workers] secrets_backend, as Airflow's workers do
    #[arg(long, global = true)]
    pub worker: bool,
    /// Look up as this team
    #[arg(long, global = true, value_name = "NAME")]
    pub team: Option<String>,
    /// Give up after this many seconds [default: 30]
    #[arg(long, global = true, value_name = "SECONDS")]
    pub timeout: Option<String>,
    /// Ask the configured backend alone
    #[arg(long, global = true)]
    pub no_fallback: bool,
    /// When a backend fails, warn and ask the next, as Airflow does
    #[arg(long, global = true)]
    pub lenient: bool,
    /// Print no newline after the value
    #[arg(short = 'n', long, global = true)]
    pub no_newline: bool,
    /// Announce no values to the CI system's masking
    #[arg(long, global = true)]
    pub no_mask: bool,
    /// Print no warnings
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say what is asked of whom (repeatable)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colour on stderr
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<ColorChoice>,
}

/// When stderr is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, as NO_COLOR and CLICOLOR_FORCE have it.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a connection
    GetConn(GetConnArgs),
    /// Print a variable
    GetVar(GetVarArgs),
    /// Print a configuration option
    GetConfig(GetConfigArgs),
}

/// Options of `get-conn`.
#[derive(Args, Debug)]
pub struct GetConnArgs {
    /// The connection id
    pub conn_id: String,
    /// What to print
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "uri",
        conflicts_with = "field"
    )]
    pub output: ConnectionFormat,
    /// Print this field alone: conn_type, host, login, password, schema, port, description, extra, extra.KEY
    #[arg(long, value_name = "NAME")]
    pub field: Option<String>,
    /// Print this when the connection or the field is not found
    #[arg(long, value_name = "VALUE")]
    pub default: Option<String>,
}

/// How `get-conn` prints a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConnectionFormat {
    /// The stored URI, or the one that Airflow builds from JSON or fields
    Uri,
    /// The URI that Airflow's `Connection.get_uri()` builds
    AirflowUri,
    /// The parsed connection
    Json,
    /// The stored value, byte for byte
    Raw,
    /// One AIRFLOW_CONN_ID=VALUE line
    Env,
}

/// Options of `get-var`.
#[derive(Args, Debug)]
pub struct GetVarArgs {
    /// The variable's key
    pub key: String,
    /// Parse the value as JSON and print it compact
    #[arg(long)]
    pub json: bool,
    /// Print this part of the JSON value: a, a.b
    #[arg(long, value_name = "PATH")]
    pub field: Option<String>,
    /// Print this when the variable is not found
    #[arg(long, value_name = "VALUE")]
    pub default: Option<String>,
}

/// Options of `get-config`.
#[derive(Args, Debug)]
pub struct GetConfigArgs {
    /// The key, as in `sql_alchemy_conn_secret = KEY`
    pub key: String,
}
