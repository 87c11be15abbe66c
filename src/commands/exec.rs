//! `exec`: a command, with connections and variables in its environment.
//!
//! Owns what of the caller's environment the command gets. On Unix the process is replaced, so signals, terminal, job control
//! and status are the command's own; elsewhere a child runs in its place.
//! Statuses: POSIX.1-2024, `env`, "Exit status" (126, 127); 125 as in GNU coreutils' `env`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use super::Session;
use super::names::{self, Naming};
use crate::cli::ExecArgs;
use crate::env::Origin;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// The prefix of the variables that are for secretctl alone.
const OWN_PREFIX: &str = "SECRETCTL_";

/// Runs the command. Returns only on failure, or, where processes cannot be replaced, with the command's status.
pub(super) fn run(session: &Session, args: &ExecArgs) -> Result<u8> {
    let mut masks = session.masks();
    let mut entries = Vec::new();
    for resolved in names::resolve(session, names::wanted(&args.names, Naming::Environment)?)? {
        let entry = resolved.entry()?;
        if entry.value.expose().contains(&0) {
            return Err(Error::malformed(format!(
                "no environment can hold `{}`: its value has NUL",
                entry.name
            )));
        }
        resolved.mask(&mut masks);
        masks.add(entry.value.expose());
        entries.push(entry);
    }
    let (program, arguments) = args
        .command
        .split_first()
        .ok_or_else(|| Error::usage("there is no command to run"))?;
    let environment = &session.settings.env;
    let path = environment
        .variable("PATH")
        .filter(|path| path.origin == Origin::Process)
        .map(|path| &path.value);
    let mut command = Command::new(program);
    command.args(arguments);
    if args.pristine {
        command.env_clear();
        if let Some(path) = path {
            command.env("PATH", os_string(path, "PATH")?);
        }
    } else {
        // The standard library would pass the last of these on.
        for (name, variable) in environment.repeated() {
            command.env(name, os_string(&variable.value, name)?);
        }
        for (name, _) in environment
            .iter()
            .filter(|(name, _)| name.starts_with(OWN_PREFIX))
        {
            command.env_remove(name);
        }
    }
    for entry in &entries {
        command.env(&entry.name, os_string(&entry.value, &entry.name)?);
    }
    masks.announce();
    replace(command).map_err(|cause| cannot_run(program, path, cause))
}

/// Becomes `command`. The standard library gives it SIGPIPE as a process has it by default (its own start ignores it);
/// every other disposition, the file descriptors and the limits pass as they are.
#[cfg(unix)]
fn replace(mut command: Command) -> std::io::Result<u8> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

/// Runs `command` as a child. Ctrl-C reaches both, since they share the console: the child decides what it means, and this
/// process waits for its end.
#[cfg(not(unix))]
fn replace(mut command: Command) -> std::io::Result<u8> {
    #[cfg(windows)]
    ctrlc::set_handler(|| {}).map_err(std::io::Error::other)?;
    let status = command.status()?;
    Ok(u8::try_from(status.code().unwrap_or(1) & 0xff).unwrap_or(1))
}

fn cannot_run(program: &OsStr, path: Option<&Secret>, cause: std::io::Error) -> Error {
    let shown = crate::shown::shown(&program.to_string_lossy());
    let error = Error::new(ErrorKind::CannotRun, format!("command `{shown}` cannot be run"));
    if cause.kind() == std::io::ErrorKind::NotFound {
        if is_there(program, path) {
            return error.with_detail("it is there, but not the interpreter or loader that it names");
        }
        return Error::new(
            ErrorKind::CommandNotFound,
            format!("command `{shown}` was not found"),
        );
    }
    if cause.kind() == std::io::ErrorKind::ArgumentListTooLong {
        return error
            .with_source(cause)
            .with_hint("one value, or all of them, is more than an environment holds here");
    }
    error.with_source(cause)
}

/// Whether there is a file of the name: then a "not found" was said of what runs it, which the system does not tell apart.
fn is_there(program: &OsStr, path: Option<&Secret>) -> bool {
    let is_path = Path::new(program).components().count() != 1;
    let folders = path
        .and_then(|path| os_string(path, "PATH").ok())
        .filter(|_| !is_path);
    match folders {
        Some(folders) => std::env::split_paths(&folders).any(|folder| folder.join(program).is_file()),
        None => is_path && Path::new(program).is_file(),
    }
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere not every value is one that an environment can hold"
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
