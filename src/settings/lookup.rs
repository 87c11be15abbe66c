//! Looks up one option of Airflow's configuration: in the environment, then in `airflow.cfg`, each with `_CMD` and `_SECRET`.
//!
//! Owns Airflow's order of lookup, and the expansion of values. Must not know what an option means.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `AirflowConfigParser.get`.

use std::borrow::Cow;
use std::time::Instant;

use super::airflow_cfg::ConfigFile;
use super::command;
use super::expand::{Endless, Expanded, expand};
use super::origin::{Note, Provenance, Source};
use crate::airflow_option::AirflowOption;
use crate::env::{Env, Variable};
use crate::error::{Error, Result};
use crate::python::configparser::InterpolationError;
use crate::python::text;
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

/// A place in which an option can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// A variable.
    Variable,
    VariableCommand,
    VariableSecret,
    /// An option of `airflow.cfg`.
    File,
    FileCommand,
    FileSecret,
}

/// The places, in Airflow's order. Airflow looks for an option under each of its names in one group before the next group.
const GROUPS: [&[Stage]; 4] = [
    &[Stage::Variable, Stage::VariableCommand, Stage::VariableSecret],
    &[Stage::File],
    &[Stage::FileCommand],
    &[Stage::FileSecret],
];

/// A step of a lookup: a place, and the name under which the option is looked for there.
#[derive(Clone, Debug)]
pub(super) struct Step<'o> {
    pub(super) stage: Stage,
    /// Whether it is the name from older versions of Airflow.
    pub(super) is_former: bool,
    section: Cow<'o, str>,
    name: &'o str,
    team: Option<&'o str>,
}

/// What is in the place of a step.
#[derive(Debug)]
pub(super) enum InPlace {
    /// Nothing.
    Absent,
    /// A command or a key, but of an option that is not sensitive.
    Ignored,
    /// The value, or where it is.
    Candidate(Candidate),
}

impl Stage {
    /// Whether an empty value counts. If not, the lookup goes on.
    pub(super) fn may_be_empty(self) -> bool {
        !matches!(self, Self::FileCommand | Self::FileSecret)
    }

    fn is_in_file(self) -> bool {
        matches!(self, Self::File | Self::FileCommand | Self::FileSecret)
    }
}

/// Returns every step of the lookup of `option`, in order.
pub(super) fn steps(option: AirflowOption<'_>) -> impl Iterator<Item = Step<'_>> {
    let names = [Some((option.section, option.name)), option.former];
    GROUPS.into_iter().flat_map(move |group| {
        names
            .into_iter()
            .enumerate()
            .filter_map(|(index, name)| Some((index == 1, name?)))
            .flat_map(move |(is_former, (section, name))| {
                group.iter().map(move |&stage| Step {
                    stage,
                    is_former,
                    // A team has sections of its own; the former name has none.
                    section: match option.team {
                        Some(team) if stage.is_in_file() && !is_former => format!("{team}={section}").into(),
                        _ => section.into(),
                    },
                    name,
                    team: option.team,
                })
            })
            // A team has no commands and no keys in the file.
            .filter(move |step| option.team.is_none() || step.stage.may_be_empty())
    })
}

impl Step<'_> {
    /// Returns whether the step looks into `airflow.cfg`.
    pub(super) fn is_in_file(&self) -> bool {
        self.stage.is_in_file()
    }

    /// Returns whether the place has a command or a key, not the value itself.
    pub(super) fn is_indirect(&self) -> bool {
        !matches!(self.stage, Stage::Variable | Stage::File)
    }

    /// Returns the name of the variable, or `[section] option` of the file.
    pub(super) fn place(&self) -> String {
        if self.is_in_file() {
            format!("[{}] {}", self.section, self.option())
        } else {
            self.variable()
        }
    }

    fn variable(&self) -> String {
        let end = match self.stage {
            Stage::VariableCommand => "_CMD",
            Stage::VariableSecret => "_SECRET",
            _ => "",
        };
        variable_name(&self.section, self.name, self.team) + end
    }

    fn option(&self) -> String {
        let end = match self.stage {
            Stage::FileCommand => "_cmd",
            Stage::FileSecret => "_secret",
            _ => "",
        };
        format!("{}{end}", self.name)
    }
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
    pub(super) fn get(&mut self, option: AirflowOption<'_>) -> Result<Option<Configured>> {
        for step in steps(option) {
            match self.in_place(&step, option)? {
                InPlace::Absent | InPlace::Ignored => {}
                InPlace::Candidate(Candidate::Value(configured)) => return Ok(Some(configured)),
                InPlace::Candidate(Candidate::Command { line, source }) => {
                    let printed = printed(&line, source, self.env, self.deadline)?;
                    if step.stage.may_be_empty() || !printed.value.is_empty() {
                        return Ok(Some(printed));
                    }
                }
                InPlace::Candidate(Candidate::InBackend { source, .. }) => {
                    return Err(nested(option, &source));
                }
            }
        }
        Ok(None)
    }

    /// Returns what is in the place of one step of the lookup of `option`, without I/O.
    ///
    /// # Errors
    /// A value that cannot be expanded or interpolated, with status 2.
    pub(super) fn in_place(&mut self, step: &Step<'_>, option: AirflowOption<'_>) -> Result<InPlace> {
        if step.is_indirect() && !option.sensitive {
            let source = if step.is_in_file() {
                self.config_source(&step.section, &step.option())
            } else {
                self.variable(&step.variable()).map(|(_, source)| source)
            };
            let Some(source) = source else {
                return Ok(InPlace::Absent);
            };
            self.provenance.ignored(source, NOT_SENSITIVE);
            return Ok(InPlace::Ignored);
        }
        let found = if step.is_in_file() {
            self.file_option(&step.section, &step.option())?
        } else {
            self.variable(&step.variable())
                .map(|(variable, source)| (variable.value, source))
        };
        let Some((value, source)) = found else {
            return Ok(InPlace::Absent);
        };
        let candidate = match step.stage {
            Stage::Variable | Stage::File => Candidate::Value(self.expanded(option, &value, source)?),
            Stage::VariableCommand => Candidate::Command { line: value, source },
            Stage::FileCommand => {
                // Python's interpolation makes Airflow look up and expand this option. The result is not used, but the
                // expansion may never end.
                endless_is_an_error(expand(&value, self.env), &source)?;
                Candidate::Command { line: value, source }
            }
            Stage::VariableSecret | Stage::FileSecret => Candidate::InBackend { key: value, source },
        };
        Ok(InPlace::Candidate(candidate))
    }

    /// Returns every place that has `option` or a command for it, in Airflow's order, with its text as it is written.
    pub(super) fn every_place(&self, option: AirflowOption<'_>) -> Vec<(Source, Secret)> {
        let ends: &[&str] = if option.sensitive { &["", "_CMD"] } else { &[""] };
        let name = variable_name(option.section, option.name, option.team);
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
    pub(super) fn ignore(&mut self, option: AirflowOption<'_>, reason: &'static str) {
        let variable = self
            .variable(&variable_name(option.section, option.name, option.team))
            .map(|(_, source)| source);
        if let Some(source) = variable.or_else(|| self.config_source(option.section, option.name)) {
            self.provenance.ignored(source, reason);
        }
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

    fn expanded(&mut self, option: AirflowOption<'_>, value: &Secret, source: Source) -> Result<Configured> {
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
pub(super) const NOT_SENSITIVE: &str =
    "Airflow reads `_CMD` and `_SECRET` only for sensitive options, and this is not one";

/// Returns the error of an option that must be looked up in a secrets backend before there is one.
fn nested(option: AirflowOption<'_>, source: &Source) -> Error {
    Error::usage(format!(
        "{source} cannot be used: a secrets backend cannot look up its own `{}`",
        option.name
    ))
    .with_hint(format!(
        "set `{}` or `{0}_CMD` instead",
        variable_name(option.section, option.name, option.team)
    ))
}

/// Returns `AIRFLOW__SECTION__OPTION`, or `AIRFLOW__TEAM___SECTION__OPTION`.
fn variable_name(section: &str, name: &str, team: Option<&str>) -> String {
    let section = text::upper(&section.replace('.', "_"));
    let team = team.map_or_else(String::new, |team| text::upper(team) + "___");
    format!("AIRFLOW__{team}{section}__{}", text::upper(name))
}
