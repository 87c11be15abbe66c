//! YAML: no text causes a panic or takes too long for its length, and a JSON form is valid JSON.
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
        // Nesting deeper than Python reads is another error.
        if let Ok(again) = loads(&written) {
            assert_eq!(dumps(&again), written);
        }
    }
});
