//! What the backend asks of a database: one row of one table by its name, or the names of a table.
//!
//! Owns the seam between the backend, which knows what the columns mean, and the clients (`sqlite`, `postgres`, `mysql`), which do not.

use std::fmt;
use std::time::Instant;

use super::url::DatabaseUrl;
use crate::backend::Warnings;
use crate::env::Env;
use crate::error::Result;
use crate::future::BoxFuture;
use crate::secret::Secret;

/// An open database, or one that is opened when it is first asked.
///
/// # Contract
/// - **Open late, once.** `rows` opens one connection when it is first called, and every later call uses it. Dropping the database
///   closes it.
/// - **Read only.** Nothing is created, migrated or written. On a server, every transaction is read only.
/// - **Take the columns as they are.** [`Wanted::statement`] has every statement: the tables of Airflow 2.2 to 3.3
///   differ, and the backend knows how. A name is unique in each. At most two statements for a name.
/// - **End in time.** Connecting, logging in and asking end by [`Access::deadline`] with status 5.
/// - **Show nothing.** A driver's error may hold the URL or a value, so its text is never shown. Kinds come from codes.
///
/// # Errors
/// Status 5: cannot connect, resolve or lock in time, TLS refused, too many connections, starting up. Status 4: the login or the right
/// to read is refused. Status 2: an unknown database, schema or table. The message names [`DatabaseUrl::place`].
pub(crate) trait Database: Send + Sync {
    /// Returns the rows of `table` that are `wanted`.
    fn rows<'a>(&'a self, table: Table, wanted: Wanted<&'a str>) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// Returns a note for a row that was not found, such as that there are no tables at all. The default has none.
    fn about_absence(&self) -> Option<String> {
        None
    }
}

/// The rows that are wanted. `N` is a name, borrowed or owned.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<N> {
    /// The row of this name, with every column: at most one.
    Named(N),
    /// Any row that is encrypted, with every column: at most one.
    Encrypted,
    /// The key column and `team_name` of every row that Airflow finds. `team_name` is NULL where the table does not have it.
    Names,
}

impl Wanted<String> {
    /// Borrows the name.
    pub(crate) fn borrowed(&self) -> Wanted<&str> {
        match self {
            Self::Named(name) => Wanted::Named(name),
            Self::Encrypted => Wanted::Encrypted,
            Self::Names => Wanted::Names,
        }
    }
}

impl<'a> Wanted<&'a str> {
    /// Copies the name.
    pub(crate) fn owned(self) -> Wanted<String> {
        match self {
            Self::Named(name) => Wanted::Named(name.to_owned()),
            Self::Encrypted => Wanted::Encrypted,
            Self::Names => Wanted::Names,
        }
    }

    /// Returns the name, which is the parameter of the statement.
    pub(crate) fn name(self) -> Option<&'a str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Encrypted | Self::Names => None,
        }
    }

    /// Returns the statement that reads the rows. `table_name` is quoted, and has the schema in front of it.
    pub(crate) fn statement(
        self,
        table: Table,
        table_name: &str,
        quoted: fn(&str) -> String,
        parameter: &str,
    ) -> String {
        let key = quoted(table.key_column());
        match self {
            // SQLite takes a quoted name that is no column for a text, unless a table is in front of it.
            Self::Named(_) => format!("SELECT * FROM {table_name} own WHERE own.{key} = {parameter} LIMIT 1"),
            Self::Encrypted => {
                let condition = match table {
                    Table::Connection => {
                        "(own.is_encrypted AND own.password <> '') OR (own.is_extra_encrypted AND own.extra <> '')"
                    }
                    Table::Variable => "own.is_encrypted",
                };
                format!("SELECT * FROM {table_name} own WHERE {condition} LIMIT 1")
            }
            // In the inner SELECT, `team_name` is the column of the table if it has one (since 3.2), else that of `missing`. No
            // value is read. A variable that is NULL is not found by Airflow.
            Self::Names => {
                let condition = match table {
                    Table::Connection => String::new(),
                    Table::Variable => format!(" WHERE own.{} IS NOT NULL", quoted("val")),
                };
                format!(
                    "SELECT own.{key}, (SELECT team_name FROM {table_name} same WHERE same.{key} = own.{key} LIMIT 1) AS team_name \
                     FROM {table_name} own CROSS JOIN (SELECT NULL AS team_name) missing{condition}"
                )
            }
        }
    }
}

/// What a client is built with. Building it does no I/O.
pub(crate) struct Access<'a> {
    /// The database.
    pub(crate) url: DatabaseUrl,
    /// `[database] sql_alchemy_schema`, to be quoted in front of the table's name.
    pub(crate) schema: Option<String>,
    /// The environment.
    pub(crate) env: &'a Env,
    /// When the command must be done.
    pub(crate) deadline: Instant,
    /// Takes warnings, such as an unknown part of the URL's query. Shows no value.
    pub(crate) warnings: Warnings,
}

/// A table of Airflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// Connections, by `conn_id`.
    Connection,
    /// Variables, by `key`.
    Variable,
}

impl Table {
    /// Returns the name of the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Variable => "variable",
        }
    }

    /// Returns the column that holds the name. It is a word that MySQL reserves (`key`), so it must be quoted.
    pub(crate) fn key_column(self) -> &'static str {
        match self {
            Self::Connection => "conn_id",
            Self::Variable => "key",
        }
    }
}

/// One row: its columns by name.
#[derive(Default)]
pub(crate) struct Row(Vec<(String, Column)>);

/// The value of a column.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Column {
    /// SQL's NULL.
    Null,
    /// A boolean. MySQL and SQLite have integers instead.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A text, as UTF-8 bytes; or bytes that the database takes for a text. A type that is none of these is given as its text.
    Text(Secret),
}

impl Row {
    /// Adds a column.
    pub(crate) fn push(&mut self, name: impl Into<String>, column: Column) {
        self.0.push((name.into(), column));
    }

    /// Replaces the text of a column.
    pub(crate) fn set(&mut self, name: &str, text: Secret) {
        if let Some((_, column)) = self.0.iter_mut().find(|(own, _)| own == name) {
            *column = Column::Text(text);
        }
    }

    /// Returns a column, or `None` if the table does not have it.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, column)| column)
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Column(redacted)")
    }
}
