//! JDBC: the URL that `JdbcHook` connects to, and its URL for SQLAlchemy.
//!
//! Login and password are no part of the JDBC URL: the hook passes them beside it. Source: apache-airflow-providers-jdbc 5.6.1,
//! `airflow/providers/jdbc/hooks/jdbc.py` (`get_conn`, `sqlalchemy_url`).

use super::parts::Parts;
use super::url::{Url, sqlalchemy_query};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy), (Format::Jdbc, url)];

fn url(parts: &Parts<'_>) -> Result<Rendered> {
    match parts.host {
        Some(host) => Ok(Rendered::text(host)),
        None => Err(parts.malformed("it has no `host`, where Airflow has the JDBC URL")),
    }
}

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let query = sqlalchemy_query(parts)?;
    let Some(Value::String(scheme)) = parts.extra("sqlalchemy_scheme") else {
        return Err(parts.malformed("`extra.sqlalchemy_scheme` is not text"));
    };
    let url = Url {
        query,
        ..Url::of(parts, scheme)
    };
    Ok(url.rendered())
}
