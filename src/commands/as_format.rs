//! `--as`: the format on the command line, and the text that is printed.
//!
//! Owns the list of formats that `--as help` prints, and `ID@FORMAT`. Must not know what a format looks like: `drivers` does.

use std::fmt::Write as _;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::connection::Connection;
use crate::drivers::{self, Content, Format, Options, Rendered};
use crate::error::{Error, Result};
use crate::python::json::{self, Object, Value};
use crate::render::{self, Masks, Terminal, dotenv, yaml};
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

/// What `get-conn` adds to a format.
#[derive(Debug, Default)]
pub(super) struct Additions {
    /// Fields of a target of dbt.
    options: Options,
    /// The name of the profile around a target.
    profile: Option<String>,
}

impl Additions {
    /// Reads `--profile` and `--profile-arg`.
    ///
    /// # Errors
    /// Another format than dbt's, or an argument without `=`, with status 2. The argument is not echoed.
    pub(super) fn read(format: Format, profile: Option<&str>, arguments: &[Secret]) -> Result<Self> {
        if format != Format::Dbt && (profile.is_some() || !arguments.is_empty()) {
            return Err(Error::usage("`--profile` and `--profile-arg` are for `--as dbt`"));
        }
        let mut profile_args = Object::new();
        for argument in arguments {
            let Some((name, value)) = argument.expose_text().and_then(|text| text.split_once('=')) else {
                return Err(Error::usage("an argument of `--profile-arg` is not KEY=VALUE"));
            };
            // A number stays a number.
            let value = json::loads(value).unwrap_or_else(|_| Value::from(value));
            profile_args.insert(name.to_owned(), value);
        }
        Ok(Self {
            options: Options { profile_args },
            profile: profile.map(str::to_owned),
        })
    }

    /// Returns a target as YAML: alone, or as the only one of a whole `profiles.yml`.
    fn yaml(&self, target: Object) -> String {
        const TARGET: &str = "airflow";
        let object = match &self.profile {
            None => target,
            Some(profile) => {
                let outputs = Object::from_iter([(TARGET.to_owned(), Value::Object(target))]);
                let of_profile = Object::from_iter([
                    ("target".to_owned(), TARGET.into()),
                    ("outputs".to_owned(), Value::Object(outputs)),
                ]);
                Object::from_iter([(profile.clone(), Value::Object(of_profile))])
            }
        };
        yaml::block(&object, 0).trim_end().to_owned()
    }
}

/// Returns `connection` in `format` as one text, adds its secrets to the masks, and prints the warnings.
///
/// # Errors
/// As [`drivers::render`]; variables that a line cannot carry, with status 6.
pub(super) fn text(
    connection: &Connection,
    format: Format,
    additions: &Additions,
    masks: &mut Masks,
    terminal: Terminal,
) -> Result<Secret> {
    let Rendered {
        content,
        quoted_secrets,
        warnings,
    } = drivers::render(connection, format, &additions.options)?;
    masks.add_connection(connection);
    for secret in &quoted_secrets {
        masks.add(secret.expose());
    }
    for warning in &warnings {
        terminal.warning(warning);
    }
    match content {
        Content::Text(text) => Ok(text),
        Content::Mapping(target) => Ok(additions.yaml(target).into()),
        Content::Variables(variables) => {
            let mut lines = Vec::new();
            for (name, value) in variables {
                if !lines.is_empty() {
                    lines.push(b'\n');
                }
                masks.add(value.expose());
                lines.extend_from_slice(dotenv::line(name, &value)?.expose());
            }
            Ok(Secret::new(lines))
        }
    }
}

/// Returns the variables of `connection` in `format`, and prints the warnings.
///
/// # Errors
/// As [`drivers::variables`].
pub(super) fn variables(
    connection: &Connection,
    format: Format,
    terminal: Terminal,
) -> Result<Vec<(String, Secret)>> {
    let variables = drivers::variables(connection, format, &Options::default())?;
    for warning in &variables.warnings {
        terminal.warning(warning);
    }
    Ok(variables.all)
}

/// Parses the `FORMAT` of `NAME=conn:ID@FORMAT`, for a format that is one text.
///
/// # Errors
/// An unknown format, or one of several variables, with status 2.
pub(super) fn parse_text(id: &str, name: &str) -> Result<Format> {
    let format = Format::parse(name)?;
    if !format.is_text() {
        return Err(Error::usage(format!(
            "format `{name}` is several variables, which have names of their own"
        ))
        .with_hint(format!("use `--as {}@{name}`", shown(id))));
    }
    Ok(format)
}

/// Parses `ID@FORMAT` of `exec` and `export`, for a format that has variables.
///
/// # Errors
/// Text without `@`, an unknown format, or a format that is one text, with status 2.
pub(super) fn parse_variables(text: &str) -> Result<(&str, Format)> {
    let Some((id, name)) = text.rsplit_once('@') else {
        return Err(Error::usage("an argument of `--as` has no `@`").with_hint("`--as` takes ID@FORMAT"));
    };
    let format = Format::parse(name)?;
    if !format.has_variables() {
        return Err(
            Error::usage(format!("format `{name}` is one text, not several variables"))
                .with_hint(format!("give it a name: `--set NAME=conn:{}@{name}`", shown(id))),
        );
    }
    Ok((id, format))
}
