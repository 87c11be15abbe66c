//! What an expression of a template is: Airflow's accessors, and texts.

use std::cell::Cell;
use std::collections::HashMap;

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr};

use crate::value::SecretKind;

/// Stands for a part of a template that is not known. It is an identifier, so that a template stays one.
pub(super) const HOLE: &str = "__not_known__";

/// A name that a template uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TemplateUse {
    pub(super) kind: SecretKind,
    /// The name, if it is known.
    pub(super) name: Option<String>,
    /// The byte in the template.
    pub(super) offset: usize,
    pub(super) has_default: bool,
    pub(super) as_json: bool,
    pub(super) fields: Vec<String>,
}

/// What an expression of a template is.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    /// `var`
    Var,
    /// `var.value` and `var.json`
    Variables {
        as_json: bool,
    },
    /// `conn`
    Connections,
    /// A variable or connection, or what is inside it; no name when it is not known.
    Used {
        kind: SecretKind,
        names: Vec<Option<String>>,
        has_default: bool,
        as_json: bool,
        fields: Vec<String>,
        called: bool,
    },
    /// Texts that it can be; the flag says that it can be nothing else.
    Texts(Vec<String>, bool),
    /// A list, of which the elements can be these.
    List(Box<Thing>),
    Other,
}

/// The state of a walk over one template.
#[derive(Default)]
pub(super) struct Finder<'t> {
    pub(super) uses: Vec<TemplateUse>,
    /// The template's own names, innermost last.
    pub(super) locals: Vec<HashMap<&'t str, Thing>>,
    /// What is added to offsets: a piece's own start.
    pub(super) base: usize,
    pub(super) fuel: Cell<u32>,
}

impl<'t> Finder<'t> {
    pub(super) fn thing(&self, expr: &Expr<'t>) -> Thing {
        let Some(fuel) = self.fuel.get().checked_sub(1) else {
            return Thing::Other;
        };
        self.fuel.set(fuel);
        match expr {
            Expr::Var(var) => match self.locals.iter().rev().find_map(|locals| locals.get(var.id)) {
                Some(local) => local.clone(),
                None => match var.id {
                    "var" => Thing::Var,
                    "conn" => Thing::Connections,
                    _ => Thing::Other,
                },
            },
            Expr::Const(constant) => match constant.value.as_str() {
                Some(text) => Thing::Texts(vec![text.to_owned()], true),
                None => Thing::Other,
            },
            Expr::GetAttr(get) => self.member(&get.expr, &Thing::Texts(vec![get.name.to_owned()], true)),
            Expr::GetItem(get) => self.member(&get.expr, &self.thing(&get.subscript_expr)),
            Expr::Call(call) => self.call(&call.expr, &call.args),
            Expr::List(list) => Thing::List(Box::new(self.texts(&list.items))),
            Expr::Tuple(tuple) => Thing::List(Box::new(self.texts(&tuple.items))),
            Expr::IfExpr(condition) => match (self.thing(&condition.true_expr), &condition.false_expr) {
                (Thing::Texts(mut texts, complete), Some(other)) => match self.thing(other) {
                    Thing::Texts(others, also) => {
                        texts.extend(others);
                        Thing::Texts(texts, complete && also)
                    }
                    _ => Thing::Texts(texts, false),
                },
                _ => Thing::Other,
            },
            Expr::BinOp(operation) => match (self.thing(&operation.left), self.thing(&operation.right)) {
                (Thing::Texts(left, complete), Thing::Texts(right, also)) => {
                    if !matches!(operation.op, BinOpKind::Add | BinOpKind::Concat)
                        || left.len() * right.len() > 64
                    {
                        return Thing::Other;
                    }
                    let pairs = left
                        .iter()
                        .flat_map(|left| right.iter().map(move |right| format!("{left}{right}")));
                    Thing::Texts(pairs.collect(), complete && also)
                }
                _ => Thing::Other,
            },
            _ => Thing::Other,
        }
    }

    pub(super) fn texts(&self, items: &[Expr<'t>]) -> Thing {
        let mut all = Vec::new();
        let mut complete = true;
        for item in items {
            match self.thing(item) {
                Thing::Texts(texts, also) => {
                    all.extend(texts);
                    complete &= also;
                }
                _ => complete = false,
            }
        }
        Thing::Texts(all, complete)
    }

    /// An attribute or item.
    pub(super) fn member(&self, owner: &Expr<'t>, key: &Thing) -> Thing {
        let single = match key {
            Thing::Texts(texts, true) => match texts.as_slice() {
                [text] => Some(text.as_str()),
                _ => None,
            },
            _ => None,
        };
        match (self.thing(owner), single) {
            (Thing::Var, Some("value")) => Thing::Variables { as_json: false },
            (Thing::Var, Some("json")) => Thing::Variables { as_json: true },
            // `var.value.get` is a method.
            (Thing::Variables { .. } | Thing::Connections, Some("get")) => Thing::Other,
            (Thing::Variables { as_json }, _) => used(SecretKind::Variable, names(key), false, as_json),
            (Thing::Connections, _) => used(SecretKind::Connection, names(key), false, false),
            (
                Thing::Used {
                    kind,
                    names,
                    has_default,
                    as_json,
                    mut fields,
                    called,
                },
                key,
            ) => {
                let end = called || key.is_none();
                if !end {
                    fields.extend(key.map(str::to_owned));
                }
                Thing::Used {
                    kind,
                    names,
                    has_default,
                    as_json,
                    fields,
                    called: end,
                }
            }
            _ => Thing::Other,
        }
    }

    pub(super) fn call(&self, callee: &Expr<'t>, arguments: &[CallArg<'t>]) -> Thing {
        let Expr::GetAttr(get) = callee else {
            return Thing::Other;
        };
        let owner = self.thing(&get.expr);
        match (owner, get.name) {
            (Thing::Variables { as_json }, "get") => self.got(SecretKind::Variable, as_json, arguments),
            (Thing::Connections, "get") => self.got(SecretKind::Connection, false, arguments),
            // A method of the value: what it returns has no fields of it.
            (
                Thing::Used {
                    kind,
                    names,
                    has_default,
                    as_json,
                    fields,
                    ..
                },
                _,
            ) => Thing::Used {
                kind,
                names,
                has_default,
                as_json,
                fields,
                called: true,
            },
            _ => Thing::Other,
        }
    }

    /// `var.value.get(key, default)`.
    pub(super) fn got(&self, kind: SecretKind, as_json: bool, arguments: &[CallArg<'t>]) -> Thing {
        let mut key = Thing::Other;
        let mut has_default = false;
        for (index, argument) in arguments.iter().enumerate() {
            match argument {
                CallArg::Pos(expr) if index == 0 => key = self.thing(expr),
                CallArg::Kwarg("key" | "conn_id", expr) => key = self.thing(expr),
                _ => has_default = true,
            }
        }
        used(kind, names(&key), has_default, as_json)
    }
}

fn used(kind: SecretKind, names: Vec<Option<String>>, has_default: bool, as_json: bool) -> Thing {
    Thing::Used {
        kind,
        names,
        has_default,
        as_json,
        fields: Vec::new(),
        called: false,
    }
}

/// The names that a key can be; `None` among them for one that is not known.
fn names(key: &Thing) -> Vec<Option<String>> {
    match key {
        Thing::Texts(texts, complete) => {
            let mut names: Vec<Option<String>> = Vec::new();
            for text in texts {
                names.push((!text.contains(HOLE)).then(|| text.clone()));
            }
            if !complete || names.is_empty() {
                names.push(None);
            }
            names
        }
        _ => vec![None],
    }
}
