//! A local secrets file -> its entries: by suffix, JSON, YAML or `.env`.
//!
//! Owns the reading of the file as Python's `open()` reads text, and where a problem is. Must not know what an entry has to
//! look like to be a connection (`load`). Source: airflow 3.3.2, `airflow/secrets/local_filesystem.py`, `_parse_secret_file`.

use std::path::Path;
use std::time::Instant;

use indexmap::IndexMap;

use super::env_file::{self, EnvValue};
use super::node::Node;
use crate::error::Error;
use crate::file;
use crate::python::newlines::universal_newlines;
use crate::python::{json, path, yaml};
use crate::shown::shown;

/// What is wrong with a file, and where. Never a value.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) line: Option<usize>,
    pub(super) what: String,
    pub(super) hint: Option<String>,
    pub(super) source: Option<std::io::Error>,
}

impl Problem {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self {
            line: None,
            what: what.into(),
            hint: None,
            source: None,
        }
    }

    pub(super) fn at(line: impl Into<Option<usize>>, what: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            what: what.into(),
            hint: None,
            source: None,
        }
    }

    /// Names the file.
    pub(super) fn in_file(self, path: &str) -> Error {
        let place = self.line.map(|line| format!(", line {line}")).unwrap_or_default();
        let error = Error::usage(format!(
            "local secrets file `{}`{place}: {}",
            shown(path),
            self.what
        ));
        let error = match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        };
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// The entries of a file.
pub(super) enum Entries {
    Env(IndexMap<String, EnvValue>),
    Json(json::Object),
    Yaml(yaml::Document),
}

/// One entry: its key, which in YAML need not be text, and what is under it.
pub(super) struct Entry<'a> {
    pub(super) key: Option<&'a str>,
    pub(super) key_node: Node<'a>,
    pub(super) node: Node<'a>,
}

impl Entries {
    /// Returns what stands under `key`.
    pub(super) fn get(&self, key: &str) -> Option<Node<'_>> {
        match self {
            Self::Env(values) => values.get(key).map(Node::Env),
            Self::Json(object) => object.get(key).map(Node::Json),
            Self::Yaml(document) => Some(Node::Yaml(document, document.get(document.root()?, key)?)),
        }
    }

    /// Iterates over all entries, in the order of the file.
    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = Entry<'_>> + '_> {
        match self {
            Self::Env(values) => Box::new(values.iter().map(|(key, value)| Entry {
                key: Some(key),
                key_node: Node::Text(key),
                node: Node::Env(value),
            })),
            Self::Json(object) => Box::new(object.iter().map(|(key, value)| Entry {
                key: Some(key),
                key_node: Node::Text(key),
                node: Node::Json(value),
            })),
            Self::Yaml(document) => {
                let root = document.root().and_then(|root| document.entries(root));
                Box::new(root.into_iter().flatten().map(move |(key, value)| {
                    let key_node = Node::Yaml(document, key);
                    Entry {
                        key: key_node.text(),
                        key_node,
                        node: Node::Yaml(document, value),
                    }
                }))
            }
        }
    }
}

/// The largest file that is read: Airflow has no bound, and takes minutes for such a one.
const MAX_BYTES: u64 = 256 << 20;

/// Reads and parses the file at `path`, which has to come to its end until `deadline`.
pub(super) fn parse(path: &str, deadline: Instant) -> Result<Entries, Problem> {
    let parse = format_of(path)?;
    let bytes = file::read_unwiped(Path::new(path), MAX_BYTES, deadline).map_err(|source| Problem {
        source: Some(source),
        ..Problem::new("it cannot be read")
    })?;
    parse_bytes(parse, &bytes)
}

/// Parses the text of one format.
type Parse = fn(&str) -> Result<Entries, Problem>;

/// Tells the format by the suffix of the file's name.
pub(super) fn format_of(path: &str) -> Result<Parse, Problem> {
    match path::suffix(path).to_ascii_lowercase().as_str() {
        ".json" => Ok(parse_json),
        ".yaml" | ".yml" => Ok(parse_yaml),
        ".env" => Ok(|text| env_file::parse(text).map(Entries::Env)),
        _ => Err(Problem::new(
            "its name must end in `.env`, `.json`, `.yaml` or `.yml`",
        )),
    }
}

/// Parses what a file holds.
pub(super) fn parse_bytes(parse: Parse, bytes: &[u8]) -> Result<Entries, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        Problem::at(line, "it is not UTF-8")
    })?;
    parse(&universal_newlines(text))
}

fn parse_json(text: &str) -> Result<Entries, Problem> {
    if text.is_empty() {
        return Err(Problem::at(1, "the file is empty"));
    }
    match json::loads(text) {
        Ok(json::Value::Object(object)) => Ok(Entries::Json(object)),
        Ok(_) => Err(Problem::at(1, "it is JSON, and no object")),
        Err(error) => Err(Problem::at(error.line(), format!("it is not JSON: {error}"))),
    }
}

fn parse_yaml(text: &str) -> Result<Entries, Problem> {
    if text.is_empty() {
        return Err(Problem::at(1, "the file is empty"));
    }
    let document = yaml::safe_load(text).map_err(|error| Problem::at(error.line(), format!("{error}")))?;
    let is_mapping = document
        .root()
        .is_some_and(|root| document.entries(root).is_some());
    if is_mapping {
        Ok(Entries::Yaml(document))
    } else {
        Err(Problem::at(1, "it is YAML, and no mapping"))
    }
}
