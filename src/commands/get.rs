//! `get-conn`, `get-var` and `get-config`: one name in, one value out.

use super::{Session, stored};
use crate::cli::{ConnectionFormat, GetConfigArgs, GetConnArgs, GetVarArgs};
use crate::connection::{Connection, check_field_name};
use crate::error::{Error, ErrorKind, Result};
use crate::python::json;
use crate::render::{self, dotenv};
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::{Found, SecretKind};

/// Prints a connection, or one field of it.
pub(super) fn connection(start: impl FnOnce() -> Result<Session>, args: &GetConnArgs) -> Result<()> {
    if let Some(name) = &args.field {
        check_field_name(name)?;
    }
    let session = &start()?;
    let mut masks = session.masks();
    let value = match session.resolve(SecretKind::Connection, &args.conn_id) {
        Ok(found) => match &args.field {
            None => Some(formatted(&args.conn_id, &found, args.output, &mut masks)?),
            Some(name) => {
                let connection = Connection::from_found(&args.conn_id, &found)?;
                masks.add_connection(&connection);
                let value = connection.field(name)?;
                if value.is_none() && args.default.is_none() {
                    return Err(Error::not_found(format!(
                        "connection `{}` has no `{}`",
                        shown(&args.conn_id),
                        shown(name)
                    )));
                }
                value
            }
        },
        Err(error) if error.kind() == ErrorKind::NotFound && args.default.is_some() => None,
        Err(error) => return Err(error),
    };
    print(session, masks, value.as_ref().or(args.default.as_ref()))
}

/// Prints a variable, or one part of it.
pub(super) fn variable(session: &Session, args: &GetVarArgs) -> Result<()> {
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

/// Prints a configuration option.
pub(super) fn config(session: &Session, args: &GetConfigArgs) -> Result<()> {
    let found = session.resolve(SecretKind::Config, &args.key)?;
    print(session, session.masks(), Some(&stored::text(&found)))
}

/// Returns what `-o` makes of a connection.
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
    if output == ConnectionFormat::Raw {
        return Ok(stored::text(found));
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
            let name = stored::environment_name(SecretKind::Connection, conn_id);
            let value = stored::for_environment(conn_id, found, &connection)?;
            masks.add(value.expose());
            dotenv::single_line(&name, &value)
        }
    }
}

/// Announces what is printed to a CI system that masks, and prints it.
fn print(session: &Session, mut masks: render::Masks, value: Option<&Secret>) -> Result<()> {
    let value = value.map_or(&b""[..], Secret::expose);
    masks.add(value);
    masks.announce();
    render::stdout(value, !session.settings.no_newline)
}
