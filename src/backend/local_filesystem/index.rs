//! The positions of the entries in a text, by key and in the order of the file, at a few bytes each.
//!
//! A file may be large, even deliberately, so keys and values are not copied out of the text. Must not know what a value is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use zeroize::Zeroizing;

/// A part of a text, in bytes. A local file is smaller than 4 GiB.
#[derive(Clone, Copy)]
struct Range {
    start: u32,
    end: u32,
}

impl Range {
    fn new(range: &std::ops::Range<usize>) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            start: narrow(range.start),
            end: narrow(range.end),
        }
    }
}

/// The position of an entry.
#[derive(Clone, Copy)]
pub(super) struct Place {
    key: Range,
    value: Range,
    line: u32,
}

impl Place {
    /// Creates a position from the byte ranges of a key and its value, and their line; 0 where the line is unknown.
    pub(super) fn new(key: &std::ops::Range<usize>, value: &std::ops::Range<usize>, line: usize) -> Self {
        Self {
            key: Range::new(key),
            value: Range::new(value),
            line: u32::try_from(line).unwrap_or(u32::MAX),
        }
    }
}

/// How a key is read: in JSON it has quotes and escapes.
type ReadKey = fn(&str) -> Cow<'_, str>;

/// A text, and its entries.
pub(super) struct Index {
    text: Zeroizing<String>,
    read_key: ReadKey,
    entries: Vec<Place>,
    hasher: RandomState,
    /// The entry of each hash of a key.
    places: HashMap<u64, u32>,
    /// The entries whose hash is that of an earlier one.
    others: Vec<u32>,
}

/// An entry, as written in the text.
pub(super) struct Found<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) value: &'a str,
    pub(super) line: usize,
}

impl Index {
    pub(super) fn new(text: String, read_key: ReadKey) -> Self {
        Self {
            text: Zeroizing::new(text),
            read_key,
            entries: Vec::new(),
            hasher: RandomState::new(),
            places: HashMap::new(),
            others: Vec::new(),
        }
    }

    /// Adds all of `places`. A repeated key keeps its first position and takes its last value.
    pub(super) fn replacing(mut self, places: Vec<Place>) -> Self {
        for place in places {
            if let Err(first) = self.add(place) {
                self.entries[first].value = place.value;
            }
        }
        self
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// The key, and the line of the earlier entry with the same key.
    pub(super) fn insert(&mut self, place: Place) -> Result<(), Found<'_>> {
        match self.add(place) {
            Ok(()) => Ok(()),
            Err(first) => Err(self.found(self.entries[first])),
        }
    }

    fn add(&mut self, place: Place) -> Result<(), usize> {
        let key = self.found(place).key;
        let hash = self.hasher.hash_one(&*key);
        if let Some(first) = self.position(hash, &key) {
            return Err(first);
        }
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        if *self.places.entry(hash).or_insert(index) != index {
            self.others.push(index);
        }
        self.entries.push(place);
        Ok(())
    }

    fn position(&self, hash: u64, key: &str) -> Option<usize> {
        let first = self.places.get(&hash)?;
        [first]
            .into_iter()
            .chain(&self.others)
            .map(|index| *index as usize)
            .find(|index| self.found(self.entries[*index]).key == key)
    }

    fn found(&self, entry: Place) -> Found<'_> {
        let slice = |range: Range| &self.text[range.start as usize..range.end as usize];
        Found {
            key: (self.read_key)(slice(entry.key)),
            value: slice(entry.value),
            line: entry.line as usize,
        }
    }

    /// Returns the entry of `key`.
    pub(super) fn get(&self, key: &str) -> Option<Found<'_>> {
        let index = self.position(self.hasher.hash_one(key), key)?;
        Some(self.found(self.entries[index]))
    }

    /// Iterates over all entries, in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = Found<'_>> {
        self.entries.iter().map(|entry| self.found(*entry))
    }
}
