//! Settings: the environment, env files and `airflow.cfg`, compared with Airflow's own configuration.

mod cfg_mistakes;
mod differences;
mod env_example;
mod env_file_readers;
mod env_files;
mod errors;
mod generate;
pub mod metastore;
mod mistakes;
mod parity;
mod precedence;
mod working_folder;

use std::path::PathBuf;

use secretctl::cli::GlobalArgs;
use secretctl::env::Env;
use secretctl::error::Result;
use secretctl::secret::Secret;
use secretctl::settings::Settings;

/// Returns an environment of names and values.
pub fn env<V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (impl Into<String>, V)>) -> Env {
    pairs
        .into_iter()
        .map(|(name, value)| (name.into(), Secret::new(value.as_ref())))
        .collect()
}

/// Returns the settings of `pairs` only, with a missing home folder.
pub fn resolve(args: &GlobalArgs, pairs: &[(&str, &str)]) -> Result<Settings> {
    let mut pairs = pairs.to_vec();
    if !pairs.iter().any(|(name, _)| *name == "HOME") {
        pairs.push(("HOME", "/nonexistent"));
    }
    Settings::resolve(args, env(pairs))
}

/// Returns the class and the kwargs of the configured backend; the class is empty if none is configured.
pub fn backend(settings: &Settings) -> (String, String) {
    let configured = settings
        .search_path
        .first()
        .filter(|_| settings.search_path.len() == 3);
    configured.map_or_else(Default::default, |spec| {
        let kwargs = spec
            .kwargs
            .remaining()
            .map(|name| (name.to_owned(), spec.kwargs.get(name).unwrap().clone()));
        let kwargs = secretctl::python::json::Value::Object(kwargs.collect());
        (spec.class_path.clone(), secretctl::python::json::dumps(&kwargs))
    })
}

/// Creates the file `name` in `dir` with `content`.
pub fn file(dir: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}
