//! Env files: variables that are defaults for the process's environment.
//!
//! Owns the order of several files, the variables that a file may not set, and the warnings. Each dialect has its own module, which knows
//! what a line means. Must not know what a variable means.
//!
//! - [`dotenv`]: python-dotenv. It is the default, with changes that keep what the author most likely meant.
//! - [`compose`]: docker compose.
//! - [`docker`]: `docker run --env-file`.
//!
//! Without `--env-file-dialect` the files are read in three ways, and one warning names the variables that the readers read differently.
//! Docker is not compared: it keeps quotes and `${NAME}`, so a file with these is not written for Docker.

use std::path::Path;
use std::time::Instant;

use crate::env::{Env, Origin, Variable};
use crate::error::{Error, Result};
use crate::file;
use crate::options::EnvFileDialect;
use crate::secret::Secret;

pub(super) mod allowed;
mod characters;
mod compare;
mod compose;
mod compose_template;
mod docker;
pub(super) mod dotenv;
mod dotenv_references;
pub(super) mod problem;
mod scope;

use problem::Problem;
use scope::Scope;

/// How many places a warning lists.
const MOST_PLACES: usize = 3;

/// The longest name that a warning shows, in bytes.
const LONGEST_NAME: usize = 200;

/// Whose value counts if a variable is set by a file and by the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Winner {
    /// The process's, as in every command for the configuration at hand.
    Process,
    /// The file's, as in the configuration of `diff --with`.
    File,
}

/// How to read files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Without `--env-file-dialect`: as python-dotenv, with the differences that [`dotenv`] lists.
    Default,
    /// Exactly as python-dotenv.
    PythonDotenv,
    /// As docker compose.
    Compose,
    /// As `docker run --env-file`.
    Docker,
}

impl From<Option<EnvFileDialect>> for Reading {
    fn from(dialect: Option<EnvFileDialect>) -> Self {
        match dialect {
            None => Self::Default,
            Some(EnvFileDialect::Dotenv) => Self::PythonDotenv,
            Some(EnvFileDialect::Compose) => Self::Compose,
            Some(EnvFileDialect::Docker) => Self::Docker,
        }
    }
}

impl Reading {
    /// Reads the text of file number `file` into `scope`.
    fn read(self, text: &[u8], file: usize, scope: &mut Scope<'_>) -> Result<(), Problem> {
        scope.file = file;
        match self {
            Self::Default => dotenv::read(text, dotenv::Variant::Default, scope),
            Self::PythonDotenv => dotenv::read(text, dotenv::Variant::Exact, scope),
            Self::Compose => compose::read(text, scope),
            Self::Docker => docker::read(text, scope),
        }
    }
}

/// Reads `files`, adds their variables to `env`, and returns the warnings.
///
/// A later file wins over an earlier one, and a later line over an earlier one. Whether the process's environment wins over files is
/// `winner`'s to say; where a value refers to a variable, it always does.
///
/// # Errors
/// A file that cannot be read, and a line that is not an assignment, with status 2.
pub(super) fn load<P: AsRef<Path>>(
    env: &mut Env,
    files: &[P],
    dialect: Option<EnvFileDialect>,
    deadline: Instant,
    winner: Winner,
) -> Result<Vec<String>> {
    let paths: Vec<&Path> = files.iter().map(AsRef::as_ref).collect();
    let texts = paths
        .iter()
        .map(|path| read(path, deadline))
        .collect::<Result<Vec<_>>>()?;
    let reading = Reading::from(dialect);
    let mut scope = Scope::new(env);
    for (file, text) in texts.iter().enumerate() {
        reading
            .read(text.expose(), file, &mut scope)
            .map_err(|problem| problem.into_error(paths[file]))?;
    }
    let mut warnings = Vec::new();
    if reading == Reading::Default {
        warnings.extend(compare::warning(&texts, &paths, &scope));
    }
    warnings.extend(unset(&scope, &paths));
    let variables: Vec<_> = scope.into_variables().collect();
    let mut shadowed: Vec<(String, String)> = Vec::new();
    let mut refused = Vec::new();
    for (name, entry) in variables {
        let Some(value) = entry.value else { continue };
        if !allowed::in_env_file(&name) {
            if env.variable(&name).is_none() && allowed::would_count(&value) {
                refused.push(place(&name, paths[entry.file], entry.line));
            }
            continue;
        }
        let variable = Variable {
            value: value.clone(),
            origin: Origin::File(paths[entry.file].to_owned(), entry.line),
        };
        if winner == Winner::File {
            env.set(name, variable);
        } else if let Some(set) = env.set_default(name.clone(), variable)
            && configures_secrets(&name)
            && set.value != value
        {
            shadowed.push((name, format!("{}:{}", paths[entry.file].display(), entry.line)));
        }
    }
    warnings.extend(allowed::warning(&refused));
    warnings.extend(warning(&shadowed));
    Ok(warnings)
}

/// Describes a variable and its place. Text that does not look like a name may be part of a value, and is not shown.
fn place(name: &str, path: &Path, line: usize) -> String {
    let is_name = name.len() <= LONGEST_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let name = if is_name {
        format!("`{name}`")
    } else {
        "a variable".to_owned()
    };
    format!("{name} ({}:{line})", path.display())
}

/// Lists the first few of `places`.
fn listed(places: &[String]) -> String {
    let first = places[..places.len().min(MOST_PLACES)].join(", ");
    match places.len().saturating_sub(MOST_PLACES) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Returns the warning about references to variables that are not set.
fn unset(scope: &Scope<'_>, paths: &[&Path]) -> Option<String> {
    let places: Vec<_> = scope
        .variables()
        .filter(|(name, entry)| entry.refers_to_unset && !scope.is_of_process(name))
        .map(|(name, entry)| place(name, paths[entry.file], entry.line))
        .collect();
    (!places.is_empty()).then(|| {
        format!(
            "a reference to a variable that is not set, or only further down, is empty in {}; single quotes keep a `$`",
            listed(&places)
        )
    })
}

/// Whether the variable belongs to the `[secrets]` family, where a value that differs from the file's is a surprise.
fn configures_secrets(name: &str) -> bool {
    name.starts_with("AIRFLOW__SECRETS__") || name.starts_with("AIRFLOW__WORKERS__SECRETS_")
}

fn warning(shadowed: &[(String, String)]) -> Option<String> {
    let names: Vec<_> = shadowed
        .iter()
        .map(|(name, place)| format!("`{name}` ({place})"))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "the environment has another value, which wins over the env file's: {}",
            names.join(", ")
        )
    })
}

/// Reads the file `path`.
fn read(path: &Path, deadline: Instant) -> Result<Secret> {
    file::read_up_to(path, file::MAX_SETTINGS_BYTES, deadline).map_err(|cause| {
        Error::usage(format!("env file `{}` cannot be read", path.display())).with_source(cause)
    })
}
