//! An option of Airflow's configuration that a backend looks up when it needs it. A leaf.
//!
//! Owns the seam between a backend, which knows the option, and those who can look it up: `settings` reads the configuration, and
//! `resolver` asks the configured backend for a `_SECRET`. Must not know any option.

use std::fmt;

use crate::error::{ErrorKind, Result};
use crate::future::BoxFuture;
use crate::secret::Secret;

/// An option, named in lower case as Airflow's documentation names it.
#[derive(Clone, Copy, Debug)]
pub struct AirflowOption<'a> {
    /// The section.
    pub section: &'a str,
    /// The name.
    pub name: &'a str,
    /// The section and the name that it had in older versions of Airflow. Airflow still reads them.
    pub former: Option<(&'a str, &'a str)>,
    /// The team whose own value is looked up.
    pub team: Option<&'a str>,
    /// Whether `_CMD` and `_SECRET` work for it: `sensitive` in Airflow's `config.yml`.
    pub sensitive: bool,
}

impl<'a> AirflowOption<'a> {
    /// Creates an option that is not sensitive and never had another name.
    #[must_use]
    pub const fn new(section: &'a str, name: &'a str) -> Self {
        Self {
            section,
            name,
            former: None,
            team: None,
            sensitive: false,
        }
    }

    /// Makes it a sensitive one.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Sets the section and the name that it had in older versions of Airflow.
    #[must_use]
    pub const fn formerly(mut self, section: &'a str, name: &'a str) -> Self {
        self.former = Some((section, name));
        self
    }
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

/// What was in a place.
#[derive(Debug)]
pub enum StepOutcome {
    /// Nothing.
    NotSet,
    /// Something that Airflow ignores, and why.
    Ignored(&'static str),
    /// The value.
    Found,
    /// A command that printed nothing, or a backend that has an empty value. The lookup goes on.
    Empty,
    /// A command, which was not run.
    NotRun,
    /// A key, for which the secrets backend was not asked.
    NotAsked,
    /// A key that the secrets backend does not have. The lookup goes on.
    NotInBackend,
    /// The failure, which ends the lookup.
    Failed(ErrorKind),
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
    fn known(&self, option: &AirflowOption<'_>) -> Result<Known>;

    /// Returns the value of `option`; `None` for Airflow's default. May run a command, and may ask the configured backend.
    ///
    /// # Errors
    /// As [`known`](Self::known); a command that fails, with status 2; and the errors of the backend.
    fn value<'a>(&'a self, option: &'a AirflowOption<'a>) -> BoxFuture<'a, Result<Option<OptionValue>>>;
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

    fn known(&self, _: &AirflowOption<'_>) -> Result<Known> {
        Ok(Known::Default)
    }

    fn value<'a>(&'a self, _: &'a AirflowOption<'a>) -> BoxFuture<'a, Result<Option<OptionValue>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
