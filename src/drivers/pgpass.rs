//! A line of libpq's password file: `host:port:database:user:password`.
//!
//! Owns what libpq compares where a connection names no part. Source: PostgreSQL 18, `src/interfaces/libpq/fe-connect.c`
//! (`passwordFromFile`, `pwdfMatchesString`, `connectOptions2`); <https://www.postgresql.org/docs/18/libpq-pgpass.html>.

use super::Rendered;
use super::libpq::{Parameter, parameters};
use super::parts::Parts;
use crate::error::{Error, Result};
use crate::shown::shown;

/// libpq's port.
const DEFAULT_PORT: &str = "5432";
/// The name that stands for a local socket.
const LOCAL: &str = "localhost";

/// Returns a line for each host, without a newline at the end of the last.
///
/// # Errors
/// No password, with status 3; a part that a line cannot hold, with status 6.
pub(super) fn line(parts: &Parts<'_>) -> Result<Rendered> {
    let parameters = parameters(parts)?;
    let of = |keyword: &str| {
        parameters
            .iter()
            .find(|parameter| parameter.keyword == keyword)
            .map(|parameter: &Parameter<'_>| parameter.value.as_ref())
            .filter(|value| !value.is_empty())
    };
    let Some(password) = of("password") else {
        return Err(Error::not_found(format!(
            "connection `{}` has no password",
            shown(parts.id)
        )));
    };
    if password.ends_with('\r') {
        return Err(parts.malformed("a password file cannot hold a password that ends in a carriage return"));
    }
    let hosts = of("host").or_else(|| of("hostaddr")).unwrap_or(LOCAL);
    let numbers: Vec<&str> = of("port").unwrap_or(DEFAULT_PORT).split(',').collect();
    // Without a user libpq takes the name of the user who runs it, and without a database the user's name.
    let user = of("user");
    let database = of("dbname").or(user);
    let mut lines = Vec::new();
    for (index, host) in hosts.split(',').enumerate() {
        let port = numbers
            .get(index)
            .or(numbers.first())
            .copied()
            .unwrap_or(DEFAULT_PORT);
        let fields = [
            Some(if host.is_empty() { LOCAL } else { host }),
            Some(if port.is_empty() { DEFAULT_PORT } else { port }),
            database,
            user,
            Some(password),
        ];
        let mut line = String::new();
        for field in fields {
            if !line.is_empty() {
                line.push(':');
            }
            match field {
                None => line.push('*'),
                Some(field) if field.contains('\n') => {
                    return Err(parts.malformed("a password file cannot hold a newline"));
                }
                Some(field) => escape(&mut line, field),
            }
        }
        lines.push(line);
    }
    let mut escaped = String::new();
    escape(&mut escaped, password);
    Ok(Rendered::text(lines.join("\n")).with_secrets([escaped]))
}

/// Appends a field. An asterisk would match everything, and a number sign at the start of a line would make it a comment.
fn escape(line: &mut String, field: &str) {
    let at_start = line.is_empty();
    for (index, c) in field.chars().enumerate() {
        if matches!(c, ':' | '\\') || (c == '*' && field.len() == 1) || (c == '#' && at_start && index == 0) {
            line.push('\\');
        }
        line.push(c);
    }
}
