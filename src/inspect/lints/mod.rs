//! What looks like a mistake in a connection that Airflow can read.
//!
//! Owns the rules. A message names a field or a key of the connection, never a value, not even its type: that may be a secret in the
//! wrong place. Does no I/O.
//!
//! Source of the types: the `connection-types` of the official providers' `get_provider_info.py` (`scripts/connection-types`).

use super::{NameUse, Origin};
use crate::connection::{self, Connection};
use crate::nearest::nearest;
use crate::python::json::Value;
use crate::python::parse_qsl::parse_qsl;
use crate::python::text;
use crate::shown::shown;
use crate::value::Found;

mod uri;

use uri::Uri;

/// The connection types, one a line, each followed by ` -` if its hook ignores the extra.
const TYPES: &str = include_str!("connection_types.txt");

/// A rule that a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The password seems to end early, at a character that a URI must quote.
    CutPassword,
    /// The extra has JSON inside JSON.
    NestedExtra,
    /// No official provider has the connection type.
    UnknownType,
    /// A field begins or ends with blanks.
    BlankAround,
    /// The URI has a query, and the hook of its type ignores the extra.
    IgnoredQuery,
    /// The URI has `__extra__` beside other names.
    ExtraTwice,
    /// The whole value is quoted, or its scheme is invalid.
    DoubtfulText,
    /// The code uses a field that the connection does not have.
    UnsetField,
}

impl Rule {
    /// Every rule, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::CutPassword,
        Self::NestedExtra,
        Self::UnknownType,
        Self::BlankAround,
        Self::IgnoredQuery,
        Self::ExtraTwice,
        Self::DoubtfulText,
        Self::UnsetField,
    ];

    /// Returns its name in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::CutPassword => "cut-password",
            Self::NestedExtra => "nested-extra",
            Self::UnknownType => "unknown-conn-type",
            Self::BlankAround => "blank-around-field",
            Self::IgnoredQuery => "ignored-query",
            Self::ExtraTwice => "extra-twice",
            Self::DoubtfulText => "doubtful-text",
            Self::UnsetField => "unset-field",
        }
    }

    /// Says in one sentence what it is about.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::CutPassword => {
                "The password of the URI may be cut at a character that must be percent-encoded."
            }
            Self::NestedExtra => "The extra has the whole extra inside it once more.",
            Self::UnknownType => "No official provider has this connection type.",
            Self::BlankAround => "A field begins or ends with blanks.",
            Self::IgnoredQuery => "The hook of this connection type ignores the query of the URI.",
            Self::ExtraTwice => "The query of the URI has `__extra__`, so Airflow ignores its other names.",
            Self::DoubtfulText => "The text of the connection is probably not what was meant.",
            Self::UnsetField => "The code uses a field that the connection does not have.",
        }
    }
}

/// What is wrong with one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// The rule.
    pub rule: Rule,
    /// What is wrong, and the way out.
    pub message: String,
}

/// Returns what looks like a mistake in `connection`, which Airflow reads from `found`, and in how `uses` use it.
#[must_use]
pub fn of<'a>(
    conn_id: &str,
    found: &Found,
    connection: &Connection,
    uses: impl IntoIterator<Item = &'a NameUse>,
) -> Vec<Lint> {
    let mut lints = Lints(Vec::new());
    if let Some(doubt) = connection::doubt(conn_id, found) {
        lints.add(Rule::DoubtfulText, doubt);
    }
    lints.conn_type(connection);
    lints.blanks(connection);
    lints.extra(connection);
    if let Some(uri) = Uri::of(found) {
        lints.uri(&uri, connection);
    }
    lints.fields(connection, uses);
    lints.0.sort_by_key(|lint| lint.rule);
    lints.0
}

struct Lints(Vec<Lint>);

impl Lints {
    fn add(&mut self, rule: Rule, message: impl Into<String>) {
        self.0.push(Lint {
            rule,
            message: message.into(),
        });
    }

    fn conn_type(&mut self, connection: &Connection) {
        let conn_type = match connection.part("conn_type") {
            Some(Value::String(conn_type)) if !conn_type.is_empty() => conn_type,
            // A scheme that is invalid is a doubt about the whole text.
            _ if self.0.iter().any(|lint| lint.rule == Rule::DoubtfulText) => return,
            _ => {
                self.add(
                    Rule::UnknownType,
                    "it has no `conn_type`, so Airflow finds no hook by it",
                );
                return;
            }
        };
        if known_type(conn_type).is_some() {
            return;
        }
        let known: Vec<&str> = types().map(|(name, _)| name).collect();
        let unknown = "no official provider has its `conn_type`";
        match nearest(conn_type, &known) {
            Some(near) => self.add(Rule::UnknownType, format!("{unknown}; the nearest is `{near}`")),
            None => self.add(Rule::UnknownType, unknown),
        }
    }

    fn blanks(&mut self, connection: &Connection) {
        for field in ["conn_type", "host", "login", "password", "schema"] {
            let value = match field {
                "password" => connection.password(),
                field => connection.part(field).and_then(Value::as_str),
            };
            if value.is_some_and(|value| text::strip(value) != value) {
                self.add(
                    Rule::BlankAround,
                    format!("`{field}` begins or ends with a blank, which Airflow keeps"),
                );
            }
        }
    }

    /// Looks for an extra inside the extra: `?extra={…}` in a URI, `"extra": {"extra": …}` in JSON.
    fn extra(&mut self, connection: &Connection) {
        let Some(extra) = connection.extra_object() else {
            return;
        };
        for key in ["extra", "__extra__"] {
            let is_nested = match extra.get(key) {
                Some(Value::Object(_)) => true,
                Some(Value::String(text)) => {
                    matches!(crate::python::json::loads(text), Ok(Value::Object(_)))
                }
                _ => false,
            };
            if is_nested {
                self.add(
                    Rule::NestedExtra,
                    format!(
                        "its extra has another one under `{key}`, so no hook finds the keys inside: \
                         write them one level higher, or as `__extra__` alone in a URI"
                    ),
                );
            }
        }
    }

    fn uri(&mut self, uri: &Uri<'_>, connection: &Connection) {
        if let Some(sign) = uri.password_is_cut_at() {
            self.add(
                Rule::CutPassword,
                format!("its password looks cut at `{sign}`: percent-encode `@` as %40, `/` as %2F, `?` as %3F, `#` as %23"),
            );
        }
        let names: Vec<String> = parse_qsl(uri.query).map(|(name, _)| name).collect();
        if names.iter().any(|name| name == "__extra__") && names.iter().any(|name| name != "__extra__") {
            self.add(
                Rule::ExtraTwice,
                "its query has `__extra__` and other names, which Airflow ignores: put all into one of them",
            );
        }
        let conn_type = connection.part("conn_type").and_then(Value::as_str);
        if !names.is_empty() && conn_type.and_then(known_type) == Some(false) {
            self.add(
                Rule::IgnoredQuery,
                "it has a query, but the hook of its `conn_type` ignores the extra",
            );
        }
    }

    /// Looks for fields that the code uses and the connection does not have.
    fn fields<'a>(&mut self, connection: &Connection, uses: impl IntoIterator<Item = &'a NameUse>) {
        let mut seen = Vec::new();
        // A field that a file of names refers to must be there: that is more than a warning.
        let of_code = uses
            .into_iter()
            .filter(|one| !matches!(one.origin, Origin::NamesFile(_)));
        for path in of_code.flat_map(|one| &one.fields) {
            let name = match path.as_slice() {
                [field]
                    if ["host", "login", "password", "schema", "port", "description"].contains(&&**field) =>
                {
                    field.clone()
                }
                [extra, key, ..] if extra == "extra_dejson" => format!("extra.{key}"),
                _ => continue,
            };
            if seen.contains(&name) {
                continue;
            }
            // Airflow has an empty host for a URI without one.
            let value = connection.field(&name);
            if value.is_ok_and(|value| value.is_none_or(|value| value.is_empty())) {
                self.add(
                    Rule::UnsetField,
                    format!("the code uses its `{}`, which it does not have", shown(&name)),
                );
            }
            seen.push(name);
        }
    }
}

/// Returns whether the hook of a known type reads the extra.
fn known_type(conn_type: &str) -> Option<bool> {
    types()
        .find(|(name, _)| *name == conn_type)
        .map(|(_, reads)| reads)
}

/// Returns every type, and whether its hook reads the extra.
fn types() -> impl Iterator<Item = (&'static str, bool)> {
    TYPES.lines().map(|line| match line.strip_suffix(" -") {
        Some(name) => (name, false),
        None => (line, true),
    })
}

#[cfg(test)]
mod tests;
