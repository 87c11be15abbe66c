//! The arguments of `Connection`'s constructor, whatever form they come in.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`Connection.__init__`).

use crate::python::json::{Object, Value};

/// The constructor's arguments, `None` where none is given.
pub(super) struct Arguments {
    pub(super) conn_type: Value,
    pub(super) description: Value,
    pub(super) host: Value,
    pub(super) login: Value,
    pub(super) password: Value,
    pub(super) schema: Value,
    pub(super) port: Value,
    pub(super) extra: Value,
    pub(super) uri: Value,
}

impl Arguments {
    const NONE: Self = Self {
        conn_type: Value::Null,
        description: Value::Null,
        host: Value::Null,
        login: Value::Null,
        password: Value::Null,
        schema: Value::Null,
        port: Value::Null,
        extra: Value::Null,
        uri: Value::Null,
    };

    /// The one argument `uri`.
    pub(super) fn uri(uri: &str) -> Self {
        Self {
            uri: Value::from(uri),
            ..Self::NONE
        }
    }

    /// Takes the arguments out of `kwargs`. What is left there is no argument of the constructor's.
    pub(super) fn take(kwargs: &mut Object) -> Self {
        // A connection's team has no part in any output.
        kwargs.swap_remove("team_name");
        let mut take = |name| kwargs.swap_remove(name).unwrap_or(Value::Null);
        Self {
            conn_type: take("conn_type"),
            description: take("description"),
            host: take("host"),
            login: take("login"),
            password: take("password"),
            schema: take("schema"),
            port: take("port"),
            extra: take("extra"),
            uri: take("uri"),
        }
    }

    /// Whether anything beside `uri` is given.
    pub(super) fn has_part_beside_uri(&self) -> bool {
        let parts = [
            &self.conn_type,
            &self.host,
            &self.login,
            &self.password,
            &self.schema,
            &self.port,
            &self.extra,
        ];
        parts.into_iter().any(Value::is_truthy)
    }
}
