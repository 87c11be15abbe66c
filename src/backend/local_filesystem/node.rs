//! One value in a local file of any form, and the questions that Airflow's rules ask about it, in Python's terms.

use super::index::Found;
use crate::python::{json, yaml};
use crate::secret::Secret;

/// A value in a file.
#[derive(Clone, Copy)]
pub(super) enum Node<'a> {
    /// A key.
    Text(&'a str),
    /// A value in an env file.
    Env(&'a Found<'a>),
    /// A value in a JSON file.
    Json(&'a json::Value),
    /// A value in a YAML file.
    Yaml(&'a yaml::Document, yaml::Id),
}

impl<'a> Node<'a> {
    /// Returns its line, where the parser reports one.
    pub(super) fn line(self) -> Option<usize> {
        match self {
            Self::Text(_) | Self::Json(_) => None,
            Self::Env(found) => Some(found.line),
            Self::Yaml(document, id) => Some(document.line(id)),
        }
    }

    /// Returns the text of a `str`.
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(value) => value.as_str(),
            Self::Env(found) => Some(found.value),
            Self::Yaml(document, id) => document.text(id),
        }
    }

    /// Returns the secret in a `str`.
    pub(super) fn secret(self) -> Option<Secret> {
        self.text().map(Secret::from)
    }

    /// Returns `str()` of a `date` or `datetime`.
    pub(super) fn date(self) -> Option<String> {
        match self {
            Self::Yaml(document, id) => document.date(id),
            _ => None,
        }
    }

    /// Returns the elements of a `list`.
    pub(super) fn list(self) -> Option<Vec<Self>> {
        match self {
            Self::Json(json::Value::List(list)) => Some(list.iter().map(Node::Json).collect()),
            Self::Yaml(document, id) => Some(
                document
                    .list(id)?
                    .map(|item| Self::Yaml(document, item))
                    .collect(),
            ),
            _ => None,
        }
    }

    /// Returns the keys and values of a `dict`.
    pub(super) fn entries(self) -> Option<Vec<(Self, Self)>> {
        match self {
            Self::Json(json::Value::Object(object)) => Some(
                object
                    .iter()
                    .map(|(key, value)| (Self::Text(key), Self::Json(value)))
                    .collect(),
            ),
            Self::Yaml(document, id) => Some(
                document
                    .entries(id)?
                    .map(|(key, value)| (Self::Yaml(document, key), Self::Yaml(document, value)))
                    .collect(),
            ),
            _ => None,
        }
    }

    /// Whether Python finds it true.
    pub(super) fn is_truthy(self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Env(found) => !found.value.is_empty(),
            Self::Json(value) => value.is_truthy(),
            Self::Yaml(document, id) => document.is_truthy(id),
        }
    }

    /// Whether Python's `==` holds between this value and a key of the same file.
    pub(super) fn equals_key(self, key: Self) -> bool {
        match (self, key) {
            (Self::Yaml(document, id), Self::Yaml(_, key)) => document.equals_key(id, key),
            _ => self.text().is_some() && self.text() == key.text(),
        }
    }

    /// Returns the identity of this object: an alias in YAML is the same object, not an equal one.
    pub(super) fn identity(self) -> Option<yaml::Id> {
        match self {
            Self::Yaml(_, id) => Some(id),
            _ => None,
        }
    }

    /// Returns the limits on its size as JSON.
    pub(super) fn budget(self) -> yaml::Budget {
        match self {
            Self::Yaml(document, _) => document.budget(),
            _ => yaml::Budget::default(),
        }
    }

    /// Returns it as JSON, spending from `budget`.
    pub(super) fn to_json(self, budget: &mut yaml::Budget) -> Result<json::Value, yaml::NoJson> {
        match self {
            Self::Text(text) => Ok(json::Value::String(text.to_owned())),
            Self::Env(found) => Ok(json::Value::String(found.value.to_owned())),
            Self::Json(value) => Ok(value.clone()),
            Self::Yaml(document, id) => document.to_json(id, budget),
        }
    }
}
