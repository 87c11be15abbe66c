//! Nodes -> objects: PyYAML's safe constructor, in its order, without its recursion.
//!
//! A collection is made empty first and filled later, first come first served, as PyYAML's generators are run; so a collection
//! can contain itself. Keys are scalars: anything else cannot be hashed. Source: PyYAML 6.0.3, `yaml/constructor.py`.

use std::collections::VecDeque;

use indexmap::IndexMap;

use super::compose::{Content, Graph, NodeId};
use super::document::{Document, Id, Key, Object};
use super::resolve::Tag;
use super::timestamp::timestamp;
use super::{Error, MAX_DEPTH, scalar};

/// Constructs the document of a graph.
pub(super) fn construct(graph: Graph) -> Result<Document, Error> {
    let mut constructor = Constructor {
        constructed: vec![None; graph.len()],
        // More than any file has that somebody wrote; merges of merges grow exponentially.
        merges_left: 1_000_000 + 8 * graph.len(),
        graph,
        document: Document::default(),
        unfilled: VecDeque::new(),
    };
    if constructor.graph.is_empty() {
        return Ok(constructor.document);
    }
    let root = constructor.object(0)?;
    constructor.document.set_root(root);
    while let Some((node, object)) = constructor.unfilled.pop_front() {
        constructor.fill(node, object)?;
    }
    Ok(constructor.document)
}

struct Constructor {
    graph: Graph,
    document: Document,
    constructed: Vec<Option<Id>>,
    unfilled: VecDeque<(NodeId, Id)>,
    merges_left: usize,
}

impl Constructor {
    fn error(&self, node: NodeId, what: &'static str) -> Error {
        Error::at(self.graph[node].line, what)
    }

    /// Returns the object of a node: `construct_object`.
    fn object(&mut self, node: NodeId) -> Result<Id, Error> {
        if let Some(object) = self.constructed[node] {
            return Ok(object);
        }
        let (object, is_collection) = match self.graph[node].tag {
            Tag::Omap | Tag::Pairs | Tag::Seq => (Object::List(Vec::new()), true),
            Tag::Set => (Object::Set(IndexMap::new()), true),
            Tag::Map => (Object::Map(IndexMap::new()), true),
            Tag::Merge | Tag::Value | Tag::Unknown => {
                return Err(self.error(node, "a tag that the safe loader does not know"));
            }
            tag => (self.scalar(node, tag)?, false),
        };
        let object = self.document.push(object, self.graph[node].line);
        self.constructed[node] = Some(object);
        if is_collection {
            self.unfilled.push_back((node, object));
        }
        Ok(object)
    }

    fn scalar(&self, node: NodeId, tag: Tag) -> Result<Object, Error> {
        let text = self.scalar_text(node)?;
        let object = match tag {
            Tag::Null => Ok(Object::Null),
            Tag::Bool => scalar::bool(text),
            Tag::Int => scalar::int(text),
            Tag::Float => scalar::float(text),
            Tag::Binary => scalar::binary(text),
            Tag::Timestamp => match &self.graph[node].content {
                Content::Scalar(text) => timestamp(text),
                _ => Err("a collection where a timestamp is expected"),
            },
            _ => Ok(Object::Str(text.to_owned())),
        };
        object.map_err(|what| self.error(node, what))
    }

    /// Returns the text of a scalar, or of a mapping's `=` key: `construct_scalar`.
    fn scalar_text(&self, node: NodeId) -> Result<&str, Error> {
        let mut at = node;
        for _ in 0..MAX_DEPTH {
            match &self.graph[at].content {
                Content::Scalar(text) => return Ok(text),
                Content::Mapping(pairs) => {
                    match pairs.iter().find(|(key, _)| self.graph[*key].tag == Tag::Value) {
                        Some((_, value)) => at = *value,
                        None => return Err(self.error(at, "a mapping where a scalar is expected")),
                    }
                }
                Content::Sequence(_) => return Err(self.error(at, "a sequence where a scalar is expected")),
            }
        }
        Err(self.error(node, "it is nested too deeply"))
    }

    /// Fills a collection: what PyYAML's generators do after their `yield`.
    fn fill(&mut self, node: NodeId, object: Id) -> Result<(), Error> {
        let filled = match self.graph[node].tag {
            Tag::Seq => {
                let mut items = Vec::new();
                for item in self.sequence(node)? {
                    items.push(self.object(item)?);
                }
                Object::List(items)
            }
            Tag::Omap | Tag::Pairs => Object::List(self.pairs(node)?),
            Tag::Set => Object::Set(
                self.mapping(node)?
                    .into_iter()
                    .map(|(key, (object, _))| (key, object))
                    .collect(),
            ),
            _ => Object::Map(self.mapping(node)?),
        };
        self.document.replace(object, filled);
        Ok(())
    }

    fn sequence(&self, node: NodeId) -> Result<Vec<NodeId>, Error> {
        match &self.graph[node].content {
            Content::Sequence(items) => Ok(items.clone()),
            _ => Err(self.error(node, "a sequence is expected")),
        }
    }

    /// `construct_yaml_omap` and `construct_yaml_pairs`: a list of tuples of two.
    fn pairs(&mut self, node: NodeId) -> Result<Vec<Id>, Error> {
        let mut pairs = Vec::new();
        for item in self.sequence(node)? {
            let (key, value) = match &self.graph[item].content {
                Content::Mapping(pairs) if pairs.len() == 1 => pairs[0],
                _ => return Err(self.error(item, "a mapping of one key is expected")),
            };
            let (key, value) = (self.object(key)?, self.object(value)?);
            pairs.push(
                self.document
                    .push(Object::Pair(key, value), self.graph[item].line),
            );
        }
        Ok(pairs)
    }

    /// `construct_mapping`: the first of equal keys stays where it is, the last value counts.
    fn mapping(&mut self, node: NodeId) -> Result<IndexMap<Key, (Id, Id)>, Error> {
        if !matches!(self.graph[node].content, Content::Mapping(_)) {
            return Err(self.error(node, "a mapping is expected"));
        }
        self.flatten(node, 0)?;
        let mut map: IndexMap<Key, (Id, Id)> = IndexMap::new();
        for (key_node, value_node) in self.entries(node) {
            let key_object = self.object(key_node)?;
            let Some(key) = self.document.key(key_object) else {
                return Err(self.error(key_node, "a key that is a collection"));
            };
            let value = self.object(value_node)?;
            map.entry(key).or_insert((key_object, value)).1 = value;
        }
        Ok(map)
    }

    fn entries(&self, node: NodeId) -> Vec<(NodeId, NodeId)> {
        match &self.graph[node].content {
            Content::Mapping(pairs) => pairs.clone(),
            _ => Vec::new(),
        }
    }

    fn pair(&self, node: NodeId, index: usize) -> Option<(NodeId, NodeId)> {
        match &self.graph[node].content {
            Content::Mapping(pairs) => pairs.get(index).copied(),
            _ => None,
        }
    }

    /// `flatten_mapping`: puts what `<<` names in front of a mapping's own entries, once and for all.
    fn flatten(&mut self, node: NodeId, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(self.error(node, "it is nested too deeply"));
        }
        let mut merged = Vec::new();
        let mut index = 0;
        while let Some((key, value)) = self.pair(node, index) {
            match self.graph[key].tag {
                Tag::Merge => {
                    if let Content::Mapping(pairs) = &mut self.graph[node].content {
                        pairs.remove(index);
                    }
                    self.merge(node, value, depth, &mut merged)?;
                }
                tag => {
                    if tag == Tag::Value {
                        self.graph[key].tag = Tag::Str;
                    }
                    index += 1;
                }
            }
        }
        if !merged.is_empty()
            && let Content::Mapping(pairs) = &mut self.graph[node].content
        {
            merged.append(pairs);
            *pairs = merged;
        }
        Ok(())
    }

    /// Collects what a `<<` of `node` names: a mapping, or a sequence of mappings, where the first wins.
    fn merge(
        &mut self,
        node: NodeId,
        value: NodeId,
        depth: usize,
        merged: &mut Vec<(NodeId, NodeId)>,
    ) -> Result<(), Error> {
        let sources = match &self.graph[value].content {
            Content::Mapping(_) => vec![value],
            Content::Sequence(items) => items.clone(),
            Content::Scalar(_) => return Err(self.error(value, "a mapping is expected for merging")),
        };
        let mut collected = Vec::new();
        for source in sources {
            if !matches!(self.graph[source].content, Content::Mapping(_)) {
                return Err(self.error(source, "a mapping is expected for merging"));
            }
            self.flatten(source, depth + 1)?;
            let entries = self.entries(source);
            self.merges_left = match self.merges_left.checked_sub(entries.len() + 1) {
                Some(left) => left,
                None => return Err(self.error(node, "merge keys make too much of it")),
            };
            collected.push(entries);
        }
        merged.extend(collected.into_iter().rev().flatten());
        Ok(())
    }
}
