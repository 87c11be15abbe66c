//! Whether a character is in a set, with or without regard to case: `_optimize_charset` and `_sre.c` of CPython 3.11.
//!
//! Two letters are one when their lower case is, or when their lower cases have the same upper case (`_casefix.py`).

use super::tree::{Category, Item, SetNode};
use crate::python::text::{is_alphanumeric, is_decimal, is_space, simple_lower, simple_upper};

/// How the cases of a letter are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    No,
    Ascii,
    Unicode,
}

/// A set, ready to be asked.
#[derive(Debug)]
pub(super) struct Set {
    negated: bool,
    fold: Fold,
    ascii: bool,
    /// First and last code of each range, after folding.
    ranges: Vec<(u32, u32)>,
    categories: Vec<(Category, bool)>,
    /// Ranges beyond the basic plane, whose letters are compared in both cases.
    beyond: Vec<(u32, u32)>,
}

/// The last code of the basic plane.
const LAST_BASIC: u32 = 0xffff;

/// Lower-case letters that have one upper case.
const SAME_UPPER_CASE: &[&[u32]] = &[
    &[0x69, 0x131],
    &[0x73, 0x17f],
    &[0xb5, 0x3bc],
    &[0x345, 0x3b9, 0x1fbe],
    &[0x390, 0x1fd3],
    &[0x3b0, 0x1fe3],
    &[0x3b2, 0x3d0],
    &[0x3b5, 0x3f5],
    &[0x3b8, 0x3d1],
    &[0x3ba, 0x3f0],
    &[0x3c0, 0x3d6],
    &[0x3c1, 0x3f1],
    &[0x3c2, 0x3c3],
    &[0x3c6, 0x3d5],
    &[0x432, 0x1c80],
    &[0x434, 0x1c81],
    &[0x43e, 0x1c82],
    &[0x441, 0x1c83],
    &[0x442, 0x1c84, 0x1c85],
    &[0x44a, 0x1c86],
    &[0x463, 0x1c87],
    &[0x1c88, 0xa64b],
    &[0x1e61, 0x1e9b],
    &[0xfb05, 0xfb06],
];

impl Fold {
    /// Returns the code in lower case, as this comparison sees it.
    pub(super) fn lower(self, code: u32) -> u32 {
        match (self, char::from_u32(code)) {
            (Self::Ascii, Some(c)) => c.to_ascii_lowercase().into(),
            (Self::Unicode, Some(c)) => simple_lower(c).into(),
            _ => code,
        }
    }

    /// Returns the lower-case codes that are the same letter as `lower`.
    pub(super) fn same(self, lower: u32) -> Vec<u32> {
        let class = SAME_UPPER_CASE.iter().find(|class| class.contains(&lower));
        match class {
            Some(class) if self == Self::Unicode => class.to_vec(),
            _ => vec![lower],
        }
    }
}

impl Set {
    pub(super) fn new(node: &SetNode, fold: Fold, ascii: bool) -> Self {
        let mut set = Self {
            negated: node.negated,
            fold,
            ascii,
            ranges: Vec::new(),
            categories: Vec::new(),
            beyond: Vec::new(),
        };
        for item in &node.items {
            match *item {
                Item::Category(category, negated) => set.categories.push((category, negated)),
                Item::Literal(code) if fold == Fold::No => set.ranges.push((code, code)),
                Item::Range(first, last) if fold == Fold::No => set.ranges.push((first, last)),
                // A quirk of CPython: such a letter is not put into lower case, though the text is.
                Item::Literal(code) if code > LAST_BASIC => set.ranges.push((code, code)),
                Item::Literal(code) => set.add(code),
                Item::Range(first, last) => {
                    (first..=last.min(LAST_BASIC)).for_each(|code| set.add(code));
                    if last > LAST_BASIC {
                        set.beyond.push((first, last));
                    }
                }
            }
        }
        set
    }

    /// Returns the set of one letter in all its cases.
    pub(super) fn of_letter(code: u32, fold: Fold, negated: bool) -> Self {
        let mut set = Self::new(&SetNode::default(), fold, false);
        set.negated = negated;
        set.add(code);
        set
    }

    fn add(&mut self, code: u32) {
        for code in self.fold.same(self.fold.lower(code)) {
            match self.ranges.last_mut() {
                Some((_, last)) if *last + 1 == code => *last = code,
                Some((first, last)) if (*first..=*last).contains(&code) => {}
                _ => self.ranges.push((code, code)),
            }
        }
    }

    pub(super) fn contains(&self, c: char) -> bool {
        let code = self.fold.lower(c.into());
        let is_in = |ranges: &[(u32, u32)], code| {
            ranges
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&code))
        };
        let found = is_in(&self.ranges, code)
            || self.categories.iter().any(|(category, negated)| {
                let c = char::from_u32(code).unwrap_or(c);
                category.contains(c, self.ascii) != *negated
            })
            || !self.beyond.is_empty()
                && (is_in(&self.beyond, code)
                    || char::from_u32(code).is_some_and(|c| is_in(&self.beyond, simple_upper(c).into())));
        found != self.negated
    }
}

impl Category {
    pub(super) fn contains(self, c: char, ascii: bool) -> bool {
        match self {
            Self::Digit if ascii => c.is_ascii_digit(),
            Self::Digit => is_decimal(c),
            Self::Space if ascii => matches!(c, ' ' | '\t'..='\r'),
            Self::Space => is_space(c),
            Self::Word if ascii => c.is_ascii_alphanumeric() || c == '_',
            Self::Word => is_alphanumeric(c) || c == '_',
        }
    }
}
