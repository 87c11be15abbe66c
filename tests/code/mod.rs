//! The names found in code are those that Airflow asks for: real DAG files, imported by Airflow, against the finder.
//!
//! The files are Airflow's example DAGs and the system tests of its providers, unpacked by `scripts/dag-corpus`. The figures go
//! to the page `docs/check-figures.md`.

mod compare;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secretctl::inspect::code::Source;
use serde_json::json;

use crate::support::{airflow_apart, full, page, skip, variable};
use compare::Totals;

/// Every so many files of the corpus are imported, unless at full size.
const EACH: usize = 3;

/// The folder that `scripts/dag-corpus` prints.
fn corpus() -> Option<PathBuf> {
    let folder = variable("SECRETCTL_TEST_DAGS");
    if folder.is_none() {
        skip(
            "dags",
            "SECRETCTL_TEST_DAGS is not set; `scripts/test` unpacks them and sets it",
        );
    }
    folder.map(PathBuf::from)
}

/// The files below a folder that can be Python or templates, by their full paths.
fn sources(folder: &Path, all: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, all);
        } else if path
            .extension()
            .is_some_and(|end| ["py", "sql", "sh"].iter().any(|own| end == *own))
        {
            let text = std::fs::read(&path).unwrap();
            all.push(Source {
                path: Arc::from(path.to_str().unwrap()),
                text,
            });
        }
    }
}

#[test]
fn what_airflow_asks_for_in_real_dags_is_found_or_listed_as_not_known() {
    let (Some(judge), Some(corpus)) = (airflow_apart(), corpus()) else {
        return;
    };
    let examples = judge.ask(json!({"op": "dags.examples"}));
    let dags = corpus.join("dags");
    let mut all = Vec::new();
    sources(&dags, &mut all);
    sources(Path::new(examples.as_str().unwrap()), &mut all);
    let found = secretctl::inspect::code::names(&all);
    assert_eq!(found.unreadable, [], "real files can be read");

    let is_dag = |path: &&str| {
        Path::new(path).extension().is_some_and(|end| end == "py") && !path.ends_with("__init__.py")
    };
    let files: Vec<&str> = all.iter().map(|source| &*source.path).filter(is_dag).collect();
    let step = if full() { 1 } else { EACH };
    let asked: Vec<&str> = files.iter().copied().step_by(step).collect();
    let answers = judge.ask(json!({
        "op": "dags.import",
        "dags": dags,
        "providers": corpus.join("providers"),
        "files": asked,
    }));

    let mut totals = Totals::default();
    for answer in answers.as_array().unwrap() {
        totals.add(answer, &found);
    }
    assert_eq!(
        totals.missing,
        Vec::<String>::new(),
        "Airflow asks for these, and they are not found"
    );
    assert!(
        totals.files >= 100,
        "{} files were imported: {:?}",
        totals.files,
        totals.errors
    );
    if step == EACH {
        page("check-figures.md", &totals.page());
    }
}

#[test]
fn what_airflow_asks_for_in_dags_of_our_own_is_found_and_nothing_else() {
    let (Some(judge), Some(corpus)) = (airflow_apart(), corpus()) else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/code/own");
    let mut all = Vec::new();
    sources(&folder, &mut all);
    let found = secretctl::inspect::code::names(&all);
    assert_eq!(found.unknown, []);
    let files: Vec<&str> = all
        .iter()
        .map(|source| &*source.path)
        .filter(|path| !path.contains("helpers"))
        .collect();
    let answers = judge.ask(json!({
        "op": "dags.import",
        "dags": folder,
        "providers": corpus.join("providers"),
        "files": files,
    }));
    let mut totals = Totals::default();
    for answer in answers.as_array().unwrap() {
        assert_eq!(answer["unrendered"], 0, "{answer}");
        totals.add(answer, &found);
    }
    assert_eq!((totals.errors, totals.files), (Vec::new(), 2));
    assert_eq!((totals.missing, totals.extra), (Vec::<String>::new(), Vec::new()));
}
