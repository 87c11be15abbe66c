//! The size of each backend: code lines without tests, comments and blank lines.
//!
//! A backend is what Airflow's class is. Logins, requests and whatever two backends need belong elsewhere (docs/adding-a-backend.md),
//! so what is left is small. A larger backend stands in a list, with the reason. What `doctor` asks (`checkup.rs`) does not count:
//! Airflow's classes have nothing like it.

use std::path::{Path, PathBuf};

/// The most code lines of a backend.
const MOST: usize = 350;

/// The backends that are larger, and why.
const LARGER: &[(&str, &str)] = &[
    (
        "aws",
        "two services, and the lookup patterns, role and session options that both have",
    ),
    (
        "azure_key_vault",
        "the SDK's challenge, which decides where a token may go",
    ),
    (
        "google_secret_manager",
        "five forms of credentials, and what each refusal of Google's means",
    ),
    (
        "hashicorp_vault",
        "fourteen auth methods, and the addresses and paths of two KV engines",
    ),
    ("kubernetes_secrets", "the rules of labels and namespaces"),
    (
        "local_filesystem",
        "files in YAML, JSON and as env files, with the places of mistakes in them",
    ),
    ("metastore", "three databases, each with its protocol"),
];

/// Returns the files below `folder`, except those that only a test compiles.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path
            .file_stem()
            .is_some_and(|stem| stem != "tests" && stem != "checkup")
        {
            files.push(path);
        }
    }
    files
}

/// Counts the lines of `source` that are code. A module of tests stands at its end.
fn code_lines(source: &str) -> usize {
    let source = source
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let lines = source.lines().map(str::trim);
    let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    code.count()
}

#[test]
fn a_backend_has_at_most_350_lines_of_code() {
    let backends = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/backend");
    let mut checked = Vec::new();
    let mut too_large = Vec::new();
    for entry in std::fs::read_dir(&backends).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let sources = files(&folder).into_iter();
        let lines: usize = sources
            .map(|file| code_lines(&std::fs::read_to_string(file).unwrap()))
            .sum();
        assert!(lines > 0, "{name}");
        if lines > MOST && !LARGER.iter().any(|(larger, _)| *larger == name) {
            too_large.push(format!("{name}: {lines}"));
        }
        checked.push(name);
    }
    assert_eq!(too_large, [""; 0], "move what is not theirs to where it belongs");
    for name in ["akeyless", "yandex_lockbox"]
        .iter()
        .chain(LARGER.iter().map(|(name, _)| name))
    {
        assert!(
            checked.contains(&(*name).to_owned()),
            "src/backend/{name} is not there"
        );
    }
}

#[test]
fn only_code_is_counted() {
    let source = "//! Docs.\n\nuse a;\n\n/// More.\nfn b() {\n    // A note.\n    c();\n}\n\n#[cfg(test)]\nmod tests {\n}\n";
    assert_eq!(code_lines(source), 4);
}
