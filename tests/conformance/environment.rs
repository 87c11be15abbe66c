//! The environment, as the backend that is configured.

use serde_json::json;

use super::{Subject, URI, WORLD, conforms};

#[test]
fn the_environment_conforms() {
    conforms(&Subject {
        class_path: "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
        kwargs: json!({}),
        env: [("AIRFLOW_CONN_SMTP_DEFAULT", URI), ("AIRFLOW_VAR_HELLO", WORLD)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        has_configuration: false,
    });
}
