//! An option file for the clients of `MySQL` and `MariaDB`: `mysql --defaults-extra-file=FILE`.
//!
//! Owns the options' names and the quoting. Sources: apache-airflow-providers-mysql 6.7.1, `airflow/providers/mysql/hooks/mysql.py`
//! (`_get_conn_config_mysql_client`, `_get_conn_config_mysql_connector_python`); MariaDB 10.11, `mysys/my_default.c`
//! (`search_default_file_with_ext`); <https://dev.mysql.com/doc/refman/8.4/en/option-files.html>.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Rendered;
use super::parts::{Parts, filled, string};
use crate::error::Result;
use crate::python::json::{self, Value};

/// The longest line that the clients read, in bytes, with its newline.
const LONGEST_LINE: usize = 4095;

/// The keys of the extra's `ssl`, and the options for them.
const SSL: [(&str, &str); 5] = [
    ("ca", "ssl-ca"),
    ("capath", "ssl-capath"),
    ("cert", "ssl-cert"),
    ("key", "ssl-key"),
    ("cipher", "ssl-cipher"),
];

/// Returns the file: the login for every client, and the database for `mysql` alone, because others do not know that option.
///
/// # Errors
/// `extra.iam`, with status 2; a value that a line cannot hold, with status 6.
pub(super) fn file(parts: &Parts<'_>) -> Result<Rendered> {
    parts.refuse_iam()?;
    let mut options: Vec<(&str, Cow<'_, str>)> = Vec::new();
    if let Some(login) = parts.login {
        options.push(("user", login.into()));
    }
    options.push(("password", parts.password.unwrap_or_default().into()));
    options.push(("host", filled(parts.host).unwrap_or("localhost").into()));
    options.push(("port", parts.truthy_port().unwrap_or("3306").to_owned().into()));
    if parts.extra("client").and_then(Value::as_str) == Some("mysql-connector-python") {
        for (key, option) in SSL {
            if let Some(value) = parts
                .extra(&format!("ssl_{key}"))
                .filter(|value| !value.is_null())
            {
                options.push((option, string(value)));
            }
        }
    } else {
        add_ssl(parts, &mut options)?;
        for (name, option) in [
            ("charset", "default-character-set"),
            ("ssl_mode", "ssl-mode"),
            ("unix_socket", "socket"),
        ] {
            if let Some(value) = parts.truthy_extra(name) {
                options.push((option, string(value)));
            }
        }
    }
    let mut text = "[client]".to_owned();
    let mut password = None;
    for (name, value) in options {
        let quoted = quoted(parts, name, &value)?;
        text.push('\n');
        let _ = write!(text, "{name}=\"{quoted}\"");
        if name == "password" {
            password = Some(quoted);
        }
    }
    if let Some(schema) = filled(parts.schema) {
        let database = quoted(parts, "database", schema)?;
        let _ = write!(text, "\n\n[mysql]\ndatabase=\"{database}\"");
    }
    Ok(Rendered::text(text).with_secrets(password))
}

/// Adds the options of `ssl`: an object, or the text of one.
fn add_ssl<'a>(parts: &Parts<'a>, options: &mut Vec<(&'static str, Cow<'a, str>)>) -> Result<()> {
    let ssl = match parts.truthy_extra("ssl") {
        None => return Ok(()),
        Some(Value::Object(ssl)) => Cow::Borrowed(ssl),
        Some(Value::String(text)) => match json::loads(text) {
            Ok(Value::Object(ssl)) => Cow::Owned(ssl),
            _ => return Err(parts.malformed("`extra.ssl` is not a JSON object")),
        },
        Some(_) => return Err(parts.malformed("`extra.ssl` is not an object")),
    };
    for (key, option) in SSL {
        if let Some(value) = ssl.get(key).filter(|value| !value.is_null()) {
            options.push((option, string(value).into_owned().into()));
        }
    }
    Ok(())
}

/// Returns a value for double quotes.
fn quoted(parts: &Parts<'_>, name: &str, value: &str) -> Result<String> {
    let mut quoted = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\0' => return Err(parts.malformed(&format!("an option file cannot hold NUL in `{name}`"))),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            c => quoted.push(c),
        }
    }
    if name.len() + quoted.len() + 4 > LONGEST_LINE {
        return Err(parts.malformed(&format!("`{name}` is too long for a line of an option file")));
    }
    Ok(quoted)
}
