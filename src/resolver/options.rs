//! Options of Airflow for the backends: looked up in the configuration, and where that says `_SECRET`, in the configured backend.
//!
//! Owns the lookup within a lookup. It cannot recurse: only the configured backend is asked, and a backend that is asked for an option
//! needs none. Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `_get_config_value_from_secret_backend`.

use std::sync::{OnceLock, Weak};
use std::time::Instant;

use super::{Outcome, ask, lookup};
use crate::airflow_option::{AirflowOption, AirflowOptions, Known, OptionValue, StepOutcome};
use crate::backend::SecretsBackend;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::python::json::{self, Value};
use crate::secret::Secret;
use crate::settings::{
    AirflowConfiguration, NamedOption, OptionDefault, OptionPlace, PlaceContent, Source, StepContent,
};
use crate::value::{Found, SecretKind};

/// The lookup of an option that was asked for by its name.
#[derive(Debug)]
pub struct OptionReport {
    /// Every place that was looked at, in order.
    pub steps: Vec<ReportedStep>,
    /// The value and the place that has it, or why there is none. `None` if a place was not asked that may have it.
    pub outcome: Result<Option<OptionValue>>,
    /// Warnings for stderr: a former name, a value that Airflow replaces.
    pub warnings: Vec<String>,
}

/// A place that was looked at.
#[derive(Debug)]
pub struct ReportedStep {
    /// The variable, the option of `airflow.cfg`, or Airflow's default.
    pub place: String,
    /// Whether it is the name that the option had in older versions of Airflow.
    pub is_former: bool,
    /// What was there.
    pub outcome: StepOutcome,
}

/// What a place gives when it is asked.
enum Given {
    Value(Secret),
    Nothing(StepOutcome),
}

/// The options of one command.
pub(super) struct Options {
    airflow: AirflowConfiguration,
    deadline: Instant,
    /// The configured backends. Set when all backends are built: they hold the options, and must not keep each other alive.
    configured: OnceLock<Vec<Weak<dyn SecretsBackend>>>,
}

impl Options {
    pub(super) fn new(airflow: AirflowConfiguration, deadline: Instant) -> Self {
        Self {
            airflow,
            deadline,
            configured: OnceLock::new(),
        }
    }

    /// Sets the configured backends, once.
    pub(super) fn set_configured(&self, backends: Vec<Weak<dyn SecretsBackend>>) {
        // A second call is ignored, and there is none.
        let _ = self.configured.set(backends);
    }

    /// Asks the configured backend for the value under `key`, which `source` names.
    async fn in_backend(&self, key: &Secret, source: &Source) -> Result<Option<Found>> {
        let key = key
            .expose_text()
            .ok_or_else(|| Error::usage(format!("{source} is not UTF-8")))?;
        let question = lookup(SecretKind::Config, key, None, false)
            .map_err(|error| error.map_message(|message| format!("{source}: {message}")))?;
        let configured = self.configured.get().into_iter().flatten();
        for backend in configured.filter_map(Weak::upgrade) {
            match ask(backend.as_ref(), &question, self.deadline).await {
                Ok(Outcome::Found { found, .. }) => return Ok(Some(found)),
                Ok(Outcome::NotFound(_)) => {}
                Err(error) => return Err(error.with_detail(format!("{source} asks for it"))),
            }
        }
        Ok(None)
    }

    /// Looks up an option by its name. With `ask`, runs the commands and asks the configured backend.
    pub(super) async fn report(&self, named: &NamedOption, ask: bool) -> OptionReport {
        let mut report = OptionReport {
            steps: Vec::new(),
            outcome: Ok(None),
            warnings: named.warning().into_iter().collect(),
        };
        report.outcome = self.walk(named, ask, &mut report).await;
        if let (Err(error), Some(last)) = (&report.outcome, report.steps.last_mut())
            && error.kind() != ErrorKind::NotFound
        {
            last.outcome = StepOutcome::Failed(error.kind());
        }
        report
    }

    async fn walk(
        &self,
        named: &NamedOption,
        ask: bool,
        report: &mut OptionReport,
    ) -> Result<Option<OptionValue>> {
        let mut is_certain = true;
        for step in self.airflow.steps(&named.option())? {
            report.steps.push(ReportedStep {
                place: step.place,
                is_former: step.is_former,
                outcome: StepOutcome::NotSet,
            });
            let Some(reported) = report.steps.last_mut() else {
                continue;
            };
            let place = match step.content {
                StepContent::Absent => continue,
                StepContent::Ignored(why) => {
                    reported.outcome = StepOutcome::Ignored(why);
                    continue;
                }
                StepContent::Place(place) => place?,
            };
            reported.place = place.source.to_string();
            match self.given(&place, ask).await? {
                Given::Nothing(outcome) => {
                    let is_final = matches!(outcome, StepOutcome::NotRun) && place.may_be_empty;
                    is_certain &= !matches!(outcome, StepOutcome::NotRun | StepOutcome::NotAsked);
                    reported.outcome = outcome;
                    if is_final {
                        return Ok(None);
                    }
                }
                Given::Value(value) => {
                    reported.outcome = StepOutcome::Found;
                    if step.is_former {
                        report.warnings.extend(named.former_warning(&reported.place));
                    }
                    let source = reported.place.clone();
                    return self
                        .started(named, OptionValue { value, source }, report)
                        .map(Some);
                }
            }
        }
        let (default, source) = self.airflow.default_of(named)?;
        report.steps.push(ReportedStep {
            place: source.to_string(),
            is_former: false,
            outcome: StepOutcome::NotSet,
        });
        let source = source.to_string();
        let value = match default {
            OptionDefault::None if is_certain => return Err(named.not_found()),
            OptionDefault::Random if is_certain => return Err(named.random()),
            OptionDefault::None | OptionDefault::Random => return Ok(None),
            OptionDefault::Value(value) => value,
            OptionDefault::EmptyAtFirst => {
                if !self.airflow.has_file() {
                    let option = named.option();
                    report.warnings.push(format!(
                        "`[{}] {}` is empty: Airflow writes a random value when it creates `airflow.cfg`, and there is none yet",
                        option.section, option.name
                    ));
                }
                Secret::default()
            }
        };
        if let Some(last) = report.steps.last_mut() {
            last.outcome = StepOutcome::Found;
        }
        let value = self.started(named, OptionValue { value, source }, report)?;
        Ok(is_certain.then_some(value))
    }

    /// Returns what a place gives: its value, the output of its command, or what the configured backend has.
    async fn given(&self, place: &OptionPlace, ask: bool) -> Result<Given> {
        let value = match &place.content {
            PlaceContent::Value(value) => value.clone(),
            PlaceContent::Command(_) if !ask => return Ok(Given::Nothing(StepOutcome::NotRun)),
            PlaceContent::KeyInBackend(_) if !ask => return Ok(Given::Nothing(StepOutcome::NotAsked)),
            PlaceContent::Command(line) => self.airflow.printed(line, &place.source)?,
            PlaceContent::KeyInBackend(key) => match self.in_backend(key, &place.source).await? {
                None => return Ok(Given::Nothing(StepOutcome::NotInBackend)),
                Some(Found::Text(text)) => text,
                Some(Found::Json(value)) if place.may_be_empty || value.is_truthy() => match value {
                    Value::String(text) => Secret::from(text.as_str()),
                    value => json::dumps_compact(&value).into(),
                },
                Some(Found::Json(_)) => return Ok(Given::Nothing(StepOutcome::Empty)),
                Some(found) => text(found, &place.source)?,
            },
        };
        Ok(if place.may_be_empty || !value.is_empty() {
            Given::Value(value)
        } else {
            Given::Nothing(StepOutcome::Empty)
        })
    }

    fn started(
        &self,
        named: &NamedOption,
        value: OptionValue,
        report: &mut OptionReport,
    ) -> Result<OptionValue> {
        let (value, warning) = self.airflow.started(named, value)?;
        report.warnings.extend(warning);
        Ok(value)
    }
}

impl AirflowOptions for Options {
    fn home(&self) -> Result<Secret> {
        self.airflow.home()
    }

    fn known(&self, option: &AirflowOption<'_>) -> Result<Known> {
        let Some(place) = self.airflow.places(option)?.into_iter().next() else {
            return Ok(Known::Default);
        };
        let place = place?;
        Ok(match place.content {
            PlaceContent::Value(value) => Known::Value(OptionValue {
                value,
                source: place.source.to_string(),
            }),
            PlaceContent::Command(_) | PlaceContent::KeyInBackend(_) => {
                Known::Elsewhere(place.source.to_string())
            }
        })
    }

    fn value<'a>(&'a self, option: &'a AirflowOption<'a>) -> BoxFuture<'a, Result<Option<OptionValue>>> {
        Box::pin(async move {
            for place in self.airflow.places(option)? {
                let place = place?;
                let value = match &place.content {
                    PlaceContent::Value(value) => Some(value.clone()),
                    PlaceContent::Command(line) => Some(self.airflow.printed(line, &place.source)?),
                    PlaceContent::KeyInBackend(key) => match self.in_backend(key, &place.source).await? {
                        Some(found) => Some(text(found, &place.source)?),
                        None => None,
                    },
                };
                if let Some(value) = value.and_then(|value| place.with(value)) {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        })
    }
}

/// Returns the text that a backend has as the value of an option.
fn text(found: Found, source: &Source) -> Result<Secret> {
    match found {
        Found::Text(text) => Ok(text),
        _ => Err(Error::malformed(format!(
            "the value that {source} names is not text"
        ))),
    }
}
