//! Airflow's database in MySQL or MariaDB.
//!
//! One connection for a command, made when the first row is asked for, with one read-only transaction. The protocol is spoken here and
//! not by `mysql_async`: that crate starts TLS by itself, with roots and rules of its own, and costs 2.3 MB. `mysql_common`, which it is
//! built on, panics at a malformed public key of the server.

mod failures;
mod login;
mod options;
mod packets;
mod scramble;
mod statement;
#[cfg(test)]
mod tests;

use std::time::Instant;

use futures_util::FutureExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;
use tokio::time::{timeout, timeout_at};

use super::database::{Access, Database, Row, Table, Wanted};
use super::url::DatabaseUrl;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::wire::{self, Tls, TlsOptions};
use crate::http::{Failure, FailureKind};
use crate::secret::Redactor;
use crate::shown::shown;
use failures::{Messages, Problem};
use options::{At, Options, Variables};
use packets::{Packets, Stream};
use statement::Prepared;

/// The client.
pub(crate) struct MySql {
    place: String,
    url: DatabaseUrl,
    variables: Variables,
    schema: Option<String>,
    deadline: Instant,
    state: Mutex<State>,
}

/// The connection's state.
enum State {
    Closed,
    Open(Box<Session>),
    /// It failed, and is not tried again.
    Failed(Error),
}

/// A connection, and what its errors are made from.
struct Session {
    packets: Packets,
    user: String,
    redactor: Redactor,
    prepared: Vec<(String, Prepared)>,
}

impl MySql {
    /// Creates the client without I/O.
    pub(crate) fn new(access: Access<'_>) -> Self {
        let unknown = options::unknown(&access.url);
        super::warn_of_unknown(&unknown, "no driver of MySQL knows", &access.warnings);
        Self {
            place: access.url.place(),
            url: access.url,
            variables: Variables::of(access.env),
            schema: access.schema,
            deadline: access.deadline,
            state: Mutex::new(State::Closed),
        }
    }

    async fn read(&self, table: Table, wanted: Wanted<&str>) -> Result<Vec<Row>> {
        let mut state = self.state.lock().await;
        if matches!(*state, State::Closed) {
            *state = match self.open().await {
                Ok(session) => State::Open(Box::new(session)),
                Err(error) => State::Failed(error),
            };
        }
        // A lookup that is abandoned leaves the connection out of step, so it is put back only at the end.
        let abandoned = Error::unavailable(format!("the connection to {} was given up", self.place));
        match std::mem::replace(&mut *state, State::Failed(abandoned)) {
            State::Open(mut session) => {
                let statement = statement(table, self.schema.as_deref(), wanted);
                let outcome = session.rows(statement, wanted.name()).await;
                let keeps = outcome.as_ref().map_or_else(Problem::keeps_the_session, |_| true);
                let outcome = outcome.map_err(|problem| {
                    let messages = Messages {
                        place: &self.place,
                        user: &session.user,
                        redactor: &session.redactor,
                    };
                    messages.error(problem)
                });
                *state = match &outcome {
                    Err(error) if !keeps => State::Failed(error.copied()),
                    _ => State::Open(session),
                };
                outcome
            }
            State::Failed(error) => {
                let copy = error.copied();
                *state = State::Failed(error);
                Err(copy)
            }
            State::Closed => Err(Error::internal("the database was not opened")),
        }
    }

    async fn open(&self) -> Result<Session> {
        let options = Options::new(&self.url, &self.variables, self.deadline)?;
        let mut redactor = Redactor::default();
        redactor.add(options.password.clone());
        let begun = Instant::now();
        let outcome = self.log_in(&options).await;
        tracing::debug!(
            place = self.place,
            failed = outcome.is_err(),
            took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "connection to the database"
        );
        match outcome {
            Ok(packets) => Ok(Session {
                packets,
                user: options.user,
                redactor,
                prepared: Vec::new(),
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

    /// Connects, logs in, and starts the transaction.
    async fn log_in(&self, options: &Options) -> Result<Packets, Problem> {
        let end = match options.connect_timeout {
            Some(limit) => self.deadline.min(Instant::now() + limit),
            None => self.deadline,
        };
        let left = end.saturating_duration_since(Instant::now());
        let work = async {
            let (stream, host, at): (Box<dyn Stream>, &str, String) = match &options.at {
                At::Socket(path) => {
                    let at = format!("the socket `{}`", shown(&path.display().to_string()));
                    (socket(path, &at).await?, "localhost", at)
                }
                At::Host(host, port) => {
                    let stream = wire::tcp(host, *port, left, self.deadline).await?;
                    (Box::new(stream), host, format!("{}:{port}", shown(host)))
                }
            };
            let secure = async |stream: Box<dyn Stream>| -> Result<Box<dyn Stream>, Problem> {
                let tls = Tls::new(&TlsOptions {
                    roots: &options.roots,
                    names: options.names,
                    identity: options.identity.as_ref(),
                    alpn: None,
                    deadline: self.deadline,
                })?;
                let secured: Box<dyn Stream> = Box::new(tls.secure(stream, host, &at).await?);
                Ok(secured)
            };
            let is_socket = matches!(options.at, At::Socket(_));
            let mut packets = login::log_in(stream, options, is_socket, secure).await?;
            statement::run(&mut packets, "START TRANSACTION READ ONLY").await?;
            Ok(packets)
        };
        timeout(left, work).await.unwrap_or_else(|_| {
            let (kind, words) = if end == self.deadline {
                (FailureKind::Deadline, "before the command's time was up")
            } else {
                (FailureKind::Timeout, "within `connect_timeout`")
            };
            Err(Failure::new(kind, format!("{} did not answer {words}", self.place)).into())
        })
    }
}

impl Session {
    /// Reads rows. A statement is prepared once.
    async fn rows(&mut self, statement: String, name: Option<&str>) -> Result<Vec<Row>, Problem> {
        let known = self.prepared.iter().find(|(own, _)| *own == statement);
        let parameters = u16::from(name.is_some());
        let prepared = if let Some((_, prepared)) = known {
            *prepared
        } else {
            let mut prepared = statement::prepare(&mut self.packets, &statement, parameters).await?;
            if !prepared.is_utf8 {
                // The server ignored the login's charset (`skip-character-set-client-handshake`).
                statement::run(&mut self.packets, "SET NAMES utf8mb4").await?;
                prepared = statement::prepare(&mut self.packets, &statement, parameters).await?;
            }
            self.prepared.push((statement, prepared));
            prepared
        };
        statement::execute(&mut self.packets, prepared, name).await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        const QUIT: &[u8] = &[1];
        // Without this message, the server logs an aborted connection. Its few bytes fit into the socket, so one attempt is enough.
        let work = async {
            self.packets.command(QUIT).await?;
            self.packets.stream.shutdown().await
        };
        let _ = work.now_or_never();
    }
}

impl Database for MySql {
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
    let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
    let schema = schema
        .map(|schema| format!("{}.", quoted(schema)))
        .unwrap_or_default();
    let table_name = format!("{schema}{}", quoted(table.name()));
    wanted.statement(table, &table_name, quoted, "?")
}

/// Opens a socket in the file system.
#[cfg(unix)]
async fn socket(path: &std::path::Path, at: &str) -> Result<Box<dyn Stream>, Problem> {
    match tokio::net::UnixStream::connect(path).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(source) => {
            let failure = Failure::new(FailureKind::Connect, format!("cannot connect to {at}"));
            Err(failure.with_source(source).into())
        }
    }
}

/// Fails: this system has no such sockets.
#[cfg(not(unix))]
async fn socket(_: &std::path::Path, at: &str) -> Result<Box<dyn Stream>, Problem> {
    Err(Failure::configuration(format!("{at} cannot be opened on this system")).into())
}
