//! The credentials in an Airflow connection of type `yandexcloud`.
//!
//! Source: apache-airflow-providers-yandex 4.6.1, `utils/fields.py` (`get_field_from_extras`) and `utils/credentials.py`. Must not
//! know where the connection comes from.

use std::time::Instant;

use super::credentials::Credentials;
use crate::error::{Error, Result};
use crate::python::json::{Object, Value};
use crate::secret::Secret;
use crate::shown::shown;

/// What an extra's name may begin with, from older versions of the provider.
const FORMER_PREFIX: &str = "extra__yandexcloud__";

/// The extra of a connection.
pub(crate) struct Extra<'a> {
    /// The connection, for messages.
    conn_id: &'a str,
    fields: &'a Object,
}

impl<'a> Extra<'a> {
    pub(crate) fn new(conn_id: &'a str, fields: &'a Object) -> Self {
        Self { conn_id, fields }
    }

    /// Returns what it is, for messages.
    pub(crate) fn place(&self) -> String {
        format!("the extra of connection `{}`", shown(self.conn_id))
    }

    /// Returns a text; one that Python finds false is absent.
    ///
    /// # Errors
    /// Another type, with status 2.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        match self.field(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Error::usage(format!("`{name}` in {} must be text", self.place()))),
        }
    }

    /// Returns the credentials; without any, those of this machine.
    ///
    /// # Errors
    /// A key that cannot be used, with status 2.
    pub(crate) fn credentials(&self, deadline: Instant) -> Result<Credentials> {
        let given = Credentials::first(
            self.text("oauth")?.map(Secret::from),
            self.text("service_account_json_path")?.as_deref(),
            self.field("service_account_json"),
            &format!("`service_account_json` in {}", self.place()),
            deadline,
        )?;
        Ok(given.unwrap_or(Credentials::Machine))
    }

    fn field(&self, name: &str) -> Option<&Value> {
        let former = || self.fields.get(&format!("{FORMER_PREFIX}{name}"));
        let found = self.fields.get(name).or_else(former);
        found.filter(|value| value.is_truthy())
    }
}
