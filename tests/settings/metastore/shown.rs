//! What is told of the database: its place, never its password.

use serde_json::Value;

use super::{CONN, Home};

/// Runs what can tell something of the database, and returns all that was written.
fn told(home: &Home, url: &str) -> Vec<String> {
    let runs: &[&[&str]] = &[
        &["explain", "var", "which"],
        &["explain", "conn", "which", "-o", "json"],
        &["explain", "var", "which", "--probe"],
        &["explain", "var", "which", "--probe", "-o", "json"],
        &["get-var", "which", "-vvv"],
        &["get-conn", "which", "--lenient"],
    ];
    runs.iter()
        .map(|args| {
            let output = home
                .program()
                .args(*args)
                .args(["--timeout", "3"])
                .env(CONN, url)
                .run();
            format!("{args:?}: {}{}", output.text(), output.stderr)
        })
        .collect()
}

#[test]
fn the_place_is_shown_and_the_password_is_not() {
    let home = Home::new();
    let url =
        "postgresql+psycopg2://airflow:hunter2@127.0.0.1:1/meta?sslpassword=hunter2&application_name=hunter2";
    for text in told(&home, url) {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("meta"), "{text}");
    }
    let explained = home
        .program()
        .args(["explain", "conn", "db", "--probe", "-o", "json"])
        .env(CONN, url)
        .run();
    let explained: Value = serde_json::from_str(explained.ok()).unwrap();
    let step = &explained["lookups"][1];
    assert_eq!(
        [
            &step["dialect"],
            &step["host"],
            &step["port"],
            &step["database"],
            &step["table"],
            &step["outcome"]
        ],
        [
            &Value::from("postgresql"),
            &"127.0.0.1".into(),
            &1.into(),
            &"meta".into(),
            &"connection".into(),
            &"unreachable".into()
        ]
    );
    assert_eq!(
        step["location"],
        "table `connection` in the PostgreSQL database `meta` at 127.0.0.1:1, by AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    );
}

#[test]
fn a_password_that_is_not_quoted_is_not_shown_either() {
    let home = Home::new();
    for scheme in ["postgresql", "mysql+pymysql"] {
        for password in [
            "pa@hunter2",
            "pa#hunter2",
            "hunter2#x",
            "pa/hunter2",
            "pa?hunter2",
            "pa:hunter2",
            "pa@hunter2:1",
            "p@hunter2/x",
            "p@hunter2?x",
            "p@hunter2#x",
            "hunter2%zz",
            "pa hunter2",
            "hunter2@",
            "p@x/hunter2",
            "p@x?hunter2",
            "p@x:hunter2",
        ] {
            for text in told(&home, &format!("{scheme}://airflow:{password}@127.0.0.1:1/meta")) {
                assert!(!text.contains("hunter2"), "{scheme} {password}: {text}");
            }
        }
    }
}

#[test]
fn a_step_that_cannot_be_known_yet_says_what_knows_it() {
    let home = Home::new();
    for form in ["CMD", "SECRET"] {
        let name = format!("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_{form}");
        let explained = home
            .program()
            .args(["explain", "var", "which"])
            .env(&name, "touch hunter2")
            .run();
        let line = format!("table `variable` in Airflow's database, by {name}");
        assert!(explained.ok().contains(&line), "{}", explained.text());
        assert!(!explained.text().contains("hunter2"));
        assert!(!home.has("hunter2"));
    }
    home.file(
        "airflow.cfg",
        "[database]\nsql_alchemy_conn = mysql://u:hunter2@h/d\n",
    );
    let explained = home.program().args(["explain", "var", "which"]).run();
    assert!(
        explained.ok().contains("the MySQL database `d` at h, by "),
        "{}",
        explained.text()
    );
    assert!(!explained.text().contains("hunter2"));
}
