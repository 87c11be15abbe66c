//! The deliberate differences from Airflow: `tests/parity/differences.jsonl`, and `docs/differences.md` made from it.
//!
//! A test that meets one names it: [`differs`] fails where the two answers agree, so that no entry outlives its difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write as _};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

/// One deliberate difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Its name, by which tests refer to it.
    pub id: String,
    /// The part of the program: `settings`, `vault`, …
    pub area: String,
    /// What Airflow does.
    pub airflow: String,
    /// What secretctl does, and why.
    pub reason: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn differences() -> &'static [Difference] {
    static ALL: OnceLock<Vec<Difference>> = OnceLock::new();
    ALL.get_or_init(|| {
        let text = fs::read_to_string(root().join("tests/parity/differences.jsonl")).unwrap();
        let parse = |line: &str| {
            let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let text = |key: &str| {
                entry[key]
                    .as_str()
                    .unwrap_or_else(|| panic!("no `{key}`: {line}"))
                    .to_owned()
            };
            Difference {
                id: text("id"),
                area: text("area"),
                airflow: text("airflow"),
                reason: text("reason"),
            }
        };
        text.lines().map(parse).collect()
    })
}

/// Returns the difference `id`; fails when the list has none of this name.
#[track_caller]
pub fn difference(id: &str) -> &'static Difference {
    differences()
        .iter()
        .find(|entry| entry.id == id)
        .unwrap_or_else(|| panic!("`{id}` is not in differences.jsonl"))
}

/// Asserts that the deliberate difference `id` is one: that Airflow's answer is another than ours.
#[track_caller]
pub fn differs<T: PartialEq + Debug>(id: &str, ours: &T, airflow: &T) {
    let difference = difference(id);
    assert_ne!(
        ours, airflow,
        "`{id}` no longer differs, so its entry goes: {}",
        difference.airflow
    );
}

/// Collects the text of every file under `dir` whose name ends in one of `ends`.
fn sources(dir: &Path, ends: &[&str], text: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, ends, text);
        } else if ends
            .iter()
            .any(|end| path.to_str().is_some_and(|path| path.ends_with(end)))
        {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_difference_has_one_name_and_a_test_that_knows_it() {
    let names: BTreeSet<_> = differences().iter().map(|entry| &entry.id).collect();
    assert_eq!(names.len(), differences().len(), "a name stands twice");
    let mut tests = String::new();
    sources(&root().join("tests"), &[".rs", ".py", ".json"], &mut tests);
    let unknown: Vec<_> = names
        .iter()
        .filter(|id| !tests.contains(&format!("\"{id}\"")))
        .collect();
    assert!(unknown.is_empty(), "no test names {unknown:?}");
    assert_eq!(difference("vault-redirect").area, "vault");
    differs("vault-redirect", &"kept", &"sent");
}

#[test]
fn the_page_of_differences_is_made_from_the_list() {
    let mut areas: BTreeMap<&str, Vec<&Difference>> = BTreeMap::new();
    for entry in differences() {
        areas.entry(&entry.area).or_default().push(entry);
    }
    let mut text = String::from(
        "# What secretctl does differently, on purpose\n\n\
         Everything else is as Airflow 3.3.2 answers it, and a disagreement that is not listed here is a bug. Each entry has a \
         test that asks both and fails when they agree. This page is made from `tests/parity/differences.jsonl`: \
         `SECRETCTL_TEST_UPDATE=1 cargo test page_of_differences` writes it.\n",
    );
    for (area, entries) in areas {
        write!(
            text,
            "\n## {area}\n\n| name | Airflow | secretctl |\n| --- | --- | --- |\n"
        )
        .unwrap();
        for Difference {
            id, airflow, reason, ..
        } in entries
        {
            let cell = |text: &str| text.replace('|', "\\|");
            writeln!(text, "| `{id}` | {} | {} |", cell(airflow), cell(reason)).unwrap();
        }
    }
    super::page("differences.md", &text);
}
