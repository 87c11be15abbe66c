//! Airflow's database in PostgreSQL.
//!
//! One connection for a command, made when the first row is asked for. Each row is read in a read-only transaction of its own, sent in
//! one go: nothing stays open when the process ends, and a refusal spoils no other lookup. No statement has a name, so a pooler such as
//! `PgBouncer` may change the server between transactions. tokio-postgres 0.7 speaks the protocol; its buffers are not wiped.

mod connect;
mod failures;
mod live;
mod options;
mod parameters;
mod passfile;
mod stream;
#[cfg(test)]
mod tests;

use std::time::Instant;

use futures_util::future::join3;
use tokio::sync::OnceCell;
use tokio::time::timeout_at;
use tokio_postgres::types::{FromSql, ToSql, Type};

use super::database::{Access, Column, Database, Row, Table, Wanted};
use crate::backend::Warnings;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::{Failure, FailureKind, Roots};
use crate::secret::{Redactor, Secret};
use failures::{Messages, Problem};
use live::LiveClient;
use options::Options;
use parameters::{Parameters, Variables};

/// The client.
pub(crate) struct Postgres {
    place: String,
    parameters: Parameters,
    variables: Variables,
    system_roots: Roots,
    schema: Option<String>,
    deadline: Instant,
    warnings: Warnings,
    session: OnceCell<Result<Session>>,
}

/// The connection, and what its errors are made from.
struct Session {
    client: LiveClient,
    user: String,
    redactor: Redactor,
}

impl Postgres {
    /// Creates the client without I/O.
    ///
    /// # Errors
    /// Hosts and ports of the URL that SQLAlchemy refuses, with status 2.
    pub(crate) fn new(access: Access<'_>) -> Result<Self> {
        let (parameters, unknown) = Parameters::of_url(&access.url)?;
        super::warn_of_unknown(&unknown, "libpq does not know", &access.warnings);
        Ok(Self {
            place: access.url.place(),
            parameters,
            variables: Variables::of(access.env),
            system_roots: Roots::system(access.env),
            schema: access.schema,
            deadline: access.deadline,
            warnings: access.warnings,
            session: OnceCell::new(),
        })
    }

    /// Returns the session, which is opened once. A failure is final.
    async fn session(&self) -> Result<&Session> {
        let session = self.session.get_or_init(|| self.open()).await;
        session.as_ref().map_err(Error::copied)
    }

    async fn open(&self) -> Result<Session> {
        let parameters = self
            .parameters
            .clone()
            .with_defaults(&self.variables, self.deadline)?;
        let home = self.variables.home.as_deref();
        let options = Options::new(&parameters, home, &self.system_roots, self.deadline)?;
        if let Some(why) = &options.ignored_passfile {
            self.warnings.add(why.as_str());
        }
        let mut redactor = Redactor::default();
        for host in &options.hosts {
            if let Some(password) = &host.password {
                redactor.add(password.clone());
            }
        }
        let begun = Instant::now();
        let outcome = connect::connect(&options, self.deadline).await;
        tracing::debug!(
            place = self.place,
            failed = outcome.is_err(),
            took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "connection to the database"
        );
        match outcome {
            Ok(client) => Ok(Session {
                client,
                user: options.user,
                redactor,
            }),
            Err(problem) => {
                let messages = Messages {
                    place: &self.place,
                    user: &options.user,
                    redactor: &redactor,
                };
                Err(messages.error(problem))
            }
        }
    }

    async fn read(&self, table: Table, wanted: Wanted<&str>) -> Result<Vec<Row>> {
        // A text of PostgreSQL cannot have a NUL.
        if wanted.name().is_some_and(|name| name.contains('\0')) {
            return Ok(Vec::new());
        }
        let session = self.session().await?;
        let statement = statement(table, self.schema.as_deref(), wanted);
        let name = wanted.name();
        let parameters: &[(&(dyn ToSql + Sync), Type)] = match &name {
            Some(name) => &[(name, Type::TEXT)],
            None => &[],
        };
        let client = session.client.get();
        // The three are sent together, in this order.
        let (begun, rows, ended) = join3(
            client.batch_execute("BEGIN READ ONLY"),
            client.query_typed(&statement, parameters),
            client.batch_execute("COMMIT"),
        )
        .await;
        let outcome = begun.and(rows).and_then(|rows| ended.map(|()| rows));
        let rows = outcome.map_err(|error| {
            let messages = Messages {
                place: &self.place,
                user: &session.user,
                redactor: &session.redactor,
            };
            messages.error(Problem::from(error))
        })?;
        Ok(rows.iter().map(row).collect())
    }
}

impl Database for Postgres {
    fn rows<'a>(&'a self, table: Table, wanted: Wanted<&'a str>) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let end = tokio::time::Instant::from_std(self.deadline);
            timeout_at(end, self.read(table, wanted))
                .await
                .unwrap_or_else(|_| {
                    let what = format!("{} did not answer before the command's time was up", self.place);
                    Err(Failure::new(FailureKind::Deadline, what).into())
                })
        })
    }
}

/// Returns the statement that reads the rows.
fn statement(table: Table, schema: Option<&str>, wanted: Wanted<&str>) -> String {
    let schema = schema
        .map(|schema| format!("{}.", quoted(schema)))
        .unwrap_or_default();
    let table_name = format!("{schema}{}", quoted(table.name()));
    wanted.statement(table, &table_name, quoted, "$1")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn row(row: &tokio_postgres::Row) -> Row {
    let mut columns = Row::default();
    for (index, column) in row.columns().iter().enumerate() {
        let value = row
            .try_get::<_, Value>(index)
            .map_or(Column::Null, |value| value.0);
        columns.push(column.name(), value);
    }
    columns
}

/// A column of any type.
struct Value(Column);

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        kind: &Type,
        bytes: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let column = match *kind {
            Type::BOOL => Column::Bool(bool::from_sql(kind, bytes)?),
            Type::INT2 => Column::Int(i16::from_sql(kind, bytes)?.into()),
            Type::INT4 => Column::Int(i32::from_sql(kind, bytes)?.into()),
            Type::INT8 => Column::Int(i64::from_sql(kind, bytes)?),
            Type::UUID => Column::Text(uuid(bytes)),
            _ => Column::Text(Secret::new(bytes)),
        };
        Ok(Self(column))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Column::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Returns the text of a UUID.
fn uuid(bytes: &[u8]) -> Secret {
    let digits = bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part).unwrap_or_default());
    Secret::from(parts.join("-"))
}
