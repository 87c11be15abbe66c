//! Mistakes about Airflow's database, local files and the environment.

use std::path::Path;

use serde_json::json;

use super::{all_is_right, doctor, each_is_named, mistake, said};
use crate::metastore::{CONN, FERNET, KEY, LOST_KEY, encrypt};
use crate::support::metastore::{Dialect, database, empty};
use crate::support::{free_port, temp_dir};

#[test]
fn each_mistake_about_a_database_in_a_file_is_named() {
    let home = temp_dir();
    let Some(airflow) = database(Dialect::Sqlite) else {
        return;
    };
    let row = json!({"conn_id": "warehouse", "conn_type": "x", "password": encrypt(LOST_KEY, "hidden"), "is_encrypted": true, "is_extra_encrypted": false});
    airflow.insert("connection", row);
    let Some(other) = empty(Dialect::Sqlite) else {
        return;
    };
    other.run(&["CREATE TABLE customers (id INTEGER)"]);
    let Some(locked) = database(Dialect::Sqlite) else {
        return;
    };
    let writer = rusqlite::Connection::open(&locked.name).unwrap();
    writer
        .execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE")
        .unwrap();
    let no_database = home.path().join("notes.db");
    std::fs::write(&no_database, "these are notes\n".repeat(100)).unwrap();
    let at = |file: &str| doctor(&home).env(CONN, format!("sqlite:///{file}"));
    each_is_named(vec![
        mistake("a lost Fernet key", at(&airflow.name).env(FERNET, KEY)).fails(
            6,
            "fernet key",
            "no Fernet key opens the password of connection `warehouse`",
            "use the key of the Airflow that stored it",
        ),
        mistake("no Fernet key", at(&airflow.name)).fails(
            2,
            "fernet key",
            "no Fernet key is configured",
            "AIRFLOW__CORE__FERNET_KEY",
        ),
        mistake("a database that is not Airflow's", at(&other.name)).fails(2, "database", "connection", ""),
        mistake("a locked database", at(&locked.name).args(["--timeout", "2"])).fails(
            5,
            "database",
            "locked",
            "--timeout",
        ),
        mistake("a file that is no database", at(no_database.to_str().unwrap()))
            .fails(2, "database", "notes.db", ""),
        mistake("a missing database", at("/nonexistent/airflow.db")).fails(
            2,
            "database",
            "/nonexistent/airflow.db",
            "",
        ),
        mistake("a URL that is none", doctor(&home).env(CONN, "hidden")).fails(2, "database", CONN, ""),
    ]);
    drop(writer);
    let default = temp_dir();
    std::fs::create_dir(default.path().join("airflow")).unwrap();
    std::fs::write(default.path().join("airflow/airflow.db"), "").unwrap();
    each_is_named(vec![
        mistake("a default database without tables", doctor(&default)).warns(
            "database",
            "has no tables of Airflow",
            "airflow db migrate",
        ),
    ]);
    let right = all_is_right(
        "a database",
        at(&airflow.name).env(FERNET, format!("{KEY},{LOST_KEY}")),
    );
    assert_eq!(said(&right, "fernet key"), "it opens connection `warehouse`");
    assert!(said(&right, "database").contains(CONN), "{right}");
}

#[test]
fn each_mistake_about_a_server_of_databases_is_named() {
    let home = temp_dir();
    for dialect in [Dialect::Postgres, Dialect::Mariadb] {
        let Some(database) = database(dialect) else {
            return;
        };
        let url = |url: String| doctor(&home).env(CONN, url);
        let server = database.server.as_ref().unwrap();
        let wrong_port = database
            .url()
            .replace(&format!(":{}/", server.port), &format!(":{}/", free_port()));
        let wrong_password = database
            .url()
            .replace(&format!(":{}@", server.password), ":hidden-wrong@");
        let row = json!({"key": "token", "val": encrypt(KEY, "hidden"), "is_encrypted": true});
        database.insert("variable", row);
        each_is_named(vec![
            mistake("a wrong port", url(wrong_port)).fails(5, "database", "cannot connect", ""),
            mistake("a wrong password", url(wrong_password)).fails(4, "database", "", ""),
            mistake("a missing database", url(database.at("nowhere").url()))
                .fails(2, "database", "nowhere", ""),
            mistake("a lost Fernet key", url(database.url()).env(FERNET, LOST_KEY)).fails(
                6,
                "fernet key",
                "no Fernet key opens variable `token`",
                "use the key of the Airflow that stored it",
            ),
        ]);
        let right = all_is_right("a server", url(database.url()).env(FERNET, KEY));
        assert_eq!(said(&right, "fernet key"), "it opens variable `token`");
    }
}

#[test]
fn each_mistake_in_local_files_and_variables_is_named() {
    let home = temp_dir();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    write(
        "good.json",
        r#"{"warehouse": "postgres://h", "mail": "smtp://h"}"#,
    );
    write("broken.json", "{\"warehouse\": \n");
    write("bad.yaml", "warehouse:\n  conn_type: x\n  hots: h\n");
    let with = |file: &str| {
        doctor(&home)
            .env(
                "AIRFLOW__SECRETS__BACKEND",
                "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            )
            .env(
                "AIRFLOW__SECRETS__BACKEND_KWARG__CONNECTIONS_FILE_PATH",
                Path::new(file),
            )
    };
    each_is_named(vec![
        mistake("a missing local file", with("nowhere.json")).fails(2, "files", "nowhere.json", ""),
        mistake("a malformed local file", with("broken.json")).fails(2, "files", "broken.json", ""),
        mistake("a misspelt field of a connection", with("bad.yaml")).fails(2, "files", "`hots`", "host"),
        mistake(
            "a variable in lower case",
            doctor(&home).env("airflow_conn_warehouse", "postgres://hidden"),
        )
        .warns(
            "read",
            "never finds `airflow_conn_warehouse`",
            "write `AIRFLOW_CONN_WAREHOUSE`",
        ),
    ]);
    let right = all_is_right("local files", with("good.json"));
    assert_eq!(said(&right, "files"), "`good.json` has 2 connections");
}
