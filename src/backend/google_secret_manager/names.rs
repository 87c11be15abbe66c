//! The names of secrets: (prefix, id, team, separator) -> the name in Secret Manager, or why it is skipped.
//!
//! Facts: `build_path`, `_build_team_secret_name` and their callers in `airflow/providers/google/cloud/secrets/secret_manager.py`
//! of the Google provider 22.8.0. Must not know the project or any request.

use crate::kwargs::Prefixes;
use crate::value::{Lookup, SecretKind};

/// The text between a team and an id (`TEAM_SEP`).
const TEAM_SEPARATOR: &str = "--";

/// The maximum length of a name. <https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create>
pub(super) const LONGEST: usize = 255;

/// The prefixes and the separator.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The prefixes; nothing is looked up with one that is null.
    pub(super) prefixes: Prefixes,
    /// The separator, which follows the prefix even if that is empty.
    pub(super) sep: String,
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
    fn skip(name: String, why: String) -> Self {
        Self {
            name,
            skipped: Some(why),
        }
    }

    /// Creates a name, which is skipped if Secret Manager does not allow it.
    fn check(name: String) -> Self {
        let skipped = invalid(&name);
        Self { name, skipped }
    }
}

impl Names {
    /// Returns the names that Airflow asks for, in its order: the team's name, then the plain name.
    pub(super) fn of(&self, lookup: &Lookup) -> Vec<Name> {
        let prefix = match self.prefixes.of(lookup.kind) {
            Ok(prefix) => prefix,
            Err(kwarg) => return vec![Name::skip(String::new(), format!("`{kwarg}` is null"))],
        };
        let (sep, id) = (&self.sep, &lookup.id);
        let plain = format!("{prefix}{sep}{id}");
        if lookup.kind == SecretKind::Config {
            return vec![Name::check(plain)];
        }
        if lookup.multi_team && id.contains(TEAM_SEPARATOR) {
            let why =
                format!("with multi_team, an id with `{TEAM_SEPARATOR}` could name another team's secret");
            return vec![Name::skip(plain, why)];
        }
        let team = lookup.team.as_deref().filter(|team| !team.is_empty());
        let team = team.map(|team| Name::check(format!("{prefix}{sep}{team}{TEAM_SEPARATOR}{id}")));
        team.into_iter().chain([Name::check(plain)]).collect()
    }
}

/// Whether a name may contain `c`.
pub(super) fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Returns why Secret Manager does not allow `name`, unless it matches `[A-Za-z0-9_-]{1,255}`.
fn invalid(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the name is empty".to_owned());
    }
    if let Some(c) = name.chars().find(|c| !is_allowed(*c)) {
        let shown = match c {
            ' ' => "a space".to_owned(),
            c if c.is_control() => format!("`{}`", c.escape_default()),
            c => format!("`{c}`"),
        };
        return Some(format!(
            "the name has {shown}; a name in Secret Manager has only 0-9, a-z, A-Z, - and _"
        ));
    }
    (name.len() > LONGEST).then(|| {
        format!(
            "the name is {} characters long; a name in Secret Manager has at most {LONGEST}",
            name.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prefix: Option<&str>, sep: &str) -> Names {
        Names {
            prefixes: Prefixes::of_test("prefix", prefix, prefix, prefix),
            sep: sep.to_owned(),
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

    fn asked(names: &Names, lookup: &Lookup) -> Vec<String> {
        let names = names.of(lookup).into_iter();
        names
            .filter(|name| name.skipped.is_none())
            .map(|name| name.name)
            .collect()
    }

    #[test]
    fn a_name_is_prefix_separator_and_id_unchanged() {
        let plain = lookup(SecretKind::Connection, "smtp_Default", None);
        assert_eq!(
            asked(&names(Some("airflow-connections"), "-"), &plain),
            ["airflow-connections-smtp_Default"]
        );
        assert_eq!(asked(&names(Some(""), "-"), &plain), ["-smtp_Default"]);
        assert_eq!(asked(&names(Some("p"), ""), &plain), ["psmtp_Default"]);
        assert_eq!(asked(&names(None, "-"), &plain), [""; 0]);
    }

    #[test]
    fn a_team_is_asked_first_and_never_for_an_option() {
        let names = names(Some("p"), "-");
        let team = |kind| asked(&names, &lookup(kind, "a", Some("t")));
        assert_eq!(team(SecretKind::Variable), ["p-t--a", "p-a"]);
        assert_eq!(team(SecretKind::Config), ["p-a"]);
        assert_eq!(
            asked(&names, &lookup(SecretKind::Variable, "a", Some("t.x"))),
            ["p-a"]
        );
    }

    #[test]
    fn an_id_that_could_name_a_team_is_refused_only_with_multi_team() {
        let names = names(Some("p"), "-");
        let with = |kind, team| asked(&names, &lookup(kind, "t--a", team));
        assert_eq!(with(SecretKind::Connection, None), ["p-t--a"]);
        assert_eq!(with(SecretKind::Connection, Some("t")), [""; 0]);
        assert_eq!(with(SecretKind::Config, Some("t")), ["p-t--a"]);
    }

    #[test]
    fn a_name_that_secret_manager_cannot_have_is_skipped_and_says_why() {
        let why = |id: &str| {
            names(Some(""), "").of(&lookup(SecretKind::Variable, id, None))[0]
                .skipped
                .clone()
        };
        assert!(why("a.b").expect("a reason").contains("`.`"));
        assert!(why("a b").expect("a reason").contains("a space"));
        assert!(why("a\n").expect("a reason").contains("`\\n`"));
        assert!(why(&"x".repeat(256)).expect("a reason").contains("256"));
        assert_eq!(why(&"x".repeat(255)), None);
    }
}
