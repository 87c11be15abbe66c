//! Renders a template in Airflow's notation: Jinja, with `conn` and `var`.
//!
//! Pure: the text and the values are handed in, nothing is read, asked or written. The parser is minijinja's. Evaluation is here,
//! because the result must be what a task of Airflow renders: Python's types, operators and texts, and Jinja's `StrictUndefined`.
//! minijinja's own engine orders any two values, prints `none` and joins numbers to text, all without an error.
//!
//! A value is looked up when an expression needs it. A pass that needs a name that was not asked for yet returns it with all others,
//! and the caller renders again when it has them.
//!
//! Source: airflow 3.3.2, `airflow/sdk/definitions/_internal/templater.py`; jinja2 3.1.6.

mod arguments;
mod attributes;
mod compare;
mod engine;
mod format;
mod html;
mod methods;
mod operators;
mod problem;
mod sequences;
mod source;
mod strings;
mod text_of;
mod value;

use std::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::value::Found;

use engine::Engine;
use problem::{Problem, Stop};
pub use value::Name;

/// The stack of the thread that renders: the tree of a template is walked by recursion.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// What is known of a name.
#[derive(Clone, Copy)]
pub enum Answer<'a> {
    /// Its value.
    Found(&'a Found),
    /// Why there is none: it is missing, or the lookup failed.
    Failed(&'a Error),
    /// Nothing yet.
    NotAsked,
}

/// The values for a template.
pub trait Names: Sync {
    /// Returns what is known of a name.
    fn answer(&self, name: &Name) -> Answer<'_>;

    /// Returns a connection that was found in a format of `--as`.
    ///
    /// # Errors
    /// A format that does not exist or does not fit the connection.
    fn formatted(&self, conn_id: &str, format: &str) -> Result<Secret>;

    /// Whether the printed values are needed, for masks.
    fn keeps_printed(&self) -> bool;
}

/// What became of a pass over a template.
pub enum Rendered {
    /// The text, and each value that was printed in it.
    Text {
        /// The text, without a newline at its end.
        text: Secret,
        /// What expressions printed, in their order.
        printed: Vec<Secret>,
    },
    /// The names that it needs and that were not asked for yet.
    Needs(Vec<Name>),
}

/// Renders `template`, which `file` names in errors, until `deadline`.
///
/// # Errors
/// With the file, line and column: a template that is not one, something undefined, an operation that Python does not have (status 2);
/// a name that is missing (3) or whose lookup failed; a value that is malformed (6).
pub fn render(file: &str, template: &[u8], names: &dyn Names, deadline: Instant) -> Result<Rendered> {
    let text = std::str::from_utf8(template).map_err(|error| {
        let line = template[..error.valid_up_to()]
            .split(|byte| *byte == b'\n')
            .count();
        Error::usage(format!("`{file}` is not UTF-8")).with_detail(format!("line {line}"))
    })?;
    let text = source::normalized(text);
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || pass(file, &text, names, deadline))
            .map_err(|source| Error::internal("a thread cannot be started").with_source(source))?
            .join()
            .map_err(|_| Error::internal("the thread that renders ended"))?
    })
}

fn pass(file: &str, text: &str, names: &dyn Names, deadline: Instant) -> Result<Rendered> {
    let failed = |problem: Problem| located(file, text, problem);
    let tree = source::parse(text).map_err(failed)?;
    let engine = Engine::new(text, names, deadline);
    let mut out = zeroize::Zeroizing::new(String::with_capacity(text.len()));
    let result = engine.template(&tree, &mut out);
    let missing = engine.missing.take();
    let pending = engine.pending.take();
    match result {
        // What follows a name that is not there may have failed because of it.
        Err(Stop::Problem(problem)) if pending.is_empty() && (missing.is_empty() || is_lookup(&problem)) => {
            return Err(failed(*problem));
        }
        _ => {}
    }
    if !pending.is_empty() {
        return Ok(Rendered::Needs(pending));
    }
    if !missing.is_empty() {
        return Err(all_missing(file, text, missing));
    }
    Ok(Rendered::Text {
        text: Secret::new(std::mem::take(&mut *out).into_bytes()),
        printed: engine.printed.take(),
    })
}

/// Whether a lookup failed, or found a value that is malformed, which does not depend on other names.
fn is_lookup(problem: &Problem) -> bool {
    !matches!(problem.error.kind(), ErrorKind::Usage)
}

/// Adds the place in the template to an error.
fn located(file: &str, text: &str, problem: Problem) -> Error {
    match problem.offset {
        Some(offset) => {
            let (line, column) = source::place(text, offset);
            problem.error.with_detail(format!("{file}:{line}:{column}"))
        }
        None => problem.error.with_detail(file.to_owned()),
    }
}

/// Makes one error of all names that are missing.
fn all_missing(file: &str, text: &str, mut missing: Vec<Problem>) -> Error {
    let mut seen = std::collections::HashSet::new();
    missing.retain(|problem| seen.insert((problem.error.message().to_owned(), problem.offset)));
    if missing.len() == 1 {
        return located(file, text, missing.remove(0));
    }
    let mut error = Error::not_found(format!("`{file}` needs what was not found"));
    for problem in missing {
        let place = problem.offset.map(|offset| source::place(text, offset));
        let (line, column) = place.unwrap_or((1, 1));
        error = error.with_detail(format!("{file}:{line}:{column}: {}", problem.error.message()));
    }
    error
}
