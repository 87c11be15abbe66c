//! The objects of a loaded document, which may share parts and contain themselves.
//!
//! An object is built from its nodes on request: all objects of a large document at once would take many times its text.
//! `json_form` has their JSON.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::graph::{Graph, NodeId, Nodes, Pair, forget_key, is_forgotten};
use super::object::{Id, Key, Object};
use super::resolve::Tag;
use super::scalar;
use super::timestamp::timestamp;

/// Added to a mapping's index for its tuple in `!!omap` and `!!pairs`, which is another object.
const TUPLE: Id = 1 << 31;

/// Data about scalars besides their nodes.
#[derive(Default)]
pub(super) struct Scalars {
    /// The node with the text of a scalar that is written as a mapping with the key `=`.
    holders: HashMap<NodeId, NodeId>,
    hasher: RandomState,
    /// The hash of each key of the root, and the index of its pair, sorted.
    root_keys: Vec<(u32, u32)>,
}

/// Up to this many keys are compared one by one.
const FEW: usize = 8;

impl Scalars {
    /// Records that the scalar `node` has the text of `holder`.
    pub(super) fn note(&mut self, node: NodeId, holder: NodeId) {
        self.holders.insert(node, holder);
    }

    /// Checks that `text` is a valid scalar of `tag`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(tag: Tag, text: &str) -> Result<(), &'static str> {
        match tag {
            Tag::Null | Tag::Str => Ok(()),
            tag => construct(tag, text).map(drop),
        }
    }

    fn text<'n>(&self, nodes: &'n Nodes, node: NodeId) -> &'n str {
        let holder = match nodes.text(node) {
            Some(text) => return text,
            None => self.holders.get(&node),
        };
        holder.and_then(|holder| nodes.text(*holder)).unwrap_or_default()
    }

    /// Returns an object as a key, or `None` for a collection.
    fn key<'n>(&self, nodes: &'n Nodes, node: NodeId) -> Option<Key<'n>> {
        let tag = nodes.tag(node);
        let text = self.text(nodes, node);
        if tag == Tag::Str {
            return Some(Key::Str(Cow::Borrowed(text)));
        }
        Some(match construct(tag, text).ok()? {
            Object::Null => Key::Null,
            Object::Bool(value) => Key::Whole(u8::from(value).to_string()),
            Object::Int(digits) => Key::Whole(digits),
            Object::HugeInt => Key::Huge(node as Id),
            Object::Float(0.0) => Key::Whole("0".to_owned()),
            Object::Float(value) if value.is_finite() && value.fract() == 0.0 => {
                Key::Whole(format!("{value:.0}"))
            }
            Object::Float(value) => Key::Float(value.to_bits()),
            Object::Str(text) => Key::Str(Cow::Owned(text)),
            Object::Bytes(bytes) => Key::Bytes(bytes),
            Object::Date(text) => Key::Date(text),
            Object::DateTime(text, None) => Key::DateTime(text),
            Object::DateTime(_, Some(instant)) => Key::Instant(instant),
            Object::List(_) | Object::Pair(..) | Object::Map(_) | Object::Set(_) => return None,
        })
    }

    fn hash(&self, key: &Key<'_>) -> u32 {
        let hash = self.hasher.hash_one(key);
        u32::try_from(hash >> 32).unwrap_or_default()
    }

    /// Merges the pairs of a mapping that have equal keys: the first key and the last value stay.
    pub(super) fn merge_equal_keys(&mut self, graph: &mut Graph, mapping: NodeId) {
        let is_root = mapping == 0;
        let places = || graph.pairs_of(mapping).map(|(place, _)| place);
        let few = places().take(FEW + 1).count();
        if few < 2 && !is_root {
            return;
        }
        let mut removed = false;
        if few <= FEW && !is_root {
            let places: Vec<usize> = places().collect();
            let (nodes, pairs) = (&graph.nodes, &mut graph.pairs);
            removed = self.merge_among(nodes, pairs, places.into_iter());
        } else {
            let narrow = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
            let mut hashes: Vec<(u32, u32)> = Vec::with_capacity(places().count());
            for (place, pair) in graph.pairs_of(mapping) {
                let key = self.key(&graph.nodes, pair.key);
                hashes.push((key.map_or(0, |key| self.hash(&key)), narrow(place)));
            }
            hashes.sort_unstable();
            let (nodes, pairs) = (&graph.nodes, &mut graph.pairs);
            for same in hashes.chunk_by(|(left, _), (right, _)| left == right) {
                let same = same.iter().map(|(_, place)| *place as usize);
                removed |= same.len() > 1 && self.merge_among(nodes, pairs, same);
            }
            if is_root {
                hashes.retain(|(_, place)| !is_forgotten(&pairs[*place as usize]));
                self.root_keys = hashes;
            }
        }
        if removed {
            graph.drop_forgotten(mapping);
        }
    }

    /// Merges those of the given pairs that have equal keys; returns whether there were any.
    fn merge_among(&self, nodes: &Nodes, pairs: &mut [Pair], places: impl Iterator<Item = usize>) -> bool {
        let mut firsts: Vec<(Key<'_>, usize)> = Vec::new();
        let mut removed = false;
        for place in places {
            let Some(key) = self.key(nodes, pairs[place].key) else {
                continue;
            };
            match firsts.iter().find(|(known, _)| *known == key) {
                Some((_, first)) => {
                    pairs[*first].value = pairs[place].value;
                    forget_key(&mut pairs[place]);
                    removed = true;
                }
                None => firsts.push((key, place)),
            }
        }
        removed
    }
}

/// Constructs the object of a scalar.
fn construct(tag: Tag, text: &str) -> Result<Object, &'static str> {
    match tag {
        Tag::Null => Ok(Object::Null),
        Tag::Bool => scalar::bool(text),
        Tag::Int => scalar::int(text),
        Tag::Float => scalar::float(text),
        Tag::Binary => scalar::binary(text),
        Tag::Timestamp => timestamp(text),
        Tag::Str => Ok(Object::Str(text.to_owned())),
        Tag::Omap | Tag::Pairs | Tag::Seq => Ok(Object::List(Vec::new())),
        Tag::Set => Ok(Object::Set(Vec::new())),
        Tag::Map => Ok(Object::Map(Vec::new())),
        Tag::Merge | Tag::Value | Tag::Unknown => Err("a tag that the safe loader does not know"),
    }
}

/// A loaded document.
#[derive(Default)]
pub struct Document {
    graph: Graph,
    scalars: Scalars,
}

/// Returns the node of an object.
fn node(id: Id) -> NodeId {
    NodeId::try_from(id & !TUPLE).unwrap_or(NodeId::MAX)
}

impl Document {
    pub(super) fn new(graph: Graph, scalars: Scalars) -> Self {
        Self { graph, scalars }
    }

    /// Returns the tag of an object; a tuple has none.
    fn tag(&self, id: Id) -> Option<Tag> {
        (id & TUPLE == 0).then(|| self.graph.nodes.tag(node(id)))
    }

    fn scalar(&self, id: Id) -> Option<Object> {
        construct(self.tag(id)?, self.scalars.text(&self.graph.nodes, node(id))).ok()
    }

    /// Returns the document's object; `None` when there is no document.
    #[must_use]
    pub fn root(&self) -> Option<Id> {
        (!self.is_empty()).then_some(0)
    }

    /// Returns an object.
    #[must_use]
    pub fn object(&self, id: Id) -> Object {
        let lists = self.list(id).map(|items| Object::List(items.collect()));
        let object = lists
            .or_else(|| self.entries(id).map(|entries| Object::Map(entries.collect())))
            .or_else(|| self.members(id).map(|members| Object::Set(members.collect())))
            .or_else(|| self.tuple(id).map(|(key, value)| Object::Pair(key, value)));
        object.or_else(|| self.scalar(id)).unwrap_or(Object::Null)
    }

    /// Returns how many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.graph.nodes.len()
    }

    /// Whether the document is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many bytes the text of all scalars has.
    pub(super) fn text_bytes(&self) -> usize {
        self.graph.nodes.text_bytes()
    }

    /// Returns the line on which an object's node begins, counted from 1.
    #[must_use]
    pub fn line(&self, id: Id) -> usize {
        self.graph.nodes.line(node(id)) + 1
    }

    /// Returns the text of a `str`.
    #[must_use]
    pub fn text(&self, id: Id) -> Option<&str> {
        (self.tag(id)? == Tag::Str).then(|| self.scalars.text(&self.graph.nodes, node(id)))
    }

    /// Returns the bytes of a `bytes`.
    #[must_use]
    pub fn bytes(&self, id: Id) -> Option<Vec<u8>> {
        match self.scalar(id).filter(|_| self.tag(id) == Some(Tag::Binary)) {
            Some(Object::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Returns `str()` of a `date` or `datetime`.
    #[must_use]
    pub fn date(&self, id: Id) -> Option<String> {
        if self.tag(id)? != Tag::Timestamp {
            return None;
        }
        match self.scalar(id)? {
            Object::Date(text) | Object::DateTime(text, _) => Some(text),
            _ => None,
        }
    }

    /// Returns the elements of a `list`.
    #[must_use]
    pub fn list(&self, id: Id) -> Option<impl Iterator<Item = Id>> {
        let of = match self.tag(id)? {
            Tag::Seq => 0,
            Tag::Omap | Tag::Pairs => TUPLE,
            _ => return None,
        };
        Some(self.graph.items(node(id)).map(move |item| item as Id | of))
    }

    /// Returns the keys and values of a `dict`.
    #[must_use]
    pub fn entries(&self, id: Id) -> Option<impl Iterator<Item = (Id, Id)>> {
        (self.tag(id)? == Tag::Map).then(|| self.pairs(id))
    }

    /// Returns the members of a `set`.
    fn members(&self, id: Id) -> Option<impl Iterator<Item = Id>> {
        (self.tag(id)? == Tag::Set).then(|| self.pairs(id).map(|(key, _)| key))
    }

    /// Returns the two parts of a tuple.
    pub(super) fn tuple(&self, id: Id) -> Option<(Id, Id)> {
        if id & TUPLE == 0 {
            return None;
        }
        self.pairs(id).next()
    }

    fn pairs(&self, id: Id) -> impl Iterator<Item = (Id, Id)> {
        let pairs = self.graph.pairs_of(node(id));
        pairs.map(|(_, pair)| (pair.key as Id, pair.value as Id))
    }

    /// Returns a `dict`'s value for a text key.
    #[must_use]
    pub fn get(&self, id: Id, key: &str) -> Option<Id> {
        if id != 0 || self.tag(id)? != Tag::Map {
            let mut entries = self.entries(id)?;
            return entries
                .find(|(name, _)| self.text(*name) == Some(key))
                .map(|(_, value)| value);
        }
        let keys = &self.scalars.root_keys;
        let hash = self.scalars.hash(&Key::Str(Cow::Borrowed(key)));
        let from = keys.partition_point(|(other, _)| *other < hash);
        let same = keys[from..].iter().take_while(|(other, _)| *other == hash);
        same.map(|(_, place)| &self.graph.pairs[*place as usize])
            .find(|pair| self.text(pair.key as Id) == Some(key))
            .map(|pair| pair.value as Id)
    }

    /// Whether an object equals a key, as Python compares them.
    #[must_use]
    pub fn equals_key(&self, id: Id, key: Id) -> bool {
        let key_of = |id: Id| {
            self.tag(id)?;
            self.scalars.key(&self.graph.nodes, node(id))
        };
        key_of(id).is_some_and(|id| Some(id) == key_of(key))
    }

    /// Whether an object is true in Python.
    #[must_use]
    pub fn is_truthy(&self, id: Id) -> bool {
        if let Some(mut items) = self.list(id) {
            return items.next().is_some();
        }
        match self.tag(id) {
            None => true,
            Some(Tag::Map | Tag::Set) => self.pairs(id).next().is_some(),
            Some(_) => match self.scalar(id) {
                None | Some(Object::Null) => false,
                Some(Object::Bool(value)) => value,
                Some(Object::Int(digits)) => digits != "0",
                Some(Object::Float(value)) => value != 0.0,
                Some(Object::Str(text)) => !text.is_empty(),
                Some(Object::Bytes(bytes)) => !bytes.is_empty(),
                Some(_) => true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Id};
    use crate::python::yaml::safe_load;

    fn load(text: &str) -> (Document, Id) {
        let document = safe_load(text).expect("YAML");
        let root = document.root().expect("a value");
        (document, root)
    }

    /// Loads a list; returns its items, too.
    fn items(text: &str) -> (Document, Vec<Id>) {
        let (document, root) = load(text);
        let items = document.list(root).expect("a list").collect();
        (document, items)
    }

    #[test]
    fn each_type_gives_its_own_value_and_its_line() {
        let text = "a: [1]\nb: !!binary aGk=\nc: 2024-01-31\n\nd: 2024-01-31 10:00:00\ne: text\n";
        let (document, root) = load(text);
        let get = |key| document.get(root, key).expect("a key");
        assert_eq!(document.list(get("a")).map(Iterator::count), Some(1));
        assert_eq!(document.bytes(get("b")).as_deref(), Some(&b"hi"[..]));
        assert_eq!(document.date(get("c")).as_deref(), Some("2024-01-31"));
        assert_eq!(document.date(get("d")).as_deref(), Some("2024-01-31 10:00:00"));
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
}
