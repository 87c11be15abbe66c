//! The report for people: a paragraph for each name, the worst last, and a line that sums up.

use std::fmt::Write as _;

use super::{CheckedName, Level, Outcome, Report, origin};
use crate::inspect::Place;
use crate::render::Style;
use crate::render::terminal::line;

/// Returns the report. With `quiet`, names that are there, notes and the sum are left out.
#[must_use]
pub fn text(report: &Report, style: Style, quiet: bool) -> String {
    let mut text = String::new();
    for outcome in Outcome::ALL {
        for name in report.names.iter().filter(|name| name.outcome == outcome) {
            let is_wrong = matches!(outcome.level(), Some(Level::Error)) || !name.lints.is_empty();
            if is_wrong || !quiet {
                paragraph(&mut text, name, style);
            }
        }
    }
    let warning = style.warning("not known");
    for unknown in &report.unknown {
        push(
            &mut text,
            format_args!(
                "{warning}: a {} at {}: {}",
                unknown.kind,
                at(&unknown.place),
                line(&unknown.what)
            ),
        );
    }
    let warning = style.warning("cannot be read");
    for unreadable in &report.unreadable {
        push(
            &mut text,
            format_args!(
                "{warning}: {}: {}",
                at(&unreadable.place),
                line(&unreadable.reason)
            ),
        );
    }
    if !quiet {
        push(&mut text, format_args!("{}", report.summary()));
    }
    text
}

fn paragraph(text: &mut String, name: &CheckedName, style: Style) {
    let title = name.title();
    match (name.outcome, &name.found_in) {
        (Outcome::NotAsked, _) => push(text, format_args!("{title}")),
        (Outcome::Found, Some(place)) => {
            push(
                text,
                format_args!("{title}: {} in {}", style.good("found"), line(place)),
            );
        }
        (outcome, _) => {
            let words = match outcome.level() {
                Some(Level::Error) => style.bad(outcome.words()),
                Some(_) => style.warning(outcome.words()),
                None => style.good(outcome.words()),
            };
            push(text, format_args!("{title}: {words}"));
        }
    }
    // A default is a way out already.
    if let Some(problem) = name
        .problem
        .as_ref()
        .filter(|_| name.outcome != Outcome::HasDefault)
    {
        for one in problem.lines() {
            push(text, format_args!("  {}", line(&one)));
        }
    }
    for lint in &name.lints {
        push(
            text,
            format_args!(
                "  {}: {} [{}]",
                style.warning("warning"),
                line(&lint.message),
                lint.rule.id()
            ),
        );
    }
    for one in &name.uses {
        let when = if one.at_parse_time { ", at every parse" } else { "" };
        push(
            text,
            format_args!("  {}: {}{when}", at(&one.place), line(&origin(&one.origin))),
        );
    }
}

/// Returns a place as compilers write it, so that editors open it.
fn at(place: &Place) -> String {
    format!("{}:{}:{}", line(&place.file), place.line, place.column)
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{arguments}");
}
