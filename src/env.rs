//! The environment as a value, and the name of every variable that secretctl reads.
//!
//! Owns the only reading of the process's environment; everything else is handed an [`Env`]. Env files are laid under it by
//! `settings`: the process's own variables win. Must not know what a variable means.

use std::fmt;
use std::path::PathBuf;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::secret::Secret;

/// Where a variable came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment of this process.
    Process,
    /// A file of `--env-file`, and the line on which the variable stands, counted from 1.
    File(PathBuf, usize),
}

/// One variable: its bytes, and where they came from.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The value, which may be any bytes.
    pub value: Secret,
    /// Where it came from.
    pub origin: Origin,
}

/// An environment: the process's own, or a map in a test. It keeps the order of the process's, as Python's `os.environ` does.
#[derive(Clone, Default)]
pub struct Env {
    variables: IndexMap<String, Variable>,
}

impl Env {
    /// Reads the environment of this process. A variable whose *name* is not UTF-8 is left out: no name of ours is.
    #[must_use]
    pub fn process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| {
                let value = Secret::new(value.into_encoded_bytes());
                Some((name.into_string().ok()?, value))
            })
            .collect()
    }

    /// Returns the variable `name`.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// Returns the value of `name`, the empty one included.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.variables.get(name).map(|variable| &variable.value)
    }

    /// Returns the value of `name` as text; one that is not UTF-8 counts as absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Secret::expose_text)
    }

    /// Returns the value of `name` as text when it is neither absent nor empty.
    #[must_use]
    pub fn non_empty(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// Sets `name` unless it is set: what an env file says under the process's environment. Returns the variable that was
    /// there already.
    pub fn set_default(&mut self, name: String, variable: Variable) -> Option<&Variable> {
        match self.variables.entry(name) {
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => {
                entry.insert(variable);
                None
            }
        }
    }

    /// Iterates over the variables: the process's in its order, then those of env files.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.variables
            .iter()
            .map(|(name, variable)| (name.as_str(), variable))
    }
}

impl FromIterator<(String, Secret)> for Env {
    fn from_iter<T: IntoIterator<Item = (String, Secret)>>(iter: T) -> Self {
        let mut env = Self::default();
        // Of a name that stands there twice, the first counts, as in `getenv` and in Python.
        for (name, value) in iter {
            env.set_default(
                name,
                Variable {
                    value,
                    origin: Origin::Process,
                },
            );
        }
        env
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
