//! The error of a name that no backend has: the backends, what was looked for, and the most helpful hint.
//!
//! Owns the choice of the hint, in this order: a null value, a backend's own hint, a name with its prefix (`full_name`), a name of
//! another kind, a similar name. Names come only from local files and the environment.

use futures_util::FutureExt as _;

use super::{Missed, full_name};
use crate::backend::SecretsBackend;
use crate::error::Error;
use crate::nearest::within_edits;
use crate::shown::shown;
use crate::value::{Answer, Lookup, SecretKind, Step};

/// A backend that was asked, and why it has no value.
type Asked<'a> = (&'a dyn SecretsBackend, Missed);

const KINDS: [SecretKind; 3] = [SecretKind::Connection, SecretKind::Variable, SecretKind::Config];

/// The longest name for which a similar one is searched, in characters.
const MOST_CHARACTERS: usize = 250;

/// Creates the error.
pub(super) fn error(lookup: &Lookup, asked: &[Asked<'_>]) -> Error {
    let (kind, id) = (lookup.kind, &shown(&lookup.id));
    if kind == SecretKind::Config && asked.is_empty() {
        return no_backend(id);
    }
    let mut notes = Vec::new();
    let mut places = Vec::new();
    let mut looked_for = Vec::new();
    let mut skipped = Vec::new();
    let mut never_asked = Vec::new();
    let mut nulls = Vec::new();
    for (backend, missed) in asked {
        let before = looked_for.len();
        for (index, step) in missed.steps.iter().enumerate() {
            match &step.skipped {
                None if missed.null == Some(index) => {
                    looked_for.push(step.location.words());
                    nulls.push(&step.location);
                    break;
                }
                None => looked_for.push(step.location.words()),
                Some(why) if !backend.is_asked() => {
                    never_asked.push(format!("{} was not asked: {why}", shown(&backend.place())));
                }
                Some(why) => skipped.push(format!("{} was not asked: {why}", shown(&backend.place()))),
            }
        }
        if looked_for.len() > before {
            places.push(shown(&backend.place()));
            notes.extend(backend.about_absence());
        }
    }
    if places.is_empty() {
        skipped.append(&mut never_asked);
    }
    let message = match places.split_last() {
        None => format!("{kind} `{id}` was not found: no backend could be asked for it"),
        Some((only, [])) => format!("{kind} `{id}` is not in {only}"),
        Some((last, others)) => format!(
            "{kind} `{id}` is not in {} nor in {last}",
            others.join(", nor in ")
        ),
    };
    let mut error = Error::not_found(message);
    if !looked_for.is_empty() {
        error = error.with_detail(format!("looked for {}", looked_for.join(", then ")));
    }
    for detail in notes.into_iter().chain(skipped) {
        error = error.with_detail(detail);
    }
    for null in &nulls {
        error = error.with_detail(format!("{} exists, but {}", null.words(), null.null().words));
    }
    let null = nulls.first().map(|null| null.null().hint.to_owned());
    let own = asked.iter().filter_map(|(_, missed)| missed.hint.clone());
    let mut hints = null.into_iter().chain(own);
    match hints.next() {
        Some(first) => hints.fold(error, Error::with_detail).with_hint(first),
        None => error.with_hint(
            full_name::hint(kind, &lookup.id, &plans(lookup, asked))
                .or_else(|| other_kind(lookup, asked))
                .or_else(|| near_name(lookup, asked))
                .unwrap_or_else(|| explain(lookup)),
        ),
    }
}

/// Creates the error of a configuration option when no backend is configured.
///
/// Airflow looks up options nowhere else, and continues as if the option were absent.
fn no_backend(key: &str) -> Error {
    Error::not_found(format!(
        "configuration option `{key}` was not found: no secrets backend is configured, and Airflow looks up options nowhere else"
    ))
    .with_hint("set `AIRFLOW__SECRETS__BACKEND` or `--backend`")
}

fn explain(lookup: &Lookup) -> String {
    let kind = match lookup.kind {
        SecretKind::Connection => "conn",
        SecretKind::Variable => "var",
        SecretKind::Config => "config",
    };
    format!(
        "`secretctl explain {kind} {}` shows how the name is built",
        shown(&lookup.id)
    )
}

/// Returns the steps for the name as each kind.
fn plans(lookup: &Lookup, asked: &[Asked<'_>]) -> Vec<(SecretKind, Vec<Step>)> {
    let of_kind = |kind| {
        let lookup = Lookup {
            kind,
            ..lookup.clone()
        };
        let steps = asked.iter().filter_map(|(backend, _)| backend.plan(&lookup).ok());
        (kind, steps.flatten().collect())
    };
    KINDS.map(of_kind).to_vec()
}

/// Looks for the same name as another kind.
fn other_kind(lookup: &Lookup, asked: &[Asked<'_>]) -> Option<String> {
    KINDS
        .into_iter()
        .filter(|kind| *kind != lookup.kind)
        .find_map(|kind| {
            let lookup = Lookup {
                kind,
                ..lookup.clone()
            };
            let (backend, _) = asked.iter().find(|(backend, _)| has(*backend, &lookup))?;
            let (place, id) = (shown(&backend.place()), shown(&lookup.id));
            Some(format!(
                "{place} has a {kind} `{id}`: use {}",
                full_name::command(kind)
            ))
        })
}

/// Looks for a similar name among those that backends know without a request.
///
/// The name must be one that would be found: not the one that was typed, and not an environment variable that Airflow does not
/// read.
fn near_name(lookup: &Lookup, asked: &[Asked<'_>]) -> Option<String> {
    let length = lookup.id.chars().count();
    if length > MOST_CHARACTERS {
        return None;
    }
    let names = asked.iter().flat_map(|(backend, _)| {
        let names = backend.local_names(lookup.kind).into_iter();
        names.map(move |name| (*backend, name))
    });
    let near = within_edits(&lookup.id, 1 + length / 6, names, |(_, name)| name);
    let (_, name) = near.into_iter().find(|(backend, name)| {
        let other = Lookup {
            id: name.clone(),
            ..lookup.clone()
        };
        has(*backend, &other)
    })?;
    Some(format!("did you mean `{}`?", shown(&name)))
}

/// Whether a backend that answers at once has a value for `lookup`.
fn has(backend: &dyn SecretsBackend, lookup: &Lookup) -> bool {
    if !backend.answers_at_once() {
        return false;
    }
    let steps = backend.plan(lookup).unwrap_or_default();
    let mut steps = steps.iter().filter(|step| step.skipped.is_none());
    steps.any(|step| {
        let answer = backend.ask(lookup, step).now_or_never();
        matches!(answer, Some(Ok(Answer::Found(_))))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::error;
    use crate::backend::{Context, SecretsBackend, registry};
    use crate::env::Env;
    use crate::kwargs::Kwargs;
    use crate::resolver::Missed;
    use crate::secret::Secret;
    use crate::value::{Lookup, SecretKind};

    fn environment(names: &[&str]) -> Box<dyn SecretsBackend> {
        let env: Env = names
            .iter()
            .map(|name| ((*name).to_owned(), Secret::from("x://h")))
            .collect();
        let class = crate::backend::environment::CLASS_PATH;
        registry::build(class, Kwargs::default(), &Context::new(&env, Instant::now()))
            .expect("it takes no kwargs")
    }

    fn lookup(kind: SecretKind, id: &str) -> Lookup {
        Lookup {
            kind,
            id: id.to_owned(),
            team: None,
            multi_team: false,
        }
    }

    fn hint(names: &[&str], kind: SecretKind, id: &str) -> String {
        let (backend, lookup) = (environment(names), lookup(kind, id));
        let steps = backend.plan(&lookup).expect("a plan");
        let missed = Missed {
            steps,
            hint: None,
            null: None,
        };
        let error = error(&lookup, &[(backend.as_ref(), missed)]);
        error.hint().expect("a hint").to_owned()
    }

    #[test]
    fn the_name_that_was_typed_is_never_proposed() {
        for id in ["my_db", "MY_DB", "My_Db"] {
            let hint = hint(&["AIRFLOW_CONN_my_db"], SecretKind::Connection, id);
            assert!(!hint.contains("did you mean"), "{id}: {hint}");
        }
        let hint = |names: &[&str], id| hint(names, SecretKind::Connection, id);
        assert_eq!(hint(&["AIRFLOW_CONN_MY_DB"], "my_bd"), "did you mean `my_db`?");
        // A name that would not be found is not proposed.
        assert_eq!(
            hint(&["AIRFLOW_CONN_my_db", "AIRFLOW_CONN_MY_DBS"], "my_dbx"),
            "did you mean `my_dbs`?"
        );
    }

    #[test]
    fn a_name_of_another_kind_is_reported() {
        let found = hint(&["AIRFLOW_CONN_X", "AIRFLOW_VAR_XX"], SecretKind::Variable, "x");
        assert!(
            found.contains("the environment has a connection `x`: use `get-conn`"),
            "{found}"
        );
        let found = hint(&["AIRFLOW_VAR_X"], SecretKind::Connection, "X");
        assert!(found.contains("a variable `X`: use `get-var`"), "{found}");
    }

    #[test]
    fn the_hint_about_a_null_comes_first() {
        let (backend, lookup) = (
            environment(&["AIRFLOW_VAR_XY"]),
            lookup(SecretKind::Variable, "x"),
        );
        let missed = Missed {
            steps: backend.plan(&lookup).expect("a plan"),
            hint: Some("own hint".to_owned()),
            null: Some(0),
        };
        let error = error(&lookup, &[(backend.as_ref(), missed)]);
        assert!(error.hint().is_some_and(|hint| hint.contains("null")));
        assert!(error.details().iter().any(|detail| detail == "own hint"));
        assert!(
            error
                .details()
                .iter()
                .any(|detail| detail == "variable `AIRFLOW_VAR_X` exists, but is null")
        );
    }
}
