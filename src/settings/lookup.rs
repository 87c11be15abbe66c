//! Looks up one option of Airflow's configuration: in the environment, then in `airflow.cfg`, each with `_CMD` and `_SECRET`.
//!
//! Owns Airflow's order of lookup, and the expansion of values. Must not know what an option means.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `AirflowConfigParser.get`.

use std::time::Instant;

use super::airflow_cfg::ConfigFile;
use super::command;
use super::expand::{Endless, Expanded, expand};
use super::origin::{Note, Provenance, Source};
use crate::airflow_option::AirflowOption;
use crate::env::{Env, Variable};
use crate::error::{Error, Result};
use crate::python::configparser::InterpolationError;
use crate::secret::Secret;
use crate::shown::shown;

/// Airflow's configuration, in which options are looked up.
pub(super) struct Configuration<'a> {
    pub(super) env: &'a Env,
    pub(super) file: Option<ConfigFile<'a>>,
    pub(super) deadline: Instant,
    pub(super) provenance: &'a mut Provenance,
}

/// A value as Airflow would return it, and its source.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) value: Secret,
    pub(super) source: Source,
}

/// Where the value of an option is.
#[derive(Debug)]
pub(super) enum Candidate {
    /// It is configured.
    Value(Configured),
    /// It is the output of a command. In `airflow.cfg`, a command that prints nothing does not count.
    Command { line: Secret, source: Source },
    /// The configured secrets backend has it under a key. Without it there, the lookup goes on.
    InBackend { key: Secret, source: Source },
}

/// A stage of a lookup. Airflow looks up an option in each section of a stage before the next stage.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    Environment,
    File,
    FileCommand,
    FileSecret,
}

impl Stage {
    pub(super) const ALL: [Self; 4] = [Self::Environment, Self::File, Self::FileCommand, Self::FileSecret];
}

impl Configured {
    /// Returns the value as text.
    ///
    /// # Errors
    /// A value that is not UTF-8, with status 2.
    pub(super) fn text(&self) -> Result<&str> {
        let text = self.value.expose_text();
        text.ok_or_else(|| Error::usage(format!("{} is not UTF-8", self.source)))
    }
}

impl Configuration<'_> {
    /// Looks up `option`; `None` is Airflow's default. An empty value in the environment or the file is final.
    ///
    /// # Errors
    /// A value that cannot be expanded or interpolated, a command that fails, and a nested lookup, with status 2.
    pub(super) fn get(&mut self, option: AirflowOption) -> Result<Option<Configured>> {
        for stage in Stage::ALL {
            match self.candidate(stage, option.section, option)? {
                None => {}
                Some(Candidate::Value(configured)) => return Ok(Some(configured)),
                Some(Candidate::Command { line, source }) => {
                    let printed = printed(&line, source, self.env, self.deadline)?;
                    if matches!(stage, Stage::Environment) || !printed.value.is_empty() {
                        return Ok(Some(printed));
                    }
                }
                Some(Candidate::InBackend { source, .. }) => return Err(nested(option, &source)),
            }
        }
        Ok(None)
    }

    /// Returns where one stage of a lookup has the value of `option` in `section`, without I/O.
    ///
    /// # Errors
    /// A value that cannot be expanded or interpolated, with status 2.
    pub(super) fn candidate(
        &mut self,
        stage: Stage,
        section: &'static str,
        option: AirflowOption,
    ) -> Result<Option<Candidate>> {
        let name = |end: &str| format!("{}{end}", option.name);
        match stage {
            Stage::Environment => self.environment_option(section, option),
            Stage::File => match self.file_option(section, option.name)? {
                Some((value, source)) => self
                    .expanded(option, &value, source)
                    .map(Candidate::Value)
                    .map(Some),
                None => Ok(None),
            },
            Stage::FileCommand => {
                let Some((line, source)) = self.file_option(section, &name("_cmd"))? else {
                    return Ok(None);
                };
                if !option.sensitive {
                    self.provenance.ignored(source, NOT_SENSITIVE);
                    return Ok(None);
                }
                // Python's interpolation makes Airflow look up and expand this option. The result is not used, but the
                // expansion may never end.
                endless_is_an_error(expand(&line, self.env), &source)?;
                Ok(Some(Candidate::Command { line, source }))
            }
            Stage::FileSecret => {
                let Some((key, source)) = self.file_option(section, &name("_secret"))? else {
                    return Ok(None);
                };
                if !option.sensitive {
                    self.provenance.ignored(source, NOT_SENSITIVE);
                    return Ok(None);
                }
                Ok(Some(Candidate::InBackend { key, source }))
            }
        }
    }

    /// Returns every place that has `option` or a command for it, in Airflow's order, with its text as it is written.
    pub(super) fn every_place(&self, option: AirflowOption) -> Vec<(Source, Secret)> {
        let ends: &[&str] = if option.sensitive { &["", "_CMD"] } else { &[""] };
        let name = variable_name(option.section, option);
        let variables = ends.iter().filter_map(|end| {
            let (variable, source) = self.variable(&format!("{name}{end}"))?;
            Some((source, variable.value))
        });
        let options = ends.iter().filter_map(|end| {
            let name = format!("{}{}", option.name, end.to_lowercase());
            let (value, source) = self.file_option(option.section, &name).ok()??;
            Some((source, value))
        });
        variables.chain(options).collect()
    }

    /// Records, for `explain`, that `option` is configured but ignored.
    pub(super) fn ignore(&mut self, option: AirflowOption, reason: &'static str) {
        let variable = self
            .variable(&variable_name(option.section, option))
            .map(|(_, source)| source);
        if let Some(source) = variable.or_else(|| self.config_source(option.section, option.name)) {
            self.provenance.ignored(source, reason);
        }
    }

    fn environment_option(
        &mut self,
        section: &'static str,
        option: AirflowOption,
    ) -> Result<Option<Candidate>> {
        let name = variable_name(section, option);
        if let Some((variable, source)) = self.variable(&name) {
            let configured = self.expanded(option, &variable.value, source)?;
            return Ok(Some(Candidate::Value(configured)));
        }
        if let Some((variable, source)) = self.variable(&format!("{name}_CMD")) {
            let line = variable.value;
            if option.sensitive {
                return Ok(Some(Candidate::Command { line, source }));
            }
            self.provenance.ignored(source, NOT_SENSITIVE);
        }
        if let Some((variable, source)) = self.variable(&format!("{name}_SECRET")) {
            let key = variable.value;
            if option.sensitive {
                return Ok(Some(Candidate::InBackend { key, source }));
            }
            self.provenance.ignored(source, NOT_SENSITIVE);
        }
        Ok(None)
    }

    fn variable(&self, name: &str) -> Option<(Variable, Source)> {
        let variable = self.env.variable(name)?.clone();
        let source = Source::Variable {
            name: name.to_owned(),
            origin: variable.origin.clone(),
        };
        Some((variable, source))
    }

    /// Returns the source of an option of the file, if the file has it.
    fn config_source(&self, section: &str, name: &str) -> Option<Source> {
        let file = self.file.as_ref()?;
        Some(Source::Config {
            file: file.path.to_owned(),
            line: file.parser.line_of(section, name)?,
            section: section.to_owned(),
            option: name.to_owned(),
        })
    }

    /// Returns the line in the file of the `nth` line of the value of `source`, if that is an option of the file.
    pub(super) fn line_within(&self, source: &Source, nth: usize) -> Option<usize> {
        match source {
            Source::Config { section, option, .. } => {
                self.file.as_ref()?.parser.line_within(section, option, nth)
            }
            _ => None,
        }
    }

    /// Returns an option of the file, interpolated.
    fn file_option(&self, section: &str, name: &str) -> Result<Option<(Secret, Source)>> {
        let (Some(file), Some(source)) = (&self.file, self.config_source(section, name)) else {
            return Ok(None);
        };
        match file.parser.get(section, name) {
            Ok(value) => Ok(value.map(|value| (Secret::from(value), source))),
            Err(cause) => {
                let hint = match cause {
                    InterpolationError::Syntax => "write `%%` for each literal `%`",
                    InterpolationError::MissingOption => {
                        "write `%%(name)s` if no reference is meant, or add the option that it names"
                    }
                    InterpolationError::Depth | InterpolationError::TooLong => {
                        "write the value itself instead of its references"
                    }
                };
                Err(Error::usage(format!("{source} cannot be interpolated"))
                    .with_source(cause)
                    .with_hint(hint))
            }
        }
    }

    fn expanded(&mut self, option: AirflowOption, value: &Secret, source: Source) -> Result<Configured> {
        let expanded = endless_is_an_error(expand(value, self.env), &source)?;
        if !expanded.references.is_empty() {
            self.provenance.notes.push(Note::Expanded {
                setting: option.name.to_owned(),
                source: source.clone(),
                references: expanded.references,
            });
        }
        Ok(Configured {
            value: expanded.value,
            source,
        })
    }
}

/// Returns the output of a command, which is not expanded.
pub(super) fn printed(line: &Secret, source: Source, env: &Env, deadline: Instant) -> Result<Configured> {
    let value = command::run(line, env, deadline)
        .map_err(|error| error.map_message(|message| format!("{source}: {message}")))?;
    Ok(Configured { value, source })
}

fn endless_is_an_error(expanded: Result<Expanded, Endless>, source: &Source) -> Result<Expanded> {
    expanded.map_err(|endless| {
        let references = shown(&endless.references.join("`, `"));
        Error::usage(format!("{source} expands for ever"))
            .with_detail(format!("a variable refers to itself: `{references}`"))
            .with_hint("remove the reference to itself from the variable's value")
    })
}

/// Why a `_CMD` or `_SECRET` of an option is ignored.
const NOT_SENSITIVE: &str =
    "Airflow reads `_CMD` and `_SECRET` only for sensitive options, and this is not one";

/// Returns the error of an option that must be looked up in a secrets backend before there is one.
fn nested(option: AirflowOption, source: &Source) -> Error {
    Error::usage(format!(
        "{source} cannot be used: a secrets backend cannot look up its own `{}`",
        option.name
    ))
    .with_hint(format!(
        "set `{}` or `{0}_CMD` instead",
        variable_name(option.section, option)
    ))
}

/// Returns `AIRFLOW__SECTION__OPTION`.
fn variable_name(section: &str, option: AirflowOption) -> String {
    format!(
        "AIRFLOW__{}__{}",
        section.to_uppercase(),
        option.name.to_uppercase()
    )
}
