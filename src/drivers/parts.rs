//! The parts of a connection as the hooks read them: text or absent, and a port in digits.
//!
//! A hook that finds something else than text in a field fails, or prints Python's form of it into a URL. Here it is an error.

use std::borrow::Cow;

use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::python::json::{Object, Value};
use crate::python::{int, repr, text};
use crate::shown::shown;

/// The parts of a connection. `None` is Airflow's `None`.
pub(super) struct Parts<'a> {
    /// The requested id, for messages.
    pub(super) id: &'a str,
    /// For Airflow's own URI, from which some hooks start.
    pub(super) connection: &'a Connection,
    pub(super) conn_type: Option<&'a str>,
    pub(super) host: Option<&'a str>,
    pub(super) login: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    pub(super) schema: Option<&'a str>,
    /// In digits.
    pub(super) port: Option<Cow<'a, str>>,
    extra: Option<&'a Object>,
}

impl<'a> Parts<'a> {
    /// Takes a connection apart.
    ///
    /// # Errors
    /// A field that is neither text nor absent, or a port that is no integer, with status 6.
    pub(super) fn of(connection: &'a Connection) -> Result<Self> {
        let id = connection.requested_id();
        let text = |name: &str, value: &'a Value| match value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.as_str())),
            value => Err(wrong_type(id, name, value, "text")),
        };
        let fields = connection.fields();
        let port = match fields.port {
            Value::Null => None,
            Value::Int(digits) => Some(Cow::Borrowed(digits.as_str())),
            Value::String(text) => match int::parse(text) {
                Some(digits) => Some(Cow::Owned(digits)),
                None => return Err(malformed(id, "`port` is not an integer")),
            },
            value => return Err(wrong_type(id, "port", value, "an integer")),
        };
        Ok(Self {
            id,
            connection,
            conn_type: text("conn_type", fields.conn_type)?,
            host: text("host", fields.host)?,
            login: text("login", fields.login)?,
            password: connection.password(),
            schema: text("schema", fields.schema)?,
            port,
            extra: connection.extra_object(),
        })
    }

    /// Returns the extra.
    pub(super) fn extra_object(&self) -> Option<&'a Object> {
        self.extra
    }

    /// Returns a value of the extra, which may be `None` in Python too.
    pub(super) fn extra(&self, key: &str) -> Option<&'a Value> {
        self.extra?.get(key)
    }

    /// Returns a value of the extra whose name in lower case is `key`: the last of several, as `connection_extra_lower` has it.
    pub(super) fn extra_lower(&self, key: &str) -> Option<&'a Value> {
        let same = |name: &String| text::lower(name) == key;
        let (_, value) = self.extra?.iter().rfind(|(name, _)| same(name))?;
        Some(value)
    }

    /// Returns a value of the extra if it is true in Python.
    pub(super) fn truthy_extra(&self, key: &str) -> Option<&'a Value> {
        self.extra(key).filter(|value| value.is_truthy())
    }

    /// Returns a text of the extra, or `None` if it is absent or empty.
    ///
    /// # Errors
    /// A value that is not text, with status 6.
    pub(super) fn extra_text(&self, key: &str) -> Result<Option<&'a str>> {
        match self.truthy_extra(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value) => Err(wrong_type(self.id, &format!("extra.{key}"), value, "text")),
        }
    }

    /// Refuses a connection whose password Airflow gets from a cloud.
    ///
    /// # Errors
    /// `extra.iam` that is true, with status 2.
    pub(super) fn refuse_iam(&self) -> Result<()> {
        match self.truthy_extra("iam") {
            None => Ok(()),
            Some(_) => Err(self.needs_a_service("`extra.iam` makes Airflow ask the cloud for a password")),
        }
    }

    /// Returns all values of the extra, in their order.
    pub(super) fn extras(&self) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        self.extra
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// Returns the port unless it is 0, which is false in Python.
    pub(super) fn truthy_port(&self) -> Option<&str> {
        self.port.as_deref().filter(|port| *port != "0")
    }

    /// Returns the error of a connection for which Airflow's hook raises, or that a format cannot carry.
    pub(super) fn malformed(&self, what: &str) -> Error {
        malformed(self.id, what)
    }

    /// Returns the error of a connection whose hook asks a service when it connects.
    pub(super) fn needs_a_service(&self, what: &str) -> Error {
        Error::usage(format!(
            "connection `{}` cannot be written: {what}",
            shown(self.id)
        ))
    }
}

/// Returns a text that is not empty, as Python's `x or y` takes it.
pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Returns `str(value)`.
pub(super) fn string(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        value => Cow::Owned(repr::str(value)),
    }
}

fn wrong_type(id: &str, part: &str, value: &Value, wanted: &str) -> Error {
    malformed(
        id,
        &format!("`{part}` is {} instead of {wanted}", value.described()),
    )
}

fn malformed(id: &str, what: &str) -> Error {
    Error::malformed(format!("connection `{}` cannot be written: {what}", shown(id)))
}
