//! Where each setting came from, as `explain` shows it.
//!
//! Owns the vocabulary of origins. Holds names, files and lines; never a value.

use std::fmt;
use std::path::PathBuf;

use crate::env;
use crate::shown::shown;

/// The source of a setting's value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// An option of the command line, such as `--backend`.
    Option(&'static str),
    /// An environment variable.
    Variable {
        /// Its name.
        name: String,
        /// Whether it comes from the process or from an env file.
        origin: env::Origin,
    },
    /// An option of `airflow.cfg`.
    Config {
        /// The file.
        file: PathBuf,
        /// The line on which the option begins, counted from 1.
        line: usize,
        /// The section in which the option was looked up.
        section: String,
        /// The option, such as `backend_kwargs_cmd`.
        option: String,
    },
    /// Airflow's own search path, or a default.
    Default,
    /// The configuration of Airflow's own tests.
    UnitTests,
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
            Self::UnitTests => f.write_str("Airflow's `unit_tests.cfg`"),
        }
    }
}

/// A fact about one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// `setting` has its value from `source`.
    Settled {
        /// What was settled: `backend`, `backend_kwargs`, `kwarg url`, `multi_team`, …
        setting: String,
        /// The source.
        source: Source,
    },
    /// References in the value of `setting` were replaced, as in Airflow. This can remove a `$` from a secret.
    Expanded {
        /// The setting.
        setting: String,
        /// The source of the value.
        source: Source,
        /// The replaced references: `$NAME` for a variable, `~` for a home folder; in the order of their first replacement.
        references: Vec<String>,
    },
    /// `source` is set but ignored.
    Ignored {
        /// The ignored source.
        source: Source,
        /// Why.
        reason: &'static str,
    },
    /// `[core] unit_test_mode` is on, so Airflow ignores `airflow.cfg`.
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

/// How many replaced references a message shows.
const MOST_SHOWN: usize = 8;

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

    /// Records that `source` is ignored.
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

    /// Returns the sources of the configuration, for people, one per line: files, then what was settled, expanded and ignored.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![match &self.config_file {
            Some(file) => format!("airflow.cfg: {}", file.display()),
            None => "airflow.cfg: none".to_owned(),
        }];
        let env_files = self.env_files.iter();
        lines.extend(env_files.map(|file| format!("env file: {}", file.display())));
        if self.source_of("backend").is_none() {
            lines.push("backend: none configured".to_owned());
        }
        // An option on the command line is its own source.
        let is_shown = |note: &&Note| !matches!(note, Note::Settled { setting, source: Source::Option(name) } if setting == name);
        lines.extend(self.notes.iter().filter(is_shown).map(Note::to_string));
        lines
    }

    /// Returns one line per place in which a `$NAME` in backend kwargs was replaced. Shows only names, no values.
    #[must_use]
    pub fn replaced_in_kwargs(&self) -> Vec<String> {
        let lines = self.notes.iter().filter_map(|note| match note {
            Note::Expanded {
                setting,
                source,
                references,
            } if setting.ends_with("backend_kwargs") => {
                let single = match setting.as_str() {
                    "secrets_backend_kwargs" => "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__<KEY>",
                    _ => "AIRFLOW__SECRETS__BACKEND_KWARG__<KEY>",
                };
                let names: Vec<String> = references
                    .iter()
                    .filter(|reference| reference.starts_with('$'))
                    .take(MOST_SHOWN)
                    .map(|reference| format!("`{}`", reference.chars().take(80).collect::<String>()))
                    .collect();
                (!names.is_empty()).then(|| {
                    format!(
                        "{} in {source} was replaced by a variable's value, as in Airflow; set a secret that contains `$` \
                         in `{single}`",
                        names.join(", ")
                    )
                })
            }
            _ => None,
        });
        lines.collect()
    }

    /// Returns the source of `setting`.
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
