//! Where each setting came from: what `explain` says about the configuration.
//!
//! Owns the vocabulary of origins. Holds names, files and lines; never a value.

use std::fmt;
use std::path::PathBuf;

use crate::env;
use crate::shown::shown;

/// What gave a setting its value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// An option of the command line, such as `--backend`.
    Option(&'static str),
    /// An environment variable.
    Variable {
        /// Its name.
        name: String,
        /// Whether the process has it, or an env file.
        origin: env::Origin,
    },
    /// An option of `airflow.cfg`.
    Config {
        /// The file.
        file: PathBuf,
        /// The line on which the option begins, counted from 1.
        line: usize,
        /// The section that was asked.
        section: String,
        /// The option, `backend_kwargs_cmd` say.
        option: String,
    },
    /// Airflow's own search path, or a default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) => f.write_str(name),
            Self::Variable { name, origin } => match origin {
                env::Origin::Process => f.write_str(&shown(name)),
                env::Origin::File(file, line) => {
                    write!(f, "{} ({}:{line})", shown(name), shown(&file.to_string_lossy()))
                }
            },
            Self::Config {
                file,
                line,
                section,
                option,
            } => {
                write!(
                    f,
                    "[{section}] {option} ({}:{line})",
                    shown(&file.to_string_lossy())
                )
            }
            Self::Default => f.write_str("Airflow's default"),
        }
    }
}

/// Something that the configuration says about one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// `setting` has its value from `source`.
    Settled {
        /// What was settled: `backend`, `backend_kwargs`, `kwarg url`, `multi_team`, …
        setting: String,
        /// By what.
        source: Source,
    },
    /// References in the value of `setting` were replaced, as Airflow replaces them: a `$` in a secret can be eaten by this.
    Expanded {
        /// Which setting's value.
        setting: String,
        /// Where that value stood.
        source: Source,
        /// What was replaced: `$NAME` for a variable, `~` for a home folder; in the order of their first replacement.
        references: Vec<String>,
    },
    /// `source` was there and does not count.
    Ignored {
        /// What does not count.
        source: Source,
        /// Why.
        reason: &'static str,
    },
    /// `[core] unit_test_mode` is on: Airflow does not go by `airflow.cfg` then.
    UnitTestMode,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settled { setting, source } => write!(f, "{setting}: {source}"),
            Self::Expanded {
                setting,
                source,
                references,
            } => {
                write!(f, "{setting}: {} expanded in {source}", references.join(", "))
            }
            Self::Ignored { source, reason } => write!(f, "{source} is ignored: {reason}"),
            Self::UnitTestMode => f.write_str("airflow.cfg is ignored: [core] unit_test_mode is on"),
        }
    }
}

/// Where the settings of a command came from, in the order in which they were settled.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    /// The `airflow.cfg` that was read.
    pub config_file: Option<PathBuf>,
    /// The env files that were read.
    pub env_files: Vec<PathBuf>,
    /// What was settled, expanded and ignored.
    pub notes: Vec<Note>,
}

impl Provenance {
    /// Records that `setting` has its value from `source`.
    pub(super) fn settled(&mut self, setting: impl Into<String>, source: Source) {
        self.notes.push(Note::Settled {
            setting: setting.into(),
            source,
        });
    }

    /// Records that `source` does not count.
    pub(super) fn ignored(&mut self, source: Source, reason: &'static str) {
        self.notes.push(Note::Ignored { source, reason });
    }

    /// Returns the references that were replaced in the value of `source`.
    pub(super) fn expanded_in(&self, source: &Source) -> &[String] {
        let mut notes = self.notes.iter();
        let references = notes.find_map(|note| match note {
            Note::Expanded {
                source: expanded,
                references,
                ..
            } if expanded == source => Some(references),
            _ => None,
        });
        references.map_or(&[], Vec::as_slice)
    }

    /// Returns what settled `setting`.
    #[must_use]
    pub fn source_of(&self, setting: &str) -> Option<&Source> {
        self.notes.iter().find_map(|note| match note {
            Note::Settled {
                setting: settled,
                source,
            } if settled == setting => Some(source),
            _ => None,
        })
    }
}
