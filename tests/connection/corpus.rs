//! Named cases with Airflow's answers, in `tests/parity/corpus`: every disagreement found so far, and the cases of
//! Airflow's own tests. They need no Python.
//!
//! A line is `{"name", "from", "domain", "input", "expect"}`. With `SECRETCTL_TEST_BLESS=1` and Airflow,
//! `expect` is rewritten from Airflow's answers.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::ours;
use crate::support;

const FILES: [&str; 2] = ["connection.jsonl", "python.jsonl"];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/corpus")
        .join(file)
}

fn cases(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path(file)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn every_named_case_has_airflows_answer() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in FILES.into_iter().flat_map(cases) {
        count += 1;
        let answer = ours::answer(case["domain"].as_str().unwrap(), &case["input"]);
        if answer != case["expect"] {
            wrong.push(format!(
                "{}\n  airflow: {}\n  ours:    {answer}",
                case["name"], case["expect"]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count > 400, "the corpus has lost its cases: {count}");
}

#[test]
fn named_cases_have_a_source_and_unique_names() {
    let mut names = HashSet::new();
    for case in FILES.into_iter().flat_map(cases) {
        let name = case["name"].as_str().unwrap().to_owned();
        assert!(
            case["from"].as_str().is_some_and(|from| !from.is_empty()),
            "{name}"
        );
        assert!(
            ours::DOMAINS.contains(&case["domain"].as_str().unwrap()),
            "{name}"
        );
        assert!(names.insert(name.clone()), "{name} appears twice");
    }
}

#[test]
fn the_corpus_has_airflows_answers() {
    let Some(judge) = support::airflow() else { return };
    for file in FILES {
        let mut cases = cases(file);
        for case in &mut cases {
            let question =
                json!({"op": "connection.check", "domain": case["domain"], "inputs": [case["input"]]});
            let answer = judge.ask(question)[0].take();
            if support::variable("SECRETCTL_TEST_BLESS").is_some() {
                case["expect"] = answer;
            } else {
                assert_eq!(case["expect"], answer, "{}", case["name"]);
            }
        }
        if support::variable("SECRETCTL_TEST_BLESS").is_some() {
            let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
            std::fs::write(path(file), lines.join("\n") + "\n").unwrap();
        }
    }
}
