//! A local secrets file -> its entries: by suffix, JSON, YAML or `.env`.
//!
//! Owns reading text as Python's `open()` does, and the line of a problem. Must not know what makes an entry a connection
//! (`load`). Source: airflow 3.3.2, `airflow/secrets/local_filesystem.py`, `_parse_secret_file`.

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use super::env_file;
use super::index::{Found, Index, Place};
use super::node::Node;
use super::problem::Problem;
use crate::file;
use crate::python::newlines::universal_newlines;
use crate::python::{json, path, yaml};

/// The entries of a file. A JSON value is parsed when it is needed.
pub(super) enum Entries {
    Env(Index),
    Json(Index),
    Yaml(yaml::Document),
}

/// One entry: its key, which in YAML need not be text, and its value.
pub(super) struct Entry<'a> {
    pub(super) key: Option<&'a str>,
    pub(super) key_node: Node<'a>,
    pub(super) node: Node<'a>,
}

impl Entries {
    /// Calls `use_it` with the value under `key`.
    pub(super) fn get<T>(&self, key: &str, use_it: impl FnOnce(Option<Node<'_>>) -> T) -> T {
        match self {
            Self::Env(index) => use_it(index.get(key).as_ref().map(Node::Env)),
            Self::Json(index) => {
                let value = index.get(key).and_then(|found| value_of(&found));
                use_it(value.as_ref().map(Node::Json))
            }
            Self::Yaml(document) => {
                let found = document.root().and_then(|root| document.get(root, key));
                use_it(found.map(|id| Node::Yaml(document, id)))
            }
        }
    }

    /// Calls `use_it` with each entry, in the order of the file, until it returns an error.
    pub(super) fn each<E>(&self, mut use_it: impl FnMut(Entry<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut of_text = |key: &str, node: Node<'_>| {
            use_it(Entry {
                key: Some(key),
                key_node: Node::Text(key),
                node,
            })
        };
        match self {
            Self::Env(index) => index
                .iter()
                .try_for_each(|found| of_text(&found.key, Node::Env(&found))),
            Self::Json(index) => index.iter().try_for_each(|found| match value_of(&found) {
                Some(value) => of_text(&found.key, Node::Json(&value)),
                None => Ok(()),
            }),
            Self::Yaml(document) => {
                let root = document.root().and_then(|root| document.entries(root));
                root.into_iter().flatten().try_for_each(|(key, value)| {
                    let key_node = Node::Yaml(document, key);
                    use_it(Entry {
                        key: key_node.text(),
                        key_node,
                        node: Node::Yaml(document, value),
                    })
                })
            }
        }
    }

    /// Returns the keys that are text, in the order of the file.
    pub(super) fn keys(&self) -> Vec<String> {
        match self {
            Self::Env(index) | Self::Json(index) => {
                index.iter().map(|found| found.key.into_owned()).collect()
            }
            Self::Yaml(document) => {
                let root = document.root().and_then(|root| document.entries(root));
                let keys = root
                    .into_iter()
                    .flatten()
                    .filter_map(|(key, _)| document.text(key));
                keys.map(str::to_owned).collect()
            }
        }
    }
}

/// Parses the value of a JSON entry. It is valid, because the whole text was read before.
fn value_of(found: &Found<'_>) -> Option<json::Value> {
    json::loads(found.value).ok()
}

/// The size of the largest file that is read. Airflow has no limit, and takes minutes for a file of this size.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// Reads and parses the file at `path`, until `deadline` at the latest.
pub(super) fn parse(path: &str, deadline: Instant) -> Result<Entries, Problem> {
    let parse = format_of(path)?;
    let bytes = file::read_unwiped(Path::new(path), MAX_BYTES, deadline).map_err(|source| Problem {
        source: Some(source),
        ..Problem::new("it cannot be read")
    })?;
    parse_bytes(parse, bytes, deadline)
}

/// Parses the text of one format, until a deadline at the latest.
type Parse = fn(String, Instant) -> Result<Entries, Problem>;

/// Returns the parser for the suffix of the file's name.
pub(super) fn format_of(path: &str) -> Result<Parse, Problem> {
    match path::suffix(path).to_ascii_lowercase().as_str() {
        ".json" => Ok(parse_json),
        ".yaml" | ".yml" => Ok(parse_yaml),
        ".env" => Ok(|text, _| env_file::parse(text).map(Entries::Env)),
        _ => Err(Problem::new(
            "its name must end in `.env`, `.json`, `.yaml` or `.yml`",
        )),
    }
}

/// Parses the bytes of a file.
pub(super) fn parse_bytes(parse: Parse, bytes: Vec<u8>, deadline: Instant) -> Result<Entries, Problem> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        Problem::at(line, "it is not UTF-8")
    })?;
    let translated = match universal_newlines(&text) {
        Cow::Owned(translated) => Some(translated),
        Cow::Borrowed(_) => None,
    };
    parse(translated.unwrap_or(text), deadline)
}

fn parse_json(text: String, deadline: Instant) -> Result<Entries, Problem> {
    if text.is_empty() {
        return Err(Problem::at(1, "the file is empty"));
    }
    let mut places = Vec::new();
    let outcome = json::entries(&text, deadline, |key, value| {
        places.push(Place::new(&(key.start..key.end), &(value.start..value.end), 0));
    });
    match outcome {
        Ok(true) => {
            let index = Index::new(text, json::text_of_key);
            Ok(Entries::Json(index.replacing(places)))
        }
        Ok(false) => Err(Problem::at(1, "it is JSON, but not an object")),
        Err(error) if error.kind() == json::ErrorKind::Late => Err(late()),
        Err(error) => {
            let what = match error.kind() {
                json::ErrorKind::TooManyValues | json::ErrorKind::TooDeep => "it is too large",
                _ => "it is not JSON",
            };
            Err(Problem::at(error.line(), format!("{what}: {error}")))
        }
    }
}

fn parse_yaml(text: String, deadline: Instant) -> Result<Entries, Problem> {
    if text.is_empty() {
        return Err(Problem::at(1, "the file is empty"));
    }
    let document = yaml::safe_load_until(&text, deadline).map_err(|error| {
        if error.is_late() {
            return late();
        }
        Problem::at(error.line(), format!("{error}"))
    })?;
    // The document does not need the text any more.
    drop(text);
    let is_mapping = document
        .root()
        .is_some_and(|root| document.entries(root).is_some());
    if is_mapping {
        Ok(Entries::Yaml(document))
    } else {
        Err(Problem::at(1, "it is YAML, but not a mapping"))
    }
}

/// Returns the problem of a file that takes too long.
pub(super) fn late() -> Problem {
    Problem {
        hint: Some("`--timeout SECONDS` gives it longer".to_owned()),
        ..Problem::new("reading it takes longer than `--timeout`")
    }
}
