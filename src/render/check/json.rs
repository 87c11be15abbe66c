//! The report for programs. `docs/json.md` has its schema.

use serde_json::{Map, Value, json};

use super::{CheckedName, Outcome, Report, place_members};
use crate::inspect::{NameUse, Origin};
use crate::value::SecretKind;

/// Returns the report as one line of JSON.
#[must_use]
pub fn json(report: &Report) -> String {
    let names: Vec<Value> = report.names.iter().map(name).collect();
    let unknown: Vec<Value> = (report.unknown.iter())
        .map(|unknown| {
            let mut object = Map::new();
            object.insert("kind".to_owned(), kind(unknown.kind).into());
            add(&mut object, place_members(&unknown.place));
            object.insert("what".to_owned(), unknown.what.clone().into());
            object.into()
        })
        .collect();
    let unreadable: Vec<Value> = (report.unreadable.iter())
        .map(|unreadable| {
            let mut object = Map::new();
            add(&mut object, place_members(&unreadable.place));
            object.insert("reason".to_owned(), unreadable.reason.clone().into());
            object.into()
        })
        .collect();
    json!({
        "files": report.files,
        "names": names,
        "unknown": unknown,
        "unreadable": unreadable,
        "strict": report.strict,
        "status": report.status,
    })
    .to_string()
}

fn name(name: &CheckedName) -> Value {
    let problem = name.problem.as_ref();
    let lints: Vec<Value> = (name.lints.iter())
        .map(|lint| json!({"rule": lint.rule.id(), "message": lint.message}))
        .collect();
    let uses: Vec<Value> = name.uses.iter().map(one_use).collect();
    json!({
        "kind": kind(name.kind),
        "name": name.name,
        "outcome": (name.outcome != Outcome::NotAsked).then(|| name.outcome.id()),
        "found_in": name.found_in,
        "message": problem.map(|problem| &problem.message),
        "details": problem.map(|problem| problem.details.as_slice()).unwrap_or_default(),
        "hint": problem.and_then(|problem| problem.hint.as_ref()),
        "warnings": lints,
        "on_command_line": name.on_command_line,
        "uses": uses,
    })
}

fn one_use(one: &NameUse) -> Value {
    let mut object = Map::new();
    add(&mut object, place_members(&one.place));
    let (by, word) = match &one.origin {
        Origin::Call => ("call", None),
        Origin::Argument(name) => ("argument", Some(name)),
        Origin::Template => ("template", None),
        Origin::Environment => ("environment", None),
        Origin::ClassDefault(class) => ("class-default", Some(class)),
        Origin::NamesFile(name) => ("names-file", name.as_ref()),
    };
    add(
        &mut object,
        [
            ("by", by.into()),
            ("detail", word.map_or(Value::Null, |word| word.as_str().into())),
            ("has_default", one.has_default.into()),
            ("as_json", one.as_json.into()),
            ("fields", one.fields.iter().map(|path| path.join(".")).collect()),
            ("at_parse_time", one.at_parse_time.into()),
        ],
    );
    object.into()
}

fn add<const N: usize>(object: &mut Map<String, Value>, members: [(&str, Value); N]) {
    for (key, value) in members {
        object.insert(key.to_owned(), value);
    }
}

/// Returns the kind as `explain` takes it.
fn kind(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "conn",
        SecretKind::Variable => "var",
        SecretKind::Config => "config",
    }
}
