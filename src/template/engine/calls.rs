//! Calls: macros, methods, `loop` and Jinja's functions.
//!
//! Source: jinja2 3.1.6, `jinja2/runtime.py` (`Macro`, `LoopContext`), `jinja2/utils.py`, `jinja2/sandbox.py` (`safe_range`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use indexmap::IndexMap;
use minijinja::machinery::Span;
use minijinja::machinery::ast::{CallArg, Expr, Macro};

use super::{Engine, Scope};
use crate::secret::Secret;
use crate::shown::shown;
use crate::template::arguments::{Arguments, integer, text};
use crate::template::compare::equal;
use crate::template::methods;
use crate::template::problem::{Problem, Result};
use crate::template::value::{Dict, Key, Loop, Value, range_length};

/// jinja2's `MAX_RANGE`.
const MAX_RANGE: i128 = 100_000;

/// A macro, and the variables that it sees.
pub(super) struct MacroDefinition<'t> {
    pub(super) definition: &'t Macro<'t>,
    pub(super) span: Span,
    pub(super) scope: Rc<Scope<'t>>,
}

impl<'t> Engine<'t, '_> {
    /// Calls what an expression is; `named` are further arguments.
    pub(super) fn call(
        &self,
        callee: &'t Expr<'t>,
        arguments: &'t [CallArg<'t>],
        scope: &Rc<Scope<'t>>,
        named: Vec<(String, Value)>,
    ) -> Result<Value> {
        let callee = self.eval(callee, scope)?;
        let arguments = self.arguments(arguments, scope, named)?;
        let value = self.called(&callee, arguments)?;
        self.made(value)
    }

    fn called(&self, callee: &Value, arguments: Arguments) -> Result<Value> {
        match callee {
            Value::Undefined(what) => Err(Problem::undefined(what)),
            Value::Method(method) => self.method(&method.0, &method.1, arguments),
            Value::Macro(number) => self.macro_call(*number, arguments),
            Value::Global(name) => Self::global(name, arguments),
            Value::Loop(state) => self.recurse(state, arguments),
            Value::Joiner(joiner) => {
                arguments.none("joiner")?;
                let used = joiner.1.replace(true);
                Ok(Value::Text(if used { joiner.0.clone() } else { "".into() }))
            }
            other => Err(Problem::usage(format!(
                "a value of type {} cannot be called",
                other.type_name()
            ))),
        }
    }

    fn method(&self, owner: &Value, name: &str, arguments: Arguments) -> Result<Value> {
        match owner {
            Value::Variables { .. } | Value::Connections => self.get_or_default(owner, arguments),
            Value::Connection(connection) => match name {
                "get_uri" | "as_json" => {
                    arguments.none(name)?;
                    let text = if name == "get_uri" {
                        connection.get_uri()
                    } else {
                        connection.as_json()
                    };
                    text.map(|text: Secret| Value::text(text.expose_text().unwrap_or_default()))
                        .map_err(Problem::of)
                }
                name => Err(Problem::unsupported(format!("`{name}` of a connection"))),
            },
            Value::Loop(state) if name == "cycle" => {
                let items = arguments.positional;
                match items.len() {
                    0 => Err(Problem::usage("`loop.cycle` has nothing to cycle through")),
                    length => Ok(items[state.index0.get() % length].clone()),
                }
            }
            Value::Loop(state) => {
                let values = arguments.positional;
                let before = state.changed.borrow().clone();
                let same = match before {
                    None => false,
                    Some(before) => equal(&Value::tuple(before), &Value::tuple(values.clone()))?,
                };
                if !same {
                    state.changed.replace(Some(values));
                }
                Ok(Value::Bool(!same))
            }
            Value::Cycler(cycler) => {
                arguments.none(name)?;
                let (items, position) = &**cycler;
                if name == "reset" {
                    position.set(0);
                    return Ok(Value::None);
                }
                let current = items[position.get()].clone();
                position.set((position.get() + 1) % items.len());
                Ok(current)
            }
            other => methods::call(other, name, arguments),
        }
    }

    fn recurse(&self, state: &Rc<Loop>, arguments: Arguments) -> Result<Value> {
        let [items] = arguments.bind("loop", ["*items"], 1)?;
        let Some(number) = state.recursive else {
            return Err(Problem::usage(
                "`loop` is called, and its `for` is not `recursive`",
            ));
        };
        let Some((each, scope)) = self.loops.borrow().get(number).cloned() else {
            return Err(Problem::usage("`loop` is called after its `for`"));
        };
        self.captured_by(|out| {
            self.for_loop(each, &items.unwrap_or(Value::None), &scope, state.depth0 + 1, out)
        })
        .map(Value::Text)
    }

    fn macro_call(&self, number: usize, arguments: Arguments) -> Result<Value> {
        let Some(found) = self.macros.borrow().get(number).cloned() else {
            return Err(Problem::usage("a macro is called where it does not exist"));
        };
        let definition = found.definition;
        let scope = Scope::inside(&found.scope);
        let name = shown(definition.name);
        let uses = |word: &str| self.mentions(&found, word);
        let names: Vec<&'t str> = definition
            .args
            .iter()
            .filter_map(|argument| match argument {
                Expr::Var(var) => Some(var.id),
                _ => None,
            })
            .collect();
        let mut positional = arguments.positional.into_iter();
        let mut by_name = arguments.named;
        let without_default = names.len() - definition.defaults.len();
        for (index, argument) in names.iter().enumerate() {
            let given = positional.next().or_else(|| {
                let at = by_name.iter().position(|(other, _)| other == argument)?;
                Some(by_name.remove(at).1)
            });
            let value = match given {
                Some(value) => value,
                None => match index.checked_sub(without_default) {
                    Some(default) => self.eval(&definition.defaults[default], &scope)?,
                    None => Value::undefined(format!("the parameter `{argument}` of `{name}` was not given")),
                },
            };
            scope.set(argument, value);
        }
        if !names.contains(&"caller") && uses("caller") {
            let caller = by_name.iter().position(|(other, _)| other == "caller");
            let caller = caller.map(|at| by_name.remove(at).1);
            scope.set(
                "caller",
                caller.unwrap_or_else(|| Value::undefined(format!("`{name}` was not called by `call`"))),
            );
        }
        let rest: Vec<Value> = positional.collect();
        if uses("varargs") {
            scope.set("varargs", Value::tuple(rest));
        } else if !rest.is_empty() {
            return Err(Problem::usage(format!(
                "the macro `{name}` takes at most {} arguments",
                names.len()
            )));
        }
        if uses("kwargs") {
            let mut dict = Dict::new();
            for (name, value) in by_name {
                let name = crate::template::value::Text::from(name);
                dict.insert(Key::Text(name.clone()), (Value::Text(name), value));
            }
            scope.set("kwargs", Value::dict(dict));
        } else if let Some((other, _)) = by_name.first() {
            return Err(Problem::usage(format!(
                "the macro `{name}` has no argument named `{}`",
                shown(other)
            )));
        }
        self.captured(&definition.body, &scope).map(Value::Text)
    }

    /// Whether the text of a macro has a word, by which Jinja decides whether it takes more arguments.
    fn mentions(&self, found: &MacroDefinition<'t>, word: &str) -> bool {
        let span = found.span;
        let text = self
            .text
            .get(span.start_offset as usize..span.end_offset as usize);
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        text.unwrap_or_default()
            .split(|c| !is_word(c))
            .any(|part| part == word)
    }

    fn global(name: &str, arguments: Arguments) -> Result<Value> {
        match name {
            "range" => range(arguments),
            "dict" => methods::merged(arguments, name).map(Value::dict),
            "namespace" => {
                let mut attributes = IndexMap::new();
                for (key, value) in methods::merged(arguments, name)?.into_values() {
                    attributes.insert(text(name, &key)?.to_string(), value);
                }
                Ok(Value::Namespace(Rc::new(RefCell::new(attributes))))
            }
            "cycler" if arguments.named.is_empty() && !arguments.positional.is_empty() => {
                Ok(Value::Cycler(Rc::new((arguments.positional, Cell::new(0)))))
            }
            "joiner" => {
                let [separator] = arguments.bind(name, ["sep"], 0)?;
                let separator = separator.map_or(Ok(", ".into()), |separator| text(name, &separator))?;
                Ok(Value::Joiner(Rc::new((separator, Cell::new(false)))))
            }
            name => Err(Problem::usage(format!("`{name}` has no items"))),
        }
    }

    /// Follows a path of attributes and items, for `map`, `sort` and others.
    pub(super) fn getter(&self, item: &Value, parts: &[Value]) -> Result<Value> {
        let mut item = item.clone();
        for part in parts {
            item = self.item(&item, part, None)?;
        }
        Ok(item)
    }
}

fn range(arguments: Arguments) -> Result<Value> {
    let numbers = arguments
        .bind("range", ["*start", "*stop", "*step"], 1)?
        .into_iter()
        .flatten()
        .map(|number| integer("range", &number))
        .collect::<Result<Vec<_>>>()?;
    let (start, stop, stride) = match *numbers.as_slice() {
        [stop] => (0, stop, 1),
        [start, stop] => (start, stop, 1),
        [start, stop, stride] => (start, stop, stride),
        _ => return Err(Problem::usage("`range` takes one to three arguments")),
    };
    if stride == 0 {
        return Err(Problem::usage("`range` has the step 0"));
    }
    if range_length(start, stop, stride) > MAX_RANGE {
        return Err(Problem::usage(format!(
            "a `range` of more than {MAX_RANGE} numbers is refused, as by Airflow"
        )));
    }
    Ok(Value::Range(start, stop, stride))
}
