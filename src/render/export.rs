//! Many names and values -> the text of one format, and the masks that go with it.
//!
//! Owns what all formats share: refusals, and masks in the form in which a value is printed.

use clap::ValueEnum;

use super::entry::{Entry, Exported};
use super::{Masks, azure_pipelines, dotenv, github_env, gitlab_dotenv, kubernetes, shell, yaml};
use crate::error::{Error, Result};
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
    let mut text = Vec::with_capacity(length(entries));
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
    let mut text = Vec::with_capacity(length(entries));
    let mut before: &[u8] = b"{\n  ";
    for entry in entries {
        let value = entry.text("JSON")?;
        masks.add_forms(value);
        text.extend_from_slice(before);
        append_json(&mut text, &entry.name)?;
        text.extend_from_slice(b": ");
        append_json(&mut text, value)?;
        before = b",\n  ";
    }
    text.extend_from_slice(if entries.is_empty() { b"{}\n" } else { b"\n}\n" });
    Ok(Exported::plain(text))
}

fn append_json(text: &mut Vec<u8>, part: &str) -> Result<()> {
    serde_json::to_writer(text, part)
        .map_err(|cause| Error::internal("text cannot be JSON").with_source(cause))
}

/// Returns about how many bytes `entries` take: a buffer that grows leaves copies of the values behind.
fn length(entries: &[Entry]) -> usize {
    let of_one = |entry: &Entry| entry.name.len() + entry.value.expose().len() + ROUND_A_VALUE;
    entries.iter().map(of_one).sum()
}

/// About how many bytes a format writes beside the name and the value, with some room for escapes.
const ROUND_A_VALUE: usize = 16;
