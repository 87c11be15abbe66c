//! `python::yaml` against PyYAML: every text is loaded by both, and must come out with the same values of the same types.

use secretctl::python::float;
use secretctl::python::yaml::{self, Document, Id, Object};
use serde_json::{Value, json};

use super::yaml_texts::texts;
use crate::support;

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Writes an object as the judge's `describe` does.
fn describe(document: &Document, id: Id, path: &[Id]) -> Value {
    let inner = [path, &[id]].concat();
    let all = |ids: &[Id]| -> Vec<Value> { ids.iter().map(|id| describe(document, *id, &inner)).collect() };
    match document.object(id) {
        Object::List(_) | Object::Pair(..) | Object::Map(_) | Object::Set(_) if path.contains(&id) => {
            let at = path.iter().position(|other| *other == id).unwrap();
            json!(["loop", path.len() - at])
        }
        Object::Null => json!(["none"]),
        Object::Bool(value) => json!(["bool", value]),
        Object::Int(digits) => json!(["int", digits]),
        Object::HugeInt => json!(["huge"]),
        Object::Float(value) => json!(["float", float::repr(*value)]),
        Object::Str(text) => json!(["str", text]),
        Object::Bytes(bytes) => {
            json!(["bytes", hex(bytes)])
        }
        Object::Date(text) => json!(["date", text]),
        Object::DateTime(text, _) => json!(["datetime", text]),
        Object::List(items) => json!(["list", all(items)]),
        Object::Pair(key, value) => json!(["tuple", all(&[*key, *value])]),
        Object::Set(items) => {
            let mut items = all(&items.values().copied().collect::<Vec<_>>());
            items.sort_by_key(Value::to_string);
            json!(["set", items])
        }
        Object::Map(map) => {
            let pairs: Vec<Value> = map
                .values()
                .map(|(key, value)| json!(all(&[*key, *value])))
                .collect();
            json!(["dict", pairs])
        }
    }
}

fn ours(text: &str) -> Value {
    match yaml::safe_load(text) {
        Ok(document) => {
            json!({"value": document.root().map_or(json!(["none"]), |root| describe(&document, root, &[]))})
        }
        Err(error) => json!({"error": error.to_string(), "line": error.line()}),
    }
}

fn differ(ours: &Value, theirs: &Value) -> bool {
    ours["error"].is_string() != theirs["error"].is_string() || ours["value"] != theirs["value"]
}

#[test]
fn texts_load_as_pyyaml_loads_them() {
    let Some(judge) = support::airflow() else { return };
    let texts = texts(support::cases(5_000, 100_000));
    let questions: Vec<Value> = texts
        .iter()
        .map(|text| json!({"op": "local.yaml", "text": text}))
        .collect();
    let answers = judge.ask_many(&questions);
    let mut different = Vec::new();
    let mut loaded = 0;
    for (text, theirs) in texts.iter().zip(&answers) {
        let ours = std::panic::catch_unwind(|| ours(text))
            .unwrap_or_else(|_| json!({"error": "PANIC", "value": "panic"}));
        loaded += usize::from(theirs["value"].is_array());
        if differ(&ours, theirs) {
            different.push(format!("{text:?}\n  ours:   {ours}\n  theirs: {theirs}"));
        }
    }
    eprintln!("{} texts, of which PyYAML loads {loaded}", texts.len());
    assert!(loaded * 4 > texts.len(), "too few texts are YAML to say much");
    let shown = different
        .iter()
        .take(20)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{shown}",
        different.len(),
        texts.len()
    );
}
