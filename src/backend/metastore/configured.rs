//! Which database Airflow uses, and what is known of it without asking anyone.
//!
//! Owns the options of `[database]`, and Airflow's default. Must not open anything.
//!
//! Source: airflow 3.3.2, `airflow/config_templates/config.yml` (`database`), `airflow/models/base.py` (`_get_schema`),
//! `airflow/settings.py` (`_get_connect_args`).

use std::path::Path;
use std::time::Instant;

use super::database::Access;
use super::url::DatabaseUrl;
use crate::airflow_option::{AirflowOption, AirflowOptions, Known, OptionValue};
use crate::backend::Warnings;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::python::text::is_space;
use crate::shown::shown;

const SQL_ALCHEMY_CONN: AirflowOption<'static> = AirflowOption::new("database", "sql_alchemy_conn")
    .sensitive()
    .formerly("core", "sql_alchemy_conn");
const SQL_ALCHEMY_SCHEMA: AirflowOption<'static> = AirflowOption::new("database", "sql_alchemy_schema");
const SQL_ALCHEMY_CONNECT_ARGS: AirflowOption<'static> =
    AirflowOption::new("database", "sql_alchemy_connect_args");

/// What is known of the database without asking anyone.
#[derive(Debug)]
pub(super) enum Place {
    /// Nothing configures it, so it is this file, if it exists.
    Default { url: DatabaseUrl, exists: bool },
    /// It is configured.
    Configured { url: DatabaseUrl, source: String },
    /// A command or the configured backend has its URL.
    Elsewhere { source: String },
    /// Its URL cannot be used.
    Unusable { source: String },
}

impl Place {
    /// Finds out where the database is. Looks only whether the default file exists.
    pub(super) fn find(airflow: &dyn AirflowOptions, deadline: Instant) -> Self {
        match airflow.known(&SQL_ALCHEMY_CONN) {
            Ok(Known::Default) => default(airflow, deadline),
            Ok(Known::Value(value)) if is_written_default(airflow, &value) => default(airflow, deadline),
            Ok(Known::Value(value)) => match parse(&value) {
                Ok(url) => Self::Configured {
                    url,
                    source: value.source,
                },
                Err(_) => Self::Unusable { source: value.source },
            },
            Ok(Known::Elsewhere(source)) => Self::Elsewhere { source },
            Err(_) => Self::Unusable {
                source: "`[database] sql_alchemy_conn`".to_owned(),
            },
        }
    }

    /// Returns the database for people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Default { url, .. } | Self::Configured { url, .. } => url.place(),
            Self::Elsewhere { .. } | Self::Unusable { .. } => "Airflow's database".to_owned(),
        }
    }

    /// Returns why the database is not asked, if it is not.
    pub(super) fn skipped(&self) -> Option<String> {
        match self {
            Self::Default { url, exists: false } => Some(format!(
                "no database is configured, and the default `{}` does not exist",
                shown(url.database.as_deref().unwrap_or_default())
            )),
            _ => None,
        }
    }
}

/// Returns the URL of Airflow's default database.
fn default_url(airflow: &dyn AirflowOptions) -> Option<String> {
    let home = airflow.home().ok()?;
    home.expose_text()
        .map(|home| format!("sqlite:///{home}/airflow.db"))
}

/// Whether a value is the default that Airflow has written into an airflow.cfg of its own, so that nobody has chosen it.
fn is_written_default(airflow: &dyn AirflowOptions, value: &OptionValue) -> bool {
    let written = value
        .source
        .starts_with('[')
        .then(|| default_url(airflow))
        .flatten();
    written.is_some_and(|written| written.as_bytes() == value.value.expose())
}

fn default(airflow: &dyn AirflowOptions, deadline: Instant) -> Place {
    let source = "AIRFLOW_HOME".to_owned();
    let url = default_url(airflow).map(|url| DatabaseUrl::parse(&url, &source));
    match url {
        Some(Ok(url)) => {
            let paths = [&url.database, &url.database_as_written];
            let mut paths = paths.into_iter().flatten().map(Path::new);
            // An answer that does not come in time is an error when the file is read.
            let exists = paths.any(|path| file::exists(path, deadline).unwrap_or(true));
            drop(paths);
            Place::Default { url, exists }
        }
        _ => Place::Unusable { source },
    }
}

fn parse(value: &OptionValue) -> Result<DatabaseUrl> {
    let text =
        (value.value.expose_text()).ok_or_else(|| Error::usage(format!("{} is not UTF-8", value.source)))?;
    DatabaseUrl::parse(text, &value.source)
}

/// Returns what a client needs, and whether the database is Airflow's default. May run a command and ask the configured backend.
///
/// # Errors
/// A URL that cannot be used, with status 2, and what keeps the options from being looked up.
pub(super) async fn access<'a>(
    airflow: &dyn AirflowOptions,
    env: &'a Env,
    deadline: Instant,
    warnings: &Warnings,
) -> Result<(Access<'a>, bool)> {
    let (url, is_default) = match airflow.value(&SQL_ALCHEMY_CONN).await? {
        Some(value) if !is_written_default(airflow, &value) => (parse(&value)?, false),
        _ => match default(airflow, deadline) {
            Place::Default { url, .. } => (url, true),
            _ => {
                return Err(Error::usage("the default database has no absolute path")
                    .with_hint("set `AIRFLOW_HOME` to an absolute path, as Airflow needs it"));
            }
        },
    };
    let schema = match airflow.value(&SQL_ALCHEMY_SCHEMA).await? {
        Some(value) => {
            let text = (value.value.expose_text())
                .ok_or_else(|| Error::usage(format!("{} is not UTF-8", value.source)))?;
            (!text.chars().all(is_space)).then(|| text.to_owned())
        }
        None => None,
    };
    if let Some(value) = airflow.value(&SQL_ALCHEMY_CONNECT_ARGS).await?
        && !value.value.is_empty()
    {
        warnings.add(format!(
            "{} is ignored: it names Python code, and secretctl runs none",
            value.source
        ));
    }
    let access = Access {
        url,
        schema,
        env,
        deadline,
        warnings: warnings.clone(),
    };
    Ok((access, is_default))
}
