//! Our answer to a YAML text, in the form of PyYAML's answer from `tests/parity/judge_local.py`.

use secretctl::python::yaml::{self, Document, Id, Object};
use secretctl::python::{float, json};
use serde_json::{Value, json};

/// Returns our answer to one text: the value, and its JSON form, or `null` where it has none.
pub fn answer(text: &str) -> Value {
    let Ok(document) = yaml::safe_load(text) else {
        return json!({"error": true});
    };
    let Some(root) = document.root() else {
        return json!({"value": ["none"], "json": "null"});
    };
    let as_json = document.to_json(root, &mut document.budget()).ok();
    json!({"value": describe(&document, root, &[]), "json": as_json.as_ref().map(json::dumps)})
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
        Object::Float(value) => json!(["float", float::repr(value)]),
        Object::Str(text) => json!(["str", text]),
        Object::Bytes(bytes) => json!(["bytes", hex(&bytes)]),
        Object::Date(text) => json!(["date", text]),
        Object::DateTime(text, _) => json!(["datetime", text]),
        Object::List(items) => json!(["list", all(&items)]),
        Object::Pair(key, value) => json!(["tuple", all(&[key, value])]),
        Object::Set(items) => {
            let mut items = all(&items);
            items.sort_by_key(Value::to_string);
            json!(["set", items])
        }
        Object::Map(map) => {
            let pairs: Vec<Value> = map
                .into_iter()
                .map(|(key, value)| json!(all(&[key, value])))
                .collect();
            json!(["dict", pairs])
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
