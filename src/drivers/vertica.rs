//! Vertica, Exasol and Teradata: the URLs of their hooks.
//!
//! Sources: apache-airflow-providers-vertica 4.4.1, `airflow/providers/vertica/hooks/vertica.py`;
//! apache-airflow-providers-exasol 4.11.1, `airflow/providers/exasol/hooks/exasol.py`;
//! apache-airflow-providers-teradata 3.7.1, `airflow/providers/teradata/hooks/teradata.py` (`sqlalchemy_url` of each).

use std::borrow::Cow;

use super::parts::{Parts, filled, string};
use super::url::{QueryValue, Url};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::text;

pub(super) const VERTICA: Formats = &[(Format::Sqlalchemy, vertica)];
pub(super) const EXASOL: Formats = &[(Format::Sqlalchemy, exasol)];
pub(super) const TERADATA: Formats = &[(Format::Sqlalchemy, teradata)];

/// The schemes that Exasol's hook accepts; the first is its default.
const EXASOL_SCHEMES: [&str; 3] = ["exa+websocket", "exa+pyodbc", "exa+turbodbc"];

fn vertica(parts: &Parts<'_>) -> Result<Rendered> {
    let query = parts
        .extras()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let value = match value {
                Value::List(items) => QueryValue::Many(items.iter().map(string).collect()),
                value => QueryValue::One(string(value)),
            };
            (Cow::Borrowed(name), value)
        })
        .collect();
    let url = Url {
        driver: "vertica-python".into(),
        user: parts.login,
        password: Some(parts.password.unwrap_or_default()),
        host: filled(parts.host).or(Some("localhost")),
        port: parts.truthy_port().or(Some("5433")),
        database: parts.schema,
        query,
    };
    Ok(url.rendered())
}

fn exasol(parts: &Parts<'_>) -> Result<Rendered> {
    let scheme = match parts
        .extra_lower("sqlalchemy_scheme")
        .filter(|value| value.is_truthy())
    {
        None => EXASOL_SCHEMES[0],
        Some(value) => match value.as_str().filter(|scheme| EXASOL_SCHEMES.contains(scheme)) {
            Some(scheme) => scheme,
            None => {
                return Err(parts.malformed(&format!(
                    "`extra.sqlalchemy_scheme` is not one of {}",
                    EXASOL_SCHEMES.join(", ")
                )));
            }
        },
    };
    let query = parts
        .extras()
        .filter(|(name, _)| text::lower(name) != "sqlalchemy_scheme")
        .map(|(name, value)| Ok((Cow::Borrowed(name), QueryValue::strict(parts, "extra", value)?)))
        .collect::<Result<_>>()?;
    let url = Url {
        query,
        ..Url::of(parts, scheme)
    };
    Ok(url.rendered())
}

fn teradata(parts: &Parts<'_>) -> Result<Rendered> {
    let url = Url {
        database: filled(parts.schema),
        ..Url::of(parts, "teradatasql")
    };
    Ok(url.rendered())
}
