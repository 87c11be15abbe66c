//! Why MySQL gave no row: the kind by the error's number, the words of the server without secrets, and the way out.
//!
//! Facts: MySQL 8.4, "Server Error Message Reference"; MariaDB 10.11, "Error Codes".

use std::io;

use super::packets::Fields;
use crate::error::{Error, ErrorKind};
use crate::http::{CertificateProblem, Failure, FailureKind};
use crate::secret::{Redactor, Secret};
use crate::shown::shown;

/// What to do about a connection that was cut.
const CUT: &str = "try again; if it stays so, see the server's log, or that of a proxy before it";

/// Why there is no session or no row.
#[derive(Debug)]
pub(super) enum Problem {
    /// The connection, or TLS.
    Network(Failure),
    /// The connection broke, or a packet makes no sense.
    Broken(io::Error),
    /// The server refused.
    Refused(Refusal),
    /// The server has no TLS, and the URL needs it.
    NoTls,
    /// The account has a plugin that is not known here.
    Plugin(String),
}

/// The server's refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    number: u16,
    words: Secret,
}

impl Refusal {
    /// Parses the packet of an error. Before the login, it has no SQLSTATE.
    pub(super) fn parse(packet: &[u8]) -> io::Result<Self> {
        let mut fields = Fields(packet);
        let number = fields.u16()?;
        let without_state = fields.0.strip_prefix(b"#").and_then(|rest| rest.get(5..));
        let words = without_state.unwrap_or(fields.0);
        Ok(Self {
            number,
            words: Secret::new(words),
        })
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Network(failure)
    }
}

impl Problem {
    /// Returns whether the connection is still in step: the server refused one statement.
    pub(super) fn keeps_the_session(&self) -> bool {
        /// The server ends the session with these: it shuts down, or the session was killed or timed out.
        const FATAL: &[u16] = &[
            1053, 1077, 1079, 1152, 1153, 1158, 1159, 1160, 1161, 1184, 1927, 4031,
        ];
        matches!(self, Self::Refused(refusal) if !FATAL.contains(&refusal.number))
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
            Problem::Broken(error) if error.kind() == io::ErrorKind::InvalidData => {
                Error::unavailable(format!("{place} does not answer as a MySQL server"))
                    .with_hint("check the host and the port")
            }
            Problem::Broken(error) => {
                let error = io::Error::from(error.kind());
                Error::unavailable(format!("{place} cut the connection"))
                    .with_source(error)
                    .with_hint(CUT)
            }
            Problem::NoTls => Error::unavailable(format!("{place} does not offer TLS, which its URL needs"))
                .with_hint("switch TLS on in the server, or leave the `ssl` options out of the URL"),
            Problem::Plugin(name) => Error::denied(format!(
                "{place} wants a login by `{}`, which secretctl does not support",
                shown(&name)
            ))
            .with_hint("use an account with `caching_sha2_password`, `mysql_native_password` or `ed25519`"),
            Problem::Refused(refusal) => self.refusal(&refusal),
        }
    }

    /// Returns the error of a refusal, whose kind is that of its number.
    fn refusal(&self, refusal: &Refusal) -> Error {
        let (place, user) = (self.place, shown(self.user));
        let (kind, what, hint) = match refusal.number {
            1045 | 1698 => (
                ErrorKind::Denied,
                format!("{place} refused the login of `{user}`"),
                Some(
                    "check the user and the password; in a URL, `@`, `:` and `/` are written `%40`, `%3A` and `%2F`",
                ),
            ),
            // No right to a database, a table, a column, a routine, or anything else.
            1044 | 1142 | 1143 | 1227 | 1370 => (
                ErrorKind::Denied,
                format!("`{user}` may not read {place}"),
                Some("grant the user `SELECT` on Airflow's tables"),
            ),
            // A host that is not allowed, an old or unknown plugin, an expired password, a locked account, TLS that is required.
            1130 | 1251 | 1524 | 1820 | 1862 | 3118 | 3159 | 4151 => (
                ErrorKind::Denied,
                format!("{place} refused the login of `{user}`"),
                Some(
                    "check the account: the hosts it may come from, its password's age, and whether it needs TLS",
                ),
            ),
            1046 => (
                ErrorKind::Usage,
                "the database's URL names a server of MySQL, but no database".to_owned(),
                Some("write the database's name at the end of the URL, after `/`"),
            ),
            1049 | 1102 => (
                ErrorKind::Usage,
                format!("{place} does not exist"),
                Some("check the database's name in `sql_alchemy_conn`, and `sql_alchemy_schema`"),
            ),
            1054 | 1103 | 1146 => (
                ErrorKind::Usage,
                format!("{place} is not Airflow's: it lacks its tables"),
                Some("`airflow db migrate` makes them; `sql_alchemy_schema` names their schema"),
            ),
            1040 | 1203 | 1226 => (
                ErrorKind::Unavailable,
                format!("{place} has too many connections"),
                Some("try again later, or raise `max_connections`, or the user's own limit"),
            ),
            1053 => (
                ErrorKind::Unavailable,
                format!("{place} is shutting down"),
                Some("try again when it has started"),
            ),
            1205 | 1317 | 1969 | 3024 => (
                ErrorKind::Unavailable,
                format!("{place} did not answer within its own time limit"),
                Some(
                    "see what holds its locks; `max_execution_time` and `innodb_lock_wait_timeout` are the server's limits",
                ),
            ),
            _ => (
                ErrorKind::Unavailable,
                format!("{place} did not answer"),
                Some("see the server's log"),
            ),
        };
        let words = String::from_utf8_lossy(refusal.words.expose());
        let words = self.redactor.clean(&words);
        let error = Error::new(kind, what).with_detail(format!("MySQL says: {words} ({})", refusal.number));
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// Returns the error of a connection that could not be made.
fn network(place: &str, failure: Failure) -> Error {
    match failure.kind() {
        FailureKind::Configuration => Error::usage(format!("TLS with {place} cannot be set up"))
            .with_source(failure)
            .with_hint("check `ssl_ca`, `ssl_cert` and `ssl_key` of the database's URL"),
        FailureKind::Certificate(problem) => {
            let error =
                Error::unavailable(format!("the certificate of {place} is not trusted")).with_source(failure);
            match problem {
                CertificateProblem::UnknownIssuer => {
                    error.with_hint("name the authority's certificate in `ssl_ca`")
                }
                _ => error,
            }
        }
        FailureKind::Deadline => Error::from(failure),
        _ => Error::unavailable(format!("{place} cannot be reached"))
            .with_source(failure)
            .with_hint("check the host and the port, and whether the server runs"),
    }
}
