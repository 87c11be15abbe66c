//! Parses the command line, or refuses it with one message and a status.
//!
//! Owns help, version and usage errors. Usage errors of `exec` have their own status. An echoed argument must not control the
//! terminal, nor show a secret that was meant for another option.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::mem::ManuallyDrop;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, FromArgMatches as _, Parser as _, Subcommand as _};

use super::{habits, help};
use crate::cli::{Cli, Command};
use crate::env::Env;
use crate::error::ErrorKind;
use crate::render;
use crate::render::terminal::printable;
use crate::shown::shown;

/// The status of `exec` when secretctl itself fails.
pub(super) const EXEC_FAILED: u8 = 125;

/// The length from which an argument is cut before it is parsed for its error. [`may_be_a_secret`] hides shorter ones.
const MAX_ECHOED_BYTES: usize = 1000;

/// Parses `args`.
///
/// # Errors
/// The exit status, if there is no command to run. The message is already printed.
pub(super) fn parse(args: &[OsString], env: &Env) -> Result<Cli, u8> {
    if let Some(text) = help::at_full_width(args, env) {
        return Err(printed(text));
    }
    if let Some(cli) = of_a_command(args) {
        return Ok(cli);
    }
    // Dropping it takes longer than many a lookup, and the process has only one.
    let mut command = ManuallyDrop::new(Cli::command());
    let parsed = command
        .try_get_matches_from_mut(args)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command)));
    let error = match parsed {
        Ok(mut cli) => {
            let after = cli.command.take_global();
            cli.global = cli.global.followed_by(after);
            return Ok(cli);
        }
        Err(error) => error,
    };
    if !error.use_stderr() {
        return Err(printed(&error.render().to_string()));
    }
    render::terminal::write(usage_error(args, error).as_bytes());
    Err(failed(args, ErrorKind::Usage))
}

/// Parses a line that starts with the name of a command, which has no options before it.
///
/// Then the options of every command need not be built a second time. `None` if the line is another or wrong: the whole parser has the
/// words for that.
fn of_a_command(args: &[OsString]) -> Option<Cli> {
    if args.get(1)?.as_encoded_bytes().starts_with(b"-") {
        return None;
    }
    // As for the whole parser, the last of an option wins.
    let parser = clap::Command::default().args_override_self(true);
    let mut parser = ManuallyDrop::new(Command::augment_subcommands(parser));
    let matches = parser.try_get_matches_from_mut(args).ok()?;
    let mut command = Command::from_arg_matches(&matches).ok()?;
    let global = command.take_global();
    Some(Cli { global, command })
}

/// Prints what was asked for instead of a command, and returns the exit status.
fn printed(text: &str) -> u8 {
    match render::stdout(text.as_bytes(), false) {
        Ok(()) => 0,
        Err(error) => error.kind().exit_status(),
    }
}

/// Returns the exit status of a failure of `kind`, from the command line only.
pub(super) fn failed(args: &[OsString], kind: ErrorKind) -> u8 {
    match from_the_command(args).command {
        Some(name) if name == "exec" => EXEC_FAILED,
        _ => kind.exit_status(),
    }
}

/// Returns the text of a usage error. Arguments that are not safe to echo are made safe and parsed again.
fn usage_error(args: &[OsString], error: clap::Error) -> String {
    let echoed: Vec<Cow<'_, str>> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let safe: Vec<String> = echoed
        .iter()
        .map(|arg| printable(start(arg)).into_owned())
        .collect();
    let mut error = if safe == echoed {
        error
    } else {
        Cli::try_parse_from(&safe).err().unwrap_or(error)
    };
    let with_a_secret = has_a_secret(&safe);
    let habit = match error.kind() {
        clap::error::ErrorKind::InvalidSubcommand => {
            let typed = from_the_command(args).words;
            let shown = |word: &str| (!may_be_a_secret(word) && !with_a_secret).then(|| shown(word));
            habits::tip(&typed, shown, &Cli::command())
        }
        _ => None,
    };
    for kind in [
        ContextKind::InvalidArg,
        ContextKind::InvalidValue,
        ContextKind::InvalidSubcommand,
    ] {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && (may_be_a_secret(text) || with_a_secret && !text.starts_with(['-', '<']))
        {
            error.insert(kind, ContextValue::String("…".to_owned()));
            // Suggestions repeat the argument.
            error.remove(ContextKind::Suggested);
        } else if let Some(ContextValue::String(text)) = error.get(kind) {
            let text = shown(text);
            error.insert(kind, ContextValue::String(text));
        }
    }
    if let Some(tip) = habit {
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![StyledStr::from(tip)]),
        );
    }
    let lacks_dashes = !safe.iter().any(|arg| arg == "--");
    let in_exec = || from_the_command(args).command.is_some_and(|name| name == "exec");
    if error.kind() == clap::error::ErrorKind::UnknownArgument && lacks_dashes && in_exec() {
        let tip = StyledStr::from("put `--` before the command to run");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    let text = error.render().to_string();
    text.lines()
        .map(|line| render::terminal::line(line) + "\n")
        .collect()
}

/// Returns the start of an argument. clap compares an unknown option with every option, which takes long for a long one, and nothing
/// of that length is shown.
fn start(arg: &str) -> &str {
    &arg[..arg.floor_char_boundary(MAX_ECHOED_BYTES)]
}

/// Whether a stray argument may be part of a secret: JSON, a URI, an assignment, a key in PEM form.
fn may_be_a_secret(text: &str) -> bool {
    let not_an_option = text.contains(['{', '}', '"', '\\']) || text.contains("://") || text.len() > 100;
    not_an_option || !text.starts_with('-') && text.contains(['=', ' '])
}

/// Whether an option on the line holds a secret. If it is not quoted, the shell splits it, so any other word may be part of it.
fn has_a_secret(args: &[String]) -> bool {
    ["--default", "--backend-kwargs"].into_iter().any(|option| {
        args.iter().enumerate().any(|(index, arg)| {
            let value = match arg.strip_prefix(option) {
                Some("") => args.get(index + 1).map(String::as_str),
                Some(value) => value.strip_prefix('='),
                None => None,
            };
            value.is_some_and(|value| !value.starts_with('@'))
        })
    })
}

/// The command's name, and the words from there on.
#[derive(Default)]
struct Line<'a> {
    command: Option<&'a OsStr>,
    words: Vec<Cow<'a, str>>,
}

/// Finds the command: the first argument that is neither an option nor an option's value.
fn from_the_command(args: &[OsString]) -> Line<'_> {
    let mut line = Line::default();
    let command = Cli::command();
    let takes_value = |option: &str| {
        command.get_arguments().any(|arg| {
            arg.get_action().takes_values()
                && arg
                    .get_long()
                    .is_some_and(|long| option.strip_prefix("--") == Some(long))
        })
    };
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some(option) if option.starts_with('-') => {
                if takes_value(option) {
                    args.next();
                }
            }
            _ => {
                line.command = Some(arg);
                let words = std::iter::once(arg).chain(args);
                line.words = words.map(|word| word.to_string_lossy()).collect();
                break;
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(args: &[&str]) -> Vec<OsString> {
        args.iter().map(OsString::from).collect()
    }

    fn name(args: &[&str]) -> Option<String> {
        from_the_command(&line(args))
            .command
            .map(|name| name.to_string_lossy().into_owned())
    }

    #[test]
    fn the_command_is_found_after_options_and_their_values() {
        assert_eq!(
            name(&[
                "secretctl",
                "--env-file",
                "get-var",
                "-q",
                "--team=x",
                "exec",
                "--bogus"
            ])
            .as_deref(),
            Some("exec")
        );
        assert_eq!(
            name(&["secretctl", "--worker", "get-conn", "exec"]).as_deref(),
            Some("get-conn")
        );
        assert_eq!(name(&["secretctl", "--bogus"]), None);
    }

    #[test]
    fn a_line_that_starts_with_its_command_means_the_same_to_both_parsers() {
        let typed = |text: &str| line(&format!("secretctl {text}").split(' ').collect::<Vec<_>>());
        for text in [
            "get-conn smtp_default",
            "get-conn --field password -q --timeout 3 --timeout 5 smtp_default -vv",
            "get-var --env-file a --env-file=b --team x --default -1 -n hello",
            "get-config core.parallelism --explain",
            "exec --conn a --conn b --set X=var:y -q -- printenv -q --conn",
            "export --var a --format json --worker",
            "check dags tests --offline --color never",
            "completions bash",
            "man",
        ] {
            let args = typed(text);
            let mut whole = Cli::try_parse_from(&args).unwrap();
            let after = whole.command.take_global();
            whole.global = whole.global.followed_by(after);
            let short = of_a_command(&args).unwrap();
            assert_eq!(format!("{short:?}"), format!("{whole:?}"), "{text}");
        }
        for text in [
            "-q get-var x",
            "get-var",
            "get-var x --bogus",
            "get-var --help",
            "-V",
            "help",
            "none",
        ] {
            assert!(of_a_command(&typed(text)).is_none(), "{text}");
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
