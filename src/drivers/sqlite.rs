//! SQLite: `SqliteHook`'s URL.
//!
//! Source: apache-airflow-providers-sqlite 4.3.4, `airflow/providers/sqlite/hooks/sqlite.py` (`get_uri`).

use super::parts::Parts;
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::quote::unquote;

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let uri = parts.connection.get_uri()?;
    let uri = unquote(uri.expose_text().unwrap_or_default());
    Ok(Rendered::text(
        uri.replace("/?", "?").replace("sqlite://", "sqlite:///"),
    ))
}
