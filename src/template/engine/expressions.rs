//! Evaluates expressions, with Python's operators and Jinja's attributes.
//!
//! Source: jinja2 3.1.6, `jinja2/sandbox.py` (`getattr`, `getitem`, `safe_range`), `jinja2/runtime.py`.

use std::rc::Rc;

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, UnaryOpKind};

use super::context;
use super::tests;
use super::{Engine, Scope};
use crate::error::ErrorKind;
use crate::shown::shown;
use crate::template::arguments::Arguments;
use crate::template::compare::compared;
use crate::template::problem::{Problem, Result, Stop, quoted};
use crate::template::value::{Dict, Value};
use crate::template::{methods, operators, sequences, source};

/// Returns where an expression starts, for messages.
pub(super) fn offset(expr: &Expr<'_>) -> usize {
    match expr {
        Expr::GetAttr(get) => offset(&get.expr),
        Expr::GetItem(get) => offset(&get.expr),
        Expr::Slice(slice) => offset(&slice.expr),
        Expr::Call(call) => offset(&call.expr),
        Expr::BinOp(operation) => offset(&operation.left),
        Expr::Compare(comparison) => offset(&comparison.expr),
        Expr::IfExpr(condition) => offset(&condition.true_expr),
        Expr::Test(test) => offset(&test.expr),
        expr => expr.span().start_offset as usize,
    }
}

/// What [`Value::Empty`] is, for the errors of its parts.
const EMPTY: &str = "an `if` without `else` is false, so its value is undefined";

impl<'t> Engine<'t, '_> {
    /// Evaluates an expression.
    pub(super) fn eval(&self, expr: &'t Expr<'t>, scope: &Rc<Scope<'t>>) -> Result<Value> {
        self.step()?;
        let value = self
            .deeper(|| self.evaluated(expr, scope))
            .map_err(|stop| stop.at(offset(expr)));
        match value {
            Ok(Value::Unknown) => Err(Stop::Name),
            Err(Stop::Problem(problem)) if problem.error.kind() == ErrorKind::NotFound => {
                self.missing.borrow_mut().push(*problem);
                Err(Stop::Name)
            }
            other => other,
        }
    }

    fn evaluated(&self, expr: &'t Expr<'t>, scope: &Rc<Scope<'t>>) -> Result<Value> {
        match expr {
            Expr::Var(var) => Self::variable(var.id, scope),
            Expr::Const(constant) => source::constant(self.text, constant, constant.span()),
            Expr::GetAttr(get) => {
                let owner = self.eval(&get.expr, scope)?;
                self.attribute(&owner, get.name, Some(expr))
            }
            Expr::GetItem(get) => {
                let owner = self.eval(&get.expr, scope)?;
                let key = self.eval(&get.subscript_expr, scope)?;
                self.item(&owner, &key, Some(expr))
            }
            Expr::Slice(slice) => {
                let owner = self.eval(&slice.expr, scope)?;
                let part = |part: &'t Option<Expr<'t>>| match part {
                    None => Ok(None),
                    Some(part) => match self.eval(part, scope)? {
                        Value::None => Ok(None),
                        value => crate::template::arguments::integer("[:]", &value).map(Some),
                    },
                };
                let (start, stop, stride) = (part(&slice.start)?, part(&slice.stop)?, part(&slice.step)?);
                self.made(sequences::slice(&owner, start, stop, stride)?)
            }
            Expr::UnaryOp(operation) => {
                let value = self.eval(&operation.expr, scope)?;
                match operation.op {
                    UnaryOpKind::Not => Ok(Value::Bool(!value.is_true()?)),
                    UnaryOpKind::Neg => operators::negate(&value),
                }
            }
            Expr::BinOp(operation) => self.operation(operation.op, &operation.left, &operation.right, scope),
            Expr::Compare(comparison) => {
                let mut left = self.eval(&comparison.expr, scope)?;
                for operation in &comparison.ops {
                    let right = self.eval(&operation.expr, scope)?;
                    if !compared(operation.op, &left, &right)? {
                        return Ok(Value::Bool(false));
                    }
                    left = right;
                }
                Ok(Value::Bool(true))
            }
            Expr::IfExpr(condition) => {
                if self.eval(&condition.test_expr, scope)?.is_true()? {
                    self.eval(&condition.true_expr, scope)
                } else if let Some(other) = &condition.false_expr {
                    self.eval(other, scope)
                } else {
                    Ok(Value::Empty)
                }
            }
            Expr::Filter(filter) => {
                let Some(owner) = &filter.expr else {
                    return Err(Problem::usage("a filter has no value"));
                };
                let value = self.eval(owner, scope)?;
                self.filtered(filter, filter.span().start_offset as usize, value, scope)
            }
            Expr::Test(test) => {
                let value = self.eval(&test.expr, scope)?;
                let arguments = self.arguments(&test.args, scope, Vec::new())?;
                tests::test(self, test.name, &value, arguments).map(Value::Bool)
            }
            Expr::Call(call) => self.call(&call.expr, &call.args, scope, Vec::new()),
            Expr::List(list) => self.all(&list.items, scope).map(Value::list),
            Expr::Tuple(tuple) => self.all(&tuple.items, scope).map(Value::tuple),
            Expr::Map(map) => {
                let mut dict = Dict::with_capacity(map.keys.len());
                for (key, value) in map.keys.iter().zip(&map.values) {
                    let key = self.eval(key, scope)?;
                    let value = self.eval(value, scope)?;
                    methods::insert(&mut dict, key.key()?, key, value);
                }
                Ok(Value::dict(dict))
            }
        }
    }

    fn all(&self, items: &'t [Expr<'t>], scope: &Rc<Scope<'t>>) -> Result<Vec<Value>> {
        items.iter().map(|item| self.eval(item, scope)).collect()
    }

    /// Evaluates the arguments of a call; `named` are added.
    pub(super) fn arguments(
        &self,
        arguments: &'t [CallArg<'t>],
        scope: &Rc<Scope<'t>>,
        named: Vec<(String, Value)>,
    ) -> Result<Arguments> {
        let mut all = Arguments {
            positional: Vec::with_capacity(arguments.len()),
            named,
        };
        for argument in arguments {
            match argument {
                CallArg::Pos(value) => all.positional.push(self.eval(value, scope)?),
                CallArg::Kwarg(name, value) => all.named.push(((*name).to_owned(), self.eval(value, scope)?)),
                CallArg::PosSplat(values) => {
                    let values = self.eval(values, scope)?;
                    all.positional.extend(sequences::items(&values)?);
                }
                CallArg::KwargSplat(values) => match self.eval(values, scope)? {
                    Value::Dict(dict) => {
                        for (name, value) in dict.borrow().values() {
                            let name = crate::template::arguments::text("**", name)?;
                            if !self.text.contains(&*name) {
                                return Err(Problem::unsupported("an argument whose name is computed"));
                            }
                            all.named.push((name.to_string(), value.clone()));
                        }
                    }
                    other => return Err(Problem::types("**", &[other.type_name()])),
                },
            }
        }
        Ok(all)
    }

    fn variable(name: &str, scope: &Rc<Scope<'t>>) -> Result<Value> {
        match scope.get(name) {
            Some(value) => Ok(value),
            None => context::variable(name),
        }
    }

    fn operation(
        &self,
        operation: BinOpKind,
        left: &'t Expr<'t>,
        right: &'t Expr<'t>,
        scope: &Rc<Scope<'t>>,
    ) -> Result<Value> {
        let first = self.eval(left, scope)?;
        match operation {
            BinOpKind::ScAnd => {
                return if first.is_true()? {
                    self.eval(right, scope)
                } else {
                    Ok(first)
                };
            }
            BinOpKind::ScOr => {
                return if first.is_true()? {
                    Ok(first)
                } else {
                    self.eval(right, scope)
                };
            }
            _ => {}
        }
        let (left, right) = (first, self.eval(right, scope)?);
        let value = match operation {
            BinOpKind::Add => operators::add(&left, &right)?,
            BinOpKind::Sub => operators::subtract(&left, &right)?,
            BinOpKind::Mul => operators::multiply(&left, &right)?,
            BinOpKind::Div => operators::divide(&left, &right)?,
            BinOpKind::FloorDiv => operators::floor_divide(&left, &right)?,
            BinOpKind::Rem => operators::remainder(&left, &right)?,
            BinOpKind::Pow => operators::power(&left, &right)?,
            BinOpKind::Concat => operators::concatenate(&left, &right)?,
            BinOpKind::Eq => return compared(CompareOpKind::Eq, &left, &right).map(Value::Bool),
            BinOpKind::Ne => return compared(CompareOpKind::Ne, &left, &right).map(Value::Bool),
            BinOpKind::Lt => return compared(CompareOpKind::Lt, &left, &right).map(Value::Bool),
            BinOpKind::Lte => return compared(CompareOpKind::Lte, &left, &right).map(Value::Bool),
            BinOpKind::Gt => return compared(CompareOpKind::Gt, &left, &right).map(Value::Bool),
            BinOpKind::Gte => return compared(CompareOpKind::Gte, &left, &right).map(Value::Bool),
            BinOpKind::In => return compared(CompareOpKind::In, &left, &right).map(Value::Bool),
            BinOpKind::ScAnd | BinOpKind::ScOr => left,
        };
        self.made(value)
    }

    /// Returns `owner.name`: Python's attribute, else the item.
    pub(super) fn attribute(&self, owner: &Value, name: &str, expr: Option<&Expr<'_>>) -> Result<Value> {
        match owner {
            Value::Undefined(what) => return Err(Problem::undefined(what)),
            Value::Empty => return Err(Problem::undefined(EMPTY)),
            _ => {}
        }
        if name.starts_with("__") {
            return Err(internal());
        }
        if let Some(value) = self.dynamic(owner, name)? {
            return Ok(value);
        }
        if let Some(value) = sequences::own_attribute(owner, name)? {
            return Ok(value);
        }
        match sequences::own_item(owner, &Value::text(name))? {
            Some(value) => Ok(value),
            None => Ok(self.undefined(owner, name, expr)),
        }
    }

    /// Returns `owner[key]`: the item, else Python's attribute.
    pub(super) fn item(&self, owner: &Value, key: &Value, expr: Option<&Expr<'_>>) -> Result<Value> {
        if let Value::Empty = owner {
            return Err(Problem::undefined(EMPTY));
        }
        if let Some(value) = sequences::own_item(owner, key)? {
            return Ok(value);
        }
        match key {
            Value::Undefined(what) => Err(Problem::undefined(what)),
            Value::Text(name) | Value::Markup(name) => {
                if name.starts_with("__") {
                    return Err(internal());
                }
                if let Some(value) = self.dynamic(owner, name)? {
                    return Ok(value);
                }
                match sequences::own_attribute(owner, name)? {
                    Some(value) => Ok(value),
                    None => Ok(self.undefined(owner, name, expr)),
                }
            }
            Value::Int(index) => Ok(self.undefined(owner, &index.to_string(), expr)),
            key => Ok(Value::undefined(format!(
                "{} has no item under a key of type {}",
                sequences::described(owner),
                key.type_name()
            ))),
        }
    }

    /// Returns what Airflow's accessors have under a name: it is looked up.
    fn dynamic(&self, owner: &Value, name: &str) -> Result<Option<Value>> {
        match owner {
            Value::Variables { .. } | Value::Connections if name == "get" => {
                Ok(Some(Value::Method(Rc::new((owner.clone(), name.to_owned())))))
            }
            Value::Variables { as_json } => self.look_up_variable(name, *as_json).map(Some),
            Value::Connections => self.look_up_connection(name).map(Some),
            _ => Ok(None),
        }
    }

    /// What Jinja returns for an attribute or item that is missing.
    fn undefined(&self, owner: &Value, name: &str, expr: Option<&Expr<'_>>) -> Value {
        let owner = match (owner, expr.and_then(owner_path)) {
            (Value::Connection(_), _) | (_, None) => sequences::described(owner),
            (_, Some(path)) => format!("`{}`", shown(&path)),
        };
        Value::undefined(format!("{owner} has no {}", quoted(self.text, name)))
    }
}

fn internal() -> Stop {
    Problem::usage("names that start with `__` are internal, and templates have no access to them")
}

fn owner_path(expr: &Expr<'_>) -> Option<String> {
    match expr {
        Expr::GetAttr(get) => path(&get.expr),
        Expr::GetItem(get) => path(&get.expr),
        _ => None,
    }
}

/// Returns an expression of names as it is written.
fn path(expr: &Expr<'_>) -> Option<String> {
    match expr {
        Expr::Var(var) => Some(var.id.to_owned()),
        Expr::GetAttr(get) => Some(format!("{}.{}", path(&get.expr)?, get.name)),
        Expr::GetItem(get) => {
            let Expr::Const(key) = &get.subscript_expr else {
                return None;
            };
            let key = key
                .value
                .as_str()
                .map_or_else(|| key.value.to_string(), |key| format!("'{key}'"));
            Some(format!("{}[{key}]", path(&get.expr)?))
        }
        _ => None,
    }
}
