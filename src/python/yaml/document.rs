//! The objects of a loaded document, which may share parts and contain themselves, and what they are as JSON.

use indexmap::IndexMap;

use super::MAX_DEPTH;
use crate::python::json;

/// An object's place in its document; the same object has the same place wherever an alias names it.
pub type Id = usize;

/// What the safe loader makes of a node.
#[derive(Clone)]
pub enum Object {
    /// `None`
    Null,
    /// `True`, `False`
    Bool(bool),
    /// An integer, as Python's `str()` writes it.
    Int(String),
    /// An integer that Python does not write: it has more than 4300 digits.
    HugeInt,
    /// A float.
    Float(f64),
    /// Text.
    Str(String),
    /// `bytes`, of `!!binary`.
    Bytes(Vec<u8>),
    /// `datetime.date`, as `str()` writes it.
    Date(String),
    /// `datetime.datetime`, as `str()` writes it, and its instant where it has a time zone, in microseconds.
    DateTime(String, Option<i64>),
    /// A list.
    List(Vec<Id>),
    /// A tuple of two, in the lists of `!!omap` and `!!pairs`.
    Pair(Id, Id),
    /// A dictionary: the key and the value of each entry.
    Map(IndexMap<Key, (Id, Id)>),
    /// A set.
    Set(IndexMap<Key, Id>),
}

/// A key: equal where Python's `==` and `hash` are, so that `1`, `1.0` and `true` are one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// `None`
    Null,
    /// A whole number, in decimal.
    Whole(String),
    /// The bits of any other number.
    Float(u64),
    /// An integer that Python does not write.
    Huge(Id),
    /// Text.
    Str(String),
    /// `bytes`
    Bytes(Vec<u8>),
    /// A date.
    Date(String),
    /// A date and time without a time zone.
    DateTime(String),
    /// A date and time with one, in microseconds.
    Instant(i64),
}

/// Why a value has no form in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoJson(&'static str);

impl NoJson {
    /// Returns what it is or has, as in "it has a date".
    #[must_use]
    pub fn what(self) -> &'static str {
        self.0
    }
}

/// A loaded document.
#[derive(Default)]
pub struct Document {
    objects: Vec<(Object, usize)>,
    root: Option<Id>,
}

impl Document {
    pub(super) fn push(&mut self, object: Object, line: usize) -> Id {
        self.objects.push((object, line));
        self.objects.len() - 1
    }

    pub(super) fn replace(&mut self, id: Id, object: Object) {
        self.objects[id].0 = object;
    }

    pub(super) fn set_root(&mut self, root: Id) {
        self.root = Some(root);
    }

    /// Returns the key that an object is, or `None` for a collection.
    pub(super) fn key(&self, id: Id) -> Option<Key> {
        Some(match &self.objects[id].0 {
            Object::Null => Key::Null,
            Object::Bool(value) => Key::Whole(u8::from(*value).to_string()),
            Object::Int(digits) => Key::Whole(digits.clone()),
            Object::HugeInt => Key::Huge(id),
            Object::Float(value) if *value == 0.0 => Key::Whole("0".to_owned()),
            Object::Float(value) if value.is_finite() && value.fract() == 0.0 => {
                Key::Whole(format!("{value:.0}"))
            }
            Object::Float(value) => Key::Float(value.to_bits()),
            Object::Str(text) => Key::Str(text.clone()),
            Object::Bytes(bytes) => Key::Bytes(bytes.clone()),
            Object::Date(text) => Key::Date(text.clone()),
            Object::DateTime(text, None) => Key::DateTime(text.clone()),
            Object::DateTime(_, Some(instant)) => Key::Instant(*instant),
            Object::List(_) | Object::Pair(..) | Object::Map(_) | Object::Set(_) => return None,
        })
    }

    /// Returns the document's object; `None` when there is no document.
    #[must_use]
    pub fn root(&self) -> Option<Id> {
        self.root
    }

    /// Returns an object.
    #[must_use]
    pub fn object(&self, id: Id) -> &Object {
        &self.objects[id].0
    }

    /// Returns how many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether the document is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Returns the line on which an object's node begins, counted from 1.
    #[must_use]
    pub fn line(&self, id: Id) -> usize {
        self.objects[id].1 + 1
    }

    /// Returns the text of a `str`.
    #[must_use]
    pub fn text(&self, id: Id) -> Option<&str> {
        match &self.objects[id].0 {
            Object::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the bytes of a `bytes`.
    #[must_use]
    pub fn bytes(&self, id: Id) -> Option<&[u8]> {
        match &self.objects[id].0 {
            Object::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns `str()` of a `date` or `datetime`.
    #[must_use]
    pub fn date(&self, id: Id) -> Option<&str> {
        match &self.objects[id].0 {
            Object::Date(text) | Object::DateTime(text, _) => Some(text),
            _ => None,
        }
    }

    /// Returns the elements of a `list`.
    #[must_use]
    pub fn list(&self, id: Id) -> Option<&[Id]> {
        match &self.objects[id].0 {
            Object::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the keys and values of a `dict`.
    #[must_use]
    pub fn entries(&self, id: Id) -> Option<impl Iterator<Item = (Id, Id)> + '_> {
        match &self.objects[id].0 {
            Object::Map(map) => Some(map.values().copied()),
            _ => None,
        }
    }

    /// Returns what a `dict` has under a text.
    #[must_use]
    pub fn get(&self, id: Id, key: &str) -> Option<Id> {
        match &self.objects[id].0 {
            Object::Map(map) => map.get(&Key::Str(key.to_owned())).map(|(_, value)| *value),
            _ => None,
        }
    }

    /// Whether an object equals a key, as Python compares them.
    #[must_use]
    pub fn equals_key(&self, id: Id, key: Id) -> bool {
        self.key(id).is_some_and(|id| Some(id) == self.key(key))
    }

    /// Whether Python takes an object for true.
    #[must_use]
    pub fn is_truthy(&self, id: Id) -> bool {
        match &self.objects[id].0 {
            Object::Null => false,
            Object::Bool(value) => *value,
            Object::Int(digits) => digits != "0",
            Object::Float(value) => *value != 0.0,
            Object::Str(text) => !text.is_empty(),
            Object::Bytes(bytes) => !bytes.is_empty(),
            Object::List(items) => !items.is_empty(),
            Object::Map(map) => !map.is_empty(),
            Object::Set(set) => !set.is_empty(),
            Object::HugeInt | Object::Date(_) | Object::DateTime(..) | Object::Pair(..) => true,
        }
    }

    /// Returns an object as JSON, as `json.loads(json.dumps(…))` would have it: keys are text, tuples are lists. Every value
    /// takes one from `budget`, so that aliases of aliases cannot grow without bound.
    ///
    /// # Errors
    /// What JSON has no form for: dates, binary data, sets, keys that are one of these, and what contains itself.
    pub fn to_json(&self, id: Id, budget: &mut usize) -> Result<json::Value, NoJson> {
        let (mut id, mut open) = (id, Vec::<Open<'_>>::new());
        loop {
            if open.len() == MAX_DEPTH {
                return Err(NoJson("a part that contains itself"));
            }
            let Some(left) = budget.checked_sub(1) else {
                return Err(NoJson("too many aliases of aliases"));
            };
            *budget = left;
            let mut value = match Part::of(&self.objects[id].0)? {
                Part::Scalar(value) => Some(value),
                Part::Collection(collection) => {
                    open.push(collection);
                    None
                }
            };
            // Hands a value to the collection it is in, and that one to the next, as long as they end here.
            id = loop {
                let Some(collection) = open.last_mut() else {
                    return Ok(value.expect("what is not open is made"));
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
        Ok(match &self.objects[id].0 {
            Object::Str(text) => text.clone(),
            Object::Null => "null".to_owned(),
            Object::Bool(value) => value.to_string(),
            Object::Int(digits) => digits.clone(),
            Object::Float(value) => json::dumps(&json::Value::Float(*value)),
            _ => return Err(NoJson("a key that is neither text nor a number")),
        })
    }
}

/// A collection that is being turned into JSON.
struct Open<'a> {
    /// What is left of it: keys, where it has them, and values.
    parts: Box<dyn Iterator<Item = (Option<Id>, Id)> + 'a>,
    key: String,
    value: json::Value,
}

/// What an object is as JSON.
enum Part<'a> {
    Scalar(json::Value),
    Collection(Open<'a>),
}

impl<'a> Part<'a> {
    fn of(object: &'a Object) -> Result<Self, NoJson> {
        Ok(match object {
            Object::Null => Self::Scalar(json::Value::Null),
            Object::Bool(value) => Self::Scalar(json::Value::Bool(*value)),
            Object::Int(digits) => Self::Scalar(json::Value::Int(digits.clone())),
            Object::HugeInt => return Err(NoJson("a number of more than 4300 digits")),
            Object::Float(value) => Self::Scalar(json::Value::Float(*value)),
            Object::Str(text) => Self::Scalar(json::Value::String(text.clone())),
            Object::Bytes(_) => return Err(NoJson("binary data")),
            Object::Date(_) | Object::DateTime(..) => return Err(NoJson("a date")),
            Object::Set(_) => return Err(NoJson("a set")),
            Object::Pair(key, value) => Self::list([*key, *value].into_iter()),
            Object::List(items) => Self::list(items.iter().copied()),
            Object::Map(map) => Self::Collection(Open {
                parts: Box::new(map.values().map(|(key, value)| (Some(*key), *value))),
                key: String::new(),
                value: json::Value::Object(json::Object::new()),
            }),
        })
    }

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
    use super::{Document, Id, NoJson};
    use crate::python::json;
    use crate::python::yaml::safe_load;

    fn load(text: &str) -> (Document, Id) {
        let document = safe_load(text).expect("YAML");
        let root = document.root().expect("a value");
        (document, root)
    }

    /// Loads a list; returns its items, too.
    fn items(text: &str) -> (Document, Vec<Id>) {
        let (document, root) = load(text);
        let items = document.list(root).expect("a list").to_vec();
        (document, items)
    }

    #[test]
    fn each_type_gives_its_own_value_and_its_line() {
        let text = "a: [1]\nb: !!binary aGk=\nc: 2024-01-31\n\nd: 2024-01-31 10:00:00\ne: text\n";
        let (document, root) = load(text);
        let get = |key| document.get(root, key).expect("a key");
        assert_eq!(document.list(get("a")).map(<[_]>::len), Some(1));
        assert_eq!(document.bytes(get("b")), Some(&b"hi"[..]));
        assert_eq!(document.date(get("c")), Some("2024-01-31"));
        assert_eq!(document.date(get("d")), Some("2024-01-31 10:00:00"));
        assert_eq!(document.text(get("e")), Some("text"));
        let keys: Vec<_> = document.entries(root).expect("entries").collect();
        assert_eq!(keys.len(), 5);
        assert_eq!(document.text(keys[0].0), Some("a"));
        let lines: Vec<usize> = keys.iter().map(|(key, _)| document.line(*key)).collect();
        assert_eq!(lines, [1, 2, 3, 5, 6]);
        for other in ["a", "e"] {
            let id = get(other);
            assert!(document.bytes(id).is_none() && document.date(id).is_none());
            assert!(document.entries(id).is_none() && document.get(id, "a").is_none());
        }
        assert!(document.text(root).is_none() && document.list(root).is_none());
        assert!(document.get(root, "f").is_none());
        assert_eq!((document.len(), document.is_empty()), (12, false));
        assert!(Document::default().is_empty());
    }

    #[test]
    fn truth_is_pythons() {
        let (document, empty) = items("[~, no, 0, 0.0, '', !!binary '', [], {}, !!set {}]");
        assert!(empty.iter().all(|id| !document.is_truthy(*id)));
        let (document, full) =
            items("[yes, 1, 0.5, a, !!binary aGk=, [~], {a: }, !!set {a}, 2024-01-31, 2024-01-31 10:00:00]");
        assert!(full.iter().all(|id| document.is_truthy(*id)));
    }

    #[test]
    fn keys_are_equal_where_pythons_are() {
        let (document, items) = items("[1, 1.0, yes, '1', 2, [1]]");
        let equal: Vec<bool> = items
            .iter()
            .map(|item| document.equals_key(*item, items[0]))
            .collect();
        assert_eq!(equal, [true, true, true, false, false, false]);
        assert!(!document.equals_key(items[5], items[5]));
    }

    #[test]
    fn what_json_has_no_form_for_is_named() {
        for (text, what) in [
            ("[1, 2024-01-31]", "a date"),
            ("a: !!binary aGk=", "binary data"),
            ("!!set {a}", "a set"),
            ("2024-01-31: a", "a key that is neither text nor a number"),
            ("&a [*a]", "a part that contains itself"),
        ] {
            let (document, root) = load(text);
            let problem = document.to_json(root, &mut 2000).err();
            assert_eq!(problem.map(NoJson::what), Some(what), "{text}");
        }
        let (document, root) = load("[a, [b], c, d]");
        let problem = document.to_json(root, &mut 5).err();
        assert_eq!(problem.map(NoJson::what), Some("too many aliases of aliases"));
    }

    #[test]
    fn depth_and_budget_are_bounded_to_the_value() {
        let nested = |depth: usize| load(&("[".repeat(depth) + &"]".repeat(depth)));
        let (document, root) = nested(1000);
        assert!(document.to_json(root, &mut 1000).is_ok());
        assert!(document.to_json(root, &mut 999).is_err());
        let (document, root) = load("a: [1, {b: c}]");
        let value = document.to_json(root, &mut 5).expect("JSON");
        assert_eq!(json::dumps(&value), r#"{"a": [1, {"b": "c"}]}"#);
    }
}
