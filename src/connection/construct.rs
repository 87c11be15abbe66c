//! `Connection(conn_id, conn_type=…, …)`: the constructor.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`Connection.__init__`), `airflow/models/crypto.py`
//! (`set_password`, `set_extra`).

use super::constructor_arguments::Arguments;
use super::extra::Extra;
use super::malformed::Malformed;
use super::{Connection, conn_id, from_uri};
use crate::python::json::{Value, dumps};

impl Connection {
    /// Follows the constructor.
    pub(super) fn construct(requested_id: &str, arguments: Arguments) -> Result<Self, Malformed> {
        let description = arguments.description.clone();
        let arguments = if arguments.uri.is_truthy() {
            if arguments.has_other_than_uri() {
                return Err(
                    Malformed::new("it has both `uri` and other parts of a connection")
                        .hint("keep either `uri` or the other parts"),
                );
            }
            let Value::String(uri) = &arguments.uri else {
                return Err(Malformed::of_type("uri", &arguments.uri, "text"));
            };
            from_uri::parse_from_uri(uri)?
        } else {
            arguments
        };
        Ok(Self {
            requested_id: requested_id.to_owned(),
            conn_id: conn_id::sanitize(requested_id).map(str::to_owned),
            description,
            conn_type: arguments.conn_type,
            host: arguments.host,
            login: arguments.login,
            password: password(arguments.password)?,
            schema: arguments.schema,
            port: arguments.port,
            extra: extra(arguments.extra)?,
        })
    }
}

/// Checks a password: an empty one is not stored, and one that is not text is an error.
fn password(value: Value) -> Result<Option<String>, Malformed> {
    match value {
        value if !value.is_truthy() => Ok(None),
        Value::String(password) => Ok(Some(password)),
        value => Err(Malformed::of_type("password", &value, "text")),
    }
}

/// Parses an extra: an object, or the text of one.
fn extra(value: Value) -> Result<Option<Extra>, Malformed> {
    match value {
        value if !value.is_truthy() => Ok(None),
        Value::String(text) => Extra::parse(text).map(Some),
        value => Extra::parse(dumps(&value)).map(Some),
    }
}
