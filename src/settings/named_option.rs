//! An option that is asked for by its section and name, as `airflow config get-value SECTION OPTION` asks.
//!
//! Owns what Airflow does around the lookup: names in lower case, former names, defaults, and the values that it replaces or refuses
//! when it starts. Must not know the places in which an option can be configured; `lookup` does.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `_resolve_deprecated_lookup` and
//! `configure_parser_from_configuration_description`; `airflow/configuration.py`, `_validators`.

use std::borrow::Cow;

use super::expand::expand;
use super::known_options::{self, KnownOption, Part};
use crate::airflow_option::AirflowOption;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::python::text;
use crate::secret::Secret;
use crate::shown::shown;

/// The version of Airflow whose options these are.
const AIRFLOW: &str = "Airflow 3.3.2";

/// An option, under the name by which Airflow looks it up.
#[derive(Clone, Debug)]
pub struct NamedOption {
    section: String,
    name: String,
    former: Option<(&'static str, &'static str)>,
    team: Option<String>,
    known: Option<KnownOption>,
    /// The section and name that were given, if they are the former ones.
    asked: Option<(String, String)>,
}

/// What an option has when nothing configures it.
#[derive(Debug)]
pub enum OptionDefault {
    /// Nothing.
    None,
    /// A value.
    Value(Secret),
    /// An empty value, until a command of Airflow's writes a random one into a new `airflow.cfg`.
    EmptyAtFirst,
    /// A random value in each process.
    Random,
}

/// Whether Airflow's text for a name can be part of a default that is interpolated: each `%` is doubled or begins a reference.
/// If not, Airflow does not insert it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Percent {
    None,
    Doubled,
    Single,
    Reference,
}

/// An option whose value Airflow replaces when it starts: section, name, the old text.
const EXECUTOR: (&str, &str, &str, &str) = ("core", "executor", "SequentialExecutor", "LocalExecutor");
const LOG_FILENAME: (&str, &str, &str) = (
    "logging",
    "log_filename_template",
    "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/{% if ti.map_index >= 0 %}map_index={{ ti.map_index \
     }}/{% endif %}attempt={{ try_number }}.log",
);
const DATABASE: (&str, &str) = ("database", "sql_alchemy_conn");

impl NamedOption {
    /// Creates the option `[section] name`; for a team, its own value is meant.
    ///
    /// # Errors
    /// An empty section or name, with status 2.
    pub fn new(section: &str, name: &str, team: Option<&str>) -> Result<Self> {
        if section.is_empty() || name.is_empty() {
            return Err(
                Error::usage("an option has a section and a name, and one of them is empty")
                    .with_hint("write `get-config SECTION.KEY`, such as `core.dags_folder`"),
            );
        }
        let asked = (text::lower(section), text::lower(name));
        let now = known_options::replacement(&asked.0, &asked.1)
            .map(|(section, name)| (section.to_owned(), name.to_owned()));
        let (asked, (section, name)) = match now {
            Some(now) => (Some(asked), now),
            None => (None, asked),
        };
        Ok(Self {
            former: known_options::former(&section, &name),
            known: known_options::find(&section, &name),
            team: team.map(str::to_owned),
            asked,
            section,
            name,
        })
    }

    /// Returns the option for a lookup.
    #[must_use]
    pub fn option(&self) -> AirflowOption<'_> {
        AirflowOption {
            section: &self.section,
            name: &self.name,
            former: self.former,
            team: self.team.as_deref(),
            sensitive: self.known.is_some_and(|known| known.is_sensitive),
        }
    }

    /// Returns the section of the option.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// Returns the name of the option in its section.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the value may be a secret. Of an option that Airflow does not know, nobody can tell.
    #[must_use]
    pub fn may_be_secret(&self) -> bool {
        self.known.is_none_or(|known| known.is_sensitive)
    }

    /// Returns Airflow's warning about the name that was given.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let (section, name) = self.asked.as_ref()?;
        Some(format!(
            "`[{}] {}` is now `[{}] {}`; please ask for it by that name",
            shown(section),
            shown(name),
            self.section,
            self.name
        ))
    }

    /// Returns Airflow's warning about a value that is configured under the former name.
    #[must_use]
    pub fn former_warning(&self, source: &str) -> Option<String> {
        // Airflow warns once.
        (self.asked.is_none()).then(|| {
            format!(
                "{source} is the former name of `[{}] {}`; Airflow still reads it, but please rename it",
                self.section, self.name
            )
        })
    }

    /// Returns the value with `[core] unit_test_mode`, where Airflow reads its `unit_tests.cfg` instead of `airflow.cfg`.
    ///
    /// # Errors
    /// As [`default`](Self::default).
    pub(super) fn in_unit_tests(&self, home: &Secret, env: &Env) -> Result<OptionDefault> {
        let names = [Some((self.section.as_str(), self.name.as_str())), self.former];
        let found = names
            .into_iter()
            .flatten()
            .filter(|_| self.team.is_none())
            .find_map(|(section, name)| known_options::in_unit_tests(section, name));
        match found {
            Some(value) => inserted(value, home, env, true),
            None => Ok(OptionDefault::None),
        }
    }

    /// Returns Airflow's default. `home` is Airflow's home folder.
    ///
    /// # Errors
    /// A home folder with a reference to another option, or one that expands for ever, with status 2.
    pub(super) fn default(&self, home: &Secret, env: &Env) -> Result<OptionDefault> {
        match self.known.and_then(|known| known.default) {
            Some(value) => inserted(value, home, env, false),
            None => Ok(OptionDefault::None),
        }
    }

    /// Replaces the values that Airflow replaces when it starts, and refuses those with which it does not start. Returns the value,
    /// and a warning if it was replaced. `source` is the place that has it.
    ///
    /// # Errors
    /// A refused value, with status 2.
    pub(super) fn started(&self, value: Secret, source: &str, env: &Env) -> Result<(Secret, Option<String>)> {
        let Some(text) = value.expose_text().filter(|_| self.team.is_none()) else {
            return Ok((value, None));
        };
        if let Some(accepted) = known_options::accepted(&self.section, &self.name)
            && !text.is_empty()
            && !accepted.clone().any(|accepted| accepted == text)
        {
            let accepted: Vec<_> = accepted.map(|value| format!("`{value}`")).collect();
            return Err(
                Error::usage(format!("{source} has a value with which Airflow does not start"))
                    .with_hint(format!("Airflow accepts {}", accepted.join(", "))),
            );
        }
        let Some((replaced, warning)) = self.replaced(text, source) else {
            return Ok((value, None));
        };
        // Airflow puts the new value into a variable, where it is expanded.
        Ok((expanded(&Secret::from(replaced), source, env)?, Some(warning)))
    }

    fn replaced(&self, value: &str, source: &str) -> Option<(String, String)> {
        let name = (self.section.as_str(), self.name.as_str());
        let warning =
            |old: &str, new: &str| format!("{source} has `{old}`, which Airflow replaces with `{new}`");
        if name == (EXECUTOR.0, EXECUTOR.1) && value.contains(EXECUTOR.2) {
            return Some((
                value.replace(EXECUTOR.2, EXECUTOR.3),
                warning(EXECUTOR.2, EXECUTOR.3),
            ));
        }
        if name == (LOG_FILENAME.0, LOG_FILENAME.1) && value.contains(LOG_FILENAME.2) {
            let default = self.known.and_then(|known| known.default)?;
            return Some((
                value.replace(LOG_FILENAME.2, default),
                format!(
                    "{source} has the default of an older version, which Airflow replaces with its present one"
                ),
            ));
        }
        if name == DATABASE {
            return ["postgres", "postgres+psycopg2"].into_iter().find_map(|scheme| {
                let rest = value.strip_prefix(scheme)?.strip_prefix("://")?;
                Some((
                    format!("postgresql://{rest}"),
                    warning(&format!("{scheme}://"), "postgresql://"),
                ))
            });
        }
        None
    }

    /// Creates the error of an option that nothing configures and that has no default.
    #[must_use]
    pub fn not_found(&self) -> Error {
        let name = format!("`[{}] {}`", shown(&self.section), shown(&self.name));
        if self.known.is_some() {
            return Error::not_found(format!(
                "option {name} is not set, and Airflow has no default for it"
            ));
        }
        let error = Error::not_found(format!(
            "option {name} is not set, and is not one that {AIRFLOW} knows"
        ));
        match known_options::similar(&self.section, &self.name) {
            Some(similar) => error.with_hint(format!("did you mean `{similar}`?")),
            None => error.with_hint(
                "a key with a dot in the secrets backend is asked for with `get-config --backend-key KEY`",
            ),
        }
    }

    /// Creates the error of an option whose value is random in each process.
    #[must_use]
    pub fn random(&self) -> Error {
        Error::not_found(format!(
            "option `[{}] {}` is not set, and Airflow makes up a value in each process",
            self.section, self.name
        ))
        .with_hint("set it, so that all parts of Airflow have the same")
    }
}

/// Returns a value of the table with Airflow's texts inserted, expanded.
fn inserted(value: &'static str, home: &Secret, env: &Env, unit_tests: bool) -> Result<OptionDefault> {
    let mut text = Vec::new();
    for part in known_options::parts(value) {
        match part {
            Part::Text(part) => text.extend_from_slice(part.as_bytes()),
            Part::Name("SECRET_KEY") => return Ok(OptionDefault::Random),
            Part::Name("FERNET_KEY" | "JWT_SECRET_KEY") if unit_tests => return Ok(OptionDefault::Random),
            Part::Name("FERNET_KEY" | "JWT_SECRET_KEY") => return Ok(OptionDefault::EmptyAtFirst),
            // Airflow sets these as values of its configuration, which are interpolated.
            Part::Name("TEST_DAGS_FOLDER") => text.extend(without_doubled(&joined(home, b"dags")).iter()),
            Part::Name("TEST_PLUGINS_FOLDER") => {
                text.extend(without_doubled(&joined(home, b"plugins")).iter());
            }
            Part::Name(name) => match percent(home.expose()) {
                Percent::None => text.extend_from_slice(home.expose()),
                Percent::Doubled => text.extend(without_doubled(home.expose()).iter()),
                Percent::Single => text.extend(format!("{{{name}}}").bytes()),
                Percent::Reference => {
                    return Err(Error::usage(
                        "AIRFLOW_HOME has a `%(name)s`, which Airflow takes for a reference to an option",
                    )
                    .with_hint("write `%%(name)s`, or rename the folder"));
                }
            },
        }
    }
    let text = Secret::new(text);
    expanded(&text, "Airflow's default", env).map(OptionDefault::Value)
}

/// Python's `os.path.join(home, name)`.
fn joined(home: &Secret, name: &[u8]) -> Vec<u8> {
    let mut path = home.expose().to_vec();
    if !path.is_empty() && !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// Python's `BasicInterpolation.before_set`, which refuses text with a single `%`.
fn percent(text: &[u8]) -> Percent {
    if !text.contains(&b'%') {
        return Percent::None;
    }
    let mut rest = &without(text, b"%%")[..];
    let mut is_reference = false;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let end = rest[at..].windows(2).position(|pair| pair == b")s");
        match end.filter(|end| rest[at + 1] == b'(' && *end > 2 && !rest[at + 2..at + end].contains(&b')')) {
            Some(end) => {
                is_reference = true;
                rest = &rest[at + end + 2..];
            }
            None => return Percent::Single,
        }
    }
    if is_reference {
        Percent::Reference
    } else {
        Percent::Doubled
    }
}

fn without(text: &[u8], part: &[u8]) -> Vec<u8> {
    let mut left = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(part) {
            rest = after;
        } else {
            left.push(*first);
            rest = &rest[1..];
        }
    }
    left
}

/// Returns `text` with `%` for each `%%`.
fn without_doubled(text: &[u8]) -> Cow<'_, [u8]> {
    let mut single = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        single.push(*first);
        rest = rest.strip_prefix(b"%%").unwrap_or(&rest[1..]);
    }
    single.into()
}

fn expanded(value: &Secret, source: &str, env: &Env) -> Result<Secret> {
    expand(value, env)
        .map(|expanded| expanded.value)
        .map_err(|_| Error::usage(format!("{source} expands for ever")))
}
