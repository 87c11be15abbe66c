//! A row of Airflow's database: the columns are the fields, without the conversions of the constructor.
//!
//! The connection type is not normalised, the id is the row's own, and an empty text is not `None`. Only an extra is checked: Airflow
//! can load a row with an extra that is not an object, and cannot use it.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (the columns of `Connection`, `get_extra_dejson`),
//! `airflow/models/crypto.py` (`get_password`, `get_extra`).

use super::Connection;
use super::extra::Extra;
use super::malformed::Malformed;
use crate::python::json::{Object, Value};

/// Creates a connection from columns whose encrypted ones are decrypted.
pub(super) fn from_row(requested_id: &str, mut columns: Object) -> Result<Connection, Malformed> {
    let mut take = |name: &str| columns.swap_remove(name).unwrap_or(Value::Null);
    let extra = match take("extra") {
        Value::String(text) if !text.is_empty() => Some(Extra::parse(text)?),
        value if !value.is_truthy() => None,
        value => return Err(Malformed::of_type("extra", &value, "text")),
    };
    let password = match take("password") {
        Value::Null => None,
        Value::String(password) => Some(password),
        value => return Err(Malformed::of_type("password", &value, "text")),
    };
    Ok(Connection {
        requested_id: requested_id.to_owned(),
        conn_id: take("conn_id").as_str().map(str::to_owned),
        conn_type: take("conn_type"),
        description: take("description"),
        host: take("host"),
        login: take("login"),
        password,
        schema: take("schema"),
        port: take("port"),
        extra,
    })
}
