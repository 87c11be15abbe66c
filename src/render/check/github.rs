//! The report as annotations of a GitHub workflow: GitHub shows each next to its line of a pull request.
//!
//! Source: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>; the escapes are those of the runner's
//! `ActionCommand.cs`, which undoes them.

use std::fmt::Write as _;

use super::{Level, Report};
use crate::render::terminal::line;

/// Returns an annotation for every finding, and a line that sums up.
#[must_use]
pub fn github(report: &Report) -> String {
    let mut text = String::new();
    for finding in report.findings() {
        let command = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let _ = write!(text, "::{command} ");
        if let Some(place) = finding.place {
            let file = property(&place.file);
            let _ = write!(text, "file={file},line={},col={},", place.line, place.column);
        }
        let lines: Vec<String> = finding.lines.iter().map(|one| data(&line(one))).collect();
        let _ = writeln!(text, "title={}::{}", property(&finding.title), lines.join("%0A"));
    }
    let _ = writeln!(text, "{}", line(&report.summary()));
    text
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Escapes the data of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
