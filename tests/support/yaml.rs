//! A YAML file of the project as JSON, read with the crate's own YAML 1.1: `on:` is the key `true`.

use std::path::Path;
use std::time::{Duration, Instant};

use secretctl::python::{json, yaml};
use serde_json::Value;

/// Returns the one document of a text.
pub fn yaml(text: &str) -> Value {
    let document = yaml::safe_load_until(text, Instant::now() + Duration::from_secs(10)).unwrap();
    let value = document.to_json(document.root().unwrap(), &mut document.budget());
    serde_json::from_str(&json::dumps(&value.unwrap())).unwrap()
}

/// Returns the one document of a file, by its path in the project.
#[track_caller]
pub fn yaml_file(path: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    yaml(&std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{path}: {error}")))
}
