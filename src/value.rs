//! Lookups and answers: what a backend is asked, and what it returns.
//!
//! Owns the vocabulary that backends, resolver and commands share. Must not know any backend, or what a connection is.

use std::fmt;

use crate::location::Location;
use crate::python::json;
use crate::secret::Secret;

/// The kind of a name.
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

/// A question to a backend: a name, its kind, and the team that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The kind of the name.
    pub kind: SecretKind,
    /// The connection id, variable key or configuration key, as the user gave it. Never empty.
    pub id: String,
    /// The team. It is set only if `multi_team` is.
    pub team: Option<String>,
    /// Airflow's `[core] multi_team`.
    pub multi_team: bool,
}

/// The value that a backend has under a name.
#[derive(Clone)]
pub enum Found {
    /// Text, byte for byte as stored: the URI or JSON of a connection, or the value of a variable or an option.
    Text(Secret),
    /// The text of a connection in a local file, which Airflow passes to `Connection(uri=…)`. It is a URI even if it looks like
    /// JSON, and keeps whitespace around it. Never empty.
    Uri(Secret),
    /// The fields of a Vault secret without `conn_uri`. Airflow converts them to JSON and parses that.
    Fields(json::Object),
    /// The object of a connection in a local file, which Airflow passes to `Connection(…)`.
    Arguments(json::Object),
    /// The columns of a connection in Airflow's database, which are the connection's own fields.
    Row(json::Object),
    /// A variable or option that is not text, such as a number in a YAML file or in Vault.
    Json(json::Value),
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(redacted)",
            Self::Uri(_) => "Uri(redacted)",
            Self::Fields(_) => "Fields(redacted)",
            Self::Arguments(_) => "Arguments(redacted)",
            Self::Row(_) => "Row(redacted)",
            Self::Json(_) => "Json(redacted)",
        })
    }
}

/// A backend's answer to one step of a lookup. A failure is not an answer, but an error.
#[derive(Debug)]
pub enum Answer {
    /// There is a value at this location. The search ends.
    Found(Found),
    /// There is nothing at this location. The backend's next step is asked.
    Absent {
        /// A hint for the user, such as Vault's warning about the KV version.
        hint: Option<String>,
    },
    /// There is a null value at this location, which Airflow reads as `None`. This backend's other steps are skipped, and the
    /// next backend is asked.
    Null,
}

impl Answer {
    /// An absent value, without a hint.
    pub const ABSENT: Self = Self::Absent { hint: None };
}

/// One step of a lookup: a location, and why it is skipped, if it is.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it looks.
    pub location: Location,
    /// Why it is skipped; `None` if it is asked.
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

    /// Creates the steps of `names`, or one that is skipped because there are none.
    pub(crate) fn of_names(
        names: Result<Vec<String>, String>,
        location: impl Fn(String) -> Location,
    ) -> Vec<Self> {
        match names {
            Ok(names) => names.into_iter().map(|name| Self::ask(location(name))).collect(),
            Err(why) => vec![Self::skip(location(String::new()), why)],
        }
    }

    /// Creates a skipped step.
    #[must_use]
    pub fn skip(location: Location, why: impl Into<String>) -> Self {
        Self {
            location,
            skipped: Some(why.into()),
        }
    }
}
