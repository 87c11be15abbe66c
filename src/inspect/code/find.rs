//! Walks one Python module and reports what it uses.

use std::collections::HashMap;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::airflow;
use super::evaluate::{At, Evaluator};
use super::operators;
use super::parse_time::ParseTime;
use super::report::{Finder, argument};
use super::scope::{ScopeId, ScopeKind};
use super::text_expr;
use super::value::{self, Value};
use crate::inspect::CodeNames;

/// What a module uses, and the last parts of the file names in its texts.
type Found<'a> = (CodeNames, Vec<&'a str>);

/// Reports what a module uses.
pub(super) fn names<'a>(evaluator: &Evaluator<'_, 'a>, module: usize, parse_time: &ParseTime) -> Found<'a> {
    let project = evaluator.project;
    let mut finder = Finder {
        evaluator,
        module: &project.modules[module],
        at: At { module, scope: 0 },
        parse_time,
        runs_at_parse: true,
        in_text: false,
        found: CodeNames::default(),
        calls: HashMap::new(),
        fields: Vec::new(),
        default_args: Vec::new(),
        files_named: Vec::new(),
    };
    finder.visit_body(project.modules[module].body);
    let files_named = std::mem::take(&mut finder.files_named);
    (finder.finish(), files_named)
}

impl<'a> Finder<'_, '_, 'a> {
    /// Learns the `default_args` of a call.
    fn learn_default_args(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && let Some(keyword) = call.arguments.find_keyword("default_args")
        {
            self.default_args
                .push(self.evaluator.values(&keyword.value, self.at));
        }
    }

    fn enter(&mut self, scope: ScopeId, runs_at_parse: bool, inside: impl FnOnce(&mut Self)) {
        let outer = (self.at.scope, self.runs_at_parse);
        self.at.scope = scope;
        self.runs_at_parse = runs_at_parse;
        inside(self);
        (self.at.scope, self.runs_at_parse) = outer;
    }

    fn function(&mut self, function: &'a ast::StmtFunctionDef) {
        let outside = self.default_args.len();
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
            operators::report_decorator(self, &decorator.expression);
            self.learn_default_args(&decorator.expression);
        }
        for parameter in function.parameters.iter_non_variadic_params() {
            let Some(default) = &parameter.default else {
                continue;
            };
            self.visit_expr(default);
            let name = parameter.name().as_str();
            if airflow::is_conn_id(name) && !self.parse_time.always_given(self.at.module, parameter.range) {
                let mut values = self.evaluator.values(default, self.at);
                // A parameter whose default is not known is known where it is used.
                values.complete = true;
                self.report(&values, argument(name, default.start()));
            }
        }
        let Some(scope) = self.module.scopes.opened_by(function) else {
            return;
        };
        let runs = self.parse_time.runs(At { scope, ..self.at });
        self.enter(scope, runs, |finder| finder.visit_body(&function.body));
        self.default_args.truncate(outside);
    }

    fn call(&mut self, call: &'a ast::ExprCall) {
        let callee = self.evaluator.values(&call.func, self.at);
        let mut makes_connection = false;
        for callee in &callee.options {
            if let Value::Path(path) = callee {
                makes_connection |= airflow::is_connection_class(path);
                if let Some(lookup) = airflow::lookup(path) {
                    self.lookup(lookup, path, call);
                }
            }
            operators::report(self, callee, call);
        }
        if makes_connection {
            return;
        }
        for keyword in &call.arguments.keywords {
            if let Some(name) = keyword.arg.as_ref().filter(|name| airflow::is_conn_id(name)) {
                let mut values = self.evaluator.values_in_calls(&keyword.value, self.at);
                // `expand(conn_id=[…])`
                if values.options.iter().any(|value| matches!(value, Value::List(_))) {
                    values = values.elements();
                }
                self.report(&values, argument(name, keyword.value.start()));
            }
        }
    }

    fn comprehension(&mut self, node: &'a Expr, generators: &'a [ast::Comprehension], results: &[&'a Expr]) {
        let Some(scope) = self.module.scopes.opened_by(node) else {
            return;
        };
        let runs = self.runs_at_parse;
        self.enter(scope, runs, |finder| {
            for generator in generators {
                finder.visit_expr(&generator.iter);
                generator
                    .ifs
                    .iter()
                    .for_each(|condition| finder.visit_expr(condition));
            }
            for result in results {
                finder.visit_expr(result);
            }
        });
    }

    fn dict(&mut self, dict: &'a ast::ExprDict) {
        for item in &dict.items {
            let Some(Expr::StringLiteral(key)) = &item.key else {
                continue;
            };
            let name = key.value.to_str();
            if airflow::is_conn_id(name) {
                let mut values = self.evaluator.values_in_calls(&item.value, self.at);
                if values.options.iter().any(|value| matches!(value, Value::List(_))) {
                    values = values.elements();
                }
                self.report(&values, argument(name, item.value.start()));
            }
        }
    }

    /// `conn_id = "x"` in a class.
    fn class_attribute(&mut self, targets: &'a [Expr], value: &'a Expr) {
        if !matches!(self.module.scopes.all[self.at.scope].kind, ScopeKind::Class(_)) {
            return;
        }
        for target in targets {
            if let Expr::Name(name) = target
                && (airflow::is_conn_id(name.id.as_str()) || name.id.as_str() == "default_conn_name")
            {
                let mut values = self.evaluator.values(value, self.at);
                values.complete = true;
                self.report(&values, argument(name.id.as_str(), value.start()));
            }
        }
    }
}

impl<'a> Visitor<'a> for Finder<'_, '_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => return self.function(function),
            Stmt::ClassDef(class) => {
                class
                    .decorator_list
                    .iter()
                    .for_each(|decorator| self.visit_decorator(decorator));
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                if let Some(scope) = self.module.scopes.opened_by(class) {
                    let runs = self.runs_at_parse;
                    self.enter(scope, runs, |finder| finder.visit_body(&class.body));
                }
                return;
            }
            Stmt::Assign(assign) => {
                self.class_attribute(&assign.targets, &assign.value);
                // `os.environ["AIRFLOW_CONN_X"] = …` gives one.
                for target in &assign.targets {
                    if let Expr::Subscript(subscript) = target {
                        self.visit_expr(&subscript.slice);
                    }
                }
                self.visit_expr(&assign.value);
                // `dag = DAG(…)`; its operators follow.
                return self.learn_default_args(&assign.value);
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.class_attribute(std::slice::from_ref(&*assign.target), value);
                    self.visit_expr(value);
                }
                return;
            }
            Stmt::With(with) => {
                let outside = self.default_args.len();
                for item in &with.items {
                    self.visit_with_item(item);
                    self.learn_default_args(&item.context_expr);
                }
                self.visit_body(&with.body);
                self.default_args.truncate(outside);
                return;
            }
            Stmt::If(condition) if is_main_guard(&condition.test) => {
                let scope = self.at.scope;
                self.enter(scope, false, |finder| finder.visit_body(&condition.body));
                for clause in &condition.elif_else_clauses {
                    self.visit_elif_else_clause(clause);
                }
                return;
            }
            _ if value::is_docstring(statement) => return,
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_keyword(&mut self, keyword: &'a ast::Keyword) {
        let is_documentation = keyword
            .arg
            .as_ref()
            .is_some_and(|name| airflow::is_documentation(name));
        let outer = self.in_text;
        self.in_text |= is_documentation;
        self.visit_expr(&keyword.value);
        self.in_text = outer;
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        let outer = self.in_text;
        if !self.in_text && text_expr::report(self, expr) {
            self.in_text = true;
        } else if matches!(
            expr,
            Expr::Call(_) | Expr::List(_) | Expr::Dict(_) | Expr::Tuple(_)
        ) && outer
        {
            // The arguments of a call inside a text are texts of their own.
            self.in_text = matches!(expr, Expr::Call(call) if text_expr::is_text_method(call));
        }
        match expr {
            Expr::Lambda(lambda) => {
                if let Some(scope) = self.module.scopes.opened_by(expr) {
                    if let Some(parameters) = &lambda.parameters {
                        self.visit_parameters(parameters);
                    }
                    self.enter(scope, false, |finder| finder.visit_expr(&lambda.body));
                }
            }
            Expr::ListComp(node) => self.comprehension(expr, &node.generators, &[&*node.elt]),
            Expr::SetComp(node) => self.comprehension(expr, &node.generators, &[&*node.elt]),
            Expr::Generator(node) => self.comprehension(expr, &node.generators, &[&*node.elt]),
            Expr::DictComp(node) => {
                let results: Vec<&Expr> = node.key.as_deref().into_iter().chain([&*node.value]).collect();
                self.comprehension(expr, &node.generators, &results);
            }
            Expr::Call(call) => {
                self.call(call);
                visitor::walk_expr(self, expr);
            }
            Expr::Dict(dict) => {
                self.dict(dict);
                visitor::walk_expr(self, expr);
            }
            Expr::Subscript(subscript) => {
                self.used_of(expr);
                let owner = self.evaluator.values(&subscript.value, self.at);
                if owner
                    .options
                    .iter()
                    .any(|owner| matches!(owner, Value::Path(path) if **path == *"os.environ"))
                {
                    self.environment_name(&subscript.slice, expr.start(), false);
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Attribute(_) => {
                self.used_of(expr);
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
        self.in_text = outer;
    }
}

/// `if __name__ == "__main__"`, which is not true when Airflow parses the file.
fn is_main_guard(test: &Expr) -> bool {
    match test {
        Expr::Compare(compare) => {
            matches!(&*compare.left, Expr::Name(name) if name.id.as_str() == "__name__")
        }
        _ => false,
    }
}
