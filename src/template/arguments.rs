//! The arguments of a call, and how a function takes them by position and by name.

use super::problem::{Problem, Result};
use super::value::Value;
use crate::shown::shown;

/// The arguments of a call.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Value>,
    pub(super) named: Vec<(String, Value)>,
}

impl Arguments {
    /// Assigns the arguments to `names`, of which the first `required` must be given. `*name` takes no name.
    ///
    /// # Errors
    /// An argument too many or too few, twice or unknown, as in Python.
    pub(super) fn bind<const N: usize>(
        self,
        what: &str,
        names: [&str; N],
        required: usize,
    ) -> Result<[Option<Value>; N]> {
        if self.positional.len() > N {
            return Err(Problem::usage(format!(
                "`{what}` takes at most {N} arguments here"
            )));
        }
        let mut bound = [const { None }; N];
        for (place, value) in bound.iter_mut().zip(self.positional) {
            *place = Some(value);
        }
        for (name, value) in self.named {
            let place = names.iter().position(|known| *known == name);
            let Some(place) = place else {
                return Err(Problem::usage(format!(
                    "`{what}` has no argument named `{}`",
                    shown(&name)
                )));
            };
            if bound[place].replace(value).is_some() {
                return Err(Problem::usage(format!("`{what}` gets `{name}` twice")));
            }
        }
        match bound.iter().take(required).position(Option::is_none) {
            Some(missing) => Err(Problem::usage(format!(
                "`{what}` needs the argument `{}`",
                names[missing].trim_start_matches('*')
            ))),
            None => Ok(bound),
        }
    }

    /// Checks that there are none.
    pub(super) fn none(self, what: &str) -> Result<()> {
        self.bind(what, [], 0).map(|_: [Option<Value>; 0]| ())
    }
}

/// Returns the text of an argument.
pub(super) fn text(what: &str, value: &Value) -> Result<super::value::Text> {
    match value {
        Value::Undefined(undefined) => Err(Problem::undefined(undefined)),
        other => other.as_text().cloned().ok_or_else(|| {
            Problem::usage(format!(
                "`{what}` takes text, not a value of type {}",
                other.type_name()
            ))
        }),
    }
}

/// Returns the integer of an argument.
pub(super) fn integer(what: &str, value: &Value) -> Result<i128> {
    match value {
        Value::Undefined(undefined) => Err(Problem::undefined(undefined)),
        other => other.as_int().ok_or_else(|| {
            Problem::usage(format!(
                "`{what}` takes an integer, not a value of type {}",
                other.type_name()
            ))
        }),
    }
}

/// Returns the truth of an argument, or `default` without one.
pub(super) fn truth(value: Option<&Value>, default: bool) -> Result<bool> {
    value.map_or(Ok(default), Value::is_true)
}

/// Returns the text of `value` for the argument of a method.
pub(super) fn text_argument(what: &str, value: Option<&Value>) -> Result<super::value::Text> {
    text(what, value.unwrap_or(&Value::None))
}
