//! What `--version` says beside the version: the commit, and the target that the program is built for.
//!
//! The commit is git's where the sources are its checkout, the one that `cargo package` wrote down where they are a crate, and
//! `unknown` elsewhere: the same sources give the same program.

use std::path::Path;
use std::process::Command;

/// How much of a commit's name is shown.
const SHOWN: usize = 12;

fn main() {
    let commit = packaged()
        .or_else(checked_out)
        .unwrap_or_else(|| "unknown".to_owned());
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=BUILT_FROM=commit {commit}, {target}");
    println!("cargo::rerun-if-changed=build.rs");
}

/// Reads the commit that `cargo package` wrote beside the sources.
fn packaged() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    rest.split('"').nth(1).and_then(shortened)
}

/// Asks git for the commit of the checkout, and to be run again when there is another.
fn checked_out() -> Option<String> {
    if !Path::new(".git").exists() {
        return None;
    }
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(args)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "HEAD"]).as_deref().and_then(shortened)
}

fn shortened(commit: &str) -> Option<String> {
    let hexadecimal = commit.len() >= SHOWN && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| commit[..SHOWN].to_owned())
}
