//! Events -> a graph of nodes: anchors and aliases resolved, every node with its tag.
//!
//! Source: PyYAML 6.0.3, `yaml/composer.py` and `_yaml.pyx`.

use std::collections::HashMap;

use super::parse::{Event, EventKind, Parser, Properties};
use super::resolve::{Tag, resolve};
use super::{Error, MAX_DEPTH};

/// A node's place in its graph.
pub(super) type NodeId = usize;

/// A node: its tag, what it holds, and the line on which it begins, counted from 0.
pub(super) struct Node {
    pub(super) tag: Tag,
    pub(super) content: Content,
    pub(super) line: usize,
}

/// What a node holds.
#[derive(Clone)]
pub(super) enum Content {
    Scalar(String),
    Sequence(Vec<NodeId>),
    Mapping(Vec<(NodeId, NodeId)>),
}

/// The nodes of a document. The root is the first; a text without a document has none.
pub(super) type Graph = Vec<Node>;

/// A collection that is being filled: its node, and the key that waits for its value.
struct Open {
    node: NodeId,
    key: Option<NodeId>,
}

/// Composes the one document of `text`.
pub(super) fn compose(text: &str) -> Result<Graph, Error> {
    let mut parser = Parser::new(text)?;
    let mut composer = Composer {
        graph: Graph::new(),
        anchors: HashMap::new(),
        open: Vec::new(),
    };
    let mut documents = 0;
    loop {
        let Event { kind, line } = parser.next()?;
        match kind {
            EventKind::DocumentEnd => {}
            EventKind::StreamEnd => return Ok(composer.graph),
            EventKind::DocumentStart if documents > 0 => {
                return Err(Error::at(line, "there is a second document in the file"));
            }
            EventKind::DocumentStart => documents += 1,
            EventKind::Alias(anchor) => match composer.anchors.get(&anchor) {
                Some(node) => composer.place(*node),
                None => return Err(Error::at(line, "an alias names an anchor that is not there")),
            },
            EventKind::Scalar {
                properties,
                value,
                is_implicit,
            } => {
                let implicit = if is_implicit { resolve(&value) } else { Tag::Str };
                composer.add(properties, implicit, Content::Scalar(value), line)?;
            }
            EventKind::SequenceStart(properties) => {
                let node = composer.add(properties, Tag::Seq, Content::Sequence(Vec::new()), line)?;
                composer.open(node, line)?;
            }
            EventKind::MappingStart(properties) => {
                let node = composer.add(properties, Tag::Map, Content::Mapping(Vec::new()), line)?;
                composer.open(node, line)?;
            }
            EventKind::SequenceEnd | EventKind::MappingEnd => {
                composer.open.pop();
            }
        }
    }
}

struct Composer {
    graph: Graph,
    anchors: HashMap<String, NodeId>,
    open: Vec<Open>,
}

impl Composer {
    /// Adds a node to the collection that is being filled. Its tag is the one that it has, but for `!`, or `implicit`.
    fn add(
        &mut self,
        properties: Properties,
        implicit: Tag,
        content: Content,
        line: usize,
    ) -> Result<NodeId, Error> {
        let id = self.graph.len();
        let tag = properties
            .tag
            .filter(|tag| tag != "!")
            .map_or(implicit, |tag| Tag::from_name(&tag));
        self.graph.push(Node { tag, content, line });
        if let Some(anchor) = properties.anchor
            && self.anchors.insert(anchor, id).is_some()
        {
            return Err(Error::at(line, "an anchor is there already"));
        }
        self.place(id);
        Ok(id)
    }

    /// Places a node in the collection that is being filled.
    fn place(&mut self, id: NodeId) {
        let Some(open) = self.open.last_mut() else { return };
        match &mut self.graph[open.node].content {
            Content::Scalar(_) => {}
            Content::Sequence(items) => items.push(id),
            Content::Mapping(pairs) => match open.key.take() {
                None => open.key = Some(id),
                Some(key) => pairs.push((key, id)),
            },
        }
    }

    fn open(&mut self, node: NodeId, line: usize) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Error::at(line, "it is nested too deeply"));
        }
        self.open.push(Open { node, key: None });
        Ok(())
    }
}
