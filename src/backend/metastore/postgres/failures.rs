//! Why PostgreSQL gave no row: the kind by SQLSTATE, the words of the server without secrets, and the way out.
//!
//! Facts: PostgreSQL 18, appendix A, "PostgreSQL Error Codes".

use tokio_postgres::error::DbError;

use crate::error::{Error, ErrorKind};
use crate::http::{CertificateProblem, Failure, FailureKind};
use crate::secret::Redactor;

/// What to do about a connection that was cut.
const CUT: &str = "try again; if it stays so, see the server's log, or that of a pooler before it";

/// Why there is no session or no row.
pub(super) enum Problem {
    /// The connection, or TLS.
    Network(Failure),
    /// What the client library says, which may be the server's refusal.
    Protocol(Box<tokio_postgres::Error>),
    /// The server wants a password, and none is configured.
    NoPassword,
    /// The login's method is not supported, or is not bound to the connection as `channel_binding` needs.
    Login(Option<Box<dyn std::error::Error + Send + Sync>>),
    /// The server has no TLS, and `sslmode` needs it.
    NoTls,
    /// The answer is not PostgreSQL's.
    NotPostgres,
    /// The server is not of the wanted kind.
    NotWanted,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Network(failure)
    }
}

impl From<tokio_postgres::Error> for Problem {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Protocol(Box::new(error))
    }
}

impl Problem {
    /// Returns the SQLSTATE of the server's refusal.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Protocol(error) => error.code().map(tokio_postgres::error::SqlState::code),
            _ => None,
        }
    }

    /// Returns whether TLS itself failed.
    pub(super) fn is_about_tls(&self) -> bool {
        matches!(self, Self::Network(failure) if matches!(failure.kind(), FailureKind::Tls | FailureKind::Certificate(_)))
    }

    /// Returns whether the next host may do better: libpq tries it after a broken connection, and after a server that is starting.
    pub(super) fn is_of_this_host(&self) -> bool {
        match self {
            Self::Network(failure) => {
                !matches!(failure.kind(), FailureKind::Configuration | FailureKind::Deadline)
            }
            Self::Protocol(error) => error.as_db_error().is_none() || self.code() == Some("57P03"),
            Self::NoTls | Self::NotPostgres | Self::NotWanted => true,
            Self::NoPassword | Self::Login(_) => false,
        }
    }
}

/// Says what failed on which database.
pub(super) struct Messages<'a> {
    /// The database, for people.
    pub(super) place: &'a str,
    /// The login's name.
    pub(super) user: &'a str,
    /// What the server's words must not show.
    pub(super) redactor: &'a Redactor,
}

impl Messages<'_> {
    /// Returns the error of a problem.
    pub(super) fn error(&self, problem: Problem) -> Error {
        let place = self.place;
        match problem {
            Problem::Network(failure) => network(place, failure),
            Problem::NoPassword => Error::denied(format!("{place} wants a password, and none is configured"))
                .with_hint("write it into the URL, `PGPASSWORD` or `~/.pgpass`"),
            Problem::Login(source) => {
                let error = Error::denied(format!("{place} wants a login that is not possible"));
                match source {
                    Some(source) => error.with_source(source),
                    None => error,
                }
            }
            Problem::NoTls => {
                Error::unavailable(format!("{place} does not offer TLS, which `sslmode` needs"))
                    .with_hint("switch TLS on in the server, or use `sslmode=prefer`")
            }
            Problem::NotPostgres => malformed(place),
            Problem::NotWanted => Error::unavailable(format!(
                "no server of {place} is what `target_session_attrs` wants"
            )),
            Problem::Protocol(error) => match error.as_db_error() {
                Some(refusal) => self.refusal(refusal),
                None => broken(place, *error),
            },
        }
    }

    /// Returns the error of a refusal, whose kind is that of its SQLSTATE.
    fn refusal(&self, refusal: &DbError) -> Error {
        let (place, user) = (self.place, self.user);
        let user = crate::shown::shown(user);
        let code = refusal.code().code();
        let (kind, what, hint) = match code {
            "28P01" => (
                ErrorKind::Denied,
                format!("{place} refused the password of `{user}`"),
                Some(
                    "check the user and the password; in a URL, `@`, `:` and `/` are written `%40`, `%3A` and `%2F`",
                ),
            ),
            "42501" => (
                ErrorKind::Denied,
                format!("`{user}` may not read {place}"),
                Some("grant the user `SELECT` on Airflow's tables, and `USAGE` on their schema"),
            ),
            code if code.starts_with("28") => (
                ErrorKind::Denied,
                format!("{place} refused the login of `{user}`"),
                Some("check the role and the server's `pg_hba.conf`"),
            ),
            "3D000" => (
                ErrorKind::Usage,
                format!("{place} does not exist"),
                Some("check the database's name in `sql_alchemy_conn`"),
            ),
            "3F000" | "42P01" | "42703" => (
                ErrorKind::Usage,
                format!("{place} is not Airflow's: it lacks its tables"),
                Some("`airflow db migrate` makes them; `sql_alchemy_schema` names their schema"),
            ),
            "53300" => (
                ErrorKind::Unavailable,
                format!("{place} has too many connections"),
                Some(
                    "try again later, or raise `max_connections`; a pooler such as PgBouncer shares connections",
                ),
            ),
            "57P03" => (
                ErrorKind::Unavailable,
                format!("{place} accepts no connections now"),
                Some("try again when it has started"),
            ),
            "57014" | "55P03" => (
                ErrorKind::Unavailable,
                format!("{place} did not answer within its own time limit"),
                Some(
                    "see what holds its locks; `statement_timeout` and `lock_timeout` are the server's limits",
                ),
            ),
            "57P01" | "57P02" => (
                ErrorKind::Unavailable,
                format!("{place} is shutting down"),
                Some("try again when it has started"),
            ),
            _ => (
                ErrorKind::Unavailable,
                format!("{place} did not answer"),
                Some("see the server's log"),
            ),
        };
        let words = self.redactor.clean(refusal.message());
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(5).collect();
        let error = Error::new(kind, what).with_detail(format!("PostgreSQL says: {words} ({code})"));
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// Returns the error of a connection that could not be made.
fn network(place: &str, failure: Failure) -> Error {
    let kind = failure.kind();
    match kind {
        FailureKind::Configuration => Error::usage(format!("TLS with {place} cannot be set up"))
            .with_source(failure)
            .with_hint("check `sslrootcert`, `sslcert` and `sslkey`"),
        FailureKind::Certificate(CertificateProblem::UnknownIssuer) => {
            Error::unavailable(format!("the certificate of {place} is not trusted"))
                .with_source(failure)
                .with_hint("name the authority's certificate in `sslrootcert`")
        }
        FailureKind::Certificate(_) => {
            Error::unavailable(format!("the certificate of {place} is not trusted")).with_source(failure)
        }
        FailureKind::Deadline => Error::from(failure),
        FailureKind::Cut => Error::unavailable(format!("{place} cut the connection"))
            .with_source(failure)
            .with_hint(CUT),
        _ => Error::unavailable(format!("{place} cannot be reached"))
            .with_source(failure)
            .with_hint("check the host and the port, and whether the server runs"),
    }
}

/// Returns the error of an answer that is not PostgreSQL's.
fn malformed(place: &str) -> Error {
    Error::unavailable(format!("{place} does not answer as a PostgreSQL server"))
        .with_hint("check the host and the port")
}

/// Returns the error of a connection that broke, or of messages that make no sense.
fn broken(place: &str, error: tokio_postgres::Error) -> Error {
    use std::io::ErrorKind as Io;
    if error.is_closed() {
        return Error::unavailable(format!("{place} cut the connection")).with_hint(CUT);
    }
    let source = error.into_source();
    match source
        .as_ref()
        .and_then(|source| source.downcast_ref::<std::io::Error>())
    {
        Some(io) if matches!(io.kind(), Io::InvalidData | Io::InvalidInput | Io::Other) => malformed(place),
        Some(io) => Error::unavailable(format!("{place} cut the connection"))
            .with_source(std::io::Error::from(io.kind()))
            .with_hint(CUT),
        None => malformed(place),
    }
}
