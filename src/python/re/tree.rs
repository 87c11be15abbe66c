//! A pattern as a tree: what `parse` reads and `compile` turns into instructions.
//!
//! Must not know the syntax, or how anything is matched.

pub(super) const IGNORECASE: u8 = 1;
pub(super) const MULTILINE: u8 = 2;
pub(super) const DOTALL: u8 = 4;
pub(super) const VERBOSE: u8 = 8;
pub(super) const ASCII: u8 = 16;
pub(super) const UNICODE: u8 = 32;

/// "As often as possible": Python's `MAXREPEAT`.
pub(super) const NO_LIMIT: u32 = u32::MAX;

/// A pattern, and the flags that hold for all of it.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) sequence: Sequence,
    pub(super) flags: u8,
    /// The number of groups, the whole match included.
    pub(super) groups: usize,
}

pub(super) type Sequence = Vec<Node>;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Literal(u32),
    NotLiteral(u32),
    Any,
    Set(SetNode),
    At(At),
    Branch(Vec<Sequence>),
    Repeat(Repeat, Sequence),
    /// A group: its number if it captures, the flags that it adds, and those that it removes.
    Group(Option<usize>, u8, u8, Sequence),
    Atomic(Sequence),
    Reference(usize),
    /// If the group has matched, the first, else the second.
    Conditional(usize, Sequence, Sequence),
    /// An assertion: how far behind it begins, whether it is negated.
    Look(Look, Sequence),
}

/// A set of characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SetNode {
    pub(super) negated: bool,
    pub(super) items: Vec<Item>,
}

/// A member of a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item {
    Literal(u32),
    Range(u32, u32),
    Category(Category, bool),
}

/// `\d`, `\s` and `\w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Digit,
    Space,
    Word,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Beginning,
    BeginningOfText,
    End,
    EndOfText,
    Boundary { negated: bool },
}

/// How often something is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) kind: RepeatKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RepeatKind {
    Greedy,
    Lazy,
    Possessive,
}

/// An assertion about what follows, or about what is before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The width of what is before.
    pub(super) behind: Option<usize>,
    pub(super) negated: bool,
}
