//! `list`: the names that each place on Airflow's search path has, never a value.

use clap::{Args, ValueEnum};

use super::explain::Kind;
use super::session::Session;
use crate::error::Result;
use crate::render;
use crate::render::list::{self, NameRow, PlaceRow, PlaceStatus};
use crate::resolver::list::{ListedPlace, Outcome};
use crate::value::SecretKind;

/// Options of `list`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "One line a name: the name, a tab, the place that has it. A third column says that an earlier place shadows it, \
                       or that it is disabled.\n\n\
                       Examples:\n  secretctl list conn\n  secretctl list var --no-fallback\n  secretctl list conn -o json"
)]
pub struct ListArgs {
    /// The kind of the names
    #[arg(value_name = "KIND")]
    pub kind: Kind,
    /// The output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: ListFormat,
}

/// The output formats of `list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// One line a name
    Text,
    /// For programs
    Json,
}

/// Prints the names of every place. Everything is listed before the first byte is printed.
pub(crate) fn run(session: &Session, args: &ListArgs) -> Result<()> {
    let kind = args.kind.of_secret();
    let places = session.block_on(session.resolver.list(kind))?;
    let rows: Vec<PlaceRow<'_>> = places.iter().map(row).collect();
    say(session, kind, &rows);
    let text = match args.output {
        ListFormat::Text => list::text(&rows),
        ListFormat::Json => list::json(args.kind.word(), &rows) + "\n",
    };
    render::stdout(text.as_bytes(), false)
}

/// Writes what the lines of text do not say.
fn say(session: &Session, kind: SecretKind, places: &[PlaceRow<'_>]) {
    if places.is_empty() {
        let why = "no secrets backend is configured, and only a secrets backend holds options";
        session.terminal.warning(&format!("there is no {kind}: {why}"));
    }
    let nothing = places.iter().all(|place| place.names.is_empty());
    for place in places {
        for warning in list::warnings(kind, place, nothing) {
            session.terminal.warning(&warning);
        }
    }
}

fn row(place: &ListedPlace) -> PlaceRow<'_> {
    let (status, reason) = match &place.outcome {
        Outcome::Listed { .. } => (PlaceStatus::Listed, None),
        Outcome::NotLookedUp(why) => (PlaceStatus::NotLookedUp, Some(why.clone())),
        Outcome::Cannot(why) => (PlaceStatus::CannotList, Some(why.clone())),
        Outcome::Failed(error) => (PlaceStatus::Failed, Some(error.to_string())),
    };
    let (names, notes) = match &place.outcome {
        Outcome::Listed { names, notes } => (names.as_slice(), notes.as_slice()),
        _ => (&[][..], &[][..]),
    };
    PlaceRow {
        backend: place.backend,
        place: &place.place,
        status,
        reason,
        notes,
        names: names
            .iter()
            .map(|name| NameRow {
                id: &name.id,
                state: name.state,
                shadowed_by: name.shadowed_by.as_deref(),
            })
            .collect(),
    }
}
