//! What a call returns.

use ruff_python_ast as ast;

use super::builtin;
use super::evaluate::{At, Evaluator, add_items};
use super::members::is_named;
use super::project::{Arguments, CallSite};
use super::scope::ScopeKind;
use super::value::{Definition, Value, Values};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn call(&self, call: &'a ast::ExprCall, at: At) -> Values {
        let callee = self.values(&call.func, at);
        callee.map(|callee| self.result(callee, call, at))
    }

    pub(super) fn result(&self, callee: &Value, call: &'a ast::ExprCall, at: At) -> Option<Values> {
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
            Value::Function(function) | Value::Method(function) => {
                let call = CallSite {
                    caller: at,
                    arguments: Arguments::Call(&call.arguments),
                    filled: usize::from(matches!(callee, Value::Method(_))),
                    is_partial: false,
                    each: false,
                    runs: true,
                };
                self.within.borrow_mut().push((*function, call));
                let returned = self.returned(*function);
                self.within.borrow_mut().pop();
                returned
            }
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
    pub(super) fn dict_call(&self, call: &'a ast::ExprCall, at: At) -> Values {
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
    pub(super) fn returned(&self, function: Definition) -> Option<Values> {
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
