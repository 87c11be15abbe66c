//! What the parameter of a function is: what its calls give, or its default.

use ruff_python_ast::{self as ast, Expr};

use super::builtin;
use super::evaluate::{At, Evaluator};
use super::members::{is_named, is_static};
use super::project::{Arguments, CallSite};
use super::scope::ScopeKind;
use super::value::{Definition, Value, Values};

impl<'a> Evaluator<'_, 'a> {
    /// The parameter of a function: what its calls give, or its default.
    pub(super) fn parameter(&self, index: usize, at: At) -> Values {
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
        let positional = function.parameters.posonlyargs.len() + function.parameters.args.len();
        let position = (index < positional).then_some(index);
        let name = parameter.name().as_str();
        let within = self
            .within
            .borrow()
            .iter()
            .rev()
            .find(|(own, _)| *own == at)
            .map(|(_, call)| *call);
        if let Some(call) = within {
            return self.argument(&call, position, name).unwrap_or_else(default);
        }
        let Some(calls) = self.project.calls.get(&at).filter(|calls| !calls.is_empty()) else {
            let mut values = default();
            values.complete = false;
            return values;
        };
        let mut all = Values::none_yet();
        for call in calls {
            match self.argument(call, position, name) {
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
    pub(super) fn argument(
        &self,
        call: &CallSite<'a>,
        position: Option<usize>,
        name: &str,
    ) -> Option<Values> {
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
}
