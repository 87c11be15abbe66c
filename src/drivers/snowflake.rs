//! Snowflake: the URL that `SnowflakeHook` has snowflake-sqlalchemy make.
//!
//! A private key is not part of it: the hook passes it to `create_engine` beside the URL. Sources: apache-airflow-providers-snowflake
//! 6.20.0, `airflow/providers/snowflake/hooks/snowflake.py` (`_get_static_conn_params`, `_conn_params_to_sqlalchemy_uri`);
//! snowflake-sqlalchemy 2.1.0, `snowflake/sqlalchemy/util.py` (`_url`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::parts::{Parts, filled, string};
use super::url::escaped_percent;
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::int;
use crate::python::json::Value;
use crate::python::quote::{quote, quote_plus};

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

/// The prefix of the extras of old versions of the provider.
const OLD_PREFIX: &str = "extra__snowflake__";

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let mut parameters = parameters(parts)?;
    let account = parameters.get("account").cloned();
    let Some(account) = account else {
        return Err(parts.malformed("it has no `extra.account`"));
    };
    let user = quote(&text(parts, &parameters, "user")?.unwrap_or_default());
    let password = text(parts, &parameters, "password")?.map(|password| password_in_url(&password));
    let mut url = format!("snowflake://{user}:{}@", password.as_deref().unwrap_or_default());
    if let Some(host) = parameters.remove("host") {
        let port = parameters.remove("port");
        let port = port.map_or("443".into(), |port| string(port.value()).into_owned());
        let _ = write!(url, "{}:{port}/", string(host.value()));
    } else {
        url.push_str(label(parts, "account", &account)?);
        if let Some(region) = parameters.remove("region") {
            url.push('.');
            url.push_str(label(parts, "region", &region)?);
        }
        url.push('/');
        parameters.remove("account");
    }
    for name in ["user", "password"] {
        parameters.remove(name);
    }
    if let Some(database) = text(parts, &parameters, "database")? {
        url.push_str(&quote(&database));
        parameters.remove("database");
        if let Some(schema) = text(parts, &parameters, "schema")? {
            url.push('/');
            url.push_str(&quote(&schema));
            parameters.remove("schema");
        }
    } else if parameters.contains_key("schema") {
        return Err(parts.malformed("it has a schema without `extra.database`"));
    }
    let mut secrets: Vec<String> = password.into_iter().collect();
    let mut between = '?';
    for (name, value) in parameters {
        let value = match value.value() {
            Value::String(text) => quote_plus(text),
            value => string(value).into_owned(),
        };
        let _ = write!(url, "{between}{name}={value}");
        between = '&';
        if name == "token" {
            secrets.push(value);
        }
    }
    Ok(Rendered::text(url).with_secrets(secrets))
}

/// The parameters of the URL: none that is false in Python, and none that the hook passes on beside the URL.
type Parameters<'a> = BTreeMap<&'static str, Parameter<'a>>;

/// A value of a field or of the extra.
#[derive(Clone)]
struct Parameter<'a>(Cow<'a, Value>);

impl Parameter<'_> {
    fn value(&self) -> &Value {
        &self.0
    }
}

fn parameters<'a>(parts: &Parts<'a>) -> Result<Parameters<'a>> {
    let mut parameters = Parameters::new();
    let mut add = |name: &'static str, value: Option<Cow<'a, Value>>| {
        if let Some(value) = value.filter(|value| value.is_truthy()) {
            parameters.insert(name, Parameter(value));
        }
    };
    let field = |text: Option<&str>| filled(text).map(|text| Cow::Owned(Value::from(text)));
    let old = |name: &str| old_or_new(parts, name).map(Cow::Borrowed);
    add("user", field(parts.login));
    add("schema", field(parts.schema));
    for name in ["account", "warehouse", "database", "region", "role"] {
        add(name, old(name));
    }
    add("application", field(Some("AIRFLOW")));
    if old_or_new(parts, "workload_identity_provider").is_some() {
        for name in ["workload_identity_provider", "token", "token_file_path"] {
            add(name, old(name));
        }
    }
    if old_or_new(parts, "private_key_file").is_none() && old_or_new(parts, "private_key_content").is_none() {
        add("password", field(parts.password));
    }
    let authenticator = match parts.extra("authenticator") {
        None => Some(Cow::Owned(Value::from("snowflake"))),
        Some(value) => Some(Cow::Borrowed(value)),
    };
    let refreshes = old_or_new(parts, "refresh_token").is_some();
    let method = authenticator.as_deref().and_then(Value::as_str);
    if refreshes || method == Some("oauth") {
        return Err(parts.needs_a_service("its OAuth makes Airflow ask Snowflake for a token"));
    }
    if method == Some("programmatic_access_token") {
        add("token", field(parts.password));
    }
    add("authenticator", authenticator);
    add("grant_type", old("grant_type"));
    add("host", parts.extra("host").map(Cow::Borrowed));
    add("port", parts.extra("port").map(Cow::Borrowed));
    if let Some(Value::String(port)) = old_or_new(parts, "proxy_port")
        && int::parse(port).is_none()
    {
        return Err(parts.malformed("`extra.proxy_port` is not an integer"));
    }
    Ok(parameters)
}

/// Returns an extra that is true in Python, under its name or the one that it had.
fn old_or_new<'a>(parts: &Parts<'a>, name: &str) -> Option<&'a Value> {
    let value = match parts.extra(name) {
        Some(value) => value,
        None => parts.extra(&format!("{OLD_PREFIX}{name}"))?,
    };
    Some(value).filter(|value| value.is_truthy())
}

fn text(parts: &Parts<'_>, parameters: &Parameters<'_>, name: &str) -> Result<Option<String>> {
    match parameters.get(name).map(Parameter::value) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(parts.malformed(&format!("`extra.{name}` is not text"))),
    }
}

/// Returns a part of the host: letters, digits, `.`, `_` and `-`.
fn label<'a>(parts: &Parts<'_>, name: &str, value: &'a Parameter<'_>) -> Result<&'a str> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match value.value() {
        Value::String(text) if text.chars().all(is_safe) => Ok(text),
        _ => Err(parts.malformed(&format!(
            "`extra.{name}` has other characters than letters, digits, `.`, `_` and `-`"
        ))),
    }
}

/// Quotes as snowflake-sqlalchemy's `_rfc_1738_quote`, and a `%` that SQLAlchemy would take for an escape.
fn password_in_url(password: &str) -> String {
    let mut quoted = String::with_capacity(password.len());
    for c in escaped_percent(password).chars() {
        match c {
            '[' | ']' | '?' | '#' | ':' | '@' | '/' => {
                let _ = write!(quoted, "%{:X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted
}
