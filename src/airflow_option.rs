//! An option of Airflow's configuration that a backend looks up when it needs it. A leaf.
//!
//! Owns the seam between a backend, which knows the option, and those who can look it up: `settings` reads the configuration, and
//! `resolver` asks the configured backend for a `_SECRET`. Must not know any option.

use std::fmt;

use crate::error::Result;
use crate::future::BoxFuture;
use crate::secret::Secret;

/// The name of an option, in lower case as in Airflow.
#[derive(Clone, Copy, Debug)]
pub struct AirflowOption {
    /// The section.
    pub section: &'static str,
    /// The section in which older versions of Airflow had it. Airflow still reads it there.
    pub former_section: Option<&'static str>,
    /// The option.
    pub name: &'static str,
    /// Whether `_CMD` and `_SECRET` work for it: `sensitive` in Airflow's `config.yml`.
    pub sensitive: bool,
}

/// The value of an option, and what configures it.
#[derive(Clone, Debug)]
pub struct OptionValue {
    /// The value.
    pub value: Secret,
    /// The variable, or the option of a file with its line, for messages.
    pub source: String,
}

/// What is known of an option without asking anyone.
#[derive(Clone, Debug)]
pub enum Known {
    /// Nothing configures it.
    Default,
    /// Its value is configured.
    Value(OptionValue),
    /// A command or the configured backend has its value. The text is the variable or option that says so.
    Elsewhere(String),
}

/// Airflow's configuration, for a backend that reads an option of it while it answers.
///
/// Nothing is looked up before it is asked for, so an option costs nothing where no backend needs it.
pub trait AirflowOptions: Send + Sync {
    /// Returns Airflow's home folder, expanded.
    ///
    /// # Errors
    /// A home that expands for ever, with status 2.
    fn home(&self) -> Result<Secret>;

    /// Returns what is known of `option` without running a command or asking a backend.
    ///
    /// # Errors
    /// A value that cannot be expanded or interpolated, with status 2.
    fn known(&self, option: &AirflowOption) -> Result<Known>;

    /// Returns the value of `option`; `None` for Airflow's default. May run a command, and may ask the configured backend.
    ///
    /// # Errors
    /// As [`known`](Self::known); a command that fails, with status 2; and the errors of the backend.
    fn value<'a>(&'a self, option: &'a AirflowOption) -> BoxFuture<'a, Result<Option<OptionValue>>>;
}

impl fmt::Debug for dyn AirflowOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AirflowOptions")
    }
}

/// A configuration that has no option.
#[derive(Clone, Copy, Debug)]
pub struct NothingConfigured;

impl AirflowOptions for NothingConfigured {
    fn home(&self) -> Result<Secret> {
        Ok(Secret::default())
    }

    fn known(&self, _: &AirflowOption) -> Result<Known> {
        Ok(Known::Default)
    }

    fn value<'a>(&'a self, _: &'a AirflowOption) -> BoxFuture<'a, Result<Option<OptionValue>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
