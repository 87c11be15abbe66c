//! YAML: no text panics or takes longer than it is long, and what has JSON is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::python::json::{dumps, loads};
use secretctl::python::yaml::safe_load;

fuzz_target!(|text: &str| {
    secretctl_fuzz::airflow::yaml(text);
    let Ok(document) = safe_load(text) else { return };
    let Some(root) = document.root() else { return };
    let _ = document.is_truthy(root);
    let mut budget = document.budget();
    if let Ok(value) = document.to_json(root, &mut budget) {
        let written = dumps(&value);
        // Deeper than Python reads is an error of its own.
        if let Ok(again) = loads(&written) {
            assert_eq!(dumps(&again), written);
        }
    }
});
