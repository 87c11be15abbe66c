//! What keeps SQLite from an answer, and the error of each.
//!
//! Owns the words and the kinds. Kinds come from SQLite's codes and the system's; SQLite's own words may hold a value, and are not
//! shown.
//!
//! Source: <https://www.sqlite.org/rescode.html>.

use std::io;

use rusqlite::ffi::ErrorCode;

use crate::backend::metastore::database::Table;
use crate::error::Error;

/// What kept SQLite from an answer.
#[derive(Debug)]
pub(super) enum Problem {
    Missing,
    NotAFile,
    Empty,
    NotADatabase,
    NotUnicode,
    Damaged,
    NoTable,
    OtherTable,
    Denied,
    Locked,
    /// A transaction that a crash has left must be undone before the file can be read.
    Unfinished,
    TooLarge,
    /// The code is SQLite's.
    Failed(i32),
    Unreadable(io::Error),
}

impl From<io::Error> for Problem {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Denied,
            io::ErrorKind::IsADirectory => Self::NotAFile,
            _ => Self::Unreadable(cause),
        }
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, _) = error else {
            return Self::Failed(0);
        };
        match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                Self::Locked
            }
            ErrorCode::NotADatabase => Self::NotADatabase,
            ErrorCode::DatabaseCorrupt => Self::Damaged,
            ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => Self::Denied,
            ErrorCode::ReadOnly => Self::Unfinished,
            _ => Self::Failed(failure.extended_code),
        }
    }
}

impl Problem {
    /// Whether it can come from Airflow starting or stopping at that moment.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Unfinished | Self::Failed(_) | Self::Missing)
    }

    /// Returns the error of `table` in the database at `place`.
    pub(super) fn error(self, place: &str, table: Table) -> Error {
        let migrate = "check `[database] sql_alchemy_conn`, or create the database with `airflow db migrate`";
        let repair = "start Airflow, or run `airflow db check`: only what opens the database for writing can finish it";
        let name = table.name();
        let (error, hint) = match self {
            Self::Missing => (Error::usage(format!("{place} does not exist")), migrate),
            Self::NotAFile => (Error::usage(format!("{place} is not a file")), migrate),
            Self::Empty => (Error::usage(format!("{place} is empty")), migrate),
            Self::NotADatabase => (Error::usage(format!("{place} is not a file of SQLite")), migrate),
            Self::NotUnicode => (
                Error::usage(format!("{place} is in a folder whose name is not UTF-8")),
                "move it to another folder",
            ),
            Self::NoTable => (Error::usage(format!("{place} has no table `{name}`")), migrate),
            Self::OtherTable => (
                Error::usage(format!("the table `{name}` in {place} is not Airflow's"))
                    .with_detail(format!("it has no column `{}`", table.key_column())),
                migrate,
            ),
            Self::Damaged => (
                Error::usage(format!("{place} is damaged")),
                "restore it from a backup; `PRAGMA integrity_check` shows the damage",
            ),
            Self::Denied => (
                Error::denied(format!("{place} may not be read")),
                "give this user the right to read the file, and its `-wal` and `-shm`",
            ),
            Self::Locked => (
                Error::unavailable(format!("{place} is locked by another process")),
                "try again when that process is done, or give it longer with `--timeout SECONDS`",
            ),
            Self::Unfinished => (
                Error::unavailable(format!(
                    "{place} has a transaction that a crash has left unfinished"
                )),
                repair,
            ),
            Self::TooLarge => (
                Error::unavailable(format!(
                    "{place} has a log that a crash has left, and is too large to read"
                )),
                repair,
            ),
            Self::Failed(code) => (
                Error::unavailable(format!("{place} cannot be read: SQLite's error {code}")),
                "https://www.sqlite.org/rescode.html lists the errors",
            ),
            Self::Unreadable(cause) => {
                return Error::unavailable(format!("{place} cannot be read")).with_source(cause);
            }
        };
        error.with_hint(hint)
    }
}
