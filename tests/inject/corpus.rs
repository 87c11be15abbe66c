//! Named templates with what a task of Airflow renders, in `tests/parity/corpus/templates.jsonl`.
//!
//! A line is `{"template", "expect"}`, where `expect` is Airflow's answer: `{"text"}` or `{"error"}`. `"ours"` stands beside it where
//! this program refuses what Airflow renders: the end of its message. With `SECRETCTL_TEST_BLESS=1` and Airflow, `expect` is rewritten.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::world::{airflows, inject, ours};
use crate::support;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/corpus/templates.jsonl")
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(path()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn template(case: &Value) -> &str {
    case["template"].as_str().unwrap()
}

/// Python prints some values with their address in memory.
fn without_addresses(mut answer: Value) -> Value {
    if let Some((before, rest)) = answer["text"].as_str().and_then(|text| text.split_once(" at 0x")) {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        answer["text"] = format!("{before} at 0x…{after}").into();
    }
    answer
}

#[test]
fn every_template_becomes_what_a_task_renders() {
    let mut wrong = Vec::new();
    let cases = cases();
    for case in &cases {
        let answer = ours(template(case));
        let right = match (&case["expect"]["text"], &case["ours"], &answer) {
            (Value::String(text), Value::Null, Ok(answer)) => answer == text,
            (Value::String(_), Value::String(message), Err(error)) => {
                error.message().contains(message.as_str())
            }
            (Value::Null, Value::Null, Err(_)) => true,
            _ => false,
        };
        if !right {
            wrong.push(format!(
                "{}\n  airflow: {}\n  ours:    {answer:?}",
                case["template"], case["expect"]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert!(
        cases.len() >= 200,
        "the corpus has lost its templates: {}",
        cases.len()
    );
}

#[test]
fn the_program_prints_what_a_task_renders() {
    for case in cases().iter().step_by(7) {
        let output = inject(template(case)).arg("-n").run();
        if let (Value::String(text), Value::Null) = (&case["expect"]["text"], &case["ours"]) {
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                *text,
                "{}",
                output.stderr
            );
            assert_eq!(output.status, 0, "{}", output.stderr);
        } else {
            assert!(output.stdout.is_empty(), "{}", case["template"]);
            assert!(matches!(output.status, 2 | 3 | 6), "{}", output.stderr);
        }
    }
}

#[test]
fn the_corpus_has_airflows_answers() {
    let Some(judge) = support::airflow_tasks() else {
        return;
    };
    let mut cases = cases();
    let templates: Vec<String> = cases.iter().map(|case| template(case).to_owned()).collect();
    let answers = airflows(judge, &templates).into_iter().map(without_addresses);
    let bless = support::variable("SECRETCTL_TEST_BLESS").is_some();
    for (case, answer) in cases.iter_mut().zip(answers) {
        if bless {
            case["expect"] = answer;
        } else {
            assert_eq!(case["expect"], answer, "{}", case["template"]);
        }
    }
    if bless {
        let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
        std::fs::write(path(), lines.join("\n") + "\n").unwrap();
    }
}
