//! `policy`: the least privilege that lets exactly these names be read under this configuration.
//!
//! Nothing is asked: the steps of each name's plan say what must be allowed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::names::BOTH;
use super::names::file::{self, Line};
use super::session::Session;
use super::sources;
use crate::error::{Error, Result};
use crate::privilege::PolicyFormat;
use crate::render;
use crate::render::policy;
use crate::value::SecretKind;

/// Options of `policy`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl policy --from dags/ --format vault | vault policy write airflow -\n  \
                       secretctl policy --conn warehouse --var region --format aws > policy.json"
)]
pub struct PolicyArgs {
    /// A connection that may be read (repeatable)
    #[arg(long, value_name = "ID")]
    pub conn: Vec<String>,
    /// A variable that may be read (repeatable)
    #[arg(long, value_name = "KEY")]
    pub var: Vec<String>,
    /// The connections and variables that a file of names has, as for `exec` (repeatable)
    #[arg(long, value_name = "NAMES")]
    pub file: Vec<PathBuf>,
    /// The connections and variables that this code uses: a file or folder, as for `check` (repeatable)
    #[arg(long, value_name = "PATH")]
    pub from: Vec<PathBuf>,
    /// The service that reads the policy
    #[arg(long, value_name = "FORMAT")]
    pub format: Format,
}

/// The formats of `policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A policy of Vault or `OpenBao`, in HCL
    Vault,
    /// An IAM policy of AWS, in JSON
    Aws,
    /// IAM members of secrets in Google Cloud, in Terraform's JSON
    Gcp,
    /// Role assignments of Azure, as a template of Azure Resource Manager
    Azure,
}

/// Prints the policy.
pub(crate) fn run(session: &Session, args: &PolicyArgs) -> Result<()> {
    let (format, write): (PolicyFormat, policy::Write) = match args.format {
        Format::Vault => (PolicyFormat::Vault, policy::vault),
        Format::Aws => (PolicyFormat::Aws, policy::aws),
        Format::Gcp => (PolicyFormat::Gcp, policy::gcp),
        Format::Azure => (PolicyFormat::Azure, policy::azure),
    };
    let mut code = sources::read(&args.from, &session.settings)?;
    code.warn(session.terminal);
    let lines = file::read(&args.file, session.settings.deadline)?;
    code.names.uses.extend(lines.iter().map(Line::as_use));
    let mut names: Vec<(SecretKind, &str)> = Vec::new();
    names.extend(args.conn.iter().map(|id| (SecretKind::Connection, id.as_str())));
    names.extend(args.var.iter().map(|key| (SecretKind::Variable, key.as_str())));
    let used = code.names.uses.iter().filter(|one| BOTH.contains(&one.kind));
    names.extend(used.map(|one| (one.kind, one.name.as_str())));
    if names.is_empty() {
        let error = Error::usage("no connection or variable is named");
        return Err(if args.from.is_empty() {
            error.with_hint("name them with `--conn`, `--var`, `--file NAMES` or `--from PATH`")
        } else {
            error.with_hint(
                "the code of `--from` uses none that is known; name them with `--conn` and `--var`",
            )
        });
    }
    names.sort_unstable();
    names.dedup();
    let privileges = session.resolver.privileges(format, &names)?;
    for skipped in &privileges.skipped {
        session.terminal.warning(skipped);
    }
    if privileges.needed.is_empty() {
        return Err(
            Error::usage("none of these names is looked up there, so nothing needs to be allowed")
                .with_hint("`secretctl explain conn <CONN_ID>` shows where Airflow looks"),
        );
    }
    if let Some(note) = policy::note(format) {
        session.terminal.warning(note);
    }
    render::stdout(write(&privileges.needed).as_bytes(), false)
}
