//! The deliberate differences of local files: what Airflow reads and secretctl refuses.

use serde_json::{Value, json};

use crate::support::{Output, Side, Sides, airflow_fresh, differs, secretctl, temp_dir};

/// Asks both for the variable `key` of a local file with `text`: Airflow's answer and ours.
fn ask(text: &str, key: &str) -> Option<(Value, Output)> {
    let folder = temp_dir();
    let file = folder.path().join("variables.json");
    std::fs::write(&file, text).unwrap();
    let kwargs = json!({"variables_file_path": file}).to_string();
    let env = [
        (
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        ),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
    ];
    let theirs = airflow_fresh(env)?.ask(json!({"op": "differences.search_path", "key": key}));
    Some((theirs, secretctl().envs(env).args(["get-var", "-n", key]).run()))
}

#[test]
fn an_id_with_two_dots_between_slashes_is_a_key_in_airflow_only() {
    for key in ["..", "a/..", "../a", "a/../b"] {
        let text = json!({key: "world"}).to_string();
        let Some((theirs, ours)) = ask(&text, key) else {
            return;
        };
        differs(
            "resolver-climbing-id",
            &Sides {
                airflow: (Side::of_airflow(&theirs), Side::found("world")),
                secretctl: (Side::of_secretctl(&ours), Side::failed("status 2")),
            },
        );
    }
    for key in ["a..b", "..a", "a/...", "."] {
        let text = json!({key: "world"}).to_string();
        let Some((theirs, ours)) = ask(&text, key) else {
            return;
        };
        assert_eq!(
            (Side::of_airflow(&theirs), Side::of_secretctl(&ours)),
            (Side::found("world"), Side::found("world")),
            "{key}"
        );
    }
}

#[test]
fn an_entry_of_many_values_is_read_by_airflow_only() {
    // An object and a list around the zeros: two values more than `zeros`.
    let counted = |zeros: usize| {
        let (theirs, ours) = ask(
            &format!("{{\"many\": {{\"a\": [0{}]}}}}", ",0".repeat(zeros - 1)),
            "many",
        )?;
        let count = |text: &str| Side::found(text.matches('0').count());
        let theirs = count(theirs["value"]["python"].as_str().unwrap());
        let ours = match ours.status {
            0 => count(ours.text()),
            status => {
                let words = ours.fails(status);
                assert!(words.contains("more than 200000 values"), "{words}");
                Side::failed(format!("status {status}"))
            }
        };
        Some((theirs, ours))
    };
    let Some((theirs, ours)) = counted(199_998) else {
        return;
    };
    assert_eq!((theirs, ours), (Side::found(199_998), Side::found(199_998)));
    let Some((theirs, ours)) = counted(199_999) else {
        return;
    };
    differs(
        "local-many-values",
        &Sides {
            airflow: (theirs, Side::found(199_999)),
            secretctl: (ours, Side::failed("status 2")),
        },
    );
}
