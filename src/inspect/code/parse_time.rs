//! Which functions run when Airflow parses a file, and which calls give each function its arguments.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::TextRange;

use super::airflow;
use super::evaluate::{At, Evaluator};
use super::project::{Arguments, CallSite, Module, Project};
use super::scope::{ScopeId, ScopeKind};
use super::value::{Definition, Value};

/// The functions that run at parse time.
#[derive(Debug, Default)]
pub(super) struct ParseTime {
    functions: HashSet<Definition>,
    /// The parameters with a default that every known call gives a value of its own.
    given: HashSet<(usize, TextRange)>,
}

impl ParseTime {
    /// Finds them from the calls of all functions.
    pub(super) fn new(project: &Project<'_>, dags: impl Iterator<Item = Definition>) -> Self {
        let mut own = Self {
            functions: dags.collect(),
            given: HashSet::new(),
        };
        // Each round finds what the functions of the last one call.
        loop {
            let before = own.functions.len();
            for (function, calls) in &project.calls {
                let runs = || {
                    calls
                        .iter()
                        .any(|call| call.runs && own.runs_in(project, call.caller))
                };
                if !own.functions.contains(function) && runs() {
                    own.functions.insert(*function);
                }
            }
            if own.functions.len() == before {
                break;
            }
        }
        for (function, calls) in &project.calls {
            let ScopeKind::Function(definition) =
                project.modules[function.module].scopes.all[function.scope].kind
            else {
                continue;
            };
            for (index, parameter) in definition.parameters.iter_non_variadic_params().enumerate() {
                let name = parameter.name().as_str();
                if airflow::is_conn_id(name) && calls.iter().all(|call| call.gives(index, name)) {
                    own.given.insert((function.module, parameter.range));
                }
            }
        }
        own
    }

    /// Whether a function's body runs at parse time.
    pub(super) fn runs(&self, function: Definition) -> bool {
        self.functions.contains(&function)
    }

    /// Whether every known call gives this parameter.
    pub(super) fn always_given(&self, module: usize, parameter: TextRange) -> bool {
        self.given.contains(&(module, parameter))
    }

    fn runs_in(&self, project: &Project<'_>, at: At) -> bool {
        let scopes = &project.modules[at.module].scopes.all;
        let mut scope = at.scope;
        loop {
            match scopes[scope].kind {
                ScopeKind::Function(_) => return self.functions.contains(&Definition { scope, ..at }),
                ScopeKind::Lambda => return false,
                _ => {}
            }
            match scopes[scope].parent {
                Some(parent) => scope = parent,
                None => return true,
            }
        }
    }
}

/// The calls in one module, and its `@dag` functions.
#[derive(Debug, Default)]
pub(super) struct Calls<'a> {
    pub(super) calls: Vec<(Definition, CallSite<'a>)>,
    pub(super) dags: Vec<Definition>,
}

/// Finds the calls of functions of the sources in a module.
pub(super) fn calls<'a>(evaluator: &Evaluator<'_, 'a>, module: usize) -> Calls<'a> {
    let project = evaluator.project;
    let mut finder = CallFinder {
        evaluator,
        module: &project.modules[module],
        at: At { module, scope: 0 },
        found: Calls::default(),
        tasks: HashMap::new(),
    };
    finder.visit_body(project.modules[module].body);
    finder.found
}

struct CallFinder<'e, 'p, 'a> {
    evaluator: &'e Evaluator<'p, 'a>,
    module: &'p Module<'a>,
    at: At,
    found: Calls<'a>,
    /// Whether a function runs in a task.
    tasks: HashMap<Definition, bool>,
}

impl<'a> CallFinder<'_, '_, 'a> {
    fn enter(&mut self, scope: ScopeId, inside: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.at.scope, scope);
        inside(self);
        self.at.scope = outer;
    }

    fn call(&mut self, call: &'a ast::ExprCall) {
        let site = CallSite {
            caller: self.at,
            arguments: Arguments::Call(&call.arguments),
            filled: 0,
            is_partial: false,
            each: false,
            runs: true,
        };
        for callee in self.evaluator.values(&call.func, self.at).options {
            match callee {
                Value::Function(function) => {
                    let runs = !self.is_task(function);
                    self.found.calls.push((function, CallSite { runs, ..site }));
                }
                Value::Method(function) => self.found.calls.push((function, CallSite { filled: 1, ..site })),
                Value::Class(class) => {
                    let init = self.evaluator.attribute(&Value::Instance(class), "__init__");
                    for value in init.into_iter().flat_map(|values| values.options) {
                        if let Value::Method(function) = value {
                            self.found.calls.push((function, CallSite { filled: 1, ..site }));
                        }
                    }
                }
                Value::Builtin(owner, name) => {
                    if let (Value::Function(function), "partial" | "expand") = (&*owner, &*name) {
                        let each = &*name == "expand";
                        self.found.calls.push((
                            *function,
                            CallSite {
                                is_partial: true,
                                each,
                                runs: false,
                                ..site
                            },
                        ));
                    }
                }
                _ => {}
            }
        }
        let Some(callable) = call.arguments.find_keyword("python_callable") else {
            return;
        };
        let given = |name: &str| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
        let arguments = Arguments::Operator {
            positional: given("op_args"),
            keywords: given("op_kwargs"),
        };
        for callee in self.evaluator.values(&callable.value, self.at).options {
            let (function, filled) = match callee {
                Value::Function(function) => (function, 0),
                Value::Method(function) => (function, 1),
                _ => continue,
            };
            self.found.calls.push((
                function,
                CallSite {
                    arguments,
                    filled,
                    runs: false,
                    ..site
                },
            ));
        }
    }

    /// Whether a decorator makes a task of a function, so that a call of it does not run it.
    fn is_task(&mut self, function: Definition) -> bool {
        if let Some(known) = self.tasks.get(&function) {
            return *known;
        }
        let is_task = self.is_decorated(function, airflow::is_task_decorator);
        self.tasks.insert(function, is_task);
        is_task
    }

    fn is_decorated(&self, function: Definition, is_it: fn(&str) -> bool) -> bool {
        let scope = &self.evaluator.project.modules[function.module].scopes.all[function.scope];
        let (ScopeKind::Function(definition), Some(parent)) = (scope.kind, scope.parent) else {
            return false;
        };
        definition.decorator_list.iter().any(|decorator| {
            let decorator = match &decorator.expression {
                Expr::Call(call) => &call.func,
                other => other,
            };
            let values = self.evaluator.values(
                decorator,
                At {
                    scope: parent,
                    ..function
                },
            );
            values
                .options
                .iter()
                .any(|value| matches!(value, Value::Path(path) if is_it(path)))
        })
    }

    fn comprehension(&mut self, node: &'a Expr) {
        match self.module.scopes.opened_by(node) {
            Some(scope) => self.enter(scope, |finder| visitor::walk_expr(finder, node)),
            None => visitor::walk_expr(self, node),
        }
    }
}

impl<'a> Visitor<'a> for CallFinder<'_, '_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let scope = match statement {
            Stmt::FunctionDef(function) => self.module.scopes.opened_by(function),
            Stmt::ClassDef(class) => self.module.scopes.opened_by(class),
            _ => None,
        };
        let Some(scope) = scope else {
            return visitor::walk_stmt(self, statement);
        };
        match statement {
            Stmt::FunctionDef(function) => {
                let definition = Definition { scope, ..self.at };
                if self.is_decorated(definition, airflow::is_dag_decorator) {
                    self.found.dags.push(definition);
                }
                function
                    .decorator_list
                    .iter()
                    .for_each(|decorator| self.visit_decorator(decorator));
                self.visit_parameters(&function.parameters);
                self.enter(scope, |finder| finder.visit_body(&function.body));
            }
            Stmt::ClassDef(class) => {
                class
                    .decorator_list
                    .iter()
                    .for_each(|decorator| self.visit_decorator(decorator));
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.enter(scope, |finder| finder.visit_body(&class.body));
            }
            _ => {}
        }
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::Generator(_)
            | Expr::DictComp(_) => {
                self.comprehension(expr);
            }
            Expr::Call(call) => {
                self.call(call);
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}
