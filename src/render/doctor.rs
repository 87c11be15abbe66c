//! The output of `doctor`: one line a check for people, and JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::terminal::{line, printable};
use crate::report::{Outcome, Report, Row};

/// Returns the report as JSON, without a final newline. docs/json.md describes it.
#[must_use]
pub fn json(report: &Report) -> String {
    let mut checks = Vec::new();
    for section in &report.sections {
        for row in &section.rows {
            checks.push(check(&section.place, section.backend.as_deref(), row));
        }
    }
    json!({"status": report.status(), "checks": checks}).to_string()
}

fn check(place: &str, backend: Option<&str>, row: &Row) -> Value {
    let status = match row.outcome {
        Outcome::Failure(kind) => kind.exit_status(),
        _ => 0,
    };
    json!({
        "place": place,
        "backend": backend,
        "check": row.check.word(),
        "outcome": word(row.outcome),
        "status": status,
        "words": row.words,
        "details": row.details,
        "way_out": row.way_out,
    })
}

/// Returns the report for people, without a final newline: one line a check, and below it what to do.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for section in &report.sections {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&printable(&section.place));
        for row in &section.rows {
            let (outcome, check) = (word(row.outcome), row.check.word());
            let _ = write!(text, "\n  {outcome:<11}  {check:<10}  {}", line(&row.words));
            for detail in &row.details {
                let _ = write!(text, "\n{:27}{}", "", line(detail));
            }
            if let Some(way_out) = &row.way_out {
                let _ = write!(text, "\n{:27}to do: {}", "", line(way_out));
            }
        }
    }
    text
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Warning => "warning",
        Outcome::Failure(_) => "failure",
        Outcome::NotChecked => "not checked",
    }
}
