//! What an attribute is: of a module, a class, its bases, an instance.

use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr};

use super::evaluate::{At, Evaluator};
use super::scope::{ScopeId, ScopeKind};
use super::value::{Definition, Value, Values};

/// A base class further away than this is not looked at.
const BASES: u32 = 8;

impl<'a> Evaluator<'_, 'a> {
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
    pub(super) fn import_below(&self, path: &str, name: &str) -> Values {
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
    pub(super) fn member(
        &self,
        class: Definition,
        name: &str,
        is_instance: bool,
        bases: u32,
    ) -> Option<Values> {
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

    pub(super) fn instance_attribute(
        &self,
        class: Definition,
        method: ScopeId,
        name: &str,
        expr: &'a Expr,
    ) -> Values {
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
    pub(super) fn is_bound(&self, function: Definition, is_instance: bool) -> bool {
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
    pub(super) fn super_instance(&self, at: At) -> Option<Values> {
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
}

/// Whether a decorator is this name, called or not, in whatever module.
pub(super) fn is_named(decorator: &Expr, name: &str) -> bool {
    match decorator {
        Expr::Name(own) => own.id.as_str() == name,
        Expr::Attribute(attribute) => attribute.attr.as_str() == name,
        Expr::Call(call) => is_named(&call.func, name),
        _ => false,
    }
}

/// Whether a method has no `self`.
pub(super) fn is_static(function: &ast::StmtFunctionDef) -> bool {
    function
        .decorator_list
        .iter()
        .any(|decorator| is_named(&decorator.expression, "staticmethod"))
}
