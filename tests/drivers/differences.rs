//! The deliberate differences from Airflow's hooks: both sides of each, for the same connection.

use serde_json::{Value, json};

use crate::support::{Side, Sides, airflow_drivers, differs, secretctl};

/// Asks the hook and secretctl for `connection` in `format`.
fn both(connection: &Value, format: &str) -> Option<(Side, Side)> {
    let judge = airflow_drivers()?;
    let question = json!({
        "op": "drivers.render", "type": connection["conn_type"], "format": format, "value": connection.to_string(),
    });
    let answer = judge.ask(question);
    let airflow = match answer["text"].as_str() {
        Some(text) => Side::found(text),
        None => Side::failed(answer["error"].as_str().unwrap().split(':').next().unwrap()),
    };
    let output = secretctl()
        .env("AIRFLOW_CONN_C", connection.to_string())
        .args(["get-conn", "c", "--as", format])
        .run();
    Some((airflow, Side::of_secretctl(&output)))
}

#[test]
fn a_blank_in_a_password_is_written_as_sqlalchemy_reads_it() {
    for (conn_type, airflow, ours) in [
        ("mysql", "mysql://u:a+b@h/d", "mysql://u:a%20b@h/d"),
        ("trino", "trino://u:a+b@h/d", "trino://u:a%20b@h/d"),
        (
            "pinot",
            "pinot://u:a+b@h/query/sql",
            "pinot://u:a%20b@h/query/sql",
        ),
        (
            "clickhouse",
            "clickhousedb://u:a+b@h:8123/d",
            "clickhousedb://u:a%20b@h:8123/d",
        ),
        (
            "ibmdb2",
            "db2+ibm_db://u:a+b@h:50000/d",
            "db2+ibm_db://u:a%20b@h:50000/d",
        ),
    ] {
        let connection =
            json!({"conn_type": conn_type, "host": "h", "login": "u", "password": "a b", "schema": "d"});
        let Some((theirs, mine)) = both(&connection, "sqlalchemy") else {
            return;
        };
        differs(
            "as-url-blank",
            &Sides {
                airflow: (theirs, Side::found(airflow)),
                secretctl: (mine, Side::found(ours)),
            },
        );
    }
}

#[test]
fn what_would_end_a_part_of_a_url_is_quoted() {
    for (connection, airflow, ours) in [
        (
            json!({"conn_type": "oracle", "host": "h", "login": "u", "password": "p@ss", "schema": "d"}),
            "oracle+oracledb://u:p@ss@h:1521/d",
            "oracle+oracledb://u:p%40ss@h:1521/d",
        ),
        (
            json!({"conn_type": "oracle", "host": "h", "schema": "d"}),
            "oracle+oracledb://None:None@h:1521/d",
            "oracle+oracledb://h:1521/d",
        ),
        (
            json!({"conn_type": "clickhouse", "host": "h", "login": "u:x", "password": "p", "schema": "d"}),
            "clickhousedb://u:x:p@h:8123/d",
            "clickhousedb://u%3Ax:p@h:8123/d",
        ),
        (
            json!({"conn_type": "ibmdb2", "host": "h", "login": "u", "password": "p", "schema": "d?e"}),
            "db2+ibm_db://u:p@h:50000/d?e",
            "db2+ibm_db://u:p@h:50000/d%3Fe",
        ),
        (
            json!({"conn_type": "snowflake", "login": "u", "password": "a%41", "extra": {"account": "x"}}),
            "snowflake://u:a%41@x/?application=AIRFLOW&authenticator=snowflake",
            "snowflake://u:a%2541@x/?application=AIRFLOW&authenticator=snowflake",
        ),
    ] {
        let Some((theirs, mine)) = both(&connection, "sqlalchemy") else {
            return;
        };
        differs(
            "as-url-quoting",
            &Sides {
                airflow: (theirs, Side::found(airflow)),
                secretctl: (mine, Side::found(ours)),
            },
        );
    }
}

#[test]
fn a_semicolon_in_an_odbc_value_is_put_in_braces() {
    let connection =
        json!({"conn_type": "odbc", "host": "h", "login": "u", "password": "a;b}", "schema": "{d}"});
    let Some((theirs, mine)) = both(&connection, "odbc") else {
        return;
    };
    differs(
        "as-odbc-braces",
        &Sides {
            airflow: (theirs, Side::found("SERVER=h;DATABASE={d};UID=u;PWD=a;b};")),
            secretctl: (mine, Side::found("SERVER=h;DATABASE={d};UID=u;PWD={a;b}}};")),
        },
    );
}

#[test]
fn a_part_that_is_not_text_is_malformed() {
    for (connection, format, airflow) in [
        (
            json!({"conn_type": "drill", "host": "h", "port": 1, "login": ["u"]}),
            "sqlalchemy",
            "drill://h:1/dfs?dialect_driver=drill+sadrill",
        ),
        (
            json!({"conn_type": "odbc", "host": "h", "extra": {"sqlalchemy_scheme": ["x"]}}),
            "sqlalchemy",
            "['x']:///?odbc_connect=SERVER%3Dh%3B",
        ),
        (
            json!({"conn_type": "duckdb", "host": {"a": 1}}),
            "sqlalchemy",
            "duckdb:///{'a': 1}",
        ),
    ] {
        let Some((theirs, mine)) = both(&connection, format) else {
            return;
        };
        differs(
            "as-not-text",
            &Sides {
                airflow: (theirs, Side::found(airflow)),
                secretctl: (mine, Side::failed("status 6")),
            },
        );
    }
}
