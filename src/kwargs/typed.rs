//! Taking a kwarg as a value of a type: text, a number, a list of texts, an object.
//!
//! Owns the text forms of numbers, lists and objects. Must not know the words of booleans: `words` does.

use super::Kwargs;
use crate::error::{Error, Result};
use crate::python::json::{self, Object, Value};

impl Kwargs {
    /// Takes the kwarg `name`; one that is false in Python, or absent, is `None`.
    pub fn truthy(&mut self, name: &str) -> Option<Value> {
        self.take(name).filter(Value::is_truthy)
    }

    /// Takes a text kwarg that Python tests for truth; absent and anything false are `None`.
    ///
    /// # Errors
    /// A true value that is not text, with status 2.
    pub fn truthy_text(&mut self, name: &str) -> Result<Option<String>> {
        match self.values.get(name) {
            Some(kwarg) if !kwarg.value.is_truthy() => {
                self.take(name);
                Ok(None)
            }
            _ => self.text(name),
        }
    }

    /// Takes a text kwarg; absent and `null` are `None`.
    ///
    /// # Errors
    /// A value that is not text, with status 2.
    pub fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take_kwarg(name) {
            None => Ok(None),
            Some(kwarg) => match kwarg.value {
                Value::Null => Ok(None),
                Value::String(text) => Ok(Some(text)),
                _ => Err(kwarg.refused(name, "text")),
            },
        }
    }

    /// Takes a text kwarg that has a default: absent is `default`, `null` is `None`.
    ///
    /// # Errors
    /// A value that is not text, with status 2.
    pub fn text_or(&mut self, name: &str, default: &str) -> Result<Option<String>> {
        if self.contains(name) {
            self.text(name)
        } else {
            Ok(Some(default.to_owned()))
        }
    }

    /// Takes a text kwarg that has a default and cannot be `null`.
    ///
    /// # Errors
    /// A value that is not text, with status 2.
    pub fn text_needed(&mut self, name: &str, default: &str) -> Result<String> {
        self.text_or(name, default)?
            .ok_or_else(|| Self::null(name, default))
    }

    /// Returns the error of a text kwarg that is `null`, but has a default.
    #[must_use]
    pub fn null(name: &str, default: &str) -> Error {
        Error::usage(format!(
            "backend kwarg `{name}` is null, but Airflow needs text there"
        ))
        .with_hint(format!(
            "remove `{name}` to use the default `{default}`, or set it to text"
        ))
    }

    /// Takes an integer kwarg; absent and `null` are `None`.
    ///
    /// `"2"`, `2.0` and `true` are integers too, as in Python's comparisons.
    ///
    /// # Errors
    /// A value that is not a 64-bit integer, with status 2.
    pub fn integer(&mut self, name: &str) -> Result<Option<i64>> {
        let Some(kwarg) = self.take_kwarg(name) else {
            return Ok(None);
        };
        let integer = match &kwarg.value {
            Value::Null => return Ok(None),
            Value::Bool(boolean) => Some(i64::from(*boolean)),
            Value::Int(digits) => digits.parse().ok(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Float(float) => integral(*float),
            _ => None,
        };
        integer.map(Some).ok_or_else(|| kwarg.refused(name, "an integer"))
    }

    /// Takes a kwarg that is a number; absent and `null` are `None`. The text of a number is accepted, a boolean is not.
    ///
    /// # Errors
    /// A value that is not a finite number, with status 2.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>> {
        let Some(kwarg) = self.take_kwarg(name) else {
            return Ok(None);
        };
        let number = match &kwarg.value {
            Value::Null => return Ok(None),
            Value::Int(digits) => digits.parse().ok(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Float(float) => Some(*float),
            _ => None,
        };
        number
            .filter(|number: &f64| number.is_finite())
            .map(Some)
            .ok_or_else(|| kwarg.refused(name, "a number"))
    }

    /// Takes a kwarg that is text or a list of texts, as Vault's paths are; absent and `null` are `None`.
    ///
    /// A JSON list in a `BACKEND_KWARG__…` variable is that list.
    ///
    /// # Errors
    /// A value that is neither, with status 2.
    pub fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(kwarg) = self.take_kwarg(name) else {
            return Ok(None);
        };
        let list = match &kwarg.value {
            Value::Null => return Ok(None),
            Value::String(text) => match kwarg.variable.as_ref().and_then(|_| list_in_text(text)) {
                Some(list) => list,
                None => return Ok(Some(vec![text.clone()])),
            },
            Value::List(list) => list.clone(),
            _ => return Err(kwarg.refused(name, "text or a list of texts")),
        };
        let texts = list.into_iter().map(|item| {
            if let Value::String(text) = item {
                Some(text)
            } else {
                None
            }
        });
        match texts.collect::<Option<Vec<_>>>() {
            Some(texts) => Ok(Some(texts)),
            None => Err(kwarg.refused(name, "text or a list of texts")),
        }
    }

    /// Takes a kwarg as [`texts`](Self::texts) does, with a default: absent is `default`, `null` is `None`.
    ///
    /// # Errors
    /// A value that is neither text nor a list of texts, with status 2.
    pub fn texts_or(&mut self, name: &str, default: &str) -> Result<Option<Vec<String>>> {
        if self.contains(name) {
            self.texts(name)
        } else {
            Ok(Some(vec![default.to_owned()]))
        }
    }

    /// Takes a kwarg that is an object, or a JSON object in text; absent and anything false are `None`.
    ///
    /// # Errors
    /// A value that is not an object, with status 2.
    pub fn object(&mut self, name: &str) -> Result<Option<Object>> {
        let Some(kwarg) = self.take_kwarg(name) else {
            return Ok(None);
        };
        match kwarg.value {
            ref value if !value.is_truthy() => Ok(None),
            Value::Object(object) => Ok(Some(object)),
            Value::String(ref text) => match json_in_text(text) {
                Some(Value::Object(object)) => Ok(Some(object)),
                _ => Err(kwarg.refused(name, "an object")),
            },
            _ => Err(kwarg.refused(name, "an object")),
        }
    }
}

/// Returns the integer that equals `float`.
fn integral(float: f64) -> Option<i64> {
    // Integers up to 2^53 are exact in both types; no kwarg needs a larger one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the bound above it is far below that of i64"
    )]
    (float.trunc().to_bits() == float.to_bits() && float.abs() <= 9_007_199_254_740_992.0)
        .then_some(float as i64)
}

fn list_in_text(text: &str) -> Option<Vec<Value>> {
    match text
        .trim_start()
        .starts_with('[')
        .then(|| json_in_text(text))
        .flatten()
    {
        Some(Value::List(list)) => Some(list),
        _ => None,
    }
}

fn json_in_text(text: &str) -> Option<Value> {
    json::loads(text).ok()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{from_variable, kwargs};
    use super::*;

    #[test]
    fn null_is_not_the_default() {
        let mut kwargs = kwargs(&[("a", Value::Null)]);
        assert_eq!(kwargs.text_or("a", "x").unwrap(), None);
        assert_eq!(kwargs.text_or("b", "x").unwrap().as_deref(), Some("x"));
    }

    #[test]
    fn text_forms_are_numbers_booleans_and_lists() {
        assert_eq!(from_variable("n", "2").integer("n").unwrap(), Some(2));
        assert_eq!(from_variable("n", "2.5").number("n").unwrap(), Some(2.5));
        assert!(!from_variable("b", "False").flag("b", true));
        let list = from_variable("p", r#"["p1", "p2"]"#).texts("p").unwrap();
        assert_eq!(list, Some(vec!["p1".to_owned(), "p2".to_owned()]));
    }

    #[test]
    fn text_of_a_list_in_the_json_stays_one_text() {
        let mut kwargs = kwargs(&[("p", Value::String(r#"["p1"]"#.to_owned()))]);
        assert_eq!(kwargs.texts("p").unwrap(), Some(vec![r#"["p1"]"#.to_owned()]));
    }

    #[test]
    fn a_wrong_type_names_the_kwarg_and_never_its_value() {
        let error = kwargs(&[("url", Value::Int("4711".to_owned()))])
            .text("url")
            .unwrap_err();
        assert_eq!(error.message(), "backend kwarg `url` must be text");
        assert!(!format!("{error:?}").contains("4711"));
        let error = from_variable("timeout", "hunter2").number("timeout").unwrap_err();
        assert_eq!(
            error.details(),
            ["set by `AIRFLOW__SECRETS__BACKEND_KWARG__TIMEOUT`"]
        );
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn whole_floats_and_booleans_are_integers_and_others_are_not() {
        assert_eq!(kwargs(&[("n", Value::Float(2.0))]).integer("n").unwrap(), Some(2));
        assert_eq!(kwargs(&[("n", Value::Bool(true))]).integer("n").unwrap(), Some(1));
        for value in [Value::Float(2.5), Value::Float(f64::NAN), Value::List(Vec::new())] {
            assert!(kwargs(&[("n", value)]).integer("n").is_err());
        }
    }
}
