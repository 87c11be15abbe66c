//! From options to a session: the hosts in order, TLS as `sslmode` says, the login.
//!
//! Owns libpq's order of attempts. Must not know what is asked of the database. Facts: PostgreSQL 18,
//! `src/interfaces/libpq/fe-connect.c` (`PQconnectPoll`, `select_next_encryption_method`).

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::{Config, SimpleQueryMessage};

use super::failures::Problem;
use super::live::LiveClient;
use super::options::{At, Encryption, Host, Options, Wanted};
use super::stream::{AsItIs, Connection, Stream};
use crate::http::wire::{self, Tls, TlsOptions};
use crate::http::{Failure, FailureKind};
use crate::secret::Secret;

/// The question whether the server has TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Whether one connection uses TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Plain,
    TlsIfOffered,
    Tls,
}

/// A session, and what kind of server it is with.
struct Session {
    client: LiveClient,
    in_recovery: Option<bool>,
    is_read_only: Option<bool>,
}

/// Logs in to the first host that answers and is wanted.
pub(super) async fn connect(options: &Options, deadline: Instant) -> Result<LiveClient, Problem> {
    let passes: &[Wanted] = match options.wanted {
        Wanted::PreferStandby => &[Wanted::Standby, Wanted::Any],
        _ => &[options.wanted],
    };
    let mut last = Problem::NotWanted;
    for wanted in passes {
        for host in &options.hosts {
            match to_host(options, host, deadline).await {
                Ok(session) => {
                    if session.fits(*wanted).await? {
                        return Ok(session.client);
                    }
                    last = Problem::NotWanted;
                }
                Err(problem) if problem.is_of_this_host() => last = problem,
                Err(problem) => return Err(problem),
            }
        }
    }
    Err(last)
}

/// Logs in to one host, with and without TLS as far as `sslmode` allows.
async fn to_host(options: &Options, host: &Host, deadline: Instant) -> Result<Session, Problem> {
    let attempt = |using| attempt(options, host, using, deadline);
    // libpq never uses TLS over a socket in the file system.
    if matches!(host.at, At::Folder(_)) {
        return attempt(Use::Plain).await;
    }
    // What `pg_hba.conf` refuses with TLS it may accept without, and the other way round.
    let is_refused = |problem: &Problem| problem.code() == Some("28000");
    match options.encryption {
        Encryption::Never => attempt(Use::Plain).await,
        Encryption::Required => attempt(Use::Tls).await,
        Encryption::Preferred => match attempt(Use::TlsIfOffered).await {
            Err(problem) if problem.is_about_tls() || is_refused(&problem) => attempt(Use::Plain).await,
            outcome => outcome,
        },
        Encryption::Allowed => match attempt(Use::Plain).await {
            Err(problem) if is_refused(&problem) => match attempt(Use::Tls).await {
                Err(Problem::NoTls) => Err(problem),
                outcome => outcome,
            },
            outcome => outcome,
        },
    }
}

/// Makes one connection and logs in.
async fn attempt(options: &Options, host: &Host, using: Use, deadline: Instant) -> Result<Session, Problem> {
    let end = match options.connect_timeout {
        Some(limit) => deadline.min(Instant::now() + limit),
        None => deadline,
    };
    let left = end.saturating_duration_since(Instant::now());
    let work = async {
        let connection = open(options, host, using, left, deadline).await?;
        log_in(options, host, connection).await
    };
    timeout(left, work).await.unwrap_or_else(|_| {
        let kind = if end == deadline {
            FailureKind::Deadline
        } else {
            FailureKind::Timeout
        };
        let words = if end == deadline {
            "before the command's time was up"
        } else {
            "within `connect_timeout`"
        };
        Err(Failure::new(kind, format!("{} did not answer {words}", host.place())).into())
    })
}

/// Opens the connection, and TLS over it.
async fn open(
    options: &Options,
    host: &Host,
    using: Use,
    limit: Duration,
    deadline: Instant,
) -> Result<Connection, Problem> {
    let (name, mut stream) = match &host.at {
        At::Folder(folder) => {
            let stream = socket(&host.socket(folder), host).await?;
            return Ok(Connection::new(stream, None));
        }
        At::Host { name, address } => {
            let to = address.as_deref().unwrap_or(name);
            (name, wire::tcp(to, host.port, limit, deadline).await?)
        }
    };
    let name = match &host.at {
        At::Host {
            address: Some(address),
            ..
        } if name.is_empty() => address,
        _ => name,
    };
    if using == Use::Plain {
        return Ok(Connection::new(Box::new(stream), None));
    }
    if !options.direct_tls {
        let cut = |source: std::io::Error| {
            Failure::new(FailureKind::Cut, format!("{} cut the connection", host.place())).with_source(source)
        };
        stream.write_all(&SSL_REQUEST).await.map_err(cut)?;
        match stream.read_u8().await.map_err(cut)? {
            b'S' => {}
            b'N' if using == Use::TlsIfOffered => return Ok(Connection::new(Box::new(stream), None)),
            b'N' => return Err(Problem::NoTls),
            _ => return Err(Problem::NotPostgres),
        }
    }
    let tls = Tls::new(&TlsOptions {
        roots: &options.roots,
        names: options.names,
        identity: options.identity.as_ref(),
        alpn: Some("postgresql"),
        deadline,
    })?;
    let stream = tls.secure(stream, name, &host.place()).await?;
    let end_point = wire::server_end_point(&stream);
    Ok(Connection::new(Box::new(stream), end_point))
}

/// Opens a socket in the file system.
#[cfg(unix)]
async fn socket(path: &Path, host: &Host) -> Result<Box<dyn Stream>, Problem> {
    match tokio::net::UnixStream::connect(path).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(source) => {
            let failure = Failure::new(
                FailureKind::Connect,
                format!("cannot connect to {}", host.place()),
            );
            Err(failure.with_source(source).into())
        }
    }
}

/// Fails: this system has no such sockets.
#[cfg(not(unix))]
async fn socket(_: &Path, host: &Host) -> Result<Box<dyn Stream>, Problem> {
    Err(Failure::configuration(format!("{} cannot be opened on this system", host.place())).into())
}

/// Logs in over an open connection.
async fn log_in(options: &Options, host: &Host, connection: Connection) -> Result<Session, Problem> {
    let mut config = Config::new();
    config
        .user(options.user.as_str())
        .dbname(options.database.as_str())
        .channel_binding(options.channel_binding)
        // TLS has begun already, or there is none.
        .ssl_mode(SslMode::Require)
        .ssl_negotiation(SslNegotiation::Direct);
    if let Some(name) = &options.application_name {
        config.application_name(name.as_str());
    }
    if let Some(settings) = &options.settings {
        config.options(settings.as_str());
    }
    let password = host.password.as_ref().map(Secret::expose);
    if let Some(password) = password {
        config.password(password);
    }
    let (client, connection) = match config.connect_raw(connection, AsItIs).await {
        Ok(session) => session,
        // The library has no code for this.
        Err(error) if error.as_db_error().is_none() && is_own(&error) => {
            return Err(match password {
                None => Problem::NoPassword,
                Some(_) => Problem::Login(error.into_source()),
            });
        }
        Err(error) => return Err(error.into()),
    };
    let is_on = |name| connection.parameter(name).map(|value| value == "on");
    let (in_recovery, read_only) = (is_on("in_hot_standby"), is_on("default_transaction_read_only"));
    Ok(Session {
        client: LiveClient::new(client, connection),
        in_recovery,
        is_read_only: read_only
            .zip(in_recovery)
            .map(|(read_only, recovery)| read_only || recovery),
    })
}

/// Returns whether the library itself refused to go on, rather than the connection or a malformed message.
fn is_own(error: &tokio_postgres::Error) -> bool {
    let source = std::error::Error::source(error);
    !error.is_closed() && source.is_some_and(|source| !source.is::<std::io::Error>())
}

impl Session {
    /// Returns whether the server is of the wanted kind. Servers before PostgreSQL 14 are asked.
    async fn fits(&self, wanted: Wanted) -> Result<bool, Problem> {
        let ask = async |statement| -> Result<bool, Problem> {
            let answers = self.client.get().simple_query(statement).await?;
            let is_on = answers.iter().any(|answer| match answer {
                SimpleQueryMessage::Row(row) => matches!(row.get(0), Some("on" | "t")),
                _ => false,
            });
            Ok(is_on)
        };
        let recovers = async || match self.in_recovery {
            Some(known) => Ok(known),
            None => ask("SELECT pg_catalog.pg_is_in_recovery()").await,
        };
        let reads = async || match self.is_read_only {
            Some(known) => Ok(known),
            None => ask("SHOW transaction_read_only").await,
        };
        Ok(match wanted {
            Wanted::Any | Wanted::PreferStandby => true,
            Wanted::ReadWrite => !reads().await?,
            Wanted::ReadOnly => reads().await?,
            Wanted::Primary => !recovers().await?,
            Wanted::Standby => recovers().await?,
        })
    }
}
