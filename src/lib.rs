//! Resolves Apache Airflow's connections, variables and configuration options from its secrets backends, without Python.
//!
//! A value flows one way, and the modules show it:
//!
//! ```text
//! argv, environment -> cli -> settings -> backend -> value -> connection -> render -> stdout
//! ```

pub mod backend;
pub mod cli;
pub mod commands;
pub mod connection;
pub mod env;
pub mod error;
pub mod http;
pub mod python;
pub mod render;
pub mod resolver;
pub mod secret;
pub mod settings;
pub mod value;
