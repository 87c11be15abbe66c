//! The Python modules among the sources, and how they import each other.
//!
//! A module is found by any end of its path: `dags/common/names.py` is `common.names` as well as `dags.common.names`, because
//! which folder is on Python's path is not known. Of several, the one nearest to the importing file is taken.

use std::collections::HashMap;
use std::sync::Arc;

use ruff_python_ast::{self as ast, Stmt};

use super::scope::Scopes;
use super::text::Lines;
use super::value::Definition;

/// One Python module.
#[derive(Debug)]
pub(super) struct Module<'a> {
    pub(super) body: &'a [Stmt],
    pub(super) text: &'a str,
    pub(super) lines: Lines<'a>,
    pub(super) scopes: Scopes<'a>,
    /// The parts of its path: `["dags", "common", "names"]`.
    parts: Vec<&'a str>,
    /// Whether it is a package's `__init__.py`.
    is_package: bool,
}

impl<'a> Module<'a> {
    pub(super) fn new(path: &'a Arc<str>, text: &'a str, body: &'a [Stmt]) -> Self {
        let stem = path.strip_suffix(".py").unwrap_or(path);
        let mut parts: Vec<&str> = stem
            .split(['/', '\\'])
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        let is_package = parts.last() == Some(&"__init__");
        if is_package {
            parts.pop();
        }
        Self {
            body,
            text,
            lines: Lines::new(path, text),
            scopes: Scopes::new(body),
            parts,
            is_package,
        }
    }
}

/// A call whose callee is a function or class of the sources.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallSite<'a> {
    /// The module and scope of the call.
    pub(super) caller: Definition,
    pub(super) arguments: Arguments<'a>,
    /// How many parameters are filled before the arguments: `self`.
    pub(super) filled: usize,
    /// Whether other calls give the rest: `partial` and `expand`.
    pub(super) is_partial: bool,
    /// Whether each argument is a list of what is given: `expand`.
    pub(super) each: bool,
    /// Whether this call runs the function's body.
    pub(super) runs: bool,
}

/// The arguments of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arguments<'a> {
    Call(&'a ast::Arguments),
    /// `op_args` and `op_kwargs` of an operator with a `python_callable`.
    Operator {
        positional: Option<&'a ast::Expr>,
        keywords: Option<&'a ast::Expr>,
    },
}

impl CallSite<'_> {
    /// Whether the call surely gives a parameter.
    pub(super) fn gives(&self, index: usize, name: &str) -> bool {
        let Arguments::Call(arguments) = self.arguments else {
            return false;
        };
        let position = index.checked_sub(self.filled);
        let positional = arguments
            .args
            .iter()
            .take_while(|argument| !argument.is_starred_expr())
            .count();
        arguments.find_keyword(name).is_some() || position.is_some_and(|position| position < positional)
    }
}

/// All modules.
#[derive(Debug, Default)]
pub(super) struct Project<'a> {
    pub(super) modules: Vec<Module<'a>>,
    /// The modules by the last part of their paths.
    by_last: HashMap<&'a str, Vec<usize>>,
    /// The calls of each function. Empty until they are found.
    pub(super) calls: HashMap<Definition, Vec<CallSite<'a>>>,
}

impl<'a> Project<'a> {
    pub(super) fn new(modules: Vec<Module<'a>>) -> Self {
        let mut by_last: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, module) in modules.iter().enumerate() {
            if let Some(last) = module.parts.last() {
                by_last.entry(last).or_default().push(index);
            }
        }
        Self {
            modules,
            by_last,
            calls: HashMap::new(),
        }
    }

    /// The full name of an import that may be relative to the module.
    pub(super) fn absolute(&self, importer: usize, path: &str) -> String {
        let name = path.trim_start_matches('.');
        let dots = path.len() - name.len();
        if dots == 0 {
            return name.to_owned();
        }
        let module = &self.modules[importer];
        let up = if module.is_package { dots - 1 } else { dots };
        let kept = module.parts.len().saturating_sub(up);
        let mut parts = module.parts[..kept].to_vec();
        parts.extend(name.split('.').filter(|part| !part.is_empty()));
        parts.join(".")
    }

    /// The module of this full name.
    pub(super) fn module(&self, importer: usize, name: &str) -> Option<usize> {
        // A name of Airflow's own is never a file of the same name.
        if name == "airflow" || name.starts_with("airflow.") {
            return None;
        }
        let last = name.rsplit('.').next()?;
        let near = &self.modules[importer].parts;
        let ends = |index: &usize| {
            let mut own = self.modules[*index].parts.iter().rev();
            *index != importer && name.rsplit('.').all(|part| own.next() == Some(&part))
        };
        let shared = |index: &usize| {
            let own = &self.modules[*index].parts;
            let common = own
                .iter()
                .zip(near)
                .take_while(|(left, right)| left == right)
                .count();
            (common, std::cmp::Reverse(own.len()), std::cmp::Reverse(*index))
        };
        self.by_last
            .get(last)?
            .iter()
            .copied()
            .filter(ends)
            .max_by_key(shared)
    }

    /// The module of this name in a package.
    pub(super) fn submodule(&self, package: usize, name: &str) -> Option<usize> {
        let wanted = &self.modules[package].parts;
        let is_it = |index: &usize| {
            let parts = &self.modules[*index].parts;
            parts.len() == wanted.len() + 1 && parts.starts_with(wanted)
        };
        self.by_last.get(name)?.iter().copied().find(is_it)
    }
}
