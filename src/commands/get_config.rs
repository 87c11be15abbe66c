//! `get-config`: an option of Airflow's configuration, or a key of the secrets backends; and the same for `explain config`.
//!
//! Owns how the two are told apart: a name with a dot is `SECTION.KEY`, split at the last dot, because names of sections have dots.

use clap::Args;

use super::get;
use super::session::Session;
use super::stored;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::render::explain::OptionRow;
use crate::render::masks::is_sensitive;
use crate::render::{self, explain};
use crate::resolver::{OptionReport, ReportedStep};
use crate::secret::Secret;
use crate::settings::NamedOption;
use crate::value::{Found, SecretKind};

/// Options of `get-config`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl get-config core.dags_folder\n  secretctl get-config database.sql_alchemy_conn --explain\n  \
                       secretctl get-config sql_alchemy_conn    # a key, as in `sql_alchemy_conn_secret = KEY`"
)]
pub struct GetConfigArgs {
    /// The option, as SECTION.KEY; or a key of the secrets backend, without a dot
    // Completions add to this argument, which would put it after the next one.
    #[arg(value_name = "NAME", index = 1)]
    pub name: String,
    /// The option's name, if NAME is only its section
    #[arg(index = 2)]
    pub key: Option<String>,
    /// NAME is a key of the secrets backend, even with a dot
    #[arg(long, conflicts_with = "key")]
    pub backend_key: bool,
    /// Show each place that was looked at, and which one settled it, instead of the value
    #[arg(long, conflicts_with = "default")]
    pub explain: bool,
    /// Print this when nothing has it
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, value_parser = get::secret())]
    pub default: Option<Secret>,
}

/// What a name on the command line means.
pub(super) enum ConfigName<'a> {
    /// A key of the secrets backends.
    Key(&'a str),
    /// An option of Airflow's configuration.
    Option(NamedOption),
}

impl<'a> ConfigName<'a> {
    /// Reads a name: `SECTION.KEY`, a key, or with `key` a section.
    ///
    /// # Errors
    /// An empty section or key, with status 2.
    pub(super) fn read(
        name: &'a str,
        key: Option<&str>,
        is_backend_key: bool,
        session: &Session,
    ) -> Result<Self> {
        let team = session.settings.team.as_deref();
        match (key, name.rsplit_once('.')) {
            (Some(key), _) => NamedOption::new(name, key, team).map(Self::Option),
            (None, Some((section, key))) if !is_backend_key => NamedOption::new(section, key, team)
                .map(Self::Option)
                .map_err(|error| {
                    error.with_detail(
                        "a key of the secrets backend that has a dot is given with `--backend-key`",
                    )
                }),
            _ => Ok(Self::Key(name)),
        }
    }
}

/// Prints an option of Airflow's configuration, or what the secrets backends have under a key.
pub(crate) fn run(session: &Session, args: &GetConfigArgs) -> Result<()> {
    match ConfigName::read(&args.name, args.key.as_deref(), args.backend_key, session)? {
        ConfigName::Key(_) if args.explain => Err(Error::usage(
            "`--explain` explains an option, and a key of the secrets backend is not one",
        )
        .with_hint("`secretctl explain config KEY --probe` shows where a key is looked for")),
        ConfigName::Key(key) => {
            let value = match session.resolve(SecretKind::Config, key) {
                Ok(found) => Some(stored::text(&found)),
                Err(error) if error.kind() == ErrorKind::NotFound && args.default.is_some() => None,
                Err(error) => return Err(error),
            };
            let value = value.as_ref().or(args.default.as_ref());
            get::print(session, session.masks(), value)
        }
        ConfigName::Option(option) if args.explain => explain_option(session, &option, true, |rows, name| {
            option_text(session, rows, name)
        }),
        ConfigName::Option(option) => print_option(session, &option, args.default.as_ref()),
    }
}

fn print_option(session: &Session, option: &NamedOption, default: Option<&Secret>) -> Result<()> {
    let report = report(session, option, true)?;
    let value = match report.outcome {
        Ok(found) => found.map(|found| found.value),
        Err(error) if error.kind() == ErrorKind::NotFound && default.is_some() => None,
        Err(error) => return Err(error),
    };
    let value = value.as_ref().or(default).map_or(&b""[..], Secret::expose);
    let mut masks = session.masks();
    // To mask a word such as `LocalExecutor` would hide it wherever it occurs.
    if option.may_be_secret() || is_sensitive(option.option().name) {
        masks.add(value);
        // The address of a database has a password in it.
        if let Ok(connection) = Connection::from_found("", &Found::Text(Secret::new(value))) {
            masks.add_connection(&connection);
        }
    }
    masks.announce()?;
    render::stdout(value, !session.settings.no_newline)
}

/// Looks an option up, and prints the warnings.
fn report(session: &Session, option: &NamedOption, ask: bool) -> Result<OptionReport> {
    let report = session.block_on(async { Ok(session.resolver.option(option, ask).await) })?;
    for warning in report.warnings.iter().chain(&session.resolver.late_warnings()) {
        session.terminal.warning(warning);
    }
    Ok(report)
}

/// Prints every place that was looked at for an option, as `format` writes it. With `ask`, commands are run and the configured backend
/// is asked. A failure is a part of the explanation, and not an error here.
pub(super) fn explain_option(
    session: &Session,
    option: &NamedOption,
    ask: bool,
    format: impl FnOnce(&[OptionRow<'_>], &str) -> String,
) -> Result<()> {
    let report = report(session, option, ask)?;
    let failure = report.outcome.as_ref().err();
    let rows: Vec<_> = report
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| row(step, failure.filter(|_| index + 1 == report.steps.len())))
        .collect();
    let named = option.option();
    let name = format!("{}.{}", named.section, named.name);
    render::stdout(format(&rows, &name).as_bytes(), !session.settings.no_newline)
}

fn row<'a>(step: &'a ReportedStep, failure: Option<&'a Error>) -> OptionRow<'a> {
    OptionRow {
        place: &step.place,
        is_former: step.is_former,
        outcome: &step.outcome,
        failure,
    }
}

/// Returns the explanation for people.
pub(super) fn option_text(session: &Session, rows: &[OptionRow<'_>], name: &str) -> String {
    explain::option_text(name, rows, &session.settings.provenance.lines())
}
