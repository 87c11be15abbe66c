//! JSON, YAML and `.env` files: Airflow's `LocalFilesystemBackend`.
//!
//! Owns which file is read for what, and reads each once. The rules of a file are in `parse`, those of its entries in `load`.
//! Source: airflow 3.3.2, `airflow/secrets/local_filesystem.py`.

use std::sync::OnceLock;
use std::time::Instant;

use crate::backend::kwargs::Kwargs;
use crate::backend::{BoxFuture, CheckConnection, Context, SecretsBackend};
use crate::error::{Error, Result};
use crate::value::{Answer, Location, Lookup, SecretKind, Step};

mod astro;
mod config;
mod env_file;
#[cfg(fuzzing)]
pub mod fuzzing;
mod load;
mod node;
mod parse;

use config::Config;
use load::Unprintable;
use parse::Entries;

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// Local files as a secrets backend.
pub struct LocalFilesystemBackend {
    config: Config,
    check_connection: CheckConnection,
    deadline: Instant,
    connections: OnceLock<Entries>,
    variables: OnceLock<Entries>,
    configs: OnceLock<Entries>,
}

impl LocalFilesystemBackend {
    /// Builds the backend. No file is read before one is asked for.
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        Ok(Box::new(Self {
            config: Config::new(kwargs)?,
            check_connection: context.check_connection,
            deadline: context.deadline,
            connections: OnceLock::new(),
            variables: OnceLock::new(),
            configs: OnceLock::new(),
        }))
    }

    /// Returns the entries of the file of `kind`, read and checked.
    fn entries(&self, kind: SecretKind, file: &str) -> Result<&Entries> {
        let cell = match kind {
            SecretKind::Connection => &self.connections,
            SecretKind::Variable => &self.variables,
            SecretKind::Config => &self.configs,
        };
        if let Some(entries) = cell.get() {
            return Ok(entries);
        }
        let entries = parse::parse(file, self.deadline).map_err(|problem| problem.in_file(file))?;
        load::check(&entries, kind, self.check_connection).map_err(|problem| problem.in_file(file))?;
        tracing::debug!(file, "read");
        Ok(cell.get_or_init(|| entries))
    }

    fn answer(&self, lookup: &Lookup) -> Result<Answer> {
        let Some(file) = self.config.file(lookup.kind) else {
            return Ok(Answer::ABSENT);
        };
        let entries = self.entries(lookup.kind, file)?;
        match load::get(entries, lookup.kind, &lookup.id) {
            Ok(Answer::Absent { hint: None }) if astro::is_settings(entries) => Ok(Answer::Absent {
                hint: Some(astro::hint(file)),
            }),
            Ok(answer) => Ok(answer),
            Err(unprintable) => Err(malformed(lookup, file, &unprintable)),
        }
    }
}

fn malformed(lookup: &Lookup, file: &str, Unprintable { argument, why }: &Unprintable) -> Error {
    let part = argument
        .as_ref()
        .map(|argument| format!("`{argument}` of "))
        .unwrap_or_default();
    let (kind, id) = (lookup.kind, &lookup.id);
    let what = why.what();
    Error::malformed(format!(
        "{part}{kind} `{id}` in `{file}` holds {what}, which has no form in JSON"
    ))
    .with_hint("put quotes around it in the file")
}

impl SecretsBackend for LocalFilesystemBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        let files: Vec<String> = self
            .config
            .files()
            .iter()
            .map(|file| format!("`{file}`"))
            .collect();
        match files.as_slice() {
            [] => "local files, of which none is configured".to_owned(),
            [file] => format!("the file {file}"),
            files => format!("the files {}", files.join(", ")),
        }
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let file = self.config.file(lookup.kind).map(str::to_owned);
        let skipped = file
            .is_none()
            .then(|| format!("no `{}` is configured", Config::kwarg(lookup.kind)));
        Ok(vec![Step {
            location: Location::File { file },
            skipped,
        }])
    }

    fn local_names(&self, kind: SecretKind) -> Vec<String> {
        let entries = self
            .config
            .file(kind)
            .and_then(|file| self.entries(kind, file).ok());
        let names = entries
            .into_iter()
            .flat_map(Entries::iter)
            .filter_map(|entry| entry.key);
        names.map(str::to_owned).collect()
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, _: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(std::future::ready(self.answer(lookup)))
    }
}
