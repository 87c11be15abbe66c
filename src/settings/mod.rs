//! Everything that configures a command, resolved once: (command line, environment, env files, airflow.cfg) -> [`Settings`].
//!
//! Owns the order of precedence. Must not know any backend: a class path and kwargs leave here as Airflow would read them.

use std::path::PathBuf;
use std::time::Instant;

use crate::backend::kwargs::Kwargs;
use crate::backend::{environment, metastore};
use crate::cli::{ColorChoice, GlobalArgs};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::python::json;
use crate::secret::Secret;

mod env_file;
mod globals;
mod origin;

pub use origin::{Note, Provenance, Source};

use globals::Globals;

/// One backend of the search path.
#[derive(Debug)]
pub struct BackendSpec {
    /// Airflow's class path, as it is configured.
    pub class_path: String,
    /// Its kwargs.
    pub kwargs: Kwargs,
    /// What configured it, for `explain`.
    pub origin: Source,
}

/// What a command runs with. No option is left unresolved here.
#[derive(Debug)]
pub struct Settings {
    /// The process's environment with the env files under it.
    pub env: Env,
    /// Airflow's search path, in order.
    pub search_path: Vec<BackendSpec>,
    /// The team that asks.
    pub team: Option<String>,
    /// Airflow's `[core] multi_team`.
    pub multi_team: bool,
    /// Whether "could not tell" falls through to the next backend, as in Airflow.
    pub lenient: bool,
    /// When the command has to be done.
    pub deadline: Instant,
    /// Whether no newline follows a printed value.
    pub no_newline: bool,
    /// Whether values are not announced to a CI system's masking.
    pub no_mask: bool,
    /// Whether warnings are kept back.
    pub quiet: bool,
    /// How much is told of what is asked of whom: the number of `-v`.
    pub verbose: u8,
    /// When stderr is coloured.
    pub color: ColorChoice,
    /// What the user should be told on stderr.
    pub warnings: Vec<String>,
    /// Where all of it came from.
    pub provenance: Provenance,
}

impl Settings {
    /// Resolves the settings.
    ///
    /// # Errors
    /// A configuration that cannot be used, with status 2.
    pub fn resolve(args: &GlobalArgs, mut env: Env) -> Result<Self> {
        let started = Instant::now();
        let env_files = env_files(args, &env);
        let warnings = env_file::lay_under(&mut env, &env_files)?;
        let mut provenance = Provenance {
            env_files,
            ..Provenance::default()
        };
        let globals = Globals::resolve(args, &env, &mut provenance)?;
        let mut search_path: Vec<BackendSpec> = configured_backend(&globals, &env)?.into_iter().collect();
        if globals.no_fallback {
            if search_path.is_empty() {
                return Err(Error::usage(
                    "no secrets backend is configured, and `--no-fallback` asks no other",
                ));
            }
        } else {
            search_path.extend(
                [environment::CLASS_PATH, metastore::CLASS_PATH].map(|class_path| BackendSpec {
                    class_path: class_path.to_owned(),
                    kwargs: Kwargs::default(),
                    origin: Source::Default,
                }),
            );
        }
        Ok(Self {
            env,
            search_path,
            team: globals.team,
            multi_team: false,
            lenient: globals.lenient,
            deadline: started + globals.timeout,
            no_newline: globals.no_newline,
            no_mask: globals.no_mask,
            quiet: globals.quiet,
            verbose: globals.verbose,
            color: globals.color,
            warnings,
            provenance,
        })
    }
}

/// The env files: the command line's, else those of the process's `SECRETCTL_ENV_FILE`.
fn env_files(args: &GlobalArgs, env: &Env) -> Vec<PathBuf> {
    if !args.env_file.is_empty() {
        return args.env_file.clone();
    }
    match env
        .get(globals::ENV_FILE_VARIABLE)
        .filter(|files| !files.is_empty())
    {
        Some(files) => std::env::split_paths(&globals::path_of(files)).collect(),
        None => Vec::new(),
    }
}

fn configured_backend(globals: &Globals, env: &Env) -> Result<Option<BackendSpec>> {
    let variable = |name: &str| {
        env.variable(name).map(|variable| {
            let origin = Source::Variable {
                name: name.to_owned(),
                origin: variable.origin.clone(),
            };
            (variable.value.clone(), origin)
        })
    };
    let Some((class_path, origin)) = globals
        .backend
        .clone()
        .or_else(|| variable("AIRFLOW__SECRETS__BACKEND"))
    else {
        return Ok(None);
    };
    let class_path = text(&class_path, &origin)?.to_owned();
    if class_path.is_empty() {
        return Ok(None);
    }
    let kwargs = match globals
        .backend_kwargs
        .clone()
        .or_else(|| variable("AIRFLOW__SECRETS__BACKEND_KWARGS"))
    {
        Some((json, origin)) => kwargs_from_json(&json, &origin)?,
        None => Kwargs::default(),
    };
    Ok(Some(BackendSpec {
        class_path,
        kwargs,
        origin,
    }))
}

fn text<'a>(value: &'a Secret, origin: &Source) -> Result<&'a str> {
    value
        .expose_text()
        .ok_or_else(|| Error::usage(format!("{origin} is not UTF-8")))
}

/// Reads backend kwargs as Airflow's `getjson` does: empty text and every falsy value are none.
fn kwargs_from_json(json: &Secret, origin: &Source) -> Result<Kwargs> {
    let json = text(json, origin)?;
    if json.is_empty() {
        return Ok(Kwargs::default());
    }
    let value = json::loads(json)
        .map_err(|cause| Error::usage(format!("{origin} is not JSON")).with_source(cause))?;
    match value {
        json::Value::Object(object) => Ok(Kwargs::new(object)),
        json::Value::Null | json::Value::Bool(false) => Ok(Kwargs::default()),
        _ => Err(Error::usage(format!("{origin} is not a JSON object"))),
    }
}
