//! The arguments of `Connection`'s constructor.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`Connection.__init__`).

use crate::python::json::{Object, Value};

/// The constructor's arguments; an absent one is null.
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

    /// Creates the arguments for `Connection(uri=…)`.
    pub(super) fn uri(uri: &str) -> Self {
        Self {
            uri: Value::from(uri),
            ..Self::NONE
        }
    }

    /// Removes the arguments from `kwargs`. Keys that remain are unknown to the constructor.
    pub(super) fn take(kwargs: &mut Object) -> Self {
        // No output shows a connection's team.
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

    /// Whether any argument other than `uri` is given.
    pub(super) fn has_other_than_uri(&self) -> bool {
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
