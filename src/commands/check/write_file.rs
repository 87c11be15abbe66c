//! `check --write-file`: a file of names, made of the names that code uses.
//!
//! Owns what may be replaced, and which names the notation of such a file can hold. Must not know the layout of the file: `render` does.

use std::path::Path;

use crate::commands::names::file::{self as names_file, OPTIONAL};
use crate::commands::reference::Reference;
use crate::commands::session::Session;
use crate::commands::sources;
use crate::error::{Error, Result};
use crate::file::{self, MAX_SETTINGS_BYTES};
use crate::render;
use crate::render::check::names_file::{HEADER, Line, text};
use crate::render::check::{CheckedName, Report};
use crate::shown::shown;

/// Writes the names of `report` to `path`; `-` is standard output. With a status other than 0, nothing is written.
///
/// # Errors
/// With status 2: a file that is there and was not written by this, or a folder that cannot be used. A file that cannot be written,
/// with status 1.
pub(super) fn write(path: &Path, report: &Report, session: &Session) -> Result<()> {
    let terminal = session.terminal;
    sources::warn_of_gaps(&report.unknown, &report.unreadable, terminal);
    if report.status != 0 {
        terminal.note("nothing is written, because of `--strict`");
        return Ok(());
    }
    let mut lines = Vec::new();
    for name in &report.names {
        match line(name) {
            Some(line) => lines.push(line),
            None => terminal.warning(&format!(
                "{} `{}` is left out: a file of names cannot hold it; name it with `--{}`",
                name.kind,
                shown(&name.name),
                if name.kind == crate::value::SecretKind::Connection {
                    "conn"
                } else {
                    "var"
                }
            )),
        }
    }
    let text = text(&lines, &report.unknown);
    if path == Path::new("-") {
        return render::stdout(text.as_bytes(), false);
    }
    check(path, session)?;
    render::file::write_public(path, text.as_bytes())
}

/// Returns the line of a name, unless it would be read as something else.
fn line(name: &CheckedName) -> Option<Line<'_>> {
    let has_default = !name.on_command_line && name.uses.iter().all(|one| one.has_default);
    let reference = Reference::whole(name.kind, &name.name);
    let mut text = reference.notation();
    if has_default {
        text.insert(0, OPTIONAL);
    }
    let read = names_file::parse("", &text).ok()?;
    let is_read_back = matches!(
        read.as_slice(),
        [line] if line.reference == reference && line.name.is_none() && line.may_be_missing == has_default
    );
    is_read_back.then_some(Line {
        text,
        name,
        has_default,
    })
}

/// Checks that the file at `path` is ours, if there is one.
fn check(path: &Path, session: &Session) -> Result<()> {
    render::file::check(path)?;
    let shown = shown(&path.to_string_lossy());
    match file::read_regular(path, MAX_SETTINGS_BYTES, session.settings.deadline) {
        Ok(text) if text.is_empty() || text.starts_with(HEADER.as_bytes()) => Ok(()),
        Ok(_) => Err(Error::usage(format!(
            "`{shown}` was not written by `--write-file`, and is left alone"
        ))
        .with_hint("remove it, or write to another file: `--file` can be given several times")),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(Error::usage(format!("`{shown}` cannot be read")).with_source(cause)),
    }
}
