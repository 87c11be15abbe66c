//! Airflow's database, as the backend that is configured: a file, and each server that is there.

use serde_json::json;

use super::{Subject, WORLD, conforms_with};
use crate::support::metastore::{Dialect, database};

/// The connection as Airflow's `as_json()` has it: a row has fields.
const EXPORTED: &str =
    r#"{"conn_type": "smtp", "host": "mail.example.com", "login": "user", "password": "pass", "port": 587}"#;

#[test]
fn airflows_database_conforms() {
    for dialect in Dialect::ALL {
        let Some(database) = database(dialect) else {
            continue;
        };
        database.insert(
            "connection",
            json!({"conn_id": "smtp_default", "conn_type": "smtp", "host": "mail.example.com", "login": "user",
                "password": "pass", "port": 587, "is_encrypted": false, "is_extra_encrypted": false}),
        );
        for (key, val) in [("hello", WORLD), ("empty", "")] {
            database.insert("variable", json!({"key": key, "val": val, "is_encrypted": false}));
        }
        let subject = Subject {
            class_path: "airflow.secrets.metastore.MetastoreBackend",
            kwargs: json!({}),
            env: vec![("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN".to_owned(), database.url())],
            has_configuration: false,
        };
        conforms_with(&subject, EXPORTED);
    }
}
