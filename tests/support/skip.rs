//! Skipped tests: reported on stderr with the reason, listed at the end of `scripts/test`, forbidden in CI.

use std::io::Write as _;

/// Reads a variable of the test process; an empty one counts as absent.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What `scripts/test` provides on every machine that runs CI.
const REQUIRED: &[&str] = &[
    "airflow",
    "awscli",
    "dags",
    "dbt",
    "drivers",
    "mariadb",
    "moto",
    "openbao",
    "postgres",
    "validators",
];

/// Reports that the test does not run, and why; the caller returns.
///
/// `needs` is what is missing. With `SECRETCTL_TEST_NO_SKIP=1`, as in CI, a test without one of
/// `REQUIRED` panics. Anything else (another shell, an emulator) is only listed.
pub fn skip(needs: &str, why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(
        !(REQUIRED.contains(&needs) && variable("SECRETCTL_TEST_NO_SKIP").as_deref() == Some("1")),
        "`{test}` must not be skipped here: {needs}: {why}"
    );
    // Not with `eprintln!`, which the test harness captures when a test passes.
    std::io::stderr()
        .write_all(format!("skipped: {test}: {needs}: {why}\n").as_bytes())
        .unwrap();
    if let Some(list) = variable("SECRETCTL_TEST_SKIPS") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(list);
        file.unwrap()
            .write_all(format!("{test}: {needs}: {why}\n").as_bytes())
            .unwrap();
    }
}
