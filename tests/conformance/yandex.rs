//! Yandex Lockbox: a Yandex Cloud of the tests' own, over TLS at its real names, with an OAuth token.

use serde_json::json;

use super::{DSN, Subject, URI, WORLD, conforms};
use crate::yandex::{BACKEND, Cloud, secret};

#[test]
fn yandex_lockbox_conforms() {
    let secrets = vec![
        secret("airflow/connections/smtp_default", URI),
        secret("airflow/variables/hello", WORLD),
        secret("airflow/variables/empty", ""),
        secret("airflow/config/sql_alchemy_conn", DSN),
    ];
    // Four pages.
    let cloud = Cloud::start(secrets, 1);
    conforms(&Subject {
        class_path: BACKEND,
        kwargs: json!({"yc_oauth_token": "y3_token", "folder_id": "b1g"}),
        env: cloud.env(),
        has_configuration: true,
    });
}
