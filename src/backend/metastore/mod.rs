//! Airflow's database: the end of Airflow's search path.
//!
//! Source: airflow 3.3.2, `airflow/secrets/metastore.py`.

mod database;
mod url;

use crate::error::{Error, Result};
use database::{Access, Database};
use url::Dialect;

/// Returns the client of a database, without I/O.
#[expect(clippy::needless_pass_by_value, reason = "the clients take it")]
fn client(access: Access<'_>) -> Result<Box<dyn Database>> {
    match access.url.dialect {
        Dialect::Sqlite | Dialect::Postgres | Dialect::MySql => {
            Err(Error::usage(format!("{} cannot be read yet", access.url.place())))
        }
    }
}
