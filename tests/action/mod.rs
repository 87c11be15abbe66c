//! `action.yml`: its steps run here as GitHub's runner runs them, with a release on a loopback server.

mod install;
mod release;
mod runner;
mod values;
mod workflow;

use serde_json::Value;

use crate::support::yaml_file;

/// Returns the action.
fn action() -> Value {
    yaml_file("action.yml")
}

#[test]
fn no_input_becomes_shell_text() {
    let action = action();
    for step in action["runs"]["steps"].as_array().unwrap() {
        let run = step["run"].as_str().unwrap();
        assert!(!run.contains("${{"), "{run}");
        assert!(!run.contains("eval"), "{run}");
    }
}

#[test]
fn every_input_is_used_and_explained() {
    let action = action();
    let steps = action["runs"]["steps"].to_string();
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(steps.contains(&format!("${{{{ inputs.{name} }}}}")), "{name}");
        assert!(input["description"].as_str().unwrap().len() > 10, "{name}");
        // A secret is never an input: it would be in the workflow file.
        assert!(!name.contains("password") && !name.contains("token"), "{name}");
    }
}
