//! Databricks: `DatabricksSqlHook`'s URL, for a token. Other logins ask a service for one.
//!
//! Source: apache-airflow-providers-databricks 7.23.0, `airflow/providers/databricks/hooks/databricks_sql.py` (`sqlalchemy_url`),
//! `databricks_base.py` (`_get_token`, `host`, `_parse_host`).

use std::borrow::Cow;

use super::parts::{Parts, filled, string};
use super::url::{QueryValue, Url};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::urlsplit::urlsplit;

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

/// The extras that make the hook ask a service for a token.
const LOGINS: [&str; 7] = [
    "azure_tenant_id",
    "use_azure_managed_identity",
    "use_default_azure_credential",
    "service_principal_oauth",
    "federated_token_provider",
    "federated_aws",
    "federated_k8s",
];

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let mut query = Vec::new();
    if let Some(path) = parts.extra("http_path").filter(|path| !path.is_null()) {
        let path = QueryValue::strict(parts, "extra.http_path", path)?;
        query.push((Cow::Borrowed("http_path"), path));
    }
    let token = token(parts)?;
    let host = match (parts.extra("host"), filled(parts.host)) {
        (Some(Value::String(host)), _) => Some(parsed_host(parts, host)?),
        (Some(_), _) => return Err(parts.malformed("`extra.host` is not text")),
        (None, Some(host)) => Some(parsed_host(parts, host)?),
        (None, None) => None,
    };
    let url = Url {
        driver: "databricks".into(),
        user: Some("token"),
        password: token.as_deref(),
        host: host.as_deref(),
        query,
        ..Url::default()
    };
    Ok(url.rendered())
}

/// Returns the token of the extra, or the password of a connection without a login.
fn token<'a>(parts: &Parts<'a>) -> Result<Option<Cow<'a, str>>> {
    match parts.extra("token") {
        Some(Value::Null) => return Ok(None),
        Some(token) => return Ok(Some(string(token))),
        None => {}
    }
    if let (None, Some(password)) = (filled(parts.login), filled(parts.password)) {
        return Ok(Some(password.into()));
    }
    match LOGINS.into_iter().find(|name| parts.extra(name).is_some()) {
        Some(name) => {
            Err(parts.needs_a_service(&format!("`extra.{name}` makes Airflow ask a service for a token")))
        }
        None => Err(parts.malformed("it has no token")),
    }
}

/// Returns the host of a URL, or the text itself.
fn parsed_host<'a>(parts: &Parts<'_>, host: &'a str) -> Result<Cow<'a, str>> {
    let host = host.trim_end_matches('/');
    let split =
        urlsplit(host).map_err(|error| parts.malformed("its host cannot be read").with_source(error))?;
    Ok(match split.hostname().filter(|name| !name.is_empty()) {
        Some(name) => name.into(),
        None => host.into(),
    })
}
