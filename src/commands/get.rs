//! `get-conn`, `get-var` and `get-config`: one name in, one value out.

use super::Session;
use crate::cli::{GetConfigArgs, GetConnArgs, GetVarArgs, GlobalArgs};
use crate::error::Result;
use crate::render;
use crate::value::{Found, SecretKind};

pub(super) fn connection(session: &Session, global: &GlobalArgs, args: &GetConnArgs) -> Result<()> {
    print(session, global, SecretKind::Connection, &args.conn_id)
}

pub(super) fn variable(session: &Session, global: &GlobalArgs, args: &GetVarArgs) -> Result<()> {
    print(session, global, SecretKind::Variable, &args.key)
}

pub(super) fn config(session: &Session, global: &GlobalArgs, args: &GetConfigArgs) -> Result<()> {
    print(session, global, SecretKind::Config, &args.key)
}

fn print(session: &Session, global: &GlobalArgs, kind: SecretKind, id: &str) -> Result<()> {
    let _ = &session.settings;
    let found = session.runtime.block_on(session.resolver.resolve(kind, id))?;
    match found {
        Found::Text(text) | Found::Uri(text) => render::stdout(text.expose(), !global.no_newline),
        _ => Ok(()),
    }
}
