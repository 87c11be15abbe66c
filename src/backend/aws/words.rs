//! The words that a JSON secret of Secrets Manager may use for the fields of a connection.
//!
//! Airflow renames them before it reads the JSON, and drops everything else. Facts: `_standardize_secret_keys` in
//! `secrets/secrets_manager.py` of apache-airflow-providers-amazon 9.39.0.

use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::nearest::nearest;
use crate::python::json::{Object, Value, dumps, loads};
use crate::python::text::strip;
use crate::secret::Secret;
use crate::shown::shown;

/// The kwarg that adds words.
pub(super) const EXTRA_CONN_WORDS: &str = "extra_conn_words";

/// Each field and its words, in the order of the JSON that Airflow makes.
const WORDS: [(&str, &[&str]); 7] = [
    ("login", &["login", "user", "username", "user_name"]),
    ("password", &["password", "pass", "key"]),
    ("host", &["host", "remote_host", "server"]),
    ("port", &["port"]),
    ("schema", &["database", "schema"]),
    (
        "conn_type",
        &["conn_type", "conn_id", "connection_type", "engine"],
    ),
    ("extra", &["extra"]),
];

/// The words of every field.
#[derive(Debug)]
pub(super) struct Words {
    /// The words that `extra_conn_words` adds, by the field's place in [`WORDS`].
    extra: [Vec<String>; 7],
}

impl Words {
    /// Takes `extra_conn_words`.
    ///
    /// # Errors
    /// Anything but lists of texts under the names of fields, with status 2. A deliberate difference: Airflow fails only at the
    /// first JSON secret, or adds the letters of a text.
    pub(super) fn new(kwargs: &mut Kwargs) -> Result<Self> {
        let set_by = kwargs.set_by(EXTRA_CONN_WORDS);
        let mut extra = <[Vec<String>; 7]>::default();
        for (field, words) in kwargs.object(EXTRA_CONN_WORDS)?.unwrap_or_default() {
            let name = if field == "user" { "login" } else { &field };
            let refused = |error: Error| set_by.iter().cloned().fold(error, Error::with_detail);
            let Some(place) = WORDS.iter().position(|(field, _)| *field == name) else {
                return Err(refused(unknown_field(&field)));
            };
            let Some(words) = texts(words) else {
                return Err(refused(
                    Error::usage(format!(
                        "backend kwarg `{EXTRA_CONN_WORDS}` must have a list of texts for `{field}`"
                    ))
                    .with_hint(format!(r#"for example {{"{field}": ["word"]}}"#)),
                ));
            };
            extra[place].extend(words);
        }
        Ok(Self { extra })
    }

    /// Returns a connection as Airflow reads it: a JSON object with the fields' own names, any other text unchanged.
    ///
    /// # Errors
    /// Text that begins with `{` and is not JSON, with status 6.
    pub(super) fn standardized(&self, secret: Secret) -> Result<Secret> {
        let Some(text) = secret.expose_text().filter(|text| strip(text).starts_with('{')) else {
            return Ok(secret);
        };
        match loads(text) {
            Ok(Value::Object(secret)) => Ok(Secret::from(dumps(&Value::Object(self.renamed(&secret))))),
            Ok(_) => Ok(secret),
            Err(error) => Err(Error::malformed(
                "the secret begins with `{`, but it is not JSON that Airflow can read",
            )
            .with_source(error)
            .with_hint("store a connection as a URI or as a JSON object")),
        }
    }

    /// Returns all seven fields. The first key in the secret's order that is a word of a field has its value, `null` too.
    fn renamed(&self, secret: &Object) -> Object {
        let fields = WORDS.iter().zip(&self.extra).map(|((field, words), extra)| {
            let is_word = |key: &String| words.contains(&key.as_str()) || extra.contains(key);
            let value = secret.iter().find(|(key, _)| is_word(key));
            let value = value.map_or(Value::Null, |(_, value)| value.clone());
            ((*field).to_owned(), value)
        });
        fields.collect()
    }
}

fn texts(words: Value) -> Option<Vec<String>> {
    let Value::List(words) = words else { return None };
    let texts = words.into_iter().map(|word| match word {
        Value::String(text) => Some(text),
        _ => None,
    });
    texts.collect()
}

fn unknown_field(field: &str) -> Error {
    const FIELDS: &[&str] = &[
        "login",
        "user",
        "password",
        "host",
        "port",
        "schema",
        "conn_type",
        "extra",
    ];
    let error = Error::usage(format!(
        "backend kwarg `{EXTRA_CONN_WORDS}` has words for `{}`, which is not a field of a connection",
        shown(field)
    ));
    match nearest(field, FIELDS) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error.with_hint(format!("the fields are `{}`", FIELDS.join("`, `"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(extra: &str) -> Result<Words> {
        let Ok(value) = loads(extra) else { panic!("JSON") };
        let kwargs = Object::from_iter([(EXTRA_CONN_WORDS.to_owned(), value)]);
        Words::new(&mut Kwargs::new(kwargs))
    }

    fn standardized(extra: &str, secret: &str) -> String {
        let secret = words(extra).unwrap().standardized(Secret::from(secret)).unwrap();
        secret.expose_text().unwrap().to_owned()
    }

    #[test]
    fn the_first_key_in_the_secrets_order_wins_even_with_null() {
        assert_eq!(
            standardized(
                "null",
                r#" {"pass": null, "password": "p", "username": "u", "Host": "h", "engine": "é"}"#
            ),
            r#"{"login": "u", "password": null, "host": null, "port": null, "schema": null, "conn_type": "\u00e9", "extra": null}"#
        );
    }

    #[test]
    fn extra_words_are_added_and_user_means_login() {
        let named = standardized(
            r#"{"user": ["who"], "extra": ["more"]}"#,
            r#"{"who": "w", "login": "l", "more": {}}"#,
        );
        assert!(
            named.starts_with(r#"{"login": "w","#) && named.ends_with(r#""extra": {}}"#),
            "{named}"
        );
    }

    #[test]
    fn text_that_is_no_object_stays_as_it_is() {
        for text in ["smtp://u:p@h", "", "[{}]", "\u{feff}{}"] {
            assert_eq!(standardized("{}", text), text);
        }
        let error = words("{}").unwrap().standardized(Secret::from("\u{1c}{hunter2"));
        let error = error.unwrap_err();
        assert_eq!(error.kind().exit_status(), 6);
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn words_that_airflow_would_stumble_over_are_refused() {
        for (extra, hint) in [
            (r#"{"pasword": ["p"]}"#, "did you mean `password`?"),
            (r#"{"host": "abc"}"#, r#"for example {"host": ["word"]}"#),
            (r#"{"host": null}"#, r#"for example {"host": ["word"]}"#),
            (r#"{"host": [1]}"#, r#"for example {"host": ["word"]}"#),
        ] {
            let error = words(extra).unwrap_err();
            assert_eq!(
                (error.kind().exit_status(), error.hint()),
                (2, Some(hint)),
                "{extra}"
            );
        }
        assert!(words(r#"["a"]"#).is_err());
        assert!(words("{}").is_ok() && words("[]").is_ok() && words("\"\"").is_ok());
    }
}
