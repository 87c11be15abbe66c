//! JSON, YAML and `.env` files: Airflow's `LocalFilesystemBackend`.
//!
//! Owns which file is read for which kind, and reads each once. `parse` has the rules of a file, `load` those of its entries.
//! Source: airflow 3.3.2, `airflow/secrets/local_filesystem.py`.

use std::sync::OnceLock;
use std::time::Instant;

use crate::backend::{BoxFuture, Checkup, Context, ReadConnection, SecretsBackend};
use crate::class_path;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Address, Location};
use crate::report::{Check, Section};
use crate::shown::shown;
use crate::value::{Answer, Lookup, SecretKind, Step};

mod astro;
mod config;
mod env_file;
#[cfg(fuzzing)]
pub mod fuzzing;
mod index;
mod list;
mod load;
mod meanings;
mod node;
mod parse;
mod problem;

use config::Config;
use load::Unprintable;
use parse::Entries;

/// Airflow's class path.
pub const CLASS_PATH: &str = class_path::LOCAL_FILESYSTEM;

/// An entry of a local file.
#[derive(Debug)]
struct Entry {
    /// The configured file; `None` when this kind has no file.
    file: Option<String>,
    /// The entry's key.
    id: String,
}

impl Address for Entry {
    fn words(&self) -> String {
        match &self.file {
            Some(file) => format!("`{}` in `{}`", shown(&self.id), shown(file)),
            None => format!("`{}`", shown(&self.id)),
        }
    }

    fn sentence(&self, place: &str) -> String {
        match &self.file {
            Some(file) => format!("file `{file}`"),
            None => place.to_owned(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![("file", self.file.as_deref().into())]
    }
}

/// Local files as a secrets backend.
pub struct LocalFilesystemBackend {
    config: Config,
    read_connection: ReadConnection,
    deadline: Instant,
    connections: OnceLock<Entries>,
    variables: OnceLock<Entries>,
    configs: OnceLock<Entries>,
}

impl LocalFilesystemBackend {
    /// Builds the backend. It reads no file before the first lookup.
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        Ok(Box::new(Self {
            config: Config::new(kwargs)?,
            read_connection: context.read_connection,
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
        load::check(&entries, kind, self.read_connection, self.deadline)
            .map_err(|problem| problem.in_file(file))?;
        tracing::debug!(file, "read");
        Ok(cell.get_or_init(|| entries))
    }

    /// Returns the keys of the file of `kind`, in its order; an empty list where no file is configured.
    fn names(&self, kind: SecretKind) -> Result<Vec<String>> {
        match self.config.file(kind) {
            Some(file) => self.entries(kind, file).map(Entries::keys),
            None => Ok(Vec::new()),
        }
    }

    /// Reads and checks each file, up to the first that cannot be used, and counts its names.
    fn look_at_files(&self, section: &mut Section) {
        for kind in [SecretKind::Connection, SecretKind::Variable, SecretKind::Config] {
            let Some(file) = self.config.file(kind) else {
                continue;
            };
            match self.entries(kind, file).map(Entries::keys) {
                Ok(keys) => {
                    let plural = if keys.len() == 1 { "" } else { "s" };
                    section.ok(
                        Check::Files,
                        format!("`{}` has {} {kind}{plural}", shown(file), keys.len()),
                    );
                }
                Err(error) => return section.failure(Check::Files, &error),
            }
        }
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
        .map(|argument| format!("`{}` of ", shown(argument)))
        .unwrap_or_default();
    let (kind, id, file) = (lookup.kind, shown(&lookup.id), shown(file));
    let what = why.what();
    Error::malformed(format!(
        "{part}{kind} `{id}` in `{file}` holds {what}, which JSON cannot represent"
    ))
    .with_hint("put quotes around it in the file")
}

impl Checkup for LocalFilesystemBackend {
    fn checks(&self) -> &'static [Check] {
        &[Check::Files]
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        self.look_at_files(section);
        Box::pin(std::future::ready(()))
    }
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
            .map(|file| format!("`{}`", shown(file)))
            .collect();
        match files.as_slice() {
            [] => "local files (none configured)".to_owned(),
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
            location: Location::new(Entry {
                file,
                id: lookup.id.clone(),
            }),
            skipped,
        }])
    }

    fn local_names(&self, kind: SecretKind) -> Vec<String> {
        self.names(kind).unwrap_or_default()
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        let answer = match step.location.address() {
            Ok(Entry { file: Some(_), .. }) => self.answer(lookup),
            Ok(Entry { file: None, .. }) => Err(Error::internal("a skipped step was asked")),
            Err(error) => Err(error),
        };
        Box::pin(std::future::ready(answer))
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(std::future::ready(self.listing(scope)))
    }
}
