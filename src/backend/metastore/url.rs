//! The URL of `[database] sql_alchemy_conn`, taken apart as SQLAlchemy does it.
//!
//! Owns the parts of the URL, and the words for the place that it names. Must not know what a driver does with its query. The user's
//! password and the values of the query are secrets; nothing here shows them.
//!
//! Source: sqlalchemy 2.1.9, `sqlalchemy/engine/url.py` (`_parse_url`); airflow 3.3.2, `airflow/settings.py`
//! (`_is_sqlite_db_path_relative`), `airflow/configuration.py` (`_upgrade_postgres_metastore_conn`).

use crate::error::{Error, Result};
use crate::python::int;
use crate::python::parse_qsl::parse_qsl;
use crate::python::quote::unquote;
use crate::secret::Secret;
use crate::shown::shown;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
    /// A MySQL or MariaDB server.
    MySql,
}

impl Dialect {
    /// Returns SQLAlchemy's name.
    fn scheme(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
            Self::MySql => "mysql",
        }
    }

    /// Returns the name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
        }
    }
}

/// The parts of a URL. User, password and database are decoded.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseUrl {
    /// The kind of database.
    pub(crate) dialect: Dialect,
    /// The driver in Python, such as `pymysql`.
    pub(crate) driver: Option<String>,
    /// The user.
    pub(crate) user: Option<String>,
    /// The password.
    pub(crate) password: Option<Secret>,
    /// The host; an address of IPv6 is without its brackets.
    pub(crate) host: Option<String>,
    /// The port.
    pub(crate) port: Option<u16>,
    /// The database; for SQLite, the path of the file.
    pub(crate) database: Option<String>,
    /// The database as it stands in the URL. SQLAlchemy 2.0 did not decode it.
    pub(crate) database_as_written: Option<String>,
    /// The query, in its order. A name may occur several times, and no value is empty.
    pub(crate) query: Vec<(String, Secret)>,
}

/// Why a text is not the URL of a database, for "… `sql_alchemy_conn` …".
struct Refused {
    why: &'static str,
    hint: &'static str,
}

const FORMS: &str = "write `postgresql://user:password@host/database`, `mysql://user:password@host/database` or \
                     `sqlite:////path/of/airflow.db`";

impl DatabaseUrl {
    /// Parses `text`, which is configured at `place`.
    ///
    /// # Errors
    /// With status 2: text that is no URL, a dialect that Airflow does not have, and for SQLite a path that is not absolute. Shows no
    /// part of the text.
    pub(crate) fn parse(text: &str, place: &str) -> Result<Self> {
        parse(text).map_err(|Refused { why, hint }| Error::usage(format!("{place} {why}")).with_hint(hint))
    }

    /// Returns the values of `name` in the query.
    pub(crate) fn query_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Secret> {
        self.query
            .iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// Returns dialect, host, port and database for programs, never the password.
    pub(crate) fn shown_parts(&self) -> (Option<&str>, Option<&str>, Option<u16>, Option<&str>) {
        let (host, port, database) = (self.host.as_deref(), self.port, self.database.as_deref());
        if self.may_hold_password() {
            return (Some(self.dialect.scheme()), None, None, None);
        }
        (Some(self.dialect.scheme()), host, port, database)
    }

    /// Whether the host and the database may be the rest of a password with an `@` that is not quoted.
    fn may_hold_password(&self) -> bool {
        let database = self.database.as_deref().unwrap_or_default();
        self.dialect != Dialect::Sqlite && database.contains('@')
    }

    /// Returns the database and its server for people, never the password.
    pub(crate) fn place(&self) -> String {
        if self.may_hold_password() {
            return format!("the {} database", self.dialect.name());
        }
        let database = shown(self.database.as_deref().unwrap_or_default());
        match (self.dialect, &self.host) {
            (Dialect::Sqlite, _) => format!("the SQLite database `{database}`"),
            (dialect, host) => {
                let name = dialect.name();
                let host = match (host, self.port) {
                    (Some(host), Some(port)) if host.contains(':') => format!(" at [{}]:{port}", shown(host)),
                    (Some(host), Some(port)) => format!(" at {}:{port}", shown(host)),
                    (Some(host), None) => format!(" at {}", shown(host)),
                    (None, _) => String::new(),
                };
                format!("the {name} database `{database}`{host}")
            }
        }
    }
}

fn parse(text: &str) -> Result<DatabaseUrl, Refused> {
    let refused = |why| Refused { why, hint: FORMS };
    if text.is_empty() {
        return Err(refused("is empty"));
    }
    let not_a_url = || refused("is not the URL of a database");
    let (name, rest) = text.split_once("://").ok_or_else(not_a_url)?;
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '+';
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(not_a_url());
    }
    let (dialect, driver) = dialect(name)?;
    if dialect == Dialect::Sqlite {
        check_path(name, rest)?;
    }
    let (user, password, rest) = user_and_password(rest);
    let (host, rest) = host(rest);
    if host.is_some_and(|host| host.contains('@')) {
        return Err(Refused {
            why: "has more than one `@` before its host",
            hint: "write `%40` for an `@` in the user or the password",
        });
    }
    let (port, rest) = match rest.strip_prefix(':') {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let port = match port {
        "" => None,
        digits => Some(port_number(digits).ok_or(Refused {
            why: "has a port that is not a number from 0 to 65535",
            hint: "write `%3A`, `%2F`, `%3F` or `%40` for a `:`, `/`, `?` or `@` in the user or the password",
        })?),
    };
    let (database, rest) = match rest.strip_prefix('/') {
        Some(rest) => {
            let (database, rest) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
            (Some(database), rest)
        }
        None => (None, rest),
    };
    let query = rest.strip_prefix('?').unwrap_or_default();
    let is_rest_of_password = database.is_some_and(|database| database.contains('@'))
        || query
            .split_once('@')
            .is_some_and(|(before, _)| !before.contains('='));
    if is_rest_of_password && dialect != Dialect::Sqlite {
        return Err(Refused {
            why: "has an `@` after its host",
            hint: "write `%40`, `%2F` or `%3F` for an `@`, `/` or `?` in the password, and `%40` for an `@` in the name of the database",
        });
    }
    let query = query.split('\n').next().unwrap_or_default();
    Ok(DatabaseUrl {
        dialect,
        driver: driver.map(str::to_owned),
        user: user.map(unquote),
        password: password.map(|password| Secret::from(unquote(password))),
        host: host.map(str::to_owned),
        port,
        database: database.map(unquote),
        database_as_written: database.map(str::to_owned),
        query: parse_qsl(query)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, Secret::from(value)))
            .collect(),
    })
}

/// Returns the dialect and the driver. Airflow turns two old names of PostgreSQL into the new one.
fn dialect(name: &str) -> Result<(Dialect, Option<&str>), Refused> {
    let name = match name {
        "postgres" | "postgres+psycopg2" => "postgresql",
        name => name,
    };
    let (dialect, driver) = match name.split_once('+') {
        Some((dialect, driver)) => (dialect, Some(driver)),
        None => (name, None),
    };
    let dialect = match dialect {
        "sqlite" => Dialect::Sqlite,
        "postgresql" => Dialect::Postgres,
        "mysql" | "mariadb" => Dialect::MySql,
        _ => {
            return Err(Refused {
                why: "names a database that Airflow does not use",
                hint: FORMS,
            });
        }
    };
    Ok((dialect, driver))
}

/// Checks that the URL of SQLite names a file by an absolute path. Airflow does not start with any other.
fn check_path(name: &str, rest: &str) -> Result<(), Refused> {
    if name == "sqlite" && rest.starts_with("//") {
        return Ok(());
    }
    let in_memory = rest.is_empty() || rest.starts_with("/:memory:") || rest == "/";
    Err(Refused {
        why: if in_memory {
            "names a SQLite database in memory, which is always empty"
        } else {
            "does not name an absolute path for SQLite, and Airflow does not start with it"
        },
        hint: "write `sqlite:////absolute/path/of/airflow.db`, with four slashes and without a driver",
    })
}

/// Splits the user and the password off, as SQLAlchemy's expression does. A user ends at the last `@` before any `:` or `/`; a
/// password ends at the first `@`.
fn user_and_password(rest: &str) -> (Option<&str>, Option<&str>, &str) {
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (user, after) = rest.split_at(end);
    if let Some(after) = after.strip_prefix(':')
        && let Some((password, rest)) = after.split_once('@')
    {
        return (Some(user), Some(password), rest);
    }
    match user.rfind('@') {
        Some(at) => (Some(&rest[..at]), None, &rest[at + 1..]),
        None => (None, None, rest),
    }
}

/// Splits the host off.
fn host(rest: &str) -> (Option<&str>, &str) {
    if let Some(inner) = rest.strip_prefix('[') {
        let end = inner.find(['/', '?']).unwrap_or(inner.len());
        if let Some(bracket) = inner[..end].rfind(']').filter(|at| *at > 0) {
            return (Some(&inner[..bracket]), &inner[bracket + 1..]);
        }
    }
    let end = rest.find(['/', ':', '?']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    ((!host.is_empty()).then_some(host), rest)
}

fn port_number(digits: &str) -> Option<u16> {
    int::parse(digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn url(text: &str) -> DatabaseUrl {
        DatabaseUrl::parse(text, "HERE").unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn parts(text: &str) -> [Option<String>; 5] {
        let url = url(text);
        let password = url
            .password
            .as_ref()
            .and_then(Secret::expose_text)
            .map(str::to_owned);
        [
            url.user,
            password,
            url.host,
            url.port.map(|port| port.to_string()),
            url.database,
        ]
    }

    #[test]
    fn the_parts_are_those_of_sqlalchemy() {
        for (text, expected) in [
            ("postgresql://u:p@h:5432/d", ["u", "p", "h", "5432", "d"]),
            (
                "postgresql://u%40x:p%2F+%40@h/d%20e",
                ["u@x", "p/+@", "h", "", "d e"],
            ),
            ("postgresql://a@b@h/d", ["a@b", "", "h", "", "d"]),
            ("mysql+pymysql://u:p/?:x@h", ["u", "p/?:x", "h", "", ""]),
            ("postgresql://h:5432/d?x=y@z", ["h", "5432/d?x=y", "z", "", ""]),
            ("postgresql://u@[::1]:5/d", ["u", "", "::1", "5", "d"]),
            ("postgresql:///d?host=/run/x", ["", "", "", "", "d"]),
            ("sqlite:////a/b%20c.db?timeout=30", ["", "", "", "", "/a/b c.db"]),
        ] {
            let expected = expected.map(|part| (!part.is_empty()).then(|| part.to_owned()));
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn a_query_keeps_its_order_and_loses_blank_values() {
        let url = url("postgresql://h/d?host=a:1&sslmode=require&host=b%3A2&x=&options=-c+y");
        let pairs: Vec<_> = url
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose_text()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("host", Some("a:1")),
                ("sslmode", Some("require")),
                ("host", Some("b:2")),
                ("options", Some("-c y"))
            ]
        );
        assert_eq!(url.query_values("host").count(), 2);
    }

    #[test]
    fn a_dialect_has_several_names_and_drivers() {
        for (text, dialect) in [
            ("postgres://h/d", Dialect::Postgres),
            ("postgres+psycopg2://h/d", Dialect::Postgres),
            ("postgresql+psycopg://h/d", Dialect::Postgres),
            ("mysql+mysqldb://h/d", Dialect::MySql),
            ("mariadb+pymysql://h/d", Dialect::MySql),
            ("sqlite:////d", Dialect::Sqlite),
        ] {
            assert_eq!(url(text).dialect, dialect, "{text}");
        }
    }

    #[test]
    fn what_airflow_cannot_use_is_refused_without_its_text() {
        for text in [
            "",
            "hunter2",
            "://hunter2",
            "a b://hunter2",
            "mssql+pyodbc://hunter2@h/d",
            "Postgresql://hunter2@h/d",
            "postgresql://u:hunter2:x",
            "postgresql://u:p@hunter2@h/d",
            "postgresql://u:p@hunter2/x@h/d",
            "mysql://u:p@hunter2?x@h/d",
            "postgresql://h:hunter2/d",
            "postgresql://h:65536/d",
            "sqlite://",
            "sqlite:///:memory:",
            "sqlite:///hunter2.db",
            "sqlite+pysqlite:////hunter2.db",
            "sqlite://h/hunter2",
        ] {
            let error = DatabaseUrl::parse(text, "HERE").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
            assert!(
                error.hint().is_some() && !format!("{error:?}").contains("hunter2"),
                "{text}: {error:?}"
            );
        }
    }

    #[test]
    fn the_place_never_shows_a_password() {
        for (text, place) in [
            (
                "postgresql://u:hunter2@h:5/d",
                "the PostgreSQL database `d` at h:5",
            ),
            (
                "mysql://u:hunter2@[fe80::1]:5/d",
                "the MySQL database `d` at [fe80::1]:5",
            ),
            (
                "postgresql:///d?host=/run&password=hunter2",
                "the PostgreSQL database `d`",
            ),
            ("postgresql://u:p@h/x%40hunter2", "the PostgreSQL database"),
            ("sqlite:////a/b.db", "the SQLite database `/a/b.db`"),
        ] {
            let url = url(text);
            assert_eq!(url.place(), place);
        }
        assert!(!format!("{:?}", url("mysql://u:hunter2@h/d?password=hunter2")).contains("hunter2"));
    }
}
