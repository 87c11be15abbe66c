//! The names of secrets: (prefix, id, team, separator) -> the name in Key Vault, or why it is skipped.
//!
//! Facts: `AzureKeyVaultBackend.build_path` and its callers in `airflow/providers/microsoft/azure/secrets/key_vault.py` of the
//! Microsoft Azure provider 15.2.1. Must not know the vault or any request.

use crate::error::Result;
use crate::kwargs::{Kwargs, Prefixes};
use crate::listing::Scope;
use crate::value::{Lookup, SecretKind};

/// The text between a team and a secret's id (`TEAM_SEP`).
const TEAM_SEPARATOR: &str = "--";

/// The default prefixes of connections, variables and options.
const PREFIXES: [&str; 3] = ["airflow-connections", "airflow-variables", "airflow-config"];

/// The maximum length of a name, in characters.
///
/// <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers>
const LONGEST: usize = 127;

/// The prefixes and the separator, as Airflow's constructor leaves them.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The prefixes; nothing is looked up with one that is null.
    pub(super) prefixes: Prefixes,
    /// The separator; `None` is `null`, with which Airflow cannot build a name.
    pub(super) sep: Option<String>,
}

/// One name of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The secret's name; empty when it cannot be computed.
    pub(super) name: String,
    /// Why it is skipped, if it is.
    pub(super) skipped: Option<String>,
}

impl Name {
    fn skip(name: String, why: impl Into<String>) -> Self {
        Self {
            name,
            skipped: Some(why.into()),
        }
    }

    /// Creates a name, which is skipped if Key Vault does not allow it.
    fn check(name: String) -> Self {
        let skipped = invalid(&name);
        Self { name, skipped }
    }
}

impl Names {
    /// Takes the kwargs as `AzureKeyVaultBackend.__init__` does: it strips the characters of `sep` from the end of each prefix.
    ///
    /// # Errors
    /// Those of `take`, which takes a prefix.
    pub(super) fn new(
        sep: Option<String>,
        mut take: impl FnMut(&str, &str) -> Result<Option<String>>,
    ) -> Result<Self> {
        // With `None`, Python's `rstrip` strips whitespace; but then no name is built.
        let characters = sep.as_deref().unwrap_or_default();
        let prefixes = Prefixes::take("prefix", PREFIXES, |name, default| {
            let prefix = take(name, default)?;
            Ok(prefix.map(|prefix| rstrip(&prefix, characters).to_owned()))
        })?;
        Ok(Self { prefixes, sep })
    }

    /// Returns the names that Airflow asks for, in its order: the team's name, then the plain name.
    ///
    /// # Errors
    /// A separator that is `null`, with status 2: every lookup fails with it in Airflow.
    pub(super) fn of(&self, lookup: &Lookup) -> Result<Vec<Name>> {
        let prefix = match self.prefixes.of(lookup.kind) {
            Ok(prefix) => prefix,
            Err(kwarg) => return Ok(vec![Name::skip(String::new(), format!("`{kwarg}` is null"))]),
        };
        let Some(sep) = self.sep.as_deref() else {
            return Err(Kwargs::null("sep", "-"));
        };
        let plain = build_path(prefix, &lookup.id, sep);
        if lookup.multi_team && build_path("", &lookup.id, sep).contains(TEAM_SEPARATOR) {
            let why =
                format!("with multi_team, an id whose name has `{TEAM_SEPARATOR}` could be another team's");
            return Ok(vec![Name::skip(plain, why)]);
        }
        let mut names = Vec::with_capacity(2);
        let team = lookup.team.as_deref().filter(|team| !team.is_empty());
        if let (Some(team), SecretKind::Connection | SecretKind::Variable) = (team, lookup.kind) {
            let id = format!(
                "{}{TEAM_SEPARATOR}{}",
                build_path("", team, sep),
                lookup.id.replace('_', sep)
            );
            names.push(Name::check(build_path(prefix, &id, sep)));
        }
        names.push(Name::check(plain));
        Ok(names)
    }
}

impl Names {
    /// Returns the id with which `stored` is found, if there is one: its `sep` may have been `_`, which is Airflow's usual character.
    ///
    /// The caller checks that the id leads back to `stored`.
    pub(super) fn id_of(&self, scope: &Scope, stored: &str) -> Option<String> {
        let prefix = self.prefixes.of(scope.kind).ok()?;
        let sep = self.sep.as_deref()?;
        let team = scope.team.as_deref().filter(|team| !team.is_empty());
        let start_of_team = team.map(|team| {
            let team = format!("{}{TEAM_SEPARATOR}", build_path("", team, sep));
            build_path(prefix, &team, sep)
        });
        let start = build_path(prefix, "", sep);
        let rest = start_of_team
            .and_then(|start| stored.strip_prefix(&start))
            .or_else(|| stored.strip_prefix(&start))?;
        Some(if sep.is_empty() {
            rest.to_owned()
        } else {
            rest.replace(sep, "_")
        })
    }
}

/// Does what `AzureKeyVaultBackend.build_path` does: every `_` becomes `sep`, and an empty prefix has no separator after it.
fn build_path(prefix: &str, id: &str, sep: &str) -> String {
    if prefix.is_empty() {
        id.replace('_', sep)
    } else {
        format!("{prefix}{sep}{id}").replace('_', sep)
    }
}

/// Does what `str.rstrip(characters)` does: it strips any of `characters` from the end, not a suffix.
fn rstrip<'a>(text: &'a str, characters: &str) -> &'a str {
    text.trim_end_matches(|c| characters.contains(c))
}

/// Returns why Key Vault does not allow `name`, unless it matches `[0-9a-zA-Z-]{1,127}`.
fn invalid(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the name is empty".to_owned());
    }
    if let Some(c) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        let shown = match c {
            ' ' => "a space".to_owned(),
            c if c.is_control() => format!("`{}`", c.escape_default()),
            c => format!("`{c}`"),
        };
        return Some(format!(
            "the name has {shown}; a Key Vault name has only 0-9, a-z, A-Z and -"
        ));
    }
    (name.len() > LONGEST).then(|| {
        format!(
            "the name is {} characters long; a Key Vault name has at most {LONGEST}",
            name.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prefix: Option<&str>, sep: Option<&str>) -> Names {
        Names::new(sep.map(str::to_owned), |_, _| Ok(prefix.map(str::to_owned))).expect("names")
    }

    fn lookup(id: &str, team: Option<&str>) -> Lookup {
        Lookup {
            kind: SecretKind::Connection,
            id: id.to_owned(),
            team: team.map(str::to_owned),
            multi_team: team.is_some(),
        }
    }

    fn asked(names: &Names, lookup: &Lookup) -> Vec<String> {
        let names = names.of(lookup).expect("names can be built");
        names
            .into_iter()
            .filter(|name| name.skipped.is_none())
            .map(|name| name.name)
            .collect()
    }

    #[test]
    fn an_underscore_becomes_the_separator_everywhere() {
        let names = names(Some("airflow_connections"), Some("-"));
        assert_eq!(
            asked(&names, &lookup("smtp_default", None)),
            ["airflow-connections-smtp-default"]
        );
    }

    #[test]
    fn trailing_characters_of_the_separator_are_stripped_from_the_prefix() {
        let names = names(Some("conn-xy-x"), Some("xy-"));
        assert_eq!(names.prefixes.of(SecretKind::Connection), Ok("conn"));
    }

    #[test]
    fn an_empty_prefix_has_no_separator_after_it() {
        assert_eq!(asked(&names(Some(""), Some("-")), &lookup("a_b", None)), ["a-b"]);
        assert_eq!(asked(&names(Some("---"), Some("-")), &lookup("a", None)), ["a"]);
    }

    #[test]
    fn a_null_prefix_is_not_looked_up() {
        let steps = names(None, Some("-")).of(&lookup("a", None)).expect("names");
        assert_eq!(steps[0].skipped.as_deref(), Some("`connections_prefix` is null"));
    }

    #[test]
    fn a_null_separator_is_an_error_only_when_a_name_is_built() {
        assert!(names(Some("p"), None).of(&lookup("a", None)).is_err());
        assert!(names(None, None).of(&lookup("a", None)).is_ok());
    }

    #[test]
    fn a_team_is_asked_first() {
        let names = names(Some("conn"), Some("-"));
        assert_eq!(
            asked(&names, &lookup("db_1", Some("data_eng"))),
            ["conn-data-eng--db-1", "conn-db-1"]
        );
    }

    #[test]
    fn an_id_that_could_name_a_team_is_refused_only_with_multi_team() {
        let names = names(Some("conn"), Some("-"));
        assert!(asked(&names, &lookup("a__b", Some("t"))).is_empty());
        assert_eq!(asked(&names, &lookup("a__b", None)), ["conn-a--b"]);
    }

    #[test]
    fn a_name_that_key_vault_does_not_allow_says_why() {
        let steps = names(Some("conn"), Some("-"))
            .of(&lookup("a.b", None))
            .expect("names");
        assert!(steps[0].skipped.as_deref().is_some_and(|why| why.contains("`.`")));
        let steps = names(Some("conn"), Some("-"))
            .of(&lookup("a\nb", None))
            .expect("names");
        assert!(
            steps[0]
                .skipped
                .as_deref()
                .is_some_and(|why| why.contains("`\\n`"))
        );
        let steps = names(Some(""), Some("-"))
            .of(&lookup(&"a".repeat(128), None))
            .expect("names");
        assert!(
            steps[0]
                .skipped
                .as_deref()
                .is_some_and(|why| why.contains("128 characters"))
        );
    }
}
