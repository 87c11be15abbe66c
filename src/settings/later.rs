//! Options of Airflow that are looked up only when a backend needs them, such as the URL of Airflow's database.
//!
//! Owns the order of the places in which an option can be. Must not ask a secrets backend: `resolver` does.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `AirflowConfigParser.get`.

use std::sync::Arc;
use std::time::Instant;

use super::airflow_cfg::{self, ConfigText};
use super::lookup::{self, Candidate, Configuration, InPlace, NOT_SENSITIVE};
use super::named_option::{NamedOption, OptionDefault};
use super::origin::{Provenance, Source};
use crate::airflow_option::{AirflowOption, OptionValue};
use crate::env::Env;
use crate::error::Result;
use crate::secret::Secret;

/// Airflow's configuration after the settings are resolved. A clone shares it.
#[derive(Clone, Debug)]
pub struct AirflowConfiguration {
    pub(super) env: Env,
    /// `airflow.cfg`, unless Airflow ignores it.
    pub(super) text: Option<Arc<ConfigText>>,
    /// Whether `[core] unit_test_mode` is on, with which Airflow reads its `unit_tests.cfg` instead.
    pub(super) unit_tests: bool,
    pub(super) deadline: Instant,
}

/// A place that can have the value of an option.
#[derive(Debug)]
pub struct OptionPlace {
    /// The variable or option of `airflow.cfg`.
    pub source: Source,
    /// Whether an empty value counts. If not, the lookup goes on.
    pub may_be_empty: bool,
    /// What it has.
    pub content: PlaceContent,
}

/// What a place has.
#[derive(Debug)]
pub enum PlaceContent {
    /// The value.
    Value(Secret),
    /// A command that prints the value.
    Command(Secret),
    /// The key under which the configured backend has the value.
    KeyInBackend(Secret),
}

/// A step of the lookup of an option.
#[derive(Debug)]
pub struct OptionStep {
    /// The variable, or `[section] option` of `airflow.cfg`.
    pub place: String,
    /// Whether it is the name that the option had in older versions of Airflow.
    pub is_former: bool,
    /// What is there.
    pub content: StepContent,
}

/// What is in the place of a step.
#[derive(Debug)]
pub enum StepContent {
    /// Nothing.
    Absent,
    /// Something that Airflow ignores, and why.
    Ignored(&'static str),
    /// The value, or where it is.
    Place(Result<OptionPlace>),
}

impl AirflowConfiguration {
    /// Returns Airflow's home folder, expanded.
    ///
    /// # Errors
    /// A home that expands for ever, with status 2.
    pub fn home(&self) -> Result<Secret> {
        airflow_cfg::airflow_home(&self.env)
    }

    /// Returns the places that can have the value of `option`, in Airflow's order, up to the first that has one for certain. Runs no
    /// command.
    ///
    /// # Errors
    /// As [`steps`](Self::steps).
    pub fn places(&self, option: &AirflowOption<'_>) -> Result<Vec<Result<OptionPlace>>> {
        let steps = self.steps(option)?;
        Ok(steps
            .into_iter()
            .filter_map(|step| match step.content {
                StepContent::Place(place) => Some(place),
                StepContent::Absent | StepContent::Ignored(_) => None,
            })
            .collect())
    }

    /// Returns the steps of the lookup of `option`, in Airflow's order, up to the first that has a value for certain. Runs no command.
    ///
    /// # Errors
    /// An `airflow.cfg` that does not parse, with status 2. A place that cannot be expanded or interpolated is an error in the list,
    /// because an earlier place may have the value.
    pub fn steps(&self, option: &AirflowOption<'_>) -> Result<Vec<OptionStep>> {
        let mut configuration = Configuration {
            env: &self.env,
            file: self.text.as_deref().map(ConfigText::parse).transpose()?,
            deadline: self.deadline,
            provenance: &mut Provenance::default(),
        };
        let has_file = configuration.file.is_some();
        let mut steps = Vec::new();
        for step in lookup::steps(*option).filter(|step| has_file || !step.is_in_file()) {
            let content = match configuration.in_place(&step, *option) {
                Ok(InPlace::Absent) => StepContent::Absent,
                Ok(InPlace::Ignored) => StepContent::Ignored(NOT_SENSITIVE),
                Ok(InPlace::Candidate(candidate)) => {
                    StepContent::Place(Ok(place(step.stage.may_be_empty(), candidate)))
                }
                Err(error) => StepContent::Place(Err(error)),
            };
            // Airflow reads them for sensitive options only.
            if !option.sensitive && step.is_indirect() && matches!(content, StepContent::Absent) {
                continue;
            }
            let is_last = content.is_last();
            steps.push(OptionStep {
                place: step.place(),
                is_former: step.is_former,
                content,
            });
            if is_last {
                break;
            }
        }
        Ok(steps)
    }

    /// Returns what Airflow has for an option that nothing configures, and where: its `unit_tests.cfg`, or its default.
    ///
    /// # Errors
    /// A home folder that cannot be part of a default, with status 2.
    pub fn default_of(&self, option: &NamedOption) -> Result<(OptionDefault, Source)> {
        let home = self.home()?;
        if self.unit_tests {
            let value = option.in_unit_tests(&home, &self.env)?;
            if !matches!(value, OptionDefault::None) {
                return Ok((value, Source::UnitTests));
            }
        }
        Ok((option.default(&home, &self.env)?, Source::Default))
    }

    /// Returns the value that Airflow makes of a configured one when it starts, and a warning if it is another one.
    ///
    /// # Errors
    /// A value with which Airflow does not start, with status 2.
    pub fn started(&self, option: &NamedOption, value: OptionValue) -> Result<(OptionValue, Option<String>)> {
        let OptionValue { value, source } = value;
        let (value, warning) = option.started(value, &source, &self.env)?;
        Ok((OptionValue { value, source }, warning))
    }

    /// Returns the `airflow.cfg` that is read.
    #[must_use]
    pub fn has_file(&self) -> bool {
        self.text.is_some()
    }

    /// Returns every place that has `option` or a command for it, in Airflow's order, with its text. Runs no command.
    pub(super) fn every_place(&self, option: &AirflowOption<'_>) -> Vec<(Source, Secret)> {
        let mut provenance = Provenance::default();
        let Ok(file) = self.text.as_deref().map(ConfigText::parse).transpose() else {
            return Vec::new();
        };
        let configuration = Configuration {
            env: &self.env,
            file,
            deadline: self.deadline,
            provenance: &mut provenance,
        };
        configuration.every_place(*option)
    }

    /// Runs the command of a place.
    ///
    /// # Errors
    /// A command that fails or does not end in time, with status 2.
    pub fn printed(&self, line: &Secret, source: &Source) -> Result<Secret> {
        lookup::printed(line, source.clone(), &self.env, self.deadline).map(|printed| printed.value)
    }
}

impl OptionPlace {
    /// Returns `value` with this place as its source, if it counts here.
    #[must_use]
    pub fn with(&self, value: Secret) -> Option<OptionValue> {
        (self.may_be_empty || !value.is_empty()).then(|| OptionValue {
            value,
            source: self.source.to_string(),
        })
    }
}

impl StepContent {
    /// Whether the lookup ends here, whatever a command prints or a backend has.
    fn is_last(&self) -> bool {
        match self {
            Self::Absent | Self::Ignored(_) => false,
            Self::Place(Ok(place)) => matches!(place.content, PlaceContent::Value(_)),
            Self::Place(Err(_)) => true,
        }
    }
}

fn place(may_be_empty: bool, candidate: Candidate) -> OptionPlace {
    let (source, content) = match candidate {
        Candidate::Value(configured) => (configured.source, PlaceContent::Value(configured.value)),
        Candidate::Command { line, source } => (source, PlaceContent::Command(line)),
        Candidate::InBackend { key, source } => (source, PlaceContent::KeyInBackend(key)),
    };
    OptionPlace {
        source,
        may_be_empty,
        content,
    }
}
