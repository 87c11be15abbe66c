//! The error of backend kwargs that are no JSON object: where they stand, what is wrong, and the way out.
//!
//! Owns the place, which is a variable, an option, a file or a command, and a line of it. What is wrong is found by
//! `kwargs_text`. Shows no part of the kwargs.

use super::kwargs_text::diagnose;
use super::kwargs_words::Stand;
use super::lookup::Configuration;
use super::origin::Source;
use crate::env::Origin;
use crate::error::Error;
use crate::python::json;
use crate::shown::shown;

/// The hint where nothing is recognised.
const OBJECT: &str = r#"backend kwargs are one JSON object, such as {"url": "https://vault.example.com"}"#;

/// The hint where a `$NAME` that Airflow replaces may be what broke the JSON.
const REPLACED: &str =
    "a kwarg with a `$` can stand in `AIRFLOW__SECRETS__BACKEND_KWARG__<KEY>`, where nothing is replaced";

/// Makes the error of `text`. `cause` is why it is no JSON; without one it is JSON, and no object. `file` is what `@FILE` names.
pub(super) fn not_an_object(
    text: &str,
    cause: Option<json::Error>,
    source: &Source,
    file: Option<&str>,
    configuration: &Configuration<'_>,
) -> Error {
    let (place, stand) = place(source, file);
    let not = if cause.is_some() {
        "not JSON"
    } else {
        "not a JSON object"
    };
    let diagnosis = diagnose(text, stand);
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
        // The value that was put in can be at fault.
        Some(diagnosis) if !references.is_empty() && !diagnosis.is_about_quotes => REPLACED,
        Some(diagnosis) => diagnosis.remedy,
        None if !references.is_empty() => REPLACED,
        None => OBJECT,
    })
}

/// Names where the kwargs stand.
fn place(source: &Source, file: Option<&str>) -> (String, Stand) {
    if let Some(file) = file {
        return (format!("{file}, which {source} names,"), Stand::File);
    }
    let is_command = match source {
        Source::Variable { name, .. } => name.ends_with("_CMD"),
        Source::Config { option, .. } => option.ends_with("_cmd"),
        _ => false,
    };
    if is_command {
        return (format!("what the command of {source} prints"), Stand::File);
    }
    let stand = match source {
        Source::Variable {
            origin: Origin::File(..),
            ..
        } => Stand::EnvFile,
        Source::Config { .. } => Stand::Config,
        _ => Stand::Shell,
    };
    (source.to_string(), stand)
}
