//! The steps of `.github/workflows/release.yml` that need no network: the version, the notes, and the list of checksums.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::release::sha256;
use super::runner::Job;
use crate::support::{Program, temp_dir, yaml_file};

/// Returns a step of a job by its name.
fn step(job: &str, name: &str) -> String {
    let workflow = yaml_file(".github/workflows/release.yml");
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
    let is_named = |step: &&Value| step["name"].as_str().is_some_and(|one| one.starts_with(name));
    steps.iter().find(is_named).unwrap()["run"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn section(version: &str, changelog: &str) -> crate::support::Output {
    let dir = temp_dir();
    let file = dir.path().join("CHANGELOG.md");
    std::fs::write(&file, changelog).unwrap();
    Program::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/changelog-section"))
        .arg(version)
        .arg(file)
        .env("PATH", std::env::var("PATH").unwrap())
        .run()
}

#[test]
fn the_notes_of_a_release_are_its_section_of_the_changelog() {
    let text = "# Changelog\n\n## Unreleased\n\n- next\n\n## 1.2.0 (2026-11-27)\n\nIn short.\n\n### Added\n\n- one\n\n## 1.1.0\n\n- old\n\n## [1.0.0] - 2026\n- first\n";
    assert_eq!(section("1.2.0", text).ok(), "In short.\n\n### Added\n\n- one\n");
    assert_eq!(section("1.1.0", text).ok(), "- old\n");
    assert_eq!(section("1.0.0", text).ok(), "- first\n");
}

#[test]
fn a_release_without_its_section_is_refused() {
    for (text, message) in [
        ("## 1.2.0 (2026-11-27)\n- one\n", "no section for 1.2"),
        ("## 1.2 (unreleased)\n- one\n", "still marked as unreleased"),
        ("## 1.2 (2026-11-27)\n\n\n## 1.1\n- one\n", "is empty"),
        (
            "## 1.2 (2026)\n- one\n## 1.2 (2025)\n- two\n",
            "more than one section",
        ),
    ] {
        let refused = section("1.2", text);
        assert!(refused.fails(1).contains(message), "{}", refused.stderr);
    }
}

/// Runs the step that checks the tag, in a folder with a manifest and a changelog.
fn check_tag(tag: &str, heading: &str) -> (Job, crate::support::Output) {
    let mut job = Job::new();
    let folder = job.workspace();
    std::fs::create_dir(folder.join("scripts")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/changelog-section");
    std::fs::copy(script, folder.join("scripts/changelog-section")).unwrap();
    let manifest =
        "[package]\nname = \"secretctl\"\nversion = \"1.2.3\"\n\n[dependencies.other]\nversion = \"9\"\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.join("CHANGELOG.md"), format!("## {heading}\n\n- one\n")).unwrap();
    let (output, outputs) = job.step(
        &step("notes", "The tag is"),
        &[("GITHUB_REF_NAME".to_owned(), tag.to_owned())],
    );
    if output.status == 0 {
        assert_eq!(outputs["version"], "1.2.3");
    }
    (job, output)
}

#[test]
fn a_tag_is_released_only_as_the_version_of_the_manifest_with_its_notes() {
    let (job, output) = check_tag("v1.2.3", "1.2.3 (2026-11-27)");
    assert_eq!(output.status, 0, "{}", output.stderr);
    let notes = std::fs::read_to_string(job.workspace().join("notes.md")).unwrap();
    assert_eq!(notes, "- one\n");
    for (tag, heading) in [
        ("v1.2.4", "1.2.3 (2026-11-27)"),
        ("v1.2.3$(id)", "1.2.3 (2026-11-27)"),
        ("v1.2.3", "1.2.3 (unreleased)"),
        ("v1.2.3", "Unreleased"),
    ] {
        assert_eq!(check_tag(tag, heading).1.status, 1, "{tag} {heading}");
    }
}

/// Puts artifacts where the runner downloads them, and runs the step that joins them.
fn join(change: impl Fn(&Path)) -> (Job, crate::support::Output) {
    let mut job = Job::new();
    let built = job.workspace().join("built");
    let write = |folder: &str, files: &[&str]| {
        let folder = built.join(format!("artifacts-{folder}"));
        std::fs::create_dir_all(&folder).unwrap();
        let mut sums = String::new();
        for file in files {
            std::fs::write(folder.join(file), file).unwrap();
            writeln!(sums, "{}  {file}", sha256(file.as_bytes())).unwrap();
        }
        if folder.to_str().unwrap().contains("linux") {
            std::fs::write(folder.join("SHA256SUMS"), sums).unwrap();
        }
    };
    for processor in ["x86_64", "aarch64"] {
        let archives =
            ["gnu", "musl"].map(|end| format!("secretctl-1.2.3-{processor}-unknown-linux-{end}.tar.gz"));
        write(
            &format!("linux-{processor}"),
            &[&archives[0], &archives[1], "for-all.rb"],
        );
        let name = format!("{processor}-apple-darwin");
        write(&name, &[&format!("secretctl-1.2.3-{name}.tar.gz")]);
    }
    write(
        "x86_64-pc-windows-msvc",
        &["secretctl-1.2.3-x86_64-pc-windows-msvc.zip"],
    );
    change(&built);
    let (output, _) = job.step(
        &step("publish", "One folder"),
        &[("VERSION".to_owned(), "1.2.3".to_owned())],
    );
    (job, output)
}

#[test]
fn the_artifacts_of_all_jobs_are_joined_with_one_list_of_checksums() {
    let (job, output) = join(|_| ());
    assert_eq!(output.status, 0, "{}", output.stderr);
    let release = job.workspace().join("release");
    let sums = std::fs::read_to_string(release.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 8, "{sums}");
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(sha256(&std::fs::read(release.join(name)).unwrap()), sum);
    }
}

#[test]
fn artifacts_that_are_missing_changed_or_different_stop_the_release() {
    let changes: [fn(&Path); 3] = [
        |built| std::fs::remove_dir_all(built.join("artifacts-x86_64-apple-darwin")).unwrap(),
        |built| std::fs::write(built.join("artifacts-linux-x86_64/for-all.rb"), "changed").unwrap(),
        |built| {
            let folder = built.join("artifacts-linux-x86_64");
            std::fs::write(folder.join("for-all.rb"), "changed").unwrap();
            std::fs::remove_file(folder.join("SHA256SUMS")).unwrap();
        },
    ];
    for change in changes {
        let (job, output) = join(change);
        assert_eq!(output.status, 1, "{}", output.stderr);
        assert!(!job.workspace().join("release/SHA256SUMS").exists());
    }
}
