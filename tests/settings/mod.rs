//! Settings: the environment, env files and `airflow.cfg`, held against Airflow's own configuration.

mod differences;
mod env_example;
mod env_file_readers;
mod env_files;
mod errors;
mod generate;
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

/// An environment from names and values.
pub fn env<V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (impl Into<String>, V)>) -> Env {
    pairs
        .into_iter()
        .map(|(name, value)| (name.into(), Secret::new(value.as_ref())))
        .collect()
}

/// The settings of `pairs` alone, with a home folder that is not there.
pub fn resolve(args: &GlobalArgs, pairs: &[(&str, &str)]) -> Result<Settings> {
    let mut pairs = pairs.to_vec();
    if !pairs.iter().any(|(name, _)| *name == "HOME") {
        pairs.push(("HOME", "/nonexistent"));
    }
    Settings::resolve(args, env(pairs))
}

/// The class and the kwargs of the configured backend; no class is an empty one.
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

/// A file named `name` in `dir` with `content`.
pub fn file(dir: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}
