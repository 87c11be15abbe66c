//! Which names a lookup asks for: prefixes, lookup patterns, and teams. No I/O.
//!
//! Both backends have these kwargs, and the same rules for a team and for a pattern; how a name is made differs. Facts:
//! `_get_secret` and its callers in `secrets/secrets_manager.py` and `secrets/systems_manager.py` of
//! apache-airflow-providers-amazon 9.39.0.

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::listing::Scope;
use crate::python::re::Pattern;
use crate::shown::shown;
use crate::value::{Lookup, SecretKind};

/// The text between a team and an id (`TEAM_SEP`).
const TEAM_SEPARATOR: &str = "--";

/// The names of the kwargs that are taken here.
pub(super) const KWARGS: &[&str] = &[
    "connections_prefix",
    "connections_lookup_pattern",
    "variables_prefix",
    "variables_lookup_pattern",
    "config_prefix",
    "config_lookup_pattern",
];

/// The kwargs of one kind of lookup.
#[derive(Debug)]
struct Kind {
    /// `None` when nothing of this kind is looked up.
    prefix: Option<String>,
    prefix_kwarg: &'static str,
    pattern: Option<String>,
    pattern_kwarg: &'static str,
    /// The pattern, which is parsed for the first lookup that needs it: a wrong one fails only there, as in Airflow.
    parsed: OnceLock<Pattern>,
}

/// How a backend makes a name from a prefix and an id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// Secrets Manager: an empty prefix leaves the bare id, which no team has.
    Separator(String),
    /// Parameter Store: always a path that begins with `/`.
    Path,
}

/// What a lookup asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// These names, in this order.
    Asked(Vec<String>),
    /// Nothing: the name that it would have been, and why.
    Skipped(String, String),
}

/// The prefixes and patterns of a backend.
#[derive(Debug)]
pub(super) struct Lookups {
    naming: Naming,
    connections: Kind,
    variables: Kind,
    config: Kind,
}

impl Lookups {
    /// Takes the kwargs. `defaults` are the prefixes of connections, variables and options.
    ///
    /// # Errors
    /// A prefix or a pattern that is not text, with status 2.
    pub(super) fn new(naming: Naming, kwargs: &mut Kwargs, defaults: [&str; 3]) -> Result<Self> {
        let [connections, variables, config] = defaults;
        let mut kind = |prefix_kwarg, default, pattern_kwarg| -> Result<Kind> {
            let prefix = kwargs.text_or(prefix_kwarg, default)?;
            Ok(Kind {
                prefix: prefix.map(|prefix| naming.stripped(&prefix).to_owned()),
                prefix_kwarg,
                pattern: kwargs.truthy_text(pattern_kwarg)?,
                pattern_kwarg,
                parsed: OnceLock::new(),
            })
        };
        Ok(Self {
            connections: kind("connections_prefix", connections, "connections_lookup_pattern")?,
            variables: kind("variables_prefix", variables, "variables_lookup_pattern")?,
            config: kind("config_prefix", config, "config_lookup_pattern")?,
            naming,
        })
    }

    /// Returns the names that Airflow asks for.
    ///
    /// # Errors
    /// A lookup pattern that cannot be used, with status 2.
    pub(super) fn names(&self, lookup: &Lookup) -> Result<Names> {
        let kind = self.kind(lookup.kind);
        let Some(prefix) = &kind.prefix else {
            let why = format!("`{}` is null", kind.prefix_kwarg);
            return Ok(Names::Skipped(String::new(), why));
        };
        let plain = self.naming.name(prefix, &lookup.id);
        if lookup.multi_team && lookup.id.contains(TEAM_SEPARATOR) {
            let why = format!("with multi_team, an id with `{TEAM_SEPARATOR}` could be another team's");
            return Ok(Names::Skipped(plain, why));
        }
        if !kind.matches(&lookup.id)? {
            let why = format!("the id does not match `{}`", kind.pattern_kwarg);
            return Ok(Names::Skipped(plain, why));
        }
        Ok(Names::Asked(self.of_prefix(prefix, lookup)))
    }

    /// Returns what stands in front of an id in the names of a kind; or, as an error, why nothing is looked up.
    pub(super) fn starts(&self, scope: &Scope) -> Result<Vec<String>, String> {
        let kind = self.kind(scope.kind);
        match &kind.prefix {
            Some(prefix) => Ok(self.of_prefix(prefix, &scope.lookup(""))),
            None => Err(format!("`{}` is null", kind.prefix_kwarg)),
        }
    }

    /// Checks the lookup pattern of a kind.
    ///
    /// # Errors
    /// A pattern that cannot be used, with status 2.
    pub(super) fn check_pattern(&self, kind: SecretKind) -> Result<()> {
        self.kind(kind).matches("").map(drop)
    }

    fn kind(&self, kind: SecretKind) -> &Kind {
        match kind {
            SecretKind::Connection => &self.connections,
            SecretKind::Variable => &self.variables,
            SecretKind::Config => &self.config,
        }
    }

    /// Returns the names with a prefix: the team's, then the plain one.
    fn of_prefix(&self, prefix: &str, lookup: &Lookup) -> Vec<String> {
        let team = lookup.team.as_deref().filter(|team| !team.is_empty());
        let of_team = match team {
            Some(team) if lookup.kind != SecretKind::Config && self.naming.has_teams(prefix) => {
                let id = format!("{team}{TEAM_SEPARATOR}{}", lookup.id);
                Some(self.naming.name(prefix, &id))
            }
            _ => None,
        };
        let plain = self.naming.name(prefix, &lookup.id);
        of_team.into_iter().chain([plain]).collect()
    }
}

impl Kind {
    /// Returns whether `id` may be looked up: `re.match(pattern, id, re.IGNORECASE)`.
    fn matches(&self, id: &str) -> Result<bool> {
        let Some(text) = &self.pattern else {
            return Ok(true);
        };
        let named = |error: Error| {
            error
                .map_message(|message| {
                    format!(
                        "backend kwarg `{}` is `{}`: {message}",
                        self.pattern_kwarg,
                        shown(text)
                    )
                })
                .or_hint("it is a regular expression of Python's; without it, every id is looked up")
        };
        let pattern = if let Some(pattern) = self.parsed.get() {
            pattern
        } else {
            let parsed =
                Pattern::ignoring_case(text).map_err(|error| named(Error::usage(error.to_string())))?;
            self.parsed.get_or_init(|| parsed)
        };
        pattern
            .matches_start(id)
            .map_err(|error| named(Error::usage(error.to_string())))
    }
}

impl Naming {
    /// Returns the prefix as Airflow's constructor leaves it: it strips *characters* of the separator from the end.
    fn stripped<'a>(&self, prefix: &'a str) -> &'a str {
        match self {
            Self::Separator(sep) => prefix.trim_end_matches(|c| sep.contains(c)),
            Self::Path => prefix.trim_end_matches('/'),
        }
    }

    fn name(&self, prefix: &str, id: &str) -> String {
        match self {
            Self::Separator(_) if prefix.is_empty() => id.to_owned(),
            Self::Separator(sep) => format!("{prefix}{sep}{id}"),
            Self::Path if prefix.starts_with('/') => format!("{prefix}/{id}"),
            Self::Path if prefix.is_empty() => format!("/{id}"),
            Self::Path => format!("/{prefix}/{id}"),
        }
    }

    fn has_teams(&self, prefix: &str) -> bool {
        *self == Self::Path || !prefix.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json::{Value, loads};

    const DEFAULTS: [&str; 3] = ["airflow/connections", "airflow/variables", "airflow/config"];

    fn lookups(naming: Naming, kwargs: &str) -> Lookups {
        let Ok(Value::Object(kwargs)) = loads(kwargs) else {
            panic!("an object")
        };
        Lookups::new(naming, &mut Kwargs::new(kwargs), DEFAULTS).unwrap()
    }

    fn slash() -> Naming {
        Naming::Separator("/".to_owned())
    }

    fn asked(lookups: &Lookups, kind: SecretKind, id: &str, team: Option<&str>) -> Vec<String> {
        let lookup = Lookup {
            kind,
            id: id.to_owned(),
            team: team.map(str::to_owned),
            multi_team: team.is_some(),
        };
        match lookups.names(&lookup).unwrap() {
            Names::Asked(names) => names,
            Names::Skipped(..) => Vec::new(),
        }
    }

    #[test]
    fn trailing_characters_of_the_separator_go_and_an_empty_prefix_is_none() {
        for (naming, prefix, name) in [
            (slash(), "p//", "p/id"),
            (Naming::Separator("ab".to_owned()), "xba", "xabid"),
            (Naming::Separator(String::new()), "p/", "p/id"),
            (slash(), "", "id"),
            (slash(), "//", "id"),
            (Naming::Path, "", "/id"),
            (Naming::Path, "p/", "/p/id"),
            (Naming::Path, "//p", "//p/id"),
        ] {
            let lookups = lookups(naming, &format!(r#"{{"connections_prefix": "{prefix}"}}"#));
            assert_eq!(
                asked(&lookups, SecretKind::Connection, "id", None),
                [name],
                "{prefix}"
            );
        }
    }

    #[test]
    fn a_team_is_asked_first_where_the_name_has_a_prefix() {
        let with = lookups(slash(), "{}");
        assert_eq!(
            asked(&with, SecretKind::Variable, "x", Some("t")),
            ["airflow/variables/t--x", "airflow/variables/x"]
        );
        assert_eq!(
            asked(&with, SecretKind::Config, "x", Some("t")),
            ["airflow/config/x"]
        );
        let without = r#"{"variables_prefix": ""}"#;
        assert_eq!(
            asked(&lookups(slash(), without), SecretKind::Variable, "x", Some("t")),
            ["x"]
        );
        assert_eq!(
            asked(
                &lookups(Naming::Path, without),
                SecretKind::Variable,
                "x",
                Some("t")
            ),
            ["/t--x", "/x"]
        );
        for kind in [SecretKind::Connection, SecretKind::Variable, SecretKind::Config] {
            assert!(asked(&with, kind, "a--b", Some("")).is_empty());
        }
    }

    #[test]
    fn a_pattern_is_anchored_at_the_start_and_is_for_the_id_without_its_team() {
        let lookups = lookups(
            slash(),
            r#"{"variables_lookup_pattern": "DB_", "config_lookup_pattern": ""}"#,
        );
        assert_eq!(asked(&lookups, SecretKind::Variable, "db_x", Some("t")).len(), 2);
        assert!(asked(&lookups, SecretKind::Variable, "x_db_", None).is_empty());
        assert_eq!(
            asked(&lookups, SecretKind::Config, "x", None),
            ["airflow/config/x"]
        );
    }

    #[test]
    fn a_broken_pattern_fails_only_where_it_is_used() {
        let lookups = lookups(
            slash(),
            r#"{"variables_lookup_pattern": "(", "connections_prefix": null}"#,
        );
        let lookup = |kind| Lookup {
            kind,
            id: "x".to_owned(),
            team: None,
            multi_team: false,
        };
        let error = lookups.names(&lookup(SecretKind::Variable)).unwrap_err();
        assert_eq!(error.kind().exit_status(), 2);
        assert!(
            error
                .message()
                .starts_with("backend kwarg `variables_lookup_pattern` is `(`: "),
            "{error}"
        );
        assert!(lookups.names(&lookup(SecretKind::Config)).is_ok());
    }
}
