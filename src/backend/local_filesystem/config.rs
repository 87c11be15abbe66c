//! The kwargs of `LocalFilesystemBackend`: one file for each kind of secret.

use crate::backend::kwargs::Kwargs;
use crate::error::Result;
use crate::value::SecretKind;

/// The names of all kwargs.
const KWARGS: &[&str] = &[
    "variables_file_path",
    "connections_file_path",
    "configs_file_path",
];

/// The files, as they are configured; a relative path is relative to the working folder.
#[derive(Debug)]
pub(super) struct Config {
    variables: Option<String>,
    connections: Option<String>,
    configs: Option<String>,
}

impl Config {
    /// Takes the kwargs. An empty path is no path, as in Airflow.
    pub(super) fn new(mut kwargs: Kwargs) -> Result<Self> {
        let mut path =
            |name| -> Result<Option<String>> { Ok(kwargs.text(name)?.filter(|path| !path.is_empty())) };
        let config = Self {
            variables: path("variables_file_path")?,
            connections: path("connections_file_path")?,
            configs: path("configs_file_path")?,
        };
        kwargs.finish(KWARGS)?;
        Ok(config)
    }

    /// Returns the file of `kind`.
    pub(super) fn file(&self, kind: SecretKind) -> Option<&str> {
        match kind {
            SecretKind::Connection => self.connections.as_deref(),
            SecretKind::Variable => self.variables.as_deref(),
            SecretKind::Config => self.configs.as_deref(),
        }
    }

    /// Returns the name of the kwarg that names the file of `kind`.
    pub(super) fn kwarg(kind: SecretKind) -> &'static str {
        match kind {
            SecretKind::Connection => "connections_file_path",
            SecretKind::Variable => "variables_file_path",
            SecretKind::Config => "configs_file_path",
        }
    }

    /// Returns every file that is configured, each once.
    pub(super) fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = [&self.connections, &self.variables, &self.configs]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        files.dedup();
        files
    }
}
