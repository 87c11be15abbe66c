//! The error of a name that no backend has: where it is not, what was looked for, and the one most helpful hint.

use crate::backend::SecretsBackend;
use crate::error::Error;
use crate::shown::shown;
use crate::value::{Lookup, SecretKind, Step};

/// A backend that was asked, its steps, and what it said.
type Asked<'a> = (&'a dyn SecretsBackend, Vec<Step>, Option<String>);

/// Makes the error.
pub(super) fn error(lookup: &Lookup, asked: &[Asked<'_>]) -> Error {
    let (kind, id) = (lookup.kind, &shown(&lookup.id));
    if kind == SecretKind::Config && asked.is_empty() {
        return no_backend(id);
    }
    let mut places = Vec::new();
    let mut looked_for = Vec::new();
    let mut skipped = Vec::new();
    let mut notes = Vec::new();
    for (backend, steps, _) in asked {
        let before = looked_for.len();
        for step in steps {
            match &step.skipped {
                None => looked_for.push(step.location.words()),
                Some(_) if !backend.is_asked() => {}
                Some(why) => skipped.push(format!("{} was not asked: {why}", shown(&backend.place()))),
            }
        }
        if looked_for.len() > before {
            places.push(shown(&backend.place()));
            notes.extend(backend.about_absence());
        }
    }
    let message = match places.split_last() {
        None => format!("{kind} `{id}` is nowhere: no backend could be asked for it"),
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
    let told = asked.iter().find_map(|(_, _, hint)| hint.clone());
    error.with_hint(
        told.or_else(|| near_name(lookup, asked))
            .unwrap_or_else(|| explain(lookup)),
    )
}

/// Makes the error of a configuration option when no backend is configured: Airflow asks nobody else for one, and goes on as
/// if the option were absent.
fn no_backend(key: &str) -> Error {
    Error::not_found(format!(
        "configuration option `{key}` is nowhere: no secrets backend is configured, and Airflow asks nobody else for an option"
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

/// Looks for the name that was probably meant, among those that backends can list without asking anyone.
fn near_name(lookup: &Lookup, asked: &[Asked<'_>]) -> Option<String> {
    let id = lookup.id.to_lowercase();
    let most = 1 + id.chars().count() / 6;
    let near = asked
        .iter()
        .flat_map(|(backend, _, _)| backend.local_names(lookup.kind))
        .filter(|name| name.len().abs_diff(id.len()) <= 4 * most)
        .map(|name| (strsim::osa_distance(&id, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)?;
    Some(format!("did you mean `{}`?", shown(&near.1)))
}
