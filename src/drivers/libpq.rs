//! libpq's parameters: as a connection string, and as variables.
//!
//! Owns the parameters that `PostgresHook` passes to psycopg, for all formats of libpq. Sources: apache-airflow-providers-postgres 7.1.1,
//! `airflow/providers/postgres/hooks/postgres.py` (`get_conn`); psycopg 3.3.9, `psycopg/conninfo.py` (`make_conninfo`,
//! `_param_escape`); PostgreSQL 18, `src/interfaces/libpq/fe-connect.c` (`PQconninfoOptions`).

use std::borrow::Cow;

use super::parts::{Parts, string};
use super::{Content, Rendered};
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::python::json::Value;
use crate::python::text::is_space;
use crate::shown::shown;

/// libpq's keywords, and the variable that libpq reads for each.
const KEYWORDS: &[(&str, Option<&str>)] = &[
    ("service", Some("PGSERVICE")),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("dbname", Some("PGDATABASE")),
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("client_encoding", Some("PGCLIENTENCODING")),
    ("options", Some("PGOPTIONS")),
    ("application_name", Some("PGAPPNAME")),
    ("fallback_application_name", None),
    ("keepalives", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("keepalives_count", None),
    ("tcp_user_timeout", None),
    ("sslmode", Some("PGSSLMODE")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslcompression", Some("PGSSLCOMPRESSION")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslcertmode", Some("PGSSLCERTMODE")),
    ("sslpassword", None),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslcrldir", Some("PGSSLCRLDIR")),
    ("sslsni", Some("PGSSLSNI")),
    ("requirepeer", Some("PGREQUIREPEER")),
    ("require_auth", Some("PGREQUIREAUTH")),
    ("min_protocol_version", Some("PGMINPROTOCOLVERSION")),
    ("max_protocol_version", Some("PGMAXPROTOCOLVERSION")),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("krbsrvname", Some("PGKRBSRVNAME")),
    ("gsslib", Some("PGGSSLIB")),
    ("gssdelegation", Some("PGGSSDELEGATION")),
    ("replication", None),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("scram_client_key", None),
    ("scram_server_key", None),
    ("oauth_issuer", None),
    ("oauth_client_id", None),
    ("oauth_client_secret", None),
    ("oauth_scope", None),
    ("sslkeylogfile", None),
];

/// Keywords whose values are secrets.
const SECRETS: [&str; 5] = [
    "password",
    "sslpassword",
    "scram_client_key",
    "scram_server_key",
    "oauth_client_secret",
];

/// The extras that the hook keeps for itself (`ignored_extra_options`).
const OF_THE_HOOK: [&str; 10] = [
    "iam",
    "redshift",
    "redshift-serverless",
    "cursor",
    "cluster-identifier",
    "workgroup-name",
    "aws_conn_id",
    "sqlalchemy_scheme",
    "sqlalchemy_query",
    "azure_conn_id",
];

/// The extras that are arguments of psycopg's `connect` itself, and no parameters of libpq.
const OF_PSYCOPG: [&str; 5] = [
    "autocommit",
    "prepare_threshold",
    "context",
    "row_factory",
    "cursor_factory",
];

/// A parameter: its keyword, libpq's variable, and its value.
pub(super) struct Parameter<'a> {
    pub(super) keyword: &'static str,
    variable: Option<&'static str>,
    pub(super) value: Cow<'a, str>,
}

/// Returns the parameters that the hook passes on, without those that are `None`.
///
/// # Errors
/// An extra that libpq does not know or that has NUL, with status 6; `extra.iam`, with status 2.
pub(super) fn parameters<'a>(parts: &'a Parts<'a>) -> Result<Vec<Parameter<'a>>> {
    parts.refuse_iam()?;
    let own = [
        ("host", parts.host),
        ("user", parts.login),
        ("password", parts.password),
        ("dbname", parts.schema),
        ("port", parts.port.as_deref()),
    ];
    let mut parameters: Vec<(&str, Option<Cow<'a, str>>)> = own
        .into_iter()
        .map(|(keyword, value)| (keyword, value.map(Cow::Borrowed)))
        .collect();
    for (name, value) in parts.extras() {
        if OF_THE_HOOK.contains(&name) || OF_PSYCOPG.contains(&name) {
            continue;
        }
        let value = match value {
            Value::Null => None,
            value => Some(string(value)),
        };
        // An extra replaces a field, and stays in the field's place.
        match parameters.iter_mut().find(|(keyword, _)| *keyword == name) {
            Some(parameter) => parameter.1 = value,
            None => parameters.push((name, value)),
        }
    }
    parameters
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| {
            let Some(&(keyword, variable)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == name) else {
                return Err(unknown(parts, name));
            };
            if value.contains('\0') {
                return Err(parts.malformed(&format!("`{keyword}` has NUL")));
            }
            Ok(Parameter {
                keyword,
                variable,
                value,
            })
        })
        .collect()
}

/// Returns the error of an extra that libpq does not know. Its name is not shown: of a URI whose password has a `?`, it is a part of the
/// password.
fn unknown(parts: &Parts<'_>, name: &str) -> Error {
    let error = parts.malformed("a key of `extra` is no parameter of libpq");
    let known: Vec<&str> = KEYWORDS.iter().map(|(keyword, _)| *keyword).collect();
    match nearest(name, &known) {
        Some(near) => error.with_hint(format!("the nearest parameter is `{near}`")),
        None => error,
    }
}

/// Returns `keyword=value` pairs, as psycopg's `make_conninfo` writes them.
pub(super) fn connection_string(parts: &Parts<'_>) -> Result<Rendered> {
    let mut text = String::new();
    let mut secrets = Vec::new();
    for Parameter { keyword, value, .. } in parameters(parts)? {
        if !text.is_empty() {
            text.push(' ');
        }
        let escaped = escaped(&value);
        text.push_str(keyword);
        text.push('=');
        text.push_str(&escaped);
        if SECRETS.contains(&keyword) {
            secrets.push(escaped.trim_matches('\'').to_owned());
        }
    }
    Ok(Rendered::text(text).with_secrets(secrets))
}

/// Returns libpq's variables.
///
/// # Errors
/// A parameter for which libpq reads no variable, with status 2.
pub(super) fn variables(parts: &Parts<'_>) -> Result<Rendered> {
    let parameters = parameters(parts)?;
    let mut variables = Vec::with_capacity(parameters.len());
    for Parameter {
        keyword,
        variable,
        value,
    } in parameters
    {
        match variable {
            Some(variable) => variables.push((variable, value.as_ref().into())),
            None => {
                return Err(Error::usage(format!(
                    "connection `{}` cannot be written as variables: libpq has none for `{keyword}`",
                    shown(parts.id)
                ))
                .with_hint("`libpq` has every parameter in one text"));
            }
        }
    }
    Ok(Rendered::of(Content::Variables(variables)))
}

/// Returns a value with psycopg's quotes.
fn escaped(value: &str) -> String {
    if value.is_empty() {
        return "''".to_owned();
    }
    let mut text = String::with_capacity(value.len() + 2);
    for c in value.chars() {
        if matches!(c, '\\' | '\'') {
            text.push('\\');
        }
        text.push(c);
    }
    if text.contains(is_space) {
        text.insert(0, '\'');
        text.push('\'');
    }
    text
}
