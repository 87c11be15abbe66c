//! Events into a graph of nodes: aliases resolved, every node with its tag.
//!
//! Source: PyYAML 6.0.3, `yaml/composer.py` and `_yaml.pyx`.

use super::anchors::Anchors;
use super::clock::Clock;
use super::graph::{Graph, Kind, NodeId};
use super::parse::{Event, EventKind, Parser, Properties};
use super::resolve::{Tag, resolve};
use super::{Error, MAX_DEPTH};

/// A collection being filled: its node, and the key that still has no value.
struct Open {
    node: NodeId,
    key: Option<NodeId>,
}

/// Composes the one document of `text`.
pub(super) fn compose(text: &str, clock: &mut Clock) -> Result<Graph, Error> {
    let mut parser = Parser::new(text)?;
    let mut composer = Composer {
        graph: Graph::default(),
        anchors: Anchors::default(),
        open: Vec::new(),
        nothing: None,
    };
    let mut documents = 0;
    loop {
        clock.look()?;
        let Event { kind, line } = parser.next()?;
        match kind {
            EventKind::DocumentEnd => {}
            EventKind::StreamEnd => return Ok(composer.graph),
            EventKind::DocumentStart if documents > 0 => {
                return Err(Error::at(line, "a second document in the file"));
            }
            EventKind::DocumentStart => documents += 1,
            EventKind::Alias(anchor) => match composer.anchors.get(&anchor) {
                Some(node) => composer.place(node),
                None => return Err(Error::at(line, "an alias to an anchor that is not defined")),
            },
            EventKind::Scalar {
                properties,
                value,
                is_implicit,
            } => composer.scalar(properties, &value, is_implicit, line)?,
            EventKind::SequenceStart(properties) => {
                let tag = properties.tag(Tag::Seq);
                let node = composer.graph.add_collection(tag, Kind::Sequence, line);
                composer.open(node, properties, line)?;
            }
            EventKind::MappingStart(properties) => {
                let tag = properties.tag(Tag::Map);
                let node = composer.graph.add_collection(tag, Kind::Mapping, line);
                composer.open(node, properties, line)?;
            }
            EventKind::SequenceEnd | EventKind::MappingEnd => {
                composer.open.pop();
            }
        }
    }
}

impl Properties {
    /// Returns the tag of a node: its own, unless it is `!`, or `implicit`.
    fn tag(&self, implicit: Tag) -> Tag {
        let tag = self.tag.as_deref().filter(|tag| *tag != "!");
        tag.map_or(implicit, Tag::from_name)
    }
}

struct Composer {
    graph: Graph,
    anchors: Anchors,
    open: Vec<Open>,
    /// The last empty scalar, and its line. A line with many commas shares it.
    nothing: Option<(NodeId, usize)>,
}

impl Composer {
    fn scalar(
        &mut self,
        properties: Properties,
        value: &str,
        is_implicit: bool,
        line: usize,
    ) -> Result<(), Error> {
        let is_nothing = value.is_empty() && is_implicit && properties.is_empty();
        if is_nothing && let Some((node, _)) = self.nothing.filter(|(_, of)| *of == line) {
            self.place(node);
            return Ok(());
        }
        let implicit = if is_implicit { resolve(value) } else { Tag::Str };
        let tag = properties.tag(implicit);
        let node = self.graph.add_scalar(tag, value, line);
        if is_nothing {
            self.nothing = Some((node, line));
        }
        self.add(node, properties, line)
    }

    /// Adds a node to the current collection, and its anchor.
    fn add(&mut self, node: NodeId, properties: Properties, line: usize) -> Result<(), Error> {
        if let Some(anchor) = properties.anchor
            && !self.anchors.insert(&anchor, node)
        {
            return Err(Error::at(line, "an anchor is defined twice"));
        }
        self.place(node);
        Ok(())
    }

    /// Puts a node into the current collection.
    fn place(&mut self, id: NodeId) {
        let Some(open) = self.open.last_mut() else { return };
        match self.graph.nodes.kind(open.node) {
            Kind::Scalar => {}
            Kind::Sequence => self.graph.add_item(open.node, id),
            Kind::Mapping => match open.key.take() {
                None => open.key = Some(id),
                Some(key) => self.graph.add_pair(open.node, key, id),
            },
        }
    }

    fn open(&mut self, node: NodeId, properties: Properties, line: usize) -> Result<(), Error> {
        self.add(node, properties, line)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Error::at(line, "it is nested too deeply"));
        }
        self.open.push(Open { node, key: None });
        Ok(())
    }
}
