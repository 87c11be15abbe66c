//! What is asked of a backend, and what it answers: the two ends of every lookup.
//!
//! Owns the vocabulary that backends, resolver and commands share. Must not know any backend, nor what a connection is.

use std::fmt;

use crate::location::Location;
use crate::python::json;
use crate::secret::Secret;

/// What kind of thing a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretKind {
    /// A connection, named by its connection id.
    Connection,
    /// A variable, named by its key.
    Variable,
    /// A configuration option, named as in `sql_alchemy_conn_secret = KEY`.
    Config,
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "connection",
            Self::Variable => "variable",
            Self::Config => "configuration option",
        })
    }
}

/// One question: a name, its kind, and the team that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// What is asked for.
    pub kind: SecretKind,
    /// The connection id, variable key or configuration key, as the user gave it. Never empty.
    pub id: String,
    /// The team, only ever set when `multi_team` is.
    pub team: Option<String>,
    /// Airflow's `[core] multi_team`.
    pub multi_team: bool,
}

/// What a backend has under a name.
#[derive(Clone)]
pub enum Found {
    /// Text, byte for byte as the backend keeps it: a connection's URI or JSON, a variable's or an option's value.
    Text(Secret),
    /// A connection's text in a local file, which Airflow calls its `Connection(uri=…)` with: a URI even where it looks like
    /// JSON, and blanks around it stay. Never empty.
    Uri(Secret),
    /// The fields of a Vault secret that has no `conn_uri`: Airflow makes JSON of them and parses that.
    Fields(json::Object),
    /// The object of a local file: what Airflow calls its `Connection(…)` with.
    Arguments(json::Object),
    /// A variable or option that is no text, such as a number in a YAML file or in Vault.
    Json(json::Value),
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(redacted)",
            Self::Uri(_) => "Uri(redacted)",
            Self::Fields(_) => "Fields(redacted)",
            Self::Arguments(_) => "Arguments(redacted)",
            Self::Json(_) => "Json(redacted)",
        })
    }
}

/// A backend's answer to one step of a lookup. "Could not tell" is not an answer but an error.
#[derive(Debug)]
pub enum Answer {
    /// It is here.
    Found(Found),
    /// It is not at this location; the backend's next step is asked.
    Absent {
        /// What the user should know about it, such as Vault's warning about the KV version.
        hint: Option<String>,
    },
    /// There is something at this location, and Airflow makes `None` of it (a null value): this backend's further steps are
    /// not asked, the next backend is.
    Null,
}

impl Answer {
    /// The plain "not here".
    pub const ABSENT: Self = Self::Absent { hint: None };
}

/// One step of a lookup: a location, and what makes it skip.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it looks.
    pub location: Location,
    /// Why it is not asked, when it is not.
    pub skipped: Option<String>,
}

impl Step {
    /// Creates a step that is asked.
    #[must_use]
    pub fn ask(location: Location) -> Self {
        Self {
            location,
            skipped: None,
        }
    }

    /// Creates a step that is skipped.
    #[must_use]
    pub fn skip(location: Location, why: impl Into<String>) -> Self {
        Self {
            location,
            skipped: Some(why.into()),
        }
    }
}

/// What a backend answers when it is asked which names it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The connection ids, variable keys or configuration keys that it has, in its own order.
    Ids(Vec<String>),
    /// It cannot list its names.
    Cannot,
}
