//! What Airflow's names mean, wherever a version of Airflow has them.
//!
//! The classes have had many homes (`airflow.models`, `airflow.models.variable`, `airflow.hooks.base_hook`, `airflow.sdk`,
//! `airflow.sdk.definitions.variable`, …), so only the last two parts of a full name count.

/// What a call of something asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// `Variable.get(key, default, deserialize_json)`
    Variable,
    /// `Variable.setdefault(key, default, description, deserialize_json)`
    VariableOrDefault,
    /// `BaseHook.get_connection(conn_id)` and the like
    Connection,
    /// `os.getenv(name)`, `os.environ.get(name)`
    Environment,
}

/// What a call of this full name looks up.
pub(super) fn lookup(path: &str) -> Option<Lookup> {
    let (owner, method) = path.rsplit_once('.')?;
    let owner = owner.strip_suffix("()").unwrap_or(owner);
    match path {
        "airflow.context.var.value.get" | "airflow.context.var.json.get" => return Some(Lookup::Variable),
        "airflow.context.conn.get" => return Some(Lookup::Connection),
        "os.getenv" | "os.environ.get" | "os.environ.pop" | "os.environ.setdefault" => {
            return Some(Lookup::Environment);
        }
        _ => {}
    }
    let class = owner.rsplit('.').next().unwrap_or(owner);
    let is_airflow = owner.starts_with("airflow.");
    match (class, method) {
        ("Variable", "get" | "get_variable_from_secrets") if is_airflow => Some(Lookup::Variable),
        ("Variable", "setdefault") if is_airflow => Some(Lookup::VariableOrDefault),
        ("Connection", "get" | "async_get" | "get_connection_from_secrets") if is_airflow => {
            Some(Lookup::Connection)
        }
        (hook, method) if hook.ends_with("Hook") && is_hook_lookup(method) => Some(Lookup::Connection),
        _ => None,
    }
}

/// The methods of `BaseHook` that take a connection id.
pub(super) fn is_hook_lookup(method: &str) -> bool {
    matches!(
        method,
        "get_connection" | "aget_connection" | "get_connections" | "get_hook" | "aget_hook"
    )
}

/// Whether a call of this full name makes a connection rather than asks for one.
pub(super) fn is_connection_class(path: &str) -> bool {
    path.starts_with("airflow.") && path.ends_with(".Connection")
}

/// Whether this is the decorator `@dag`.
pub(super) fn is_dag_decorator(path: &str) -> bool {
    path.starts_with("airflow.") && path.rsplit_once('.').is_some_and(|(_, name)| name == "dag")
}

/// Whether this is `@task`, `@task.bash`, …: the function runs in a task.
pub(super) fn is_task_decorator(path: &str) -> bool {
    path.starts_with("airflow.")
        && path
            .split('.')
            .any(|part| matches!(part, "task" | "setup" | "teardown"))
}

/// Whether a keyword, attribute or key names a connection.
pub(super) fn is_conn_id(name: &str) -> bool {
    name == "conn_id" || name.ends_with("_conn_id")
}

/// Whether an argument is documentation, which is not rendered.
pub(super) fn is_documentation(name: &str) -> bool {
    matches!(
        name,
        "doc" | "doc_md" | "doc_json" | "doc_yaml" | "doc_rst" | "description" | "tags"
    )
}

/// The prefixes of Airflow's variables in the environment.
pub(super) const CONNECTION_PREFIX: &str = "AIRFLOW_CONN_";
pub(super) const VARIABLE_PREFIX: &str = "AIRFLOW_VAR_";
