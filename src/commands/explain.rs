//! `explain`: where Airflow would look for a name, in order, and what makes a step skip.

use super::Session;
use crate::cli::{ExplainArgs, ExplainFormat, Kind};
use crate::error::Result;
use crate::render::{self, explain};
use crate::value::SecretKind;

/// Prints the steps of a lookup.
pub(super) fn run(session: &Session, args: &ExplainArgs) -> Result<()> {
    let (kind, word) = match args.kind {
        Kind::Conn => (SecretKind::Connection, "conn"),
        Kind::Var => (SecretKind::Variable, "var"),
        Kind::Config => (SecretKind::Config, "config"),
    };
    let steps = session.resolver.plan(kind, &args.name)?;
    let text = match args.output {
        ExplainFormat::Json => explain::json(word, &args.name, &steps),
        ExplainFormat::Text => explain::text(kind, &args.name, &steps),
    };
    render::stdout(text.as_bytes(), !session.settings.no_newline)
}
