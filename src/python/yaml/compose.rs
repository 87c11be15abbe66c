//! Events -> a graph of nodes: anchors and aliases resolved, every node with its tag.
//!
//! Source: PyYAML 6.0.3, `yaml/composer.py`, and `_yaml.pyx`, whose parser is libyaml.

use std::collections::HashMap;

use libyaml_safer::{EventData, Parser};

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
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_encoding(libyaml_safer::Encoding::Utf8);
    parser.set_input_string(&mut bytes);
    let mut composer = Composer {
        graph: Graph::new(),
        anchors: HashMap::new(),
        open: Vec::new(),
    };
    let mut documents = 0;
    loop {
        let event = parser.parse().map_err(|error| syntax(&error))?;
        let line = usize::try_from(event.start_mark.line).unwrap_or(usize::MAX);
        match event.data {
            EventData::StreamStart { .. } | EventData::DocumentEnd { .. } => {}
            EventData::StreamEnd => return Ok(composer.graph),
            EventData::DocumentStart { .. } if documents > 0 => {
                return Err(Error::at(line, "there is a second document in the file"));
            }
            EventData::DocumentStart { .. } => documents += 1,
            EventData::Alias { anchor } => match composer.anchors.get(&anchor) {
                Some(node) => composer.place(*node),
                None => return Err(Error::at(line, "an alias names an anchor that is not there")),
            },
            EventData::Scalar {
                anchor,
                tag,
                value,
                plain_implicit,
                ..
            } => {
                let tag = match specific(tag) {
                    Some(tag) => Tag::from_name(&tag),
                    None if plain_implicit => resolve(&value),
                    None => Tag::Str,
                };
                composer.add(
                    anchor,
                    Node {
                        tag,
                        content: Content::Scalar(value),
                        line,
                    },
                )?;
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                let tag = specific(tag).map_or(Tag::Seq, |tag| Tag::from_name(&tag));
                let node = composer.add(
                    anchor,
                    Node {
                        tag,
                        content: Content::Sequence(Vec::new()),
                        line,
                    },
                )?;
                composer.open(node, line)?;
            }
            EventData::MappingStart { anchor, tag, .. } => {
                let tag = specific(tag).map_or(Tag::Map, |tag| Tag::from_name(&tag));
                let node = composer.add(
                    anchor,
                    Node {
                        tag,
                        content: Content::Mapping(Vec::new()),
                        line,
                    },
                )?;
                composer.open(node, line)?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                composer.open.pop();
            }
        }
    }
}

/// Returns the tag unless it is the non-specific `!`.
fn specific(tag: Option<String>) -> Option<String> {
    tag.filter(|tag| tag != "!")
}

fn syntax(error: &libyaml_safer::Error) -> Error {
    let line = error
        .problem_mark()
        .map(|mark| usize::try_from(mark.line).unwrap_or(usize::MAX));
    Error {
        line: line.map(|line| line + 1),
        what: "it is not YAML",
    }
}

struct Composer {
    graph: Graph,
    anchors: HashMap<String, NodeId>,
    open: Vec<Open>,
}

impl Composer {
    /// Adds a node to the collection that is being filled.
    fn add(&mut self, anchor: Option<String>, node: Node) -> Result<NodeId, Error> {
        let id = self.graph.len();
        let line = node.line;
        self.graph.push(node);
        if let Some(anchor) = anchor
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
