//! The objects of PyYAML's safe loader, and the equality of keys.

use std::borrow::Cow;

/// An object's index in its document. An alias has the index of its object.
pub type Id = usize;

/// An object of the safe loader.
#[derive(Clone)]
pub enum Object {
    /// `None`
    Null,
    /// `True`, `False`
    Bool(bool),
    /// An integer, as Python's `str()` writes it.
    Int(String),
    /// An integer of more than 4300 digits, which Python does not write.
    HugeInt,
    /// A float.
    Float(f64),
    /// Text.
    Str(String),
    /// `bytes`, of `!!binary`.
    Bytes(Vec<u8>),
    /// `datetime.date`, as `str()` writes it.
    Date(String),
    /// `datetime.datetime`, as `str()` writes it, and with a time zone its instant in microseconds.
    DateTime(String, Option<i64>),
    /// A list.
    List(Vec<Id>),
    /// A tuple of two, in the lists of `!!omap` and `!!pairs`.
    Pair(Id, Id),
    /// A dictionary: the key and the value of each entry.
    Map(Vec<(Id, Id)>),
    /// A set.
    Set(Vec<Id>),
}

/// A key: equal where Python's `==` and `hash` are, so that `1`, `1.0` and `true` are one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Key<'a> {
    /// `None`
    Null,
    /// A whole number, in decimal.
    Whole(String),
    /// The bits of any other number.
    Float(u64),
    /// An integer that Python does not write.
    Huge(Id),
    /// Text.
    Str(Cow<'a, str>),
    /// `bytes`
    Bytes(Vec<u8>),
    /// A date.
    Date(String),
    /// A date and time without a time zone.
    DateTime(String),
    /// A date and time with one, in microseconds.
    Instant(i64),
}
