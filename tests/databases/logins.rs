//! Logins at real servers: whom each URL trusts and how it proves who it is, next to Airflow's drivers, and what a refusal means.

use serde_json::{Value, json};

use crate::support::metastore::{Database, Dialect, database, empty};
use crate::support::{Output, airflow, secretctl};

/// Reads the variable `v` with the URL, in an empty environment.
fn read(url: &str) -> Output {
    secretctl()
        .args(["--timeout", "20", "get-var", "v"])
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
        .run()
}

/// Returns a database with the variable `v`.
fn filled(dialect: Dialect) -> Option<Database> {
    let database = database(dialect)?;
    database.insert(
        "variable",
        json!({"key": "v", "val": "value \u{1f600}", "is_encrypted": false}),
    );
    Some(database)
}

/// Returns a database with the variable `v` that the servers' other users may read.
fn shared(dialect: Dialect) -> Option<Database> {
    let database = filled(dialect)?;
    let grants = match dialect {
        Dialect::Postgres => {
            vec!["GRANT SELECT ON variable TO tls_only, certified, md5_user, plain".to_owned()]
        }
        _ => ["tls_only", "certified"]
            .map(|user| format!("GRANT SELECT ON {}.* TO {user}", database.name))
            .into(),
    };
    database.run(&grants);
    Some(database)
}

/// Returns whether the driver gets in.
fn gets_in(url: &str) -> (bool, Value) {
    let answer = airflow()
        .unwrap()
        .ask(json!({"op": "databases.login", "url": url, "env": {}}));
    (answer["error"].is_null(), answer)
}

#[test]
fn postgresql_is_trusted_as_libpq_trusts_it() {
    let Some(database) = shared(Dialect::Postgres) else {
        return;
    };
    let tls = database.server.as_ref().unwrap().tls.display().to_string();
    let mut compared = 0;
    for mode in [
        "",
        "disable",
        "allow",
        "prefer",
        "require",
        "verify-ca",
        "verify-full",
    ] {
        for root in ["", "ca.pem", "other-ca.pem", "missing.pem", "system"] {
            for (user, host) in [
                ("airflow_admin", "127.0.0.1"),
                ("airflow_admin", "localhost"),
                ("tls_only", "127.0.0.1"),
            ] {
                if user == "tls_only" && !root.is_empty() {
                    continue;
                }
                for binding in ["", "require"] {
                    let mut query = String::from("?application_name=x");
                    for (name, value) in [("sslmode", mode), ("channel_binding", binding)] {
                        if !value.is_empty() {
                            query = format!("{query}&{name}={value}");
                        }
                    }
                    match root {
                        "" => {}
                        "system" => query += "&sslrootcert=system",
                        file => query = format!("{query}&sslrootcert={tls}/{file}"),
                    }
                    let user = if user == "airflow_admin" {
                        &database.server.as_ref().unwrap().user
                    } else {
                        user
                    };
                    let url = database.url_as(user, host, &query);
                    let (theirs, answer) = gets_in(&url);
                    let ours = read(&url);
                    assert_eq!(
                        ours.status == 0,
                        theirs,
                        "{query} {user} {host}: {answer} {}",
                        ours.stderr
                    );
                    assert!(matches!(ours.status, 0 | 2 | 4 | 5), "{query}: {}", ours.stderr);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 154);
}

#[test]
fn postgresql_accepts_every_kind_of_proof() {
    let Some(database) = shared(Dialect::Postgres) else {
        return;
    };
    let server = database.server.clone().unwrap();
    let tls = server.tls.display();
    let with_certificate = format!("?sslcert={tls}/client-cert.pem&sslkey={tls}/client-key.pem");
    let socket = format!("?host={}", server.socket.display());
    for (user, query, status) in [
        ("md5_user", "", 0),
        ("plain", "", 0),
        ("tls_only", "", 0),
        ("tls_only", "?sslmode=disable", 4),
        ("refused", "", 4),
        ("nobody_at_all", "", 4),
        ("certified", "", 4),
        ("certified", &with_certificate, 0),
        (&server.user, &socket, 0),
    ] {
        let url = database.url_as(user, "127.0.0.1", query);
        let output = read(&url);
        assert_eq!(output.status, status, "{user} {query}: {}", output.stderr);
        assert_eq!(gets_in(&url).0, status == 0, "{user} {query}");
        assert!(!output.stderr.contains(&server.password));
    }
}

#[test]
fn mysql_is_trusted_as_its_options_say() {
    let Some(database) = shared(Dialect::Mariadb) else {
        return;
    };
    let server = database.server.clone().unwrap();
    let tls = server.tls.display();
    let certificate = format!("ssl_cert={tls}/client-cert.pem&ssl_key={tls}/client-key.pem");
    for (user, host, query, status) in [
        (server.user.as_str(), "127.0.0.1", String::new(), 0),
        (&server.user, "127.0.0.1", "?ssl_disabled=true".to_owned(), 0),
        (&server.user, "127.0.0.1", format!("?ssl_ca={tls}/ca.pem"), 0),
        (&server.user, "localhost", format!("?ssl_ca={tls}/ca.pem"), 0),
        (
            &server.user,
            "127.0.0.1",
            format!("?ssl_ca={tls}/other-ca.pem"),
            5,
        ),
        (&server.user, "127.0.0.1", format!("?ssl_ca={tls}/missing.pem"), 2),
        (&server.user, "127.0.0.1", "?ssl_verify_cert=true".to_owned(), 5),
        ("tls_only", "127.0.0.1", String::new(), 0),
        ("tls_only", "127.0.0.1", "?ssl_disabled=true".to_owned(), 4),
        ("certified", "127.0.0.1", String::new(), 4),
        (
            "certified",
            "127.0.0.1",
            format!("?ssl_ca={tls}/ca.pem&{certificate}"),
            0,
        ),
        ("nobody_at_all", "127.0.0.1", String::new(), 4),
        (
            &server.user,
            "localhost",
            format!("?unix_socket={}", server.socket.display()),
            0,
        ),
    ] {
        let url = database.url_as(user, host, &query);
        let output = read(&url);
        assert_eq!(output.status, status, "{user} {query}: {}", output.stderr);
        let (theirs, answer) = gets_in(&url);
        assert_eq!(theirs, status == 0, "{user} {host} {query}: {answer}");
        assert!(!output.stderr.contains(&server.password));
    }
}

#[test]
fn a_refusal_has_the_status_of_its_kind() {
    for dialect in [Dialect::Postgres, Dialect::Mariadb] {
        let (Some(filled), Some(empty)) = (filled(dialect), empty(dialect)) else {
            continue;
        };
        let server = filled.server.clone().unwrap();
        let wrong = filled.url().replace(&server.password, "hunter2hunter2");
        read(&wrong).fails(4);
        assert!(!read(&wrong).stderr.contains("hunter2"));
        let missing = filled.at("no_such_database");
        assert!(read(&missing.url()).fails(2).contains("does not exist"));
        let words = read(&empty.url());
        assert!(words.fails(2).contains("airflow db migrate"), "{}", words.stderr);
        let nowhere = filled.url().replace(&format!(":{}/", server.port), ":1/");
        read(&nowhere).fails(5);
        // A user who may do nothing.
        let (create, drop) = match dialect {
            Dialect::Postgres => (
                format!(
                    "CREATE ROLE no_right_{} LOGIN PASSWORD '{}'",
                    filled.name, server.password
                ),
                format!("DROP ROLE no_right_{}", filled.name),
            ),
            _ => (
                format!(
                    "CREATE USER no_right_{} IDENTIFIED BY '{}'",
                    filled.name, server.password
                ),
                format!("DROP USER no_right_{}", filled.name),
            ),
        };
        filled.run(&[create]);
        let output = read(&filled.url_as(&format!("no_right_{}", filled.name), "127.0.0.1", ""));
        filled.run(&[drop]);
        assert!(
            output.fails(4).contains("grant the user `SELECT`"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_database_is_only_read_in_transactions_that_cannot_write() {
    let Some(postgres) = filled(Dialect::Postgres) else {
        return;
    };
    // A table in the place of Airflow's: reading it would write, and a read-only transaction does not allow that.
    postgres.run(&[
        "CREATE TABLE written (x int)",
        "ALTER TABLE variable RENAME TO own",
        "CREATE FUNCTION note() RETURNS boolean LANGUAGE plpgsql VOLATILE AS 'BEGIN INSERT INTO written VALUES (1); RETURN true; END'",
        "CREATE VIEW variable AS SELECT * FROM own WHERE note()",
    ]);
    let output = read(&postgres.url());
    assert!(output.fails(5).contains("25006"), "{}", output.stderr);
    let rows = postgres.execute(&[json!(["SELECT count(*) FROM written", null])]);
    assert_eq!(rows[0][0][0], json!(0));
}
