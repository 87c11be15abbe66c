//! `Connection.get_uri()`: the URI that Airflow builds.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`get_uri`).

use super::Connection;
use super::from_uri::EXTRA_KEY;
use super::malformed::Malformed;
use crate::python::json::{Object, Value};
use crate::python::parse_qsl::parse_qsl;
use crate::python::quote::quote;
use crate::python::urlencode::urlencode;
use crate::python::{repr, text};

impl Connection {
    pub(super) fn uri(&self) -> Result<String, Malformed> {
        let conn_type = text_of("conn_type", &self.conn_type)?;
        let mut uri = match conn_type {
            Some(conn_type) => format!("{}://", text::lower(conn_type).replace('_', "-")),
            None => "//".to_owned(),
        };
        let mut host = text_of("host", &self.host)?;
        if let Some((protocol, rest)) = host.and_then(|host| host.split_once("://"))
            && self.conn_type.as_str() != Some(protocol)
        {
            if !protocol.is_empty() {
                uri.push_str(protocol);
                uri.push_str("://");
            }
            host = Some(rest);
        }
        let authority = self.authority()?;
        let host = host.map(quote).unwrap_or_default();
        if self.port.is_truthy() && host.is_empty() && authority.is_empty() {
            uri.push('@');
        }
        uri.push_str(&authority);
        uri.push_str(&host);
        if self.port.is_truthy() {
            uri.push(':');
            uri.push_str(&repr::str(&self.port));
        }
        let schema = text_of("schema", &self.schema)?;
        if let Some(schema) = schema {
            uri.push('/');
            uri.push_str(&quote(schema));
        }
        if let Some(extra) = &self.extra {
            uri.push_str(if schema.is_some() { "?" } else { "/?" });
            uri.push_str(
                &flat_query(extra.object()).unwrap_or_else(|| urlencode([(EXTRA_KEY, extra.text())])),
            );
        }
        Ok(uri)
    }

    /// Returns the login and the password with the final `@`; empty without a password and with no or an empty login.
    fn authority(&self) -> Result<String, Malformed> {
        let mut authority = match &self.login {
            Value::Null => String::new(),
            Value::String(login) => quote(login),
            login => return Err(Malformed::of_type("login", login, "text")),
        };
        if let Some(password) = &self.password {
            authority.push(':');
            authority.push_str(&quote(password));
        }
        if !authority.is_empty() {
            authority.push('@');
        }
        Ok(authority)
    }
}

/// Returns the text of a part, or `None` when it is empty.
fn text_of<'a>(part: &str, value: &'a Value) -> Result<Option<&'a str>, Malformed> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(Some(text)),
        value if value.is_truthy() => Err(Malformed::of_type(part, value, "text")),
        _ => Ok(None),
    }
}

/// Returns the extra as a query, when all of its values are text that parses back to the same extra.
fn flat_query(extra: &Object) -> Option<String> {
    let pairs: Vec<(&str, &str)> = extra
        .iter()
        .map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect::<Option<_>>()?;
    let query = urlencode(pairs);
    let back: Object = parse_qsl(&query)
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    (!query.is_empty() && back == *extra).then_some(query)
}
