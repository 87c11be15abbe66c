//! `Connection._parse_from_uri`: Airflow's URI into the parts of a connection.
//!
//! Airflow removes the scheme by replacing every `scheme://` in the URI, and splits the rest again. A second `://` makes
//! the protocol part of the host. This file reproduces all of that.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`_parse_from_uri`, `_parse_netloc_to_hostname`,
//! `_create_host`).

use super::conn_type::normalize_conn_type;
use super::constructor_arguments::Arguments;
use super::doubt;
use super::malformed::Malformed;
use crate::python::json::{self, Object, Value, dumps, loads};
use crate::python::parse_qsl::parse_qsl;
use crate::python::quote::unquote;
use crate::python::urlsplit::{self, SplitResult, urlsplit};

/// The name in a query that holds the whole extra: Airflow's `EXTRA_KEY`.
pub(super) const EXTRA_KEY: &str = "__extra__";

const PERCENT_ENCODE: &str = "percent-encode what is reserved in the login and the password: `@` as %40, `:` as %3A, \
     `/` as %2F, `?` as %3F, `#` as %23, `[` as %5B, `]` as %5D";

const ENCODE_PORTS: &str = "a URI has one port for Airflow, at the end: write the `:` before each other port as %3A, or use JSON \
     with all of them in `host`";

/// Parses `uri`, which is not empty.
pub(super) fn parse_from_uri(uri: &str) -> Result<Arguments, Malformed> {
    let (arguments, query) = parts(uri)?;
    let extra = extra(&query).map_err(|malformed| hinted(malformed, uri))?;
    Ok(Arguments { extra, ..arguments })
}

/// Parses `uri` up to its query, which core and the task SDK read differently.
pub(super) fn parts(uri: &str) -> Result<(Arguments, String), Malformed> {
    parse(uri).map_err(|malformed| hinted(malformed, uri))
}

fn hinted(malformed: Malformed, uri: &str) -> Malformed {
    match doubt::of_scheme(uri) {
        Some(hint) => malformed.hint(hint),
        None => malformed,
    }
}

fn parse(uri: &str) -> Result<(Arguments, String), Malformed> {
    let separators = uri.matches("://").count();
    if separators > 2 {
        return Err(with_hint(Malformed::new("its URI has a third `://`"), uri));
    }
    let host_with_protocol = separators == 2;
    let scheme = split(uri, uri)?.scheme;
    let rest = uri.replace(
        &format!("{scheme}://"),
        if host_with_protocol { "" } else { "//" },
    );
    if host_with_protocol {
        let before = rest.split_once("://").map_or(&*rest, |(before, _)| before);
        if before.contains(['@', ':']) {
            return Err(with_hint(
                Malformed::new("its URI has a `@` or `:` before the second `://`"),
                uri,
            ));
        }
    }
    let parts = split(&rest, uri)?;
    let protocol = Some(&*parts.scheme).filter(|protocol| host_with_protocol && !protocol.is_empty());
    let host = match (protocol, hostname(&parts)) {
        (Some(protocol), host) if !host.is_empty() => format!("{protocol}://{host}"),
        (_, host) => host,
    };
    let port = parts.port().map_err(|error| {
        if has_several_ports(&parts) {
            return Malformed::new("its URI has several hosts with ports of their own").hint(ENCODE_PORTS);
        }
        with_hint(
            Malformed::new("the `port` of its URI is not a port").because(error),
            uri,
        )
    })?;
    let arguments = Arguments {
        conn_type: Value::String(normalize_conn_type(scheme)),
        description: Value::Null,
        host: Value::String(host),
        login: optional(parts.username()),
        password: optional(parts.password()),
        schema: Value::String(unquote(after_first(&parts.path))),
        port: port.map_or(Value::Null, |port| Value::Int(port.to_string())),
        extra: Value::Null,
        uri: Value::Null,
    };
    Ok((arguments, parts.query))
}

/// Whether the authority is a list of hosts, as clients of `MongoDB`, Kafka and Redis accept it.
///
/// A `@` after the authority suggests an unencoded password instead.
fn has_several_ports(parts: &SplitResult) -> bool {
    let (login, hosts) = match parts.netloc.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, &*parts.netloc),
    };
    let is_cut = login.is_none()
        && [&parts.path, &parts.fragment]
            .iter()
            .any(|part| part.contains('@'));
    let has_port = |host: &str| {
        let port = host.rsplit_once(':').map(|(_, port)| port);
        port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    hosts.contains(',') && !is_cut && hosts.split(',').any(has_port)
}

fn split(part: &str, uri: &str) -> Result<SplitResult, Malformed> {
    urlsplit(part).map_err(|error| {
        let malformed = Malformed::new("its URI is not valid").because(error);
        match error {
            urlsplit::Error::Normalization => malformed.hint("percent-encode that character"),
            _ => with_hint(malformed, uri),
        }
    })
}

/// Adds the most common hint, when the URI has a login.
fn with_hint(malformed: Malformed, uri: &str) -> Malformed {
    if uri.contains('@') {
        malformed.hint(PERCENT_ENCODE)
    } else {
        malformed
    }
}

/// Returns the path without its first character.
fn after_first(path: &str) -> &str {
    let mut chars = path.chars();
    chars.next();
    chars.as_str()
}

fn optional(quoted: Option<&str>) -> Value {
    quoted.map_or(Value::Null, |quoted| Value::String(unquote(quoted)))
}

/// Follows `_parse_netloc_to_hostname`: a host with a slash after decoding keeps its case.
fn hostname(parts: &SplitResult) -> String {
    let hostname = unquote(&parts.hostname().unwrap_or_default());
    if !hostname.contains('/') {
        return hostname;
    }
    let location = parts
        .netloc
        .rsplit_once('@')
        .map_or(&*parts.netloc, |(_, location)| location);
    unquote(location.split_once(':').map_or(location, |(host, _)| host))
}

/// Returns the extra from a query: the value of `__extra__`, or else all values, read as JSON where possible.
fn extra(query: &str) -> Result<Value, Malformed> {
    let Some(mut values) = query_values(query) else {
        return Ok(Value::Null);
    };
    if let Some(extra) = values.swap_remove(EXTRA_KEY) {
        return Ok(extra);
    }
    for (name, value) in &mut values {
        *value = match value {
            Value::String(text) => match loads(text) {
                Ok(parsed) => parsed,
                Err(error) if error.is_decode_error() => continue,
                Err(error) => return Err(bad_value(name, error)),
            },
            _ => continue,
        }
    }
    Ok(Value::String(dumps(&Value::Object(values))))
}

/// Returns the values of a query as text, or `None` without a query.
pub(super) fn query_values(query: &str) -> Option<Object> {
    let values = || parse_qsl(query).map(|(name, value)| (name, Value::String(value)));
    (!query.is_empty()).then(|| values().collect())
}

fn bad_value(name: &str, error: json::Error) -> Malformed {
    let name = crate::shown::shown(name);
    Malformed::new(format!(
        "the value of `{name}` in its URI's query is JSON that cannot be read"
    ))
    .because(error)
}
