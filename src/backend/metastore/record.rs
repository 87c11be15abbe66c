//! A row of Airflow's database as a value: which columns there are, which are encrypted, and whose the row is.
//!
//! Owns the meaning of the columns in Airflow 2.2 to 3.3. Must not know how a database is asked.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py`, `airflow/models/variable.py`, `airflow/models/crypto.py`; the columns of
//! older versions from their migrations.

use super::database::{Column, Row, Table};
use crate::error::{Error, Result};
use crate::python::json::{Object, Value};
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::{Found, Lookup};

/// A field of a row that is encrypted: its column, and the column that says so.
pub(super) struct Encrypted {
    /// The column of the value.
    pub(super) column: &'static str,
    flag: &'static str,
    /// Whether an empty value is encrypted too.
    even_empty: bool,
}

/// The fields of a connection that may be encrypted, each for itself.
const OF_CONNECTION: [Encrypted; 2] = [
    Encrypted {
        column: "password",
        flag: "is_encrypted",
        even_empty: false,
    },
    Encrypted {
        column: "extra",
        flag: "is_extra_encrypted",
        even_empty: false,
    },
];

/// The field of a variable that may be encrypted.
const OF_VARIABLE: [Encrypted; 1] = [Encrypted {
    column: "val",
    flag: "is_encrypted",
    even_empty: true,
}];

/// Returns the fields of a table's rows that may be encrypted.
pub(super) fn encrypted(table: Table) -> &'static [Encrypted] {
    match table {
        Table::Connection => &OF_CONNECTION,
        Table::Variable => &OF_VARIABLE,
    }
}

impl Encrypted {
    /// Returns the token of the field, if it is encrypted.
    pub(super) fn token<'r>(&self, row: &'r Row) -> Option<&'r Secret> {
        let Some(Column::Text(token)) = row.column(self.column) else {
            return None;
        };
        let is_set = row.column(self.flag).is_some_and(is_true);
        (is_set && (self.even_empty || !token.is_empty())).then_some(token)
    }
}

/// The columns of a connection, by Airflow's names for its parts.
const PARTS: [&str; 9] = [
    "conn_id",
    "conn_type",
    "description",
    "host",
    "login",
    "password",
    "schema",
    "port",
    "extra",
];

/// Whether the asking team gets the row: a row of a team is for that team alone. Before 3.2 there was no such column.
pub(super) fn is_for(row: &Row, team: Option<&str>) -> bool {
    match row.column("team_name") {
        None | Some(Column::Null) => true,
        Some(Column::Text(name)) => team.is_some_and(|team| team.as_bytes() == name.expose()),
        Some(Column::Bool(_) | Column::Int(_)) => false,
    }
}

/// Returns the connection of a row. Its fields are decrypted already.
///
/// # Errors
/// Text that is not UTF-8, with status 6.
pub(super) fn connection(row: &Row, lookup: &Lookup) -> Result<Found> {
    let mut parts = Object::new();
    for name in PARTS {
        let value = match row.column(name) {
            None | Some(Column::Null) => Value::Null,
            Some(Column::Bool(value)) => Value::Bool(*value),
            Some(Column::Int(number)) => Value::Int(number.to_string()),
            Some(Column::Text(text)) => Value::from(text.expose_text().ok_or_else(|| {
                Error::malformed(format!(
                    "`{name}` of connection `{}` is not UTF-8",
                    shown(&lookup.id)
                ))
            })?),
        };
        parts.insert(name.to_owned(), value);
    }
    Ok(Found::Row(parts))
}

/// Returns the value of a variable, or `None` for NULL, which Airflow reads as not found. It is decrypted already.
///
/// # Errors
/// Text that is not UTF-8, with status 6.
pub(super) fn variable(row: &Row, lookup: &Lookup) -> Result<Option<Found>> {
    let value = match row.column("val") {
        None | Some(Column::Null) => return Ok(None),
        Some(Column::Text(text)) => text.clone(),
        Some(Column::Int(number)) => Secret::from(number.to_string()),
        Some(Column::Bool(value)) => Secret::from(if *value { "True" } else { "False" }),
    };
    if value.expose_text().is_none() {
        let key = shown(&lookup.id);
        return Err(Error::malformed(format!(
            "variable `{key}` in the database is not UTF-8"
        )));
    }
    Ok(Some(Found::Text(value)))
}

/// Reads a flag. SQLite and MySQL have integers. NULL, as before 3.2, is false.
fn is_true(column: &Column) -> bool {
    match column {
        Column::Null => false,
        Column::Bool(value) => *value,
        Column::Int(number) => *number != 0,
        Column::Text(text) => !text.is_empty(),
    }
}
