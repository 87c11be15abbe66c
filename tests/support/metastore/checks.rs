//! The fixture is what the tests of the metadata database take it for.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Database, Dialect, OLDER, database, empty, keeper, older, printed};
use crate::support::{Guard, airflow, temp_dir, variable};

#[test]
fn every_database_has_airflows_tables_and_is_read_by_airflow() {
    for dialect in Dialect::ALL {
        let Some(database) = database(dialect) else {
            continue;
        };
        database.insert(
            "connection",
            json!({"conn_id": "db", "conn_type": "postgres", "host": "é%:x", "port": 5432, "extra": "{\"a\": \"1\"}",
                "is_encrypted": false, "is_extra_encrypted": false}),
        );
        let key = "W5hRQ1pEvHcGPvZkKGAJ9dF1gIGcHR5gAo1rSAzQbMA=";
        let token = database
            .judge
            .ask(json!({"op": "metastore.encrypt", "key": key, "text": "opened"}));
        database.insert_all(
            "variable",
            &[
                json!({"key": "hello", "val": "wörld", "is_encrypted": false}),
                json!({"key": "closed", "val": token, "is_encrypted": true}),
            ],
        );
        let ask = |kind: &str, id: &str| json!({"kind": kind, "id": id});
        let names = [
            ask("connection", "db"),
            ask("connection", "none"),
            ask("variable", "hello"),
            ask("variable", "closed"),
        ];
        let answers = database.airflow(key, &names);
        assert_eq!(
            answers[0]["value"]["uri"], "postgres://%C3%A9%25%3Ax:5432/?a=1",
            "{dialect:?}"
        );
        assert_eq!(answers[1], json!({"value": null}));
        assert_eq!(answers[2], json!({"value": "wörld"}));
        assert_eq!(answers[3], json!({"value": "opened"}));
        let other = super::database(dialect).unwrap();
        assert_eq!(other.airflow("", &names[..1]), [json!({"value": null})]);
    }
}

#[test]
fn the_tables_of_older_versions_are_made() {
    for dialect in Dialect::ALL {
        for version in OLDER {
            let Some(database) = older(dialect, version) else {
                break;
            };
            database.insert(
                "variable",
                json!({"key": "hello", "val": "world", "is_encrypted": false}),
            );
            let rows = database.execute(&[json!(["SELECT val FROM variable", null])]);
            assert_eq!(rows, json!([[["world"]]]), "{dialect:?} {version}");
        }
    }
}

#[test]
fn users_and_certificates_are_checked_by_the_servers() {
    let connect = |database: &Database, user: &str, host: &str, query: &str| {
        let url = database.url_as(user, host, query);
        database.judge.ask(json!({"op": "metastore.connect", "url": url}))
    };
    if let Some(database) = empty(Dialect::Postgres) {
        let server = database.server.clone().unwrap();
        let tls = server.tls.display();
        let connect = |user: &str, host: &str, query: &str| {
            connect(&database, user, host, query)["value"] == json!(user)
        };
        let admin = server.user.as_str();
        assert!(connect(
            admin,
            "localhost",
            &format!("?sslmode=verify-full&sslrootcert={tls}/ca.pem")
        ));
        assert!(!connect(
            admin,
            "localhost",
            &format!("?sslmode=verify-full&sslrootcert={tls}/other-ca.pem")
        ));
        assert!(connect(admin, "", &format!("?host={}", server.socket.display())));
        assert!(connect("tls_only", "127.0.0.1", ""));
        assert!(!connect("tls_only", "127.0.0.1", "?sslmode=disable"));
        assert!(!connect("refused", "127.0.0.1", ""));
        assert!(connect("md5_user", "127.0.0.1", "") && connect("plain", "127.0.0.1", ""));
        let certificate =
            format!("?sslmode=require&sslcert={tls}/client-cert.pem&sslkey={tls}/client-key.pem");
        assert!(connect("certified", "127.0.0.1", &certificate));
        assert!(!connect("certified", "127.0.0.1", "?sslmode=require"));
    }
    if let Some(database) = empty(Dialect::Mariadb) {
        let server = database.server.clone().unwrap();
        let tls = server.tls.display();
        for user in ["tls_only", "certified"] {
            database.run(&[format!("GRANT SELECT ON {}.* TO '{user}'@'%'", database.name)]);
        }
        let connect = |user: &str, host: &str, query: &str| {
            connect(&database, user, host, query)["value"] == json!(format!("{user}@%"))
        };
        let admin = server.user.as_str();
        let ca = format!("ssl_ca={tls}/ca.pem");
        assert!(connect(admin, "localhost", &format!("?{ca}")));
        assert!(!connect(
            admin,
            "localhost",
            &format!("?ssl_ca={tls}/other-ca.pem")
        ));
        assert!(connect(
            admin,
            "localhost",
            &format!("?unix_socket={}", server.socket.display())
        ));
        assert!(connect("tls_only", "127.0.0.1", &format!("?{ca}")));
        assert!(!connect("tls_only", "127.0.0.1", "?ssl_disabled=true"));
        let certificate = format!("?{ca}&ssl_cert={tls}/client-cert.pem&ssl_key={tls}/client-key.pem");
        assert!(connect("certified", "127.0.0.1", &certificate));
        assert!(!connect("certified", "127.0.0.1", &format!("?{ca}")));
    }
}

#[test]
fn the_servers_end_with_their_keeper_however_it_ends() {
    if airflow().is_none() {
        return;
    }
    let python = variable("AIRFLOW_PYTHON").unwrap();

    // Its input ends while it installs.
    let folder = temp_dir();
    let mut early = Guard::new(keeper(&python, folder.path()));
    drop(early.child().stdin.take());
    assert!(early.child().wait().unwrap().success());
    assert!(!folder.path().exists());

    let ended = std::thread::spawn({
        let python = python.clone();
        move || {
            let folder = temp_dir();
            let mut keeper = Guard::new(keeper(&python, folder.path()));
            let ports = ports(&printed(keeper.child()).unwrap());
            drop(keeper.child().stdin.take());
            assert!(keeper.child().wait().unwrap().success());
            assert!(!folder.path().exists());
            all_closed(&ports)
        }
    });
    let folder = temp_dir();
    let mut killed = Guard::new(keeper(&python, folder.path()));
    let ports = ports(&printed(killed.child()).unwrap());
    drop(killed);
    // The kernel tells the servers, on Linux alone.
    assert!(!cfg!(target_os = "linux") || all_closed(&ports));
    assert!(ended.join().unwrap());
}

fn ports(variables: &super::Variables) -> Vec<u16> {
    let ports = variables.iter().filter(|(name, _)| name.ends_with("_PORT"));
    ports.map(|(_, port)| port.parse().unwrap()).collect()
}

/// Waits until nothing listens on any of `ports`.
fn all_closed(ports: &[u16]) -> bool {
    let start = Instant::now();
    let open = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
    while ports.iter().any(open) {
        if start.elapsed() > Duration::from_secs(20) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}
