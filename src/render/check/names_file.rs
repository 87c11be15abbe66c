//! A file of names, for `--file`: a line for each name, below the files that use it.
//!
//! The text depends on nothing but the names and the files: not on lines, so that an edit of the code changes it only where names change.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::CheckedName;
use crate::inspect::UnknownUse;
use crate::render::terminal::line;

/// The first line, by which such a file is recognised.
pub const HEADER: &str = "# Written by `secretctl check --write-file`, which replaces it: names of your own belong in another file.\n";

/// What every reader should know.
const ABOUT: &str =
    "# No values: commit it, and read it with `--file` of exec, export, check, diff and policy.\n";

/// A name, and its line.
#[derive(Debug)]
pub struct Line<'a> {
    /// The line.
    pub text: String,
    /// The name, with its uses.
    pub name: &'a CheckedName,
    /// Whether the code has a default wherever it uses it.
    pub has_default: bool,
}

/// Returns the text of the file.
#[must_use]
pub fn text(lines: &[Line<'_>], unknown: &[UnknownUse]) -> String {
    let mut text = format!("{HEADER}{ABOUT}");
    for one in lines {
        text.push('\n');
        let files: BTreeSet<&str> = one.name.uses.iter().map(|one| &*one.place.file).collect();
        for file in files {
            let _ = writeln!(text, "# {}", line(file));
        }
        if one.name.on_command_line {
            text.push_str("# named on the command line\n");
        }
        if one.has_default {
            text.push_str("# may be missing (?), because the code has a default\n");
        }
        let _ = writeln!(text, "{}", one.text);
    }
    if !unknown.is_empty() {
        text.push_str("\n# Not known without running the code, so add what they need in another file:\n");
        let unknown: BTreeSet<String> = unknown
            .iter()
            .map(|one| format!("# {}: a {}: {}", line(&one.place.file), one.kind, line(&one.what)))
            .collect();
        for one in unknown {
            let _ = writeln!(text, "{one}");
        }
    }
    text
}
