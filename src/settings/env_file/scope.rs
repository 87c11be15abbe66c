//! What has been assigned so far: the variables to which a value can refer.
//!
//! Owns the order in which a reference is looked up, and the bound on growth. It is python-dotenv's `load_dotenv()` with its
//! default `override=False`, and docker compose's: the process's environment, then what stands further up, in an earlier file
//! too. A value is complete when it is assigned, so there are no cycles. Must not know any dialect.

use indexmap::IndexMap;

use super::problem::Problem;
use crate::env::Env;
use crate::file::MAX_BYTES;
use crate::secret::Secret;

/// A variable of an env file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its value; `None` for a name alone, and for one whose value could not be made out.
    pub(super) value: Option<Secret>,
    /// The number of its file.
    pub(super) file: usize,
    /// The line on which it begins, counted from 1.
    pub(super) line: usize,
    /// Whether its value refers to a variable that is not set, without a default.
    pub(super) refers_to_unset: bool,
}

/// What a reference comes to.
pub(super) enum Found<'a> {
    /// A value.
    Value(&'a Secret),
    /// A name that stands alone further up.
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
    /// Whether a value that cannot be made out is passed over.
    pub(super) tolerant: bool,
    /// How many bytes references have brought in.
    expanded_bytes: u64,
    refers_to_unset: bool,
}

impl<'a> Scope<'a> {
    /// Starts with the process's environment alone.
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

    /// Starts again for another reading of the same files, which passes over what it cannot make out.
    pub(super) fn again(&self) -> Self {
        Self {
            tolerant: true,
            ..Self::new(self.process)
        }
    }

    /// Looks a name up that a value refers to.
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

    /// Appends the value of `name` to `text`; returns whether there was anything by this name.
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
        // Before it is copied: a reading that passes over errors meets this for every line.
        if self.expanded_bytes + length > MAX_BYTES {
            return Err("the references of this file come to more than 16 MiB");
        }
        text.extend_from_slice(value);
        self.expanded_bytes += length;
        Ok(true)
    }

    /// Notes that the value at hand refers to a variable that is not set.
    pub(super) fn note_unset(&mut self) {
        self.refers_to_unset = true;
    }

    /// Assigns a value to `name`, on `line`.
    ///
    /// # Errors
    /// A value that holds NUL, and the problem that made `value` an error, unless such are passed over.
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

    /// Whether the process's environment has `name`, so that the files' value does not count.
    pub(super) fn is_of_process(&self, name: &str) -> bool {
        self.process.variable(name).is_some()
    }
}
