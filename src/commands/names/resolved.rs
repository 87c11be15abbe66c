//! The values of many names, and the variables in which a command gets them.
//!
//! Owns that everything is resolved, each id once, before anything is printed or started.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::list::List;
use super::{Delivery, Origin, Wanted};
use crate::commands::as_format;
use crate::commands::reference::{Part, is_reference};
use crate::commands::session::Session;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::render::{Entry, Masks};
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::{Found, SecretKind};
use crate::variable_name::variable_name;

/// A connection or variable, and its value.
pub(in crate::commands) struct Resolved {
    pub(in crate::commands) wanted: Wanted,
    pub(in crate::commands) found: Found,
    /// Set for a connection.
    pub(in crate::commands) connection: Option<Box<Connection>>,
}

/// A variable that a command gets.
pub(in crate::commands) struct Given {
    pub(in crate::commands) entry: Entry,
    /// What its value is.
    pub(in crate::commands) described: String,
    pub(in crate::commands) delivery: Delivery,
}

/// Resolves all entries, each id once. One that may be missing is left out with a note where it is.
///
/// # Errors
/// The first lookup that failed; otherwise one error that lists every name that was not found.
pub(in crate::commands) fn resolve(session: &Session, list: List) -> Result<Vec<Resolved>> {
    let List {
        all: wanted,
        references,
        ..
    } = list;
    // An id that something needs is not asked for again where it may be missing.
    let needed: HashSet<(SecretKind, String)> = wanted
        .iter()
        .filter(|one| !one.may_be_missing)
        .map(|one| (one.reference.kind, one.reference.id.clone()))
        .collect();
    let (required, optional): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .enumerate()
        .partition(|(_, one)| needed.contains(&(one.reference.kind, one.reference.id.clone())));
    let found = session.resolve_all(&questions(&required), |kind, id| {
        needed_by(&required, &references, kind, id)
    })?;
    let mut all: Vec<((usize, Wanted), Found)> = required.into_iter().zip(found).collect();
    if !optional.is_empty() {
        let outcomes = session.resolve_each(&questions(&optional));
        for (one, outcome) in optional.into_iter().zip(outcomes) {
            match outcome {
                Ok(located) => all.push((one, located.resolved.found)),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let why = match &one.1.origin {
                        Origin::File(at) => format!("{at} allows that"),
                        _ => "the code has a default".to_owned(),
                    };
                    session.terminal.note(&format!(
                        "{} is left out: it is missing, and {why}",
                        one.1.reference.described()
                    ));
                }
                Err(error) => return Err(error),
            }
        }
        all.sort_by_key(|((position, _), _)| *position);
    }
    let mut resolved = Vec::with_capacity(all.len());
    for ((_, wanted), found) in all {
        let connection = match wanted.reference.kind {
            SecretKind::Connection => Some(Box::new(Connection::from_found(&wanted.reference.id, &found)?)),
            _ => None,
        };
        resolved.push(Resolved {
            wanted,
            found,
            connection,
        });
    }
    Ok(resolved)
}

fn questions(wanted: &[(usize, Wanted)]) -> Vec<(SecretKind, &str)> {
    wanted
        .iter()
        .map(|(_, one)| (one.reference.kind, one.reference.id.as_str()))
        .collect()
}

/// Says which variables of the environment and which lines of files need a name; an option has it in sight. Says too that the variable
/// in which Airflow would look for it is a reference.
fn needed_by(
    wanted: &[(usize, Wanted)],
    references: &HashSet<String>,
    kind: SecretKind,
    id: &str,
) -> Vec<String> {
    let names = wanted.iter().map(|(_, one)| one);
    let needing = names.filter(|one| one.reference.kind == kind && one.reference.id == id);
    let words: BTreeSet<String> = needing
        .filter_map(|one| match &one.origin {
            Origin::Option(_) => None,
            Origin::File(at) => Some(format!("`{at}`")),
            Origin::Variable => Some(format!("the variable `{}`", shown(&one.name))),
        })
        .collect();
    let own = variable_name(kind, id).filter(|own| references.contains(own));
    let needed = (!words.is_empty()).then(|| {
        let words: Vec<String> = words.into_iter().collect();
        format!("needed by {}", words.join(", "))
    });
    let reference = own.map(|own| format!("`{}` holds a reference, which is not a value", shown(&own)));
    needed.into_iter().chain(reference).collect()
}

/// Refuses a value that is itself a reference, because a command would get the reference.
///
/// # Errors
/// Such a value, with status 6.
pub(in crate::commands) fn refuse_references(resolved: &[Resolved]) -> Result<()> {
    for one in resolved {
        let (Found::Text(text) | Found::Uri(text)) = &one.found else {
            continue;
        };
        if is_reference(text) {
            return Err(Error::malformed(format!(
                "{} `{}` is itself a reference, and references are not followed",
                one.wanted.reference.kind,
                shown(&one.wanted.reference.id)
            ))
            .with_hint("store the value itself, or refer to the other name"));
        }
    }
    Ok(())
}

/// Returns the variables, and adds what is secret in them to the masks.
///
/// # Errors
/// A missing field (status 3), an unknown field or the same name for two values (2), a malformed value (6).
pub(in crate::commands) fn given(
    session: &Session,
    resolved: &[Resolved],
    masks: &mut Masks,
) -> Result<Vec<Given>> {
    let mut all: Vec<(Given, &Wanted)> = Vec::with_capacity(resolved.len());
    let mut positions: HashMap<String, usize> = HashMap::with_capacity(resolved.len());
    for one in resolved {
        one.mask(masks);
        let (wanted, delivery) = (&one.wanted, one.wanted.delivery);
        for entry in one
            .entries(session, masks)
            .map_err(|error| located(error, wanted))?
        {
            // Only now are the names of a format's variables known.
            match positions.get(&entry.name).map(|&position| &all[position]) {
                None => {
                    positions.insert(entry.name.clone(), all.len());
                    let given = Given {
                        entry,
                        described: wanted.reference.described(),
                        delivery,
                    };
                    all.push((given, wanted));
                }
                Some((first, _)) if first.entry.value == entry.value && first.delivery == delivery => {}
                // A name that an option or a file gives wins.
                Some(_) if wanted.origin == Origin::Variable => {}
                Some((_, first)) => {
                    return Err(Error::usage(format!(
                        "two values would both be named `{}`",
                        shown(&entry.name)
                    ))
                    .with_detail(format!(
                        "{} and {}",
                        first.described(),
                        wanted.described()
                    )));
                }
            }
        }
    }
    Ok(all.into_iter().map(|(given, _)| given).collect())
}

/// Adds the file or the variable that holds the reference to an error.
fn located(error: Error, wanted: &Wanted) -> Error {
    match &wanted.origin {
        Origin::Option(_) => error,
        Origin::File(at) => error.map_message(|message| format!("{at}: {message}")),
        Origin::Variable => error.with_detail(format!("needed by the variable `{}`", shown(&wanted.name))),
    }
}

impl Resolved {
    /// Returns the names and values for an environment.
    ///
    /// # Errors
    /// A missing field (status 3), a format that does not fit the connection (2), a malformed value (6).
    fn entries(&self, session: &Session, masks: &mut Masks) -> Result<Vec<Entry>> {
        let Wanted { name, reference, .. } = &self.wanted;
        if let (Some(connection), &Part::Variables(format)) = (&self.connection, &reference.part) {
            let variables = as_format::variables(connection, format, session.terminal)?;
            return Ok(variables
                .into_iter()
                .map(|(name, value)| Entry { name, value })
                .collect());
        }
        let mut value = reference.text(&self.found, self.connection.as_deref(), masks, session.terminal)?;
        // A file of a format ends as `get-conn --as FORMAT --out FILE` writes it; a stored value is unchanged.
        if matches!(reference.part, Part::Format(_)) && self.wanted.delivery == Delivery::File {
            value = Secret::new([value.expose(), b"\n"].concat());
        }
        Ok(vec![Entry {
            name: name.clone(),
            value,
        }])
    }

    /// Adds the secrets of the connection to the masks.
    pub(in crate::commands) fn mask(&self, masks: &mut Masks) {
        if let Some(connection) = &self.connection {
            masks.add_connection(connection);
        }
    }
}
