//! Microsoft SQL Server: `MsSqlHook`'s URL, which is Airflow's own URI with another scheme.
//!
//! Source: apache-airflow-providers-microsoft-mssql 4.7.2, `airflow/providers/microsoft/mssql/hooks/mssql.py` (`get_uri`,
//! `sqlalchemy_scheme`); CPython 3.11, `Lib/urllib/parse.py` (`parse_qs`, `urlencode`, `urlunsplit`).

use super::parts::Parts;
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::parse_qsl::parse_qsl;
use crate::python::quote::quote;
use crate::python::text;
use crate::python::urlencode::urlencode;
use crate::python::urlsplit::urlsplit;

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let uri = parts.connection.get_uri()?;
    let split = urlsplit(uri.expose_text().unwrap_or_default())
        .map_err(|error| parts.malformed("its URI cannot be read").with_source(error))?;
    let scheme = scheme(parts, "mssql+pymssql")?;
    let mut url = String::new();
    if !split.netloc.is_empty() {
        url.push_str("//");
        url.push_str(&split.netloc);
        if !split.path.is_empty() && !split.path.starts_with('/') {
            url.push('/');
        }
    }
    url.push_str(&split.path);
    let mut url = format!("{scheme}:{url}");
    let query = query_without_scheme(&split.query);
    if !query.is_empty() {
        url.push('?');
        url.push_str(&query);
    }
    if !split.fragment.is_empty() {
        url.push('#');
        url.push_str(&split.fragment);
    }
    Ok(Rendered::text(url).with_secrets(parts.password.map(quote)))
}

/// Returns `sqlalchemy_scheme` of the extra, in any case of its name, or `default`.
///
/// # Errors
/// A scheme that is not text, or has `:` or `/`, with status 6.
pub(super) fn scheme<'a>(parts: &Parts<'a>, default: &'a str) -> Result<&'a str> {
    match parts
        .extra_lower("sqlalchemy_scheme")
        .filter(|value| value.is_truthy())
    {
        None => Ok(default),
        Some(Value::String(scheme)) if !scheme.contains([':', '/']) => Ok(scheme),
        Some(_) => Err(parts.malformed("`extra.sqlalchemy_scheme` is not text without `:` and `/`")),
    }
}

/// Returns the query without the scheme, and the values of a name together.
fn query_without_scheme(query: &str) -> String {
    let mut pairs: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in parse_qsl(query) {
        if text::lower(&name) == "sqlalchemy_scheme" {
            continue;
        }
        match pairs.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => pairs.push((name, vec![value])),
        }
    }
    urlencode(
        pairs
            .iter()
            .flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str()))),
    )
}
