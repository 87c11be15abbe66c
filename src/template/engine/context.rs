//! What a template finds without defining it: `conn`, `var`, Jinja's functions, and what exists only in a running task.
//!
//! Source: airflow 3.3.2, `airflow/sdk/definitions/context.py` (`Context`), `airflow/sdk/execution_time/task_runner.py`
//! (`get_template_context`), `airflow/sdk/execution_time/context.py` (`ConnectionAccessor`, `VariableAccessor`); jinja2 3.1.6,
//! `jinja2/defaults.py`.

use std::rc::Rc;

use super::Engine;
use crate::connection::TaskConnection;
use crate::error::{Error, ErrorKind};
use crate::python::json;
use crate::secret::Secret;
use crate::shown::shown;
use crate::template::Answer;
use crate::template::arguments::{Arguments, text};
use crate::template::problem::{Problem, Result, Stop};
use crate::template::value::{Name, Value};
use crate::value::{Found, SecretKind};

/// What a task's context has, apart from `conn` and `var`.
const TASK: [&str; 38] = [
    "asset_state_store",
    "dag",
    "dag_run",
    "data_interval_end",
    "data_interval_start",
    "ds",
    "ds_nodash",
    "exception",
    "expanded_ti_count",
    "inlet_events",
    "inlets",
    "logical_date",
    "macros",
    "map_index_template",
    "outlet_events",
    "outlets",
    "params",
    "partition_date",
    "partition_key",
    "prev_data_interval_end_success",
    "prev_data_interval_start_success",
    "prev_end_date_success",
    "prev_start_date_success",
    "reason",
    "run_id",
    "task",
    "task_instance",
    "task_instance_key_str",
    "task_reschedule_count",
    "task_state_store",
    "templates_dict",
    "test_mode",
    "ti",
    "triggering_asset_events",
    "try_number",
    "ts",
    "ts_nodash",
    "ts_nodash_with_tz",
];

/// Jinja's functions.
const GLOBALS: [&str; 5] = ["range", "dict", "namespace", "cycler", "joiner"];

/// Returns a variable that the template does not define.
pub(super) fn variable(name: &str) -> Result<Value> {
    match name {
        "conn" => return Ok(Value::Connections),
        "var" => return Ok(Value::Var),
        "lipsum" => return Err(Problem::unsupported("`lipsum`, whose text is random,")),
        _ => {}
    }
    if let Some(global) = GLOBALS.into_iter().find(|global| *global == name) {
        return Ok(Value::Global(global));
    }
    if TASK.contains(&name) {
        return Err(Problem::of(
            Error::usage(format!("`{name}` exists only in a running task"))
                .with_hint("a template of `inject` has `conn` and `var`"),
        ));
    }
    Ok(Value::undefined(format!("`{}` is undefined", shown(name))))
}

impl Engine<'_, '_> {
    /// Returns a connection.
    pub(super) fn look_up_connection(&self, id: &str) -> Result<Value> {
        self.look_up(SecretKind::Connection, id, false, |found| {
            TaskConnection::from_found(id, found)
                .map(|connection| Value::Connection(Rc::new(connection)))
                .map_err(Problem::of)
        })
        .and_then(|found| found.map_err(Problem::of))
    }

    /// Returns a variable, or what is in its JSON.
    pub(super) fn look_up_variable(&self, key: &str, as_json: bool) -> Result<Value> {
        self.look_up(SecretKind::Variable, key, as_json, |found| {
            if as_json {
                parsed(key, found)
            } else {
                plain(key, found)
            }
        })
        .and_then(|found| found.map_err(Problem::of))
    }

    /// Calls `conn.get(id, default)` or `var.value.get(key, default)`.
    pub(super) fn get_or_default(&self, owner: &Value, arguments: Arguments) -> Result<Value> {
        let (kind, names) = match owner {
            Value::Connections => (SecretKind::Connection, ["conn_id", "default_conn"]),
            _ => (SecretKind::Variable, ["key", "default"]),
        };
        let [name, default] = arguments.bind("get", names, 1)?;
        let name = text("get", &name.unwrap_or(Value::None))?;
        let found = match owner {
            Value::Variables { as_json } => self.look_up(kind, &name, *as_json, |found| {
                if *as_json {
                    parsed(&name, found)
                } else {
                    plain(&name, found)
                }
            })?,
            _ => self.look_up(kind, &name, false, |found| {
                TaskConnection::from_found(&name, found)
                    .map(|connection| Value::Connection(Rc::new(connection)))
                    .map_err(Problem::of)
            })?,
        };
        Ok(found.ok().or(default).unwrap_or(match kind {
            SecretKind::Connection => Value::None,
            _ => Value::NotSet,
        }))
    }

    /// Returns a value, or the error of a name that is missing.
    ///
    /// # Errors
    /// [`Stop::Name`] for a name that was not asked for yet; any other failure of the lookup; a value that is malformed.
    fn look_up(
        &self,
        kind: SecretKind,
        id: &str,
        as_json: bool,
        convert: impl FnOnce(&Found) -> Result<Value>,
    ) -> Result<std::result::Result<Value, Error>> {
        let name = Name {
            kind,
            id: id.to_owned(),
        };
        if id.is_empty() {
            return Err(Problem::usage(format!("the name of a {kind} is empty")));
        }
        if let Some(value) = self.values.borrow().get(&(name.clone(), as_json)) {
            return Ok(Ok(value.clone()));
        }
        match self.names.answer(&name) {
            Answer::Found(found) => {
                let value = convert(found)?;
                self.values.borrow_mut().insert((name, as_json), value.clone());
                Ok(Ok(value))
            }
            Answer::Failed(error) if error.kind() == ErrorKind::NotFound => Ok(Err(error.copied())),
            Answer::Failed(error) => Err(Problem::of(error.copied())),
            Answer::NotAsked => {
                let mut pending = self.pending.borrow_mut();
                if !pending.contains(&name) {
                    pending.push(name);
                }
                Err(Stop::Name)
            }
        }
    }

    /// Returns a connection in the format of `--as`.
    pub(super) fn formatted(&self, connection: &TaskConnection, format: &str) -> Result<Value> {
        if !self.text.contains(format) {
            return Err(Problem::unsupported("a format whose name is computed"));
        }
        let text = self
            .names
            .formatted(connection.requested_id(), format)
            .map_err(Problem::of)?;
        match text.expose_text() {
            Some(text) => Ok(Value::text(text)),
            None => Err(Problem::of_kind(ErrorKind::Malformed, "it is not UTF-8")),
        }
    }
}

/// Returns the value of `var.value`: text, or what a backend has instead of text.
fn plain(key: &str, found: &Found) -> Result<Value> {
    match found {
        Found::Text(value) | Found::Uri(value) => utf8(key, value).map(Value::text),
        Found::Json(value) => Value::from_json(value).map_err(|stop| of_variable(stop, key)),
        Found::Fields(object) | Found::Arguments(object) | Found::Row(object) => {
            Value::from_json(&json::Value::Object(object.clone())).map_err(|stop| of_variable(stop, key))
        }
    }
}

/// Returns the value of `var.json`: what `json.loads` returns for the text.
fn parsed(key: &str, found: &Found) -> Result<Value> {
    let not_text = |type_name: &str| {
        Problem::of_kind(
            ErrorKind::Malformed,
            format!(
                "variable `{}` is of type {type_name}, and `var.json` reads text",
                shown(key)
            ),
        )
    };
    let text = match found {
        Found::Text(value) | Found::Uri(value) => utf8(key, value)?,
        Found::Json(value) => match value.as_str() {
            Some(text) => text,
            None => return Err(not_text(value.type_name())),
        },
        Found::Fields(_) | Found::Arguments(_) | Found::Row(_) => return Err(not_text("dict")),
    };
    let value = json::loads(text).map_err(|source| {
        Problem::of(Error::malformed(format!("variable `{}` is not JSON", shown(key))).with_source(source))
    })?;
    Value::from_json(&value).map_err(|stop| of_variable(stop, key))
}

fn utf8<'a>(key: &str, value: &'a Secret) -> Result<&'a str> {
    value.expose_text().ok_or_else(|| {
        Problem::of_kind(
            ErrorKind::Malformed,
            format!("variable `{}` is not UTF-8", shown(key)),
        )
    })
}

fn of_variable(stop: Stop, key: &str) -> Stop {
    match stop {
        Stop::Problem(problem) => Problem::of(
            problem
                .error
                .map_message(|message| format!("variable `{}` cannot be used: {message}", shown(key))),
        ),
        Stop::Name => Stop::Name,
    }
}
