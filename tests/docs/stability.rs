//! docs/stability.md: what it promises is what there is, so that a removal is noticed.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::secretctl;

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stability.md")).unwrap()
}

/// Returns the first cell of the row that begins with `start`.
fn promised(start: &str) -> BTreeSet<String> {
    let page = page();
    let row = page.lines().find(|line| line.starts_with(start)).unwrap();
    let cell = row[1..].split('|').next().unwrap();
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_command_is_promised_and_no_other() {
    let output = secretctl().arg("--help").run();
    let help = output.ok();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands: BTreeSet<_> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|command| command != "help")
        .collect();
    assert_eq!(promised("| commands: "), commands);
}

#[test]
fn every_target_of_a_release_is_in_the_workflow_and_in_the_rules_for_crates() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let (workflow, deny) = (read(".github/workflows/release.yml"), read("deny.toml"));
    for target in [
        "x86_64-unknown-linux-gnu",
        "aarch64-unknown-linux-gnu",
        "x86_64-unknown-linux-musl",
        "aarch64-unknown-linux-musl",
        "x86_64-apple-darwin",
        "aarch64-apple-darwin",
        "x86_64-pc-windows-msvc",
    ] {
        assert!(workflow.contains(target), "{target} is not released");
        assert!(
            deny.contains(&format!("\"{target}\"")),
            "deny.toml does not look at {target}"
        );
    }
}
