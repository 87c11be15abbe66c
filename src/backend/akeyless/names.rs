//! The names of secrets: (path, id, team, separator) -> the names in Akeyless, or why nothing is asked.
//!
//! Facts: `_get_team_or_global_secret`, `_escapes_its_namespace` and their callers in the Akeyless provider 0.3.2,
//! `secrets/akeyless.py`. Must not know any request.

use crate::kwargs::Prefixes;
use crate::value::{Lookup, SecretKind};

/// The paths and the separator, as Airflow's constructor leaves them.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The paths; nothing is looked up without one.
    pub(super) paths: Prefixes,
    /// What stands between the parts of a name.
    pub(super) sep: String,
    /// Whether a team has a path of its own.
    pub(super) use_team_secrets_path: bool,
    /// The part of the path that all teams share.
    pub(super) global_secrets_path: Option<String>,
}

impl Names {
    /// Returns the names that Airflow asks for, in its order; or, as an error, why it asks for none.
    pub(super) fn of(&self, lookup: &Lookup) -> Result<Vec<String>, String> {
        let path = self.paths.of(lookup.kind);
        let path = path.map_err(|kwarg| format!("`{kwarg}` is null or empty"))?;
        let name = |parts: &[&str]| [&[path], parts].concat().join(&self.sep);
        let id = lookup.id.as_str();
        // Airflow looks an option up without a team, and does not check its id.
        if lookup.kind == SecretKind::Config || !lookup.multi_team {
            return Ok(vec![name(&[id])]);
        }
        let global = self.global_secrets_path.as_deref();
        let team = lookup.team.as_deref();
        if self.use_team_secrets_path && id.contains(&self.sep) && (team.is_some() || global.is_none()) {
            return Err(format!(
                "with multi_team, an id that contains `{}` could be another team's",
                self.sep
            ));
        }
        let own = team.filter(|_| self.use_team_secrets_path);
        let own = own.map(|team| name(&[team, id]));
        let shared = match global {
            Some(global) => name(&[global, id]),
            None => name(&[id]),
        };
        Ok(own.into_iter().chain([shared]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            paths: Prefixes::of_test("path", Some("/airflow/connections"), None, Some("")),
            sep: "/".to_owned(),
            use_team_secrets_path: true,
            global_secrets_path: None,
        }
    }

    fn lookup(kind: SecretKind, id: &str, team: Option<&str>) -> Lookup {
        Lookup {
            kind,
            id: id.to_owned(),
            team: team.map(str::to_owned),
            multi_team: team.is_some(),
        }
    }

    #[test]
    fn a_team_is_asked_first_and_the_shared_path_second() {
        let team = lookup(SecretKind::Connection, "db", Some("red"));
        let own = "/airflow/connections/red/db".to_owned();
        assert_eq!(
            names().of(&team),
            Ok(vec![own.clone(), "/airflow/connections/db".to_owned()])
        );
        let global = Names {
            global_secrets_path: Some("all".to_owned()),
            ..names()
        };
        assert_eq!(
            global.of(&team),
            Ok(vec![own, "/airflow/connections/all/db".to_owned()])
        );
    }

    #[test]
    fn an_id_with_the_separator_is_refused_only_where_a_team_could_be_reached() {
        let nested = |team| lookup(SecretKind::Connection, "a/b", team);
        assert!(names().of(&nested(Some("red"))).is_err());
        assert!(names().of(&nested(None)).is_ok());
        let without_team_paths = Names {
            use_team_secrets_path: false,
            ..names()
        };
        assert!(without_team_paths.of(&nested(Some("red"))).is_ok());
    }

    #[test]
    fn an_empty_path_is_nothing_and_a_path_of_slashes_is_the_root() {
        let variable = lookup(SecretKind::Variable, "a", None);
        assert_eq!(
            names().of(&variable),
            Err("`variables_path` is null or empty".to_owned())
        );
        let option = lookup(SecretKind::Config, "a", None);
        assert_eq!(names().of(&option), Ok(vec!["/a".to_owned()]));
    }
}
