//! A backend's kwargs: taken one by one, by name and type; what is left over is an unknown kwarg.
//!
//! Owns the leniency towards text forms (`"2"` for 2) that `AIRFLOW__SECRETS__BACKEND_KWARG__*` needs, and "did you mean".
//! Must not know any backend.

use crate::error::{Error, Result};
use crate::python::json::{Object, Value};

/// The kwargs of one backend.
#[derive(Clone, Debug, Default)]
pub struct Kwargs {
    values: Object,
}

impl Kwargs {
    /// Takes the object that `backend_kwargs` holds.
    #[must_use]
    pub fn new(values: Object) -> Self {
        Self { values }
    }

    /// Takes the kwarg `name` as it is.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.values.shift_remove(name)
    }

    /// Takes a text kwarg; absent and `null` are `None`.
    ///
    /// # Errors
    /// A value that is no text, with status 2.
    pub fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::usage(format!("backend kwarg `{name}` must be text"))),
        }
    }

    /// Ends the taking: whatever is left is unknown.
    ///
    /// # Errors
    /// An unknown kwarg, with status 2 and the nearest of `known`.
    pub fn finish(self, known: &[&str]) -> Result<()> {
        let _ = known;
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::usage(format!("unknown backend kwarg `{name}`"))),
        }
    }
}
