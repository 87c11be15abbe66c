//! `DuckDB`, `YDB` and Db2: the URLs of their hooks.
//!
//! Sources: apache-airflow-providers-duckdb 0.2.1, `airflow/providers/duckdb/hooks/duckdb.py` (`get_uri`, `get_database`);
//! apache-airflow-providers-ydb 2.6.1, `airflow/providers/ydb/hooks/ydb.py` (`sqlalchemy_url`);
//! apache-airflow-providers-ibm-db2 0.1.0, `airflow/providers/ibm/db2/hooks/db2.py` (`get_uri`), which quotes the password alone.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::parts::{Parts, filled, string};
use super::url::{QueryValue, Url, bare_database, bare_user};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::quote::quote;
use crate::python::urlencode::urlencode;

pub(super) const DUCKDB: Formats = &[(Format::Sqlalchemy, duckdb)];
pub(super) const YDB: Formats = &[(Format::Sqlalchemy, ydb)];
pub(super) const DB2: Formats = &[(Format::Sqlalchemy, db2)];

fn duckdb(parts: &Parts<'_>) -> Result<Rendered> {
    let token = parts
        .truthy_extra("motherduck_token")
        .map(string)
        .or(filled(parts.password).map(Cow::Borrowed));
    let database = if let Some(database) = parts.truthy_extra("database") {
        string(database)
    } else if let Some(token) = &token {
        let schema = parts.schema.unwrap_or_default();
        format!("md:{schema}?motherduck_token={token}").into()
    } else {
        filled(parts.host).unwrap_or(":memory:").into()
    };
    Ok(Rendered::text(format!("duckdb:///{database}")).with_secrets(token.map(Cow::into_owned)))
}

fn ydb(parts: &Parts<'_>) -> Result<Rendered> {
    if filled(parts.host).is_none() {
        return Err(parts.malformed("it has no `host`"));
    }
    let Some(database) = parts.truthy_extra("database") else {
        return Err(parts.malformed("it has no `extra.database`"));
    };
    let database = QueryValue::strict(parts, "extra.database", database)?;
    let url = Url {
        database: None,
        query: vec![("database".into(), database)],
        ..Url::of(parts, "ydb")
    };
    Ok(url.rendered())
}

fn db2(parts: &Parts<'_>) -> Result<Rendered> {
    let password = quote(parts.password.unwrap_or_default());
    let mut url = format!(
        "db2+ibm_db://{}:{password}@{}:{}/{}",
        bare_user(parts.login.unwrap_or_default()),
        filled(parts.host).unwrap_or("localhost"),
        parts.truthy_port().unwrap_or("50000"),
        bare_database(parts.schema.unwrap_or_default(), true),
    );
    // A name that occurs in two cases keeps its place, and gets the last value.
    let mut query: Vec<(String, Cow<'_, str>)> = Vec::new();
    for (name, value) in parts.extras().filter(|(_, value)| !value.is_null()) {
        let value = match value {
            Value::Bool(true) => "true".into(),
            Value::Bool(false) => "false".into(),
            value => string(value),
        };
        let name = crate::python::text::upper(name);
        match query.iter_mut().find(|(known, _)| *known == name) {
            Some(pair) => pair.1 = value,
            None => query.push((name, value)),
        }
    }
    if parts.extras().next().is_some() {
        let query = urlencode(query.iter().map(|(name, value)| (name.as_str(), value.as_ref())));
        let _ = write!(url, "?{query}");
    }
    Ok(Rendered::text(url).with_secrets([password]))
}
