//! Oracle: `OracleHook`'s URL.
//!
//! The hook quotes nothing and writes `None` for what is absent. Here, what SQLAlchemy would misread is quoted, and what is absent is
//! left out. Source: apache-airflow-providers-oracle 4.7.1, `airflow/providers/oracle/hooks/oracle.py` (`get_uri`).

use std::fmt::Write as _;

use super::parts::{Parts, filled, string};
use super::url::{bare_database, bare_login, without_at};
use super::{Format, Formats, Rendered};
use crate::error::Result;

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    let service = parts.truthy_extra("service_name").map(string);
    let sid = parts.truthy_extra("sid").map(string);
    if service.is_some() && sid.is_some() {
        return Err(parts.malformed("it has both `extra.sid` and `extra.service_name`"));
    }
    let (login, password) = bare_login(parts);
    let has_password = password.is_some();
    let port = parts.truthy_port().unwrap_or("1521");
    let mut url = format!(
        "oracle+oracledb://{login}{}:{port}",
        parts.host.unwrap_or_default()
    );
    if let Some(service) = service {
        let _ = write!(url, "?service_name={}", without_at(&service, has_password));
    } else if let Some(sid) = sid {
        let _ = write!(url, "/{}", bare_database(&sid, has_password));
    } else if let Some(schema) = filled(parts.schema) {
        let _ = write!(url, "/{}", bare_database(schema, has_password));
    }
    Ok(Rendered::text(url).with_secrets(password))
}
