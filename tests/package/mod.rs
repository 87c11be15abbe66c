//! The contents of the package, and of its manifest.

#[cfg(unix)]
mod hashes;
mod locked;
mod workflows;

use std::path::Path;
use std::process::Command;

fn manifest() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap()
}

#[test]
fn the_package_contains_what_a_user_needs_and_no_more() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["package", "--list", "--allow-dirty", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let list = String::from_utf8(output.stdout).unwrap().replace('\\', "/");
    let files: Vec<_> = list.lines().collect();
    for needed in [
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "Cargo.lock",
        "src/main.rs",
        "src/lib.rs",
        "examples/local.env",
    ] {
        assert!(files.contains(&needed), "{needed} is missing");
    }
    let made_by_cargo = [
        ".cargo_vcs_info.json",
        "Cargo.toml.orig",
        "Cargo.toml",
        "Cargo.lock",
    ];
    let pages = ["README.md", "CHANGELOG.md", "LICENSE", ".env.example", "build.rs"];
    let more: Vec<_> = files
        .iter()
        .filter(|file| !file.starts_with("src/") && !file.starts_with("examples/"))
        .filter(|file| !made_by_cargo.contains(file) && !pages.contains(file))
        .collect();
    assert!(more.is_empty(), "{more:?}");
}

#[test]
fn every_direct_dependency_has_a_reason_above_it() {
    let manifest = manifest();
    let mut section = "";
    let mut before = "";
    let mut dependencies = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]") && line.contains('=') {
            // Dependencies have no tables of their own here, so this line is the dependency.
            dependencies += 1;
            assert!(before.starts_with('#'), "there is no reason above `{line}`");
        }
        if !line.trim().is_empty() {
            before = line;
        }
    }
    assert!(dependencies > 10, "{dependencies}");
}

#[test]
fn unsafe_code_is_forbidden() {
    assert!(manifest().contains("unsafe_code = \"forbid\""));
}
