//! The workflows, the action and the examples for GitHub: what they may do, and what they run is pinned.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Program, skip, variable, yaml};

/// The jobs that may write something, and what.
const WRITERS: &[(&str, &str)] = &[
    ("release.yml publish", "attestations contents id-token"),
    ("release.yml image", "attestations id-token packages"),
    ("release.yml pypi", "id-token"),
    ("github-actions-aws.yml deploy", "id-token"),
    ("github-actions-check.yml connections", "security-events"),
];

/// Returns the files that GitHub reads, and the examples of them, with their text.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("action.yml")];
    for folder in [".github/workflows", "examples/ci"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if folder == ".github/workflows" || name.starts_with("github-") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() >= 7, "{files:?}");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path, text)
    };
    files.into_iter().map(read).collect()
}

/// Returns the workflows among them: name, the whole, its jobs.
fn workflows() -> Vec<(String, Value)> {
    let is_workflow = |(path, text): (PathBuf, String)| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name != "action.yml").then(|| (name, yaml(&text)))
    };
    files().into_iter().filter_map(is_workflow).collect()
}

fn steps(workflow: &Value) -> impl Iterator<Item = &Value> {
    let jobs = workflow["jobs"].as_object().unwrap().values();
    jobs.flat_map(|job| job["steps"].as_array().unwrap())
}

#[test]
fn every_action_is_pinned_by_its_commit_with_the_version_beside_it() {
    let mut pins = BTreeMap::new();
    for (path, text) in files() {
        for line in text.lines() {
            let Some((_, used)) = line.split_once("uses: ") else {
                continue;
            };
            let (pin, version) = used
                .split_once(" # v")
                .unwrap_or_else(|| panic!("{}: no version beside `{used}`", path.display()));
            let (action, commit) = pin.split_once('@').unwrap();
            assert!(
                commit.len() == 40 && commit.bytes().all(|byte| b"0123456789abcdef".contains(&byte)),
                "{}: {used}",
                path.display()
            );
            assert_eq!(version.split('.').count(), 3, "{}: {used}", path.display());
            // One action has one version everywhere.
            let before = pins.insert(action.to_owned(), used.to_owned());
            assert!(before.is_none_or(|before| before == used), "{used}");
        }
    }
    assert!(pins.len() >= 8, "{pins:?}");
}

#[test]
fn each_job_has_the_least_permissions() {
    for (name, workflow) in workflows() {
        let nothing = workflow["permissions"]
            .as_object()
            .is_some_and(serde_json::Map::is_empty);
        let only_reads = workflow["permissions"] == serde_json::json!({"contents": "read"});
        assert!(nothing || (only_reads && name.starts_with("github-")), "{name}");
        for (job_name, job) in workflow["jobs"].as_object().unwrap() {
            let job_name = format!("{name} {job_name}");
            let Some(permissions) = job["permissions"].as_object() else {
                assert!(only_reads, "{job_name} has no permissions of its own");
                continue;
            };
            let written = |level: &str| {
                let mut names: Vec<_> = permissions
                    .iter()
                    .filter(|(_, granted)| *granted == level)
                    .map(|(name, _)| name.as_str())
                    .collect();
                names.sort_unstable();
                names.join(" ")
            };
            let allowed = WRITERS.iter().find(|(job, _)| *job == job_name);
            assert_eq!(
                written("write"),
                allowed.map_or("", |(_, names)| names),
                "{job_name}"
            );
            assert!(["", "contents"].contains(&written("read").as_str()), "{job_name}");
        }
    }
}

#[test]
fn no_expression_becomes_shell_text_and_no_checkout_leaves_its_token() {
    for (name, workflow) in workflows() {
        for step in steps(&workflow) {
            if let Some(run) = step["run"].as_str() {
                assert!(!run.contains("${{"), "{name}: {run}");
            }
            if step["uses"]
                .as_str()
                .is_some_and(|uses| uses.starts_with("actions/checkout@"))
            {
                assert_eq!(step["with"]["persist-credentials"], false, "{name}");
            }
        }
    }
}

#[test]
fn a_release_reads_no_cache_and_every_job_has_a_time_limit() {
    for (name, workflow) in workflows() {
        if name == "release.yml" {
            assert!(!workflow.to_string().contains("actions/cache"));
            assert_eq!(workflow["true"], serde_json::json!({"push": {"tags": ["v*"]}}));
        }
        for (job, description) in workflow["jobs"].as_object().unwrap() {
            if !name.starts_with("github-") {
                assert!(description["timeout-minutes"].as_u64().is_some(), "{name} {job}");
            }
        }
    }
}

#[test]
fn the_judges_of_workflows_find_nothing() {
    let judges = (variable("VALIDATORS_PYTHON"), variable("ACTIONLINT"));
    let run = |program: Program, only_workflows: bool| {
        let paths = files().into_iter().map(|(path, _)| path);
        let paths = paths.filter(|path| !only_workflows || !path.ends_with("action.yml"));
        let program = program.args(paths).env("HOME", env!("CARGO_MANIFEST_DIR"));
        let output = program.run();
        assert_eq!(output.status, 0, "{}{}", output.text(), output.stderr);
    };
    match judges.0 {
        Some(python) => {
            let zizmor = Path::new(&python).with_file_name("zizmor");
            let program = Program::new(zizmor).args(["--offline", "--quiet", "--no-progress"]);
            run(program.args(["--strict-collection", "--color=never"]), false);
        }
        None => skip(
            "validators",
            "VALIDATORS_PYTHON is not set; `scripts/test` installs the validators and sets it",
        ),
    }
    match judges.1 {
        Some(actionlint) => run(Program::new(actionlint).arg("-no-color"), true),
        None => skip(
            "actionlint",
            "ACTIONLINT is not set; `scripts/test` builds it where Go is",
        ),
    }
}
