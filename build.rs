//! What `--version` says besides the version: the commit, and the target of the build; and how the program is linked on Linux.
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
    link_the_unwinder();
}

/// Links GCC's unwinder into the program, where the linker would take the shared library `libgcc_s` for it.
///
/// Nothing in a lookup needs it, but the loader opens and relocates it at each start, which takes a tenth of a local lookup's time. The
/// linker finds a script with that library's name, and the script names the static one. Nothing changes where the C compiler has none.
fn link_the_unwinder() {
    let of_target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // Another linker, such as zig's, has an unwinder of its own.
    let is_native =
        std::env::var("HOST") == std::env::var("TARGET") && std::env::var_os("RUSTC_LINKER").is_none();
    if !is_native || of_target("OS") != "linux" || of_target("ENV") != "gnu" {
        return;
    }
    let Some(folder) = std::env::var_os("OUT_DIR").map(|out| Path::new(&out).join("unwinder")) else {
        return;
    };
    let (Some(unwinder), Some(support)) = (static_library("libgcc_eh.a"), static_library("libgcc.a")) else {
        return;
    };
    let script = format!("GROUP ( \"{unwinder}\" \"{support}\" )\n");
    let written =
        std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(folder.join("libgcc_s.so"), script));
    if written.is_ok() {
        println!("cargo::rustc-link-search=native={}", folder.display());
    }
}

/// Asks the C compiler where it has the static library `name`.
fn static_library(name: &str) -> Option<String> {
    printed("cc", &[&format!("-print-file-name={name}")]).filter(|path| Path::new(path).is_absolute())
}

/// Returns what a program prints, if it succeeds.
fn printed(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
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
    if let Some(log) =
        printed("git", &["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists())
    {
        println!("cargo::rerun-if-changed={log}");
    }
    printed("git", &["rev-parse", "HEAD"])
        .as_deref()
        .and_then(shortened)
}

fn shortened(commit: &str) -> Option<String> {
    let hexadecimal = commit.len() >= SHOWN && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| commit[..SHOWN].to_owned())
}
