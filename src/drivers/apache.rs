//! Apache Hive, Impala, Drill, Druid and Pinot: the URLs of their hooks.
//!
//! Sources: apache-airflow-providers-apache-hive 9.7.1, `hooks/hive.py` (`HiveServer2Hook`);
//! apache-airflow-providers-apache-impala 1.9.4, `hooks/impala.py`; apache-airflow-providers-apache-drill 3.3.4, `hooks/drill.py`;
//! apache-airflow-providers-apache-druid 4.6.1, `hooks/druid.py` (`DruidDbApiHook`);
//! apache-airflow-providers-apache-pinot 4.10.4, `hooks/pinot.py` (`PinotDbApiHook`).

use std::borrow::Cow;
use std::fmt::Write as _;

use super::parts::{Parts, filled, string};
use super::url::{QueryValue, Url};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::quote::quote;

pub(super) const HIVE: Formats = &[(Format::Sqlalchemy, hive)];
pub(super) const IMPALA: Formats = &[(Format::Sqlalchemy, impala)];
pub(super) const DRILL: Formats = &[(Format::Sqlalchemy, drill)];
pub(super) const DRUID: Formats = &[(Format::Sqlalchemy, druid)];
pub(super) const PINOT: Formats = &[(Format::Sqlalchemy, pinot)];

fn hive(parts: &Parts<'_>) -> Result<Rendered> {
    let url = Url {
        query: extras_as_text(parts),
        ..Url::of(parts, "hive")
    };
    Ok(url.rendered())
}

fn impala(parts: &Parts<'_>) -> Result<Rendered> {
    for (name, part) in [("host", parts.host), ("login", parts.login)] {
        if part.is_none() {
            return Err(parts.malformed(&format!("it has no `{name}`")));
        }
    }
    let url = Url {
        driver: "impala".into(),
        user: parts.login,
        password: Some(parts.password.unwrap_or_default()),
        host: parts.host,
        port: parts.truthy_port().or(Some("21050")),
        database: parts.schema,
        query: extras_as_text(parts),
    };
    Ok(url.rendered())
}

fn extras_as_text<'a>(parts: &Parts<'a>) -> Vec<(Cow<'a, str>, QueryValue<'a>)> {
    parts
        .extras()
        .filter(|(name, value)| *name != "__extra__" && !value.is_null())
        .map(|(name, value)| (name.into(), QueryValue::One(string(value))))
        .collect()
}

fn drill(parts: &Parts<'_>) -> Result<Rendered> {
    let mut url = format!("drill://{}", parts.host.unwrap_or_default());
    if let Some(port) = &parts.port {
        let _ = write!(url, ":{port}");
    }
    let plugin = parts.extra("storage_plugin").map_or("dfs".into(), string);
    let driver = parts
        .extra("dialect_driver")
        .map_or("drill+sadrill".into(), string);
    let _ = write!(url, "/{plugin}?dialect_driver={driver}");
    Ok(Rendered::text(url))
}

fn druid(parts: &Parts<'_>) -> Result<Rendered> {
    let mut url = format!("druid://{}", parts.host.unwrap_or_default());
    add_endpoint(parts, &mut url, "druid/v2/sql");
    Ok(Rendered::text(url))
}

fn pinot(parts: &Parts<'_>) -> Result<Rendered> {
    let mut url = "pinot://".to_owned();
    let mut secrets = Vec::new();
    if let (Some(login), Some(password)) = (filled(parts.login), filled(parts.password)) {
        let password = quote(password);
        let _ = write!(url, "{}:{password}@", quote(login));
        secrets.push(password);
    }
    url.push_str(parts.host.unwrap_or_default());
    add_endpoint(parts, &mut url, "query/sql");
    Ok(Rendered::text(url).with_secrets(secrets))
}

/// Adds the port and the endpoint of the extra.
fn add_endpoint(parts: &Parts<'_>, url: &mut String, default: &'static str) {
    if let Some(port) = parts.truthy_port() {
        let _ = write!(url, ":{port}");
    }
    let _ = write!(url, "/{}", parts.extra("endpoint").map_or(default.into(), string));
}
