//! The error of backend kwargs that are not a JSON object: their place, what is wrong, and what to do.
//!
//! Owns the place: a variable, an option, a file or a command, and the line. `kwargs_text` finds what is wrong. Shows no part of the
//! kwargs.

use super::kwargs_text::diagnose;
use super::kwargs_words::WrittenIn;
use super::lookup::Configuration;
use super::origin::Source;
use crate::env::Origin;
use crate::error::Error;
use crate::python::json;
use crate::shown::shown;

/// The hint if no mistake is recognised.
const OBJECT: &str = r#"backend kwargs are one JSON object, such as {"url": "https://vault.example.com"}"#;

/// The hint if a `$NAME` that Airflow replaces may have broken the JSON.
const REPLACED: &str =
    "set a kwarg that contains `$` in `AIRFLOW__SECRETS__BACKEND_KWARG__<KEY>`, where nothing is replaced";

/// Returns the error of `text`. `cause` says why it is not JSON; `None` means JSON that is not an object. `file` is the file of `@FILE`.
pub(super) fn not_an_object(
    text: &str,
    cause: Option<json::Error>,
    source: &Source,
    file: Option<&str>,
    configuration: &Configuration<'_>,
) -> Error {
    let (place, written_in) = place(source, file);
    let not = if cause.is_some() {
        "not JSON"
    } else {
        "not a JSON object"
    };
    let diagnosis = diagnose(text, written_in);
    let mut error = Error::usage(match &diagnosis {
        Some(diagnosis) => format!("{place} is {not}: {}", diagnosis.what),
        None => format!("{place} is {not}"),
    });
    let line_of_file = |line| configuration.line_within(source, line);
    if let Some(cause) = cause {
        if let (Source::Config { file, .. }, Some(line)) = (source, line_of_file(cause.line()))
            && cause.line() > 1
        {
            let (of_value, file) = (cause.line(), shown(&file.to_string_lossy()));
            error = error.with_detail(format!("line {of_value} of the value is line {line} of `{file}`"));
        }
        error = error.with_source(cause);
    }
    for (line, column, what) in diagnosis.iter().flat_map(|diagnosis| &diagnosis.also) {
        error = error.with_detail(match line {
            0 => format!("also: {what}"),
            _ => format!("also, at line {line} column {column}: {what}"),
        });
    }
    let references = configuration.provenance.expanded_in(source);
    if !references.is_empty() {
        let references = shown(&references.join("`, `"));
        error = error.with_detail(format!("`{references}` in it was replaced, as Airflow does"));
    }
    error.with_hint(match diagnosis {
        // The inserted value may be at fault.
        Some(diagnosis) if !references.is_empty() && !diagnosis.is_about_quotes => REPLACED,
        Some(diagnosis) => diagnosis.remedy,
        None if !references.is_empty() => REPLACED,
        None => OBJECT,
    })
}

/// Returns the place of the kwargs, for people and for the choice of a remedy.
fn place(source: &Source, file: Option<&str>) -> (String, WrittenIn) {
    if let Some(file) = file {
        return (format!("{file}, which {source} names,"), WrittenIn::File);
    }
    let is_command = match source {
        Source::Variable { name, .. } => name.ends_with("_CMD"),
        Source::Config { option, .. } => option.ends_with("_cmd"),
        _ => false,
    };
    if is_command {
        return (format!("the output of the command in {source}"), WrittenIn::File);
    }
    let written_in = match source {
        Source::Variable {
            origin: Origin::File(..),
            ..
        } => WrittenIn::EnvFile,
        Source::Config { .. } => WrittenIn::Config,
        _ => WrittenIn::Shell,
    };
    (source.to_string(), written_in)
}
