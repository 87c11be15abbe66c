//! Fernet keys: where they come from, which is used, and the status of a value that stays closed.

use serde_json::{Value, json};

use super::{CONN, FERNET, KEY, LOST_KEY, OLDER_KEY, encrypt, program};
use crate::support::metastore::{Database, Dialect, database};
use crate::support::{Output, Side, Sides, airflow, differs, secretctl, temp_dir};

/// Returns a database with plain and encrypted rows.
fn filled() -> Option<Database> {
    airflow()?;
    let database = database(Dialect::Sqlite)?;
    let variable = |key: &str, val: &str, flag: bool| json!({"key": key, "val": val, "is_encrypted": flag});
    let rows = [
        variable("plain", "p", false),
        variable("current", &encrypt(KEY, "c"), true),
        variable("older", &encrypt(OLDER_KEY, "o"), true),
        variable("lost", &encrypt(LOST_KEY, "l"), true),
        variable("broken", "not a token", true),
        variable("empty", "", true),
        variable("token", &encrypt(KEY, "t"), false),
    ];
    database.insert_all("variable", &rows);
    let connection = |id: &str, password: &str, flag: bool, extra: &str, extra_flag: bool| {
        json!({"conn_id": id, "conn_type": "x", "password": password, "is_encrypted": flag, "extra": extra,
            "is_extra_encrypted": extra_flag})
    };
    let lost = encrypt(LOST_KEY, "l");
    let rows = [
        connection("plain", "p", false, r#"{"a": "1"}"#, false),
        connection("password", &encrypt(KEY, "c"), true, r#"{"a": "1"}"#, false),
        connection("extra", "p", false, &encrypt(OLDER_KEY, r#"{"a": "1"}"#), true),
        connection("nothing", "", true, "", true),
        connection("lost_password", &lost, true, "", false),
        connection("lost_extra", "p", false, &lost, true),
        connection("broken_extra", "p", false, "{", false),
        connection("list", "p", false, "[1]", false),
    ];
    database.insert_all("connection", &rows);
    Some(database)
}

fn var(database: &Database, keys: &str, id: &str) -> Output {
    program(&database.url(), keys).args(["get-var", "-n", id]).run()
}

fn conn(database: &Database, keys: &str, id: &str) -> Output {
    program(&database.url(), keys).args(["get-conn", "-n", id]).run()
}

fn ask(kind: &str, id: &str) -> Value {
    json!({"kind": kind, "id": id})
}

#[test]
fn one_key_several_and_keys_with_foreign_characters_open_what_airflow_opens() {
    let Some(database) = filled() else { return };
    let spaced = format!(" {}\n{} ", &KEY[..9], &KEY[9..])
        .replace('-', "+")
        .replace('_', "/");
    for keys in [
        KEY.to_owned(),
        format!("{OLDER_KEY},{KEY}"),
        format!("{KEY},{OLDER_KEY}"),
        format!("{KEY} , {OLDER_KEY}"),
        format!("{KEY},{KEY}"),
        spaced,
        format!("{KEY}trailing"),
    ] {
        let variables = ["plain", "current", "older", "token"];
        let names: Vec<Value> = variables.iter().map(|id| ask("variable", id)).collect();
        for (id, theirs) in variables.iter().zip(database.airflow(&keys, &names)) {
            let ours = var(&database, &keys, id);
            match theirs["value"].as_str() {
                Some(value) => assert_eq!(ours.ok(), value, "{keys} {id}"),
                None => assert_eq!(ours.status, 6, "{keys} {id}: {}", ours.stderr),
            }
        }
        let connections = ["plain", "password", "extra", "nothing"];
        let names: Vec<Value> = connections.iter().map(|id| ask("connection", id)).collect();
        for (id, theirs) in connections.iter().zip(database.airflow(&keys, &names)) {
            let ours = conn(&database, &keys, id);
            match theirs["value"]["uri"].as_str() {
                Some(uri) => assert_eq!(ours.ok(), uri, "{keys} {id}"),
                None => assert_eq!(ours.status, 6, "{keys} {id}: {theirs} {}", ours.stderr),
            }
        }
    }
}

#[test]
fn what_no_key_opens_is_malformed_and_airflow_does_not_have_it() {
    let Some(database) = filled() else { return };
    let theirs = database.airflow(KEY, &["lost", "broken", "empty"].map(|id| ask("variable", id)));
    for (id, theirs) in ["lost", "broken", "empty"].into_iter().zip(&theirs) {
        let ours = var(&database, KEY, id);
        differs(
            "metastore-closed",
            &Sides {
                airflow: (Side::of_airflow(theirs), Side::not_found()),
                secretctl: (Side::of_secretctl(&ours), Side::failed("status 6")),
            },
        );
        let words = ours.fails(6);
        assert!(
            words.contains(&format!("variable `{id}`")) && !words.contains("gAAAA"),
            "{words}"
        );
    }
    for (id, field) in [("lost_password", "password"), ("lost_extra", "extra")] {
        let ours = conn(&database, KEY, id);
        let words = ours.fails(6);
        assert!(
            words.contains(&format!("the {field} of connection `{id}`")) && !words.contains("gAAAA"),
            "{words}"
        );
        assert!(words.contains(FERNET), "{words}");
    }
}

/// Returns what Airflow's search path has: for a connection its URI.
fn defined(database: &Database, kind: &str, id: &str) -> Side {
    let question =
        json!({"op": "metastore.defined", "url": database.url(), "fernet_key": KEY, "kind": kind, "id": id});
    Side::of_airflow(&airflow().unwrap().ask(question))
}

/// Airflow says that a connection "isn't defined" when its row cannot be used.
#[test]
fn a_connection_that_cannot_be_opened_is_malformed() {
    let Some(database) = filled() else { return };
    for id in ["lost_password", "lost_extra"] {
        differs(
            "metastore-closed",
            &Sides {
                airflow: (defined(&database, "connection", id), Side::not_found()),
                secretctl: (
                    Side::of_secretctl(&conn(&database, KEY, id)),
                    Side::failed("status 6"),
                ),
            },
        );
    }
}

#[test]
fn a_connection_whose_extra_is_no_object_is_malformed() {
    let Some(database) = filled() else { return };
    for id in ["broken_extra", "list"] {
        differs(
            "metastore-extra",
            &Sides {
                airflow: (defined(&database, "connection", id), Side::not_found()),
                secretctl: (
                    Side::of_secretctl(&conn(&database, KEY, id)),
                    Side::failed("status 6"),
                ),
            },
        );
    }
}

#[test]
fn text_that_is_not_utf_8_is_malformed() {
    let Some(database) = filled() else { return };
    database.run(&[
        "INSERT INTO variable (\"key\", val, is_encrypted) VALUES ('bytes', CAST(X'68ff' AS TEXT), 0)",
        "INSERT INTO connection (conn_id, conn_type, host, is_encrypted, is_extra_encrypted) \
         VALUES ('bytes', 'x', CAST(X'68ff' AS TEXT), 0, 0)",
    ]);
    for (kind, output) in [
        ("variable", var(&database, KEY, "bytes")),
        ("connection", conn(&database, KEY, "bytes")),
    ] {
        assert!(output.stderr.contains("UTF-8"), "{}", output.stderr);
        differs(
            "metastore-not-utf-8",
            &Sides {
                airflow: (defined(&database, kind, "bytes"), Side::not_found()),
                secretctl: (Side::of_secretctl(&output), Side::failed("status 6")),
            },
        );
    }
}

#[test]
fn without_a_key_plain_rows_are_read_and_encrypted_ones_are_an_error() {
    let Some(database) = filled() else { return };
    for keys in ["", "hunter2", &format!("{KEY},"), &KEY[..43], ","] {
        assert_eq!(var(&database, keys, "plain").ok(), "p", "{keys}");
        assert_eq!(conn(&database, keys, "plain").ok(), "x://:p@/?a=1", "{keys}");
        assert_eq!(conn(&database, keys, "nothing").status, 0, "{keys}");
        for output in [
            var(&database, keys, "current"),
            conn(&database, keys, "password"),
            conn(&database, keys, "extra"),
        ] {
            let words = output.fails(2);
            assert!(
                words.contains(FERNET) && !words.contains("hunter2"),
                "{keys}: {words}"
            );
        }
    }
    let theirs = &database.airflow("", &[ask("variable", "current")])[0];
    assert!(theirs["value"].as_str().unwrap().starts_with("gAAAA"), "{theirs}");
    let ours = var(&database, "", "current");
    differs(
        "metastore-no-key",
        &Sides {
            airflow: (
                Side::found(theirs["value"].as_str().map(|text| text[..5].to_owned())),
                Side::found("gAAAA"),
            ),
            secretctl: (Side::of_secretctl(&ours), Side::failed("status 2")),
        },
    );
}

#[test]
fn the_key_comes_from_a_command_the_backend_or_airflow_cfg() {
    let Some(database) = filled() else { return };
    let folder = temp_dir();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let read = |pairs: &[(&str, &str)]| {
        secretctl()
            .env(CONN, database.url())
            .env("PATH", "/usr/bin:/bin")
            .envs(pairs.iter().copied())
            .args(["get-var", "-n", "current"])
            .run()
    };
    std::fs::write(path("key"), KEY).unwrap();
    assert_eq!(
        read(&[("AIRFLOW__CORE__FERNET_KEY_CMD", &format!("cat {}", path("key")))]).ok(),
        "c"
    );

    std::fs::write(
        path("configs.json"),
        json!({"the-key": KEY, "the-url": database.url()}).to_string(),
    )
    .unwrap();
    let kwargs =
        json!({"configs_file_path": path("configs.json"), "variables_file_path": path("variables.json")})
            .to_string();
    std::fs::write(path("variables.json"), "{}").unwrap();
    let backend = [
        (
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        ),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.as_str()),
        ("AIRFLOW__CORE__FERNET_KEY_SECRET", "the-key"),
    ];
    assert_eq!(read(&backend).ok(), "c");
    let url = secretctl()
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "the-url")
        .envs(backend)
        .args(["get-var", "-n", "current"])
        .run();
    assert_eq!(url.ok(), "c");
    std::fs::write(path("url"), database.url()).unwrap();
    let url = secretctl()
        .env(
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD",
            format!("cat {}", path("url")),
        )
        .env(FERNET, KEY)
        .env("PATH", "/usr/bin:/bin")
        .args(["get-var", "-n", "current"])
        .run();
    assert_eq!(url.ok(), "c");

    std::fs::write(path("airflow.cfg"), format!("[core]\nfernet_key = {LOST_KEY}\n")).unwrap();
    let output = read(&[("AIRFLOW_HOME", folder.path().to_str().unwrap())]);
    let words = output.fails(6);
    assert!(
        words.contains("without an airflow.cfg, Airflow writes one with a new key"),
        "{words}"
    );
    std::fs::write(path("airflow.cfg"), format!("[core]\nfernet_key = {KEY}\n")).unwrap();
    assert_eq!(
        read(&[("AIRFLOW_HOME", folder.path().to_str().unwrap())]).ok(),
        "c"
    );
}
