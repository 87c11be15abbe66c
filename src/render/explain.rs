//! `explain`'s steps, for people and as JSON.
//!
//! Owns the words of an outcome. Shows names, files and lines; never a value.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::terminal::printable;
use crate::error::{Error, ErrorKind, Result};
use crate::resolver::{PlannedStep, ProbedStep};
use crate::settings::{Note, Provenance, Source};
use crate::value::{Answer, Location, SecretKind};

/// Returns `{"kind","name","lookups":[{"backend","location",…}]}` on one line.
#[must_use]
pub fn json(kind: &str, name: &str, steps: &[ProbedStep]) -> String {
    let lookups: Vec<Value> = steps.iter().map(lookup).collect();
    json!({"kind": kind, "name": name, "lookups": lookups}).to_string()
}

fn lookup(probed: &ProbedStep) -> Value {
    let planned = &probed.planned;
    let mut lookup = Map::new();
    let mut put = |key: &str, value: Value| lookup.insert(key.to_owned(), value);
    put("backend", planned.backend.into());
    put("location", location(planned).into());
    match &planned.step.location {
        Location::AzureKeyVault {
            vault_url,
            secret_name,
        } => {
            put("vault_url", vault_url.as_str().into());
            put("secret_name", secret_name.as_str().into());
        }
        Location::Vault {
            mount_point,
            path,
            kv_engine_version,
        } => {
            put("mount_point", mount_point.as_str().into());
            put("path", path.as_str().into());
            put("kv_engine_version", (*kv_engine_version).into());
        }
        Location::Environment { variable } => {
            put("variable", variable.as_str().into());
        }
        Location::File { file } => {
            put("file", file.as_deref().into());
        }
        Location::Metastore => {}
    }
    if let Some(why) = &planned.step.skipped {
        put("skipped", why.as_str().into());
    }
    if let Some(outcome) = &probed.outcome {
        put("outcome", word(outcome).into());
        if let Some(reason) = reason(outcome) {
            put("reason", reason.into());
        }
        put(
            "milliseconds",
            u64::try_from(probed.took.as_millis()).unwrap_or(u64::MAX).into(),
        );
    }
    Value::Object(lookup)
}

/// Returns the steps for people, and what configured them, without a newline at the end.
#[must_use]
pub fn text(kind: SecretKind, name: &str, steps: &[ProbedStep], provenance: &Provenance) -> String {
    let name = printable(name);
    let mut text = match (steps, provenance.source_of("backend")) {
        ([], None) if kind == SecretKind::Config => format!(
            "Airflow looks for {kind} `{name}` nowhere: no secrets backend is configured, and it asks nobody else for an option"
        ),
        ([], _) => {
            format!("Airflow looks for {kind} `{name}` nowhere: the configured secrets backend has none")
        }
        _ => format!("Airflow looks for {kind} `{name}` in this order:"),
    };
    for (index, probed) in steps.iter().enumerate() {
        let planned = &probed.planned;
        let _ = write!(text, "\n  {}. {}", index + 1, printable(&location(planned)));
        if let Some(why) = &planned.step.skipped {
            let _ = write!(text, "\n     skipped: {}", printable(why));
        }
        if let Some(outcome) = &probed.outcome {
            let _ = write!(text, "\n     {} ({} ms)", word(outcome), probed.took.as_millis());
            if let Some(reason) = reason(outcome) {
                let _ = write!(text, ": {}", printable(&reason));
            }
        }
    }
    text.push_str("\nConfigured by:");
    match &provenance.config_file {
        Some(file) => {
            let _ = write!(
                text,
                "\n  airflow.cfg: {}",
                printable(&file.display().to_string())
            );
        }
        None => text.push_str("\n  airflow.cfg: none is read"),
    }
    for file in &provenance.env_files {
        let _ = write!(text, "\n  env file: {}", printable(&file.display().to_string()));
    }
    if !provenance
        .notes
        .iter()
        .any(|note| matches!(note, Note::Settled { setting, .. } if setting == "backend"))
    {
        text.push_str("\n  backend: none is configured");
    }
    // Of an option whose value stands on the command line there is nothing to tell.
    let is_told = |note: &&Note| !matches!(note, Note::Settled { setting, source: Source::Option(name) } if setting == name);
    for note in provenance.notes.iter().filter(is_told) {
        let _ = write!(text, "\n  {}", printable(&note.to_string()));
    }
    text
}

/// Returns where a step looks, for people.
fn location(planned: &PlannedStep) -> String {
    let place = &planned.place;
    match &planned.step.location {
        Location::AzureKeyVault { secret_name, .. } => format!("secret `{secret_name}` in {place}"),
        Location::Vault {
            mount_point,
            path,
            kv_engine_version,
        } => {
            let mount = format!("mount `{mount_point}`");
            // The place says so already, unless the mount is a part of the id.
            let mount = if place.contains(&mount) {
                String::new()
            } else {
                format!(" of {mount}")
            };
            format!("path `{path}`{mount} (KV version {kv_engine_version}) in {place}")
        }
        Location::Environment { variable } => format!("environment variable `{variable}`"),
        Location::File { file: Some(file) } => format!("file `{file}`"),
        Location::File { file: None } | Location::Metastore => place.clone(),
    }
}

/// Returns what came of asking, in a word or two.
fn word(outcome: &Result<Answer>) -> &'static str {
    match outcome {
        Ok(Answer::Found(_)) => "found",
        Ok(Answer::Absent { .. } | Answer::Null) => "not found",
        Err(error) => match error.kind() {
            ErrorKind::NotFound => "not found",
            ErrorKind::Denied => "denied",
            ErrorKind::Unavailable => "unreachable",
            ErrorKind::Malformed => "malformed",
            _ => "failed",
        },
    }
}

/// Returns what is known about an outcome beyond its word.
fn reason(outcome: &Result<Answer>) -> Option<String> {
    match outcome {
        Ok(Answer::Found(_)) => None,
        Ok(Answer::Absent { hint }) => hint.clone(),
        Ok(Answer::Null) => Some("its value is null".to_owned()),
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
