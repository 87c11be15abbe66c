//! What an expression can be: constants followed through names, attributes, calls and modules.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr, Number, Operator};

use super::builtin;
use super::project::{CallSite, Project};
use super::scope::ScopeKind;
use super::value::{Definition, Value, Values};

/// Expressions deeper than this are unknown.
pub(super) const DEEP: u32 = 48;
/// More expressions than this are not looked at for one answer: circles of many names could take for ever.
const FUEL: u32 = 3000;

/// A function with more calls than this is not looked at call by call.
const CALLS: usize = 32;

/// Where an expression stands.
pub(super) type At = Definition;

/// A name in a scope, of which the value is being found or known.
type NameKey<'a> = (Definition, &'a str);

/// Evaluates the expressions of one module. What it finds depends on nothing else that has been asked.
pub(super) struct Evaluator<'p, 'a> {
    pub(super) project: &'p Project<'a>,
    depth: Cell<u32>,
    fuel: Cell<u32>,
    /// Names whose values are being found, to stop at circles.
    pub(super) open: RefCell<Vec<NameKey<'a>>>,
    /// The calls whose results are being found, innermost last: their arguments are the functions' parameters.
    pub(super) within: RefCell<Vec<(Definition, CallSite<'a>)>>,
    pub(super) known: RefCell<HashMap<NameKey<'a>, Values>>,
    /// Whether a circle or the depth has cut something off since this was last cleared.
    pub(super) cut: Cell<bool>,
}

impl<'p, 'a> Evaluator<'p, 'a> {
    pub(super) fn new(project: &'p Project<'a>) -> Self {
        Self {
            project,
            depth: Cell::new(0),
            fuel: Cell::new(0),
            open: RefCell::default(),
            within: RefCell::default(),
            known: RefCell::default(),
            cut: Cell::new(false),
        }
    }

    /// What the expression can be.
    pub(super) fn values(&self, expr: &'a Expr, at: At) -> Values {
        if self.depth.get() == 0 {
            self.fuel.set(FUEL);
        }
        if self.depth.get() >= DEEP || self.fuel.get() == 0 {
            self.cut.set(true);
            return Values::unknown();
        }
        self.fuel.set(self.fuel.get() - 1);
        self.depth.set(self.depth.get() + 1);
        let values = self.evaluate(expr, at);
        self.depth.set(self.depth.get() - 1);
        values
    }

    /// What the expression can be in each call of the function around it, so that arguments given together stay together.
    pub(super) fn values_in_calls(&self, expr: &'a Expr, at: At) -> Values {
        if expr.is_string_literal_expr() {
            return self.values(expr, at);
        }
        let calls = self
            .function_around(at)
            .and_then(|function| Some((function, self.project.calls.get(&function)?)));
        match calls {
            Some((function, calls)) if calls.len() <= CALLS && calls.iter().all(|call| !call.is_partial) => {
                let mut all = Values::none_yet();
                for call in calls {
                    self.within.borrow_mut().push((function, *call));
                    all.add(self.values(expr, at));
                    self.within.borrow_mut().pop();
                }
                all
            }
            _ => self.values(expr, at),
        }
    }

    fn function_around(&self, at: At) -> Option<Definition> {
        let scopes = &self.project.modules[at.module].scopes.all;
        let mut scope = at.scope;
        while !matches!(scopes[scope].kind, ScopeKind::Function(_)) {
            scope = scopes[scope].parent?;
        }
        Some(Definition { scope, ..at })
    }

    fn evaluate(&self, expr: &'a Expr, at: At) -> Values {
        match expr {
            Expr::StringLiteral(text) => Values::one(Value::text(text.value.to_str())),
            Expr::NumberLiteral(ast::ExprNumberLiteral {
                value: Number::Int(integer),
                ..
            }) => integer
                .as_i64()
                .map_or_else(Values::unknown, |integer| Values::one(Value::Integer(integer))),
            Expr::BooleanLiteral(literal) => Values::one(Value::Boolean(literal.value)),
            Expr::NoneLiteral(_) => Values::one(Value::None),
            Expr::FString(text) => self.f_string(&text.value, at),
            Expr::Name(name) => self.name(name.id.as_str(), at),
            Expr::Attribute(attribute) => {
                let owner = self.values(&attribute.value, at);
                owner.map(|owner| self.attribute(owner, attribute.attr.as_str()))
            }
            Expr::Call(call) => self.call(call, at),
            Expr::Subscript(subscript) => {
                let owner = self.values(&subscript.value, at);
                let key = self.values(&subscript.slice, at);
                if let Some(values) = context_item(&subscript.value, &owner, &key) {
                    return values;
                }
                owner.map(|owner| builtin::item(owner, &key))
            }
            Expr::BinOp(operation) => self.operation(operation, at),
            Expr::BoolOp(operation) => self.boolean_operation(operation, at),
            Expr::If(condition) => {
                let mut all = self.values(&condition.body, at);
                all.add(self.values(&condition.orelse, at));
                all
            }
            Expr::Named(named) => self.values(&named.value, at),
            Expr::Await(awaited) => self.values(&awaited.value, at),
            Expr::List(ast::ExprList { elts, .. })
            | Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => self.list(elts, at),
            Expr::Dict(dict) => self.dict(dict, at),
            Expr::ListComp(node) => self.comprehension(expr, &node.elt, at),
            Expr::SetComp(node) => self.comprehension(expr, &node.elt, at),
            Expr::Generator(node) => self.comprehension(expr, &node.elt, at),
            Expr::DictComp(node) => match (&node.key, self.project.modules[at.module].scopes.opened_by(expr))
            {
                (Some(key), Some(scope)) => {
                    let inner = At { scope, ..at };
                    let item = (self.values(key, inner), self.values(&node.value, inner));
                    Values::one(Value::Dict(Rc::from([item])))
                }
                _ => Values::unknown(),
            },
            _ => Values::unknown(),
        }
    }

    fn comprehension(&self, node: &'a Expr, element: &'a Expr, at: At) -> Values {
        match self.project.modules[at.module].scopes.opened_by(node) {
            Some(scope) => Values::one(Value::List(Rc::from([self.values(element, At { scope, ..at })]))),
            None => Values::unknown(),
        }
    }

    fn list(&self, elements: &'a [Expr], at: At) -> Values {
        let mut all = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Expr::Starred(starred) => all.push(self.values(&starred.value, at).elements()),
                other => all.push(self.values(other, at)),
            }
        }
        Values::one(Value::List(all.into()))
    }

    fn dict(&self, dict: &'a ast::ExprDict, at: At) -> Values {
        let mut items = Vec::with_capacity(dict.items.len());
        for item in &dict.items {
            let value = self.values(&item.value, at);
            if let Some(key) = &item.key {
                items.push((self.values(key, at), value));
            } else {
                // `**other`
                add_items(&mut items, &value);
            }
        }
        Values::one(Value::Dict(items.into()))
    }

    fn f_string(&self, value: &'a ast::FStringValue, at: At) -> Values {
        let mut all = Values::one(Value::text(""));
        for part in value {
            match part {
                ast::FStringPart::Literal(literal) => {
                    all = builtin::concatenate(&all, &Values::one(Value::text(literal)));
                }
                ast::FStringPart::FString(f_string) => {
                    for element in &f_string.elements {
                        all = builtin::concatenate(&all, &self.f_string_element(element, at));
                    }
                }
            }
        }
        all
    }

    pub(super) fn f_string_element(&self, element: &'a ast::InterpolatedStringElement, at: At) -> Values {
        match element {
            ast::InterpolatedStringElement::Literal(literal) => Values::one(Value::text(&literal.value)),
            ast::InterpolatedStringElement::Interpolation(inner) => {
                let plain = inner.format_spec.is_none()
                    && inner.debug_text.is_none()
                    && matches!(
                        inner.conversion,
                        ast::ConversionFlag::None | ast::ConversionFlag::Str
                    );
                if !plain {
                    return Values::unknown();
                }
                self.values(&inner.expression, at)
                    .map(|value| value.as_str().map(|text| Values::one(Value::Text(text))))
            }
        }
    }

    fn operation(&self, operation: &'a ast::ExprBinOp, at: At) -> Values {
        let (left, right) = (
            self.values(&operation.left, at),
            self.values(&operation.right, at),
        );
        match operation.op {
            Operator::Add => builtin::concatenate(&left, &right),
            Operator::Mod => left.combine(&right, builtin::percent),
            Operator::BitOr => left.combine(&right, |left, right| match (left, right) {
                (Value::Dict(left), Value::Dict(right)) => {
                    Some(Value::Dict(left.iter().chain(&**right).cloned().collect()))
                }
                _ => None,
            }),
            _ => Values::unknown(),
        }
    }

    fn boolean_operation(&self, operation: &'a ast::ExprBoolOp, at: At) -> Values {
        let is_or = operation.op == ast::BoolOp::Or;
        let mut all = Values::none_yet();
        for (index, operand) in operation.values.iter().enumerate() {
            let last = index + 1 == operation.values.len();
            let values = self.values(operand, at);
            all.complete &= values.complete;
            // `or` goes on after what is false, `and` after what is true.
            let stops =
                !last && values.complete && values.options.iter().all(|value| value.is_true() == is_or);
            for value in values.options {
                if last || value.is_true() == is_or {
                    all.push(value);
                }
            }
            if stops {
                break;
            }
        }
        all
    }
}

/// `context["var"]["value"]` and `context["conn"]`: what templates have as `var` and `conn`.
fn context_item(expr: &Expr, owner: &Values, key: &Values) -> Option<Values> {
    let [Value::Text(key)] = key.options.as_slice() else {
        return None;
    };
    let is_context =
        matches!(expr, Expr::Name(name) if matches!(name.id.as_str(), "context" | "kwargs" | "ctx"));
    match (owner.options.as_slice(), &**key) {
        ([], "var" | "conn") if is_context => {}
        ([Value::Path(path)], "var" | "conn") if path.ends_with(".get_current_context()") => {}
        ([Value::Path(path)], "value" | "json") if **path == *"airflow.context.var" => {
            return Some(Values::one(Value::path(&format!("{path}.{key}"))));
        }
        _ => return None,
    }
    Some(Values::one(Value::path(&format!("airflow.context.{key}"))))
}

/// Adds what a dictionary can have to another one.
pub(super) fn add_items(items: &mut Vec<(Values, Values)>, values: &Values) {
    let mut complete = values.complete;
    for value in &values.options {
        match value {
            Value::Dict(others) => items.extend(others.iter().cloned()),
            _ => complete = false,
        }
    }
    if !complete {
        items.push((Values::unknown(), Values::unknown()));
    }
}
