//! ODBC: the connection string of `OdbcHook`, and its URL.
//!
//! The hook quotes nothing. Here, a value that would be misread is put in braces. Sources:
//! apache-airflow-providers-odbc 4.13.1, `airflow/providers/odbc/hooks/odbc.py` (`odbc_connection_string`, `get_uri`);
//! <https://learn.microsoft.com/sql/odbc/reference/syntax/sqldriverconnect-function>.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::parts::{Parts, filled, string};
use super::{Format, Formats, Rendered, mssql};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::quote::quote_plus;
use crate::python::text;

pub(super) const FORMATS: Formats = &[
    (Format::Sqlalchemy, sqlalchemy),
    (Format::Odbc, connection_string),
];

/// The extras that are no part of the connection string.
const OF_THE_HOOK: [&str; 5] = [
    "driver",
    "dsn",
    "connect_kwargs",
    "sqlalchemy_scheme",
    "placeholder",
];

fn connection_string(parts: &Parts<'_>) -> Result<Rendered> {
    let (text, password) = written(parts)?;
    let mut rendered = Rendered::text(text).with_secrets(password);
    if parts.extra_lower("driver").is_some_and(Value::is_truthy) {
        rendered.warnings.push(
            "`extra.driver` is left out, because Airflow ignores it without `[providers.odbc] allow_driver_in_extra`".to_owned(),
        );
    }
    Ok(rendered)
}

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let (text, password) = written(parts)?;
    let scheme = mssql::scheme(parts, "mssql+pyodbc")?;
    let url = format!("{scheme}:///?odbc_connect={}", quote_plus(&text));
    Ok(Rendered::text(url).with_secrets(password.map(|password| quote_plus(&password))))
}

/// Returns the connection string, and the password in it.
fn written(parts: &Parts<'_>) -> Result<(String, Option<String>)> {
    let dsn = match parts.extra_lower("dsn").filter(|dsn| dsn.is_truthy()) {
        None => None,
        Some(Value::String(dsn)) => filled(Some(text::strip(dsn))),
        Some(_) => return Err(parts.malformed("`extra.dsn` is not text")),
    };
    let password = filled(parts.password).map(braced);
    let mut written = String::new();
    for (name, value) in [
        ("DSN", dsn.map(braced)),
        ("SERVER", filled(parts.host).map(braced)),
        ("DATABASE", filled(parts.schema).map(braced)),
        ("UID", filled(parts.login).map(braced)),
        ("PWD", password.clone()),
        ("PORT", parts.truthy_port().map(Cow::Borrowed)),
    ] {
        if let Some(value) = value {
            let _ = write!(written, "{name}={value};");
        }
    }
    for (name, value) in parts.extras() {
        if !OF_THE_HOOK.contains(&text::lower(name).as_str()) {
            let _ = write!(written, "{name}={};", braced(&string(value)));
        }
    }
    Ok((written, password.map(Cow::into_owned)))
}

/// Puts a value in braces if it has a `;` or starts with a brace. Some people put the braces into Airflow's connection.
fn braced(value: &str) -> Cow<'_, str> {
    if !value.contains(';') && !value.starts_with('{') || is_braced(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{{{}}}", value.replace('}', "}}")))
}

/// Whether a value is in braces already, with every brace inside doubled.
fn is_braced(value: &str) -> bool {
    let inner = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| !inner.replace("}}", "").contains('}'))
}
