//! The task SDK's `Connection`: what a template of a task sees as `conn.ID`.
//!
//! It differs from core's class, as the table in [the module's docs](super) says. A local file's entries and a row of Airflow's database
//! are what core makes of them.
//!
//! Source: airflow 3.3.2, `airflow/sdk/definitions/connection.py`, `airflow/_shared/secrets_backend/base.py`.

use std::fmt;

use super::constructor_arguments::Arguments;
use super::extra::Extra;
use super::malformed::Malformed;
use super::{Connection, expose_text, from_json, from_uri};
use crate::error::Result;
use crate::python::json::{Object, Value, dumps, loads};
use crate::python::text;
use crate::python::urlencode::urlencode;
use crate::secret::Secret;
use crate::value::Found;

/// A connection as a task has it. A field may be any JSON value, as in Airflow.
pub struct TaskConnection {
    requested_id: String,
    conn_id: Value,
    conn_type: Value,
    description: Value,
    host: Value,
    schema: Value,
    login: Value,
    password: Value,
    port: Value,
    /// The text that Airflow stores, or another value if the JSON has one.
    extra: Value,
    /// Whether the class is core's.
    is_core: bool,
}

impl TaskConnection {
    /// Parses a backend's value for `conn_id`.
    ///
    /// # Errors
    /// A value that Airflow rejects as a connection, with status 6. Names the wrong part, never the value.
    pub fn from_found(conn_id: &str, found: &Found) -> Result<Self> {
        let parsed = match found {
            Found::Text(value) => expose_text(value).and_then(|value| of_text(conn_id, text::strip(value))),
            Found::Fields(fields) => of_object(conn_id, fields.clone()),
            Found::Uri(_) | Found::Arguments(_) | Found::Row(_) | Found::Json(_) => {
                super::parse(conn_id, found).map(of_core)
            }
        };
        parsed.map_err(|malformed| malformed.into_error(conn_id))
    }

    /// Returns the id that was asked for.
    pub(crate) fn requested_id(&self) -> &str {
        &self.requested_id
    }

    /// Returns whether this is core's class, which has another `repr()`.
    pub(crate) fn is_core(&self) -> bool {
        self.is_core
    }

    /// Returns the attribute of a field, with `null` for Python's `None`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Value> {
        match name {
            "conn_id" => Some(&self.conn_id),
            "conn_type" => Some(&self.conn_type),
            "description" => Some(&self.description),
            "host" => Some(&self.host),
            "schema" => Some(&self.schema),
            "login" => Some(&self.login),
            "password" => Some(&self.password),
            "port" => Some(&self.port),
            "extra" => Some(&self.extra),
            _ => None,
        }
    }

    /// Returns `extra_dejson`: what the extra's JSON has, and an empty object for text that is not JSON.
    ///
    /// # Errors
    /// An extra that is not text, where Python raises; with status 6.
    pub(crate) fn extra_dejson(&self) -> Result<Value> {
        self.parsed_extra()
            .map_err(|malformed| malformed.into_error(&self.requested_id))
    }

    fn parsed_extra(&self) -> Result<Value, Malformed> {
        if !self.extra.is_truthy() {
            return Ok(Value::Object(Object::new()));
        }
        let Value::String(extra) = &self.extra else {
            return Err(Malformed::of_type("extra", &self.extra, "text"));
        };
        match loads(extra) {
            Ok(value) => Ok(value),
            Err(error) if error.is_decode_error() => Ok(Value::Object(Object::new())),
            Err(error) => Err(Malformed::new("`extra` is JSON that cannot be read").because(error)),
        }
    }

    /// Returns what `get_uri()` returns.
    ///
    /// # Errors
    /// A part that a URI cannot hold, with status 6.
    pub(crate) fn get_uri(&self) -> Result<Secret> {
        self.uri()
            .map(Secret::from)
            .map_err(|malformed| malformed.into_error(&self.requested_id))
    }

    fn uri(&self) -> Result<String, Malformed> {
        if self
            .parsed_extra()?
            .as_object()
            .is_some_and(|extra| !extra.is_empty())
            || !self.extra.is_truthy()
        {
            return self.as_core(&self.extra)?.uri();
        }
        // An extra that is not an object stands in the query as it is.
        let separator = if self.schema.is_truthy() { "?" } else { "/?" };
        let query = urlencode([(from_uri::EXTRA_KEY, self.extra.as_str().unwrap_or_default())]);
        Ok(self.as_core(&Value::Null)?.uri()? + separator + &query)
    }

    /// Returns what `as_json()` returns.
    ///
    /// # Errors
    /// An extra that is not the text of an object, with status 6.
    pub(crate) fn as_json(&self) -> Result<Secret> {
        self.as_core(&self.extra)
            .map_err(|malformed| malformed.into_error(&self.requested_id))?
            .as_json()
    }

    /// Returns the same fields and `extra` in core's class, which writes them in the same way.
    fn as_core(&self, extra: &Value) -> Result<Connection, Malformed> {
        let text = |name: &str, value: &Value| match value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            value => Err(Malformed::of_type(name, value, "text")),
        };
        let extra = match text("extra", extra)? {
            Some(extra) if !extra.is_empty() => Some(Extra::parse(extra)?),
            _ => None,
        };
        Ok(Connection {
            requested_id: self.requested_id.clone(),
            conn_id: self.conn_id.as_str().map(str::to_owned),
            conn_type: self.conn_type.clone(),
            description: self.description.clone(),
            host: self.host.clone(),
            login: self.login.clone(),
            password: text("password", &self.password)?,
            schema: self.schema.clone(),
            port: self.port.clone(),
            extra,
        })
    }
}

impl fmt::Debug for TaskConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskConnection")
            .field("conn_id", &self.requested_id)
            .finish_non_exhaustive()
    }
}

/// Follows `_deserialize_connection_value`.
fn of_text(conn_id: &str, value: &str) -> Result<TaskConnection, Malformed> {
    if value.is_empty() {
        return Err(Malformed::new("it is blank"));
    }
    if !value.starts_with('{') {
        return of_uri(conn_id, value);
    }
    of_object(conn_id, from_json::object(value)?)
}

/// Follows `from_uri`: the values of a query stay text.
fn of_uri(conn_id: &str, uri: &str) -> Result<TaskConnection, Malformed> {
    let (arguments, query) = from_uri::parts(uri)?;
    let extra = from_uri::query_values(&query).map(|mut values| {
        let whole = values.swap_remove(from_uri::EXTRA_KEY);
        whole.unwrap_or_else(|| Value::String(dumps(&Value::Object(values))))
    });
    Ok(of_arguments(
        conn_id,
        Arguments {
            extra: extra.unwrap_or(Value::Null),
            ..arguments
        },
    ))
}

/// Follows `from_json`, for the object of the JSON.
fn of_object(conn_id: &str, mut object: Object) -> Result<TaskConnection, Malformed> {
    if object.contains_key("team_name") {
        return Err(Malformed::new(
            "it has the key `team_name`, which a task's connection does not have",
        ));
    }
    from_json::check_keys(&object, &[])?;
    let has_uri = object.get("uri").is_some_and(|uri| !uri.is_null());
    let mut arguments = Arguments::take(&mut object);
    arguments.extra = match arguments.extra {
        Value::String(text) if !text.is_empty() => Value::String(text),
        extra if extra.is_truthy() => Value::String(dumps(&extra)),
        _ => Value::Null,
    };
    arguments.conn_type = from_json::normalized(arguments.conn_type)?;
    arguments.port = from_json::port(&arguments.port)?;
    if !has_uri {
        return Ok(of_arguments(conn_id, arguments));
    }
    if arguments.has_other_than_uri() || !arguments.description.is_null() {
        return Err(
            Malformed::new("it has both `uri` and other parts of a connection")
                .hint("keep either `uri` or the other parts"),
        );
    }
    match &arguments.uri {
        Value::String(uri) => of_uri(conn_id, uri),
        uri => Err(Malformed::of_type("uri", uri, "text")),
    }
}

fn of_arguments(conn_id: &str, arguments: Arguments) -> TaskConnection {
    TaskConnection {
        requested_id: conn_id.to_owned(),
        conn_id: conn_id.into(),
        conn_type: arguments.conn_type,
        description: arguments.description,
        host: arguments.host,
        schema: arguments.schema,
        login: arguments.login,
        password: arguments.password,
        port: arguments.port,
        extra: arguments.extra,
        is_core: false,
    }
}

fn of_core(connection: Connection) -> TaskConnection {
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    TaskConnection {
        conn_id: text(connection.conn_id.as_deref()),
        password: text(connection.password()),
        extra: text(connection.extra_text()),
        requested_id: connection.requested_id,
        conn_type: connection.conn_type,
        description: connection.description,
        host: connection.host,
        schema: connection.schema,
        login: connection.login,
        port: connection.port,
        is_core: true,
    }
}

#[cfg(test)]
mod tests {
    use super::TaskConnection;
    use crate::python::json::{Value, dumps};
    use crate::secret::Secret;
    use crate::value::Found;

    fn connection(text: &str) -> TaskConnection {
        TaskConnection::from_found("db", &Found::Text(Secret::from(text))).expect("a connection")
    }

    #[test]
    fn a_task_reads_the_values_of_a_query_as_text_and_keeps_an_empty_password() {
        let parsed = connection("postgres://u:@h/s?port=5&flag=true");
        assert_eq!(parsed.attribute("password"), Some(&Value::from("")));
        assert_eq!(
            dumps(&parsed.extra_dejson().expect("it is JSON")),
            r#"{"port": "5", "flag": "true"}"#
        );
    }

    #[test]
    fn an_extra_that_is_not_json_is_an_empty_object() {
        let parsed = connection(r#"{"conn_type": "http", "extra": "not json"}"#);
        assert_eq!(dumps(&parsed.extra_dejson().expect("it is not read")), "{}");
        assert_eq!(parsed.attribute("extra"), Some(&Value::from("not json")));
    }

    #[test]
    fn debug_shows_the_id_and_nothing_else() {
        assert_eq!(
            format!("{:?}", connection("a://hunter2@h")),
            r#"TaskConnection { conn_id: "db", .. }"#
        );
    }
}
