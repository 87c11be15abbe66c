//! The names that each place has, for people and as JSON.
//!
//! Shows names and places; never a value. Must not know any backend.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::terminal::printable;
use crate::value::SecretKind;

/// A place and its names.
#[derive(Debug)]
pub struct PlaceRow<'a> {
    /// The backend's class path in Airflow.
    pub backend: &'a str,
    /// Where it looks, for people.
    pub place: &'a str,
    /// Whether it was listed.
    pub status: PlaceStatus,
    /// Why it was not.
    pub reason: Option<String>,
    /// What the user should know about the names.
    pub notes: &'a [String],
    /// The names, sorted.
    pub names: Vec<NameRow<'a>>,
}

/// A name that a place has.
#[derive(Debug)]
pub struct NameRow<'a> {
    /// The connection id, variable key or configuration key.
    pub id: &'a str,
    /// What keeps it from being read.
    pub state: Option<&'a str>,
    /// The place whose value Airflow uses instead.
    pub shadowed_by: Option<&'a str>,
}

/// Whether a place was listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceStatus {
    /// Its names are known.
    Listed,
    /// Airflow does not look up names of this kind there.
    NotLookedUp,
    /// It has no list of its names.
    CannotList,
    /// It could not be asked.
    Failed,
}

impl PlaceStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::NotLookedUp => "not looked up",
            Self::CannotList => "cannot list",
            Self::Failed => "failed",
        }
    }
}

/// Returns `id<TAB>place`, a line a name, with a third column where there is something to say about it.
#[must_use]
pub fn text(places: &[PlaceRow<'_>]) -> String {
    let mut text = String::new();
    for place in places {
        for name in &place.names {
            let _ = write!(text, "{}\t{}", printable(name.id), printable(place.place));
            let shadowed = name.shadowed_by.map(|place| format!("shadowed by {place}"));
            let remarks: Vec<&str> = name.state.into_iter().chain(shadowed.as_deref()).collect();
            if !remarks.is_empty() {
                let _ = write!(text, "\t{}", printable(&remarks.join(", ")));
            }
            text.push('\n');
        }
    }
    text
}

/// Returns the names and the places on one line. `docs/json.md` describes it.
#[must_use]
pub fn json(kind: &str, places: &[PlaceRow<'_>]) -> String {
    let names: Vec<Value> = places
        .iter()
        .flat_map(|place| {
            place.names.iter().map(|name| {
                json!({
                    "id": name.id,
                    "backend": place.backend,
                    "place": place.place,
                    "state": name.state,
                    "shadowed_by": name.shadowed_by,
                })
            })
        })
        .collect();
    let places: Vec<Value> = places
        .iter()
        .map(|place| {
            json!({
                "backend": place.backend,
                "place": place.place,
                "status": place.status.word(),
                "reason": place.reason,
                "notes": place.notes,
            })
        })
        .collect();
    json!({"kind": kind, "names": names, "places": places}).to_string()
}

/// Returns the warnings about a place. If `nothing` was listed anywhere, they say also where Airflow does not look.
#[must_use]
pub fn warnings(kind: SecretKind, place: &PlaceRow<'_>, nothing: bool) -> Vec<String> {
    let why = place.reason.as_deref().unwrap_or_default();
    let mut warnings = place.notes.to_vec();
    match place.status {
        PlaceStatus::CannotList => warnings.push(format!("{} cannot be listed: {why}", place.place)),
        PlaceStatus::Failed => warnings.push(format!("{why}; listing the next place")),
        PlaceStatus::NotLookedUp if nothing => {
            warnings.push(format!("{} is not asked for a {kind}: {why}", place.place));
        }
        PlaceStatus::Listed | PlaceStatus::NotLookedUp => {}
    }
    warnings
}
