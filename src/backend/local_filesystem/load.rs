//! What Airflow makes of an entry: a connection, a variable or a configuration option.
//!
//! The whole file is checked before anything in it is used: one bad entry makes it unusable, as in Airflow, where loading raises.
//! Must not know what makes a connection; the caller passes in that check ([`ReadConnection`]). Source: airflow 3.3.2,
//! `airflow/secrets/local_filesystem.py`, `load_connections_dict`, `load_variables`, `load_configs_dict`.

use std::collections::HashSet;
use std::time::Instant;

use super::astro;
use super::node::Node;
use super::parse::{Entries, Entry, late};
use super::problem::Problem;
use crate::backend::ReadConnection;
use crate::connection_keys;
use crate::python::json;
use crate::python::yaml::{Id, NoJson};
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::{Answer, Found, SecretKind};

/// The keys that only a connection in a local file has. Airflow makes `extra` from `extra_dejson`.
const MORE_KEYS: &[&str] = &["conn_id", "extra_dejson"];

/// Why an entry cannot be used although its file can: JSON cannot represent it.
#[derive(Debug)]
pub(super) struct Unprintable {
    /// The argument of a connection that is at fault.
    pub(super) argument: Option<String>,
    pub(super) why: NoJson,
}

/// What is under a name: an answer, or something that cannot be printed.
pub(super) type Loaded = Result<Answer, Unprintable>;

/// Checks every entry of a file, until `deadline` at the latest.
pub(super) fn check(
    entries: &Entries,
    kind: SecretKind,
    check: ReadConnection,
    deadline: Instant,
) -> Result<(), Problem> {
    match kind {
        SecretKind::Connection if astro::is_settings(entries) => Err(astro::problem()),
        SecretKind::Connection => read_connections(entries, check, deadline),
        SecretKind::Variable => Ok(()),
        SecretKind::Config => entries.each(|Entry { key_node, node, .. }| {
            if node.list().is_some_and(|list| list.len() != 1) {
                return Err(Problem::at(
                    key_node.line(),
                    format!(
                        "{} is a list that does not have exactly one element",
                        name(key_node)
                    ),
                ));
            }
            Ok(())
        }),
    }
}

/// Returns what a checked file has under `key`.
pub(super) fn get(entries: &Entries, kind: SecretKind, key: &str) -> Loaded {
    entries.get(key, |node| {
        let Some(mut node) = node else {
            return Ok(Answer::ABSENT);
        };
        let is_list_of_one = kind != SecretKind::Variable;
        if is_list_of_one && let Some(list) = node.list() {
            match list.first() {
                Some(only) => node = *only,
                None => return Ok(Answer::ABSENT),
            }
        }
        match kind {
            SecretKind::Connection => match connection(node) {
                (found, None) => Ok(Answer::Found(found)),
                (_, Some(unprintable)) => Err(unprintable),
            },
            SecretKind::Variable | SecretKind::Config => plain(node),
        }
    })
}

/// Returns text unchanged, null for `None`, and JSON for the rest.
///
/// A date becomes the text of `str()`, which `airflow variables get` prints. Binary data becomes its bytes. Neither can be
/// represented within lists and objects.
fn plain(node: Node<'_>) -> Loaded {
    if let Some(text) = node.secret() {
        return Ok(Answer::Found(Found::Text(text)));
    }
    if let Some(date) = node.date() {
        return Ok(Answer::Found(Found::Text(Secret::from(date))));
    }
    if let Node::Yaml(document, id) = node
        && let Some(bytes) = document.bytes(id)
    {
        return Ok(Answer::Found(Found::Text(Secret::new(bytes))));
    }
    match node.to_json(&mut node.budget()) {
        Ok(json::Value::Null) => Ok(Answer::Null),
        Ok(value) => Ok(Answer::Found(Found::Json(value))),
        Err(why) => Err(Unprintable { argument: None, why }),
    }
}

fn name(key: Node<'_>) -> String {
    match key.text() {
        Some(key) => format!("`{}`", shown(key)),
        None => "an entry whose key is not text".to_owned(),
    }
}

fn read_connections(entries: &Entries, check: ReadConnection, deadline: Instant) -> Result<(), Problem> {
    let mut used = HashSet::new();
    entries.each(|Entry { key, key_node, node }| {
        if Instant::now() >= deadline {
            return Err(late());
        }
        let line = key_node.line().or(node.line());
        let problem = |what: String| Problem::at(line, format!("connection {} {what}", name(key_node)));
        let with_hint = |(what, hint)| Problem {
            hint,
            ..problem(what)
        };
        let value = match node.list().as_deref() {
            None => node,
            Some([]) => return Ok(()),
            Some([only]) => *only,
            Some([_, ..]) => return Err(problem("is a list with more than one element".to_owned())),
        };
        if value.text().is_none() {
            check_object(key_node, value, &mut used).map_err(with_hint)?;
        }
        let (found, _) = connection(value);
        check(key.unwrap_or_default(), &found).map_err(|error| {
            let problem = Problem::at(line, error.message());
            Problem {
                hint: error.hint().map(str::to_owned),
                ..problem
            }
        })?;
        Ok(())
    })
}

/// Checks the keys of a connection that is an object. The error is what is wrong, and a hint.
fn check_object(
    key: Node<'_>,
    value: Node<'_>,
    used: &mut HashSet<Id>,
) -> Result<(), (String, Option<String>)> {
    let plain = |what: &str| (what.to_owned(), None);
    let Some(arguments) = value.entries() else {
        return Err(plain("is neither text nor an object"));
    };
    let names: Option<Vec<&str>> = arguments.iter().map(|(name, _)| name.text()).collect();
    let Some(names) = names else {
        return Err(plain("has a key that is not text"));
    };
    if let Some((what, hint)) = connection_keys::unknown(&names, MORE_KEYS) {
        return Err((format!("has {what}"), Some(hint)));
    }
    let is_different =
        |(name, argument): &(Node<'_>, Node<'_>)| name.text() == Some("conn_id") && !argument.equals_key(key);
    if arguments.iter().any(is_different) {
        return Err((
            "has a different `conn_id`".to_owned(),
            Some("remove `conn_id`: the key of the entry is the id".to_owned()),
        ));
    }
    if names.contains(&"extra") && names.contains(&"extra_dejson") {
        return Err(plain("has both `extra` and `extra_dejson`"));
    }
    // Airflow writes the id into the object that it reads, so one object cannot be two connections.
    if let Some(id) = value.identity()
        && !used.insert(id)
    {
        return Err(plain(
            "is an alias of another connection: Airflow finds the other's `conn_id` in it",
        ));
    }
    Ok(())
}

/// Returns the arguments of Airflow's `Connection(…)`: `uri` for text, or the object with `extra` as text.
///
/// All other values keep their type. The second value is the first argument that JSON cannot represent, such as a date. A list
/// replaces it: like a date, a list is not text, and Airflow refuses both in the same places.
fn connection(node: Node<'_>) -> (Found, Option<Unprintable>) {
    if let Some(text) = node.secret() {
        let found = if text.is_empty() {
            Found::Arguments(json::Object::new())
        } else {
            Found::Uri(text)
        };
        return (found, None);
    }
    let budget = &mut node.budget();
    let mut arguments = json::Object::new();
    let mut unprintable = None;
    for (name, value) in node.entries().into_iter().flatten() {
        let name = name.text().unwrap_or_default();
        let json = match value.to_json(budget) {
            Ok(json) => json,
            // Only `as_json()` uses it in Airflow, and then raises.
            Err(_) if name == "description" && value.date().is_some() => {
                json::Value::String(value.date().unwrap_or_default())
            }
            Err(why) => {
                unprintable.get_or_insert(Unprintable {
                    argument: Some(name.to_owned()),
                    why,
                });
                json::Value::List(if value.is_truthy() {
                    vec![json::Value::Null]
                } else {
                    Vec::new()
                })
            }
        };
        match name {
            "conn_id" => {}
            "extra_dejson" => {
                arguments.insert("extra".to_owned(), json::Value::String(json::dumps(&json)));
            }
            _ => {
                arguments.insert(name.to_owned(), json);
            }
        }
    }
    (Found::Arguments(arguments), unprintable)
}
