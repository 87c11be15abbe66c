//! The first step: which archive it fetches, and what it refuses.

use std::path::Path;

use super::action;
use super::release::{self, VERSION};
use super::runner::{Done, Job};
use crate::support::server::Server;

fn install(server: &Server, inputs: &[(&str, &str)]) -> (Job, Done) {
    let mut job = Job::new();
    let url = format!("{}/mirror", server.url());
    let mut all = vec![("version", VERSION), ("download-url", url.as_str())];
    all.extend(inputs);
    let done = job.uses(&action(), &all);
    (job, done)
}

/// Asserts that the step failed with this text, and that nothing was installed.
#[track_caller]
fn assert_refused((job, done): &(Job, Done), text: &str) {
    assert_eq!((done.steps.len(), done.status()), (1, 1), "{}", done.raw_log());
    let commands = done.commands();
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert!(
        commands[0].starts_with("::error title=secretctl::") && commands[0].contains(text),
        "{commands:?}"
    );
    assert!(job.path.is_empty() && job.env.is_empty() && done.outputs.is_empty());
    assert!(job.files().iter().all(|file| !file.ends_with("secretctl")));
}

#[test]
fn the_version_is_installed_and_later_steps_find_it() {
    let server = release::serve_release(release::built());
    let name = format!("secretctl-{VERSION}-{}.tar.gz", release::target());
    for version in [VERSION.to_owned(), format!("v{VERSION}")] {
        let (mut job, done) = install(&server, &[("version", &version)]);
        assert_eq!(done.status(), 0, "{}", done.raw_log());
        let installed = &done.outputs["steps.install.outputs.path"];
        assert!(Path::new(installed).starts_with(&job.path[0]), "{installed}");
        let (later, _) = job.step("secretctl --version", &[]);
        assert!(later.text().starts_with(&format!("secretctl {VERSION} ")));
        // Only the program is taken out of the archive.
        assert!(job.files().iter().all(|file| !file.ends_with("more")));
        let asked: Vec<_> = server.take().into_iter().map(|one| one.target).collect();
        assert_eq!(
            asked,
            [
                format!("/mirror/v{VERSION}/{name}"),
                format!("/mirror/v{VERSION}/SHA256SUMS")
            ]
        );
    }
}

#[test]
fn an_archive_with_another_checksum_is_refused() {
    let archive = release::starter();
    let name = format!("secretctl-{VERSION}-{}.tar.gz", release::target());
    let wrong = "1".repeat(64);
    let server = release::serve_with_sums(archive.clone(), &format!("{wrong}  {name}\n"));
    assert_refused(&install(&server, &[]), "another checksum");
    let right = release::serve_release(archive.clone());
    assert_refused(&install(&right, &[("sha256", &wrong)]), "another checksum");
    // The input wins over the server's own list, which is then not asked for.
    let given = release::sha256(&archive).to_uppercase();
    server.take();
    assert_eq!(install(&server, &[("sha256", &given)]).1.status(), 0);
    assert_eq!(server.take().len(), 1);
}

#[test]
fn an_archive_that_the_checksums_do_not_name_exactly_once_is_refused() {
    let archive = release::starter();
    let name = format!("secretctl-{VERSION}-{}.tar.gz", release::target());
    let sum = release::sha256(&archive);
    for sums in [
        String::new(),
        format!("{sum}  {name}.sig\n{sum}  other\n"),
        format!("{sum}  {name}\n{sum}  {name}\n"),
        format!("{}  {name}\n", &sum[..60]),
        format!("<html>{name}</html>\n"),
    ] {
        let server = release::serve_with_sums(archive.clone(), &sums);
        assert_refused(&install(&server, &[]), "SHA256SUMS");
    }
    // The forms of `sha256sum --binary` and of Windows' line ends.
    let server = release::serve_with_sums(archive.clone(), &format!("{sum} *{name}\r\n"));
    assert_eq!(install(&server, &[]).1.status(), 0);
}

#[test]
fn a_version_that_is_missing_or_unknown_is_an_error() {
    let server = release::serve_release(release::starter());
    assert_refused(&install(&server, &[("version", "")]), "`version` is missing");
    let unknown = install(&server, &[("version", "9.9.9")]);
    assert_refused(&unknown, "of version 9.9.9 cannot be downloaded");
    assert!(unknown.1.raw_log().contains("404"), "{}", unknown.1.raw_log());
    server.take();
    for bad in [
        "latest",
        "1.0/../../evil",
        "1.0 --output x",
        "$(touch owned)",
        "1.0\n::add-path::/evil",
        "1.0`touch owned`",
    ] {
        let refused = install(&server, &[("version", bad)]);
        assert_refused(&refused, "is not a version");
        assert!(refused.0.files().iter().all(|file| !file.ends_with("owned")));
    }
    assert_eq!(server.take(), []);
}

#[test]
fn other_inputs_are_checked_before_anything_is_fetched() {
    let server = release::serve_release(release::starter());
    let plain = "http://mirror.example.com/secretctl";
    for (input, value, text) in [
        ("download-url", plain, "not an https:// URL"),
        ("download-url", "file:///etc", "not an https:// URL"),
        (
            "download-url",
            "http://127.0.0.1.example.com/",
            "not an https:// URL",
        ),
        (
            "download-url",
            "https://a\n::set-output name=a::b",
            "not an https:// URL",
        ),
        ("download-url", "--config=/etc/passwd", "not an https:// URL"),
        ("sha256", "0", "not 64 hexadecimal digits"),
        ("sha256", "$(touch owned)", "not 64 hexadecimal digits"),
        ("target", "../x", "is not a target"),
        (
            "target",
            "x86_64-unknown-linux-gnu;touch owned",
            "is not a target",
        ),
    ] {
        let refused = install(&server, &[(input, value)]);
        assert_refused(&refused, text);
        assert!(refused.0.files().iter().all(|file| !file.ends_with("owned")));
    }
    assert_eq!(server.take(), []);
}

#[test]
fn each_runner_gets_the_archive_of_its_system() {
    let server = release::serve(Vec::new());
    for (machine, suffix) in [
        (("Linux", "X64"), "x86_64-unknown-linux-gnu.tar.gz"),
        (("Linux", "ARM64"), "aarch64-unknown-linux-gnu.tar.gz"),
        (("macOS", "X64"), "x86_64-apple-darwin.tar.gz"),
        (("macOS", "ARM64"), "aarch64-apple-darwin.tar.gz"),
        (("Windows", "X64"), "x86_64-pc-windows-msvc.zip"),
    ] {
        let mut job = Job::new();
        job.machine = machine;
        let url = format!("{}/mirror/", server.url());
        let done = job.uses(&action(), &[("version", VERSION), ("download-url", &url)]);
        assert_eq!(done.status(), 1);
        let asked: Vec<_> = server.take().into_iter().map(|one| one.target).collect();
        assert_eq!(
            asked,
            [format!("/mirror/v{VERSION}/secretctl-{VERSION}-{suffix}")]
        );
    }
    let mut job = Job::new();
    job.machine = ("Linux", "ARM");
    let done = job.uses(
        &action(),
        &[("version", VERSION), ("download-url", &server.url())],
    );
    assert_refused(&(job, done), "no archive for this processor");
}

#[test]
fn the_archive_of_another_target_can_be_asked_for_also_a_zip() {
    for target in ["x86_64-unknown-linux-musl", "x86_64-pc-windows-msvc"] {
        if target.contains("windows") {
            let tools = crate::support::Program::new("sh")
                .args(["-c", "command -v zip unzip"])
                .env("PATH", std::env::var("PATH").unwrap());
            if tools.run().status != 0 {
                return crate::support::skip("zip", "zip and unzip are not installed here");
            }
        }
        let server = release::serve_script(target, release::STAND_IN);
        let (_, done) = install(&server, &[("target", target)]);
        assert_eq!(done.status(), 0, "{}", done.raw_log());
        assert!(done.steps[0].text().contains("secretctl 0\n"));
    }
}

#[test]
fn the_releases_are_those_of_the_actions_own_repository() {
    // The name does not resolve, and curl's message has it.
    let mut job = Job::new();
    let done = job.uses(&action(), &[("version", VERSION)]);
    assert_eq!(done.status(), 1);
    assert!(done.raw_log().contains("github.invalid"), "{}", done.raw_log());
}
