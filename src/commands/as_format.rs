//! `--as`: the format on the command line, and the text that is printed.
//!
//! Owns the list of formats that `--as help` prints, and `ID@FORMAT`. Must not know what a format looks like: `drivers` does.

use std::fmt::Write as _;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::connection::Connection;
use crate::drivers::{self, Content, Format, Rendered};
use crate::error::{Error, Result};
use crate::render::{self, Masks, Terminal, dotenv};
use crate::secret::Secret;
use crate::shown::shown;

/// The word that asks for the list of formats.
const HELP: &str = "help";

/// What follows `--as` of `get-conn`.
#[derive(Clone, Copy, Debug)]
pub enum AsFormat {
    /// The list of formats.
    Help,
    /// A format.
    Format(Format),
}

/// Parses the argument of `--as`.
pub(super) fn parser() -> impl TypedValueParser<Value = AsFormat> {
    let names = Format::ALL.map(Format::name).into_iter().chain([HELP]);
    PossibleValuesParser::new(names).try_map(|name| match &*name {
        HELP => Ok(AsFormat::Help),
        name => Format::parse(name).map(AsFormat::Format),
    })
}

/// Prints the formats, what each is for, and the connection types that it fits.
pub(super) fn print_formats() -> Result<()> {
    let mut text = String::new();
    for format in Format::ALL {
        let _ = writeln!(text, "{:<12} {}", format.name(), format.described());
        let _ = writeln!(text, "{:<12} types: {}", "", drivers::types_of(format).join(", "));
    }
    render::stdout(text.as_bytes(), false)
}

/// Returns `connection` in `format` as one text, adds its secrets to the masks, and prints the warnings.
///
/// # Errors
/// As [`drivers::render`]; variables that a line cannot carry, with status 6.
pub(super) fn text(
    connection: &Connection,
    format: Format,
    masks: &mut Masks,
    terminal: Terminal,
) -> Result<Secret> {
    match rendered(connection, format, masks, terminal)? {
        Content::Text(text) => Ok(text),
        Content::Variables(variables) => {
            let mut lines = Vec::new();
            for (name, value) in variables {
                if !lines.is_empty() {
                    lines.push(b'\n');
                }
                lines.extend_from_slice(dotenv::line(name, &value)?.expose());
            }
            Ok(Secret::new(lines))
        }
    }
}

/// Returns the variables of `connection` in `format`, adds their secrets to the masks, and prints the warnings.
///
/// # Errors
/// As [`drivers::render`].
pub(super) fn variables(
    connection: &Connection,
    format: Format,
    masks: &mut Masks,
    terminal: Terminal,
) -> Result<Vec<(String, Secret)>> {
    match rendered(connection, format, masks, terminal)? {
        Content::Variables(variables) => Ok(variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()),
        Content::Text(_) => Err(Error::internal("a format of variables is one text")),
    }
}

fn rendered(
    connection: &Connection,
    format: Format,
    masks: &mut Masks,
    terminal: Terminal,
) -> Result<Content> {
    let Rendered {
        content,
        quoted_secrets,
        warnings,
    } = drivers::render(connection, format)?;
    masks.add_connection(connection);
    for secret in &quoted_secrets {
        masks.add(secret.expose());
    }
    for warning in &warnings {
        terminal.warning(warning);
    }
    Ok(content)
}

/// Parses the `FORMAT` of `NAME=conn:ID@FORMAT`, for a format that is one text.
///
/// # Errors
/// An unknown format, or one of several variables, with status 2.
pub(super) fn parse_text(id: &str, name: &str) -> Result<Format> {
    let format = Format::parse(name)?;
    if format.is_variables() {
        return Err(Error::usage(format!(
            "format `{name}` is several variables, which have names of their own"
        ))
        .with_hint(format!("use `--as {}@{name}`", shown(id))));
    }
    Ok(format)
}

/// Parses `ID@FORMAT` of `exec` and `export`, for a format of several variables.
///
/// # Errors
/// Text without `@`, an unknown format, or a format that is one text, with status 2.
pub(super) fn parse_variables(text: &str) -> Result<(&str, Format)> {
    let Some((id, name)) = text.rsplit_once('@') else {
        return Err(Error::usage("an argument of `--as` has no `@`").with_hint("`--as` takes ID@FORMAT"));
    };
    let format = Format::parse(name)?;
    if !format.is_variables() {
        return Err(
            Error::usage(format!("format `{name}` is one text, not several variables"))
                .with_hint(format!("give it a name: `--set NAME=conn:{}@{name}`", shown(id))),
        );
    }
    Ok((id, format))
}
