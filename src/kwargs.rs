//! A backend's kwargs: taken one by one, by name and type; what is left over is an unknown kwarg.
//!
//! Owns the leniency towards text forms (`"2"` for 2) that `AIRFLOW__SECRETS__BACKEND_KWARG__*` needs, and "did you mean".
//! Must not know any backend, nor how kwargs are configured (`settings` does).
//!
//! Airflow hands its kwargs to Python as they are. Where Python asks for the truth of a kwarg, anything has one: `[]` is false, as
//! absent. A text form then fails or means something else: `"false"` is true. Here a kwarg that is a number, a boolean or a list
//! has its text form accepted. The text forms of a boolean are `true` and `false`, in any case, and no other word: `"no"` is as
//! true as it is in Python, so that no word switches a protection off by accident.

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::nearest::{meant, nearest};
use crate::python::json::{self, Object, Value};

/// A name that people know from another tool, and the kwarg that it means here.
pub type Meaning = (&'static str, &'static str);

/// How many kwargs a hint lists without `-v`.
const MOST_LISTED: usize = 4;

/// The kwargs of one backend.
#[derive(Clone, Debug, Default)]
pub struct Kwargs {
    values: IndexMap<String, Kwarg>,
}

/// One kwarg: its value, and the variable that set it alone.
#[derive(Clone, Debug)]
struct Kwarg {
    value: Value,
    /// `AIRFLOW__SECRETS__BACKEND_KWARG__<KEY>`, when that set it: the value is then text, whatever type is meant.
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

    /// Sets every kwarg of `values`, over what it was.
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

    /// Sets the kwarg `name` to text that the environment variable `variable` holds, over what it was.
    pub fn set_from_variable(&mut self, name: String, text: String, variable: String) {
        self.values.insert(
            name,
            Kwarg {
                value: Value::String(text),
                variable: Some(variable),
            },
        );
    }

    /// Returns whether the kwarg `name` is there, `null` included.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Returns the kwarg `name` without taking it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|kwarg| &kwarg.value)
    }

    /// Returns the names that are not taken yet, in the order in which they were given.
    pub fn remaining(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Says which variable set the kwarg `name` alone, for an error about it that is made once it is taken.
    #[must_use]
    pub fn set_by(&self, name: &str) -> Option<String> {
        let variable = self.values.get(name)?.variable.as_ref()?;
        Some(format!("set by `{}`", printable(variable)))
    }

    /// Takes the kwarg `name` as it is.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.take_kwarg(name).map(|kwarg| kwarg.value)
    }

    /// Takes the kwargs `names`, those that are there, for one who types them.
    #[must_use]
    pub fn take_all(&mut self, names: &[&str]) -> Self {
        let taken = names
            .iter()
            .filter_map(|name| self.values.shift_remove_entry(*name));
        Self {
            values: taken.collect(),
        }
    }

    /// Takes the kwarg `name` where Python finds it true; `None` where it is false or absent.
    pub fn truthy(&mut self, name: &str) -> Option<Value> {
        self.take(name).filter(Value::is_truthy)
    }

    /// Takes a text kwarg of which Python asks for the truth; absent and anything false are `None`.
    ///
    /// # Errors
    /// A value that is true and no text, with status 2.
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
    /// A value that is no text, with status 2.
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
    /// A value that is no text, with status 2.
    pub fn text_or(&mut self, name: &str, default: &str) -> Result<Option<String>> {
        if self.contains(name) {
            self.text(name)
        } else {
            Ok(Some(default.to_owned()))
        }
    }

    /// Takes an integer kwarg; absent and `null` are `None`. `"2"`, `2.0` and `true` are integers too, as in Python's
    /// comparisons.
    ///
    /// # Errors
    /// A value that is no integer of 64 bits, with status 2.
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

    /// Takes a kwarg that is a number; absent and `null` are `None`. Text of a number is one, a boolean is none.
    ///
    /// # Errors
    /// A value that is no finite number, with status 2.
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

    /// Takes a boolean kwarg; absent is `default`, `null` is false. The texts `true` and `false`, in any case, are booleans; of any
    /// other text, and of any other type, the truth is Python's.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some(Value::String(text)) => text_form(&text).unwrap_or(!text.is_empty()),
            Some(value) => value.is_truthy(),
        }
    }

    /// Takes a boolean kwarg that a protection depends on, and that is true unless it is set. `false` alone, or its text in any
    /// case, switches the protection off. Other text is true, as in Python.
    ///
    /// # Errors
    /// What Python finds false and is not `false`, and what is neither a boolean nor text, with status 2: nobody who writes
    /// `null` or `[]` has asked for that.
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

    /// Takes the kwarg that says whose certificates are trusted, as `verify` of requests does. `false` alone, or its text in any
    /// case, leaves certificates unchecked. Any other text but `true` is a path.
    ///
    /// # Errors
    /// Empty text, a number, a list or an object, with status 2: requests would check nothing for some of them.
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

    /// Takes a kwarg that is a text or a list of texts, as Vault's paths are; absent and `null` are `None`. Text that a
    /// variable of its own holds and that is a JSON list is that list.
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

    /// Takes a kwarg as [`texts`](Self::texts) does, with a default: absent is `default` alone, `null` is `None`.
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

    /// Takes a kwarg that is an object; absent and anything that Python finds false are `None`. Text that is a JSON object is one.
    ///
    /// # Errors
    /// A value that is no object, with status 2.
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

    /// Looks for a kwarg that is none of `known`, before anything is taken: a misspelt name says more than that the right one is
    /// missing. `meanings` has names of other tools, in lower case with `_`, and the kwarg that each means here.
    ///
    /// # Errors
    /// An unknown kwarg, with status 2 and the kwarg that is meant, by its meaning or by its spelling.
    pub fn refuse_unknown(&self, known: &[&str], meanings: &[Meaning]) -> Result<()> {
        match self
            .values
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            None => Ok(()),
            Some((name, kwarg)) => Err(kwarg.unknown(name, known, meanings)),
        }
    }

    /// Ends the taking: whatever is left is unknown.
    ///
    /// # Errors
    /// An unknown kwarg, with status 2 and the nearest of `known`.
    pub fn finish(self, known: &[&str]) -> Result<()> {
        match self.values.into_iter().next() {
            None => Ok(()),
            Some((name, kwarg)) => Err(kwarg.unknown(&name, known, &[])),
        }
    }

    fn take_kwarg(&mut self, name: &str) -> Option<Kwarg> {
        self.values.shift_remove(name)
    }
}

impl Kwarg {
    /// The error of a kwarg that the backend does not know.
    fn unknown(&self, name: &str, known: &[&str], meanings: &[Meaning]) -> Error {
        let mut error = Error::usage(format!("unknown backend kwarg `{}`", printable(name)));
        if let Some(variable) = &self.variable {
            error = error.with_detail(format!("set by `{}`", printable(variable)));
        }
        match meant(name, meanings).or_else(|| nearest(name, known)) {
            Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
            None if known.is_empty() => error.with_hint("this backend takes no kwargs"),
            None if known.len() <= MOST_LISTED => {
                error.with_hint(format!("this backend's kwargs are {}", listed(known)))
            }
            None => error
                .with_hint("`-v` lists the kwargs of this backend")
                .with_long_hint(format!("this backend's kwargs are {}", listed(known))),
        }
    }

    /// The error of a kwarg of the wrong type.
    fn refused(&self, name: &str, wanted: &str) -> Error {
        let error = Error::usage(format!("backend kwarg `{name}` must be {wanted}"));
        match &self.variable {
            Some(variable) => error.with_detail(format!("set by `{}`", printable(variable))),
            None => error.with_detail(format!("it is {}", type_name(&self.value))),
        }
    }
}

/// Whose certificates are trusted, as a kwarg says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verify {
    /// Absent, or true: those that the environment or the system names.
    Default,
    /// `null`, for which some clients look elsewhere.
    Null,
    /// `false`: anybody's.
    Off,
    /// Those in a file or a folder.
    Path(String),
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

/// Reads a word for yes or no, in any case, as the `SECRETCTL_…` variables have it: `true`, `t`, `yes`, `on`, `1`, and their
/// opposites. Kwargs have fewer words, see [`Kwargs::flag`].
#[must_use]
pub fn boolean_word(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The integer that `float` is equal to.
fn integral(float: f64) -> Option<i64> {
    // Integers up to 2^53 are exact in both types; no kwarg means a larger one.
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

/// What `json.loads` calls the type of `value`.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::String(_) => "text",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `name` for an error message: short, and without control characters.
fn printable(name: &str) -> String {
    let mut printable: String = name.escape_debug().take(80).collect();
    if printable.len() < name.len() {
        printable.push('…');
    }
    printable
}

fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kwargs(pairs: &[(&str, Value)]) -> Kwargs {
        Kwargs::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    }

    fn from_variable(name: &str, text: &str) -> Kwargs {
        let mut kwargs = Kwargs::default();
        let variable = format!("AIRFLOW__SECRETS__BACKEND_KWARG__{}", name.to_uppercase());
        kwargs.set_from_variable(name.to_owned(), text.to_owned(), variable);
        kwargs
    }

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
    fn false_alone_switches_a_protection_off() {
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

    #[test]
    fn an_unknown_kwarg_is_found_by_its_meaning_and_a_long_list_is_for_verbose_runs() {
        const KNOWN: &[&str] = &["url", "namespace", "verify", "role_id", "token"];
        const MEANINGS: &[Meaning] = &[("vault_addr", "url"), ("ca_cert", "verify")];
        for name in ["vault_addr", "VAULT_ADDR", "Vault-Addr"] {
            let error = kwargs(&[(name, Value::Null)])
                .refuse_unknown(KNOWN, MEANINGS)
                .unwrap_err();
            assert_eq!(error.hint(), Some("did you mean `url`?"), "{name}");
        }
        let unknown = || {
            kwargs(&[("zzz", Value::Null)])
                .refuse_unknown(KNOWN, MEANINGS)
                .unwrap_err()
        };
        assert_eq!(unknown().hint(), Some("`-v` lists the kwargs of this backend"));
        assert_eq!(
            unknown().in_full().hint(),
            Some("this backend's kwargs are `url`, `namespace`, `verify`, `role_id`, `token`")
        );
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
    fn an_unknown_kwarg_gets_the_nearest_right_name() {
        let error = kwargs(&[("conections_path", Value::Null)])
            .finish(&["connections_path", "variables_path"])
            .unwrap_err();
        assert_eq!(error.message(), "unknown backend kwarg `conections_path`");
        assert_eq!(error.hint(), Some("did you mean `connections_path`?"));
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
