//! Resolves everything that configures a command, once: (command line, environment, env files, airflow.cfg) -> [`Settings`].
//!
//! Owns the order of precedence, which is stated only here and tested in `tests/settings/precedence.rs`. Must not know any backend: it
//! returns a class path and kwargs as Airflow would read them.
//!
//! # Precedence
//!
//! Earlier entries win.
//!
//! **The environment** (`AIRFLOW_…`, `SECRETCTL_…`, and what backends read)
//! 1. the process's own variables
//! 2. env files, later files and later lines first: those of `--env-file`, or without that option those of the process's
//!    `SECRETCTL_ENV_FILE`; read as `--env-file-dialect` says. Some variables are ignored there (`env_file/allowed.rs`)
//!
//! In the other configuration of `diff --with`, the files come first, and the process's `AIRFLOW…` variables not at all
//! ([`Settings::resolve_other`]).
//!
//! **An option of every command** (`--timeout`, `--team`, …)
//! 1. the command line
//! 2. its variable (`SECRETCTL_TIMEOUT`), unless that is empty
//! 3. its default
//!
//! **An option of Airflow** (`backend`, `backend_kwargs`, `multi_team`); an empty value of 3 or 6 is final
//! 1. the command line: `--backend`, `--backend-kwargs`
//! 2. `SECRETCTL_BACKEND`, `SECRETCTL_BACKEND_KWARGS`
//! 3. `AIRFLOW__SECRETS__BACKEND`, `AIRFLOW__SECRETS__BACKEND_KWARGS`
//! 4. `AIRFLOW__SECRETS__BACKEND_KWARGS_CMD`
//! 5. `AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET`: an error, because the backend cannot look up its own kwargs
//! 6. `airflow.cfg`: `[secrets] backend`, `backend_kwargs`, otherwise those of `[DEFAULT]`
//! 7. `airflow.cfg`: `backend_kwargs_cmd`, unless it prints nothing
//! 8. `airflow.cfg`: `backend_kwargs_secret`: an error, as in 5
//! 9. Airflow's default: no backend, no kwargs, `multi_team` off
//!
//! **A single kwarg**
//! 1. `--backend-kwargs`, `SECRETCTL_BACKEND_KWARGS`
//! 2. `AIRFLOW__SECRETS__BACKEND_KWARG__<KEY>`
//! 3. the `backend_kwargs` of Airflow's configuration, which 1 replaces as a whole
//!
//! Kwargs of Airflow's configuration belong to the class of Airflow's configuration: `--backend` with another class drops them.
//!
//! **An option that only a backend needs** (`[database] sql_alchemy_conn`, `[core] fernet_key`) is looked up when it is needed, in the
//! order of 3 to 9, but `_SECRET` is asked of the configured backend. 3 to 5 are looked up under the option's name, and then under the
//! section and name that it had in older versions of Airflow; and so is each of 6, 7 and 8.
//!
//! **An option that is asked for by its name** (`get-config core.dags_folder`) is looked up in the same way. 9 is what
//! `known_options.txt` has, with Airflow's home folder inserted, and expanded. For a team there are only
//! `AIRFLOW__<TEAM>___<SECTION>__<KEY>` with its `_CMD` and `_SECRET`, `[<team>=<section>]` of `airflow.cfg`, and the default.
//! Airflow replaces some values when it starts, and does not start with others (`named_option`).
//!
//! **With `--worker`**, `[workers] secrets_backend`, `secrets_backend_kwargs` and `AIRFLOW__WORKERS__SECRETS_BACKEND…` replace those of
//! `[secrets]` in everything above. If `[workers] secrets_backend` is absent or empty, all of `[secrets]` is used and the kwargs of
//! `[workers]` are ignored. A worker's search path ends at Airflow's API server, which is never
//! asked; any other ends at Airflow's database, unless `--no-metastore` is given.
//!
//! **The file `airflow.cfg`**
//! 1. `--config`
//! 2. `SECRETCTL_CONFIG`
//! 3. `AIRFLOW_CONFIG`, expanded; an empty one names no file
//! 4. `AIRFLOW_HOME`, expanded, and in it `airflow.cfg`
//! 5. `~/airflow/airflow.cfg`

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::class_path;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::options::{ColorChoice, GlobalArgs};

mod airflow_cfg;
mod backend;
mod cfg_line;
mod command;
mod core;
mod env_file;
mod expand;
#[cfg(fuzzing)]
pub mod fuzzing;
mod globals;
mod known_options;
mod kwargs_error;
mod kwargs_text;
mod kwargs_words;
mod later;
mod lookup;
mod misspelt;
mod mistake;
mod named_option;
mod nearly_json;
mod origin;
mod shadowed;

pub use known_options::names as option_names;
pub use later::{AirflowConfiguration, OptionPlace, OptionStep, PlaceContent, StepContent};
pub use named_option::{NamedOption, OptionDefault};
pub use origin::{Note, Provenance, Source};
pub use shadowed::Shadowed;

use airflow_cfg::ConfigText;
use env_file::Winner;
use globals::Globals;
pub(crate) use globals::wants_details;
use lookup::Configuration;

/// One backend of the search path.
#[derive(Debug)]
pub struct BackendSpec {
    /// Airflow's class path, as configured.
    pub class_path: String,
    /// Its kwargs.
    pub kwargs: Kwargs,
    /// What configured it, for `explain`.
    pub origin: Source,
}

/// The settings of a command. Every option is resolved.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option")]
pub struct Settings {
    /// The process's environment, with the variables of env files as defaults.
    pub env: Env,
    /// Airflow's search path, in order.
    pub search_path: Vec<BackendSpec>,
    /// Airflow's configuration, for options that are looked up later.
    pub airflow: AirflowConfiguration,
    /// The team for which names are looked up.
    pub team: Option<String>,
    /// Airflow's `[core] multi_team`.
    pub multi_team: bool,
    /// Whether a failed lookup continues with the next backend, as in Airflow.
    pub lenient: bool,
    /// When the command must be done.
    pub deadline: Instant,
    /// How many names are looked up at the same time.
    pub jobs: usize,
    /// Whether to print no newline after a value.
    pub no_newline: bool,
    /// Whether to skip the masks for a CI system.
    pub no_mask: bool,
    /// Whether to print no warnings.
    pub quiet: bool,
    /// How much to log: the number of `-v`.
    pub verbose: u8,
    /// When to colour stderr.
    pub color: ColorChoice,
    /// Warnings for the user.
    pub warnings: Vec<String>,
    /// Where the settings came from.
    pub provenance: Provenance,
}

impl Settings {
    /// Resolves the settings.
    ///
    /// # Errors
    /// A configuration that cannot be used, with status 2.
    pub fn resolve(args: &GlobalArgs, env: Env) -> Result<Self> {
        Self::resolve_with(args, env, Winner::Process)
    }

    /// Resolves the configuration of env files alone, to compare it with the one at hand (`diff --with`).
    ///
    /// The files win over the process's environment. Of that, the variables that configure Airflow or name a configuration are not
    /// seen; the rest is, so that credentials are found where every tool finds them. Of `args`, `--env-file`, `--config`,
    /// `--backend` and `--backend-kwargs` belong to the configuration at hand.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn resolve_other(args: &GlobalArgs, env: &Env, files: &[PathBuf]) -> Result<Self> {
        let args = GlobalArgs {
            env_file: files.to_vec(),
            config: None,
            backend: None,
            backend_kwargs: None,
            ..args.clone()
        };
        let env = env.only(|name, _| !globals::belongs_to_one_configuration(name));
        Self::resolve_with(&args, env, Winner::File)
    }

    fn resolve_with(args: &GlobalArgs, mut env: Env, winner: Winner) -> Result<Self> {
        let started = Instant::now();
        let env_files = env_files(args, &env);
        // A timeout set in an env file cannot apply to reading that file.
        let for_env_files = started + globals::timeout(args, &env)?;
        let mut provenance = Provenance {
            env_files,
            ..Provenance::default()
        };
        let dialect = globals::env_file_dialect(args, &env, &mut provenance)?;
        let mut warnings = env_file::load(&mut env, &provenance.env_files, dialect, for_env_files, winner)?;
        let globals = Globals::resolve(args, &env, started, &mut provenance)?;
        let deadline = started + globals.timeout;
        let airflow = Airflow::read(&globals, &env, deadline, &mut provenance, &mut warnings)
            .map_err(|error| warnings.iter().fold(error, Error::with_detail))?;
        if globals.team.is_some() && !airflow.multi_team {
            return Err(
                Error::usage("a team is given, but Airflow's `[core] multi_team` is off")
                    .with_hint("set `AIRFLOW__CORE__MULTI_TEAM=True`, or leave `--team` out"),
            );
        }
        Ok(Self {
            search_path: search_path(&globals, airflow.backend)?,
            airflow: AirflowConfiguration {
                env: env.clone(),
                unit_tests: airflow.unit_tests,
                text: airflow.text.map(Arc::new),
                deadline,
            },
            env,
            team: globals.team,
            multi_team: airflow.multi_team,
            lenient: globals.lenient,
            deadline,
            jobs: globals.jobs,
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

/// Returns the env files of the command line, or of the process's `SECRETCTL_ENV_FILE`.
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

/// The settings from Airflow's configuration.
struct Airflow {
    backend: Option<BackendSpec>,
    multi_team: bool,
    /// `airflow.cfg`, unless Airflow ignores it.
    text: Option<ConfigText>,
    unit_tests: bool,
}

impl Airflow {
    fn read(
        globals: &Globals,
        env: &Env,
        deadline: Instant,
        provenance: &mut Provenance,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let mut configuration = Configuration {
            env,
            file: None,
            deadline,
            provenance,
        };
        let text;
        let mut ignored = true;
        // Airflow reads the file first, so one that does not parse is an error even if the environment has all options.
        if core::unit_test_mode(&mut configuration)? {
            configuration.provenance.notes.push(Note::UnitTestMode);
            text = None;
        } else {
            text = ConfigText::read(globals.config.as_ref(), env, deadline, warnings)?;
            configuration.file = text.as_ref().map(ConfigText::parse).transpose()?;
            if let Some(file) = &configuration.file {
                misspelt::warn_of_options(file, warnings);
            }
            configuration.provenance.config_file =
                configuration.file.as_ref().map(|file| file.path.to_owned());
            if configuration.file.is_some() && core::unit_test_mode(&mut configuration)? {
                configuration.file = None;
                configuration.provenance.notes.push(Note::UnitTestMode);
            } else {
                ignored = false;
            }
        }
        misspelt::warn_of_variables(env, warnings);
        let backend = backend::configured(globals, &mut configuration)?;
        Ok(Self {
            backend,
            multi_team: core::multi_team(&mut configuration)?,
            text: text.filter(|_| !ignored),
            unit_tests: ignored,
        })
    }
}

/// Returns Airflow's search path: the configured backend, the environment, and Airflow's database, or for a worker its API server.
fn search_path(globals: &Globals, configured: Option<BackendSpec>) -> Result<Vec<BackendSpec>> {
    let mut search_path: Vec<_> = configured.into_iter().collect();
    if globals.no_fallback {
        if search_path.is_empty() {
            return Err(Error::usage(
                "no secrets backend is configured, and `--no-fallback` excludes all others",
            )
            .with_hint("set `AIRFLOW__SECRETS__BACKEND`, or leave `--no-fallback` out"));
        }
        return Ok(search_path);
    }
    let last = if globals.worker {
        Some(class_path::EXECUTION_API)
    } else {
        // A backend that is asked first need not be asked again.
        let is_first = search_path
            .iter()
            .any(|spec| spec.class_path == class_path::METASTORE);
        (!globals.no_metastore && !is_first).then_some(class_path::METASTORE)
    };
    let airflows_own = [Some(class_path::ENVIRONMENT), last].into_iter().flatten();
    search_path.extend(airflows_own.map(|class_path| BackendSpec {
        class_path: class_path.to_owned(),
        kwargs: Kwargs::default(),
        origin: Source::Default,
    }));
    Ok(search_path)
}
