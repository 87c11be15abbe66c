//! Airflow's `Connection`: parsed from a URI, JSON, fields, a local file's object or a row of Airflow's database; written as fields, URI and JSON.
//!
//! Owns how Airflow parses each shape of a backend's value, and names the wrong part when Airflow would raise. Does no
//! I/O; must not know any backend, nor how anything is printed.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py`, `airflow/_shared/secrets_backend/base.py`,
//! `airflow/secrets/local_filesystem.py`.
//!
//! # Core's class, and the task SDK's
//!
//! This is *core's* class, `airflow.models.connection.Connection`: what `airflow connections get` and every part of the
//! server get, what a backend creates when called directly, and what a local file's entries always become. Within a task, `airflow.sdk.Connection.get` and `BaseHook.get_connection` hand the backends the task SDK's
//! class, which differs (`--worker` chooses a task's backend, but not its class). `inject` renders what a task would: it has [`TaskConnection`].
//!
//! | | core, and here | the task SDK |
//! | --- | --- | --- |
//! | a value in a URI's query | parsed where it is JSON | text |
//! | `user:@host` | no password | an empty password |
//! | `extra` | the text of a JSON object, else an error | anything; text that is not JSON gives an empty `extra_dejson` |
//! | a password that is not text | an error, or no password where it is empty | kept |
//! | `uri` with other keys | an error where both are not empty | always an error |
//! | `"uri": ""` | as if absent | an empty URI |
//! | `team_name` | accepted, in no output | an unknown key |
//! | an id that `sanitize_conn_id` refuses | no `conn_id` | kept |
//!
//! A field that should be text may be any JSON value, as in Airflow. Only an output that cannot represent it fails.

use std::fmt;

use crate::error::{Error, Result};
use crate::python::json::{self, Value};
use crate::python::text;
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::Found;

mod arguments;
mod conn_id;
mod conn_type;
mod construct;
mod constructor_arguments;
mod doubt;
mod extra;
mod field;
mod from_json;
mod from_row;
mod from_uri;
mod malformed;
mod task;
mod to_json;
mod to_uri;

pub(crate) use doubt::of as doubt;
pub(crate) use field::reach;
pub use field::{FIELDS, check_field_name};
pub use task::TaskConnection;

use constructor_arguments::Arguments;
use extra::Extra;
use malformed::Malformed;

/// A connection as Airflow parses it.
#[derive(Clone)]
pub struct Connection {
    /// The requested id, for messages.
    requested_id: String,
    /// `None` where `sanitize_conn_id` rejects the id.
    conn_id: Option<String>,
    conn_type: Value,
    description: Value,
    host: Value,
    login: Value,
    /// Empty only in a row of Airflow's database: the constructor stores no empty password.
    password: Option<String>,
    schema: Value,
    port: Value,
    extra: Option<Extra>,
}

impl Connection {
    /// Parses a backend's value for `conn_id`, each shape in Airflow's own way.
    ///
    /// # Errors
    /// A value that Airflow rejects as a connection, with status 6. Names the wrong part, never the value.
    pub fn from_found(conn_id: &str, found: &Found) -> Result<Self> {
        parse(conn_id, found).map_err(|malformed| malformed.into_error(conn_id))
    }

    /// Returns what `Connection.get_uri()` returns.
    ///
    /// # Errors
    /// A part that should be text and is not, where Python raises; with status 6.
    pub fn get_uri(&self) -> Result<Secret> {
        self.uri()
            .map(Secret::from)
            .map_err(|malformed| malformed.into_error(&self.requested_id))
    }

    /// Returns what `Connection.as_json()` returns.
    ///
    /// # Errors
    /// None today: every connection can be written as JSON.
    pub fn as_json(&self) -> Result<Secret> {
        Ok(Secret::from(json::dumps(&Value::Object(self.pruned_object()))))
    }

    /// Returns the object of `-o json`: `conn_id, conn_type, description, host, login, password, schema, port, extra,
    /// uri`. Every key is present, and `null` where Airflow has `None`. `extra` is Airflow's `extra_dejson`: an object,
    /// empty without an extra.
    ///
    /// # Errors
    /// As [`get_uri`](Self::get_uri).
    pub fn to_object(&self) -> Result<json::Object> {
        let mut object = self.object();
        let uri = self
            .uri()
            .map_err(|malformed| malformed.into_error(&self.requested_id))?;
        object.insert("uri".to_owned(), Value::String(uri));
        Ok(object)
    }

    /// Returns one field: `conn_type`, `host`, `login`, `password`, `schema`, `port`, `description`, `extra`,
    /// `extra.KEY[.KEY…]`. Text is unchanged, anything else is compact JSON; `None` where Airflow has `None` or the
    /// extra lacks the key. A `KEY` is a key of an object, or an index of a list from 0.
    ///
    /// # Errors
    /// A name that is not a field, with status 2.
    pub fn field(&self, name: &str) -> Result<Option<Secret>> {
        check_field_name(name)?;
        Ok(self.named_field(name))
    }

    /// Returns a part that should be text and may be any JSON value: `conn_type`, `host`, `login`, `schema`, `port`, `description`.
    pub(crate) fn part(&self, name: &str) -> Option<&Value> {
        match name {
            "conn_type" => Some(&self.conn_type),
            "host" => Some(&self.host),
            "login" => Some(&self.login),
            "schema" => Some(&self.schema),
            "port" => Some(&self.port),
            "description" => Some(&self.description),
            _ => None,
        }
    }

    /// Returns the password.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Returns the extra as Airflow stores it: the text of a JSON object.
    #[must_use]
    pub fn extra_text(&self) -> Option<&str> {
        self.extra.as_ref().map(Extra::text)
    }

    /// Returns Airflow's `extra_dejson`, or `None` without an extra.
    #[must_use]
    pub fn extra_object(&self) -> Option<&json::Object> {
        self.extra.as_ref().map(Extra::object)
    }
}

/// The fields of a connection as Airflow has them: null is Airflow's `None`, and any JSON value is possible.
pub(crate) struct Fields<'a> {
    pub(crate) conn_type: &'a Value,
    pub(crate) host: &'a Value,
    pub(crate) login: &'a Value,
    pub(crate) schema: &'a Value,
    pub(crate) port: &'a Value,
}

impl Connection {
    /// Returns the id that was asked for, for messages.
    pub(crate) fn requested_id(&self) -> &str {
        &self.requested_id
    }

    /// Returns the fields as Airflow's hooks read them.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields {
            conn_type: &self.conn_type,
            host: &self.host,
            login: &self.login,
            schema: &self.schema,
            port: &self.port,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("conn_id", &self.requested_id)
            .finish_non_exhaustive()
    }
}

/// Follows `BaseSecretsBackend.deserialize_connection` for text and fields, and `_create_connection` for a local
/// file's entries.
fn parse(conn_id: &str, found: &Found) -> Result<Connection, Malformed> {
    match found {
        Found::Text(value) => {
            let value = text::strip(expose_text(value)?);
            if value.is_empty() {
                Err(Malformed::new("it is blank"))
            } else if value.starts_with('{') {
                from_json::from_json(conn_id, value)
            } else {
                Connection::construct(conn_id, Arguments::uri(value))
            }
        }
        Found::Uri(value) => Connection::construct(conn_id, Arguments::uri(expose_text(value)?)),
        Found::Fields(fields) => from_json::from_kwargs(conn_id, fields.clone()),
        Found::Arguments(arguments) => arguments::from_arguments(conn_id, arguments.clone()),
        Found::Row(columns) => from_row::from_row(conn_id, columns.clone()),
        Found::Json(value) => Err(Malformed::new(format!(
            "it is of type {} instead of text",
            value.type_name()
        ))),
    }
}

/// Returns the text of a value. Python reads invalid UTF-8 as lone surrogates, which no output can represent: an error here.
fn expose_text(value: &Secret) -> Result<&str, Malformed> {
    value
        .expose_text()
        .ok_or_else(|| Malformed::new("it is not UTF-8"))
}

impl Malformed {
    fn into_error(self, conn_id: &str) -> Error {
        let message = format!("connection `{}` is malformed: {}", shown(conn_id), self.what);
        let mut error = Error::malformed(message);
        if let Some(source) = self.source {
            error = error.with_source(source);
        }
        match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Connection;
    use crate::secret::Secret;
    use crate::value::Found;

    fn connection(text: &str) -> Connection {
        Connection::from_found("my_db", &Found::Text(Secret::from(text))).expect("a connection")
    }

    #[test]
    fn debug_shows_the_id_and_nothing_else() {
        assert_eq!(
            format!("{:?}", connection("a://hunter2@h")),
            r#"Connection { conn_id: "my_db", .. }"#
        );
    }

    #[test]
    fn the_text_of_an_extra_is_unchanged() {
        let written = connection(r#"{"extra": "{\"a\":  1}"}"#);
        assert_eq!(written.extra_text(), Some(r#"{"a":  1}"#));
        assert_eq!(connection("a://h").extra_text(), None);
    }
}
