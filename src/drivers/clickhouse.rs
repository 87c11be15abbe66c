//! `ClickHouse`: `ClickHouseHook`'s URL.
//!
//! The hook quotes the password alone. Here, what SQLAlchemy would misread in a login or a database is quoted too. Source:
//! apache-airflow-providers-clickhousedb 1.0.1, `airflow/providers/clickhousedb/hooks/clickhouse.py` (`get_uri`).

use std::fmt::Write as _;

use super::parts::{Parts, filled, string};
use super::url::{bare_database, bare_user, without_at};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::quote::quote;
use crate::python::text;

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let password = filled(parts.password).map(quote);
    let mut url = format!(
        "clickhousedb://{}",
        bare_user(filled(parts.login).unwrap_or("default"))
    );
    if let Some(password) = &password {
        let _ = write!(url, ":{password}");
    }
    let _ = write!(
        url,
        "@{}:{}/{}",
        filled(parts.host).unwrap_or("localhost"),
        parts.truthy_port().unwrap_or("8123"),
        bare_database(filled(parts.schema).unwrap_or("default"), password.is_some()),
    );
    let mut query = Vec::new();
    if parts.truthy_extra("secure").is_some() {
        query.push("secure=true".to_owned());
    }
    if parts.extra("verify").is_some_and(|verify| !verify.is_truthy()) {
        query.push("verify=false".to_owned());
    }
    for name in ["connect_timeout", "send_receive_timeout", "compress"] {
        match parts.extra(name) {
            None => {}
            Some(value @ Value::Bool(_)) => query.push(format!("{name}={}", text::lower(&string(value)))),
            Some(value) => query.push(format!("{name}={}", string(value))),
        }
    }
    if !query.is_empty() {
        url.push('?');
        url.push_str(&without_at(&query.join("&"), password.is_some()));
    }
    Ok(Rendered::text(url).with_secrets(password))
}
