//! What the project offers for CI: the hook for pre-commit, and the example job that fails a pull request.

use std::path::Path;

use super::{COMPLETE, etl};
use crate::cli::examples::{blocks, example, shell};
use crate::support::{Output, Program, skip, variable};

/// Prints what pre-commit reads of each hook, and the status of its own check of the file.
const HOOKS: &str = r#"
import json, sys
from pre_commit.clientlib import load_manifest
from pre_commit.commands.validate_manifest import validate_manifest
status = validate_manifest(sys.argv[1:])
print(json.dumps({"status": status, "hooks": load_manifest(sys.argv[1])}))
"#;

#[test]
fn pre_commit_reads_the_hook_and_its_command_runs() {
    let Some(python) = variable("VALIDATORS_PYTHON") else {
        return skip(
            "validators",
            "VALIDATORS_PYTHON is not set; `scripts/test` installs the validators and sets it",
        );
    };
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let output = Program::new(python).args(["-c", HOOKS]).arg(&manifest).run();
    let read: serde_json::Value = serde_json::from_str(output.ok()).unwrap();
    assert_eq!(read["status"], 0);
    let hook = &read["hooks"][0];
    assert_eq!(hook["id"], "secretctl-check");
    let mut entry = hook["entry"].as_str().unwrap().split(' ');
    assert_eq!(entry.next(), Some("secretctl"));
    // pre-commit appends the changed files.
    let project = etl();
    let program = project
        .program()
        .args(entry)
        .args(["dags/etl.py", "dags/load.sql"]);
    assert_eq!(program.clone().run().status, 3);
    assert_eq!(program.envs(COMPLETE).run().status, 0);
}

/// Runs the blocks of the example job in the folder of a project, with variables.
fn job(variables: &[(&str, &str)]) -> Vec<Output> {
    let project = etl();
    let job = std::fs::read_to_string(example("github-actions-check.yml")).unwrap();
    let blocks = blocks(&job);
    assert_eq!(blocks.len(), 2);
    blocks
        .iter()
        .map(|block| {
            let program = shell(project.path()).args(["-euo", "pipefail", "-c", block]);
            let output = program.envs(variables.iter().copied()).run();
            if let Ok(sarif) = std::fs::read(project.path().join("secretctl.sarif")) {
                let sarif: serde_json::Value = serde_json::from_slice(&sarif).unwrap();
                assert_eq!(sarif["version"], "2.1.0");
            }
            output
        })
        .collect()
}

#[test]
fn the_example_job_fails_a_pull_request_with_a_missing_connection() {
    let passed = job(&COMPLETE);
    assert_eq!(
        [passed[0].status, passed[1].status],
        [0, 0],
        "{}",
        passed[0].text()
    );
    let missing: Vec<_> = COMPLETE
        .into_iter()
        .filter(|(name, _)| !name.ends_with("_API"))
        .collect();
    let failed = job(&missing);
    assert_eq!([failed[0].status, failed[1].status], [3, 0]);
    assert!(
        failed[0]
            .text()
            .starts_with("::error file=dags/etl.py,line=12,col="),
        "{}",
        failed[0].text()
    );
}
