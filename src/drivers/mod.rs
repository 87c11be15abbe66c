//! `--as`: a connection as another program takes it, as Airflow's own hook would have it.
//!
//! Owns which format fits which connection type, and the text of each. One file a family of databases, with the hook and the version
//! that it follows. Pure: does no I/O, so what a hook asks a service for (a token for `iam`) is an error here. Must not know how a text
//! is printed or masked, nor where the connection came from.
#![expect(
    clippy::unnecessary_wraps,
    reason = "the table holds functions of one type, and some formats cannot fail"
)]

mod apache;
mod aws;
mod clickhouse;
mod databricks;
mod dbt;
mod embedded;
mod format;
mod google;
mod http;
mod jdbc;
mod libpq;
mod mssql;
mod mysql;
mod mysql_cnf;
mod odbc;
mod oracle;
mod parts;
mod pgpass;
mod postgres;
mod redshift;
mod snowflake;
mod sqlite;
mod trino;
mod url;
mod vertica;

pub use format::Format;

use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::python::json::Object;
use crate::secret::Secret;
use crate::shown::shown;
use parts::Parts;

/// A connection in a format.
#[derive(Debug)]
pub struct Rendered {
    /// What the format is made of.
    pub content: Content,
    /// The secrets in the text, in the quoting in which they occur there.
    pub quoted_secrets: Vec<Secret>,
    /// What the reader of the text should know.
    pub warnings: Vec<String>,
}

/// The content of a format.
#[derive(Debug)]
pub enum Content {
    /// One text, without a newline at its end.
    Text(Secret),
    /// Variables of an environment, and their values.
    Variables(Vec<(&'static str, Secret)>),
    /// A mapping for a YAML file, without secrets.
    Mapping(Object),
}

/// What the caller adds to a connection.
#[derive(Debug, Default)]
pub struct Options {
    /// Fields of a target of dbt, which come before those of the connection (Cosmos's `profile_args`).
    pub profile_args: Object,
}

/// Renders the parts of a connection.
type Render = fn(&Parts<'_>) -> Result<Rendered>;

/// The formats of a connection type.
type Formats = &'static [(Format, Render)];

/// The connection types, and what renders each of their formats.
const TYPES: &[(&str, Formats)] = &[
    ("aws", aws::FORMATS),
    ("clickhouse", clickhouse::FORMATS),
    ("databricks", databricks::FORMATS),
    ("drill", apache::DRILL),
    ("druid", apache::DRUID),
    ("duckdb", embedded::DUCKDB),
    ("exasol", vertica::EXASOL),
    ("gcpbigquery", google::FORMATS),
    ("google_cloud_platform", google::FORMATS),
    ("hiveserver2", apache::HIVE),
    ("http", http::FORMATS),
    ("https", http::FORMATS),
    ("ibmdb2", embedded::DB2),
    ("impala", apache::IMPALA),
    ("jdbc", jdbc::FORMATS),
    ("mssql", mssql::FORMATS),
    ("mysql", mysql::FORMATS),
    ("odbc", odbc::FORMATS),
    ("oracle", oracle::FORMATS),
    ("pinot", apache::PINOT),
    ("postgres", postgres::FORMATS),
    ("presto", trino::PRESTO),
    ("redshift", redshift::FORMATS),
    ("snowflake", snowflake::FORMATS),
    ("sqlite", sqlite::FORMATS),
    ("teradata", vertica::TERADATA),
    ("trino", trino::TRINO),
    ("vertica", vertica::VERTICA),
    ("ydb", embedded::YDB),
];

/// Returns `connection` in `format`.
///
/// # Errors
/// A format that does not fit the connection's type, or that would need an answer of a service, with status 2; a connection for which
/// Airflow's hook raises, or which the format cannot carry, with status 6; a part that the format is about and the connection lacks,
/// with status 3.
pub fn render(connection: &Connection, format: Format, options: &Options) -> Result<Rendered> {
    let parts = Parts::of(connection)?;
    let conn_type = parts.conn_type.unwrap_or_default();
    if format == Format::Dbt && fits(conn_type, format) {
        return dbt::target(&parts, options);
    }
    match formats_of(conn_type).iter().find(|(name, _)| *name == format) {
        Some((_, render)) => render(&parts),
        None => Err(does_not_fit(&parts, conn_type, format)),
    }
}

/// Returns the variables of `connection` in `format`.
///
/// # Errors
/// As [`render`]; a format without variables, with status 2.
pub fn variables(connection: &Connection, format: Format, options: &Options) -> Result<Variables> {
    let parts = Parts::of(connection)?;
    if format == Format::Dbt && fits(parts.conn_type.unwrap_or_default(), format) {
        let all = dbt::variables(&parts, options)?;
        return Ok(Variables {
            all,
            warnings: Vec::new(),
        });
    }
    let rendered = render(connection, format, options)?;
    let Content::Variables(all) = rendered.content else {
        return Err(Error::usage(format!(
            "format `{}` has no variables",
            format.name()
        )));
    };
    let all = all
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Ok(Variables {
        all,
        warnings: rendered.warnings,
    })
}

/// The variables of a connection in a format.
#[derive(Debug)]
pub struct Variables {
    /// The names and values.
    pub all: Vec<(String, Secret)>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Returns the connection types of `format`, in alphabetical order.
#[must_use]
pub fn types_of(format: Format) -> Vec<&'static str> {
    let of_dbt = dbt::conn_types();
    let mut types: Vec<&str> = TYPES
        .iter()
        .map(|(conn_type, _)| *conn_type)
        .chain(of_dbt)
        .filter(|conn_type| fits(conn_type, format))
        .collect();
    types.sort_unstable();
    types.dedup();
    types
}

fn fits(conn_type: &str, format: Format) -> bool {
    match format {
        Format::Dbt => dbt::conn_types().any(|name| name == conn_type),
        format => formats_of(conn_type).iter().any(|(name, _)| *name == format),
    }
}

fn formats_of(conn_type: &str) -> Formats {
    TYPES
        .iter()
        .find(|(name, _)| *name == conn_type)
        .map_or(&[], |(_, formats)| formats)
}

fn does_not_fit(parts: &Parts<'_>, conn_type: &str, format: Format) -> Error {
    let id = shown(parts.id);
    if conn_type.is_empty() {
        return Error::usage(format!(
            "connection `{id}` has no type, so no format of `--as` fits it"
        ));
    }
    let fitting: Vec<String> = Format::ALL
        .into_iter()
        .filter(|format| fits(conn_type, *format))
        .map(|format| format!("`{}`", format.name()))
        .collect();
    // A type that nobody knows may be a secret in the wrong place.
    let of_type = if fitting.is_empty() {
        String::new()
    } else {
        format!(" of type `{}`", shown(conn_type))
    };
    let error = Error::usage(format!(
        "format `{}` does not fit connection `{id}`{of_type}",
        format.name()
    ));
    if !fitting.is_empty() {
        return error.with_hint(format!("those that fit are {}", fitting.join(", ")));
    }
    let known: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
    match nearest(conn_type, &known) {
        Some(near) => error.with_hint(format!("no format fits this type; the nearest type is `{near}`")),
        None => error.with_hint("no format fits this type; `--as help` lists the formats and their types"),
    }
}

impl Rendered {
    /// Creates the rendering of one text.
    fn text(text: impl Into<Secret>) -> Self {
        Self::of(Content::Text(text.into()))
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            quoted_secrets: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds secrets as they are quoted in the text.
    #[must_use]
    fn with_secrets<S: Into<Secret>>(mut self, quoted: impl IntoIterator<Item = S>) -> Self {
        self.quoted_secrets.extend(quoted.into_iter().map(Into::into));
        self
    }
}
