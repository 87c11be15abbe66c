//! The README and the pages of `docs/`: every command line in them runs, and prints what the page shows.
//!
//! - A `console` block has `$ command` lines, each followed by its exact output. A last line `…` matches any more output.
//! - A `sh` block is a script that must succeed.
//! - A `dotenv` block after `<!-- file: NAME -->` is written to NAME, with the address and credentials of this run's server.
//! - A block after `<!-- not run: why -->` does not run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

mod imports;
mod markdown;
#[cfg(unix)]
mod picture;
mod sizes;
mod stability;

#[cfg(unix)]
mod snippets;

/// Returns the pages that users read.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}

#[test]
fn links_between_pages_resolve() {
    let mut broken = String::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in markdown::links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let target = if file.is_empty() {
                page.clone()
            } else {
                page.parent().unwrap().join(file)
            };
            let found = target.exists()
                && (anchor.is_empty()
                    || markdown::anchors(&std::fs::read_to_string(&target).unwrap())
                        .any(|one| one == anchor));
            if !found {
                writeln!(broken, "{}: {link}", page.display()).unwrap();
            }
        }
    }
    assert_eq!(broken, "");
}

/// Whether a test with this name exists: in `src/` when it begins with `src::`, else in `tests/`.
fn is_a_test(name: &str) -> bool {
    let (folder, name) = match name.strip_prefix("src::") {
        Some(name) => ("src", name),
        None => ("tests", name),
    };
    let Some((module, function)) = name.rsplit_once("::") else {
        return false;
    };
    let module = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(module.replace("::", "/"));
    [module.with_extension("rs"), module.join("mod.rs")]
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .any(|text| text.contains(&format!("fn {function}(")) || text.contains(&format!("mod {function};")))
}

#[test]
fn every_test_named_in_security_md_exists() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md");
    let page = std::fs::read_to_string(page).unwrap();
    let named: Vec<_> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.contains("::") && !code.starts_with("::") && !code.ends_with("::"))
        .collect();
    assert!(named.len() > 40, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !is_a_test(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_file_named_in_a_page_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    let mut missing = String::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for code in text.split('`').skip(1).step_by(2) {
            let folder = ["src/", "tests/", "benches/", "docs/", "scripts/", "examples/"];
            let is_path = folder.iter().any(|folder| code.starts_with(folder))
                && !code.contains([' ', '<', '*', '…', '\n']);
            if is_path {
                named += 1;
                if !root.join(code).exists() {
                    writeln!(missing, "{}: {code}", page.display()).unwrap();
                }
            }
        }
    }
    assert_eq!(missing, "");
    assert!(named > 20, "{named}");
}
