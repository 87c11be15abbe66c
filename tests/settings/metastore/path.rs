//! When the database is asked: after everything else, and not at all where an earlier place answers or nobody wants it.

use serde_json::{Value, json};

use super::{CONN, Home, LOCAL, METASTORE};
use crate::support::server::{Reply, Server};

#[test]
fn the_order_is_backend_environment_database() {
    let home = Home::new();
    let url = home.database("database");
    let file = home.file("variables.json", r#"{"which": "backend"}"#);
    let kwargs = json!({"variables_file_path": file}).to_string();
    let all = [
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.as_str()),
        ("AIRFLOW__SECRETS__BACKEND", LOCAL),
        ("AIRFLOW_VAR_WHICH", "environment"),
        (CONN, &url),
    ];
    for (skip, value) in [(0, "backend"), (2, "environment"), (3, "database")] {
        let output = home.which().envs(all[skip..].iter().copied()).run();
        assert_eq!(output.ok(), value);
    }
    home.which().run().fails(3);
    // As the configured backend it is first, and is not asked twice.
    let first = home
        .which()
        .args(["--backend", METASTORE])
        .envs(all[2..].iter().copied())
        .run();
    assert_eq!(first.ok(), "database");
    let explained = home
        .program()
        .args(["explain", "var", "which", "-o", "json", "--backend", METASTORE])
        .env(CONN, &url)
        .run();
    let explained: Value = serde_json::from_str(explained.ok()).unwrap();
    let backends: Vec<_> = explained["lookups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lookup| lookup["backend"].as_str().unwrap())
        .collect();
    assert_eq!(
        backends,
        [
            METASTORE,
            "airflow.secrets.environment_variables.EnvironmentVariablesBackend"
        ]
    );
    assert_eq!(explained["lookups"][0]["database"], url["sqlite:///".len()..]);
}

/// A server in the database's place counts its connections, so "never asked" is seen.
fn server() -> (Server, String) {
    let server = Server::start(|_| Reply::json(200, json!({})));
    let url = format!(
        "postgresql://u:p@{}/d",
        server.url().trim_start_matches("http://")
    );
    (server, url)
}

#[test]
fn a_url_that_cannot_be_used_does_not_spoil_an_earlier_answer() {
    let home = Home::new();
    let (server, reached) = server();
    for url in [
        reached.as_str(),
        "postgresql://u:p@127.0.0.1:1/d",
        "nonsense",
        "",
        "sqlite:///relative.db",
        "sqlite:////nonexistent/airflow.db",
        "oracle://h/d",
    ] {
        let output = home
            .which()
            .envs([(CONN, url), ("AIRFLOW_VAR_WHICH", "environment")])
            .run();
        assert_eq!(
            (output.ok(), output.stderr.as_str()),
            ("environment", ""),
            "{url}"
        );
    }
    // No command runs, and no secret is looked up, for a database that is not asked.
    let marker = format!("{}/marker", home.path());
    let command = format!("touch {marker}");
    let late = home
        .which()
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD", &command)
        .env("AIRFLOW_VAR_WHICH", "environment");
    assert_eq!(late.run().ok(), "environment");
    assert!(!home.has("marker"));
    home.which()
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD", &command)
        .run()
        .fails(2);
    assert!(home.has("marker"));
    assert_eq!(server.connections(), 0, "nobody connected");
    for (url, status) in [
        ("postgresql://u:p@127.0.0.1:1/d", 5),
        ("nonsense", 2),
        ("", 2),
        ("sqlite:///relative.db", 2),
        ("sqlite+pysqlite:////a.db", 2),
        ("sqlite://", 2),
        ("sqlite:////nonexistent/airflow.db", 2),
        ("oracle://h/d", 2),
    ] {
        home.which().env(CONN, url).run().fails(status);
    }
}

#[test]
fn who_does_not_want_the_database_never_asks_it() {
    let home = Home::new();
    let (server, url) = server();
    let kwargs = json!({"variables_file_path": home.file("variables.json", "{}")}).to_string();
    let program = || {
        home.which().envs([
            (CONN, url.as_str()),
            ("AIRFLOW__SECRETS__BACKEND", LOCAL),
            ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
        ])
    };
    for arg in ["--no-metastore", "--no-fallback", "--worker"] {
        program().arg(arg).run().fails(3);
    }
    for name in ["NO_METASTORE", "NO_FALLBACK", "WORKER"] {
        program().env(format!("SECRETCTL_{name}"), "true").run().fails(3);
    }
    let config = home
        .program()
        .args(["get-config", "x"])
        .envs([(CONN, url.as_str()), ("AIRFLOW__SECRETS__BACKEND", METASTORE)])
        .run();
    config.fails(3);
    let explained = home
        .program()
        .args(["explain", "config", "x"])
        .env(CONN, &url)
        .run();
    assert!(!explained.ok().contains("table"), "{}", explained.text());
    for arg in ["--no-metastore", "--worker"] {
        let explained = home
            .program()
            .args(["explain", "var", "which", arg])
            .env(CONN, &url)
            .run();
        assert!(!explained.ok().contains("table"), "{}", explained.text());
    }
    // Explaining asks nobody.
    home.program()
        .args(["explain", "var", "which"])
        .env(CONN, &url)
        .run()
        .ok();
    assert_eq!(server.connections(), 0);
}
