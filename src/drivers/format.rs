//! The formats of `--as`: their names, and what each is for.

use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::shown::shown;

/// A format of `--as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The URL of the hook's `get_uri()`, for SQLAlchemy's `create_engine`.
    Sqlalchemy,
    /// The base URL of an http connection.
    Url,
    /// libpq's connection string.
    Libpq,
    /// libpq's variables.
    LibpqEnv,
    /// A line of libpq's password file.
    Pgpass,
    /// An option file of the MySQL and MariaDB clients.
    MysqlCnf,
    /// A JDBC URL.
    Jdbc,
    /// An ODBC connection string.
    Odbc,
    /// The variables of the AWS CLI and SDKs.
    AwsEnv,
    /// A target of a profile of dbt.
    Dbt,
}

impl Format {
    /// All formats, in the order in which they are listed.
    pub const ALL: [Self; 10] = [
        Self::Sqlalchemy,
        Self::Url,
        Self::Libpq,
        Self::LibpqEnv,
        Self::Pgpass,
        Self::MysqlCnf,
        Self::Jdbc,
        Self::Odbc,
        Self::AwsEnv,
        Self::Dbt,
    ];

    /// Returns the format's name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlalchemy => "sqlalchemy",
            Self::Url => "url",
            Self::Libpq => "libpq",
            Self::LibpqEnv => "libpq-env",
            Self::Pgpass => "pgpass",
            Self::Jdbc => "jdbc",
            Self::Odbc => "odbc",
            Self::MysqlCnf => "mysql-cnf",
            Self::AwsEnv => "aws-env",
            Self::Dbt => "dbt",
        }
    }

    /// Returns what the format is, in one line.
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::Sqlalchemy => "a URL for SQLAlchemy's create_engine",
            Self::Url => "the base URL of an HTTP service",
            Self::Libpq => "a connection string for psql and everything on libpq",
            Self::LibpqEnv => "libpq's variables: PGHOST, PGPASSWORD, …",
            Self::Pgpass => "a line for a password file of libpq (PGPASSFILE)",
            Self::Jdbc => "a JDBC URL, without login and password",
            Self::Odbc => "an ODBC connection string",
            Self::MysqlCnf => "an option file for mysql (--defaults-extra-file)",
            Self::AwsEnv => "the variables of the AWS CLI and SDKs: AWS_ACCESS_KEY_ID, …",
            Self::Dbt => {
                "a target for dbt's profiles.yml; its secrets are variables, which `exec --as ID@dbt` sets"
            }
        }
    }

    /// Whether `get-conn` and `--set` have it: it is one text.
    #[must_use]
    pub fn is_text(self) -> bool {
        !matches!(self, Self::LibpqEnv | Self::AwsEnv)
    }

    /// Whether `--as` of `exec` and `export` has it: it has variables.
    #[must_use]
    pub fn has_variables(self) -> bool {
        matches!(self, Self::LibpqEnv | Self::AwsEnv | Self::Dbt)
    }

    /// Parses a name of the command line.
    ///
    /// # Errors
    /// An unknown name, with status 2 and the nearest format.
    pub fn parse(name: &str) -> Result<Self> {
        if let Some(format) = Self::ALL.into_iter().find(|format| format.name() == name) {
            return Ok(format);
        }
        let names = Self::ALL.map(Self::name);
        let error = Error::usage(format!("there is no format `{}`", shown(name)));
        Err(match nearest(name, &names) {
            Some(near) => error.with_hint(format!("the nearest is `{near}`")),
            None => error.with_hint("`--as help` lists the formats and the types that they fit"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn each_format_has_its_own_name_and_is_parsed_from_it() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.name()).ok(), Some(format));
        }
        let error = Format::parse("sqlalchmey").expect_err("it is misspelt");
        assert_eq!(error.hint(), Some("the nearest is `sqlalchemy`"));
        assert!(Format::parse("zzz").is_err());
    }
}
