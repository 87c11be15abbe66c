//! What an expression can be: constants followed through names, attributes, calls and modules.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr, Number, Operator};

use super::builtin;
use super::project::{Arguments, CallSite, Project};
use super::scope::{Binding, ScopeId, ScopeKind};
use super::value::{Definition, Value, Values};

/// Expressions deeper than this are unknown.
const DEEP: u32 = 48;
/// More expressions than this are not looked at for one answer: circles of many names could take for ever.
const FUEL: u32 = 3000;
/// A base class further away than this is not looked at.
const BASES: u32 = 8;

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
    open: RefCell<Vec<NameKey<'a>>>,
    known: RefCell<HashMap<NameKey<'a>, Values>>,
    /// Whether a circle or the depth has cut something off since this was last cleared.
    cut: Cell<bool>,
}

impl<'p, 'a> Evaluator<'p, 'a> {
    pub(super) fn new(project: &'p Project<'a>) -> Self {
        Self {
            project,
            depth: Cell::new(0),
            fuel: Cell::new(0),
            open: RefCell::default(),
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

    /// What a name is, by Python's rules of scopes.
    pub(super) fn name(&self, name: &'a str, at: At) -> Values {
        let module = &self.project.modules[at.module];
        let mut scope = at.scope;
        let mut may_see_class = true;
        loop {
            let here = &module.scopes.all[scope];
            let is_class = matches!(here.kind, ScopeKind::Class(_));
            if (!is_class || may_see_class)
                && let Some((name, bindings)) = here.bindings.get_key_value(name)
            {
                return self.bound(name, bindings, At { scope, ..at });
            }
            may_see_class &= !matches!(here.kind, ScopeKind::Function(_));
            match here.parent {
                Some(parent) => scope = parent,
                None => break,
            }
        }
        for star in &module.scopes.star_imports {
            let path = self.project.absolute(at.module, star);
            if let Some(found) = self
                .project
                .module(at.module, &path)
                .and_then(|other| self.export(other, name))
            {
                return found;
            }
        }
        match module.scopes.star_imports.as_slice() {
            [] if builtin::is_function(name) => Values::one(Value::path(&format!("builtins.{name}"))),
            [] => Values::unknown(),
            [.., star] => Values::one(Value::path(&format!(
                "{}.{name}",
                self.project.absolute(at.module, star)
            ))),
        }
    }

    /// What a module has under a name.
    fn export(&self, module: usize, name: &str) -> Option<Values> {
        let scopes = &self.project.modules[module].scopes;
        let at = At { module, scope: 0 };
        if let Some((name, bindings)) = scopes.all[0].bindings.get_key_value(name) {
            return Some(self.bound(name, bindings, at));
        }
        let mut stars = scopes.star_imports.iter().filter_map(|star| {
            let other = self
                .project
                .module(module, &self.project.absolute(module, star))?;
            (other != module && self.open.borrow().len() < DEEP as usize).then_some(other)
        });
        stars.find_map(|other| {
            self.project.modules[other].scopes.all[0]
                .bindings
                .get_key_value(name)
                .map(|(name, bindings)| {
                    self.bound(
                        name,
                        bindings,
                        At {
                            module: other,
                            scope: 0,
                        },
                    )
                })
        })
    }

    fn bound(&self, name: &'a str, bindings: &[Binding<'a>], at: At) -> Values {
        let key = (at, name);
        if let Some(values) = self.known.borrow().get(&key) {
            return values.clone();
        }
        if self.open.borrow().contains(&key) {
            self.cut.set(true);
            return Values::unknown();
        }
        self.open.borrow_mut().push(key);
        let cut_before = self.cut.replace(false);
        let mut all = Values::none_yet();
        for binding in bindings {
            all.add(self.binding(binding, at));
        }
        self.open.borrow_mut().pop();
        // What a circle has cut is the whole answer only for the outermost name.
        if !self.cut.get() || self.open.borrow().is_empty() {
            self.known.borrow_mut().insert(key, all.clone());
        }
        self.cut.set(cut_before || self.cut.get());
        all
    }

    fn binding(&self, binding: &Binding<'a>, at: At) -> Values {
        match binding {
            Binding::Assigned { expr, each, path } => {
                let mut values = self.values(expr, at);
                if *each {
                    values = values.elements();
                }
                for index in path {
                    let index = Values::one(Value::Integer(i64::try_from(*index).unwrap_or(i64::MAX)));
                    values = values.map(|value| builtin::item(value, &index));
                }
                values
            }
            Binding::Appended(element) => Values::one(Value::List(Rc::from([self.values(element, at)]))),
            Binding::Item(key, value) => Values::one(Value::Dict(Rc::from([(
                self.values(key, at),
                self.values(value, at),
            )]))),
            Binding::Import(path) => self.import(&self.project.absolute(at.module, path), at.module),
            Binding::Function(scope) => Values::one(Value::Function(Definition { scope: *scope, ..at })),
            Binding::Class(scope) => Values::one(Value::Class(Definition { scope: *scope, ..at })),
            Binding::Parameter(index) => self.parameter(*index, at),
            Binding::Unknown => Values::unknown(),
        }
    }

    /// What an import of this full name binds.
    fn import(&self, path: &str, importer: usize) -> Values {
        if let Some(module) = self.project.module(importer, path) {
            return Values::one(Value::Module(module));
        }
        if let Some((owner, name)) = path.rsplit_once('.')
            && let Some(module) = self.project.module(importer, owner)
            && let Some(values) = self.export(module, name)
        {
            return values;
        }
        Values::one(Value::path(path))
    }

    /// The parameter of a function: what its calls give, or its default.
    fn parameter(&self, index: usize, at: At) -> Values {
        let module = &self.project.modules[at.module];
        let (ScopeKind::Function(function), Some(parent)) = (
            module.scopes.all[at.scope].kind,
            module.scopes.all[at.scope].parent,
        ) else {
            return Values::unknown();
        };
        let parameters: Vec<&ast::ParameterWithDefault> =
            function.parameters.iter_non_variadic_params().collect();
        let Some(parameter) = parameters.get(index) else {
            return Values::unknown();
        };
        if index == 0 && matches!(module.scopes.all[parent].kind, ScopeKind::Class(_)) && !is_static(function)
        {
            let class = Definition { scope: parent, ..at };
            let is_class = function
                .decorator_list
                .iter()
                .any(|decorator| is_named(&decorator.expression, "classmethod"));
            return Values::one(if is_class {
                Value::Class(class)
            } else {
                Value::Instance(class)
            });
        }
        let default = || match &parameter.default {
            Some(default) => self.values(default, At { scope: parent, ..at }),
            None => Values::unknown(),
        };
        let Some(calls) = self.project.calls.get(&at).filter(|calls| !calls.is_empty()) else {
            let mut values = default();
            values.complete = false;
            return values;
        };
        let positional = function.parameters.posonlyargs.len() + function.parameters.args.len();
        let position = (index < positional).then_some(index);
        let mut all = Values::none_yet();
        for call in calls {
            match self.argument(call, position, parameter.name().as_str()) {
                Some(values) => all.add(if call.each { values.elements() } else { values }),
                None if call.is_partial => {}
                None => all.add(default()),
            }
        }
        if all.options.is_empty() && all.complete {
            all = default();
        }
        all
    }

    /// What a call gives for a parameter; `None` when it leaves it out.
    fn argument(&self, call: &CallSite<'a>, position: Option<usize>, name: &str) -> Option<Values> {
        let position = position.and_then(|position| position.checked_sub(call.filled));
        match call.arguments {
            Arguments::Call(arguments) => {
                let mut spread = false;
                for (index, argument) in arguments.args.iter().enumerate() {
                    if argument.is_starred_expr() {
                        spread = true;
                        break;
                    }
                    if position == Some(index) {
                        return Some(self.values(argument, call.caller));
                    }
                }
                if let Some(keyword) = arguments.find_keyword(name) {
                    return Some(self.values(&keyword.value, call.caller));
                }
                let mut all = Values::none_yet();
                for keyword in arguments.keywords.iter().filter(|keyword| keyword.arg.is_none()) {
                    if let Some(values) = self.entry(&keyword.value, name, call.caller) {
                        all.add(values);
                    }
                }
                if spread && position.is_some() {
                    all.complete = false;
                }
                (!all.options.is_empty() || !all.complete).then_some(all)
            }
            Arguments::Operator { positional, keywords } => {
                if let Some(values) = keywords.and_then(|keywords| self.entry(keywords, name, call.caller)) {
                    return Some(values);
                }
                let index = Values::one(Value::Integer(i64::try_from(position?).ok()?));
                let list = self.values(positional?, call.caller);
                let found = list.map(|list| builtin::item(list, &index));
                (!found.options.is_empty()).then_some(found)
            }
        }
    }

    /// The entry of a dictionary under a name; `None` when it surely has none.
    pub(super) fn entry(&self, dict: &'a Expr, name: &str, at: At) -> Option<Values> {
        let dict = self.values(dict, at);
        let mut all = Values {
            options: Vec::new(),
            complete: dict.complete,
        };
        for option in &dict.options {
            let Value::Dict(items) = option else {
                all.complete = false;
                continue;
            };
            for (key, value) in items.iter() {
                if !key.complete {
                    all.complete = false;
                } else if key
                    .options
                    .iter()
                    .any(|key| matches!(key, Value::Text(text) if **text == *name))
                {
                    all.add(value.clone());
                }
            }
        }
        (!all.options.is_empty() || !all.complete).then_some(all)
    }

    /// An attribute of a value.
    pub(super) fn attribute(&self, owner: &Value, name: &str) -> Option<Values> {
        match owner {
            Value::Path(path) => Some(self.import_below(path, name)),
            Value::Module(module) => self.export(*module, name).or_else(|| {
                let submodule = self.project.submodule(*module, name)?;
                Some(Values::one(Value::Module(submodule)))
            }),
            Value::Class(class) | Value::Instance(class) => {
                let is_instance = matches!(owner, Value::Instance(_));
                self.member(*class, name, is_instance, BASES)
            }
            // An enumeration's member.
            Value::Text(_) if name == "value" => Some(Values::one(owner.clone())),
            Value::Text(_) | Value::List(_) | Value::Dict(_) | Value::Function(_) | Value::Method(_) => {
                Some(Values::one(Value::Builtin(Rc::new(owner.clone()), name.into())))
            }
            _ => None,
        }
    }

    /// `import a.b` binds `a`; `a.b` may be a module of the sources.
    fn import_below(&self, path: &str, name: &str) -> Values {
        let path = format!("{path}.{name}");
        if !path.contains('(')
            && let Some(module) = (0..self.project.modules.len())
                .next()
                .and_then(|any| self.project.module(any, &path))
        {
            return Values::one(Value::Module(module));
        }
        Values::one(Value::path(&path))
    }

    /// An attribute of a class or its instance, the bases' too.
    fn member(&self, class: Definition, name: &str, is_instance: bool, bases: u32) -> Option<Values> {
        let scope = &self.project.modules[class.module].scopes.all[class.scope];
        let mut all = Values::none_yet();
        if is_instance {
            for (method, expr) in scope.attributes.get(name).into_iter().flatten() {
                all.add(self.instance_attribute(class, *method, name, expr));
            }
        }
        if let Some((name, bindings)) = scope.bindings.get_key_value(name) {
            for value in self.bound(name, bindings, class).options {
                all.push(match value {
                    Value::Function(function) if self.is_bound(function, is_instance) => {
                        Value::Method(function)
                    }
                    other => other,
                });
            }
        }
        if !all.options.is_empty() || !all.complete {
            return Some(all);
        }
        self.bases(class)
            .options
            .iter()
            .filter(|_| bases > 0)
            .find_map(|base| match base {
                Value::Class(base) => self.member(*base, name, is_instance, bases - 1),
                Value::Path(path) => {
                    let instance = if is_instance { "()" } else { "" };
                    Some(Values::one(Value::path(&format!("{path}{instance}.{name}"))))
                }
                _ => None,
            })
    }

    fn instance_attribute(&self, class: Definition, method: ScopeId, name: &str, expr: &'a Expr) -> Values {
        let at = Definition {
            scope: method,
            ..class
        };
        // The name is not borrowed from the source, so a circle is found by the class's own copy of it.
        let scope = &self.project.modules[class.module].scopes.all[class.scope];
        let Some((name, _)) = scope.attributes.get_key_value(name) else {
            return Values::unknown();
        };
        let key = (class, *name);
        if self.open.borrow().iter().filter(|open| **open == key).count() > 1 {
            self.cut.set(true);
            return Values::unknown();
        }
        self.open.borrow_mut().push(key);
        let values = self.values(expr, at);
        self.open.borrow_mut().pop();
        values
    }

    /// The bases of a class.
    pub(super) fn bases(&self, class: Definition) -> Values {
        let module = &self.project.modules[class.module];
        let scope = &module.scopes.all[class.scope];
        let (ScopeKind::Class(definition), Some(parent)) = (scope.kind, scope.parent) else {
            return Values::none_yet();
        };
        let mut all = Values::none_yet();
        for base in definition.bases() {
            all.add(self.values(
                base,
                At {
                    scope: parent,
                    ..class
                },
            ));
        }
        all
    }

    /// Whether a function of a class gets the instance or class that it is an attribute of.
    fn is_bound(&self, function: Definition, is_instance: bool) -> bool {
        match self.project.modules[function.module].scopes.all[function.scope].kind {
            ScopeKind::Function(definition) if is_static(definition) => false,
            ScopeKind::Function(definition) => {
                is_instance
                    || definition
                        .decorator_list
                        .iter()
                        .any(|decorator| is_named(&decorator.expression, "classmethod"))
            }
            _ => false,
        }
    }

    /// `super()` in a method.
    fn super_instance(&self, at: At) -> Option<Values> {
        let scopes = &self.project.modules[at.module].scopes.all;
        let mut scope = Some(at.scope);
        while let Some(id) = scope {
            if matches!(scopes[id].kind, ScopeKind::Class(_)) {
                let bases = self.bases(Definition { scope: id, ..at });
                return Some(bases.map(|base| match base {
                    Value::Class(class) => Some(Values::one(Value::Instance(*class))),
                    Value::Path(path) => Some(Values::one(Value::path(&format!("{path}()")))),
                    _ => None,
                }));
            }
            scope = scopes[id].parent;
        }
        None
    }

    fn call(&self, call: &'a ast::ExprCall, at: At) -> Values {
        let callee = self.values(&call.func, at);
        callee.map(|callee| self.result(callee, call, at))
    }

    fn result(&self, callee: &Value, call: &'a ast::ExprCall, at: At) -> Option<Values> {
        match callee {
            Value::Path(path) => {
                let arguments = || {
                    call.arguments
                        .args
                        .iter()
                        .map(|argument| self.values(argument, at))
                        .collect::<Vec<_>>()
                };
                match path.strip_prefix("builtins.") {
                    Some("dict") => Some(self.dict_call(call, at)),
                    Some("super") => self.super_instance(at),
                    Some(function) => builtin::call(function, &arguments()),
                    None => match &**path {
                        "os.getenv" | "os.environ.get" => {
                            let mut values = arguments().into_iter().nth(1).unwrap_or_else(Values::unknown);
                            values.complete = false;
                            Some(values)
                        }
                        "textwrap.dedent" | "copy.deepcopy" | "copy.copy" => arguments().into_iter().next(),
                        path if path.ends_with(')') && path.len() > 512 => None,
                        path => Some(Values::one(Value::path(&format!("{path}()")))),
                    },
                }
            }
            Value::Class(class) => Some(Values::one(Value::Instance(*class))),
            Value::Function(function) | Value::Method(function) => self.returned(*function),
            // `task.override(…)`, `task.partial(…)` stand for the task.
            Value::Builtin(owner, name) if matches!(**owner, Value::Function(_)) => match &**name {
                "override" | "partial" => Some(Values::one((**owner).clone())),
                _ => None,
            },
            Value::Builtin(owner, name) => {
                let arguments: Vec<Values> = call
                    .arguments
                    .args
                    .iter()
                    .map(|argument| self.values(argument, at))
                    .collect();
                let keywords: Vec<(&str, Values)> = call
                    .arguments
                    .keywords
                    .iter()
                    .filter_map(|keyword| {
                        Some((keyword.arg.as_ref()?.as_str(), self.values(&keyword.value, at)))
                    })
                    .collect();
                builtin::method(owner, name, &arguments, &keywords)
            }
            _ => None,
        }
    }

    /// `dict(a=1)`.
    fn dict_call(&self, call: &'a ast::ExprCall, at: At) -> Values {
        let mut items = Vec::new();
        for argument in &call.arguments.args {
            add_items(&mut items, &self.values(argument, at));
        }
        for keyword in call
            .arguments
            .keywords
            .iter()
            .filter(|keyword| keyword.arg.is_none())
        {
            add_items(&mut items, &self.values(&keyword.value, at));
        }
        for keyword in &call.arguments.keywords {
            if let Some(name) = &keyword.arg {
                items.push((
                    Values::one(Value::text(name.as_str())),
                    self.values(&keyword.value, at),
                ));
            }
        }
        Values::one(Value::Dict(items.into()))
    }

    /// What a function returns.
    fn returned(&self, function: Definition) -> Option<Values> {
        let scope = &self.project.modules[function.module].scopes.all[function.scope];
        let ScopeKind::Function(definition) = scope.kind else {
            return None;
        };
        // What a decorator makes of it is not known, but for these.
        let plain = definition.decorator_list.iter().all(|decorator| {
            ["staticmethod", "classmethod", "property", "cache", "lru_cache"]
                .iter()
                .any(|name| is_named(&decorator.expression, name))
        });
        if !plain || scope.yields || scope.returns.is_empty() {
            return None;
        }
        let mut all = Values::none_yet();
        for expr in &scope.returns {
            all.add(self.values(expr, function));
        }
        Some(all)
    }
}

/// Adds what a dictionary can have to another one.
fn add_items(items: &mut Vec<(Values, Values)>, values: &Values) {
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

/// Whether a decorator is this name, called or not, in whatever module.
fn is_named(decorator: &Expr, name: &str) -> bool {
    match decorator {
        Expr::Name(own) => own.id.as_str() == name,
        Expr::Attribute(attribute) => attribute.attr.as_str() == name,
        Expr::Call(call) => is_named(&call.func, name),
        _ => false,
    }
}

/// Whether a method has no `self`.
fn is_static(function: &ast::StmtFunctionDef) -> bool {
    function
        .decorator_list
        .iter()
        .any(|decorator| is_named(&decorator.expression, "staticmethod"))
}
