//! `exec`: runs a command with connections and variables in its environment.
//!
//! Owns which of the caller's variables the command gets; those that are references are found by `references`. On Unix the process is replaced, so signals, terminal, job control and
//! status are the command's own. Elsewhere a child process runs.
//! Statuses: POSIX.1-2024, `env`, "Exit status" (126, 127); 125 as in GNU coreutils' `env`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use clap::Args;

use self::references::{OWN_PREFIX, References};
use super::names::resolved::{self, Given};
use super::names::{self, Delivery, NamesArgs, Naming};
use super::session::Session;
use crate::env::{Env, Origin};
use crate::error::{Error, ErrorKind, Result};
use crate::memory_file;
use crate::render::{Entry, Masks};
use crate::secret::Secret;
use crate::shown::shown;

mod references;

/// Options of `exec`.
#[derive(Args, Debug)]
#[command(
    override_usage = "secretctl exec [OPTIONS] -- <CMD> [ARG]...",
    after_long_help = "Examples:\n  secretctl exec --conn warehouse --var region -- python dag.py\n  \
                       secretctl exec --set 'PGPASSWORD=conn:warehouse#password' -- psql\n  \
                       secretctl exec --as warehouse@libpq-env -- psql\n  \
                       secretctl exec --from dags/ -- airflow dags test etl\n  \
                       secretctl exec --set-file KEY=var:deploy_key -- sh -c 'ssh-keygen -y -f \"$KEY\"'\n  \
                       DB_PASSWORD=secretctl:conn:warehouse#password secretctl exec -- ./load.sh\n\n\
                       Exit status: the command's own; 125 secretctl failed, 126 the command cannot be run, 127 it was not found"
)]
pub struct ExecArgs {
    /// The names to put into the command's environment.
    #[command(flatten)]
    pub names: NamesArgs,
    /// A value in a file in memory, whose path the command gets in NAME; Linux only (repeatable)
    #[arg(long, value_name = "NAME=REF")]
    pub set_file: Vec<String>,
    /// Start from an empty environment; only PATH is kept
    #[arg(long)]
    pub pristine: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// Runs the command. Returns only on failure, or with the command's status on systems that cannot replace a process.
pub(crate) fn run(start: impl FnOnce(Env) -> Result<Session>, env: Env, args: &ExecArgs) -> Result<u8> {
    if !args.set_file.is_empty() {
        memory_file::check()?;
    }
    let references = References::find(&env, args.pristine)?;
    let names: Vec<&str> = references.names.iter().map(String::as_str).collect();
    let session = &start(env.without(&names))?;
    let mut masks = session.masks();
    let mut list = names::wanted(session, &args.names, Naming::Environment, &names::BOTH)?;
    list.add_files(&args.set_file)?;
    list.add_variables(references.wanted)?;
    let resolved = resolved::resolve(session, list)?;
    resolved::refuse_references(&resolved)?;
    let entries = entries(resolved::given(session, &resolved, &mut masks)?, &mut masks)?;
    let (program, arguments) = args
        .command
        .split_first()
        .ok_or_else(|| Error::usage("there is no command to run"))?;
    let environment = &session.settings.env;
    let callers = environment
        .variable("PATH")
        .filter(|path| path.origin == Origin::Process)
        .map(|path| &path.value);
    let mut command = Command::new(program);
    command.args(arguments);
    if args.pristine {
        command.env_clear();
        if let Some(path) = callers {
            command.env("PATH", os_string(path, "PATH")?);
        }
    } else {
        // The standard library would pass on the last of these.
        for (name, variable) in environment.repeated() {
            command.env(name, os_string(&variable.value, name)?);
        }
        for (name, _) in environment
            .iter()
            .filter(|(name, _)| name.starts_with(OWN_PREFIX))
        {
            command.env_remove(name);
        }
        for name in &references.names {
            command.env_remove(name);
        }
    }
    for (entry, _) in &entries {
        command.env(&entry.name, os_string(&entry.value, &entry.name)?);
    }
    // The system looks for the command in the `PATH` of the command.
    let set = entries.iter().find(|(entry, _)| entry.name == "PATH");
    let path = set.map(|(entry, _)| &entry.value).or(callers);
    let path = path.map(|path| os_string(path, "PATH")).transpose()?;
    masks.announce()?;
    replace(command).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::ArgumentListTooLong => too_large(program, &entries, cause),
        _ => cannot_run(program, path, cause),
    })
}

/// Returns the variables with their descriptions, adds the values to the masks, and puts those that belong into a file there.
///
/// # Errors
/// A value that no environment can hold (status 6), or a file that cannot be made.
fn entries(given: Vec<Given>, masks: &mut Masks) -> Result<Vec<(Entry, String)>> {
    let entry = |Given {
                     entry: Entry { name, value },
                     described,
                     delivery,
                 }| {
        if delivery == Delivery::Value && value.expose().contains(&0) {
            return Err(
                Error::malformed(format!("no environment can hold `{name}`: its value has NUL"))
                    .with_hint(format!("a file can: `--set-file {name}=…`")),
            );
        }
        masks.add(value.expose());
        let value = match delivery {
            Delivery::Value => value,
            Delivery::File => memory_file::create(&value)?.into(),
        };
        Ok((Entry { name, value }, described))
    };
    given.into_iter().map(entry).collect()
}

/// Replaces this process with `command`.
///
/// The standard library resets SIGPIPE, which it ignores at start, to the default. Other signal dispositions, file descriptors and
/// limits pass unchanged.
#[cfg(unix)]
fn replace(mut command: Command) -> std::io::Result<u8> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

/// Runs `command` as a child, and waits for it.
///
/// Ctrl-C reaches both, because they share the console. The child decides what it means.
#[cfg(not(unix))]
fn replace(mut command: Command) -> std::io::Result<u8> {
    #[cfg(windows)]
    ctrlc::set_handler(|| {}).map_err(std::io::Error::other)?;
    let status = command.status()?;
    Ok(u8::try_from(status.code().unwrap_or(1) & 0xff).unwrap_or(1))
}

/// The `PATH` that glibc uses for a command without one: `confstr(_CS_PATH)`.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The size limit of one variable on Linux, in bytes, including its name, the `=` and the final NUL.
///
/// Source: `MAX_ARG_STRLEN` of `include/uapi/linux/binfmts.h`, 32 pages.
const MAX_VARIABLE_BYTES: usize = 32 * 4096;

/// Returns the error of a command that cannot be run. `path` is the search path.
fn cannot_run(program: &OsStr, path: Option<OsString>, cause: std::io::Error) -> Error {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let shown = shown(&program.to_string_lossy());
    let error = Error::new(ErrorKind::CannotRun, format!("command `{shown}` cannot be run"));
    if !matches!(cause.kind(), NotFound | NotADirectory) {
        return error.with_source(cause);
    }
    let is_path = program.as_encoded_bytes().contains(&b'/') || Path::new(program).components().count() != 1;
    let is_there = if is_path {
        Path::new(program).is_file()
    } else {
        let folders = path.unwrap_or_else(|| DEFAULT_PATH.into());
        // An empty entry is the current folder.
        std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
    };
    if is_there {
        // A missing interpreter gives the same system error.
        return error.with_detail("the file exists, but the interpreter or loader that it names does not");
    }
    Error::new(
        ErrorKind::CommandNotFound,
        format!("command `{shown}` was not found"),
    )
}

/// Returns the error of values that are too large for an environment: one value, or all variables together. Each entry comes with
/// its description.
fn too_large(program: &OsStr, entries: &[(Entry, String)], cause: std::io::Error) -> Error {
    let size = |entry: &Entry| entry.name.len() + entry.value.expose().len() + 2;
    let largest = entries.iter().max_by_key(|(entry, _)| size(entry));
    let error = match largest {
        Some((entry, what)) if cfg!(target_os = "linux") && size(entry) > MAX_VARIABLE_BYTES => {
            Error::malformed(format!(
                "{what} is too large for the variable `{}`: {} bytes; the limit is {MAX_VARIABLE_BYTES}",
                entry.name,
                size(entry)
            ))
        }
        _ => {
            let all: usize = entries.iter().map(|(entry, _)| size(entry)).sum();
            let error = Error::malformed(format!(
                "the values for command `{}` are too large for one environment: {all} bytes",
                shown(&program.to_string_lossy())
            ));
            match largest {
                Some((entry, what)) => error.with_detail(format!(
                    "the largest is {what} in the variable `{}`: {} bytes",
                    entry.name,
                    size(entry)
                )),
                None => error,
            }
        }
    };
    error
        .with_source(cause)
        .with_hint("write them to a file with `export --out FILE` for the command to read")
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "on other systems an environment cannot hold every value"
)]
fn os_string(value: &Secret, _: &str) -> Result<OsString> {
    use std::os::unix::ffi::OsStringExt as _;
    Ok(OsString::from_vec(value.expose().to_vec()))
}

#[cfg(not(unix))]
fn os_string(value: &Secret, name: &str) -> Result<OsString> {
    let text = value.expose_text();
    text.map(Into::into)
        .ok_or_else(|| Error::malformed(format!("no environment here can hold `{name}`: it is not UTF-8")))
}
