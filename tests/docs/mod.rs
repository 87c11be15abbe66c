//! The README and the pages of `docs/`: every command line in them runs, and prints what the page says.
//!
//! - A `console` block holds `$ command` lines, each followed by exactly what it prints; a last line `…` stands for more.
//! - A `sh` block is a script that must succeed.
//! - A `dotenv` block after `<!-- file: NAME -->` is written to NAME, with the address and the credentials of the server of this run.
//! - A block after `<!-- not run: why -->` does not run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

mod markdown;
#[cfg(unix)]
mod picture;

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
fn links_between_pages_lead_somewhere() {
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
