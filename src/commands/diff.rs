//! `diff`: which names differ between the configuration at hand and that of other env files, without showing a value.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indexmap::IndexMap;

use super::names::file::{self, Line};
use super::session::Session;
use super::{sources, stored};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{CodeNames, compare};
use crate::render;
use crate::render::diff::{self, Comparison, Row};
use crate::resolver::Located;
use crate::value::{Found, SecretKind};

/// The exit status if something differs or is missing.
const DIFFERENT: u8 = 3;

/// Options of `diff`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl diff --with staging.env --conn warehouse --var region\n  \
                       secretctl --env-file vault.env diff --with metastore.env --conn warehouse -o json\n\n\
                       The other configuration is that of the files of `--with`, which win over the environment.\n\
                       The AIRFLOW variables of the environment do not count there; credentials do.\n\n\
                       Exit status: 0 all are the same, 3 something differs or is missing,\n\
                       4, 5 or 6 something is not known"
)]
pub struct DiffArgs {
    /// An env file of the other configuration (repeatable; a later file wins)
    #[arg(long, value_name = "FILE", required = true)]
    pub with: Vec<PathBuf>,
    /// A connection (repeatable)
    #[arg(long, value_name = "ID")]
    pub conn: Vec<String>,
    /// A variable (repeatable)
    #[arg(long, value_name = "KEY")]
    pub var: Vec<String>,
    /// The connections and variables that a file of names has, as for `exec` (repeatable)
    #[arg(long, value_name = "NAMES")]
    pub file: Vec<PathBuf>,
    /// The connections and variables that this code uses: a file or folder, as for `check` (repeatable)
    #[arg(long, value_name = "PATH")]
    pub from: Vec<PathBuf>,
    /// The output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: DiffFormat,
}

/// The output formats of `diff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Prints how the names compare, and returns the exit status.
///
/// # Errors
/// No names, and a failure of usage or configuration on either side (status 2).
pub(crate) fn run(here: &Session, there: &Session, args: &DiffArgs) -> Result<u8> {
    let mut code = sources::read(&args.from, &here.settings)?;
    code.warn(here.terminal);
    let lines = file::read(&args.file, here.settings.deadline)?;
    code.names.uses.extend(lines.iter().map(Line::as_use));
    let names = names(args, &code.names);
    if names.is_empty() {
        return Err(Error::usage("there is no name to compare").with_hint(
            "name connections with `--conn ID`, variables with `--var KEY`, a file of names with `--file NAMES`, or code with `--from PATH`",
        ));
    }
    let asked: Vec<_> = names.keys().copied().collect();
    let rows = names
        .iter()
        .zip(
            here.resolve_each(&asked)
                .into_iter()
                .zip(there.resolve_each(&asked)),
        )
        .map(|((&(kind, name), &may_be_missing), (here, there))| {
            let read = |side: Result<Located>| {
                side.map(|located| located.resolved.found)
                    .and_then(|found| Side::read(kind, name, found))
            };
            Ok(Row {
                kind,
                name: name.to_owned(),
                comparison: match comparison(read(here), read(there))? {
                    Comparison::Missing if may_be_missing => Comparison::Default,
                    comparison => comparison,
                },
            })
        })
        .collect::<Result<Vec<_>>>()?;
    report_failures(here, &rows);
    let text = match args.output {
        DiffFormat::Text => diff::text(&rows),
        DiffFormat::Json => diff::json(&rows),
    };
    render::stdout(text.as_bytes(), !here.settings.no_newline)?;
    Ok(status(&rows))
}

/// Returns the names in the order of the options, each once, and whether it may be missing because the code has a default.
fn names<'a>(args: &'a DiffArgs, code: &'a CodeNames) -> IndexMap<(SecretKind, &'a str), bool> {
    let connections = args.conn.iter().map(|id| (SecretKind::Connection, id.as_str()));
    let variables = args.var.iter().map(|key| (SecretKind::Variable, key.as_str()));
    let mut names: IndexMap<_, _> = connections.chain(variables).map(|name| (name, false)).collect();
    for (name, has_default) in code.names() {
        names.entry(name).or_insert(has_default);
    }
    names
}

/// What one configuration has under a name.
enum Side {
    Connection(Box<Connection>),
    Variable(Found),
}

impl Side {
    fn read(kind: SecretKind, name: &str, found: Found) -> Result<Self> {
        match kind {
            SecretKind::Connection => {
                Connection::from_found(name, &found).map(|connection| Self::Connection(Box::new(connection)))
            }
            _ => Ok(Self::Variable(found)),
        }
    }
}

/// Compares what the two configurations have.
///
/// # Errors
/// A failure that is neither an answer nor a backend's, such as an id with `..`.
fn comparison(here: Result<Side>, there: Result<Side>) -> Result<Comparison> {
    let is_missing = |side: &Result<Side>| matches!(side, Err(error) if error.kind() == ErrorKind::NotFound);
    Ok(match (here, there) {
        (Ok(here), Ok(there)) => compared(&here, &there)?,
        (here, there) if is_missing(&here) && is_missing(&there) => Comparison::Missing,
        (Ok(_), there) if is_missing(&there) => Comparison::OnlyHere,
        (here, Ok(_)) if is_missing(&here) => Comparison::OnlyThere,
        (here, there) => {
            let unknown = |side: Result<Side>| match side {
                Ok(_) => Ok(None),
                Err(error) => match error.kind() {
                    ErrorKind::NotFound => Ok(None),
                    ErrorKind::Denied | ErrorKind::Unavailable | ErrorKind::Malformed => Ok(Some(error)),
                    _ => Err(error),
                },
            };
            Comparison::Unknown {
                here: unknown(here)?,
                there: unknown(there)?,
            }
        }
    })
}

fn compared(here: &Side, there: &Side) -> Result<Comparison> {
    let fields = match (here, there) {
        (Side::Connection(here), Side::Connection(there)) => compare::connections(here, there)?,
        (Side::Variable(here), Side::Variable(there)) if stored::text(here) == stored::text(there) => {
            Vec::new()
        }
        _ => return Ok(Comparison::Different(Vec::new())),
    };
    Ok(if fields.is_empty() {
        Comparison::Same
    } else {
        Comparison::Different(fields)
    })
}

/// Prints each failure once, with the side on which it occurred.
fn report_failures(session: &Session, rows: &[Row]) {
    let mut reported = BTreeSet::new();
    for row in rows {
        let Comparison::Unknown { here, there } = &row.comparison else {
            continue;
        };
        for (error, side) in [
            (here, "in the configuration at hand"),
            (there, "in the configuration of `--with`"),
        ] {
            if let Some(error) = error
                && reported.insert((side, error.message().to_owned()))
            {
                session.terminal.error(&error.copied().with_detail(side));
            }
        }
    }
}

/// Returns the status of the worst row: 4, 5, 6, then 3.
fn status(rows: &[Row]) -> u8 {
    let failures = || {
        rows.iter()
            .filter_map(|row| match &row.comparison {
                Comparison::Unknown { here, there } => Some([here, there]),
                _ => None,
            })
            .flatten()
            .flatten()
            .map(|error| error.kind().exit_status())
    };
    match failures().min() {
        Some(worst) => worst,
        None if rows
            .iter()
            .all(|row| matches!(row.comparison, Comparison::Same | Comparison::Default)) =>
        {
            0
        }
        None => DIFFERENT,
    }
}
