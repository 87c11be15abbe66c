//! kubectl as the judge of kubeconfigs: what it asks of a scripted API server, and as whom.

use std::path::Path;

use crate::support::{Program, skip};

/// A path that secretctl and kubectl ask for.
pub const TARGET: &str = "/api/v1/namespaces/airflow/secrets?labelSelector=airflow.apache.org%2Fvariable-key%3Dhello%2C%21airflow.apache.org\
                          %2Fteam&resourceVersion=0";

/// Returns a run of kubectl with its home in `folder`, or says why the test is skipped.
pub fn kubectl(folder: &Path) -> Option<Program> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = std::env::split_paths(&path)
        .map(|folder| folder.join("kubectl"))
        .find(|program| program.is_file());
    let Some(program) = program else {
        skip("kubectl", "no kubectl is on the PATH");
        return None;
    };
    Some(Program::new(program).env("HOME", folder).env("PATH", path))
}
