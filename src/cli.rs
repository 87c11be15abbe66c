//! The command line's types and nothing else.
//!
//! Owns names, help and examples. Must not know what an option means: `settings` resolves the options of every command,
//! `commands` each its own. What may hold a secret is a [`Secret`] from here on, so no `Debug` shows it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::secret::Secret;

/// Resolves Apache Airflow's connections, variables and configuration options, without Python.
#[derive(Debug, Parser)]
#[command(
    name = "secretctl",
    version = crate::VERSION,
    max_term_width = 100,
    arg_required_else_help = true,
    // The last one counts, so that a script can put its own behind those of an alias.
    args_override_self = true,
    after_long_help = "Examples:\n  secretctl get-conn smtp_default\n  secretctl get-var hello\n  \
                       secretctl exec --conn warehouse -- dbt run\n  secretctl explain conn smtp_default\n\n\
                       Exit status: 0 found, 1 an error of secretctl's own, 2 usage or configuration, 3 not found,\n\
                       4 refused or denied, 5 not reached or not in time, 6 malformed; exec: 125, 126, 127"
)]
pub struct Cli {
    /// The options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The options of every command. Each has a `SECRETCTL_…` variable, which `settings` reads.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct GlobalArgs {
    /// Read variables from FILE (repeatable; a later file wins, the environment wins over files)
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub env_file: Vec<PathBuf>,
    /// Read env files as this reader does [default: python-dotenv's way, with a warning where others differ]
    #[arg(long, global = true, value_name = "READER", hide_short_help = true)]
    pub env_file_dialect: Option<EnvFileDialect>,
    /// Read this airflow.cfg
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub config: Option<PathBuf>,
    /// Use this secrets backend, by its class path in Airflow
    #[arg(long, global = true, value_name = "CLASS", hide_short_help = true)]
    pub backend: Option<String>,
    /// Its kwargs: JSON, @FILE, or @- for standard input
    #[arg(long, global = true, value_name = "JSON", hide_short_help = true)]
    pub backend_kwargs: Option<Secret>,
    /// Read `[workers] secrets_backend`, as Airflow's workers do
    #[arg(long, global = true, hide_short_help = true)]
    pub worker: bool,
    /// Look up as this team
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub team: Option<String>,
    /// Give up after this many seconds [default: 30]
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub timeout: Option<String>,
    /// Ask the configured backend alone
    #[arg(long, global = true, hide_short_help = true)]
    pub no_fallback: bool,
    /// When a backend fails, warn and ask the next, as Airflow does
    #[arg(long, global = true, hide_short_help = true)]
    pub lenient: bool,
    /// Print no newline after the value
    #[arg(short = 'n', long, global = true)]
    pub no_newline: bool,
    /// Announce no values to the CI system's masking
    #[arg(long, global = true, hide_short_help = true)]
    pub no_mask: bool,
    /// Print no warnings
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say what is asked of whom (repeatable)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colour on stderr
    #[arg(long, global = true, value_name = "WHEN", hide_short_help = true)]
    pub color: Option<ColorChoice>,
}

/// Whose reading of env files counts.
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
    /// On a terminal, as `NO_COLOR` and `CLICOLOR_FORCE` have it
    Auto,
    /// Always
    Always,
    /// Never
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
    /// Run a command with connections and variables in its environment
    Exec(ExecArgs),
    /// Print many connections and variables at once
    Export(ExportArgs),
    /// Show where Airflow would look, and why
    Explain(ExplainArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// Options of `get-conn`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl get-conn smtp_default\n  secretctl get-conn warehouse -o json\n  \
                       PGPASSWORD=$(secretctl get-conn warehouse --field password) psql"
)]
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
    /// The field that is printed alone.
    #[arg(
        long,
        value_name = "NAME",
        help = "Print this field alone: conn_type, host, login, password, schema, port, description, extra, extra.KEY[.KEY…]"
    )]
    pub field: Option<String>,
    /// Print this when the connection or the field is not found
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, value_parser = secret())]
    pub default: Option<Secret>,
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
    /// One `AIRFLOW_CONN_ID=VALUE` line
    Env,
}

/// Options of `get-var`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl get-var hello\n  secretctl get-var settings --field database.host\n  \
                       secretctl get-var region --default eu-west-1"
)]
pub struct GetVarArgs {
    /// The variable's key
    pub key: String,
    /// Parse the value as JSON and print it compact
    #[arg(long)]
    pub json: bool,
    /// Print this part of the JSON value: a, a.b
    #[arg(long, value_name = "PATH")]
    pub field: Option<String>,
    /// Print this when the variable or the part of it is not found
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, value_parser = secret())]
    pub default: Option<Secret>,
}

/// Options of `get-config`.
#[derive(Args, Debug)]
#[command(after_long_help = "Example:\n  secretctl get-config sql_alchemy_conn")]
pub struct GetConfigArgs {
    /// The key, as in `sql_alchemy_conn_secret = KEY`
    pub key: String,
}

/// What `exec` and `export` resolve.
#[derive(Args, Clone, Debug, Default)]
pub struct NamesArgs {
    /// A connection, as `AIRFLOW_CONN_<ID>` (repeatable)
    #[arg(long, value_name = "ID")]
    pub conn: Vec<String>,
    /// A variable, as `AIRFLOW_VAR_<KEY>` (repeatable)
    #[arg(long, value_name = "KEY")]
    pub var: Vec<String>,
    /// A name of your own for conn:ID[#FIELD] or var:KEY[#FIELD] (repeatable)
    #[arg(long, value_name = "NAME=REF")]
    pub set: Vec<String>,
}

/// Options of `exec`.
#[derive(Args, Debug)]
#[command(
    override_usage = "secretctl exec [OPTIONS] -- <CMD> [ARG]...",
    after_long_help = "Examples:\n  secretctl exec --conn warehouse --var region -- python dag.py\n  \
                       secretctl exec --set 'PGPASSWORD=conn:warehouse#password' -- psql\n\n\
                       Exit status: the command's own; 125 secretctl failed, 126 the command cannot be run, 127 it was not found"
)]
pub struct ExecArgs {
    /// What is put into the command's environment.
    #[command(flatten)]
    pub names: NamesArgs,
    /// Start from an empty environment; only PATH is kept
    #[arg(long)]
    pub pristine: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// Options of `export`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  eval \"$(secretctl export --conn warehouse --format shell)\"\n  \
                       secretctl export --var region --format github-env >> \"$GITHUB_ENV\"\n  \
                       secretctl export --conn warehouse --format kubernetes --name airflow | kubectl apply -f -"
)]
pub struct ExportArgs {
    /// What is printed.
    #[command(flatten)]
    pub names: NamesArgs,
    /// How it is printed
    #[arg(short, long, value_name = "FORMAT")]
    pub format: ExportFormat,
    /// Write FILE instead of stdout: at once, and readable by you alone
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The name of the Secret, for kubernetes [default: secretctl]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// The formats of `export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// NAME=VALUE lines, as python-dotenv and Docker read them
    Dotenv,
    /// export NAME='VALUE' lines for bash, dash and zsh
    Shell,
    /// One object, name to text
    Json,
    /// One mapping, name to text
    Yaml,
    /// For `$GITHUB_ENV` of GitHub Actions
    GithubEnv,
    /// Logging commands that set secret variables in Azure Pipelines
    AzurePipelines,
    /// For `artifacts:reports:dotenv` of GitLab CI
    GitlabDotenv,
    /// The manifest of a Secret
    Kubernetes,
    /// For `airflow connections import`
    AirflowConnections,
    /// For `airflow variables import`
    AirflowVariables,
}

/// Options of `explain`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl explain conn smtp_default\n  secretctl explain var hello --probe\n  \
                       secretctl explain conn smtp_default -o json"
)]
pub struct ExplainArgs {
    /// What the name names
    #[arg(value_name = "KIND")]
    pub kind: Kind,
    /// The connection id, variable key or configuration key
    pub name: String,
    /// Ask each step, and show the outcome: found, not found, denied, unreachable
    #[arg(long)]
    pub probe: bool,
    /// What to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: ExplainFormat,
}

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A connection
    Conn,
    /// A variable
    Var,
    /// A configuration option
    Config,
}

/// How `explain` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Options of `completions`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  source <(secretctl completions bash)\n  \
                       secretctl completions fish > ~/.config/fish/completions/secretctl.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: CompletionShell,
}

/// The shells that have completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompletionShell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
    /// PowerShell
    Powershell,
    /// Elvish
    Elvish,
}

/// Takes an argument's bytes as they are.
fn secret() -> impl clap::builder::TypedValueParser<Value = Secret> {
    OsStringValueParser::new().map(|text| Secret::new(text.into_encoded_bytes()))
}
