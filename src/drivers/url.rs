//! SQLAlchemy's `URL.create(…).render_as_string(hide_password=False)`, and the URLs that hooks put together themselves.
//!
//! Source: SQLAlchemy 2.1.9, `sqlalchemy/engine/url.py` (`URL.create`, `_str_dict`, `render_as_string`).

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Rendered;
use super::parts::Parts;
use crate::error::Result;
use crate::python::json::Value;
use crate::python::quote::{quote, quote_plus};

/// The characters that `quote(text, safe=" +")` escapes.
const USER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~')
    .remove(b' ')
    .remove(b'+');
/// The characters that `quote(text, safe=" +/")` escapes.
const DATABASE: &AsciiSet = &USER.remove(b'/');

/// The arguments of `URL.create`.
#[derive(Default)]
pub(super) struct Url<'a> {
    pub(super) driver: Cow<'a, str>,
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    pub(super) host: Option<&'a str>,
    pub(super) port: Option<&'a str>,
    pub(super) database: Option<&'a str>,
    pub(super) query: Vec<(Cow<'a, str>, QueryValue<'a>)>,
}

impl<'a> Url<'a> {
    /// Creates the URL of most hooks: the connection's own fields, and no query.
    pub(super) fn of(parts: &'a Parts<'_>, driver: impl Into<Cow<'a, str>>) -> Self {
        Self {
            driver: driver.into(),
            user: parts.login,
            password: parts.password,
            host: parts.host,
            port: parts.port.as_deref(),
            database: parts.schema,
            query: Vec::new(),
        }
    }
}

/// A value of the query: one, or any number under the same name.
pub(super) enum QueryValue<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl Url<'_> {
    /// Returns the URL as SQLAlchemy writes it, with the password.
    pub(super) fn rendered(&self) -> Rendered {
        let mut text = format!("{}://", self.driver);
        let mut secrets = Vec::new();
        if let Some(user) = self.user {
            text.extend(utf8_percent_encode(user, USER));
            if let Some(password) = self.password {
                let quoted = utf8_percent_encode(password, USER).to_string();
                text.push(':');
                text.push_str(&quoted);
                secrets.push(quoted);
            }
            text.push('@');
        }
        match self.host {
            Some(host) if host.contains(':') => {
                let _ = write!(text, "[{host}]");
            }
            Some(host) => text.push_str(host),
            None => {}
        }
        if let Some(port) = self.port {
            let _ = write!(text, ":{port}");
        }
        if let Some(database) = self.database {
            text.push('/');
            text.extend(utf8_percent_encode(database, DATABASE));
        }
        self.add_query(&mut text);
        Rendered::text(text).with_secrets(secrets)
    }

    fn add_query(&self, text: &mut String) {
        if self.query.is_empty() {
            return;
        }
        let mut sorted: Vec<_> = self.query.iter().collect();
        sorted.sort_by(|one, other| one.0.cmp(&other.0));
        text.push('?');
        let mut between = "";
        for (name, value) in sorted {
            let values = match value {
                QueryValue::One(value) => std::slice::from_ref(value),
                QueryValue::Many(values) => values,
            };
            for value in values {
                let _ = write!(text, "{between}{}={}", quote_plus(name), quote_plus(value));
                between = "&";
            }
        }
    }
}

impl<'a> QueryValue<'a> {
    /// Reads a value that SQLAlchemy takes unchanged: text, or a list of texts.
    ///
    /// # Errors
    /// Anything else, with status 6.
    pub(super) fn strict(parts: &Parts<'_>, name: &str, value: &'a Value) -> Result<Self> {
        let refused = || {
            parts.malformed(&format!(
                "`{name}` has a value that is neither text nor a list of texts"
            ))
        };
        match value {
            Value::String(text) => Ok(Self::One(text.as_str().into())),
            Value::List(items) => items
                .iter()
                .map(|item| item.as_str().map(Cow::Borrowed).ok_or_else(refused))
                .collect::<Result<_>>()
                .map(Self::Many),
            _ => Err(refused()),
        }
    }
}

/// Returns `sqlalchemy_query` of the extra: an object, whose values SQLAlchemy takes.
///
/// # Errors
/// Anything else, with status 6.
pub(super) fn sqlalchemy_query<'a>(parts: &Parts<'a>) -> Result<Vec<(Cow<'a, str>, QueryValue<'a>)>> {
    const NAME: &str = "extra.sqlalchemy_query";
    let query = match parts.extra("sqlalchemy_query") {
        None => return Ok(Vec::new()),
        Some(Value::Object(query)) => query,
        Some(_) => return Err(parts.malformed(&format!("`{NAME}` is not an object"))),
    };
    query
        .iter()
        .map(|(name, value)| Ok((name.as_str().into(), QueryValue::strict(parts, NAME, value)?)))
        .collect()
}

/// Returns `user:password@` as several hooks quote it, without an empty password, and the quoted password.
///
/// They use `quote_plus`, whose `+` for a blank SQLAlchemy does not read as a blank; here it is `%20`.
pub(super) fn quoted_login(parts: &Parts<'_>) -> (String, Option<String>) {
    let Some(login) = super::parts::filled(parts.login) else {
        return (String::new(), None);
    };
    let mut text = quote(login);
    let password = super::parts::filled(parts.password).map(quote);
    if let Some(password) = &password {
        text.push(':');
        text.push_str(password);
    }
    text.push('@');
    (text, password)
}

/// Returns `user:password@` unquoted, as a hook writes it that quotes nothing, but for what SQLAlchemy would misread; and the password.
pub(super) fn bare_login(parts: &Parts<'_>) -> (String, Option<String>) {
    let password = parts
        .password
        .map(|password| escaped_percent(password).replace('@', "%40"));
    match (parts.login, &password) {
        (None, None) => (String::new(), None),
        (login, None) => (format!("{}@", bare_user(login.unwrap_or_default())), None),
        (login, Some(quoted)) => (
            format!("{}:{quoted}@", bare_user(login.unwrap_or_default())),
            password,
        ),
    }
}

/// Quotes what would end a user's name in a URL.
pub(super) fn bare_user(user: &str) -> String {
    escaped_percent(user).replace(':', "%3A").replace('/', "%2F")
}

/// Quotes what SQLAlchemy would misread after the host: the end of a database's name, and an `@` in a URL without a password, which
/// it would take for the one after a password.
pub(super) fn bare_database(database: &str, has_password: bool) -> String {
    without_at(&escaped_percent(database).replace('?', "%3F"), has_password)
}

/// Quotes an `@` in a URL without a password.
pub(super) fn without_at(text: &str, has_password: bool) -> String {
    if has_password {
        text.to_owned()
    } else {
        text.replace('@', "%40")
    }
}

/// Quotes each `%` that starts an escape.
pub(super) fn escaped_percent(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        escaped.push(c);
        let digits = text.as_bytes().get(at + 1..at + 3);
        if c == '%' && digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            escaped.push_str("25");
        }
    }
    escaped
}
