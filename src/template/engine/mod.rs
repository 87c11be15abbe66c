//! Renders the statements of a template.
//!
//! A name is looked up when an expression needs it, as in Airflow. Where it is not resolved yet, or is missing, the statement is left and
//! the next one is rendered, so that one pass notes every name that is needed. What such a pass renders is thrown away.
//!
//! Source: jinja2 3.1.6, `jinja2/compiler.py`, `jinja2/runtime.py`.

mod calls;
mod context;
mod expressions;
mod filters;
mod known;
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use minijinja::machinery::ast::{CallBlock, Expr, Filter, ForLoop, Macro, Spanned, Stmt};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::template::Names;
use crate::template::arguments::Arguments;
use crate::template::problem::{Problem, Result, Stop};
use crate::template::sequences;
use crate::template::text_of::{LONGEST, text_of, too_long};
use crate::template::value::{Loop, Name, Text, Value};
use calls::MacroDefinition;
use expressions::offset;

/// Expressions, macros and loops are not evaluated more deeply in each other.
const DEEPEST: usize = 1_500;
/// How many steps are taken between two looks at the clock.
const STEPS: u32 = 1_024;
/// More text than this is not made, in all.
const MOST_BYTES: usize = 1024 * 1024 * 1024;

/// The variables of a block. A block inside sees them, and has its own.
#[derive(Default)]
pub(super) struct Scope<'t> {
    variables: RefCell<HashMap<&'t str, Value>>,
    outer: Option<Rc<Scope<'t>>>,
}

impl<'t> Scope<'t> {
    pub(super) fn inside(outer: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self {
            variables: RefCell::default(),
            outer: Some(outer.clone()),
        })
    }

    pub(super) fn set(&self, name: &'t str, value: Value) {
        self.variables.borrow_mut().insert(name, value);
    }

    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let mut scope = self;
        loop {
            if let Some(value) = scope.variables.borrow().get(name) {
                return Some(value.clone());
            }
            scope = scope.outer.as_deref()?;
        }
    }
}

/// One pass over a template.
pub(super) struct Engine<'t, 'n> {
    pub(super) text: &'t str,
    pub(super) names: &'n dyn Names,
    deadline: Instant,
    /// The names that are not resolved yet.
    pub(super) pending: RefCell<Vec<Name>>,
    /// The names that are missing, and where each is needed.
    pub(super) missing: RefCell<Vec<Problem>>,
    /// The values of names, each parsed once.
    pub(super) values: RefCell<HashMap<(Name, bool), Value>>,
    /// What expressions printed, for the masks.
    pub(super) printed: RefCell<Vec<Secret>>,
    macros: RefCell<Vec<Rc<MacroDefinition<'t>>>>,
    loops: RefCell<Vec<(&'t ForLoop<'t>, Rc<Scope<'t>>)>>,
    steps: Cell<u32>,
    depth: Cell<usize>,
    bytes: Cell<usize>,
    /// How often a statement was left for a name.
    left: Cell<usize>,
}

impl<'t, 'n> Engine<'t, 'n> {
    pub(super) fn new(text: &'t str, names: &'n dyn Names, deadline: Instant) -> Self {
        Self {
            text,
            names,
            deadline,
            pending: RefCell::default(),
            missing: RefCell::default(),
            values: RefCell::default(),
            printed: RefCell::default(),
            macros: RefCell::default(),
            loops: RefCell::default(),
            steps: Cell::new(0),
            depth: Cell::new(0),
            bytes: Cell::new(0),
            left: Cell::new(0),
        }
    }

    /// Renders a template.
    pub(super) fn template(&self, template: &'t Stmt<'t>, out: &mut String) -> Result<()> {
        let scope = Rc::new(Scope::default());
        let result = match template {
            Stmt::Template(template) => self.block(&template.children, &scope, out),
            statement => self.statement(statement, &scope, out),
        };
        // A macro is a value of the scope that it was defined in.
        scope.variables.borrow_mut().clear();
        self.macros.borrow_mut().clear();
        self.loops.borrow_mut().clear();
        result
    }

    /// Counts a step, and ends after the deadline.
    pub(super) fn step(&self) -> Result<()> {
        let steps = self.steps.get().wrapping_add(1);
        self.steps.set(steps);
        if steps.is_multiple_of(STEPS) && Instant::now() > self.deadline {
            return Err(Problem::usage("rendering did not end in time (`--timeout`)"));
        }
        Ok(())
    }

    /// Counts the bytes of a value that is made.
    pub(super) fn made(&self, value: Value) -> Result<Value> {
        let size = match &value {
            Value::Text(text) | Value::Markup(text) => text.len(),
            Value::List(items) => items.borrow().len() * size_of::<Value>(),
            Value::Tuple(items) => items.len() * size_of::<Value>(),
            _ => 0,
        };
        let bytes = self.bytes.get().saturating_add(size);
        self.bytes.set(bytes);
        if bytes > MOST_BYTES {
            return Err(Problem::usage(format!(
                "rendering makes values of more than {} MiB",
                MOST_BYTES / 1024 / 1024
            )));
        }
        if size > STEPS as usize {
            self.steps
                .set(self.steps.get().next_multiple_of(STEPS).wrapping_sub(1));
        }
        Ok(value)
    }

    /// Runs `work` one level deeper.
    pub(super) fn deeper<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let depth = self.depth.get() + 1;
        if depth > DEEPEST {
            return Err(Problem::usage(format!(
                "expressions, macros and loops are nested more than {DEEPEST} levels"
            )));
        }
        self.depth.set(depth);
        let result = work();
        self.depth.set(depth - 1);
        result
    }

    /// Renders statements one after the other; one that needs a name that is not there is left.
    pub(super) fn block(
        &self,
        statements: &'t [Stmt<'t>],
        scope: &Rc<Scope<'t>>,
        out: &mut String,
    ) -> Result<()> {
        for statement in statements {
            match self.statement(statement, scope, out) {
                Err(Stop::Name) => self.left.set(self.left.get() + 1),
                other => other?,
            }
            if out.len() > LONGEST {
                return Err(too_long());
            }
        }
        Ok(())
    }

    /// Renders statements into a text of their own, unless one of them was left.
    pub(super) fn captured(&self, statements: &'t [Stmt<'t>], scope: &Rc<Scope<'t>>) -> Result<Text> {
        self.captured_by(|out| self.block(statements, scope, out))
    }

    /// Does the same for what `render` renders.
    pub(super) fn captured_by(&self, render: impl FnOnce(&mut String) -> Result<()>) -> Result<Text> {
        let left = self.left.get();
        let mut out = Zeroizing::new(String::new());
        self.deeper(|| render(&mut out))?;
        if self.left.get() > left {
            return Err(Stop::Name);
        }
        Ok(std::mem::take(&mut *out).into())
    }

    fn statement(&self, statement: &'t Stmt<'t>, scope: &Rc<Scope<'t>>, out: &mut String) -> Result<()> {
        self.step()?;
        match statement {
            Stmt::Template(template) => self.block(&template.children, scope, out),
            Stmt::EmitRaw(raw) => {
                out.push_str(raw.raw);
                Ok(())
            }
            Stmt::EmitExpr(emit) => self.emit(&emit.expr, scope, out),
            Stmt::IfCond(condition) => {
                let value = self.eval(&condition.expr, scope)?;
                let is_true = value.is_true().map_err(|stop| stop.at(offset(&condition.expr)))?;
                self.block(
                    if is_true {
                        &condition.true_body
                    } else {
                        &condition.false_body
                    },
                    scope,
                    out,
                )
            }
            Stmt::ForLoop(each) => {
                let items = self.eval(&each.iter, scope)?;
                self.for_loop(each, &items, scope, 0, out)
                    .map_err(|stop| stop.at(offset(&each.iter)))
            }
            Stmt::WithBlock(with) => {
                let inner = Scope::inside(scope);
                let values = with
                    .assignments
                    .iter()
                    .map(|(target, value)| Ok((target, self.eval(value, scope)?)))
                    .collect::<Result<Vec<_>>>()?;
                for (target, value) in values {
                    self.assign(target, value, &inner)?;
                }
                self.block(&with.body, &inner, out)
            }
            Stmt::Set(set) => {
                let value = self.eval(&set.expr, scope);
                self.assign_or_forget(&set.target, value, scope)
            }
            Stmt::SetBlock(set) => {
                let value = self.captured(&set.body, &Scope::inside(scope)).map(Value::Text);
                let value = match &set.filter {
                    Some(filter) => value.and_then(|value| self.filter_chain(filter, value, scope)),
                    None => value,
                };
                self.assign_or_forget(&set.target, value, scope)
            }
            Stmt::FilterBlock(block) => {
                let text = self.captured(&block.body, &Scope::inside(scope))?;
                let value = self.filter_chain(&block.filter, Value::Text(text), scope)?;
                let text = text_of(&value).map_err(|stop| stop.at(offset(&block.filter)))?;
                out.push_str(&text);
                Ok(())
            }
            Stmt::AutoEscape(escape) => {
                let value = self.eval(&escape.enabled, scope)?;
                if value.is_true()? {
                    return Err(Problem::unsupported("`autoescape true`").at(offset(&escape.enabled)));
                }
                self.block(&escape.body, &Scope::inside(scope), out)
            }
            Stmt::Macro(definition) => {
                let value = self.define(definition, scope);
                scope.set(definition.name, value);
                Ok(())
            }
            Stmt::CallBlock(call) => self.call_block(call, scope, out),
            Stmt::Do(run) => self
                .call(&run.call.expr, &run.call.args, scope, Vec::new())
                .map(|_| ())
                .map_err(|stop| stop.at(offset(&run.call.expr))),
            Stmt::Block(_) | Stmt::Extends(_) | Stmt::Include(_) | Stmt::Import(_) | Stmt::FromImport(_) => {
                Err(other_templates(statement))
            }
        }
    }

    fn emit(&self, expr: &'t Expr<'t>, scope: &Rc<Scope<'t>>, out: &mut String) -> Result<()> {
        let value = self.eval(expr, scope)?;
        let text = text_of(&value).map_err(|stop| stop.at(offset(expr)))?;
        let is_constant = matches!(expr, Expr::Const(_)) || matches!(value, Value::None | Value::Bool(_));
        if !is_constant && self.names.keeps_printed() {
            self.printed.borrow_mut().push(Secret::from(&*text));
        }
        out.push_str(&text);
        Ok(())
    }

    /// Renders the body for each item.
    pub(super) fn for_loop(
        &self,
        each: &'t ForLoop<'t>,
        items: &Value,
        scope: &Rc<Scope<'t>>,
        depth0: usize,
        out: &mut String,
    ) -> Result<()> {
        let mut items = sequences::items(items)?;
        if let Some(filter) = &each.filter_expr {
            let mut kept = Vec::new();
            for item in items {
                let inner = Scope::inside(scope);
                self.assign(&each.target, item.clone(), &inner)?;
                if self.eval(filter, &inner)?.is_true()? {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if items.is_empty() {
            return self.block(&each.else_body, &Scope::inside(scope), out);
        }
        let recursive = each.recursive.then(|| {
            let mut loops = self.loops.borrow_mut();
            loops.push((each, scope.clone()));
            loops.len() - 1
        });
        let state = Rc::new(Loop {
            items,
            index0: Cell::new(0),
            depth0,
            changed: RefCell::default(),
            recursive,
        });
        for (index, item) in state.items.iter().enumerate() {
            self.step()?;
            state.index0.set(index);
            let inner = Scope::inside(scope);
            inner.set("loop", Value::Loop(state.clone()));
            self.assign(&each.target, item.clone(), &inner)?;
            self.deeper(|| self.block(&each.body, &inner, out))?;
        }
        Ok(())
    }

    /// Assigns what an expression gave; a name that is needed for it makes the target unknown.
    fn assign_or_forget(
        &self,
        target: &'t Expr<'t>,
        value: Result<Value>,
        scope: &Rc<Scope<'t>>,
    ) -> Result<()> {
        match value {
            Ok(value) => self.assign(target, value, scope),
            Err(Stop::Name) => {
                self.forget(target, scope);
                Err(Stop::Name)
            }
            Err(stop) => Err(stop),
        }
    }

    fn forget(&self, target: &'t Expr<'t>, scope: &Rc<Scope<'t>>) {
        match target {
            Expr::List(targets) => targets.items.iter().for_each(|target| self.forget(target, scope)),
            Expr::Tuple(targets) => targets.items.iter().for_each(|target| self.forget(target, scope)),
            // The target of the attribute is a namespace, or the assignment would have failed.
            target => {
                let _ = self.assign(target, Value::Unknown, scope);
            }
        }
    }

    /// Assigns to a name, an attribute of a namespace, or several targets.
    pub(super) fn assign(&self, target: &'t Expr<'t>, value: Value, scope: &Rc<Scope<'t>>) -> Result<()> {
        match target {
            Expr::Var(var) => {
                scope.set(var.id, value);
                Ok(())
            }
            Expr::GetAttr(get) => match self.eval(&get.expr, scope)? {
                Value::Namespace(attributes) => {
                    attributes.borrow_mut().insert(get.name.to_owned(), value);
                    Ok(())
                }
                _ => Err(Problem::usage("only an attribute of a `namespace` can be set").at(offset(target))),
            },
            Expr::List(targets) => self.unpack(target, &targets.items, &value, scope),
            Expr::Tuple(targets) => self.unpack(target, &targets.items, &value, scope),
            _ => Err(Problem::usage("this cannot be assigned to").at(offset(target))),
        }
    }

    fn unpack(
        &self,
        target: &'t Expr<'t>,
        targets: &'t [Expr<'t>],
        value: &Value,
        scope: &Rc<Scope<'t>>,
    ) -> Result<()> {
        let at = |stop: Stop| stop.at(offset(target));
        let items = sequences::items(value).map_err(at)?;
        if items.len() != targets.len() {
            return Err(at(Problem::usage(format!(
                "{} items cannot be assigned to {} names",
                items.len(),
                targets.len()
            ))));
        }
        for (target, item) in targets.iter().zip(items) {
            self.assign(target, item, scope)?;
        }
        Ok(())
    }

    /// Registers a macro.
    pub(super) fn define(&self, definition: &'t Spanned<Macro<'t>>, scope: &Rc<Scope<'t>>) -> Value {
        let mut macros = self.macros.borrow_mut();
        macros.push(Rc::new(MacroDefinition {
            definition,
            span: definition.span(),
            scope: scope.clone(),
        }));
        Value::Macro(macros.len() - 1)
    }

    fn call_block(&self, call: &'t CallBlock<'t>, scope: &Rc<Scope<'t>>, out: &mut String) -> Result<()> {
        let caller = self.define(&call.macro_decl, scope);
        let named = vec![("caller".to_owned(), caller)];
        let value = self
            .call(&call.call.expr, &call.call.args, scope, named)
            .map_err(|stop| stop.at(offset(&call.call.expr)))?;
        out.push_str(&text_of(&value)?);
        Ok(())
    }

    /// Applies filters without an expression of their own to `value`.
    fn filter_chain(&self, filter: &'t Expr<'t>, value: Value, scope: &Rc<Scope<'t>>) -> Result<Value> {
        let Expr::Filter(filter) = filter else {
            return Ok(value);
        };
        let value = match &filter.expr {
            Some(before) => self.filter_chain(before, value, scope)?,
            None => value,
        };
        self.filtered(filter, filter.span().start_offset as usize, value, scope)
    }

    pub(super) fn filtered(
        &self,
        filter: &'t Filter<'t>,
        offset: usize,
        value: Value,
        scope: &Rc<Scope<'t>>,
    ) -> Result<Value> {
        let arguments: Arguments = self.arguments(&filter.args, scope, Vec::new())?;
        filters::apply(self, filter.name, value, arguments)
            .and_then(|value| self.made(value))
            .map_err(|stop| stop.at(offset))
    }
}

fn other_templates(statement: &Stmt<'_>) -> Stop {
    let (name, span) = match statement {
        Stmt::Block(block) => ("block", block.span()),
        Stmt::Extends(extends) => ("extends", extends.span()),
        Stmt::Include(include) => ("include", include.span()),
        Stmt::Import(import) => ("import", import.span()),
        Stmt::FromImport(import) => ("from", import.span()),
        _ => ("template", minijinja::machinery::Span::default()),
    };
    Problem::of(
        crate::error::Error::usage(format!("`{name}` is not supported"))
            .with_hint("`inject` renders one file; it reads no other template"),
    )
    .at(span.start_offset as usize)
}
