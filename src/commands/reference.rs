//! References: `conn:ID`, `conn:ID#FIELD`, `conn:ID@FORMAT`, `var:KEY`, `var:KEY#FIELD`.
//!
//! Owns their notation and the value that each stands for. Must not know which option or file holds one: the caller says that in its
//! errors. Malformed text is never echoed, because it may be a secret.

use super::as_format::{self, Additions};
use super::stored;
use crate::connection::{Connection, check_field_name};
use crate::drivers::Format;
use crate::error::{Error, Result};
use crate::python::json;
use crate::render::{Masks, Terminal};
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::{Found, SecretKind};

/// What stands before a reference in a variable of the environment.
pub(super) const PREFIX: &str = "secretctl:";

/// The notation, for hints.
pub(super) const FORM: &str = "conn:ID, conn:ID#FIELD, conn:ID@FORMAT, var:KEY or var:KEY#FIELD";

/// A connection or variable, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) kind: SecretKind,
    pub(super) id: String,
    pub(super) part: Part,
}

/// What of a connection or variable is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The stored value.
    Whole,
    /// A field of a connection, or the place in a JSON variable that a path reaches.
    Field(String),
    /// A connection as another program takes it, as one text.
    Format(Format),
    /// A connection as another program takes it, as variables with names of their own.
    Variables(Format),
}

impl Reference {
    /// Returns a whole connection or variable.
    pub(super) fn whole(kind: SecretKind, id: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            part: Part::Whole,
        }
    }

    /// Parses a reference; `None` if the text names neither a connection nor a variable.
    ///
    /// # Errors
    /// A field that no connection has, or a format that does not exist or is several variables, with status 2.
    pub(super) fn parse(text: &str) -> Result<Option<Self>> {
        let (kind, rest) = if let Some(rest) = text.strip_prefix("conn:") {
            (SecretKind::Connection, rest)
        } else if let Some(rest) = text.strip_prefix("var:") {
            (SecretKind::Variable, rest)
        } else {
            return Ok(None);
        };
        let (id, part) = match split_at_field(kind, rest) {
            Some((id, field)) => {
                if kind == SecretKind::Connection {
                    check_field_name(field)?;
                }
                (id, Part::Field(field.to_owned()))
            }
            // Airflow's connections have no `@` in their ids.
            None => match rest.rsplit_once('@') {
                Some((id, format)) if kind == SecretKind::Connection => {
                    (id, Part::Format(as_format::parse_text(id, format)?))
                }
                _ => (rest, Part::Whole),
            },
        };
        Ok(Some(Self {
            kind,
            id: id.to_owned(),
            part,
        }))
    }

    /// Parses a reference that stands without a name: `conn:ID`, `var:KEY`, or `conn:ID@FORMAT` for a format that has variables.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); a field, or a format that is one text, which both need a name. Status 2.
    pub(super) fn parse_without_name(text: &str) -> Result<Option<Self>> {
        const NAMED: &str =
            "give it a name: `NAME=conn:ID#FIELD`, `NAME=conn:ID@FORMAT` or `NAME=var:KEY#FIELD`";
        if let Some(rest) = text.strip_prefix("conn:")
            && !rest.contains('#')
            && let Some((id, format)) = rest.rsplit_once('@')
        {
            let format = Format::parse(format)?;
            if !format.has_variables() {
                return Err(Error::usage(format!(
                    "format `{}` is one text, and stands without a name",
                    format.name()
                ))
                .with_hint(NAMED));
            }
            return Ok(Some(Self {
                kind: SecretKind::Connection,
                id: id.to_owned(),
                part: Part::Variables(format),
            }));
        }
        match Self::parse(text)? {
            Some(Self {
                part: Part::Field(_), ..
            }) => Err(Error::usage("a field stands without a name").with_hint(NAMED)),
            reference => Ok(reference),
        }
    }

    /// Returns the reference in its notation, as [`parse`](Self::parse) or [`parse_without_name`](Self::parse_without_name) reads it.
    pub(super) fn notation(&self) -> String {
        let kind = match self.kind {
            SecretKind::Connection => "conn",
            _ => "var",
        };
        match &self.part {
            Part::Whole => format!("{kind}:{}", self.id),
            Part::Field(field) => format!("{kind}:{}#{field}", self.id),
            Part::Format(format) | Part::Variables(format) => {
                format!("{kind}:{}@{}", self.id, format.name())
            }
        }
    }

    /// Parses `ID@FORMAT`, for a format that has variables.
    ///
    /// # Errors
    /// Text without `@`, an unknown format, or a format that is one text, with status 2.
    pub(super) fn parse_variables(text: &str) -> Result<Self> {
        let (id, format) = as_format::parse_variables(text)?;
        Ok(Self {
            kind: SecretKind::Connection,
            id: id.to_owned(),
            part: Part::Variables(format),
        })
    }

    /// Describes the reference: "connection `x`".
    pub(super) fn described(&self) -> String {
        let (kind, id) = (self.kind, shown(&self.id));
        match &self.part {
            Part::Whole => format!("{kind} `{id}`"),
            Part::Field(field) => format!("`{}` of {kind} `{id}`", shown(field)),
            Part::Format(format) | Part::Variables(format) => {
                format!("{kind} `{id}` as `{}`", format.name())
            }
        }
    }

    /// Returns the one text that the reference stands for, and adds what a format quotes to the masks.
    ///
    /// # Errors
    /// A missing field (status 3), a format that does not fit the connection (2), a malformed value (6).
    pub(super) fn text(
        &self,
        found: &Found,
        connection: Option<&Connection>,
        masks: &mut Masks,
        terminal: Terminal,
    ) -> Result<Secret> {
        match (&self.part, connection) {
            (Part::Format(format) | Part::Variables(format), Some(connection)) => {
                as_format::text(connection, *format, &Additions::default(), masks, terminal)
            }
            (Part::Field(field), Some(connection)) => {
                connection.field(field)?.ok_or_else(|| self.lacks(field))
            }
            (Part::Field(field), None) => {
                let value = stored::parse_json(&self.id, found)?;
                match stored::reach(&value, field) {
                    Some(json::Value::String(text)) => Ok(Secret::from(text.as_str())),
                    Some(part) => Ok(json::dumps_compact(part).into()),
                    None => Err(self.lacks(field)),
                }
            }
            (Part::Whole, Some(connection)) => stored::for_environment(&self.id, found, connection),
            (_, None) => Ok(stored::text(found)),
        }
    }

    /// Checks that the reference stands for something, as `exec` would find out, and prints the warnings of a format.
    ///
    /// # Errors
    /// As [`text`](Self::text), for each part.
    pub(super) fn check(
        &self,
        found: &Found,
        connection: Option<&Connection>,
        terminal: Terminal,
    ) -> Result<()> {
        match (&self.part, connection) {
            (&Part::Variables(format), Some(connection)) => {
                as_format::variables(connection, format, terminal).map(|_| ())
            }
            _ => self
                .text(found, connection, &mut Masks::default(), terminal)
                .map(|_| ()),
        }
    }

    fn lacks(&self, field: &str) -> Error {
        Error::not_found(format!(
            "{} `{}` has no `{}`",
            self.kind,
            shown(&self.id),
            shown(field)
        ))
    }
}

/// Whether `value` is a reference as a variable of the environment holds one.
pub(super) fn is_reference(value: &Secret) -> bool {
    let rest = value.expose().strip_prefix(PREFIX.as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"conn:") || rest.starts_with(b"var:"))
}

/// Splits `ID#FIELD`. A connection id may contain `#`, so the field is the first text after a `#` that can be a field.
fn split_at_field(kind: SecretKind, rest: &str) -> Option<(&str, &str)> {
    let is_field = |at: &usize| kind != SecretKind::Connection || check_field_name(&rest[at + 1..]).is_ok();
    let mut signs = rest.match_indices('#').map(|(at, _)| at);
    let at = signs.clone().find(is_field).or_else(|| signs.next())?;
    Some((&rest[..at], &rest[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_distinguished_from_a_hash_in_an_id() {
        for (text, id, field) in [
            ("conn:a", "a", None),
            ("conn:a#password", "a", Some("password")),
            ("conn:a#b#password", "a#b", Some("password")),
            ("conn:a#extra.k#password", "a", Some("extra.k#password")),
            ("var:k#a#b", "k", Some("a#b")),
        ] {
            let reference = Reference::parse(text)
                .expect("its field is one")
                .expect("it is a reference");
            let part = field.map_or(Part::Whole, |field| Part::Field(field.to_owned()));
            assert_eq!((reference.id.as_str(), reference.part), (id, part));
        }
        assert!(Reference::parse("conn:a#passwrd").is_err());
    }

    #[test]
    fn a_reference_without_a_name_is_whole_or_several_variables() {
        for (text, part) in [
            ("conn:a", Part::Whole),
            ("var:k", Part::Whole),
            ("var:k@libpq-env", Part::Whole),
            ("conn:a@libpq-env", Part::Variables(Format::LibpqEnv)),
            ("conn:a@dbt", Part::Variables(Format::Dbt)),
        ] {
            let reference = Reference::parse_without_name(text)
                .expect("it is one")
                .expect("it is a reference");
            assert_eq!((reference.notation().as_str(), &reference.part), (text, &part));
        }
        for text in ["conn:a#password", "var:k#b", "conn:a@pgpass", "conn:a@nothing"] {
            assert!(Reference::parse_without_name(text).is_err(), "{text}");
        }
        assert!(matches!(Reference::parse_without_name("a"), Ok(None)));
    }
}
