//! MySQL and MariaDB: `MySqlHook`'s URL, and an option file for the clients.
//!
//! Sources: apache-airflow-providers-mysql 6.7.1, `airflow/providers/mysql/hooks/mysql.py` (`get_uri`,
//! `_get_conn_config_mysql_client`); <https://dev.mysql.com/doc/refman/8.4/en/option-files.html>;
//! <https://mariadb.com/kb/en/configuring-mariadb-with-option-files/>.

use super::parts::{Parts, filled, string};
use super::url::plus_quoted_login;
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::quote::quote_plus;
use crate::python::urlencode::urlencode;

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let driver = match parts.extra("client").and_then(Value::as_str) {
        Some("mysql-connector-python") => "mysql+mysqlconnector",
        Some("pymysql") => "mysql+pymysql",
        _ => "mysql",
    };
    let (login, password) = plus_quoted_login(parts);
    let mut text = format!("{driver}://{login}{}", filled(parts.host).unwrap_or("localhost"));
    if let Some(port) = parts.truthy_port() {
        text.push(':');
        text.push_str(port);
    }
    if let Some(schema) = filled(parts.schema) {
        text.push('/');
        text.push_str(&quote_plus(schema));
    }
    let query: Vec<_> = parts
        .extras()
        .filter(|(name, value)| *name != "client" && value.is_truthy())
        .map(|(name, value)| (name, string(value)))
        .collect();
    if !query.is_empty() {
        text.push('?');
        text.push_str(&urlencode(
            query.iter().map(|(name, value)| (*name, value.as_ref())),
        ));
    }
    Ok(Rendered::text(text).with_secrets(password))
}
