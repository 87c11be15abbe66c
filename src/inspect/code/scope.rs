//! The names of one Python module: scopes, and what each name in them is bound to.
//!
//! Python's rules of scopes: a function sees its own names, those of the functions around it and those of the module; a
//! class's names are seen in its body alone. The order of assignments is not followed: a name can be all it is bound to.

use std::collections::HashMap;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

/// The number of a scope in its module; the module's own is 0.
pub(super) type ScopeId = usize;

/// What a scope belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum ScopeKind<'a> {
    Module,
    Class(&'a ast::StmtClassDef),
    Function(&'a ast::StmtFunctionDef),
    /// A comprehension.
    Comprehension,
    Lambda,
}

/// A scope.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) kind: ScopeKind<'a>,
    pub(super) parent: Option<ScopeId>,
    pub(super) bindings: HashMap<&'a str, Vec<Binding<'a>>>,
    /// Of a class: what its methods assign to `self.NAME`, each with the method's scope.
    pub(super) attributes: HashMap<&'a str, Vec<(ScopeId, &'a Expr)>>,
    /// Of a function: what it returns.
    pub(super) returns: Vec<&'a Expr>,
    /// Of a function: it yields.
    pub(super) yields: bool,
}

/// One thing that a name is bound to.
#[derive(Clone, Debug)]
pub(super) enum Binding<'a> {
    /// `name = expr`; `each`: an element of the expression, as in a loop; `path`: the index into it, and so on, of an unpacked target.
    Assigned {
        expr: &'a Expr,
        each: bool,
        path: Vec<usize>,
    },
    /// `name.append(expr)`.
    Appended(&'a Expr),
    /// `name[key] = value`.
    Item(&'a Expr, &'a Expr),
    /// An import, by the full name; the dots of a relative import lead it.
    Import(String),
    /// A function or class, by its scope.
    Function(ScopeId),
    Class(ScopeId),
    /// The parameter of the scope's function with this number.
    Parameter(usize),
    /// Anything else that binds a name.
    Unknown,
}

/// The scopes of a module.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    pub(super) all: Vec<Scope<'a>>,
    /// The scope that a function, class, lambda or comprehension opens, by where that stands.
    pub(super) opened: HashMap<TextRange, ScopeId>,
    /// Modules of which every name is imported.
    pub(super) star_imports: Vec<String>,
}

impl<'a> Scopes<'a> {
    pub(super) fn new(body: &'a [Stmt]) -> Self {
        let mut binder = Binder {
            scopes: Self {
                all: Vec::new(),
                opened: HashMap::new(),
                star_imports: Vec::new(),
            },
            current: 0,
            globals: HashMap::new(),
        };
        binder.open(ScopeKind::Module, None, TextRange::default());
        binder.scopes.opened.clear();
        binder.visit_body(body);
        binder.scopes
    }

    /// The scope that this node opens.
    pub(super) fn opened_by(&self, node: &impl Ranged) -> Option<ScopeId> {
        self.opened.get(&node.range()).copied()
    }
}

struct Binder<'a> {
    scopes: Scopes<'a>,
    current: ScopeId,
    /// Names declared `global` or `nonlocal` in a scope, and the scope that they belong to.
    globals: HashMap<(ScopeId, &'a str), ScopeId>,
}

impl<'a> Binder<'a> {
    fn open(&mut self, kind: ScopeKind<'a>, parent: Option<ScopeId>, range: TextRange) -> ScopeId {
        let id = self.scopes.all.len();
        self.scopes.all.push(Scope {
            kind,
            parent,
            bindings: HashMap::new(),
            attributes: HashMap::new(),
            returns: Vec::new(),
            yields: false,
        });
        self.scopes.opened.insert(range, id);
        id
    }

    fn bind(&mut self, name: &'a str, binding: Binding<'a>) {
        let scope = self
            .globals
            .get(&(self.current, name))
            .copied()
            .unwrap_or(self.current);
        self.scopes.all[scope]
            .bindings
            .entry(name)
            .or_default()
            .push(binding);
    }

    fn bind_target(&mut self, target: &'a Expr, expr: &'a Expr, each: bool, path: &mut Vec<usize>) {
        match target {
            Expr::Name(name) => self.bind(
                name.id.as_str(),
                Binding::Assigned {
                    expr,
                    each,
                    path: path.clone(),
                },
            ),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for (index, element) in elts.iter().enumerate() {
                    if let Expr::Starred(starred) = element {
                        self.bind_unknown(&starred.value);
                        // What follows it has no index from the start.
                        for rest in &elts[index + 1..] {
                            self.bind_unknown(rest);
                        }
                        break;
                    }
                    path.push(index);
                    self.bind_target(element, expr, each, path);
                    path.pop();
                }
            }
            Expr::Subscript(subscript) if path.is_empty() && !each => {
                if let Expr::Name(name) = &*subscript.value {
                    self.bind(name.id.as_str(), Binding::Item(&subscript.slice, expr));
                }
            }
            Expr::Attribute(attribute) if path.is_empty() && !each => self.bind_attribute(attribute, expr),
            _ => {}
        }
    }

    /// `self.NAME = expr` in a method.
    fn bind_attribute(&mut self, attribute: &'a ast::ExprAttribute, expr: &'a Expr) {
        let (Expr::Name(owner), ScopeKind::Function(function)) =
            (&*attribute.value, self.scopes.all[self.current].kind)
        else {
            return;
        };
        let first = function.parameters.iter_non_variadic_params().next();
        let parent = self.scopes.all[self.current].parent;
        if let (Some(first), Some(parent)) = (first, parent)
            && first.name().id == owner.id
            && matches!(self.scopes.all[parent].kind, ScopeKind::Class(_))
        {
            let method = self.current;
            self.scopes.all[parent]
                .attributes
                .entry(attribute.attr.as_str())
                .or_default()
                .push((method, expr));
        }
    }

    fn bind_unknown(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), Binding::Unknown),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for element in elts {
                    self.bind_unknown(element);
                }
            }
            Expr::Starred(starred) => self.bind_unknown(&starred.value),
            _ => {}
        }
    }

    fn function(&mut self, function: &'a ast::StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        // Defaults belong to the scope around the function.
        self.visit_parameters(&function.parameters);
        let scope = self.open(ScopeKind::Function(function), Some(self.current), function.range);
        self.bind(function.name.as_str(), Binding::Function(scope));
        let outer = std::mem::replace(&mut self.current, scope);
        self.parameters(&function.parameters);
        self.visit_body(&function.body);
        self.current = outer;
    }

    fn parameters(&mut self, parameters: &'a ast::Parameters) {
        for (index, parameter) in parameters.iter_non_variadic_params().enumerate() {
            self.bind(parameter.name().as_str(), Binding::Parameter(index));
        }
        for parameter in [&parameters.vararg, &parameters.kwarg].into_iter().flatten() {
            self.bind(parameter.name.as_str(), Binding::Unknown);
        }
    }

    fn comprehension(&mut self, node: &'a Expr, generators: &'a [ast::Comprehension], results: &[&'a Expr]) {
        let scope = self.open(ScopeKind::Comprehension, Some(self.current), node.range());
        let outer = std::mem::replace(&mut self.current, scope);
        for generator in generators {
            self.visit_expr(&generator.iter);
            self.bind_target(&generator.target, &generator.iter, true, &mut Vec::new());
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
        for result in results {
            self.visit_expr(result);
        }
        self.current = outer;
    }

    /// `name.append(x)` and the like.
    fn mutation(&mut self, call: &'a ast::ExprCall) {
        let Expr::Attribute(attribute) = &*call.func else {
            return;
        };
        let (Expr::Name(name), [argument]) = (&*attribute.value, &*call.arguments.args) else {
            return;
        };
        let binding = match attribute.attr.as_str() {
            "append" | "add" => Binding::Appended(argument),
            "extend" | "update" => Binding::Assigned {
                expr: argument,
                each: false,
                path: Vec::new(),
            },
            _ => return,
        };
        // Only in the scope where the name is bound already: elsewhere it would hide the outer one.
        if self.scopes.all[self.current]
            .bindings
            .contains_key(name.id.as_str())
        {
            self.bind(name.id.as_str(), binding);
        } else if self.scopes.all[0].bindings.contains_key(name.id.as_str()) {
            self.scopes.all[0]
                .bindings
                .entry(name.id.as_str())
                .or_default()
                .push(Binding::Unknown);
        }
    }

    fn import(&mut self, statement: &'a ast::StmtImportFrom) {
        let dots = ".".repeat(statement.level as usize);
        let module = statement.module.as_ref().map_or("", |module| module.as_str());
        for alias in &statement.names {
            if alias.name.as_str() == "*" {
                self.scopes.star_imports.push(format!("{dots}{module}"));
                continue;
            }
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            let separator = if module.is_empty() { "" } else { "." };
            let path = format!("{dots}{module}{separator}{}", alias.name.as_str());
            self.bind(name.as_str(), Binding::Import(path));
        }
    }
}

impl<'a> Visitor<'a> for Binder<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => return self.function(function),
            Stmt::ClassDef(class) => {
                for decorator in &class.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                let scope = self.open(ScopeKind::Class(class), Some(self.current), class.range);
                self.bind(class.name.as_str(), Binding::Class(scope));
                let outer = std::mem::replace(&mut self.current, scope);
                self.visit_body(&class.body);
                self.current = outer;
                return;
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.bind_target(target, &assign.value, false, &mut Vec::new());
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.bind_target(&assign.target, value, false, &mut Vec::new());
                }
            }
            Stmt::AugAssign(assign) => self.bind_unknown(&assign.target),
            Stmt::For(repeat) => self.bind_target(&repeat.target, &repeat.iter, true, &mut Vec::new()),
            Stmt::With(with) => {
                for item in &with.items {
                    match item.optional_vars.as_deref() {
                        // The context manager of a hook or a DAG is itself, or nearly so.
                        Some(Expr::Name(name)) => {
                            let binding = Binding::Assigned {
                                expr: &item.context_expr,
                                each: false,
                                path: Vec::new(),
                            };
                            self.bind(name.id.as_str(), binding);
                        }
                        Some(target) => self.bind_unknown(target),
                        None => {}
                    }
                }
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.name.as_str();
                    if let Some(short) = &alias.asname {
                        self.bind(short.as_str(), Binding::Import(name.to_owned()));
                    } else {
                        let first = name.split('.').next().unwrap_or(name);
                        self.bind(first, Binding::Import(first.to_owned()));
                    }
                }
            }
            Stmt::ImportFrom(import) => self.import(import),
            Stmt::Global(global) => {
                for name in &global.names {
                    self.globals.insert((self.current, name.as_str()), 0);
                }
            }
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    let mut outer = self.scopes.all[self.current].parent;
                    while let Some(scope) = outer {
                        if self.scopes.all[scope].bindings.contains_key(name.as_str()) {
                            self.globals.insert((self.current, name.as_str()), scope);
                            break;
                        }
                        outer = self.scopes.all[scope].parent;
                    }
                }
            }
            Stmt::Return(ast::StmtReturn {
                value: Some(value), ..
            }) => {
                self.scopes.all[self.current].returns.push(value);
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    // Annotations bind nothing and are not run in a way that matters.
    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.bind(name.as_str(), Binding::Unknown);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                let scope = self.open(ScopeKind::Lambda, Some(self.current), lambda.range);
                let outer = std::mem::replace(&mut self.current, scope);
                if let Some(parameters) = &lambda.parameters {
                    for parameter in parameters {
                        self.bind(parameter.name().as_str(), Binding::Unknown);
                    }
                }
                self.visit_expr(&lambda.body);
                self.current = outer;
            }
            Expr::ListComp(node) => self.comprehension(expr, &node.generators, &[&*node.elt]),
            Expr::SetComp(node) => self.comprehension(expr, &node.generators, &[&*node.elt]),
            Expr::Generator(node) => self.comprehension(expr, &node.generators, &[&*node.elt]),
            Expr::DictComp(node) => {
                let key = node.key.as_deref();
                let results: Vec<&Expr> = key.into_iter().chain([&*node.value]).collect();
                self.comprehension(expr, &node.generators, &results);
            }
            Expr::Named(named) => {
                self.bind_target(&named.target, &named.value, false, &mut Vec::new());
                visitor::walk_expr(self, expr);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                self.scopes.all[self.current].yields = true;
                visitor::walk_expr(self, expr);
            }
            Expr::Call(call) => {
                self.mutation(call);
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        match pattern {
            ast::Pattern::MatchAs(ast::PatternMatchAs { name: Some(name), .. })
            | ast::Pattern::MatchStar(ast::PatternMatchStar { name: Some(name), .. }) => {
                self.bind(name.as_str(), Binding::Unknown);
            }
            _ => {}
        }
        visitor::walk_pattern(self, pattern);
    }
}
