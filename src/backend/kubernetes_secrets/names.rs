//! Label selectors: (labels, id, team) -> the selectors that are asked for, in order, or why they are skipped.
//!
//! Facts: `_get_secret` and its callers in `kubernetes_secrets_backend.py` of the cncf.kubernetes provider 10.25.0; the syntax of a
//! label's value: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>. Must not
//! know the cluster or any request.

use crate::error::{Error, Result};
use crate::value::{Lookup, SecretKind};

/// The maximum length of a label's value.
const LONGEST: usize = 63;

/// The kwargs of one kind of name.
#[derive(Debug)]
pub(super) struct Label {
    /// The label whose value is the id; `None` when the kind is not looked up.
    pub(super) key: Option<String>,
    /// The key of the secret's data; `None` is `null`, which no secret has.
    pub(super) data_key: Option<String>,
    /// The names of the two kwargs.
    pub(super) kwargs: [&'static str; 2],
}

/// The labels of every kind, and that of teams.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) connections: Label,
    pub(super) variables: Label,
    pub(super) config: Label,
    /// The label of a team's secrets; `None` when teams do not matter.
    pub(super) team_label: Option<String>,
}

/// One selector of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) selector: String,
    pub(super) data_key: String,
    /// Why it is skipped, if it is.
    pub(super) skipped: Option<String>,
}

impl Names {
    /// Returns the kwargs of a kind.
    pub(super) fn label(&self, kind: SecretKind) -> &Label {
        match kind {
            SecretKind::Connection => &self.connections,
            SecretKind::Variable => &self.variables,
            SecretKind::Config => &self.config,
        }
    }

    /// Returns the selectors that Airflow asks for, in its order: the team's, then the plain one.
    ///
    /// # Errors
    /// A data key that is `null`, with status 2: no secret has it.
    pub(super) fn of(&self, lookup: &Lookup) -> Result<Vec<Name>> {
        let Label {
            key,
            data_key,
            kwargs: [label_kwarg, data_kwarg],
        } = self.label(lookup.kind);
        let name = |selector: String, skipped: Option<String>| Name {
            selector,
            data_key: data_key.clone().unwrap_or_default(),
            skipped,
        };
        let Some(key) = key else {
            return Ok(vec![name(
                String::new(),
                Some(format!("`{label_kwarg}` is null")),
            )]);
        };
        if data_key.is_none() {
            return Err(Error::usage(format!(
                "backend kwarg `{data_kwarg}` is null, and no secret has such a key"
            ))
            .with_hint(format!(
                "remove `{data_kwarg}` to use the default `value`, or set it to text"
            )));
        }
        let base = format!("{key}={}", lookup.id);
        let plain = match &self.team_label {
            Some(label) => format!("{base},!{label}"),
            None => base.clone(),
        };
        // Airflow does not check an option's key, and a team has none.
        let has_teams = lookup.kind != SecretKind::Config;
        if has_teams && lookup.team.is_none() && names_a_team(&lookup.id) {
            let why = "an id of the form `_<team>___<id>` could be a team's";
            return Ok(vec![name(plain, Some(why.to_owned()))]);
        }
        let skipped = invalid(&lookup.id).map(|why| format!("no label can have this id: {why}"));
        let mut names = Vec::with_capacity(2);
        let team = lookup
            .team
            .as_deref()
            .filter(|team| has_teams && !team.is_empty());
        if let (Some(team), Some(label)) = (team, &self.team_label) {
            let skipped = skipped
                .clone()
                .or_else(|| invalid(team).map(|why| format!("no label can have this team: {why}")));
            names.push(name(format!("{base},{label}={team}"), skipped));
        }
        names.push(name(plain, skipped));
        Ok(names)
    }
}

/// Whether the id has the form of a team's: `re.fullmatch(r"_[^_]+___.+", id)`.
fn names_a_team(id: &str) -> bool {
    let Some(rest) = id.strip_prefix('_') else {
        return false;
    };
    let end = rest.find('_').unwrap_or(rest.len());
    let name = rest[end..].strip_prefix("___");
    end > 0 && name.is_some_and(|name| !name.is_empty() && !name.contains('\n'))
}

/// Returns why a label cannot have `value`.
fn invalid(value: &str) -> Option<String> {
    if value.is_empty() {
        return Some("it is empty".to_owned());
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if let Some(c) = value.chars().find(|c| !is_allowed(*c)) {
        let shown = match c {
            ' ' => "a space".to_owned(),
            c if c.is_control() => format!("`{}`", c.escape_default()),
            c => format!("`{c}`"),
        };
        return Some(format!(
            "it has {shown}, and a label's value has only A-Z, a-z, 0-9, `_`, `.` and `-`"
        ));
    }
    if value.len() > LONGEST {
        return Some(format!(
            "it is {} characters long, and a label's value has at most {LONGEST}",
            value.len()
        ));
    }
    let at_the_ends = [value.chars().next(), value.chars().next_back()];
    let sign = at_the_ends
        .into_iter()
        .flatten()
        .find(|c| !c.is_ascii_alphanumeric())?;
    Some(format!(
        "it begins or ends with `{sign}`, and a label's value begins and ends with a letter or a digit"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::*;
    use crate::kwargs::Kwargs;
    use crate::python::json::Value;

    fn names(kwargs: &[(&str, Value)]) -> Names {
        let kwargs = kwargs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Config::new(Kwargs::new(kwargs.collect())).expect("kwargs").names
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
        let names = names.of(lookup).expect("selectors").into_iter();
        names
            .filter(|name| name.skipped.is_none())
            .map(|name| name.selector)
            .collect()
    }

    #[test]
    fn a_team_is_asked_first() {
        assert_eq!(
            asked(&names(&[]), &lookup("db", Some("data"))),
            [
                "airflow.apache.org/connection-id=db,airflow.apache.org/team=data",
                "airflow.apache.org/connection-id=db,!airflow.apache.org/team"
            ]
        );
    }

    #[test]
    fn without_a_team_label_there_is_one_selector() {
        for value in [Value::Null, Value::String(String::new())] {
            let names = names(&[
                ("team_label", value),
                ("connections_label", Value::String("c".to_owned())),
            ]);
            assert_eq!(asked(&names, &lookup("db", Some("data"))), ["c=db"]);
        }
    }

    #[test]
    fn a_null_label_is_not_looked_up_and_a_null_data_key_is_an_error() {
        let steps = names(&[("connections_label", Value::Null)])
            .of(&lookup("a", None))
            .expect("selectors");
        assert_eq!(steps[0].skipped.as_deref(), Some("`connections_label` is null"));
        assert!(
            names(&[("connections_data_key", Value::Null)])
                .of(&lookup("a", None))
                .is_err()
        );
        assert!(
            names(&[("variables_data_key", Value::Null)])
                .of(&lookup("a", None))
                .is_ok()
        );
    }

    #[test]
    fn an_id_of_a_team_is_not_asked_without_a_team() {
        for (id, is_a_teams) in [
            ("_data___db", true),
            ("_data___", false),
            ("____db", false),
            ("_data__db", false),
            ("_data____db", true),
            ("_da_ta___db", false),
            ("data___db", false),
            ("_data___d\nb", false),
        ] {
            assert_eq!(names_a_team(id), is_a_teams, "{id:?}");
        }
        assert_eq!(asked(&names(&[]), &lookup("_data___db", None)), [""; 0]);
        let config = Lookup {
            kind: SecretKind::Config,
            ..lookup("a___db", None)
        };
        assert_eq!(asked(&names(&[]), &config).len(), 1);
    }

    #[test]
    fn an_id_that_no_label_can_have_says_why() {
        for (id, why) in [
            ("a b", "a space"),
            ("a,b", "`,`"),
            ("a\nb", "`\\n`"),
            ("é", "`é`"),
            ("-a", "`-`"),
            ("a_", "`_`"),
            (&"a".repeat(64), "64 characters"),
        ] {
            let steps = names(&[]).of(&lookup(id, Some("t"))).expect("selectors");
            assert_eq!(steps.len(), 2);
            for step in steps {
                assert!(
                    step.skipped
                        .as_deref()
                        .is_some_and(|skipped| skipped.contains(why)),
                    "{id}: {step:?}"
                );
            }
        }
        assert_eq!(asked(&names(&[]), &lookup(&"a".repeat(63), None)).len(), 1);
        assert_eq!(asked(&names(&[]), &lookup("a", Some("no team"))).len(), 1);
    }
}
