//! What an expression can be, as far as that is known without running it.

use std::rc::Rc;

use ruff_python_ast::Stmt;

use super::scope::ScopeId;

/// More possible values than this are not followed: the rest is unknown.
const MANY: usize = 256;

/// A function or a class of the sources: its module and its scope there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Definition {
    pub(super) module: usize,
    pub(super) scope: ScopeId,
}

/// One value that an expression can have.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Rc<str>),
    Integer(i64),
    Boolean(bool),
    None,
    /// Something imported that is not among the sources, by its full name. What a call of it returns ends in `()`.
    Path(Rc<str>),
    /// A module among the sources.
    Module(usize),
    Function(Definition),
    /// A function as an attribute of an instance: its first parameter is that.
    Method(Definition),
    Class(Definition),
    Instance(Definition),
    /// A list, tuple or set.
    List(Rc<[Values]>),
    Dict(Rc<[(Values, Values)]>),
    /// A method of a text, list or dictionary.
    Builtin(Rc<Value>, Rc<str>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) | (Self::Path(left), Self::Path(right)) => left == right,
            (Self::Integer(left), Self::Integer(right)) => left == right,
            (Self::Boolean(left), Self::Boolean(right)) => left == right,
            (Self::None, Self::None) => true,
            (Self::Module(left), Self::Module(right)) => left == right,
            (Self::Function(left), Self::Function(right))
            | (Self::Method(left), Self::Method(right))
            | (Self::Class(left), Self::Class(right))
            | (Self::Instance(left), Self::Instance(right)) => left == right,
            // A large constant is mostly the same one.
            (Self::List(left), Self::List(right)) => Rc::ptr_eq(left, right) || left == right,
            (Self::Dict(left), Self::Dict(right)) => Rc::ptr_eq(left, right) || left == right,
            (Self::Builtin(left, name), Self::Builtin(right, other)) => name == other && left == right,
            _ => false,
        }
    }
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Rc::from(text))
    }

    pub(super) fn path(path: &str) -> Self {
        Self::Path(Rc::from(path))
    }

    /// Python's `str()` of it.
    pub(super) fn as_str(&self) -> Option<Rc<str>> {
        Some(match self {
            Self::Text(text) => Rc::clone(text),
            Self::Integer(integer) => integer.to_string().into(),
            Self::Boolean(true) => "True".into(),
            Self::Boolean(false) => "False".into(),
            Self::None => "None".into(),
            _ => return None,
        })
    }

    /// Python's `bool()` of it.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Integer(integer) => *integer != 0,
            Self::Boolean(boolean) => *boolean,
            Self::None => false,
            Self::List(elements) => !elements.is_empty(),
            Self::Dict(items) => !items.is_empty(),
            _ => true,
        }
    }
}

/// The values that an expression can have.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    /// Each once.
    pub(super) options: Vec<Value>,
    /// Whether it cannot be anything else.
    pub(super) complete: bool,
}

impl Values {
    pub(super) fn unknown() -> Self {
        Self {
            options: Vec::new(),
            complete: false,
        }
    }

    /// No value at all, to add to.
    pub(super) fn none_yet() -> Self {
        Self {
            options: Vec::new(),
            complete: true,
        }
    }

    pub(super) fn one(value: Value) -> Self {
        Self {
            options: vec![value],
            complete: true,
        }
    }

    pub(super) fn push(&mut self, value: Value) {
        if self.options.len() >= MANY {
            self.complete = false;
        } else if !self.options.contains(&value) {
            self.options.push(value);
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.complete &= other.complete;
        for value in other.options {
            self.push(value);
        }
    }

    /// What each value becomes; where nothing comes of one, the result is not complete.
    pub(super) fn map(&self, mut change: impl FnMut(&Value) -> Option<Values>) -> Self {
        let mut all = Self {
            options: Vec::new(),
            complete: self.complete,
        };
        for value in &self.options {
            match change(value) {
                Some(values) => all.add(values),
                None => all.complete = false,
            }
        }
        all
    }

    /// The elements of what can be looped over.
    pub(super) fn elements(&self) -> Self {
        self.map(|value| match value {
            Value::List(elements) => {
                let mut all = Self::none_yet();
                for element in elements.iter() {
                    all.add(element.clone());
                }
                Some(all)
            }
            Value::Dict(items) => {
                let mut all = Self::none_yet();
                for (key, _) in items.iter() {
                    all.add(key.clone());
                }
                Some(all)
            }
            _ => None,
        })
    }

    /// Every combination of two.
    pub(super) fn combine(
        &self,
        other: &Self,
        mut combined: impl FnMut(&Value, &Value) -> Option<Value>,
    ) -> Self {
        let mut all = Self {
            options: Vec::new(),
            complete: self.complete && other.complete,
        };
        for left in &self.options {
            for right in &other.options {
                match combined(left, right) {
                    Some(value) => all.push(value),
                    None => all.complete = false,
                }
                if all.options.len() >= MANY {
                    all.complete = false;
                    return all;
                }
            }
        }
        all
    }
}

/// Whether a body is only a docstring, `pass` or `…`.
pub(super) fn is_docstring(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(expression) if expression.value.is_string_literal_expr())
}
