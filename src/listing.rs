//! Listings: the names that a place has, never a value.
//!
//! Owns what a backend returns from [`list`](crate::backend::SecretsBackend::list). Must not know any backend.

use crate::location::Location;
use crate::value::{Lookup, SecretKind};

/// Whose names are listed: a lookup without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The kind of the names.
    pub kind: SecretKind,
    /// The team. It is set only if `multi_team` is.
    pub team: Option<String>,
    /// Airflow's `[core] multi_team`.
    pub multi_team: bool,
}

impl Scope {
    /// Returns the lookup of `id`.
    #[must_use]
    pub fn lookup(&self, id: &str) -> Lookup {
        Lookup {
            kind: self.kind,
            id: id.to_owned(),
            team: self.team.clone(),
            multi_team: self.multi_team,
        }
    }

    /// Returns the kind in the plural, for messages: "connections".
    #[must_use]
    pub fn kinds(&self) -> &'static str {
        match self.kind {
            SecretKind::Connection => "connections",
            SecretKind::Variable => "variables",
            SecretKind::Config => "configuration options",
        }
    }
}

/// A place's answer to the question for its names.
#[derive(Clone, Debug)]
pub enum Listing {
    /// The names that it has.
    Names(Names),
    /// Airflow looks no name of this kind up there, and why.
    NotLookedUp(String),
    /// It cannot list its names, and why.
    Cannot(String),
}

/// The names that a place has.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The names, in any order. One id may occur at several locations.
    pub listed: Vec<Listed>,
    /// What the user should know about them: where an id is ambiguous, or why nothing is there.
    pub notes: Vec<String>,
}

/// A name that a place has.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The id with which Airflow finds it.
    pub id: String,
    /// Where it is. It is a step of the id's own plan.
    pub location: Location,
    /// What keeps it from being read, such as "disabled".
    pub state: Option<&'static str>,
}
