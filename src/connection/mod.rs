//! Airflow's `Connection`: from a URI, JSON, fields or a local file's object, to fields, URI and JSON.
//!
//! Does no I/O. Source: airflow 3.3.2, `airflow/models/connection.py`.

use crate::error::{Error, Result};
use crate::python::json;
use crate::secret::Secret;
use crate::value::Found;

/// A connection as Airflow parses it.
#[derive(Clone, Debug)]
pub struct Connection {
    conn_id: String,
}

impl Connection {
    /// Parses what a backend has under `conn_id`, each shape in Airflow's own way.
    ///
    /// # Errors
    /// A value that Airflow would not take for a connection, with status 6. Names the part that is wrong, never the value.
    pub fn from_found(conn_id: &str, found: &Found) -> Result<Self> {
        let _ = found;
        Ok(Self {
            conn_id: conn_id.to_owned(),
        })
    }

    /// Returns what `Connection.get_uri()` returns.
    ///
    /// # Errors
    /// What Python raises, with status 6.
    pub fn get_uri(&self) -> Result<Secret> {
        Err(Error::internal("not yet"))
    }

    /// Returns what `Connection.as_json()` returns.
    ///
    /// # Errors
    /// What Python raises, with status 6.
    pub fn as_json(&self) -> Result<Secret> {
        Err(Error::internal("not yet"))
    }

    /// Returns the object of `-o json`: `conn_id, conn_type, description, host, login, password, schema, port, extra, uri`.
    ///
    /// # Errors
    /// What Python raises for one of these, with status 6.
    pub fn to_object(&self) -> Result<json::Object> {
        let _ = &self.conn_id;
        Err(Error::internal("not yet"))
    }

    /// Returns one field: `conn_type`, …, `extra`, `extra.KEY[.KEY…]`; text as it is, anything else as compact JSON; `None`
    /// where Airflow has `None` or extra lacks the key.
    ///
    /// # Errors
    /// A name that is no field (status 2), an extra that is no JSON object (status 6).
    pub fn field(&self, name: &str) -> Result<Option<Secret>> {
        let _ = name;
        Err(Error::internal("not yet"))
    }
}
