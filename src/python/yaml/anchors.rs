//! The anchors of a document, at a few bytes each.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::graph::NodeId;

/// The names of anchors, and the node of each.
#[derive(Default)]
pub(super) struct Anchors {
    names: String,
    /// The range of each name in `names`, and its node.
    places: Vec<(u32, u32, NodeId)>,
    hasher: RandomState,
    /// The anchor of each hash of a name.
    by_hash: HashMap<u64, u32>,
    /// The anchors whose hash collides with another one's.
    others: Vec<u32>,
}

impl Anchors {
    /// Adds an anchor; returns false when the name is already there.
    pub(super) fn insert(&mut self, name: &str, node: NodeId) -> bool {
        if self.get(name).is_some() {
            return false;
        }
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let index = narrow(self.places.len());
        let start = narrow(self.names.len());
        self.names.push_str(name);
        self.places.push((start, narrow(self.names.len()), node));
        let hash = self.hasher.hash_one(name);
        if *self.by_hash.entry(hash).or_insert(index) != index {
            self.others.push(index);
        }
        true
    }

    /// Returns the node of an anchor.
    pub(super) fn get(&self, name: &str) -> Option<NodeId> {
        let first = self.by_hash.get(&self.hasher.hash_one(name))?;
        [first]
            .into_iter()
            .chain(&self.others)
            .map(|index| self.places[*index as usize])
            .find(|(start, end, _)| self.names[*start as usize..*end as usize] == *name)
            .map(|(_, _, node)| node)
    }
}

#[cfg(test)]
mod tests {
    use super::Anchors;

    #[test]
    fn an_anchor_is_found_by_its_whole_name() {
        let mut anchors = Anchors::default();
        assert!(anchors.insert("a", 1) && anchors.insert("ab", 2) && !anchors.insert("a", 3));
        assert_eq!(
            (anchors.get("a"), anchors.get("ab"), anchors.get("b")),
            (Some(1), Some(2), None)
        );
    }
}
