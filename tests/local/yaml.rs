//! `python::yaml` compared with PyYAML: both load every text, and must return the same values of the same types.

use serde_json::{Value, json};

use super::yaml_ours::answer;
use super::yaml_texts::texts;
use crate::support;

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
        let ours = std::panic::catch_unwind(|| answer(text)).unwrap_or_else(|_| json!("PANIC"));
        loaded += usize::from(theirs["value"].is_array());
        if ours != *theirs {
            different.push(format!("{text:?}\n  ours:   {ours}\n  theirs: {theirs}"));
        }
    }
    eprintln!("{} texts; PyYAML loads {loaded}", texts.len());
    assert!(loaded * 4 > texts.len(), "too few texts are YAML to be a test");
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
