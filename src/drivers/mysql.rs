//! `MySQL` and `MariaDB`: `MySqlHook`'s URL.
//!
//! Source: apache-airflow-providers-mysql 6.7.1, `airflow/providers/mysql/hooks/mysql.py` (`get_uri`).

use super::parts::{Parts, filled, string};
use super::url::quoted_login;
use super::{Format, Formats, Rendered, mysql_cnf};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::quote::quote;
use crate::python::urlencode::urlencode;

pub(super) const FORMATS: Formats = &[
    (Format::Sqlalchemy, sqlalchemy),
    (Format::MysqlCnf, mysql_cnf::file),
];

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let driver = match parts.extra("client").and_then(Value::as_str) {
        Some("mysql-connector-python") => "mysql+mysqlconnector",
        Some("pymysql") => "mysql+pymysql",
        _ => "mysql",
    };
    let (login, password) = quoted_login(parts);
    let mut text = format!("{driver}://{login}{}", filled(parts.host).unwrap_or("localhost"));
    if let Some(port) = parts.truthy_port() {
        text.push(':');
        text.push_str(port);
    }
    if let Some(schema) = filled(parts.schema) {
        text.push('/');
        text.push_str(&quote(schema));
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
