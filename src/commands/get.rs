//! `get-conn` and `get-var`: one name in, one value out.

use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum};

use super::as_format::{self, Additions, AsFormat};
use super::session::Session;
use super::{export, stored};
use crate::connection::{Connection, check_field_name};
use crate::error::{Error, ErrorKind, Result};
use crate::python::json;
use crate::render::{self, dotenv, file};
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::{Found, SecretKind};
use crate::variable_name::variable_name;

/// Options of `get-conn`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl get-conn smtp_default\n  secretctl get-conn warehouse -o json\n  \
                       PGPASSWORD=$(secretctl get-conn warehouse --field password) psql\n  \
                       secretctl get-conn warehouse --as sqlalchemy\n  \
                       secretctl get-conn warehouse --as pgpass --out pgpass\n  \
                       secretctl get-conn --as help"
)]
pub struct GetConnArgs {
    /// The connection id
    #[arg(required_unless_present = "as_format")]
    pub conn_id: Option<String>,
    /// The output format
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "uri",
        conflicts_with = "field"
    )]
    pub output: ConnectionFormat,
    /// The field to print.
    #[arg(
        long,
        value_name = "NAME",
        help = "Print only this field: conn_type, host, login, password, schema, port, description, extra, extra.KEY[.KEY…]"
    )]
    pub field: Option<String>,
    /// The form that another program takes; `--as help` lists them
    #[arg(id = "as_format", long = "as", value_name = "FORMAT", value_parser = as_format::parser(), hide_possible_values = true, conflicts_with_all = ["output", "field"])]
    pub as_format: Option<AsFormat>,
    /// With --as: write to FILE instead of stdout, atomically, and readable only by you
    #[arg(long, value_name = "FILE", requires = "as_format")]
    pub out: Option<PathBuf>,
    /// With --as dbt: a whole profiles.yml, with this profile
    #[arg(long, value_name = "NAME", requires = "as_format")]
    pub profile: Option<String>,
    /// With --as dbt: a field of the target that the connection has not (repeatable)
    #[arg(long, value_name = "KEY=VALUE", requires = "as_format", value_parser = secret())]
    pub profile_arg: Vec<Secret>,
    /// Print this when the connection or the field is not found
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, value_parser = secret())]
    pub default: Option<Secret>,
}

/// The output formats of `get-conn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConnectionFormat {
    /// The stored URI, or the one that Airflow builds from JSON or fields
    Uri,
    /// The URI that Airflow's `Connection.get_uri()` builds
    AirflowUri,
    /// The parsed connection
    Json,
    /// The stored value, byte for byte
    Raw,
    /// One `AIRFLOW_CONN_ID=VALUE` line
    Env,
}

/// Options of `get-var`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl get-var hello\n  secretctl get-var settings --field database.host\n  \
                       secretctl get-var region --default eu-west-1"
)]
pub struct GetVarArgs {
    /// The variable's key
    pub key: String,
    /// Parse the value as JSON and print it in compact form
    #[arg(long)]
    pub json: bool,
    /// Print only this part of the JSON value: a, a.b
    #[arg(long, value_name = "PATH")]
    pub field: Option<String>,
    /// Print this when the variable or the part of it is not found
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, value_parser = secret())]
    pub default: Option<Secret>,
}

/// Prints a connection, or one field of it.
pub(crate) fn connection(start: impl FnOnce() -> Result<Session>, args: &GetConnArgs) -> Result<()> {
    if matches!(args.as_format, Some(AsFormat::Help)) {
        return as_format::print_formats();
    }
    let Some(conn_id) = &args.conn_id else {
        return Err(Error::usage("`--as` needs the id of a connection").with_hint("`--as help` needs none"));
    };
    if let Some(name) = &args.field {
        check_field_name(name)?;
    }
    let additions = match args.as_format {
        Some(AsFormat::Format(format)) => {
            Additions::read(format, args.profile.as_deref(), &args.profile_arg)?
        }
        _ => Additions::default(),
    };
    let session = &start()?;
    let out = args.out.as_deref().filter(|out| *out != Path::new("-"));
    if let Some(out) = out {
        export::refuse_ci_file(out, &session.settings.env)?;
        file::check(out)?;
    }
    let mut masks = session.masks();
    let value = match session.resolve(SecretKind::Connection, conn_id) {
        Ok(found) => match (&args.field, args.as_format) {
            (_, Some(AsFormat::Format(format))) => {
                let connection = Connection::from_found(conn_id, &found)?;
                let terminal = session.terminal;
                Some(as_format::text(
                    &connection,
                    format,
                    &additions,
                    &mut masks,
                    terminal,
                )?)
            }
            (None, _) => Some(formatted(conn_id, &found, args.output, &mut masks)?),
            (Some(name), _) => {
                let connection = Connection::from_found(conn_id, &found)?;
                masks.add_connection(&connection);
                let value = connection.field(name)?;
                if value.is_none() && args.default.is_none() {
                    return Err(Error::not_found(format!(
                        "connection `{}` has no `{}`",
                        shown(conn_id),
                        shown(name)
                    )));
                }
                value
            }
        },
        Err(error) if error.kind() == ErrorKind::NotFound && args.default.is_some() => None,
        Err(error) => return Err(error),
    };
    let value = value.as_ref().or(args.default.as_ref());
    match out {
        Some(out) => write(session, masks, value, out),
        None => print(session, masks, value),
    }
}

/// Prints a variable, or one part of it.
pub(crate) fn variable(session: &Session, args: &GetVarArgs) -> Result<()> {
    let value = match session.resolve(SecretKind::Variable, &args.key) {
        Ok(found) if args.json || args.field.is_some() => {
            let parsed = stored::parse_json(&args.key, &found)?;
            match &args.field {
                None => Some(json::dumps_compact(&parsed).into()),
                Some(path) => match stored::reach(&parsed, path) {
                    Some(json::Value::String(text)) if !args.json => Some(Secret::from(text.as_str())),
                    Some(part) => Some(json::dumps_compact(part).into()),
                    None if args.default.is_some() => None,
                    None => {
                        return Err(Error::not_found(format!(
                            "variable `{}` has no `{}`",
                            shown(&args.key),
                            shown(path)
                        )));
                    }
                },
            }
        }
        Ok(found) => Some(stored::text(&found)),
        Err(error) if error.kind() == ErrorKind::NotFound && args.default.is_some() => None,
        Err(error) => return Err(error),
    };
    print(session, session.masks(), value.as_ref().or(args.default.as_ref()))
}

/// Returns a connection in the format of `-o`.
fn formatted(
    conn_id: &str,
    found: &Found,
    output: ConnectionFormat,
    masks: &mut render::Masks,
) -> Result<Secret> {
    let parsed = Connection::from_found(conn_id, found);
    if let Ok(connection) = &parsed {
        masks.add_connection(connection);
    }
    match (output, found) {
        // A database stores columns, and Airflow's text of them is this.
        (ConnectionFormat::Raw, Found::Row(_)) => return parsed?.as_json(),
        (ConnectionFormat::Raw, _) => return Ok(stored::text(found)),
        _ => {}
    }
    let connection = parsed?;
    match output {
        ConnectionFormat::Raw | ConnectionFormat::Uri => match stored::uri(found) {
            Some(uri) => Ok(uri),
            None => connection.get_uri(),
        },
        ConnectionFormat::AirflowUri => connection.get_uri(),
        ConnectionFormat::Json => {
            Ok(json::dumps_compact(&json::Value::Object(connection.to_object()?)).into())
        }
        ConnectionFormat::Env => {
            let name = variable_name(SecretKind::Connection, conn_id).unwrap_or_default();
            let value = stored::for_environment(conn_id, found, &connection)?;
            masks.add(value.expose());
            dotenv::single_line(&name, &value)
        }
    }
}

/// Announces the masks to the CI system, and prints the value.
pub(super) fn print(session: &Session, mut masks: render::Masks, value: Option<&Secret>) -> Result<()> {
    let value = value.map_or(&b""[..], Secret::expose);
    masks.add(value);
    masks.announce()?;
    render::stdout(value, !session.settings.no_newline)
}

/// Announces the masks to the CI system, and writes the value to a file.
fn write(session: &Session, mut masks: render::Masks, value: Option<&Secret>, out: &Path) -> Result<()> {
    let value = value.map_or(&b""[..], Secret::expose);
    masks.add(value);
    masks.announce()?;
    file::write_text(out, value, !session.settings.no_newline)
}

/// Parses an argument as bytes, unchanged.
pub(super) fn secret() -> impl clap::builder::TypedValueParser<Value = Secret> {
    OsStringValueParser::new().map(|text| Secret::new(text.into_encoded_bytes()))
}
