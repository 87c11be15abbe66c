//! YAML texts with PyYAML's answers, in `tests/parity/corpus/yaml.jsonl`: texts that once differed, and known traps. They
//! need no Python.
//!
//! A line is `{"text", "expect"}`. With `SECRETCTL_TEST_BLESS=1` and Airflow, `expect` is rewritten from PyYAML's answers.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};

use super::yaml_ours;
use crate::support;

const FILE: &str = "tests/parity/corpus/yaml.jsonl";

/// Returns the corpus: pairs of a text and its answer.
pub fn cases() -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let corpus = std::fs::read_to_string(path).unwrap();
    let case = |line: &str| {
        let mut case: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        (case["text"].as_str().unwrap().to_owned(), case["expect"].take())
    };
    corpus.lines().map(case).collect()
}

#[test]
fn every_yaml_text_has_pyyamls_answer() {
    let mut wrong = Vec::new();
    let mut texts = HashSet::new();
    for (text, expect) in cases() {
        let ours = yaml_ours::answer(&text);
        if ours != expect {
            wrong.push(format!("{text:?}\n  PyYAML: {expect}\n  ours:   {ours}"));
        }
        assert!(texts.insert(text.clone()), "{text:?} appears twice");
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        texts.len() > 380,
        "the corpus has lost its texts: {}",
        texts.len()
    );
}

#[test]
fn the_yaml_corpus_has_pyyamls_answers() {
    let Some(judge) = support::airflow() else { return };
    let questions: Vec<Value> = cases()
        .into_iter()
        .map(|(text, _)| json!({"op": "local.yaml", "text": text}))
        .collect();
    let answers = judge.ask_many(&questions);
    if support::variable("SECRETCTL_TEST_BLESS").is_some() {
        let lines: Vec<String> = cases()
            .iter()
            .zip(&answers)
            .map(|((text, _), answer)| json!({"text": text, "expect": answer}).to_string())
            .collect();
        std::fs::write(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE),
            lines.join("\n") + "\n",
        )
        .unwrap();
        return;
    }
    for ((text, expect), answer) in cases().iter().zip(&answers) {
        assert_eq!(expect, answer, "{text:?}");
    }
}
