//! The comparison of `diff`, for people and as JSON. Shows names and fields, never a value.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::terminal::printable;
use crate::error::{Error, ErrorKind};
use crate::value::SecretKind;

/// One name and how the two configurations compare.
#[derive(Debug)]
pub struct Row {
    /// A connection or a variable.
    pub kind: SecretKind,
    /// The connection id or variable key.
    pub name: String,
    /// The comparison.
    pub comparison: Comparison,
}

/// How two configurations compare under one name.
#[derive(Debug)]
pub enum Comparison {
    /// Both have the same.
    Same,
    /// Both have it, with these fields different; a variable has none.
    Different(Vec<String>),
    /// Only the configuration at hand has it.
    OnlyHere,
    /// Only the other configuration has it.
    OnlyThere,
    /// Neither has it.
    Missing,
    /// Neither has it, and every use in the code has a default.
    Default,
    /// It is not known: the failures of the configuration at hand and of the other one, of which at least one is set.
    Unknown {
        /// The failure of the configuration at hand.
        here: Option<Error>,
        /// The failure of the other one.
        there: Option<Error>,
    },
}

impl Comparison {
    /// Returns the outcome in words, and in JSON.
    fn words(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different(_) => "different",
            Self::OnlyHere => "only here",
            Self::OnlyThere => "only there",
            Self::Missing => "missing",
            Self::Default => "default",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// Returns a line for each name, without a final newline.
#[must_use]
pub fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        if !text.is_empty() {
            text.push('\n');
        }
        let words = row.comparison.words();
        let _ = write!(text, "{words:<10}  {} `{}`", row.kind, printable(&row.name));
        match &row.comparison {
            Comparison::Different(fields) if !fields.is_empty() => {
                let _ = write!(text, ": {}", fields.join(", "));
            }
            Comparison::Unknown { here, there } => {
                let sides = [(here, "here"), (there, "there")];
                let failed: Vec<_> = sides
                    .iter()
                    .filter_map(|(error, side)| Some(format!("{} {side}", word(error.as_ref()?))))
                    .collect();
                let _ = write!(text, ": {}", failed.join(", "));
            }
            _ => {}
        }
    }
    text
}

/// Returns `{"names":[{"kind","name","outcome","fields"}]}` on one line; `docs/json.md` documents it.
#[must_use]
pub fn json(rows: &[Row]) -> String {
    let names: Vec<Value> = rows.iter().map(object).collect();
    json!({ "names": names }).to_string()
}

fn object(row: &Row) -> Value {
    let kind = match row.kind {
        SecretKind::Connection => "conn",
        SecretKind::Variable => "var",
        SecretKind::Config => "config",
    };
    let outcome = row.comparison.words().replace(' ', "_");
    let mut object = json!({"kind": kind, "name": row.name, "outcome": outcome});
    match &row.comparison {
        Comparison::Different(fields) => object["fields"] = fields.as_slice().into(),
        Comparison::Unknown { here, there } => {
            for (side, error) in [("here", here), ("there", there)] {
                if let Some(error) = error {
                    object[side] = word(error).into();
                }
            }
        }
        _ => {}
    }
    object
}

/// Returns a failure in a word.
fn word(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Denied => "denied",
        ErrorKind::Unavailable => "unreachable",
        ErrorKind::Malformed => "malformed",
        _ => "failed",
    }
}
