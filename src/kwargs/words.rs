//! Taking a kwarg that is a boolean, or that may be one: a flag, a protection, `verify`.
//!
//! Owns the words of booleans, those of the `SECRETCTL_…` variables too. Must not know other types: `typed` does.

use super::Kwargs;
use crate::error::{Error, Result};
use crate::python::json::Value;

/// Which certificates are trusted, as a kwarg says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verify {
    /// Absent, or true: the certificates that the environment or the system names.
    Default,
    /// `null`: some clients then look elsewhere.
    Null,
    /// `false`: any certificate.
    Off,
    /// The certificates in a file or a folder.
    Path(String),
}

impl Kwargs {
    /// Takes a boolean kwarg; absent is `default`, `null` is false.
    ///
    /// The texts `true` and `false`, in any case, are booleans. Other texts and other types have Python's truth.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some(Value::String(text)) => text_form(&text).unwrap_or(!text.is_empty()),
            Some(value) => value.is_truthy(),
        }
    }

    /// Takes a boolean kwarg that a protection depends on; absent is true.
    ///
    /// Only `false`, or its text in any case, switches the protection off. Other text is true, as in Python.
    ///
    /// # Errors
    /// A value that is neither a boolean nor text, and empty text, with status 2. Python finds `null`, `[]` and `""` false, but
    /// nobody writes them to switch a protection off.
    pub fn protection(&mut self, name: &str) -> Result<bool> {
        let Some(kwarg) = self.take_kwarg(name) else {
            return Ok(true);
        };
        match &kwarg.value {
            Value::Bool(on) => Ok(*on),
            Value::String(text) if !text.is_empty() => Ok(text_form(text).unwrap_or(true)),
            _ => Err(kwarg.refused(name, "true or false")),
        }
    }

    /// Takes the kwarg that says which certificates are trusted, as `verify` of requests does.
    ///
    /// Only `false`, or its text in any case, leaves certificates unchecked. Any other text except `true` is a path.
    ///
    /// # Errors
    /// Empty text, a number, a list or an object, with status 2: for some of them requests would check nothing.
    pub fn verify(&mut self, name: &str) -> Result<Verify> {
        let Some(kwarg) = self.take_kwarg(name) else {
            return Ok(Verify::Default);
        };
        match &kwarg.value {
            Value::Null => Ok(Verify::Null),
            Value::Bool(true) => Ok(Verify::Default),
            Value::Bool(false) => Ok(Verify::Off),
            Value::String(text) if !text.is_empty() => Ok(match text_form(text) {
                Some(true) => Verify::Default,
                Some(false) => Verify::Off,
                None => Verify::Path(text.clone()),
            }),
            Value::String(_) => Err(Error::usage(format!("backend kwarg `{name}` is empty"))
                .with_hint("it is true, false, or the path of a CA bundle")),
            _ => Err(kwarg.refused(name, "true, false or the path of a CA bundle")),
        }
    }
}

/// Reads the text form of a boolean kwarg.
fn text_form(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Reads a word for yes or no, in any case, as the `SECRETCTL_…` variables accept it.
///
/// The words are `true`, `t`, `yes`, `y`, `on`, `1`, and their opposites. Kwargs accept fewer words, see [`Kwargs::flag`].
#[must_use]
pub fn boolean_word(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::kwargs;
    use super::*;
    use crate::python::json::Object;

    #[test]
    fn truth_is_pythons_unless_text_says_otherwise() {
        for (value, truth) in [
            (Value::from("false"), false),
            (Value::from("FALSE"), false),
            (Value::from("off the record"), true),
            (Value::from("no"), true),
            (Value::from("off"), true),
            (Value::from("0"), true),
            (Value::from(" false"), true),
            (Value::from(""), false),
            (Value::List(Vec::new()), false),
            (Value::List(vec![Value::Null]), true),
            (Value::Float(0.5), true),
            (Value::Null, false),
        ] {
            assert_eq!(kwargs(&[("b", value)]).flag("b", !truth), truth);
        }
        assert_eq!(
            kwargs(&[("t", Value::Bool(false))]).truthy_text("t").unwrap(),
            None
        );
        assert!(kwargs(&[("t", Value::Bool(true))]).truthy_text("t").is_err());
    }

    #[test]
    fn only_false_switches_a_protection_off() {
        let off = [Value::Bool(false), Value::from("false"), Value::from("False")];
        for value in off {
            let one = || kwargs(&[("v", value.clone())]);
            assert_eq!(one().verify("v").unwrap(), Verify::Off, "{value:?}");
            assert!(!one().protection("v").unwrap(), "{value:?}");
        }
        for word in [
            "no", "off", "n", "f", "0", "none", "null", " false", "FALSE ", "fals", "disable",
        ] {
            let one = || kwargs(&[("v", Value::from(word))]);
            assert_eq!(one().verify("v").unwrap(), Verify::Path(word.to_owned()));
            assert!(one().protection("v").unwrap(), "{word}");
        }
        for value in [Value::Bool(true), Value::from("true"), Value::from("TRUE")] {
            let one = || kwargs(&[("v", value.clone())]);
            assert_eq!(one().verify("v").unwrap(), Verify::Default, "{value:?}");
            assert!(one().protection("v").unwrap(), "{value:?}");
        }
        for value in [
            Value::from(""),
            Value::Int("0".to_owned()),
            Value::Int("1".to_owned()),
            Value::Float(0.0),
            Value::List(Vec::new()),
            Value::Object(Object::default()),
        ] {
            let one = || kwargs(&[("v", value.clone())]);
            assert_eq!(
                one().verify("v").unwrap_err().kind().exit_status(),
                2,
                "{value:?}"
            );
            assert_eq!(
                one().protection("v").unwrap_err().kind().exit_status(),
                2,
                "{value:?}"
            );
        }
        assert_eq!(kwargs(&[("v", Value::Null)]).verify("v").unwrap(), Verify::Null);
        assert!(kwargs(&[("v", Value::Null)]).protection("v").is_err());
        assert_eq!(kwargs(&[]).verify("v").unwrap(), Verify::Default);
        assert!(kwargs(&[]).protection("v").unwrap());
    }
}
