//! Finds the connections and variables that Python files and templates use.
//!
//! Nothing is run and nothing is read: sources are handed in. Python is parsed by ruff's parser, templates by minijinja's. In
//! three rounds, each on all of the machine's processors: every file is parsed and its names are bound (`scope`), the calls of
//! the sources' own functions are found (`parse_time`), and every use is reported (`find`). What an expression can be is
//! answered by `evaluate`: it follows constants, not the order in which code runs, so a name can be all it is bound to.

mod airflow;
mod builtin;
mod class_defaults;
mod evaluate;
mod find;
mod operators;
mod parse_time;
mod project;
mod scope;
mod template;
mod text;
mod text_expr;
mod value;

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ruff_python_ast::ModModule;
use ruff_python_parser::Parsed;

use crate::inspect::{CodeNames, NameUse, Origin, Unreadable};

use evaluate::Evaluator;
use parse_time::{Calls, ParseTime};
use project::{Module, Project};

/// A file: Python if its name ends in `.py`, else a template.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path, relative to the folder that was named, with `/` or the system's separator.
    pub path: Arc<str>,
    /// What is in it.
    pub text: Vec<u8>,
}

/// The stack of each thread: syntax trees are walked by recursion.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// Finds the connections and variables that the sources use.
///
/// The uses are ordered by file, line and column. A file that cannot be parsed is reported and does not stop the others. A use
/// whose name is not known without running the code is reported as unknown.
#[must_use]
pub fn names(sources: &[Source]) -> CodeNames {
    let (python, templates): (Vec<&Source>, Vec<&Source>) =
        sources.iter().partition(|source| source.path.ends_with(".py"));
    let mut found = CodeNames::default();

    let parsed = in_parallel(&python, |source| parse(source));
    let mut readable = Vec::new();
    for (source, result) in python.iter().zip(&parsed) {
        match result {
            Ok((text, tree)) => readable.push((&source.path, text.as_str(), tree)),
            Err(unreadable) => found.unreadable.push(unreadable.clone()),
        }
    }
    let modules = in_parallel(&readable, |(path, text, tree)| {
        Module::new(path, text, tree.suite())
    });
    let mut project = Project::new(modules);

    let indexes: Vec<usize> = (0..project.modules.len()).collect();
    let calls = in_parallel(&indexes, |index| {
        parse_time::calls(&Evaluator::new(&project), *index)
    });
    let dags: Vec<_> = calls
        .iter()
        .flat_map(|calls| calls.dags.iter().copied())
        .collect();
    project.calls = by_function(calls);
    let parse_time = ParseTime::new(&project, dags.into_iter());

    let results = in_parallel(&indexes, |index| {
        find::names(&Evaluator::new(&project), *index, &parse_time)
    });
    for result in results {
        found.uses.extend(result.uses);
        found.unknown.extend(result.unknown);
    }
    for result in in_parallel(&templates, |source| template_names(source)) {
        found.uses.extend(result.uses);
        found.unknown.extend(result.unknown);
        found.unreadable.extend(result.unreadable);
    }
    sorted(found)
}

fn by_function(
    calls: Vec<Calls<'_>>,
) -> std::collections::HashMap<value::Definition, Vec<project::CallSite<'_>>> {
    let mut all: std::collections::HashMap<_, Vec<_>> = std::collections::HashMap::new();
    for (function, call) in calls.into_iter().flat_map(|calls| calls.calls) {
        all.entry(function).or_default().push(call);
    }
    all
}

/// Parses a Python file.
fn parse(source: &Source) -> Result<(String, Parsed<ModModule>), Unreadable> {
    let text = match std::str::from_utf8(&source.text) {
        Ok(text) => text.to_owned(),
        Err(error) => {
            let place = text::place_in_bytes(&source.path, &source.text, error.valid_up_to());
            return Err(Unreadable {
                place,
                reason: "not UTF-8".to_owned(),
            });
        }
    };
    match ruff_python_parser::parse_module(&text) {
        Ok(tree) => Ok((text, tree)),
        Err(error) => {
            let place = text::Lines::new(&source.path, &text).place(error.location.start().to_usize());
            Err(Unreadable {
                place,
                reason: error.error.to_string(),
            })
        }
    }
}

/// The names in a template file.
fn template_names(source: &Source) -> CodeNames {
    let mut found = CodeNames::default();
    let text = String::from_utf8_lossy(&source.text);
    if !template::is_template(&text) {
        return found;
    }
    let lines = text::Lines::new(&source.path, &text);
    let parsed = template::parse(&text);
    for used in parsed.uses {
        let place = lines.place(used.offset);
        match used.name {
            Some(name) => found.uses.push(NameUse {
                kind: used.kind,
                name,
                place,
                origin: Origin::Template,
                has_default: used.has_default,
                as_json: used.as_json,
                fields: if used.fields.is_empty() {
                    Vec::new()
                } else {
                    vec![used.fields]
                },
                at_parse_time: false,
            }),
            None => found.unknown.push(find::unknown_in_template(used.kind, place)),
        }
    }
    if let Some((offset, reason)) = parsed.error {
        found.unreadable.push(Unreadable {
            place: lines.place(offset),
            reason,
        });
    }
    found
}

/// Orders by place, and says everything once.
fn sorted(mut found: CodeNames) -> CodeNames {
    found.uses.sort_by(|left, right| {
        (&left.place, left.kind, &left.name).cmp(&(&right.place, right.kind, &right.name))
    });
    found.uses.dedup();
    found.unknown.sort_by(|left, right| {
        (&left.place, left.kind, &left.what).cmp(&(&right.place, right.kind, &right.what))
    });
    found.unknown.dedup();
    found
        .unreadable
        .sort_by(|left, right| left.place.cmp(&right.place));
    found
}

/// What becomes of each item, in their order, on all processors.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(items.len());
    let next = AtomicUsize::new(0);
    let run = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return results;
            };
            results.push((index, work(item)));
        }
    };
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let start = |_| {
            std::thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, run)
        };
        let handles: Vec<_> = (0..threads).map(start).collect();
        handles
            .into_iter()
            .flat_map(|handle| handle.expect("a thread can start").join().expect("no panic"))
            .collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests;
