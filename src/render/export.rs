//! Many names and values -> the text of one format, and the masks that go with it.
//!
//! Owns what all formats share: refusals, and masks in the form in which a value is printed.

use clap::ValueEnum;

use super::entry::{Entry, Exported};
use super::{Masks, azure_pipelines, dotenv, github_env, gitlab_dotenv, kubernetes, shell, yaml};
use crate::error::Result;
use crate::secret::Secret;

/// The formats of `export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// NAME=VALUE lines, as python-dotenv and Docker read them
    Dotenv,
    /// export NAME='VALUE' lines for bash, dash and zsh
    Shell,
    /// One JSON object, from names to values
    Json,
    /// One YAML mapping, from names to values
    Yaml,
    /// Lines for `$GITHUB_ENV` of GitHub Actions
    GithubEnv,
    /// Logging commands that set secret variables in Azure Pipelines
    AzurePipelines,
    /// Lines for `artifacts:reports:dotenv` of GitLab CI
    GitlabDotenv,
    /// The manifest of a Kubernetes Secret
    Kubernetes,
    /// A file for `airflow connections import`
    AirflowConnections,
    /// A file for `airflow variables import`
    AirflowVariables,
}

/// Returns `entries` in `format`, and adds their printed forms to `masks`. `name` is the name of a Kubernetes Secret.
///
/// # Errors
/// A value that the format cannot carry (status 6), or a name (2).
pub fn export(
    format: ExportFormat,
    entries: &[Entry],
    name: Option<&str>,
    masks: &mut Masks,
) -> Result<Exported> {
    for entry in entries {
        masks.add(entry.value.expose());
    }
    match format {
        ExportFormat::Dotenv => lines(entries, masks, dotenv::line),
        ExportFormat::Shell => lines(entries, masks, shell::line),
        ExportFormat::GithubEnv => github_env::render(entries),
        ExportFormat::AzurePipelines => azure_pipelines::render(entries, masks),
        ExportFormat::GitlabDotenv => gitlab_dotenv::render(entries, masks),
        ExportFormat::Kubernetes => kubernetes::render(entries, name.unwrap_or("secretctl"), masks),
        ExportFormat::Yaml => yaml::render(entries, masks),
        ExportFormat::Json | ExportFormat::AirflowConnections | ExportFormat::AirflowVariables => {
            json(entries, masks)
        }
    }
}

/// Writes one line per entry, and masks the text after its `=`, without the surrounding quotes.
fn lines(
    entries: &[Entry],
    masks: &mut Masks,
    line: fn(&str, &Secret) -> Result<Secret>,
) -> Result<Exported> {
    let mut text = Vec::new();
    for entry in entries {
        let line = line(&entry.name, &entry.value)?;
        let line = line.expose();
        let value = line.splitn(2, |&byte| byte == b'=').nth(1).unwrap_or_default();
        masks.add(match value {
            [b'\'' | b'"', inner @ .., b'\'' | b'"'] => inner,
            bare => bare,
        });
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    Ok(Exported::plain(text))
}

/// Writes one object, from names to values.
fn json(entries: &[Entry], masks: &mut Masks) -> Result<Exported> {
    let mut object = serde_json::Map::new();
    for entry in entries {
        let text = entry.text("JSON")?;
        masks.add_forms(text);
        object.insert(entry.name.clone(), text.into());
    }
    Ok(Exported::plain(format!(
        "{:#}\n",
        serde_json::Value::Object(object)
    )))
}
