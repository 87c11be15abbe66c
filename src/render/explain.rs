//! `explain`'s steps, for people and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::terminal::printable;
use crate::resolver::PlannedStep;
use crate::value::{Location, SecretKind};

/// Returns `{"kind","name","lookups":[{"backend","location",…}]}` on one line.
#[must_use]
pub fn json(kind: &str, name: &str, steps: &[PlannedStep]) -> String {
    let lookups: Vec<Value> = steps.iter().map(lookup).collect();
    json!({"kind": kind, "name": name, "lookups": lookups}).to_string()
}

fn lookup(planned: &PlannedStep) -> Value {
    let mut lookup = Map::new();
    lookup.insert("backend".to_owned(), planned.backend.into());
    lookup.insert("location".to_owned(), location(planned).into());
    match &planned.step.location {
        Location::AzureKeyVault {
            vault_url,
            secret_name,
        } => {
            lookup.insert("vault_url".to_owned(), vault_url.as_str().into());
            lookup.insert("secret_name".to_owned(), secret_name.as_str().into());
        }
        Location::Vault {
            mount_point,
            path,
            kv_engine_version,
        } => {
            lookup.insert("mount_point".to_owned(), mount_point.as_str().into());
            lookup.insert("path".to_owned(), path.as_str().into());
            lookup.insert("kv_engine_version".to_owned(), (*kv_engine_version).into());
        }
        Location::Environment { variable } => {
            lookup.insert("variable".to_owned(), variable.as_str().into());
        }
        Location::File { file } => {
            lookup.insert("file".to_owned(), file.as_deref().into());
        }
        Location::Metastore => {}
    }
    if let Some(why) = &planned.step.skipped {
        lookup.insert("skipped".to_owned(), why.as_str().into());
    }
    Value::Object(lookup)
}

/// Returns the steps for people, one a line, without a newline at the end.
#[must_use]
pub fn text(kind: SecretKind, name: &str, steps: &[PlannedStep]) -> String {
    let mut text = format!("{kind} `{}`: Airflow asks, in this order", printable(name));
    for (index, planned) in steps.iter().enumerate() {
        let _ = write!(text, "\n  {}. {}", index + 1, printable(&location(planned)));
        if let Some(why) = &planned.step.skipped {
            let _ = write!(text, "\n     skipped: {}", printable(why));
        }
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
            format!("path `{path}` of mount `{mount_point}` (KV version {kv_engine_version}) in {place}")
        }
        Location::Environment { variable } => format!("environment variable `{variable}`"),
        Location::File { file: Some(file) } => format!("file `{file}`"),
        Location::File { file: None } => place.clone(),
        Location::Metastore => place.clone(),
    }
}
