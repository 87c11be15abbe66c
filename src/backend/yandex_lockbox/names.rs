//! The names of secrets: (prefix, id, team, separator) -> the names in Lockbox, or why nothing is asked.
//!
//! Facts: `_build_secret_name`, `_build_team_secret_name`, `_names_a_team_namespace` and their callers in the Yandex provider
//! 4.6.1, `secrets/lockbox.py`. Must not know any request.

use crate::kwargs::Prefixes;
use crate::value::{Lookup, SecretKind};

/// The prefixes and the separator, as Airflow's constructor leaves them.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The prefixes; nothing is looked up with one that is null.
    pub(super) prefixes: Prefixes,
    /// What stands between the prefix and the id; twice between a team and the id.
    pub(super) sep: String,
    /// The connection with Lockbox's own credentials, which is never looked up here.
    pub(super) own_connection: Option<String>,
}

impl Names {
    /// Strips the characters of `sep` from the end of a prefix, as `str.rstrip` does.
    pub(super) fn strip(prefix: &str, sep: &str) -> String {
        prefix.trim_end_matches(|c| sep.contains(c)).to_owned()
    }

    /// Returns the names that Airflow looks for, in its order: the team's, then the plain one; or, as an error, why it looks for
    /// none.
    pub(super) fn of(&self, lookup: &Lookup) -> Result<Vec<String>, String> {
        let prefix = self.prefixes.of(lookup.kind);
        let prefix = prefix.map_err(|kwarg| format!("`{kwarg}` is null"))?;
        let id = lookup.id.as_str();
        if lookup.kind == SecretKind::Connection && self.own_connection.as_deref() == Some(id) {
            return Err("this connection has the backend's own credentials".to_owned());
        }
        let team_sep = self.sep.repeat(2);
        // Airflow does not check the id of an option.
        if lookup.kind != SecretKind::Config && lookup.multi_team && id.contains(&team_sep) {
            return Err(format!(
                "with multi_team, an id that contains `{team_sep}` could be another team's"
            ));
        }
        let name = |key: &str| match prefix {
            "" => key.to_owned(),
            prefix => format!("{prefix}{}{key}", self.sep),
        };
        let team = lookup.team.as_deref().filter(|team| !team.is_empty());
        let own = team
            .filter(|_| lookup.kind != SecretKind::Config)
            .map(|team| name(&format!("{team}{team_sep}{id}")));
        Ok(own.into_iter().chain([name(id)]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(id: &str, team: Option<&str>) -> Lookup {
        Lookup {
            kind: SecretKind::Connection,
            id: id.to_owned(),
            team: team.map(str::to_owned),
            multi_team: team.is_some(),
        }
    }

    fn names(prefix: &str) -> Names {
        Names {
            prefixes: Prefixes::of_test("prefix", Some(prefix), None, None),
            sep: "/".to_owned(),
            own_connection: Some("yandexcloud_default".to_owned()),
        }
    }

    #[test]
    fn a_team_is_asked_first_with_a_doubled_separator() {
        assert_eq!(
            names("airflow/connections").of(&lookup("db", Some("red"))),
            Ok(vec![
                "airflow/connections/red//db".to_owned(),
                "airflow/connections/db".to_owned()
            ])
        );
        assert_eq!(names("").of(&lookup("db", None)), Ok(vec!["db".to_owned()]));
    }

    #[test]
    fn the_backends_own_connection_is_not_looked_up() {
        assert!(names("p").of(&lookup("yandexcloud_default", None)).is_err());
        assert!(names("p").of(&lookup("a//b", Some("red"))).is_err());
        assert!(names("p").of(&lookup("a//b", None)).is_ok());
    }

    #[test]
    fn trailing_characters_of_the_separator_are_stripped() {
        assert_eq!(Names::strip("a/b//", "/"), "a/b");
        assert_eq!(Names::strip("a-_-", "_-"), "a");
        assert_eq!(Names::strip("a/", ""), "a/");
    }
}
