//! The steps of `.github/workflows/release.yml` that need no network: the version, the notes, and the look at all artifacts.

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

/// Puts a release where the runner downloads it, changes it, and runs the step that looks at it before it is published.
fn look_at_release(change: impl Fn(&Path)) -> crate::support::Output {
    let mut job = Job::new();
    let release = job.workspace().join("built/release");
    std::fs::create_dir_all(&release).unwrap();
    let mut names: Vec<String> = vec![
        "secretctl-1.2.3-x86_64-pc-windows-msvc.zip".to_owned(),
        "secretctl-1.2.3.cdx.json".to_owned(),
        "secretctl-installer.sh".to_owned(),
    ];
    for target in ["unknown-linux-gnu", "unknown-linux-musl", "apple-darwin"] {
        names.extend(
            ["x86_64", "aarch64"].map(|processor| format!("secretctl-1.2.3-{processor}-{target}.tar.gz")),
        );
    }
    let mut sums = String::new();
    for name in &names {
        std::fs::write(release.join(name), name).unwrap();
        writeln!(sums, "{}  {name}", sha256(name.as_bytes())).unwrap();
    }
    std::fs::write(release.join("SHA256SUMS"), sums).unwrap();
    change(&release);
    let version = ("VERSION".to_owned(), "1.2.3".to_owned());
    job.step(&step("publish", "Everything is there"), &[version]).0
}

#[test]
fn a_release_is_published_only_whole_and_as_its_checksums_have_it() {
    let whole = look_at_release(|_| ());
    assert_eq!(whole.status, 0, "{}", whole.stderr);
    let changes: [fn(&Path); 5] = [
        |release| std::fs::remove_file(release.join("secretctl-1.2.3-x86_64-apple-darwin.tar.gz")).unwrap(),
        |release| std::fs::write(release.join("secretctl-installer.sh"), "changed").unwrap(),
        |release| std::fs::write(release.join("more"), "not in the list").unwrap(),
        |release| std::fs::remove_file(release.join("SHA256SUMS")).unwrap(),
        // Missing, and not in the list either.
        |release| {
            let sums = std::fs::read_to_string(release.join("SHA256SUMS")).unwrap();
            let without: Vec<_> = sums.lines().filter(|line| !line.contains("windows")).collect();
            std::fs::write(release.join("SHA256SUMS"), without.join("\n") + "\n").unwrap();
            std::fs::remove_file(release.join("secretctl-1.2.3-x86_64-pc-windows-msvc.zip")).unwrap();
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let refused = look_at_release(change);
        assert_eq!(refused.status, 1, "{number}: {}", refused.stderr);
    }
}
