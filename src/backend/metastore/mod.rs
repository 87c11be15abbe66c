//! Airflow's database: the end of Airflow's search path.
//!
//! Source: airflow 3.3.2, `airflow/secrets/metastore.py`.

mod database;
mod postgres;
mod url;

use crate::error::{Error, Result};
use crate::shown;
use database::{Access, Database};
use url::Dialect;

/// Returns the client of a database, without I/O.
fn client(access: Access<'_>) -> Result<Box<dyn Database>> {
    match access.url.dialect {
        Dialect::Postgres => Ok(Box::new(postgres::Postgres::new(access)?)),
        Dialect::Sqlite | Dialect::MySql => {
            Err(Error::usage(format!("{} cannot be read yet", access.url.place())))
        }
    }
}

/// Returns the warning about options of the URL that `client` does not know.
fn unknown_options(names: &[String], client: &str) -> Vec<String> {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", shown::shown(name)))
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "the database's URL has options that {client} does not know, and they are ignored: {}",
        names.join(", ")
    )]
}
