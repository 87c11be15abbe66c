//! The table of options, `src/settings/known_options.txt`, against Airflow.

use std::process::Command;

use crate::support::{skip, temp_dir, variable};

#[test]
fn the_table_is_what_airflow_has() {
    let Some(python) = variable("AIRFLOW_PYTHON") else {
        skip(
            "airflow",
            "AIRFLOW_PYTHON is not set; `scripts/test` installs Airflow and sets it",
        );
        return;
    };
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = temp_dir();
    let written = folder.path().join("known_options.txt");
    let output = Command::new(python)
        .arg(root.join("scripts/config-defaults"))
        .arg(&written)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let committed = std::fs::read_to_string(root.join("src/settings/known_options.txt")).unwrap();
    assert!(
        std::fs::read_to_string(written).unwrap() == committed,
        "run `scripts/config-defaults` with AIRFLOW_PYTHON, and commit the table"
    );
}
