//! The deliberate differences from Airflow's drivers: both sides of each, asked the same.

use serde_json::json;

use super::mysql_wire;
use super::scripted::{Protocol, Scripted};
use crate::support::metastore::{Database, Dialect, database};
use crate::support::{Output, Side, Sides, airflow, airflow_fresh, differs, free_port, secretctl};

const CONN: &str = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN";

fn read(url: &str) -> Output {
    secretctl()
        .args(["--timeout", "20", "get-var", "v"])
        .env(CONN, url)
        .run()
}

/// Returns Airflow's side of a login, in which only whether it succeeds counts.
fn login(url: &str) -> Side {
    let answer = airflow()
        .unwrap()
        .ask(json!({"op": "databases.login", "url": url, "env": {}}));
    match answer["error"].as_str() {
        Some(class) => Side::failed(class),
        None => Side::found("value"),
    }
}

/// Returns a database with the variable `v`.
fn filled(dialect: Dialect) -> Option<Database> {
    let database = database(dialect)?;
    database.insert(
        "variable",
        json!({"key": "v", "val": "value", "is_encrypted": false}),
    );
    Some(database)
}

#[test]
fn options_that_secretctl_does_not_have_are_refused() {
    let (Some(postgres), Some(mariadb)) = (filled(Dialect::Postgres), filled(Dialect::Mariadb)) else {
        return;
    };
    for (database, query) in [
        (&postgres, "sslcrl=/nonexistent"),
        (&postgres, "sslcrldir=/nonexistent"),
        (&postgres, "requirepeer=postgres"),
        (&postgres, "require_auth=scram-sha-256"),
        (&postgres, "ssl_min_protocol_version=TLSv1.3"),
        (&mariadb, "read_default_file=/nonexistent"),
    ] {
        let user = &database.server.as_ref().unwrap().user;
        let url = database.url_as(user, "127.0.0.1", &format!("?{query}"));
        let output = read(&url);
        differs(
            "metastore-refused-options",
            &Sides {
                airflow: (login(&url), Side::found("value")),
                secretctl: (Side::of_secretctl(&output), Side::failed("status 2")),
            },
        );
        let name = query.split('=').next().unwrap();
        assert!(output.stderr.contains(name), "{query}: {}", output.stderr);
    }
}

#[test]
fn a_named_authority_makes_tls_required_as_in_pymysql() {
    let Some(_) = airflow() else { return };
    let (port, sent) = mysql_wire::start("mysql_native_password");
    let url = format!("mysql+pymysql://u:p@127.0.0.1:{port}/d?ssl_ca=/etc/ssl/certs/ca-certificates.crt");
    assert_eq!(login(&url), Side::failed("OperationalError"));
    let output = read(&url);
    assert!(
        output.fails(5).contains("does not offer TLS"),
        "{}",
        output.stderr
    );
    assert_eq!(sent.try_iter().count(), 0, "neither sends a login without TLS");
}

#[test]
fn every_driver_of_a_dialect_is_the_same() {
    let Some(_) = airflow() else { return };
    for (protocol, scheme) in [
        (Protocol::Postgres, "postgresql+pg8000"),
        (Protocol::MySql, "mysql+cymysql"),
    ] {
        let port = Scripted::new(protocol, &[("val", "value")]).start();
        let url = format!("{scheme}://u:p@127.0.0.1:{port}/d");
        differs(
            "metastore-drivers",
            &Sides {
                airflow: (login(&url), Side::failed("ModuleNotFoundError")),
                secretctl: (Side::of_secretctl(&read(&url)), Side::found("value")),
            },
        );
    }
}

#[test]
fn an_unknown_option_is_ignored_with_a_warning() {
    let Some(_) = airflow() else { return };
    for (protocol, scheme, class) in [
        (Protocol::Postgres, "postgresql+psycopg2", "ProgrammingError"),
        (Protocol::MySql, "mysql+pymysql", "TypeError"),
    ] {
        let port = Scripted::new(protocol, &[("val", "value")]).start();
        let url = format!("{scheme}://u:p@127.0.0.1:{port}/d?colour=blue");
        let output = read(&url);
        differs(
            "metastore-unknown-options",
            &Sides {
                airflow: (login(&url), Side::failed(class)),
                secretctl: (Side::of_secretctl(&output), Side::found("value")),
            },
        );
        assert!(
            output.stderr.starts_with("warning: ") && output.stderr.contains("`colour`"),
            "{}",
            output.stderr
        );
        assert!(!output.stderr.contains("blue"), "{}", output.stderr);
    }
}

#[test]
fn a_database_that_fails_is_passed_over_by_airflow_alone() {
    let url = format!("postgresql+psycopg2://u:p@127.0.0.1:{}/d", free_port());
    let Some(judge) = airflow_fresh([(CONN, &url)]) else {
        return;
    };
    let theirs = judge.ask(json!({"op": "differences.search_path", "key": "v"}));
    differs(
        "metastore-failure",
        &Sides {
            airflow: (Side::of_airflow(&theirs), Side::not_found()),
            secretctl: (Side::of_secretctl(&read(&url)), Side::failed("status 5")),
        },
    );
}
