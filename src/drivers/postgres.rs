//! PostgreSQL: `PostgresHook`'s URL.
//!
//! Source: apache-airflow-providers-postgres 7.1.1, `airflow/providers/postgres/hooks/postgres.py` (`sqlalchemy_url`,
//! `sqlalchemy_scheme`, `get_uri`), where psycopg 3 and SQLAlchemy 2 are installed.

use super::parts::Parts;
use super::url::{Url, sqlalchemy_query};
use super::{Format, Formats, Rendered, libpq, pgpass};
use crate::error::Result;
use crate::python::json::Value;

pub(super) const FORMATS: Formats = &[
    (Format::Sqlalchemy, sqlalchemy),
    (Format::Libpq, libpq::connection_string),
    (Format::LibpqEnv, libpq::variables),
    (Format::Pgpass, pgpass::line),
];

/// The scheme of a connection that names none.
const SCHEME: &str = "postgresql+psycopg";

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let query = sqlalchemy_query(parts)?;
    parts.refuse_iam()?;
    let url = Url {
        query,
        ..Url::of(parts, scheme(parts)?)
    };
    Ok(url.rendered())
}

fn scheme<'a>(parts: &Parts<'a>) -> Result<&'a str> {
    let scheme = match parts.truthy_extra("sqlalchemy_scheme") {
        None => return Ok(SCHEME),
        Some(Value::String(scheme)) => scheme.as_str(),
        Some(_) => return Err(parts.malformed("`extra.sqlalchemy_scheme` is not text")),
    };
    let is_postgres = scheme == "postgresql" || scheme.starts_with("postgresql+");
    if !is_postgres || scheme.contains([':', '/']) {
        return Err(parts.malformed("`extra.sqlalchemy_scheme` is not `postgresql` or `postgresql+DRIVER`"));
    }
    Ok(scheme)
}
