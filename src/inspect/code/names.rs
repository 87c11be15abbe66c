//! What a name is bound to: Python's scopes, imports, and the modules of the sources.

use std::rc::Rc;

use super::builtin;
use super::evaluate::{At, DEEP, Evaluator};
use super::scope::{Binding, ScopeKind};
use super::value::{Definition, Value, Values};

impl<'a> Evaluator<'_, 'a> {
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
    pub(super) fn export(&self, module: usize, name: &str) -> Option<Values> {
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

    pub(super) fn bound(&self, name: &'a str, bindings: &[Binding<'a>], at: At) -> Values {
        let key = (at, name);
        // Inside of a call, a function's names depend on its arguments; a module's names do not.
        let is_lasting = at.scope == 0 || self.within.borrow().is_empty();
        if is_lasting && let Some(values) = self.known.borrow().get(&key) {
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
        if is_lasting && (!self.cut.get() || self.open.borrow().is_empty()) {
            self.known.borrow_mut().insert(key, all.clone());
        }
        self.cut.set(cut_before || self.cut.get());
        all
    }

    pub(super) fn binding(&self, binding: &Binding<'a>, at: At) -> Values {
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
    pub(super) fn import(&self, path: &str, importer: usize) -> Values {
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
}
