//! A value while a template is rendered: Python's types, as Jinja sees them.
//!
//! Text is wiped when its last owner drops it. Lists and dictionaries are shared and can change, as in Python.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use indexmap::IndexMap;
use zeroize::Zeroizing;

use super::problem::{Problem, Result};
use crate::connection::TaskConnection;
use crate::error::ErrorKind;
use crate::python::json;
use crate::value::SecretKind;

/// Shared text that is wiped when its last owner drops it.
#[derive(Clone)]
pub(super) struct Text(Rc<Zeroizing<String>>);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Rc::new(Zeroizing::new(text)))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(redacted)")
    }
}

/// A dictionary: its entries by what Python's hash and equality distinguish.
pub(super) type Dict = IndexMap<Key, (Value, Value)>;

/// What distinguishes the keys of a dictionary: `1`, `1.0` and `True` are one key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    None,
    Int(i128),
    /// The bits of a float that is not an integer.
    Float(u64),
    Text(Text),
    Tuple(Vec<Key>),
}

/// A value.
#[derive(Clone)]
pub(super) enum Value {
    /// What a name that is not resolved yet would have become.
    Unknown,
    /// Jinja's `StrictUndefined`: what is undefined, in words without a value.
    Undefined(Rc<str>),
    /// Jinja's `Undefined` of an `if` without `else`: empty text, and false.
    Empty,
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Text),
    /// markupsafe's `Markup`: text that `tojson`, `escape` or `safe` made.
    Markup(Text),
    List(Rc<RefCell<Vec<Value>>>),
    Tuple(Rc<Vec<Value>>),
    Dict(Rc<RefCell<Dict>>),
    /// `dict.keys()`, `.values()` and `.items()`.
    View(View, Rc<RefCell<Dict>>),
    /// A generator, such as that of `map`: what it has left.
    Generator(Rc<RefCell<std::vec::IntoIter<Value>>>),
    Range(i128, i128, i128),
    /// A group of `groupby`: a named tuple.
    Group(Rc<(Value, Value)>),
    /// `var`
    Var,
    /// `var.value` and `var.json`
    Variables {
        as_json: bool,
    },
    /// `conn`
    Connections,
    Connection(Rc<TaskConnection>),
    /// Airflow's `NOTSET`, which `var.value.get('x')` returns where there is no `x`.
    NotSet,
    Namespace(Rc<RefCell<IndexMap<String, Value>>>),
    Loop(Rc<Loop>),
    Cycler(Rc<(Vec<Value>, Cell<usize>)>),
    Joiner(Rc<(Text, Cell<bool>)>),
    /// A method of a value.
    Method(Rc<(Value, String)>),
    /// A macro, by its number.
    Macro(usize),
    /// `range`, `dict`, `namespace`, `cycler`, `joiner`.
    Global(&'static str),
}

/// What a view of a dictionary shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Keys,
    Values,
    Items,
}

/// `loop`
pub(super) struct Loop {
    pub(super) items: Vec<Value>,
    pub(super) index0: Cell<usize>,
    pub(super) depth0: usize,
    pub(super) changed: RefCell<Option<Vec<Value>>>,
    /// The number of the loop, if it can be called with other items.
    pub(super) recursive: Option<usize>,
}

impl Value {
    pub(super) fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn undefined(what: impl Into<Rc<str>>) -> Self {
        Self::Undefined(what.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(RefCell::new(items)))
    }

    pub(super) fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Rc::new(items))
    }

    pub(super) fn dict(dict: Dict) -> Self {
        Self::Dict(Rc::new(RefCell::new(dict)))
    }

    pub(super) fn generator(items: Vec<Self>) -> Self {
        Self::Generator(Rc::new(RefCell::new(items.into_iter())))
    }

    /// Creates an integer from a length.
    pub(super) fn size(size: usize) -> Self {
        Self::Int(i128::try_from(size).unwrap_or(i128::MAX))
    }

    /// Returns the text of `str` and `Markup`.
    pub(super) fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) | Self::Markup(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the integer of `int` and `bool`.
    pub(super) fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(truth) => Some(i128::from(*truth)),
            _ => None,
        }
    }

    /// Returns the number of `int`, `bool` and `float`.
    #[expect(clippy::cast_precision_loss, reason = "as Python's float() of an integer")]
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            other => other.as_int().map(|number| number as f64),
        }
    }

    /// Returns Python's `type(value).__name__`.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Unknown | Self::Undefined(_) => "StrictUndefined",
            Self::Empty => "Undefined",
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Markup(_) => "Markup",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) | Self::Var => "dict",
            Self::View(View::Keys, _) => "dict_keys",
            Self::View(View::Values, _) => "dict_values",
            Self::View(View::Items, _) => "dict_items",
            Self::Generator(_) => "generator",
            Self::Range(..) => "range",
            Self::Group(_) => "_GroupTuple",
            Self::Variables { .. } => "VariableAccessor",
            Self::Connections => "ConnectionAccessor",
            Self::Connection(_) => "Connection",
            Self::NotSet => "ArgNotSet",
            Self::Namespace(_) => "Namespace",
            Self::Loop(_) => "LoopContext",
            Self::Cycler(_) => "Cycler",
            Self::Joiner(_) => "Joiner",
            Self::Method(_) | Self::Global(_) => "function",
            Self::Macro(_) => "Macro",
        }
    }

    /// Returns `bool(value)`.
    pub(super) fn is_true(&self) -> Result<bool> {
        Ok(match self {
            Self::Undefined(what) => return Err(Problem::undefined(what)),
            Self::Empty | Self::None => false,
            Self::Bool(truth) => *truth,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) | Self::Markup(text) => !text.is_empty(),
            Self::List(items) => !items.borrow().is_empty(),
            Self::Tuple(items) => !items.is_empty(),
            Self::Dict(dict) | Self::View(_, dict) => !dict.borrow().is_empty(),
            Self::Range(start, stop, stride) => range_length(*start, *stop, *stride) > 0,
            _ => true,
        })
    }

    /// Returns the key for a dictionary.
    pub(super) fn key(&self) -> Result<Key> {
        Ok(match self {
            Self::Undefined(what) => return Err(Problem::undefined(what)),
            Self::None => Key::None,
            Self::Float(number) => match whole(*number) {
                Some(number) => Key::Int(number),
                None => Key::Float(number.to_bits()),
            },
            Self::Text(text) | Self::Markup(text) => Key::Text(text.clone()),
            Self::Tuple(items) => Key::Tuple(items.iter().map(Self::key).collect::<Result<_>>()?),
            other => match other.as_int() {
                Some(number) => Key::Int(number),
                None if matches!(other, Self::List(_) | Self::Dict(_) | Self::View(..)) => {
                    return Err(Problem::usage(format!(
                        "a value of type {} cannot be the key of a dictionary",
                        other.type_name()
                    )));
                }
                // Python has a hash of each of these.
                None => {
                    return Err(Problem::usage(format!(
                        "a value of type {} as the key of a dictionary is not supported",
                        other.type_name()
                    )));
                }
            },
        })
    }

    /// Converts what `json.loads` returned for `name`.
    pub(super) fn from_json(value: &json::Value) -> Result<Self> {
        Ok(match value {
            json::Value::Null => Self::None,
            json::Value::Bool(truth) => Self::Bool(*truth),
            json::Value::Int(digits) => Self::Int(digits.parse().map_err(|_| {
                Problem::of_kind(ErrorKind::Malformed, "an integer in it has more than 38 digits")
            })?),
            json::Value::Float(number) => Self::Float(*number),
            json::Value::String(text) => Self::text(text.as_str()),
            json::Value::List(items) => Self::list(items.iter().map(Self::from_json).collect::<Result<_>>()?),
            json::Value::Object(object) => {
                let mut dict = Dict::with_capacity(object.len());
                for (name, value) in object {
                    let name = Text::from(name.as_str());
                    dict.insert(
                        Key::Text(name.clone()),
                        (Self::Text(name), Self::from_json(value)?),
                    );
                }
                Self::dict(dict)
            }
        })
    }
}

/// Returns the integer that a float is, if it is one.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn whole(number: f64) -> Option<i128> {
    (number.fract() == 0.0 && number.abs() < 1e38).then_some(number as i128)
}

/// Returns `len(range(start, stop, step))`.
pub(super) fn range_length(start: i128, stop: i128, stride: i128) -> i128 {
    let (low, high) = if stride > 0 { (start, stop) } else { (stop, start) };
    if low >= high {
        return 0;
    }
    high.saturating_sub(low).saturating_sub(1) / stride.saturating_abs().max(1) + 1
}

/// Returns the place of an index, which counts from the end where it is negative.
pub(super) fn place(index: i128, length: usize) -> Option<usize> {
    let size = i128::try_from(length).ok()?;
    let index = if index < 0 {
        index.checked_add(size)?
    } else {
        index
    };
    usize::try_from(index).ok().filter(|index| *index < length)
}

/// A connection or variable that a template asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// A connection or a variable.
    pub kind: SecretKind,
    /// The connection id or the variable's key.
    pub id: String,
}
