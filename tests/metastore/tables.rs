//! The tables of Airflow 2.2 to 3.3, and which row a name means in each.

use serde_json::{Value, json};

use super::{CONN, FERNET, KEY, encrypt, program};
use crate::support::metastore::{Database, Dialect, OLDER, database, older};
use crate::support::{Output, airflow, secretctl};

fn conn(database: &Database, id: &str) -> Output {
    program(&database.url(), KEY)
        .args(["get-conn", "-n", "-o", "airflow-uri", "--", id])
        .run()
}

fn var(database: &Database, id: &str) -> Output {
    program(&database.url(), KEY)
        .args(["get-var", "-n", "--", id])
        .run()
}

fn as_team(database: &Database, team: &str, command: &str, id: &str) -> Output {
    secretctl()
        .env(CONN, database.url())
        .env(FERNET, KEY)
        .env("AIRFLOW__CORE__MULTI_TEAM", "True")
        .args(["--team", team, command, "-n", id])
        .run()
}

/// The column that says whose a row is, and a team there, if the version has one.
fn team_column(database: &Database, version: &str) -> Option<(&'static str, Value)> {
    match version {
        "3.1.8" => {
            // A uuid, which SQLAlchemy writes without dashes where the database has no type for it.
            let id = match database.dialect {
                Dialect::Postgres => "11111111-2222-3333-4444-555555555555",
                _ => "11111111222233334444555555555555",
            };
            database.insert("team", json!({"id": id, "name": "blue"}));
            Some(("team_id", json!(id)))
        }
        "3.2.2" | "3.3.2" => {
            database.insert("team", json!({"name": "blue"}));
            Some(("team_name", json!("blue")))
        }
        _ => None,
    }
}

#[test]
fn the_tables_of_every_version_are_read() {
    if airflow().is_none() {
        return;
    }
    let token = |text: &str| encrypt(KEY, text);
    for dialect in Dialect::ALL {
        for version in OLDER.iter().copied().chain(["3.3.2"]) {
            let made = if version == "3.3.2" {
                database(dialect)
            } else {
                older(dialect, version)
            };
            let Some(database) = made else { break };
            let about = format!("{dialect:?} {version}");
            let connection = |id: &str| {
                json!({"conn_id": id, "conn_type": "postgresql", "host": "hé", "login": "u", "password": token("pä:ss"), "port": 5432,
                    "schema": "db", "is_encrypted": true, "is_extra_encrypted": true, "extra": token(r#"{"a": "é"}"#)})
            };
            database.insert("connection", connection("db"));
            database.insert(
                "variable",
                json!({"key": "v", "val": token("wörld"), "is_encrypted": true}),
            );
            let uri = "postgresql://u:p%C3%A4%3Ass@h%C3%A9:5432/db?a=%C3%A9";
            assert_eq!(conn(&database, "db").ok(), uri, "{about}");
            assert_eq!(var(&database, "v").ok(), "wörld", "{about}");
            for output in [conn(&database, "none"), var(&database, "none")] {
                assert_eq!(output.status, 3, "{about}: {}", output.stderr);
            }
            if !["3.2.2", "3.3.2"].contains(&version) {
                // Flags and values may be NULL: not encrypted, and not found.
                database.insert(
                    "variable",
                    json!({"key": "null", "val": null, "is_encrypted": null}),
                );
                database.insert(
                    "variable",
                    json!({"key": "plain", "val": "p", "is_encrypted": null}),
                );
                database.insert(
                    "connection",
                    json!({"conn_id": "plain", "conn_type": "x", "password": "p", "extra": "{}"}),
                );
                assert_eq!(var(&database, "null").status, 3, "{about}");
                assert_eq!(var(&database, "plain").ok(), "p", "{about}");
                assert_eq!(
                    conn(&database, "plain").ok(),
                    "x://:p@/?__extra__=%7B%7D",
                    "{about}"
                );
            }
            let Some((column, team)) = team_column(&database, version) else {
                continue;
            };
            let mut row = connection("owned");
            row[column] = team.clone();
            database.insert("connection", row);
            let mut row = json!({"key": "owned", "val": "o", "is_encrypted": false});
            row[column] = team;
            database.insert("variable", row);
            let alone = [conn(&database, "owned"), var(&database, "owned")];
            if column == "team_id" {
                // Airflow 3.1 asks by the name alone.
                assert_eq!([alone[0].ok(), alone[1].ok()], [uri, "o"], "{about}");
                continue;
            }
            for output in alone {
                assert_eq!(output.status, 3, "{about}: {}", output.stderr);
                assert!(output.stderr.contains("belongs to a team"), "{}", output.stderr);
            }
            assert_eq!(
                as_team(&database, "blue", "get-var", "owned").ok(),
                "o",
                "{about}"
            );
            assert_eq!(
                as_team(&database, "blue", "get-var", "v").ok(),
                "wörld",
                "{about}"
            );
            assert_eq!(
                as_team(&database, "blue", "get-conn", "owned").ok(),
                uri,
                "{about}"
            );
            assert_eq!(as_team(&database, "red", "get-var", "owned").status, 3, "{about}");
        }
    }
}

/// What a name means is a matter of the database: case, blanks and accents.
#[test]
fn a_name_means_the_row_that_it_means_to_airflow() {
    if airflow().is_none() {
        return;
    }
    let ids = [
        "case_id",
        "a%b",
        "a_b",
        "quo'te",
        "quo\"te",
        "back\\slash",
        " blank",
        "trailing ",
        "é",
        "ü___x",
        "new\nline",
        "\u{1f600}",
    ];
    let asked = [
        "case_id",
        "Case_Id",
        "CASE_ID",
        "a%b",
        "a_b",
        "axb",
        "a%",
        "quo'te",
        "quo\"te",
        "quo''te",
        "back\\slash",
        "back\\\\slash",
        " blank",
        "blank",
        "trailing",
        "trailing ",
        "trailing  ",
        "é",
        "e",
        "É",
        "e\u{301}",
        "ü___x",
        "u___x",
        "new\nline",
        "newline",
        "\u{1f600}",
        "\u{1f601}",
        "' OR '1'='1",
        "%",
        "_",
        ":name",
        "?",
        "$1",
        "%s",
        "%(x)s",
    ];
    let long = "x".repeat(251);
    for dialect in Dialect::ALL {
        let Some(database) = database(dialect) else {
            continue;
        };
        let rows: Vec<Value> = ids
            .iter()
            .map(|id| json!({"key": id, "val": format!("of {id}"), "is_encrypted": false}))
            .collect();
        database.insert_all("variable", &rows);
        let names: Vec<Value> = asked
            .iter()
            .copied()
            .chain([long.as_str()])
            .map(|id| json!({"kind": "variable", "id": id}))
            .collect();
        let theirs = database.airflow(KEY, &names);
        let ours = super::Ours::new(&database.url(), KEY, None);
        for (name, theirs) in names.iter().zip(&theirs) {
            assert_eq!(ours.answer(name), *theirs, "{dialect:?} {name}");
        }
    }
}

#[test]
fn the_database_of_something_else_is_an_error_that_says_so() {
    for dialect in Dialect::ALL {
        let Some(database) = crate::support::metastore::empty(dialect) else {
            continue;
        };
        database.run(&[
            "CREATE TABLE connection (a INTEGER)",
            "CREATE TABLE other (a INTEGER)",
        ]);
        for output in [conn(&database, "db"), var(&database, "v")] {
            let words = output.fails(2);
            assert!(words.contains("airflow db migrate"), "{dialect:?}: {words}");
        }
    }
}
