//! The nodes of a document, at a few bytes each: a hostile text can have one for every two of its bytes.
//!
//! Nodes, items of sequences and pairs of mappings are in three lists and refer to each other by number. One string holds the
//! text of all scalars. An alias refers to the same node again. Must not know what a node means.

use super::resolve::Tag;

/// A node's index in its graph.
pub(super) type NodeId = u32;

/// The end of a list.
const END: u32 = u32::MAX;

/// The kind of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Sequence,
    Mapping,
}

/// A node. `first` and `last` are the range of a scalar's text, or a collection's first and last item or pair.
#[derive(Clone, Copy)]
struct Node {
    tag: Tag,
    kind: Kind,
    constructed: bool,
    /// Whether pairs were removed from a mapping.
    shortened: bool,
    line: u32,
    first: u32,
    last: u32,
}

#[derive(Clone, Copy)]
struct Item {
    node: NodeId,
    next: u32,
}

/// A pair of a mapping.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) key: NodeId,
    pub(super) value: NodeId,
    next: u32,
}

/// The nodes, without the contents of collections.
#[derive(Default)]
pub(super) struct Nodes {
    nodes: Vec<Node>,
    texts: String,
}

/// The nodes of a document. The root is the first. A text without a document has no nodes.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) nodes: Nodes,
    items: Vec<Item>,
    pub(super) pairs: Vec<Pair>,
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(END)
}

impl Nodes {
    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns how many bytes the text of all scalars has.
    pub(super) fn text_bytes(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn tag(&self, id: NodeId) -> Tag {
        self.node(id).tag
    }

    pub(super) fn set_tag(&mut self, id: NodeId, tag: Tag) {
        self.nodes[id as usize].tag = tag;
    }

    pub(super) fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// Returns the line on which a node begins, counted from 0.
    pub(super) fn line(&self, id: NodeId) -> usize {
        self.node(id).line as usize
    }

    /// Returns the text of a scalar.
    pub(super) fn text(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id);
        (node.kind == Kind::Scalar).then(|| &self.texts[node.first as usize..node.last as usize])
    }

    /// Whether a mapping had pairs of equal keys.
    pub(super) fn is_shortened(&self, id: NodeId) -> bool {
        self.node(id).shortened
    }

    /// Marks a node as constructed; returns whether it was before.
    pub(super) fn construct(&mut self, id: NodeId) -> bool {
        std::mem::replace(&mut self.nodes[id as usize].constructed, true)
    }
}

impl Graph {
    /// Adds a scalar.
    pub(super) fn add_scalar(&mut self, tag: Tag, text: &str, line: usize) -> NodeId {
        let first = narrow(self.nodes.texts.len());
        self.nodes.texts.push_str(text);
        let last = narrow(self.nodes.texts.len());
        self.add(tag, Kind::Scalar, line, first, last)
    }

    /// Adds an empty collection.
    pub(super) fn add_collection(&mut self, tag: Tag, kind: Kind, line: usize) -> NodeId {
        self.add(tag, kind, line, END, END)
    }

    fn add(&mut self, tag: Tag, kind: Kind, line: usize, first: u32, last: u32) -> NodeId {
        let id = narrow(self.nodes.len());
        self.nodes.nodes.push(Node {
            tag,
            kind,
            constructed: false,
            shortened: false,
            line: narrow(line),
            first,
            last,
        });
        id
    }

    /// Adds an item to a sequence.
    pub(super) fn add_item(&mut self, sequence: NodeId, node: NodeId) {
        let added = narrow(self.items.len());
        self.items.push(Item { node, next: END });
        let sequence = &mut self.nodes.nodes[sequence as usize];
        match sequence.last {
            END => sequence.first = added,
            last => self.items[last as usize].next = added,
        }
        sequence.last = added;
    }

    /// Adds a pair to a mapping.
    pub(super) fn add_pair(&mut self, mapping: NodeId, key: NodeId, value: NodeId) {
        let added = narrow(self.pairs.len());
        self.pairs.push(Pair {
            key,
            value,
            next: END,
        });
        let mapping = &mut self.nodes.nodes[mapping as usize];
        match mapping.last {
            END => mapping.first = added,
            last => self.pairs[last as usize].next = added,
        }
        mapping.last = added;
    }

    /// Replaces a mapping's pairs.
    pub(super) fn set_pairs(&mut self, mapping: NodeId, pairs: &[(NodeId, NodeId)]) {
        let node = &mut self.nodes.nodes[mapping as usize];
        (node.first, node.last) = (END, END);
        for (key, value) in pairs {
            self.add_pair(mapping, *key, *value);
        }
    }

    /// Removes the pairs that [`forget_key`] has marked.
    pub(super) fn drop_forgotten(&mut self, mapping: NodeId) {
        let node = &mut self.nodes.nodes[mapping as usize];
        node.shortened = true;
        // The first of equal keys stays, and so does the first pair.
        let (mut kept, mut at) = (node.first, node.first);
        while at != END {
            let Pair { key, next, .. } = self.pairs[at as usize];
            if key != END {
                self.pairs[kept as usize].next = at;
                kept = at;
            }
            at = next;
        }
        if kept != END {
            self.pairs[kept as usize].next = END;
        }
        node.last = kept;
    }

    /// Iterates over the items of a sequence.
    pub(super) fn items(&self, sequence: NodeId) -> impl Iterator<Item = NodeId> {
        let node = self.nodes.node(sequence);
        let mut at = if node.kind == Kind::Sequence {
            node.first
        } else {
            END
        };
        std::iter::from_fn(move || {
            let item = self.items.get(at as usize)?;
            at = item.next;
            Some(item.node)
        })
    }

    /// Iterates over the pairs of a mapping, each with its index in `pairs`.
    pub(super) fn pairs_of(&self, mapping: NodeId) -> impl Iterator<Item = (usize, Pair)> {
        let node = self.nodes.node(mapping);
        let mut at = if node.kind == Kind::Mapping {
            node.first
        } else {
            END
        };
        std::iter::from_fn(move || {
            let place = at as usize;
            let pair = *self.pairs.get(place)?;
            at = pair.next;
            Some((place, pair))
        })
    }

    /// Returns the first item of a sequence, or the one after `place`: for loops that change nodes.
    pub(super) fn step(&self, sequence: NodeId, place: Option<u32>) -> Option<(u32, NodeId)> {
        let at = match place {
            None => self.nodes.node(sequence).first,
            Some(place) => self.items[place as usize].next,
        };
        self.items.get(at as usize).map(|item| (at, item.node))
    }

    /// Returns the first pair of a mapping, or the one after `place`.
    pub(super) fn step_pair(&self, mapping: NodeId, place: Option<u32>) -> Option<(u32, Pair)> {
        let at = match place {
            None => self.nodes.node(mapping).first,
            Some(place) => self.pairs[place as usize].next,
        };
        self.pairs.get(at as usize).map(|pair| (at, *pair))
    }
}

/// Marks a pair for removal.
pub(super) fn forget_key(pair: &mut Pair) {
    pair.key = END;
}

/// Whether a pair is marked for removal.
pub(super) fn is_forgotten(pair: &Pair) -> bool {
    pair.key == END
}
