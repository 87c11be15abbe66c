//! Amazon Redshift: `RedshiftSQLHook`'s URL.
//!
//! Source: apache-airflow-providers-amazon 9.39.0, `airflow/providers/amazon/aws/hooks/redshift_sql.py` (`get_uri`,
//! `_get_conn_params`).

use super::parts::{Parts, filled};
use super::url::Url;
use super::{Format, Formats, Rendered};
use crate::error::Result;

pub(super) const FORMATS: Formats = &[(Format::Sqlalchemy, sqlalchemy)];

fn sqlalchemy(parts: &Parts<'_>) -> Result<Rendered> {
    parts.refuse_iam()?;
    let url = Url {
        driver: "postgresql".into(),
        user: filled(parts.login),
        password: filled(parts.password),
        host: filled(parts.host),
        port: parts.truthy_port(),
        database: filled(parts.schema),
        query: Vec::new(),
    };
    Ok(url.rendered())
}
