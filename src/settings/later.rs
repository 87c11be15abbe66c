//! Options of Airflow that are looked up only when a backend needs them, such as the URL of Airflow's database.
//!
//! Owns the order of the places in which an option can be. Must not ask a secrets backend: `resolver` does.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `AirflowConfigParser.get`.

use std::sync::Arc;
use std::time::Instant;

use super::airflow_cfg::{self, ConfigText};
use super::lookup::{self, Candidate, Configuration, Stage};
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
    /// An `airflow.cfg` that does not parse, with status 2. A place that cannot be expanded or interpolated is an error in the list,
    /// because an earlier place may have the value.
    pub fn places(&self, option: &AirflowOption) -> Result<Vec<Result<OptionPlace>>> {
        let mut configuration = Configuration {
            env: &self.env,
            file: self.text.as_deref().map(ConfigText::parse).transpose()?,
            deadline: self.deadline,
            provenance: &mut Provenance::default(),
        };
        let mut places = Vec::new();
        for stage in Stage::ALL {
            for section in [Some(option.section), option.former_section]
                .into_iter()
                .flatten()
            {
                let place = match configuration.candidate(stage, section, *option) {
                    Ok(None) => continue,
                    Ok(Some(candidate)) => Ok(place(stage, candidate)),
                    Err(error) => Err(error),
                };
                let is_last = !matches!(
                    &place,
                    Ok(OptionPlace {
                        content: PlaceContent::Command(_) | PlaceContent::KeyInBackend(_),
                        ..
                    })
                );
                places.push(place);
                if is_last {
                    return Ok(places);
                }
            }
        }
        Ok(places)
    }

    /// Returns every place that has `option` or a command for it, in Airflow's order, with its text. Runs no command.
    pub(super) fn every_place(&self, option: &AirflowOption) -> Vec<(Source, Secret)> {
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

fn place(stage: Stage, candidate: Candidate) -> OptionPlace {
    let (source, content) = match candidate {
        Candidate::Value(configured) => (configured.source, PlaceContent::Value(configured.value)),
        Candidate::Command { line, source } => (source, PlaceContent::Command(line)),
        Candidate::InBackend { key, source } => (source, PlaceContent::KeyInBackend(key)),
    };
    OptionPlace {
        source,
        may_be_empty: matches!(stage, Stage::Environment | Stage::File),
        content,
    }
}
