//! What is built is known before: crates by the lock file, the compiler by Cargo.toml.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Cargo's subcommands that read `Cargo.lock`.
const LOCKED: &[&str] = &[
    "bench", "build", "check", "clippy", "doc", "install", "package", "publish", "run", "test",
];

/// Returns the commands of a text that run cargo without its lock file.
fn unlocked(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.replace("\\\n", " ").lines() {
        let line = line.trim_start();
        if line.starts_with('#') || line.starts_with("//") {
            continue;
        }
        for (at, _) in line.match_indices("cargo ") {
            let command = line[at..].split(['`', ';', '|', '"', '&']).next().unwrap();
            let mut words = command.split_whitespace().skip(1);
            let subcommand = words.find(|word| !word.starts_with('+') && *word != "auditable");
            // In quotes it is what a step is called.
            let is_name = line[..at].ends_with('"') && !line[..at].ends_with("$(\"");
            if subcommand.is_some_and(|one| LOCKED.contains(&one))
                && !is_name
                && !command.contains("--locked")
            {
                found.push(command.trim().to_owned());
            }
        }
    }
    found
}

/// Returns the code blocks of a page.
fn blocks(page: &str) -> String {
    page.split("\n```")
        .skip(1)
        .step_by(2)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn cargo_is_always_called_with_the_lock_file() {
    let mut files = vec![root().join(".ci/run"), root().join("action.yml")];
    for folder in ["scripts", ".github/workflows", "examples/ci", "docs"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        files.extend(
            entries
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_file()),
        );
    }
    files.push(root().join("README.md"));
    let (mut found, mut seen) = (Vec::new(), 0);
    for path in files {
        let Ok(mut text) = std::fs::read_to_string(&path) else {
            continue;
        };
        if path.extension().is_some_and(|end| end == "md") {
            text = blocks(&text);
        }
        seen += text.matches("--locked").count();
        found.extend(
            unlocked(&text)
                .into_iter()
                .map(|one| format!("{}: {one}", path.display())),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(seen > 12, "{seen}");
    assert_eq!(unlocked("x=1 cargo test a --b"), ["cargo test a --b"]);
    assert_eq!(unlocked("cargo auditable build"), ["cargo auditable build"]);
}

#[test]
fn no_crate_is_a_pre_release() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let versions: Vec<_> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("version = \""))
        .map(|version| version.trim_end_matches('"'))
        .collect();
    assert!(versions.len() > 150, "{}", versions.len());
    // What follows a `+` says which system's interface a crate of types is for.
    let early: Vec<_> = versions
        .iter()
        .filter(|version| version.split('+').next().unwrap().contains('-'))
        .collect();
    assert!(early.is_empty(), "{early:?}");
}

#[test]
fn the_workflows_use_the_compiler_of_the_manifest() {
    let manifest = super::manifest();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \""))
        .unwrap()
        .trim_end_matches('"');
    for name in ["ci.yml", "release.yml"] {
        let text = std::fs::read_to_string(root().join(".github/workflows").join(name)).unwrap();
        assert!(text.contains(r#"rustup toolchain install "$version""#), "{name}");
        assert!(!text.contains(version), "{name} repeats the version");
    }
    for page in ["README.md", "docs/stability.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        assert!(text.contains(&format!("Rust {version}")), "{page}");
    }
}
