//! Airflow's database in SQLite: one connection to one file, which is only read.
//!
//! Owns the statement. `open` has how a file is opened, `wal` the log of a crash, `problem` the errors. Must not know what a column
//! means.
//!
//! Source: airflow 3.3.2, `airflow/secrets/metastore.py`; sqlalchemy 2.1.9, `sqlalchemy/dialects/sqlite/pysqlite.py`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::database::{Access, Column, Database, Row, Table, Wanted};
use crate::error::{Error, Result};
use crate::file;
use crate::future::BoxFuture;
use crate::secret::Secret;
use crate::shown::shown;

mod open;
mod problem;
mod wal;

use open::{State, real_path};
use problem::Problem;

/// How often a file is opened anew when Airflow starts or stops at that moment.
const ATTEMPTS: usize = 5;

/// The parts of a URL's query that Python's driver knows. None of them matters here.
const KNOWN_PARAMETERS: [&str; 6] = [
    "timeout",
    "uri",
    "isolation_level",
    "detect_types",
    "check_same_thread",
    "cached_statements",
];

/// A database in a file.
pub(super) struct Sqlite {
    /// The path, decoded, and as it stands in the URL.
    paths: [PathBuf; 2],
    place: String,
    /// Whether it is Airflow's default, which may be without tables.
    is_default: bool,
    schema: Option<String>,
    deadline: Instant,
    opened: Mutex<Option<Opened>>,
    /// Set when the default database has no tables.
    without_tables: OnceLock<()>,
}

/// An open file, and how it was used when it was opened.
struct Opened {
    path: PathBuf,
    state: State,
    connection: Connection,
}

impl Sqlite {
    /// Creates the client. `is_default` says that nothing configures the database, so that it may have no tables yet.
    pub(super) fn new(access: Access<'_>, is_default: bool) -> Self {
        for (name, _) in &access.url.query {
            if !KNOWN_PARAMETERS.contains(&name.as_str()) {
                (access.warnings).add(format!(
                    "`{}` in the URL of Airflow's database is ignored",
                    shown(name)
                ));
            }
        }
        let place = access.url.place();
        let path = |path: Option<String>| PathBuf::from(path.unwrap_or_default());
        Self {
            paths: [path(access.url.database), path(access.url.database_as_written)],
            place,
            is_default,
            schema: access.schema,
            deadline: access.deadline,
            opened: Mutex::default(),
            without_tables: OnceLock::new(),
        }
    }

    fn read(&self, table: Table, wanted: Wanted<&str>) -> Result<Vec<Row>> {
        if let Some(schema) = (self.schema.as_deref()).filter(|schema| !schema.eq_ignore_ascii_case("main")) {
            return Err(Error::usage(format!(
                "{} has no schema `{}`: SQLite has only `main`",
                self.place,
                shown(schema)
            ))
            .with_hint("leave `[database] sql_alchemy_schema` empty"));
        }
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let (opened, paths, deadline) = (slot.take(), self.paths.clone(), self.deadline);
        let wanted = wanted.owned();
        // SQLite waits in calls that no deadline can end, such as those of a network's file system.
        let answer = file::within(deadline, move || {
            Ok(ask(opened, &paths, table, wanted.borrowed(), deadline))
        });
        match answer.unwrap_or_else(|cause| Err(Problem::Unreadable(cause))) {
            Ok((opened, rows)) => {
                *slot = Some(opened);
                Ok(rows)
            }
            Err(Problem::NoTable | Problem::Empty) if self.is_default => {
                self.without_tables.get_or_init(|| ());
                Ok(Vec::new())
            }
            Err(problem) => Err(problem.error(&self.place, table)),
        }
    }
}

impl Database for Sqlite {
    fn rows<'a>(&'a self, table: Table, wanted: Wanted<&'a str>) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(std::future::ready(self.read(table, wanted)))
    }

    fn about_absence(&self) -> Option<String> {
        let noted = self.without_tables.get();
        noted.map(|()| format!("{} has no tables of Airflow", self.place))
    }
}

/// Asks the open database, or one that is opened now.
///
/// The answer counts if the file was used in the same way before and after: Airflow may start or stop at any moment.
fn ask(
    mut opened: Option<Opened>,
    paths: &[PathBuf; 2],
    table: Table,
    wanted: Wanted<&str>,
    deadline: Instant,
) -> Result<(Opened, Vec<Row>), Problem> {
    let path = match &opened {
        Some(opened) => opened.path.clone(),
        None => real_path(paths)?,
    };
    let mut attempt = 0;
    loop {
        attempt += 1;
        let answer = match opened.take() {
            Some(opened) => Ok(opened),
            None => open(&path, deadline),
        }
        .and_then(|opened| {
            let rows = select(&opened.connection, table, wanted)?;
            Ok((opened, rows))
        });
        match answer {
            Ok((opened, rows)) if attempt == ATTEMPTS || State::of(&path)? == opened.state => {
                return Ok((opened, rows));
            }
            Err(problem) if attempt == ATTEMPTS || !problem.may_pass() => return Err(problem),
            _ => {}
        }
    }
}

fn open(path: &Path, deadline: Instant) -> Result<Opened, Problem> {
    let state = State::of(path)?;
    let connection = state.open(path, deadline)?;
    Ok(Opened {
        path: path.to_owned(),
        state,
        connection,
    })
}

fn select(connection: &Connection, table: Table, wanted: Wanted<&str>) -> Result<Vec<Row>, Problem> {
    let quoted = |name: &str| format!("\"{name}\"");
    let table_name = format!("main.{}", quoted(table.name()));
    let mut statement = match connection.prepare(&wanted.statement(table, &table_name, quoted, "?1")) {
        Ok(statement) => statement,
        Err(error) => {
            return Err(match Problem::from(error) {
                problem @ Problem::Failed(_) => missing_table(connection, table).unwrap_or(problem),
                problem => problem,
            });
        }
    };
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query(rusqlite::params_from_iter(wanted.name()))?;
    let mut rows = Vec::new();
    while let Some(values) = found.next()? {
        let mut row = Row::default();
        for (index, name) in names.iter().enumerate() {
            row.push(name.as_str(), column(values.get_ref(index)?));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Returns why the statement does not fit the database, if that is the reason: SQLite has no code of its own for it.
fn missing_table(connection: &Connection, table: Table) -> Option<Problem> {
    let columns = connection
        .query_row(
            "SELECT sum(name = ?2) FROM pragma_table_info(?1)",
            [table.name(), table.key_column()],
            |row| row.get::<_, Option<i64>>(0),
        )
        .ok()?;
    match columns {
        None => Some(Problem::NoTable),
        Some(0) => Some(Problem::OtherTable),
        Some(_) => None,
    }
}

fn column(value: ValueRef<'_>) -> Column {
    match value {
        ValueRef::Null => Column::Null,
        ValueRef::Integer(number) => Column::Int(number),
        ValueRef::Real(number) => Column::Text(Secret::from(number.to_string())),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Column::Text(Secret::new(bytes)),
    }
}
