//! Nodes into objects: PyYAML's safe constructor, in its order, without its recursion.
//!
//! A collection is created empty and filled later, in order of creation, as PyYAML runs its generators. So a collection can
//! contain itself. Keys are scalars: anything else cannot be hashed. A scalar is only checked here; `document` builds it on
//! request. Source: PyYAML 6.0.3, `yaml/constructor.py`.

use std::collections::{HashMap, VecDeque};

use super::clock::Clock;
use super::document::{Document, Scalars};
use super::graph::{Graph, Kind, NodeId};
use super::resolve::Tag;
use super::{Error, MAX_DEPTH};

/// How many pairs merge keys may add, besides one for every four bytes of the text. Merges of merges grow exponentially; no
/// file that a person writes reaches this.
const MOST_MERGED: usize = 200_000;

/// Constructs the document of a graph whose text has `bytes` bytes.
pub(super) fn construct(graph: Graph, bytes: usize, clock: &mut Clock) -> Result<Document, Error> {
    let mut constructor = Constructor {
        graph,
        scalars: Scalars::default(),
        unfilled: VecDeque::new(),
        merging: HashMap::new(),
        merges_left: MOST_MERGED + bytes / 4,
        clock,
    };
    if constructor.graph.nodes.len() == 0 {
        return Ok(Document::default());
    }
    constructor.object(0)?;
    while let Some(node) = constructor.unfilled.pop_front() {
        constructor.clock.look()?;
        constructor.fill(node)?;
    }
    let merged: Vec<NodeId> = constructor.merging.keys().copied().collect();
    for node in merged {
        constructor.settle(node);
    }
    Ok(Document::new(constructor.graph, constructor.scalars))
}

type Pairs = Vec<(NodeId, NodeId)>;

struct Constructor<'c> {
    graph: Graph,
    scalars: Scalars,
    unfilled: VecDeque<NodeId>,
    /// The pairs of mappings whose merge keys have been resolved.
    merging: HashMap<NodeId, Pairs>,
    merges_left: usize,
    clock: &'c mut Clock,
}

impl Constructor<'_> {
    fn error(&self, node: NodeId, what: &'static str) -> Error {
        Error::at(self.graph.nodes.line(node), what)
    }

    /// Constructs the object of a node: `construct_object`.
    fn object(&mut self, node: NodeId) -> Result<(), Error> {
        if self.graph.nodes.construct(node) {
            return Ok(());
        }
        match self.graph.nodes.tag(node) {
            Tag::Omap | Tag::Pairs | Tag::Seq | Tag::Set | Tag::Map => {
                self.unfilled.push_back(node);
                Ok(())
            }
            Tag::Merge | Tag::Value | Tag::Unknown => {
                Err(self.error(node, "a tag that the safe loader does not know"))
            }
            tag => self.scalar(node, tag),
        }
    }

    fn scalar(&mut self, node: NodeId, tag: Tag) -> Result<(), Error> {
        let holder = self.holder_of_text(node)?;
        if holder != node {
            if tag == Tag::Timestamp {
                return Err(self.error(node, "a collection where a timestamp is expected"));
            }
            self.scalars.note(node, holder);
        }
        let text = self.graph.nodes.text(holder).unwrap_or_default();
        match Scalars::check(tag, text) {
            Ok(()) => Ok(()),
            Err(what) => Err(self.error(node, what)),
        }
    }

    /// Returns the node that holds a scalar's text, or that of a mapping's `=` key: `construct_scalar`.
    fn holder_of_text(&self, node: NodeId) -> Result<NodeId, Error> {
        let mut at = node;
        for _ in 0..MAX_DEPTH {
            match self.graph.nodes.kind(at) {
                Kind::Scalar => return Ok(at),
                Kind::Mapping => {
                    let is_value = |key: NodeId| self.graph.nodes.tag(key) == Tag::Value;
                    let value = if let Some(pairs) = self.merging.get(&at) {
                        pairs
                            .iter()
                            .find(|(key, _)| is_value(*key))
                            .map(|(_, value)| *value)
                    } else {
                        let mut pairs = self.graph.pairs_of(at);
                        pairs
                            .find(|(_, pair)| is_value(pair.key))
                            .map(|(_, pair)| pair.value)
                    };
                    match value {
                        Some(value) => at = value,
                        None => return Err(self.error(at, "a mapping where a scalar is expected")),
                    }
                }
                Kind::Sequence => return Err(self.error(at, "a sequence where a scalar is expected")),
            }
        }
        Err(self.error(node, "it is nested too deeply"))
    }

    /// Fills a collection, as PyYAML's generators do after their `yield`.
    fn fill(&mut self, node: NodeId) -> Result<(), Error> {
        match self.graph.nodes.tag(node) {
            Tag::Seq => {
                let mut at = self.sequence(node)?;
                while let Some((place, item)) = at {
                    self.object(item)?;
                    self.clock.look()?;
                    at = self.graph.step(node, Some(place));
                }
                Ok(())
            }
            Tag::Omap | Tag::Pairs => self.pairs(node),
            _ => self.mapping(node),
        }
    }

    /// Returns the first item of a sequence.
    fn sequence(&self, node: NodeId) -> Result<Option<(u32, NodeId)>, Error> {
        match self.graph.nodes.kind(node) {
            Kind::Sequence => Ok(self.graph.step(node, None)),
            _ => Err(self.error(node, "a sequence is expected")),
        }
    }

    /// `construct_yaml_omap` and `construct_yaml_pairs`: a list of tuples of two.
    fn pairs(&mut self, node: NodeId) -> Result<(), Error> {
        let mut at = self.sequence(node)?;
        while let Some((place, item)) = at {
            self.clock.look()?;
            let only = if let Some(pairs) = self.merging.get(&item) {
                pairs.first().copied().filter(|_| pairs.len() == 1)
            } else {
                let mut pairs = self.graph.pairs_of(item);
                let first = pairs.next().map(|(_, pair)| (pair.key, pair.value));
                let is_only = !self.graph.nodes.is_shortened(item);
                first.filter(|_| is_only && pairs.next().is_none())
            };
            let Some((key, value)) = only else {
                return Err(self.error(item, "a mapping of one key is expected"));
            };
            self.object(key)?;
            self.object(value)?;
            at = self.graph.step(node, Some(place));
        }
        Ok(())
    }

    /// `construct_mapping`: equal keys keep the first position and the last value.
    fn mapping(&mut self, node: NodeId) -> Result<(), Error> {
        if self.graph.nodes.kind(node) != Kind::Mapping {
            return Err(self.error(node, "a mapping is expected"));
        }
        self.flatten(node, 0)?;
        self.settle(node);
        let mut at = self.graph.step_pair(node, None);
        while let Some((place, pair)) = at {
            self.clock.look()?;
            self.object(pair.key)?;
            if matches!(
                self.graph.nodes.tag(pair.key),
                Tag::Omap | Tag::Pairs | Tag::Seq | Tag::Set | Tag::Map
            ) {
                return Err(self.error(pair.key, "a key that is a collection"));
            }
            self.object(pair.value)?;
            at = self.graph.step_pair(node, Some(place));
        }
        self.scalars.merge_equal_keys(&mut self.graph, node);
        Ok(())
    }

    /// Replaces a mapping's pairs with the flattened ones.
    fn settle(&mut self, node: NodeId) {
        if let Some(pairs) = self.merging.remove(&node) {
            self.graph.set_pairs(node, &pairs);
        }
    }

    fn entries(&self, node: NodeId) -> Pairs {
        match self.merging.get(&node) {
            Some(pairs) => pairs.clone(),
            None => self
                .graph
                .pairs_of(node)
                .map(|(_, pair)| (pair.key, pair.value))
                .collect(),
        }
    }

    /// Turns the `=` keys of a mapping into text; returns whether it has merge keys.
    fn has_merge_keys(&mut self, node: NodeId) -> Result<bool, Error> {
        if self.merging.contains_key(&node) {
            return Ok(true);
        }
        let mut at = self.graph.step_pair(node, None);
        while let Some((place, pair)) = at {
            self.clock.look()?;
            match self.graph.nodes.tag(pair.key) {
                Tag::Merge => {
                    let pairs = self.entries(node);
                    self.merging.insert(node, pairs);
                    return Ok(true);
                }
                Tag::Value => self.graph.nodes.set_tag(pair.key, Tag::Str),
                _ => {}
            }
            at = self.graph.step_pair(node, Some(place));
        }
        Ok(false)
    }

    fn pair(&self, node: NodeId, index: usize) -> Option<(NodeId, NodeId)> {
        self.merging.get(&node)?.get(index).copied()
    }

    /// `flatten_mapping`: puts the merged entries before a mapping's own, once.
    fn flatten(&mut self, node: NodeId, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(self.error(node, "it is nested too deeply"));
        }
        if !self.has_merge_keys(node)? {
            return Ok(());
        }
        let mut merged = Vec::new();
        let mut index = 0;
        while let Some((key, value)) = self.pair(node, index) {
            self.clock.look()?;
            match self.graph.nodes.tag(key) {
                Tag::Merge => {
                    if let Some(pairs) = self.merging.get_mut(&node) {
                        pairs.remove(index);
                        self.clock.spend(pairs.len() / 64)?;
                    }
                    self.merge(node, value, depth, &mut merged)?;
                }
                tag => {
                    if tag == Tag::Value {
                        self.graph.nodes.set_tag(key, Tag::Str);
                    }
                    index += 1;
                }
            }
        }
        if !merged.is_empty()
            && let Some(pairs) = self.merging.get_mut(&node)
        {
            merged.append(pairs);
            *pairs = merged;
        }
        Ok(())
    }

    /// Collects the entries that a `<<` of `node` names: a mapping, or a sequence of mappings, where the first wins.
    fn merge(&mut self, node: NodeId, value: NodeId, depth: usize, merged: &mut Pairs) -> Result<(), Error> {
        let sources = match self.graph.nodes.kind(value) {
            Kind::Mapping => vec![value],
            Kind::Sequence => self.graph.items(value).collect(),
            Kind::Scalar => return Err(self.error(value, "a mapping is expected for merging")),
        };
        let mut collected = Vec::new();
        for source in sources {
            if self.graph.nodes.kind(source) != Kind::Mapping {
                return Err(self.error(source, "a mapping is expected for merging"));
            }
            self.flatten(source, depth + 1)?;
            let entries = self.entries(source);
            self.clock.spend(entries.len())?;
            self.merges_left = match self.merges_left.checked_sub(entries.len() + 1) {
                Some(left) => left,
                None => return Err(self.error(node, "merge keys add too many entries")),
            };
            collected.push(entries);
        }
        merged.extend(collected.into_iter().rev().flatten());
        Ok(())
    }
}
