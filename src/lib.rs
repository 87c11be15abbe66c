//! Resolves Apache Airflow's connections, variables and configuration options from its secrets backends, without Python.
//!
//! A value flows through the modules in one direction:
//!
//! ```text
//! argv, environment -> cli -> settings -> backend -> value -> connection -> render -> stdout
//! ```
//!
//! Who may use whom, and never the other way (a test checks the imports of every file):
//!
//! ```text
//! main -> cli -> { commands, render, settings, options }
//! commands -> { render, inspect, drivers, template, connection, resolver, settings, options }
//! render -> { inspect, connection }
//! inspect -> connection
//! drivers -> connection
//! template -> connection
//! resolver -> { settings, backend }
//! settings -> options
//! backend -> { cloud, http }
//! cloud -> http
//! leaves: airflow_option, calendar, class_path, connection_keys, env, error, file, future, helper, home, kwargs
//! leaves: listing, location, memory_file, nearest, privilege, python, report, secret, shown, value, variable_name
//! ```
//!
//! Every module may use a leaf; a leaf may use only other leaves.
//!
//! # A first example
//!
//! The same as `secretctl get-conn smtp_default --field password`, in Rust:
//!
//! ```
//! use secretctl::cli::GlobalArgs;
//! use secretctl::connection::Connection;
//! use secretctl::env::Env;
//! use secretctl::resolver::Resolver;
//! use secretctl::secret::Secret;
//! use secretctl::settings::Settings;
//! use secretctl::value::SecretKind;
//!
//! # fn main() -> secretctl::error::Result<()> {
//! let uri = Secret::from("smtp://user:pass@mail.example.com:587");
//! let env: Env = [("AIRFLOW_CONN_SMTP_DEFAULT".to_owned(), uri)].into_iter().collect();
//! let mut settings = Settings::resolve(&GlobalArgs::default(), env)?;
//! let resolver = Resolver::new(&mut settings, |_, _| Ok(Default::default()))?;
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
//! let resolved = runtime.block_on(resolver.resolve(SecretKind::Connection, "smtp_default"))?;
//! let connection = Connection::from_found("smtp_default", &resolved.found)?;
//! assert_eq!(connection.field("password")?, Some(Secret::from("pass")));
//! # Ok(())
//! # }
//! ```
//!
//! # What a module may do
//!
//! A backend never sees the command line, a connection or an output format; `connection` does no I/O; only `env` reads the
//! environment, only `render` writes stdout and stderr, only `main` ends the process.

pub mod airflow_option;
pub mod backend;
mod calendar;
pub mod class_path;
pub mod cli;
mod cloud;
pub mod commands;
pub mod connection;
mod connection_keys;
pub mod drivers;
pub mod env;
pub mod error;
mod file;
pub mod future;
mod helper;
mod home;
pub mod http;
pub mod inspect;
pub mod kwargs;
pub mod listing;
pub mod location;
mod memory_file;
mod nearest;
pub mod options;
pub mod privilege;
pub mod python;
pub mod render;
pub mod report;
pub mod resolver;
pub mod secret;
pub mod settings;
mod shown;
pub mod template;
pub mod value;
mod variable_name;

/// The version of this crate, the commit that it was built from, and its target.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILT_FROM"), ")");
