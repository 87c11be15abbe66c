//! Calls that look a name up, and what is used of their results.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextSize};

use super::airflow::{self, Lookup};
use super::report::{Finder, Use};
use super::scope::Binding;
use super::value::{Value, Values};
use crate::inspect::{Origin, UnknownUse};
use crate::value::SecretKind;

impl<'a> Finder<'_, '_, 'a> {
    pub(super) fn lookup(&mut self, lookup: Lookup, path: &str, call: &'a ast::ExprCall) {
        let (kind, names): (_, &[&str]) = match lookup {
            Lookup::Variable | Lookup::VariableOrDefault => (SecretKind::Variable, &["key"]),
            Lookup::Connection => (SecretKind::Connection, &["conn_id"]),
            Lookup::Environment => return self.environment(call),
        };
        let keyword = names.iter().find_map(|name| call.arguments.find_keyword(name));
        let what = short(path);
        let Some(name) = call
            .arguments
            .args
            .first()
            .or(keyword.map(|keyword| &keyword.value))
        else {
            if call
                .arguments
                .keywords
                .iter()
                .any(|keyword| keyword.arg.is_none())
            {
                let place = self.place(call.start());
                self.found.unknown.push(UnknownUse { kind, place, what });
            }
            return;
        };
        if name.is_starred_expr() {
            let place = self.place(call.start());
            self.found.unknown.push(UnknownUse { kind, place, what });
            return;
        }
        let is_variable = kind == SecretKind::Variable;
        let given = |name: &str| call.arguments.find_keyword(name).is_some();
        let is_true = |expr: &'a Expr| {
            let values = self.evaluator.values(expr, self.at);
            values.complete && values.options.iter().all(Value::is_true)
        };
        let json_position = if lookup == Lookup::VariableOrDefault { 3 } else { 2 };
        let json = call
            .arguments
            .find_argument_value("deserialize_json", json_position);
        let used = Use {
            kind,
            offset: call.start(),
            origin: Origin::Call,
            has_default: is_variable
                && (lookup == Lookup::VariableOrDefault
                    || call.arguments.args.len() > 1
                    || given("default_var")
                    || given("default")),
            as_json: is_variable
                && (json.is_some_and(is_true) || path.starts_with("airflow.context.var.json")),
            what,
        };
        let mut values = self.evaluator.values_in_calls(name, self.at);
        // An id is text; `None` is an error that others find.
        values.options.retain(|value| !matches!(value, Value::None));
        let first = self.found.uses.len();
        self.report(&values, used);
        self.calls.insert(call.range(), first..self.found.uses.len());
    }

    /// `os.getenv("AIRFLOW_CONN_X")`.
    pub(super) fn environment(&mut self, call: &'a ast::ExprCall) {
        if let Some(name) = call.arguments.args.first() {
            let has_default = call.arguments.args.len() > 1;
            self.environment_name(name, call.start(), has_default);
        }
    }

    pub(super) fn environment_name(&mut self, name: &'a Expr, offset: TextSize, has_default: bool) {
        let values = self.evaluator.values_in_calls(name, self.at);
        for value in &values.options {
            let Value::Text(text) = value else { continue };
            for (prefix, kind) in [
                (airflow::CONNECTION_PREFIX, SecretKind::Connection),
                (airflow::VARIABLE_PREFIX, SecretKind::Variable),
            ] {
                if let Some(id) = text.strip_prefix(prefix) {
                    let used = Use {
                        kind,
                        offset,
                        origin: Origin::Environment,
                        has_default,
                        as_json: false,
                        what: "os.environ[…]".to_owned(),
                    };
                    self.report(&Values::one(Value::text(&id.to_lowercase())), used);
                }
            }
        }
    }

    /// The keys used of a variable that is JSON, and the fields used of a connection.
    pub(super) fn used_of(&mut self, expr: &'a Expr) {
        let mut path = Vec::new();
        let mut owner = expr;
        loop {
            owner = match owner {
                Expr::Subscript(subscript) => {
                    match &*subscript.slice {
                        Expr::StringLiteral(key) => path.push(key.value.to_str().to_owned()),
                        // What is below an index is not a key of the value itself.
                        _ => path.clear(),
                    }
                    &subscript.value
                }
                Expr::Attribute(attribute) => {
                    path.push(attribute.attr.as_str().to_owned());
                    &attribute.value
                }
                _ => break,
            };
        }
        if path.is_empty() {
            return;
        }
        path.reverse();
        let call = match owner {
            Expr::Call(call) => Some(call),
            Expr::Name(name) => self.only_call(name.id.as_str()),
            _ => None,
        };
        let Some(call) = call else { return };
        // A method of the result is not a field of it.
        let is_attribute = matches!(expr, Expr::Attribute(_));
        let looks_up_connection = self.evaluator.values(&call.func, self.at).options.iter().any(
            |callee| matches!(callee, Value::Path(path) if airflow::lookup(path) == Some(Lookup::Connection)),
        );
        if looks_up_connection {
            if is_attribute && !is_connection_field(&path[0]) {
                return;
            }
        } else if expr.is_attribute_expr() || path.is_empty() {
            return;
        }
        self.fields.push((call.range(), path));
    }

    /// The call that a name is assigned, if that is all it is bound to.
    pub(super) fn only_call(&self, name: &str) -> Option<&'a ast::ExprCall> {
        let mut scope = Some(self.at.scope);
        while let Some(id) = scope {
            let here = &self.module.scopes.all[id];
            match here.bindings.get(name).map(Vec::as_slice) {
                Some(
                    [
                        Binding::Assigned {
                            expr: Expr::Call(call),
                            each: false,
                            path,
                        },
                    ],
                ) if path.is_empty() => {
                    return Some(call);
                }
                Some(_) => return None,
                None => scope = here.parent,
            }
        }
        None
    }
}

/// `Variable.get(…)`.
fn short(path: &str) -> String {
    let parts: Vec<&str> = path.rsplitn(3, '.').take(2).collect();
    let parts: Vec<&str> = parts.into_iter().rev().collect();
    format!("{}(…)", parts.join(".").replace("()", ""))
}

/// The fields of Airflow's `Connection`.
fn is_connection_field(name: &str) -> bool {
    matches!(
        name,
        "conn_type"
            | "host"
            | "login"
            | "password"
            | "schema"
            | "port"
            | "description"
            | "extra"
            | "extra_dejson"
    )
}
