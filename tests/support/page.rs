//! Pages of docs that are generated from runs: written on request, and compared with the runs in every test.

use std::path::Path;

/// Asserts that the page `name` of docs is `text`; with `SECRETCTL_TEST_UPDATE=1`, writes it first.
#[track_caller]
pub fn page(name: &str, text: &str) {
    page_but(name, text, str::to_owned);
}

/// Asserts the same after `kept` has removed what changes with every run.
#[track_caller]
pub fn page_but(name: &str, text: &str, kept: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if super::variable("SECRETCTL_TEST_UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(
        kept(&std::fs::read_to_string(&path).unwrap_or_default()),
        kept(text),
        "docs/{name} is out of date: run this test with SECRETCTL_TEST_UPDATE=1 to write it"
    );
}
