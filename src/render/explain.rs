//! The steps of `explain`, for people and as JSON.
//!
//! Owns the words for an outcome. Shows names, files and lines; never a value.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::terminal::printable;
use crate::airflow_option::StepOutcome;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Answer, SecretKind, Step};

/// A step of a backend, and its outcome.
#[derive(Debug)]
pub struct Row<'a> {
    /// The backend's class path in Airflow.
    pub backend: &'a str,
    /// Where the backend looks, for people.
    pub place: &'a str,
    /// The step.
    pub step: &'a Step,
    /// The answer or the error; `None` if the backend was not asked.
    pub outcome: Option<&'a Result<Answer>>,
    /// How long it took.
    pub took: Duration,
}

/// A place that was looked at for an option of Airflow's configuration.
#[derive(Debug)]
pub struct OptionRow<'a> {
    /// The place.
    pub place: &'a str,
    /// Whether it is the name that the option had in older versions of Airflow.
    pub is_former: bool,
    /// What was there.
    pub outcome: &'a StepOutcome,
    /// The failure that ended the lookup here.
    pub failure: Option<&'a Error>,
}

/// Returns `{"kind","name","lookups":[{"location","former","outcome",…}]}` of an option on one line.
#[must_use]
pub fn option_json(name: &str, rows: &[OptionRow<'_>]) -> String {
    let lookups: Vec<Value> = rows
        .iter()
        .map(|row| {
            let (outcome, reason) = option_outcome(row);
            let mut lookup = json!({"location": row.place, "former": row.is_former, "outcome": outcome});
            if let Some(reason) = reason {
                lookup["reason"] = reason.into();
            }
            lookup
        })
        .collect();
    json!({"kind": "config", "name": name, "lookups": lookups}).to_string()
}

/// Returns the places of an option for people, and what configures the search path, without a final newline.
#[must_use]
pub fn option_text(name: &str, rows: &[OptionRow<'_>], configured_by: &[String]) -> String {
    let mut text = format!("Airflow looks for option `{}` in this order:", printable(name));
    for (index, row) in rows.iter().enumerate() {
        let former = if row.is_former { " (its former name)" } else { "" };
        let (outcome, reason) = option_outcome(row);
        let place = printable(row.place);
        let _ = write!(text, "\n  {}. {place}{former}\n     {outcome}", index + 1);
        if let Some(reason) = reason {
            let _ = write!(text, ": {}", printable(&reason));
        }
    }
    text.push_str("\nConfigured by:");
    for line in configured_by {
        let _ = write!(text, "\n  {}", printable(line));
    }
    text
}

fn option_outcome(row: &OptionRow<'_>) -> (&'static str, Option<String>) {
    let failure = row.failure.map(message);
    match row.outcome {
        StepOutcome::NotSet => ("not set", failure),
        StepOutcome::Ignored(why) => ("ignored", Some((*why).to_owned())),
        StepOutcome::Found => ("found", failure),
        StepOutcome::Empty => ("empty", Some("so the next place is looked at".to_owned())),
        StepOutcome::NotRun => ("not run", Some("a command prints the value".to_owned())),
        StepOutcome::NotAsked => (
            "not asked",
            Some("the secrets backend has the value under a key".to_owned()),
        ),
        StepOutcome::NotInBackend => (
            "not found",
            Some("the secrets backend does not have the key".to_owned()),
        ),
        StepOutcome::Failed(kind) => (kind_word(*kind), failure),
    }
}

/// Returns `{"kind","name","lookups":[{"backend","location",…}]}` on one line.
#[must_use]
pub fn json(kind: &str, name: &str, steps: &[Row<'_>]) -> String {
    let lookups: Vec<Value> = steps.iter().map(lookup).collect();
    json!({"kind": kind, "name": name, "lookups": lookups}).to_string()
}

fn lookup(row: &Row<'_>) -> Value {
    let mut lookup = Map::new();
    let mut put = |key: &str, value: Value| lookup.insert(key.to_owned(), value);
    put("backend", row.backend.into());
    put("location", location(row).into());
    for (key, value) in row.step.location.fields() {
        put(key, value);
    }
    if let Some(why) = &row.step.skipped {
        put("skipped", why.as_str().into());
    }
    if let Some(outcome) = row.outcome {
        put("outcome", word(outcome).into());
        if let Some(reason) = reason(row, outcome) {
            put("reason", reason.into());
        }
        put(
            "milliseconds",
            u64::try_from(row.took.as_millis()).unwrap_or(u64::MAX).into(),
        );
    }
    Value::Object(lookup)
}

/// Returns the steps for people, and what configures them, without a final newline. `backend` says whether a secrets backend is
/// configured.
#[must_use]
pub fn text(
    kind: SecretKind,
    name: &str,
    steps: &[Row<'_>],
    backend: bool,
    configured_by: &[String],
) -> String {
    let name = printable(name);
    let mut text = match (steps, backend) {
        ([], false) if kind == SecretKind::Config => format!(
            "Airflow has nowhere to look for {kind} `{name}`: no secrets backend is configured, and only a secrets backend holds options"
        ),
        ([], _) => {
            format!(
                "Airflow has nowhere to look for {kind} `{name}`: the configured secrets backend does not provide any"
            )
        }
        _ => format!("Airflow looks for {kind} `{name}` in this order:"),
    };
    for (index, row) in steps.iter().enumerate() {
        let _ = write!(text, "\n  {}. {}", index + 1, printable(&location(row)));
        if let Some(why) = &row.step.skipped {
            let _ = write!(text, "\n     skipped: {}", printable(why));
        }
        if let Some(outcome) = row.outcome {
            let _ = write!(text, "\n     {} ({} ms)", word(outcome), row.took.as_millis());
            if let Some(reason) = reason(row, outcome) {
                let _ = write!(text, ": {}", printable(&reason));
            }
        }
    }
    text.push_str("\nConfigured by:");
    for line in configured_by {
        let _ = write!(text, "\n  {}", printable(line));
    }
    text
}

/// Returns where a step looks, for people.
fn location(row: &Row<'_>) -> String {
    row.step.location.sentence(row.place)
}

/// Returns the outcome in a word or two.
fn word(outcome: &Result<Answer>) -> &'static str {
    match outcome {
        Ok(Answer::Found(_)) => "found",
        Ok(Answer::Absent { .. } | Answer::Null) => "not found",
        Err(error) => kind_word(error.kind()),
    }
}

fn kind_word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not found",
        ErrorKind::Denied => "denied",
        ErrorKind::Unavailable => "unreachable",
        ErrorKind::Malformed => "malformed",
        _ => "failed",
    }
}

/// Returns the details of an outcome.
fn reason(row: &Row<'_>, outcome: &Result<Answer>) -> Option<String> {
    match outcome {
        Ok(Answer::Found(_)) => None,
        Ok(Answer::Absent { hint }) => hint.clone(),
        Ok(Answer::Null) => Some(format!("it exists, but {}", row.step.location.null().words)),
        Err(error) => Some(message(error)),
    }
}

/// Returns an error and its causes on one line.
fn message(error: &Error) -> String {
    let mut text = error.message().to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
