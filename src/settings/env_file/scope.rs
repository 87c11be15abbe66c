//! The variables assigned so far, to which a value can refer.
//!
//! Owns the order in which a reference is looked up, and the limit on growth. The order is that of docker compose, and of python-dotenv's
//! `load_dotenv()` with its default `override=False`: the process's environment, then earlier lines and files. A value is complete when
//! it is assigned, so there are no cycles. Must not know any dialect.

use indexmap::IndexMap;

use super::problem::Problem;
use crate::env::Env;
use crate::file::MAX_BYTES;
use crate::secret::Secret;

/// A variable of an env file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its value; `None` for a name without a value, and for a value that could not be read.
    pub(super) value: Option<Secret>,
    /// The number of its file.
    pub(super) file: usize,
    /// The line on which it begins, counted from 1.
    pub(super) line: usize,
    /// Whether its value refers to a variable that is not set, without a default.
    pub(super) refers_to_unset: bool,
}

/// The result of a reference.
pub(super) enum Found<'a> {
    /// A value.
    Value(&'a Secret),
    /// An earlier name without a value.
    NameAlone,
    /// Nothing.
    Nothing,
}

/// The variables so far.
pub(super) struct Scope<'a> {
    process: &'a Env,
    variables: IndexMap<String, Entry>,
    /// The number of the file that is being read.
    pub(super) file: usize,
    /// Whether to skip a value that cannot be read.
    pub(super) tolerant: bool,
    /// How many bytes references have added.
    expanded_bytes: u64,
    refers_to_unset: bool,
}

impl<'a> Scope<'a> {
    /// Creates a scope with only the process's environment.
    pub(super) fn new(process: &'a Env) -> Self {
        Self {
            process,
            variables: IndexMap::new(),
            file: 0,
            tolerant: false,
            expanded_bytes: 0,
            refers_to_unset: false,
        }
    }

    /// Creates an empty scope for another reading of the same files, which skips values that it cannot read.
    pub(super) fn again(&self) -> Self {
        Self {
            tolerant: true,
            ..Self::new(self.process)
        }
    }

    /// Looks up a name to which a value refers.
    pub(super) fn find(&self, name: &[u8]) -> Found<'_> {
        let Ok(name) = std::str::from_utf8(name) else {
            return Found::Nothing;
        };
        if let Some(value) = self.process.get(name) {
            return Found::Value(value);
        }
        match self.variables.get(name) {
            Some(Entry {
                value: Some(value), ..
            }) => Found::Value(value),
            Some(Entry { value: None, .. }) => Found::NameAlone,
            None => Found::Nothing,
        }
    }

    /// Appends the value of `name` to `text`, and returns whether the name exists.
    ///
    /// # Errors
    /// More than 16 MiB in all.
    pub(super) fn append(&mut self, name: &[u8], text: &mut Vec<u8>) -> Result<bool, &'static str> {
        let value = match self.find(name) {
            Found::Value(value) => value.expose(),
            Found::NameAlone => return Ok(true),
            Found::Nothing => return Ok(false),
        };
        let length = value.len() as u64;
        // Checked before copying: a reading that skips errors reaches this for every line.
        if self.expanded_bytes + length > MAX_BYTES {
            return Err("the references in this file expand to more than 16 MiB");
        }
        text.extend_from_slice(value);
        self.expanded_bytes += length;
        Ok(true)
    }

    /// Records that the current value refers to a variable that is not set.
    pub(super) fn note_unset(&mut self) {
        self.refers_to_unset = true;
    }

    /// Assigns a value to `name`, on `line`.
    ///
    /// # Errors
    /// A value that contains NUL, and the problem in `value`, unless problems are skipped.
    pub(super) fn assign(
        &mut self,
        name: String,
        value: Result<Option<Secret>, Problem>,
        line: usize,
    ) -> Result<(), Problem> {
        let value = value.and_then(|value| match value {
            Some(value) if value.expose().contains(&0) => Err(Problem::nul(line)),
            value => Ok(value),
        });
        let value = match value {
            Err(problem) if !self.tolerant => return Err(problem),
            value => value.ok().flatten(),
        };
        let entry = Entry {
            value,
            file: self.file,
            line,
            refers_to_unset: std::mem::take(&mut self.refers_to_unset),
        };
        self.variables.insert(name, entry);
        Ok(())
    }

    /// Iterates over the variables of the files.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.variables.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Returns the variables of the files.
    pub(super) fn into_variables(self) -> impl Iterator<Item = (String, Entry)> {
        self.variables.into_iter()
    }

    /// Returns the value of `name` in the files.
    pub(super) fn value(&self, name: &str) -> Option<&Secret> {
        self.variables.get(name)?.value.as_ref()
    }

    /// Whether the process's environment has `name`, so the value in the files is ignored.
    pub(super) fn is_of_process(&self, name: &str) -> bool {
        self.process.variable(name).is_some()
    }
}
