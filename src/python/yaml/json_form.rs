//! The JSON form of a loaded document, within a budget.
//!
//! Owns how objects become JSON values: recursion is an error, and aliases of aliases cannot grow without bound. Must not know
//! what a file is read for. Source: CPython 3.11, `Lib/json/encoder.py`.

use super::MAX_DEPTH;
use super::document::Document;
use super::object::{Id, Object};
use crate::python::json;

/// Why a value has no form in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoJson(&'static str);

impl NoJson {
    /// Returns what it contains, as in "it has a date".
    #[must_use]
    pub fn what(self) -> &'static str {
        self.0
    }
}

/// Limits on a document's JSON form: aliases can make a small document large.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The most values.
    pub values: usize,
    /// The most bytes of all texts together.
    pub text_bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            values: json::MAX_VALUES,
            text_bytes: usize::MAX,
        }
    }
}

impl Budget {
    fn spend(&mut self, text_bytes: usize) -> Result<(), NoJson> {
        let left = (
            self.values.checked_sub(1),
            self.text_bytes.checked_sub(text_bytes),
        );
        let (Some(values), Some(text_bytes)) = left else {
            return Err(NoJson("too many values, or aliases of aliases"));
        };
        *self = Self { values, text_bytes };
        Ok(())
    }
}

/// How many values a document may have as JSON, besides four for each of its nodes.
const VALUES_FROM_ALIASES: usize = 10_000;

/// How many bytes its texts may have, besides twice those in the document.
const TEXT_FROM_ALIASES: usize = 1 << 20;

impl Document {
    /// Returns the limits on the JSON form of a part of the document.
    #[must_use]
    pub fn budget(&self) -> Budget {
        Budget {
            values: json::MAX_VALUES.min(VALUES_FROM_ALIASES + 4 * self.len()),
            text_bytes: TEXT_FROM_ALIASES + 2 * self.text_bytes(),
        }
    }

    /// Returns an object as JSON, as by `json.loads(json.dumps(…))`: keys are text, tuples are lists.
    ///
    /// Every value, and its text, is taken from `budget`, so that aliases of aliases cannot grow without bound.
    ///
    /// # Errors
    /// Values without a JSON form: dates, binary data, sets, keys that are one of these, and a part that contains itself.
    pub fn to_json(&self, id: Id, budget: &mut Budget) -> Result<json::Value, NoJson> {
        let (mut id, mut open) = (id, Vec::<Open<'_>>::new());
        loop {
            if open.len() == MAX_DEPTH {
                return Err(NoJson("a part that contains itself"));
            }
            budget.spend(self.text(id).map_or(0, str::len))?;
            let mut value = match self.part(id)? {
                Part::Scalar(value) => Some(value),
                Part::Collection(collection) => {
                    open.push(collection);
                    None
                }
            };
            // Adds the value to its collection, and that collection to the next, while they end here.
            id = loop {
                let Some(collection) = open.last_mut() else {
                    return Ok(value.expect("a value outside of any collection is complete"));
                };
                match (&mut collection.value, value.take()) {
                    (json::Value::Object(object), Some(part)) => {
                        object.insert(std::mem::take(&mut collection.key), part);
                    }
                    (json::Value::List(items), Some(part)) => items.push(part),
                    _ => {}
                }
                match collection.parts.next() {
                    Some((key, part)) => {
                        if let Some(key) = key {
                            collection.key = self.json_key(key)?;
                            budget.text_bytes = budget.text_bytes.saturating_sub(collection.key.len());
                        }
                        break part;
                    }
                    None => value = open.pop().map(|collection| collection.value),
                }
            };
        }
    }

    /// Returns a key as `json.dumps` writes it.
    fn json_key(&self, id: Id) -> Result<String, NoJson> {
        Ok(match self.object(id) {
            Object::Str(text) => text,
            Object::Null => "null".to_owned(),
            Object::Bool(value) => value.to_string(),
            Object::Int(digits) => digits,
            Object::Float(value) => json::dumps(&json::Value::Float(value)),
            _ => return Err(NoJson("a key that is neither text nor a number")),
        })
    }

    /// Returns an object as a scalar of JSON, or as a collection to convert.
    fn part(&self, id: Id) -> Result<Part<'_>, NoJson> {
        if let Some((key, value)) = self.tuple(id) {
            return Ok(Part::list([key, value].into_iter()));
        }
        if let Some(items) = self.list(id) {
            return Ok(Part::list(items));
        }
        if let Some(entries) = self.entries(id) {
            return Ok(Part::Collection(Open {
                parts: Box::new(entries.map(|(key, value)| (Some(key), value))),
                key: String::new(),
                value: json::Value::Object(json::Object::new()),
            }));
        }
        Ok(Part::Scalar(match self.object(id) {
            Object::Null => json::Value::Null,
            Object::Bool(value) => json::Value::Bool(value),
            Object::Int(digits) => json::Value::Int(digits),
            Object::HugeInt => return Err(NoJson("a number of more than 4300 digits")),
            Object::Float(value) => json::Value::Float(value),
            Object::Str(text) => json::Value::String(text),
            Object::Bytes(_) => return Err(NoJson("binary data")),
            Object::Date(_) | Object::DateTime(..) => return Err(NoJson("a date")),
            _ => return Err(NoJson("a set")),
        }))
    }
}

/// A collection that is being converted.
struct Open<'a> {
    /// The remaining keys, if any, and values.
    parts: Box<dyn Iterator<Item = (Option<Id>, Id)> + 'a>,
    key: String,
    value: json::Value,
}

/// An object on its way to JSON.
enum Part<'a> {
    Scalar(json::Value),
    Collection(Open<'a>),
}

impl<'a> Part<'a> {
    fn list(items: impl Iterator<Item = Id> + 'a) -> Self {
        Self::Collection(Open {
            parts: Box::new(items.map(|item| (None, item))),
            key: String::new(),
            value: json::Value::List(Vec::new()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, NoJson};
    use crate::python::json;
    use crate::python::yaml::{Document, Id, safe_load};

    fn load(text: &str) -> (Document, Id) {
        let document = safe_load(text).expect("YAML");
        let root = document.root().expect("a value");
        (document, root)
    }

    fn values(values: usize) -> Budget {
        Budget {
            values,
            ..Budget::default()
        }
    }

    #[test]
    fn a_value_without_a_json_form_is_named() {
        for (text, what) in [
            ("[1, 2024-01-31]", "a date"),
            ("a: !!binary aGk=", "binary data"),
            ("!!set {a}", "a set"),
            ("2024-01-31: a", "a key that is neither text nor a number"),
            ("&a [*a]", "a part that contains itself"),
        ] {
            let (document, root) = load(text);
            let problem = document.to_json(root, &mut values(2000)).err();
            assert_eq!(problem.map(NoJson::what), Some(what), "{text}");
        }
        let (document, root) = load("[a, [b], c, d]");
        let problem = document.to_json(root, &mut values(5)).err();
        assert_eq!(
            problem.map(NoJson::what),
            Some("too many values, or aliases of aliases")
        );
    }

    #[test]
    fn depth_and_budget_are_exact() {
        let nested = |depth: usize| load(&("[".repeat(depth) + &"]".repeat(depth)));
        let (document, root) = nested(1000);
        assert!(document.to_json(root, &mut values(1000)).is_ok());
        assert!(document.to_json(root, &mut values(999)).is_err());
        let (document, root) = load("a: [1, {b: c}]");
        let value = document.to_json(root, &mut values(5)).expect("JSON");
        assert_eq!(json::dumps(&value), r#"{"a": [1, {"b": "c"}]}"#);
    }

    #[test]
    fn a_repeated_key_keeps_its_first_position_and_its_last_value() {
        for filler in ["", "c: 0, d: 0, e: 0, f: 0, g: 0, h: 0, i: 0, j: 0, "] {
            let text = format!("{{1: x, a: 1, {filler}b: 2, a: 3, yes: y, a: 4}}");
            for (text, path) in [(text.clone(), None), (format!("{{in: {text}}}"), Some("in"))] {
                let (document, root) = load(&text);
                let id = path.map_or(root, |key| document.get(root, key).expect("a key"));
                let value = document.to_json(id, &mut document.budget()).expect("JSON");
                let expected = format!("{{1: y, a: 4, {filler}b: 2}}");
                let expected = load(&expected);
                let expected = expected.0.to_json(expected.1, &mut values(100)).expect("JSON");
                assert_eq!(json::dumps(&value), json::dumps(&expected), "{text}");
                let four = document.get(id, "a").expect("a key");
                assert_eq!(
                    json::dumps(&document.to_json(four, &mut values(1)).expect("JSON")),
                    "4"
                );
            }
        }
    }

    /// Many aliases refer to one long text.
    #[test]
    fn text_from_aliases_is_bounded_too() {
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1000), "*a,".repeat(2000));
        let (document, root) = load(&text);
        let problem = document.to_json(root, &mut document.budget()).err();
        assert_eq!(
            problem.map(NoJson::what),
            Some("too many values, or aliases of aliases")
        );
        let a = document.get(root, "a").expect("a key");
        assert!(document.to_json(a, &mut document.budget()).is_ok());
    }
}
