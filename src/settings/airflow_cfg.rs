//! `airflow.cfg`: the search for the file, and its text.
//!
//! Owns the search. Must not know which options are looked up.
//!
//! Source: airflow 3.3.2, `airflow/configuration.py`, `get_airflow_home`, `get_airflow_config`; `CPython` 3.11,
//! `ConfigParser.read`, which ignores a file that it cannot open.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::cfg_line;
use super::expand::expand;
use super::globals::path_of;
use super::origin::Source;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::python::configparser::ConfigParser;
use crate::python::newlines::universal_newlines;
use crate::secret::Secret;
use crate::shown::shown;

/// The text of an `airflow.cfg`.
#[derive(Debug)]
pub(super) struct ConfigText {
    path: PathBuf,
    text: Secret,
}

/// A parsed `airflow.cfg`.
#[derive(Debug)]
pub(super) struct ConfigFile<'t> {
    pub(super) path: &'t Path,
    pub(super) parser: ConfigParser<'t>,
}

impl ConfigText {
    /// Reads the file of `--config`, or the file that Airflow would read. A missing default file is not an error.
    ///
    /// # Errors
    /// With status 2: a file of `--config` that cannot be read, a read that times out, and a path that expands for ever.
    pub(super) fn read(
        named: Option<&(PathBuf, Source)>,
        env: &Env,
        deadline: Instant,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Self>> {
        let path = match named {
            Some((path, _)) => path.clone(),
            None => airflow_config(env)?,
        };
        match (file::read(&path, deadline), named) {
            (Ok(bytes), _) => Ok(Some(Self {
                path,
                text: in_text_mode(bytes),
            })),
            (Err(cause), Some((_, source))) => {
                let message = format!("`{}`, which {source} names, cannot be read", shown_path(&path));
                Err(Error::usage(message).with_source(cause))
            }
            // Airflow would keep waiting. No time is left to continue without the file.
            (Err(cause), None) if cause.kind() == io::ErrorKind::TimedOut => {
                let message = format!(
                    "`{}`, which is Airflow's configuration, cannot be read",
                    shown_path(&path)
                );
                Err(Error::usage(message).with_source(cause))
            }
            (Err(cause), None) => {
                if !is_absence(&cause) {
                    warnings.push(format!(
                        "`{}` cannot be read and is ignored: {cause}",
                        shown_path(&path)
                    ));
                }
                Ok(None)
            }
        }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// Text with which Airflow does not start: not UTF-8, or not an `airflow.cfg`, with status 2.
    pub(super) fn parse(&self) -> Result<ConfigFile<'_>> {
        let path = self.path.as_path();
        let text = self.text.expose_text().ok_or_else(|| {
            let valid = self
                .text
                .expose()
                .utf8_chunks()
                .next()
                .map_or(0, |chunk| chunk.valid().matches('\n').count());
            let error = Error::usage(format!("`{}` line {} is not UTF-8", shown_path(path), valid + 1));
            let is_utf_16 = matches!(self.text.expose(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
            error.with_hint(if is_utf_16 {
                "it is UTF-16; save it as UTF-8"
            } else {
                "save the file as UTF-8"
            })
        })?;
        let parser = ConfigParser::parse(text).map_err(|(line, problem)| {
            let written = text.lines().nth(line - 1).unwrap_or_default();
            let (what, hint) = cfg_line::diagnose(written, line, problem);
            Error::usage(format!("`{}` line {line}: {what}", shown_path(path))).with_hint(hint)
        })?;
        Ok(ConfigFile { path, parser })
    }
}

/// Returns the path as a message shows it.
fn shown_path(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

/// Whether the file does not exist, or is a folder.
fn is_absence(cause: &io::Error) -> bool {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(cause.kind(), NotFound | IsADirectory | NotADirectory)
}

/// Returns the text with `\n` at the end of each line.
fn in_text_mode(bytes: Secret) -> Secret {
    match bytes.expose_text().map(universal_newlines) {
        Some(Cow::Owned(text)) => Secret::from(text),
        Some(Cow::Borrowed(_)) | None => bytes,
    }
}

/// Returns `$AIRFLOW_CONFIG`, else `$AIRFLOW_HOME/airflow.cfg`, else `~/airflow/airflow.cfg`. An empty path names no file.
fn airflow_config(env: &Env) -> Result<PathBuf> {
    match env.get("AIRFLOW_CONFIG") {
        Some(path) => expanded("AIRFLOW_CONFIG", path, env).map(|path| path_of(&path)),
        None => airflow_home(env).map(|home| path_of(&home).join("airflow.cfg")),
    }
}

/// Returns `$AIRFLOW_HOME`, else `~/airflow`, expanded.
pub(super) fn airflow_home(env: &Env) -> Result<Secret> {
    match env.get("AIRFLOW_HOME") {
        Some(home) => expanded("AIRFLOW_HOME", home, env),
        None => expanded("HOME", &Secret::from("~/airflow"), env),
    }
}

fn expanded(name: &str, path: &Secret, env: &Env) -> Result<Secret> {
    match expand(path, env) {
        Ok(expanded) => Ok(expanded.value),
        Err(_) => Err(Error::usage(format!(
            "{name} refers to itself: it expands for ever"
        ))),
    }
}
