//! `BigQuery`: its hook's URL. Where the connection names no project, Airflow takes the one of the credentials of the machine.
//!
//! Source: apache-airflow-providers-google 22.8.0, `airflow/providers/google/cloud/hooks/bigquery.py` (`get_uri`),
//! `airflow/providers/google/common/hooks/base_google.py` (`get_credentials_and_project_id`, `get_field`).

use std::borrow::Cow;

use super::parts::{Parts, string};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::{self, Value};

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

/// The prefix of the extras of old versions of the provider.
const OLD_PREFIX: &str = "extra__google_cloud_platform__";

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let of_key = project_of_key(parts)?;
    if let Some(project) = field(parts, "project").filter(|project| project.is_truthy()) {
        return Ok(Rendered::text(format!("bigquery://{}", string(project))));
    }
    match of_key {
        Some(project) => Ok(Rendered::text(format!("bigquery://{project}"))),
        None => {
            Err(parts.needs_a_service("without `extra.project` Airflow takes the project of the credentials"))
        }
    }
}

/// Returns an extra under its name or the one that it had; an empty text is as if absent.
fn field<'a>(parts: &Parts<'a>, name: &str) -> Option<&'a Value> {
    let value = match parts.extra(name) {
        Some(value) => Some(value),
        None => parts.extra(&format!("{OLD_PREFIX}{name}")),
    };
    value.filter(|value| !value.is_null() && value.as_str() != Some(""))
}

/// Returns the project of a service account's key.
fn project_of_key<'a>(parts: &Parts<'a>) -> Result<Option<Cow<'a, str>>> {
    let project = match field(parts, "keyfile_dict").filter(|key| key.is_truthy()) {
        None => return Ok(None),
        Some(Value::Object(key)) => key.get("project_id").cloned(),
        Some(Value::String(text)) => match json::loads(text) {
            Ok(Value::Object(mut key)) => key.swap_remove("project_id"),
            _ => return Err(parts.malformed("`extra.keyfile_dict` is not a JSON object")),
        },
        Some(_) => return Err(parts.malformed("`extra.keyfile_dict` is not a JSON object")),
    };
    Ok(project.and_then(|project| project.as_str().map(|project| project.to_owned().into())))
}
