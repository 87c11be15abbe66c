//! `explain`: where Airflow would look for a name, in order, why a step is skipped, and what configures the search path.

use clap::{Args, ValueEnum};

use super::get_config::{self, ConfigName};
use super::session::Session;
use crate::error::{Error, Result};
use crate::render;
use crate::render::explain::{self, Row};
use crate::resolver::ProbedStep;
use crate::value::SecretKind;

/// Options of `explain`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl explain conn smtp_default\n  secretctl explain var hello --probe\n  \
                       secretctl explain conn smtp_default -o json"
)]
pub struct ExplainArgs {
    /// The kind of the name
    #[arg(value_name = "KIND")]
    pub kind: Kind,
    /// The connection id, the variable key, or the option as SECTION.KEY; for config without a dot, a key of the secrets backend
    pub name: String,
    /// With config: NAME is a key of the secrets backend, even with a dot
    #[arg(long)]
    pub backend_key: bool,
    /// Ask each step, and show the outcome: found, not found, denied, unreachable
    #[arg(long)]
    pub probe: bool,
    /// The output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: ExplainFormat,
}

/// The kind of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A connection
    Conn,
    /// A variable
    Var,
    /// A configuration option
    Config,
}

impl Kind {
    /// Returns the kind of secret.
    pub(super) fn of_secret(self) -> SecretKind {
        match self {
            Self::Conn => SecretKind::Connection,
            Self::Var => SecretKind::Variable,
            Self::Config => SecretKind::Config,
        }
    }

    /// Returns the word on the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Conn => "conn",
            Self::Var => "var",
            Self::Config => "config",
        }
    }
}

/// The output formats of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Prints the steps of a lookup; with `--probe`, also the outcome of each. A denied or unreachable step is not an error here.
pub(crate) fn run(session: &Session, args: &ExplainArgs) -> Result<()> {
    let (kind, word) = (args.kind.of_secret(), args.kind.word());
    if kind == SecretKind::Config
        && let ConfigName::Option(option) = ConfigName::read(&args.name, None, args.backend_key, session)?
    {
        return get_config::explain_option(session, &option, args.probe, |rows, name| match args.output {
            ExplainFormat::Json => explain::option_json(name, rows),
            ExplainFormat::Text => get_config::option_text(session, rows, name),
        });
    }
    if args.backend_key && kind != SecretKind::Config {
        return Err(Error::usage(format!(
            "`--backend-key` belongs to `explain config`, not to `explain {word}`"
        )));
    }
    let steps = if args.probe {
        session.block_on(session.resolver.probe(kind, &args.name))?
    } else {
        session
            .resolver
            .plan(kind, &args.name)?
            .into_iter()
            .map(ProbedStep::unasked)
            .collect()
    };
    let rows: Vec<Row<'_>> = steps.iter().map(row).collect();
    let text = match args.output {
        ExplainFormat::Json => explain::json(word, &args.name, &rows),
        ExplainFormat::Text => {
            let provenance = &session.settings.provenance;
            let backend = provenance.source_of("backend").is_some();
            explain::text(kind, &args.name, &rows, backend, &provenance.lines())
        }
    };
    render::stdout(text.as_bytes(), !session.settings.no_newline)
}

fn row(step: &ProbedStep) -> Row<'_> {
    Row {
        backend: step.planned.backend,
        place: &step.planned.place,
        step: &step.planned.step,
        outcome: step.outcome.as_ref(),
        took: step.took,
    }
}
