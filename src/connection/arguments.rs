//! A local file's object: `Connection(**object)`, without the conversions of [`from_json`](super::from_json).
//!
//! The connection type is not normalised, and a port keeps its type.
//!
//! Source: airflow 3.3.2, `airflow/secrets/local_filesystem.py` (`_create_connection`).

use super::Connection;
use super::constructor_arguments::Arguments;
use super::from_json::check_keys;
use super::malformed::Malformed;
use crate::python::json::{Object, Value, dumps};

pub(super) fn from_arguments(conn_id: &str, mut object: Object) -> Result<Connection, Malformed> {
    if let Some(own) = object.swap_remove("conn_id")
        && own.as_str() != Some(conn_id)
    {
        return Err(Malformed::new("its `conn_id` is not the entry's key"));
    }
    check_keys(&object, &["extra_dejson"])?;
    let extra_dejson = object.swap_remove("extra_dejson");
    let has_extra = object.contains_key("extra");
    let mut arguments = Arguments::take(&mut object);
    if let Some(value) = extra_dejson {
        if has_extra {
            return Err(Malformed::new("it has both `extra` and `extra_dejson`"));
        }
        arguments.extra = Value::String(dumps(&value));
    }
    Connection::construct(conn_id, arguments)
}
