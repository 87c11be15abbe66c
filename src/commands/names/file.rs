//! `--file`: names that are committed beside the code, a line each.
//!
//! Owns the notation of a line. A file of names holds no value, but a file that is given by mistake may: the text of a malformed line
//! is never echoed. Must not know what a command does with a name.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::commands::reference::{FORM, Part, Reference};
use crate::commands::sources::shown_path;
use crate::error::{Error, Result};
use crate::file;
use crate::inspect::{NameUse, Origin, Place};
use crate::shown::shown;
use crate::value::SecretKind;

/// A byte order mark, which some editors on Windows write.
const BOM: &str = "\u{feff}";

/// What stands before a line whose value may be missing.
pub(in crate::commands) const OPTIONAL: char = '?';

/// A name of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) struct Line {
    /// Where the reference stands.
    pub(in crate::commands) place: Place,
    /// The name in an environment, if the line gives one.
    pub(in crate::commands) name: Option<String>,
    /// What the name stands for.
    pub(in crate::commands) reference: Reference,
    /// Whether the value may be missing.
    pub(in crate::commands) may_be_missing: bool,
}

impl Line {
    /// Returns the place without the column.
    pub(in crate::commands) fn at(&self) -> String {
        at(&self.place.file, self.place.line)
    }

    /// Returns the line as a use of the name.
    pub(in crate::commands) fn as_use(&self) -> NameUse {
        let path = match &self.reference.part {
            Part::Field(path) => Some(path.split('.').map(str::to_owned).collect()),
            _ => None,
        };
        NameUse {
            kind: self.reference.kind,
            name: self.reference.id.clone(),
            place: self.place.clone(),
            origin: Origin::NamesFile(self.name.clone()),
            has_default: self.may_be_missing,
            as_json: path.is_some() && self.reference.kind == SecretKind::Variable,
            fields: path.into_iter().collect(),
            at_parse_time: false,
        }
    }
}

/// Reads the names of `paths`, in their order. `-` is standard input.
///
/// # Errors
/// With status 2: a file that cannot be read or is not UTF-8, an empty name, a line that is neither a name nor a comment.
pub(in crate::commands) fn read(paths: &[PathBuf], deadline: Instant) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        if paths[..index].contains(path) {
            continue;
        }
        let (name, text) = if path == Path::new("-") {
            ("standard input".to_owned(), file::read_stdin(deadline))
        } else {
            let text = file::read_up_to(path, file::MAX_SETTINGS_BYTES, deadline);
            (shown_path(path), text)
        };
        let text = text.map_err(|cause| {
            Error::usage(format!("file of names `{}` cannot be read", shown(&name))).with_source(cause)
        })?;
        let Some(text) = text.expose_text() else {
            return Err(Error::usage(format!(
                "file of names `{}` is not UTF-8",
                shown(&name)
            )));
        };
        lines.append(&mut parse(&name, text)?);
    }
    Ok(lines)
}

/// Parses the text of a file.
pub(in crate::commands) fn parse(file: &str, text: &str) -> Result<Vec<Line>> {
    let name: Arc<str> = Arc::from(file);
    let mut lines = Vec::new();
    let text = text.strip_prefix(BOM).unwrap_or(text);
    for (line, number) in text.lines().zip(1_u32..) {
        let parsed = parse_line(line)
            .map_err(|error| error.map_message(|message| format!("{}: {message}", at(file, number))))?;
        if let Some((column, parsed)) = parsed {
            let place = Place {
                file: Arc::clone(&name),
                line: number,
                column,
            };
            lines.push(Line { place, ..parsed });
        }
    }
    Ok(lines)
}

fn at(file: &str, line: u32) -> String {
    format!("{}:{line}", shown(file))
}

/// Parses a line, and returns the column of its reference with it; `None` for a blank line or a comment.
fn parse_line(line: &str) -> Result<Option<(u32, Line)>> {
    let text = line.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    // `conn:ID#FIELD` has a `#` too, but without a blank before it.
    if text.contains(" #") || text.contains("\t#") {
        return Err(Error::usage("a comment stands after a name")
            .with_hint("a comment has a line of its own, which begins with `#`"));
    }
    let (may_be_missing, named) = match text.strip_prefix(OPTIONAL) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let is_reference = |text: &str| text.starts_with("conn:") || text.starts_with("var:");
    let (name, reference) = match named.split_once('=') {
        // An id may have a `=`.
        _ if is_reference(named) => (None, named),
        Some((name, reference)) => (Some(name.trim_end()), reference.trim_start()),
        None => return Err(malformed(None)),
    };
    let parsed = match name {
        Some(_) => Reference::parse(reference)?,
        None => Reference::parse_without_name(reference)?,
    };
    let Some(parsed) = parsed else {
        return Err(malformed(name));
    };
    if parsed.id.is_empty() {
        return Err(Error::usage(format!("the name of a {} is empty", parsed.kind)));
    }
    // The text ends with the reference.
    let before = line.trim_end().len() - reference.len();
    let column = u32::try_from(line[..before].chars().count() + 1).unwrap_or(u32::MAX);
    Ok(Some((
        column,
        Line {
            place: Place {
                file: Arc::from(""),
                line: 1,
                column,
            },
            name: name.map(str::to_owned),
            reference: parsed,
            may_be_missing,
        },
    )))
}

/// Returns the error of a line that has no reference. Its text may be a secret: only what can be no more than a name is shown.
fn malformed(name: Option<&str>) -> Error {
    let is_name = |name: &&str| {
        name.len() <= 64
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let what = match name.filter(is_name) {
        Some(name) => format!("`{}=…`", shown(name)),
        None => "this line".to_owned(),
    };
    Error::usage(format!("{what} names neither a connection nor a variable")).with_hint(format!(
        "a line is NAME=REF, conn:ID or var:KEY; REF is {FORM}; a file with values is for `--env-file`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        let mut lines = parse("names", text).expect("it is a name");
        assert_eq!(lines.len(), 1, "{text:?}");
        lines.remove(0)
    }

    #[test]
    fn every_form_of_a_line_is_read() {
        for (text, name, notation, column) in [
            ("conn:a", None, "conn:a", 1),
            ("  var:k  ", None, "var:k", 3),
            ("\u{feff}conn:a", None, "conn:a", 1),
            ("X=conn:a#extra.k", Some("X"), "conn:a#extra.k", 3),
            ("Ü = var:k#a.b\r\n", Some("Ü"), "var:k#a.b", 5),
            ("X=conn:a@pgpass", Some("X"), "conn:a@pgpass", 3),
            ("conn:a@libpq-env", None, "conn:a@libpq-env", 1),
            ("conn:a=b", None, "conn:a=b", 1),
        ] {
            let read = line(text);
            assert_eq!(
                (
                    read.name.as_deref(),
                    read.reference.notation().as_str(),
                    read.place.column
                ),
                (name, notation, column),
                "{text:?}"
            );
            assert!(!read.may_be_missing);
        }
        let optional = line("? X=var:k");
        assert!(optional.may_be_missing && optional.place.column == 5);
        assert_eq!(
            parse("names", "\n# conn:a\n\t# b\n  \r\n")
                .map(|lines| lines.len())
                .ok(),
            Some(0)
        );
    }

    #[test]
    fn a_malformed_line_is_named_by_its_number_and_not_shown() {
        for text in [
            "hunter2",
            "hunter2==",
            "postgres://u:hunter2@h/db?sslmode=require",
            "X=hunter2",
            "export X=hunter2",
            "conn :hunter2",
            "X=conn:",
            "var:",
            "conn:a # hunter2",
            "? hunter2",
            "Xhunter2=1",
        ] {
            let error = parse("names", &format!("# one\n\n{text}\n")).expect_err("it is malformed");
            assert!(error.message().starts_with("names:3: "), "{error:?}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        let error = parse("names", "PASSWORD=hunter2").expect_err("it is a value");
        assert!(error.message().contains("`PASSWORD=…`"), "{error:?}");
    }
}
