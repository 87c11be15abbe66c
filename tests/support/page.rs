//! Pages of docs that are made from runs: written on request, and compared with the runs in every test.

use std::path::Path;

/// Asserts that the page `name` of docs is `text`; with `SECRETCTL_TEST_UPDATE=1` it is written first.
#[track_caller]
pub fn page(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if super::variable("SECRETCTL_TEST_UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        text,
        "docs/{name} is out of date: SECRETCTL_TEST_UPDATE=1 with this test writes it"
    );
}
