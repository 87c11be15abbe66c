//! What `--version` says besides the version: the commit, and the target of the build.
//!
//! The commit comes from git in a checkout, from the file that `cargo package` wrote in a crate, and is `unknown` elsewhere. So the
//! same sources give the same program.

use std::path::Path;
use std::process::Command;

/// How many characters of a commit are shown.
const SHOWN: usize = 12;

fn main() {
    let commit = packaged()
        .or_else(checked_out)
        .unwrap_or_else(|| "unknown".to_owned());
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=BUILT_FROM=commit {commit}, {target}");
    println!("cargo::rerun-if-changed=build.rs");
}

/// Reads the commit that `cargo package` wrote next to the sources.
fn packaged() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    rest.split('"').nth(1).and_then(shortened)
}

/// Asks git for the commit of the checkout. The script runs again when the commit changes.
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
