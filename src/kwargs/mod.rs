//! A backend's kwargs, taken one by one by name and type. A kwarg that nothing takes is unknown.
//!
//! Owns the text forms (`"2"` for 2) that `AIRFLOW__SECRETS__BACKEND_KWARG__*` needs, and "did you mean".
//! Must not know any backend, nor how kwargs are configured (`settings` does).
//!
//! Airflow passes its kwargs to Python unchanged. Python tests any value for truth: `[]` is false, like an absent kwarg. A text
//! form fails there, or means something else: `"false"` is true. Here a number, a boolean and a list are accepted as text too. The
//! text forms of a boolean are only `true` and `false`, in any case. `"no"` is true, as in Python: no word switches a protection
//! off by accident.

use indexmap::IndexMap;

use crate::error::Error;
use crate::python::json::{Object, Value};
use crate::shown::{cut_at, shown};

mod prefixes;
mod typed;
mod unknown;
mod words;

pub(crate) use prefixes::Prefixes;
pub use unknown::Meaning;
pub use words::{Verify, boolean_word};

/// The most characters of a name that a message shows.
const LONGEST_NAME: usize = 80;

/// The kwargs of one backend.
#[derive(Clone, Debug, Default)]
pub struct Kwargs {
    values: IndexMap<String, Kwarg>,
}

/// One kwarg: its value, and the variable that set it.
#[derive(Clone, Debug)]
struct Kwarg {
    value: Value,
    /// `AIRFLOW__SECRETS__BACKEND_KWARG__<KEY>`, when it set this kwarg: the value is then text, for every type.
    variable: Option<String>,
}

impl Kwargs {
    /// Takes the object that `backend_kwargs` holds.
    #[must_use]
    pub fn new(values: Object) -> Self {
        let mut kwargs = Self::default();
        kwargs.set_all(values);
        kwargs
    }

    /// Sets every kwarg of `values`, replacing earlier values.
    pub fn set_all(&mut self, values: Object) {
        for (name, value) in values {
            self.values.insert(
                name,
                Kwarg {
                    value,
                    variable: None,
                },
            );
        }
    }

    /// Sets the kwarg `name` to the text of the environment variable `variable`, replacing an earlier value.
    pub fn set_from_variable(&mut self, name: String, text: String, variable: String) {
        self.values.insert(
            name,
            Kwarg {
                value: Value::String(text),
                variable: Some(variable),
            },
        );
    }

    /// Returns whether the kwarg `name` is present, `null` included.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Returns the kwarg `name` without taking it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|kwarg| &kwarg.value)
    }

    /// Returns the names that are not taken yet, in their original order.
    pub fn remaining(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Returns "set by" and the variable that set the kwarg `name`, for an error that is made after the kwarg is taken.
    #[must_use]
    pub fn set_by(&self, name: &str) -> Option<String> {
        self.values.get(name)?.set_by()
    }

    /// Takes the kwarg `name` unchanged.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.take_kwarg(name).map(|kwarg| kwarg.value)
    }

    /// Takes those of the kwargs `names` that are present, so that each auth method can check its own types.
    #[must_use]
    pub fn take_all(&mut self, names: &[&str]) -> Self {
        let values = names
            .iter()
            .filter_map(|name| self.values.shift_remove_entry(*name))
            .collect();
        Self { values }
    }

    fn take_kwarg(&mut self, name: &str) -> Option<Kwarg> {
        self.values.shift_remove(name)
    }
}

impl Kwarg {
    /// Returns the error of a kwarg of the wrong type.
    fn refused(&self, name: &str, wanted: &str) -> Error {
        let place = self.set_by();
        Error::usage(format!("backend kwarg `{name}` must be {wanted}"))
            .with_detail(place.unwrap_or_else(|| format!("it is {}", self.value.described())))
    }

    fn set_by(&self) -> Option<String> {
        let variable = self.variable.as_ref()?;
        Some(format!("set by `{}`", shown_name(variable)))
    }
}

/// Returns `name` for an error message: short, and without control characters.
fn shown_name(name: &str) -> String {
    cut_at(LONGEST_NAME, shown(name))
}

#[cfg(test)]
mod samples {
    use super::Kwargs;
    use crate::python::json::Value;

    pub(super) fn kwargs(pairs: &[(&str, Value)]) -> Kwargs {
        Kwargs::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    }

    pub(super) fn from_variable(name: &str, text: &str) -> Kwargs {
        let mut kwargs = Kwargs::default();
        let variable = format!("AIRFLOW__SECRETS__BACKEND_KWARG__{}", name.to_uppercase());
        kwargs.set_from_variable(name.to_owned(), text.to_owned(), variable);
        kwargs
    }
}
