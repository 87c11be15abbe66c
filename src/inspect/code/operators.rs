//! Hooks and operators that are made without a connection id: they use the default of their class.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextSize};

use super::class_defaults::{self, Parameter};
use super::report::{Finder, Use, argument};
use super::value::{Definition, Value, Values};
use crate::inspect::Origin;
use crate::value::SecretKind;

/// A base class further away than this is not looked at.
const BASES: u32 = 8;

/// Reports what a call of this class uses, if it is one of the providers'.
pub(super) fn report<'a>(finder: &mut Finder<'_, '_, 'a>, callee: &Value, call: &'a ast::ExprCall) {
    let calls = [Some(call), None];
    match callee {
        Value::Path(path) => {
            // `Operator.partial(…).expand(…)` is one operator; `super().__init__(…)` of a subclass makes the base.
            if let Some(class) = path
                .strip_suffix(".partial().expand")
                .or(path.strip_suffix(".partial().expand_kwargs"))
            {
                let inner = match &*call.func {
                    Expr::Attribute(attribute) => attribute.value.as_call_expr(),
                    _ => None,
                };
                report_class(finder, class, [Some(call), inner], call.start());
            } else {
                let class = path.strip_suffix("().__init__").unwrap_or(path);
                report_class(finder, class, calls, call.start());
                report_own_hook(finder, class, call);
            }
        }
        Value::Class(class) => {
            if let Some(base) = base_of(finder, *class, BASES) {
                report_class(finder, &base, calls, call.start());
            }
        }
        _ => {}
    }
}

/// A hook that is neither among the sources nor one of the providers': its first argument is a connection id, as a hook's is.
fn report_own_hook<'a>(finder: &mut Finder<'_, '_, 'a>, class: &str, call: &'a ast::ExprCall) {
    if class.ends_with("Hook")
        && !class.starts_with("airflow.")
        && let Some(first) = call.arguments.args.first()
    {
        let mut values = finder.evaluator.values_in_calls(first, finder.at);
        values
            .options
            .retain(|value| matches!(value, Value::Text(text) if !text.contains([' ', '/', ':'])));
        values.complete = true;
        finder.report(&values, argument("conn_id", first.start()));
    }
}

/// `@task.kubernetes` without arguments.
pub(super) fn report_decorator<'a>(finder: &mut Finder<'_, '_, 'a>, decorator: &'a Expr) {
    if decorator.is_call_expr() {
        return;
    }
    for value in finder.evaluator.values(decorator, finder.at).options {
        if let Value::Path(path) = value {
            report_class(finder, &path, [None, None], decorator.start());
        }
    }
}

/// The provider's class that a class of the sources is made as, if it has no `__init__` of its own.
fn base_of(finder: &Finder<'_, '_, '_>, class: Definition, bases: u32) -> Option<String> {
    let scope = &finder.evaluator.project.modules[class.module].scopes.all[class.scope];
    // Its own default is reported where it stands.
    if bases == 0
        || scope.bindings.contains_key("__init__")
        || scope.bindings.contains_key("default_conn_name")
    {
        return None;
    }
    finder
        .evaluator
        .bases(class)
        .options
        .iter()
        .find_map(|base| match base {
            Value::Path(path) => Some(path.to_string()),
            Value::Class(base) => base_of(finder, *base, bases - 1),
            _ => None,
        })
}

fn report_class<'a>(
    finder: &mut Finder<'_, '_, 'a>,
    path: &str,
    calls: [Option<&'a ast::ExprCall>; 2],
    offset: TextSize,
) {
    let class = path.rsplit('.').next().unwrap_or(path);
    for parameter in class_defaults::parameters(path) {
        let given = calls
            .into_iter()
            .flatten()
            .map(|call| given(finder, parameter, call));
        match given.max().unwrap_or(Given::No) {
            Given::Yes => {}
            Given::No if finder.defaults_have(parameter.name) => {}
            Given::No => {
                if let Some(default) = parameter.default {
                    let used = Use {
                        kind: SecretKind::Connection,
                        offset,
                        origin: Origin::ClassDefault(class.to_owned()),
                        has_default: false,
                        as_json: false,
                        what: String::new(),
                    };
                    finder.report(&Values::one(Value::text(default)), used);
                }
            }
            Given::Unknown => finder.report(&Values::unknown(), argument(parameter.name, offset)),
        }
    }
    // Those given by position; keywords are found whatever the class.
    if let [Some(call), None] = calls {
        for parameter in class_defaults::parameters(path) {
            let before = call
                .arguments
                .args
                .iter()
                .take_while(|argument| !argument.is_starred_expr())
                .count();
            if let Some(value) = parameter.position.filter(|position| *position < before)
                && let Some(value) = call.arguments.args.get(value)
            {
                let values = finder.evaluator.values_in_calls(value, finder.at);
                finder.report(&values, argument(parameter.name, value.start()));
            }
        }
    }
}

/// Whether a call gives a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Given {
    No,
    Unknown,
    Yes,
}

fn given<'a>(finder: &Finder<'_, '_, 'a>, parameter: Parameter, call: &'a ast::ExprCall) -> Given {
    let arguments = &call.arguments;
    if arguments.find_keyword(parameter.name).is_some() {
        return Given::Yes;
    }
    let before = arguments
        .args
        .iter()
        .take_while(|argument| !argument.is_starred_expr())
        .count();
    if parameter.position.is_some_and(|position| position < before) {
        return Given::Yes;
    }
    let mut all = Given::No;
    if before < arguments.args.len() && parameter.position.is_some() {
        all = Given::Unknown;
    }
    for keyword in arguments.keywords.iter().filter(|keyword| keyword.arg.is_none()) {
        all = all.max(
            match finder.evaluator.entry(&keyword.value, parameter.name, finder.at) {
                // The entry is reported where the dictionary is.
                Some(values) if values.complete => Given::Yes,
                Some(_) => Given::Unknown,
                None => Given::No,
            },
        );
    }
    all
}
