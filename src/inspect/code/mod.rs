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
mod lookups;
mod members;
mod names;
mod operators;
mod parameters;
mod parse_time;
mod project;
mod report;
mod results;
mod scope;
mod template;
mod template_values;
mod text;
mod text_expr;
mod value;

use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ModModule, PySourceType};
use ruff_python_parser::Parsed;
use ruff_text_size::Ranged;

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
/// An expression of more tokens than this, one in the other, is not followed.
const DEEP_TOKENS: u32 = 10_000;

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
    let mut files_named = HashSet::new();
    for (result, named) in results {
        found.uses.extend(result.uses);
        found.unknown.extend(result.unknown);
        files_named.extend(named);
    }
    for result in in_parallel(&templates, |source| template_names(source, &files_named)) {
        found.uses.extend(result.uses);
        found.unknown.extend(result.unknown);
        found.unreadable.extend(result.unreadable);
    }
    sorted(found)
}

fn by_function(calls: Vec<Calls<'_>>) -> HashMap<value::Definition, Vec<project::CallSite<'_>>> {
    let mut all: HashMap<_, Vec<_>> = HashMap::new();
    for (function, call) in calls.into_iter().flat_map(|calls| calls.calls) {
        all.entry(function).or_default().push(call);
    }
    all
}

/// Parses a Python file.
fn parse(source: &Source) -> Result<(String, Parsed<ModModule>), Unreadable> {
    let bytes = source.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&source.text);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) => {
            let place = text::place_in_bytes(&source.path, bytes, error.valid_up_to());
            return Err(Unreadable {
                place,
                reason: "not UTF-8".to_owned(),
            });
        }
    };
    let tree = ruff_python_parser::parse_unchecked_source(&text, PySourceType::Python);
    let (offset, reason) = if let Some(offset) = too_deep(&tree) {
        // Even to drop it would take more stack than there is.
        std::mem::forget(tree);
        (offset, "nested too deeply".to_owned())
    } else if let Some(error) = tree.errors().first() {
        (error.location.start().to_usize(), error.error.to_string())
    } else {
        return Ok((text, tree));
    };
    Err(Unreadable {
        place: text::Lines::new(&source.path, &text).place(offset),
        reason,
    })
}

/// Where a tree may be nested more deeply than it can be walked. Each token may be a level, but after a comma the next
/// expression starts at the level of the one before.
fn too_deep(tree: &Parsed<ModModule>) -> Option<usize> {
    let (mut depth, mut outer) = (0_u32, Vec::new());
    for token in tree.tokens() {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => outer.push(depth),
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth = outer.pop().unwrap_or(0),
            TokenKind::Comma => depth = outer.last().copied().unwrap_or(0),
            TokenKind::Newline if outer.is_empty() => depth = 0,
            _ => {}
        }
        depth += 1;
        if depth > DEEP_TOKENS {
            return Some(token.range().start().to_usize());
        }
    }
    None
}

/// The names in a template file. `named` are the last parts of the paths that Python code names.
fn template_names(source: &Source, named: &HashSet<&str>) -> CodeNames {
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
            None => found.unknown.push(report::unknown_in_template(used.kind, place)),
        }
    }
    // Text that only looks like a template, such as a shell script's `${#list[@]}`, is one only if it is used as one.
    let own_name = source.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_used = named.contains(own_name) || text.contains("var.") || text.contains("conn.");
    if let Some((offset, reason)) = parsed.error.filter(|_| is_used) {
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
