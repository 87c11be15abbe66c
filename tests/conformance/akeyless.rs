//! Akeyless: an API of the tests' own, with an API key.

use std::collections::BTreeMap;

use serde_json::json;

use super::{DSN, Subject, URI, WORLD, conforms};
use crate::akeyless::{BACKEND, KEY, akeyless};

#[test]
fn akeyless_conforms() {
    let server = akeyless(BTreeMap::from([
        ("/airflow/connections/smtp_default".to_owned(), json!(URI)),
        ("/airflow/variables/hello".to_owned(), json!(WORLD)),
        ("/airflow/variables/empty".to_owned(), json!("")),
        ("/airflow/config/sql_alchemy_conn".to_owned(), json!(DSN)),
    ]));
    conforms(&Subject {
        class_path: BACKEND,
        kwargs: json!({"api_url": server.url(), "access_id": "p-1234", "access_key": KEY}),
        env: Vec::new(),
        has_configuration: true,
    });
}
