//! `check`: will every connection and variable that this code asks for be found here, and be usable?
//!
//! Owns the exit status and what is asked. The code is read by `sources`, never run; `outcome` says what a found value
//! is worth; `render` writes the report; `write_file` makes a file of names of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::names::file::{self, Line};
use super::session::Session;
use super::sources::{self, Code};
use crate::class_path;
use crate::error::{Error, Result};
use crate::inspect::NameUse;
use crate::inspect::lints::Rule;
use crate::options::GlobalArgs;
use crate::render::check::{CheckedName, NOT_KNOWN, Outcome, Report, UNREADABLE, github, json, sarif, text};
use crate::render::{self, Style, Terminal};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::value::SecretKind;

mod outcome;
mod write_file;

/// Options of `check`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl check dags/\n  secretctl check dags/ --strict -o github\n  \
                       secretctl check dags/etl.py include/sql --offline\n  secretctl check --conn warehouse --var region\n  \
                       secretctl check dags/ --write-file names.txt\n  secretctl check --file names.txt\n\n\
                       Exit status: 0 everything is there; else that of the worst finding: 4 denied, 5 unreachable,\n\
                       6 malformed, 3 missing. With --strict, 3 also for warnings, unknown names and unreadable files"
)]
pub struct CheckArgs {
    /// Files and folders with DAGs and templates
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// A connection to check besides (repeatable)
    #[arg(long, value_name = "ID")]
    pub conn: Vec<String>,
    /// A variable to check besides (repeatable)
    #[arg(long, value_name = "KEY")]
    pub var: Vec<String>,
    /// The names of a file to check besides: lines NAME=REF, conn:ID or var:KEY (repeatable)
    #[arg(long, value_name = "NAMES")]
    pub file: Vec<PathBuf>,
    /// The output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: CheckFormat,
    /// Fail for warnings, names that are not known and files that cannot be read, too
    #[arg(long)]
    pub strict: bool,
    /// Leave out what breaks this rule (repeatable): a warning about connections, unknown-name or unreadable-file
    #[arg(long, value_name = "RULE", value_parser = rules(), hide_possible_values = true)]
    pub ignore: Vec<String>,
    /// List the names that the code uses, and ask nobody
    #[arg(long)]
    pub offline: bool,
    /// Write the names that the code uses to a file for `--file` instead of a report, and ask nobody; `-` is stdout
    #[arg(long, value_name = "NAMES", conflicts_with_all = ["file", "output"])]
    pub write_file: Option<PathBuf>,
}

/// The output formats of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Returns the parser of a rule: what `--strict` takes for a failure.
fn rules() -> PossibleValuesParser {
    let lints = Rule::ALL.into_iter().map(Rule::id);
    PossibleValuesParser::new(lints.chain([NOT_KNOWN, UNREADABLE]))
}

/// Checks the names, prints the report, and returns the exit status.
pub(crate) fn run(start: impl FnOnce() -> Result<Session>, args: &CheckArgs) -> Result<u8> {
    if args.paths.is_empty() && args.conn.is_empty() && args.var.is_empty() && args.file.is_empty() {
        return Err(Error::usage("there is nothing to check").with_hint(
            "name files or folders, as in `secretctl check dags/`, or names with `--conn`, `--var` or `--file`",
        ));
    }
    let session = start()?;
    let lines = file::read(&args.file, session.settings.deadline)?;
    let (mut names, code) = names(args, &lines, &session.settings, session.terminal)?;
    if let Some(path) = &args.write_file {
        let report = report(args, names, code);
        return write_file::write(path, &report, &session).map(|()| report.status);
    }
    if !args.offline {
        outcome::ask(&session, &mut names, &lines)?;
    }
    print(&session.settings, args, names, code)
}

/// Returns the options of a run that asks nobody: with a class of its own, no configured kwargs are read and no command runs for them.
pub(crate) fn offline(args: &CheckArgs, global: &GlobalArgs) -> Option<GlobalArgs> {
    (args.offline || args.write_file.is_some()).then(|| GlobalArgs {
        backend: Some(class_path::ENVIRONMENT.to_owned()),
        backend_kwargs: Some(Secret::from("{}")),
        worker: false,
        ..global.clone()
    })
}

/// Returns the names of the command line, of the code and of the lines, each once, by kind and name.
fn names(
    args: &CheckArgs,
    lines: &[Line],
    settings: &Settings,
    terminal: Terminal,
) -> Result<(Vec<CheckedName>, Code)> {
    let mut code = sources::read(&args.paths, settings)?;
    code.names.uses.extend(lines.iter().map(Line::as_use));
    code.files += args.file.len();
    for warning in &code.warnings {
        terminal.warning(warning);
    }
    let mut names: BTreeMap<(SecretKind, String), (Vec<NameUse>, bool)> = BTreeMap::new();
    let connections = args.conn.iter().map(|id| (SecretKind::Connection, id));
    let variables = args.var.iter().map(|key| (SecretKind::Variable, key));
    for (kind, name) in connections.chain(variables) {
        names.entry((kind, name.clone())).or_default().1 = true;
    }
    for one in std::mem::take(&mut code.names.uses) {
        names.entry((one.kind, one.name.clone())).or_default().0.push(one);
    }
    let names = names
        .into_iter()
        .map(|((kind, name), (uses, on_command_line))| CheckedName {
            kind,
            name,
            outcome: Outcome::NotAsked,
            found_in: None,
            problem: None,
            lints: Vec::new(),
            uses,
            on_command_line,
        })
        .collect();
    Ok((names, code))
}

/// Returns the report, with its status.
fn report(args: &CheckArgs, names: Vec<CheckedName>, code: Code) -> Report {
    let mut report = Report {
        names,
        unknown: code.names.unknown,
        unreadable: code.names.unreadable,
        files: code.files,
        strict: args.strict,
        status: 0,
    };
    ignore(&mut report, &args.ignore);
    report.status = status(&report);
    report
}

/// Prints the report, and returns its status.
fn print(settings: &Settings, args: &CheckArgs, names: Vec<CheckedName>, code: Code) -> Result<u8> {
    let report = report(args, names, code);
    let newline = !settings.no_newline;
    let (text, newline) = match args.output {
        CheckFormat::Text => {
            let style = Style::of_stdout(settings.color.forced(), &settings.env);
            (text::text(&report, style, settings.quiet), false)
        }
        CheckFormat::Json => (json::json(&report), newline),
        CheckFormat::Github => (github::github(&report), false),
        CheckFormat::Sarif => (sarif::sarif(&report, env!("CARGO_PKG_VERSION")), newline),
    };
    render::stdout(text.as_bytes(), newline)?;
    Ok(report.status)
}

/// Removes what breaks the rules that `--ignore` names.
fn ignore(report: &mut Report, rules: &[String]) {
    let ignored = |rule: &str| rules.iter().any(|one| one == rule);
    for name in &mut report.names {
        name.lints.retain(|lint| !ignored(lint.rule.id()));
    }
    if ignored(NOT_KNOWN) {
        report.unknown.clear();
    }
    if ignored(UNREADABLE) {
        report.unreadable.clear();
    }
}

/// Returns the exit status: that of the worst outcome, or 3 for what only `--strict` takes for a failure.
fn status(report: &Report) -> u8 {
    let worst = Outcome::ALL
        .into_iter()
        .rev()
        .find(|outcome| report.names.iter().any(|name| name.outcome == *outcome))
        .map_or(0, Outcome::status);
    let warned = !report.unknown.is_empty()
        || !report.unreadable.is_empty()
        || report.names.iter().any(|name| !name.lints.is_empty());
    match worst {
        0 if report.strict && warned => Outcome::Missing.status(),
        worst => worst,
    }
}
