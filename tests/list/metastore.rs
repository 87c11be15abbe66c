//! Airflow's database: the tables of every version, in SQLite, PostgreSQL and MariaDB.

use serde_json::json;

use super::{ids, lines};
use crate::support::metastore::{Database, Dialect, OLDER, database, older};
use crate::support::{Program, airflow, secretctl};

fn program(database: &Database) -> Program {
    secretctl().env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", database.url())
}

#[test]
fn names_are_listed_from_the_tables_of_every_version_without_a_key() {
    if airflow().is_none() {
        return;
    }
    for dialect in Dialect::ALL {
        for version in OLDER.iter().copied().chain(["3.3.2"]) {
            let made = if version == "3.3.2" {
                database(dialect)
            } else {
                older(dialect, version)
            };
            let Some(database) = made else { break };
            let about = format!("{dialect:?} {version}");
            for (id, key) in [("db", "v"), ("wörld", "a b\tc")] {
                // Nothing opens these values, and nothing has to.
                database.insert(
                    "connection",
                    json!({"conn_id": id, "conn_type": "x", "password": "hidden-7c1e", "is_encrypted": true, "is_extra_encrypted": false}),
                );
                database.insert(
                    "variable",
                    json!({"key": key, "val": "hidden-7c1e", "is_encrypted": true}),
                );
            }
            assert_eq!(
                ids(program(&database).args(["list", "conn"])),
                ["db", "wörld"],
                "{about}"
            );
            let output = program(&database).args(["list", "var", "-vvv"]).run();
            assert!(!output.stderr.contains("hidden-7c1e"), "{}", output.stderr);
            let keys: Vec<String> = lines(&output).into_iter().map(|line| line.0).collect();
            assert_eq!(keys, ["a b\\tc", "v"], "{about}");
            if !["3.2.2", "3.3.2"].contains(&version) {
                // Airflow does not find a variable that is NULL.
                database.insert(
                    "variable",
                    json!({"key": "null", "val": null, "is_encrypted": false}),
                );
                assert_eq!(ids(program(&database).args(["list", "var"])).len(), 2, "{about}");
                continue;
            }
            for (team, id) in [("blue", "of_blue"), ("red", "of_red")] {
                database.insert("team", json!({"name": team}));
                database.insert(
                    "connection",
                    json!({"conn_id": id, "conn_type": "x", "is_encrypted": false, "is_extra_encrypted": false, "team_name": team}),
                );
            }
            assert_eq!(
                ids(program(&database).args(["list", "conn"])),
                ["db", "wörld"],
                "{about}"
            );
            let as_team = program(&database)
                .env("AIRFLOW__CORE__MULTI_TEAM", "True")
                .args(["list", "conn", "--team", "blue"]);
            assert_eq!(ids(as_team), ["db", "of_blue", "wörld"], "{about}");
        }
    }
}

#[test]
fn a_name_in_the_environment_shadows_one_in_the_database() {
    for dialect in Dialect::ALL {
        let Some(database) = database(dialect) else {
            continue;
        };
        for key in ["a", "B"] {
            database.insert("variable", json!({"key": key, "val": "x", "is_encrypted": false}));
        }
        let output = program(&database)
            .env("AIRFLOW_VAR_A", "1")
            .env("AIRFLOW_VAR_B", "1")
            .args(["list", "var"])
            .run();
        let remarks: Vec<(String, bool)> = lines(&output)
            .into_iter()
            .map(|(id, _, remark)| (id, remark.is_some()))
            .collect();
        let expected = [("a", false), ("b", false), ("B", true), ("a", true)];
        assert!(
            remarks
                .iter()
                .map(|(id, marked)| (id.as_str(), *marked))
                .eq(expected),
            "{remarks:?}"
        );
        // A configured database that is missing is an error, and `--no-metastore` leaves it out.
        drop(database);
    }
}

#[test]
fn a_database_that_cannot_be_asked_is_an_error_and_one_that_is_not_configured_is_none() {
    let missing = || {
        secretctl()
            .env(
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
                "sqlite:////nonexistent/airflow.db",
            )
            .env("AIRFLOW_VAR_A", "1")
            .args(["list", "var"])
    };
    let output = missing().run();
    assert_eq!((output.status, output.text()), (2, ""), "{}", output.stderr);
    assert_eq!(ids(missing().arg("--no-metastore")), ["a"]);
    assert_eq!(ids(missing().arg("--lenient")), ["a"]);
    let refused = secretctl()
        .env(
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
            "postgresql://u:hidden-7c1e@127.0.0.1:1/x",
        )
        .args(["list", "conn"])
        .run();
    assert_eq!((refused.status, refused.text()), (5, ""), "{}", refused.stderr);
    assert!(!refused.stderr.contains("hidden-7c1e"));
}
