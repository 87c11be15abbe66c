//! Trino and Presto: the URLs of their hooks.
//!
//! Sources: apache-airflow-providers-trino 6.7.1, `airflow/providers/trino/hooks/trino.py` (`get_uri`);
//! apache-airflow-providers-presto 5.13.1, `airflow/providers/presto/hooks/presto.py` (`sqlalchemy_url`).

use std::borrow::Cow;

use super::parts::{Parts, filled, string};
use super::url::{QueryValue, Url, quoted_login};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::quote::quote;
use crate::python::urlencode::urlencode;

pub(super) const TRINO: Formats = &[(Format::Sqlalchemy, trino)];
pub(super) const PRESTO: Formats = &[(Format::Sqlalchemy, presto)];

fn trino(parts: &Parts<'_>) -> Result<Rendered> {
    let (login, password) = quoted_login(parts);
    let mut url = format!("trino://{login}{}", filled(parts.host).unwrap_or("localhost"));
    if let Some(port) = parts.truthy_port() {
        url.push(':');
        url.push_str(port);
    }
    if let Some(catalog) = filled(parts.schema) {
        url.push('/');
        url.push_str(&quote(catalog));
        match parts.truthy_extra("schema") {
            None => {}
            Some(Value::String(schema)) => {
                url.push('/');
                url.push_str(&quote(schema));
            }
            Some(_) => return Err(parts.malformed("`extra.schema` is not text")),
        }
    }
    let query: Vec<_> = parts
        .extras()
        .filter(|(name, value)| *name != "schema" && !value.is_null())
        .map(|(name, value)| (name, string(value)))
        .collect();
    if !query.is_empty() {
        url.push('?');
        url.push_str(&urlencode(
            query.iter().map(|(name, value)| (*name, value.as_ref())),
        ));
    }
    Ok(Rendered::text(url).with_secrets(password))
}

fn presto(parts: &Parts<'_>) -> Result<Rendered> {
    for (name, is_absent) in [
        ("host", parts.host.is_none()),
        ("login", parts.login.is_none()),
        ("port", parts.port.is_none()),
    ] {
        if is_absent {
            return Err(parts.malformed(&format!("it has no `{name}`")));
        }
    }
    let mut query = Vec::new();
    if let Some(schema) = parts.schema {
        query.push((Cow::Borrowed("schema"), QueryValue::One(schema.into())));
    }
    for name in ["protocol", "source", "catalog"] {
        if let Some(value) = parts.extra(name).filter(|value| !value.is_null()) {
            let value = QueryValue::strict(parts, &format!("extra.{name}"), value)?;
            query.push((Cow::Borrowed(name), value));
        }
    }
    let catalog = match parts.extra("catalog") {
        None | Some(Value::Null) => None,
        Some(Value::String(catalog)) => Some(catalog.as_str()),
        Some(_) => return Err(parts.malformed("`extra.catalog` is not text")),
    };
    let url = Url {
        driver: "presto".into(),
        user: parts.login,
        password: Some(parts.password.unwrap_or_default()),
        host: parts.host,
        port: parts.port.as_deref(),
        database: catalog,
        query,
    };
    Ok(url.rendered())
}
