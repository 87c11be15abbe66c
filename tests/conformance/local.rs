//! Local files, in each of their forms.

use serde_json::json;

use super::{DSN, Subject, URI, WORLD, conforms};
use crate::support;

#[test]
fn local_files_conform_in_every_form() {
    let folder = support::temp_dir();
    for form in ["env", "json", "yaml"] {
        let mut kwargs = json!({});
        for (kwarg, key, value) in [
            ("connections_file_path", "smtp_default", URI),
            ("variables_file_path", "hello", WORLD),
            ("configs_file_path", "sql_alchemy_conn", DSN),
        ] {
            let path = folder.path().join(format!("{kwarg}.{form}"));
            let text = match form {
                "env" => format!("{key}={value}\n"),
                "json" => json!({key: value}).to_string(),
                _ => format!("{key}: {value}\n"),
            };
            std::fs::write(&path, text).unwrap();
            kwargs[kwarg] = path.to_str().unwrap().into();
        }
        conforms(&Subject {
            class_path: "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            kwargs,
            env: Vec::new(),
            has_configuration: true,
        });
    }
}
