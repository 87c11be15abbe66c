//! Airflow's database, the end of Airflow's search path: Airflow's `MetastoreBackend`.
//!
//! Owns the way from a name to a value. `configured` finds the database, `url` takes its URL apart, `database` is the seam to the
//! clients, `record` knows the columns, `opener` and `fernet` decrypt. Nothing is looked up, opened or read before the database is
//! asked, and nothing is ever written. Source: airflow 3.3.2, `airflow/secrets/metastore.py`.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::airflow_option::AirflowOptions;
use crate::backend::{BoxFuture, Context, SecretsBackend, Warnings};
use crate::class_path;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Address, Location};
use crate::shown::shown;
use crate::value::{Answer, Lookup, SecretKind, Step};

mod checkup;
mod configured;
mod database;
mod fernet;
mod list;
mod mysql;
mod opener;
mod postgres;
mod record;
mod sqlite;
mod thread;
mod url;

use configured::Place;
use database::{Access, Database, Table, Wanted};
use opener::Opener;
use sqlite::Sqlite;
use url::{DatabaseUrl, Dialect};

/// Airflow's class path.
pub const CLASS_PATH: &str = class_path::METASTORE;

/// A row of a table.
#[derive(Debug)]
struct RowAddress {
    table: Table,
    id: String,
    /// What configures the database, unless it is the default.
    source: Option<String>,
    fields: Vec<(&'static str, Value)>,
}

impl Address for RowAddress {
    fn words(&self) -> String {
        format!("row `{}` of table `{}`", shown(&self.id), self.table.name())
    }

    fn sentence(&self, place: &str) -> String {
        let table = self.table.name();
        match &self.source {
            Some(source) => format!("table `{table}` in {place}, by {source}"),
            None => format!("table `{table}` in {place}"),
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.fields.clone()
    }
}

/// Airflow's database as a secrets backend.
pub struct MetastoreBackend {
    airflow: Arc<dyn AirflowOptions>,
    env: Env,
    deadline: Instant,
    warnings: Warnings,
    place: OnceLock<Place>,
    database: OnceCell<Box<dyn Database>>,
    opener: Opener,
}

impl MetastoreBackend {
    /// Builds the backend; it takes no kwargs.
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        kwargs.finish(&[])?;
        Ok(Box::new(Self {
            airflow: context.airflow.clone(),
            env: context.env.clone(),
            deadline: context.deadline,
            warnings: context.warnings.clone(),
            place: OnceLock::new(),
            database: OnceCell::new(),
            opener: Opener::new(context.airflow.clone()),
        }))
    }

    fn known_place(&self) -> &Place {
        self.place
            .get_or_init(|| Place::find(self.airflow.as_ref(), self.deadline))
    }

    async fn answer(&self, lookup: &Lookup, table: Table) -> Result<Answer> {
        let database = self.database.get_or_try_init(|| self.client()).await?;
        let rows = database.rows(table, Wanted::Named(&lookup.id)).await;
        let rows = rows.map_err(|error| self.naming_the_source(error))?;
        let Some(mut row) = rows.into_iter().next() else {
            return Ok(Answer::Absent {
                hint: database.about_absence(),
            });
        };
        if !record::is_for(&row, lookup.team.as_deref()) {
            let (kind, id) = (lookup.kind, shown(&lookup.id));
            return Ok(Answer::Absent {
                hint: Some(format!(
                    "{kind} `{id}` in the database belongs to a team: name it with `--team`"
                )),
            });
        }
        self.opener
            .open(&mut row, record::encrypted(table), lookup)
            .await?;
        Ok(match table {
            Table::Connection => Answer::Found(record::connection(&row, lookup)?),
            Table::Variable => record::variable(&row, lookup)?.map_or(Answer::ABSENT, Answer::Found),
        })
    }

    /// Adds what configures the database to an error of its client.
    fn naming_the_source(&self, error: Error) -> Error {
        match self.known_place() {
            Place::Configured { source, .. } | Place::Elsewhere { source } => {
                error.with_detail(format!("its URL is that of {source}"))
            }
            Place::Default { .. } | Place::Unusable { .. } => error,
        }
    }

    async fn client(&self) -> Result<Box<dyn Database>> {
        let (access, is_default) =
            configured::access(self.airflow.as_ref(), &self.env, self.deadline, &self.warnings).await?;
        let place = access.url.place();
        tracing::debug!(place, "opening");
        match access.url.dialect {
            Dialect::Sqlite => Ok(Box::new(Sqlite::new(access, is_default))),
            Dialect::Postgres | Dialect::MySql => {
                let client = server(access)?;
                Ok(Box::new(thread::OnThread::start(client, place, self.deadline)?))
            }
        }
    }
}

/// Returns the client of a server, without I/O.
fn server(access: Access<'_>) -> Result<Box<dyn Database>> {
    match access.url.dialect {
        Dialect::Postgres => Ok(Box::new(postgres::Postgres::new(access)?)),
        Dialect::MySql => Ok(Box::new(mysql::MySql::new(access))),
        Dialect::Sqlite => Err(Error::internal("SQLite has no server")),
    }
}

/// Warns of options of the URL that mean nothing: "… has options that `why`".
fn warn_of_unknown(names: &[String], why: &str, warnings: &Warnings) {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", shown(name))).collect();
    if !names.is_empty() {
        let names = names.join(", ");
        warnings.add(format!(
            "the database's URL has options that {why}, and they are ignored: {names}"
        ));
    }
}

impl SecretsBackend for MetastoreBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        self.known_place().words()
    }

    /// Looks whether the default file exists, which is the only I/O. Nothing else says whether Airflow would ask it.
    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let Some(table) = table(lookup.kind) else {
            return Ok(Vec::new());
        };
        let place = self.known_place();
        let (url, source) = match place {
            Place::Default { url, .. } => (Some(url), None),
            Place::Configured { url, source } => (Some(url), Some(source.clone())),
            Place::Elsewhere { source } | Place::Unusable { source } => (None, Some(source.clone())),
        };
        let location = Location::new(RowAddress {
            table,
            id: lookup.id.clone(),
            source,
            fields: fields(url, table),
        });
        Ok(vec![Step {
            location,
            skipped: place.skipped(),
        }])
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let RowAddress { table, .. } = step.location.address()?;
            if self.known_place().skipped().is_some() {
                return Err(Error::internal("a skipped step was asked"));
            }
            self.answer(lookup, *table).await
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(self.listing(scope))
    }

    fn is_asked(&self) -> bool {
        self.known_place().skipped().is_none()
    }

    fn answers_at_once(&self) -> bool {
        false
    }
}

/// Returns the table of a kind. Airflow never looks up its own options in the database.
fn table(kind: SecretKind) -> Option<Table> {
    match kind {
        SecretKind::Connection => Some(Table::Connection),
        SecretKind::Variable => Some(Table::Variable),
        SecretKind::Config => None,
    }
}

/// Returns what `explain -o json` shows of a database, never the password.
fn fields(url: Option<&DatabaseUrl>, table: Table) -> Vec<(&'static str, Value)> {
    let (dialect, host, port, database) = match url {
        Some(url) => url.shown_parts(),
        None => (None, None, None, None),
    };
    vec![
        ("dialect", dialect.into()),
        ("host", host.into()),
        ("port", port.into()),
        ("database", database.into()),
        ("table", table.name().into()),
    ]
}
