//! psql and the client of MariaDB connect with what we write, with passwords that need every kind of quoting.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::metastore::{Database, Dialect, empty};
use crate::support::{Program, secretctl, skip, temp_dir, variable};

/// Passwords for databases: none ends in a carriage return, which no password file can hold.
const PASSWORDS: &[&str] = &[
    "plain",
    "p@ss:w/o?r#d%41 &=+",
    "it's \"quoted\" \\ and \\\\ `$(true)` ${HOME} $$",
    "#comment ; [group] !include",
    " blanks  around ",
    "tab\tüñí\u{1f600}",
    "'",
    "\"",
    "\\",
    "*",
    "ends with a backslash\\",
];

/// Returns the database, with a user of its own who has `password`, as a connection.
fn connection(database: &Database, index: usize, password: &str) -> Value {
    let server = database.server.as_ref().unwrap();
    let user = format!("drv_{}_{index}", database.name);
    let password_of = |sql: String| json!([sql, {"password": password}]);
    let name = &database.name;
    let conn_type = if database.dialect == Dialect::Postgres {
        let create = format!("CREATE ROLE \"{user}\" LOGIN PASSWORD :password");
        database.execute(&[password_of(create)]);
        "postgres"
    } else {
        let create = format!("CREATE USER '{user}'@'%' IDENTIFIED BY :password");
        database.execute(&[password_of(create)]);
        database.run(&[format!("GRANT ALL ON {name}.* TO '{user}'@'%'")]);
        "mysql"
    };
    json!({
        "conn_type": conn_type, "host": "127.0.0.1", "port": server.port, "login": user, "password": password, "schema": name,
    })
}

fn with(connection: &Value) -> Program {
    secretctl()
        .env("AIRFLOW_CONN_DB", connection.to_string())
        .env("PATH", std::env::var_os("PATH").unwrap())
}

fn psql() -> Option<&'static str> {
    let runs = std::process::Command::new("psql").arg("--version").output();
    if runs.is_err() {
        skip("psql", "the machine has no psql");
        return None;
    }
    Some("psql")
}

/// `select` as psql prints it: the user and the database.
const WHO: &str = "SELECT current_user || ' in ' || current_database()";

#[test]
fn psql_connects_with_a_connection_string_variables_and_a_password_file() {
    let Some(database) = empty(Dialect::Postgres) else {
        return;
    };
    let Some(psql) = psql() else { return };
    let folder = temp_dir();
    for (index, password) in PASSWORDS.iter().enumerate() {
        let connection = connection(&database, index, password);
        let user = connection["login"].as_str().unwrap();
        let expected = format!("{user} in {}\n", database.name);
        let plain = ["-X", "-w", "-A", "-t", "-c", WHO];

        // A caller's own variables must not decide: the password is in the text.
        let text = with(&connection)
            .args(["get-conn", "db", "--as", "libpq", "-n"])
            .run();
        let answer = Program::new(psql)
            .env("PATH", std::env::var_os("PATH").unwrap())
            .args(plain)
            .args(["-d", text.ok()])
            .run();
        assert_eq!(answer.ok(), expected, "libpq {password}");

        let answer = with(&connection)
            .args(["exec", "--as", "db@libpq-env", "--", psql])
            .args(plain)
            .run();
        assert_eq!(answer.ok(), expected, "libpq-env {password}");

        let file = folder.path().join("pgpass");
        with(&connection)
            .args(["get-conn", "db", "--as", "pgpass", "--out"])
            .arg(&file)
            .run()
            .ok();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let port = connection["port"].to_string();
        let server = [
            "-h",
            "127.0.0.1",
            "-p",
            port.as_str(),
            "-U",
            user,
            "-d",
            database.name.as_str(),
        ];
        let answer = Program::new(psql)
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("PGPASSFILE", &file)
            .args(plain)
            .args(server)
            .run();
        assert_eq!(answer.ok(), expected, "pgpass {password}");

        // The same file in memory: libpq wants a plain file that nobody else can read.
        let answer = with(&connection)
            .args(["exec", "--set-file", "PGPASSFILE=conn:db@pgpass", "--", psql])
            .args(plain)
            .args(server)
            .run();
        assert_eq!(
            (answer.ok(), answer.stderr.as_str()),
            (expected.as_str(), ""),
            "file in memory {password}"
        );
    }
}

/// The client of MariaDB: the machine's, or the one that `scripts/test` unpacked.
fn mariadb() -> Option<Program> {
    if let Some(folder) = variable("SECRETCTL_TEST_MARIADB_CLIENT") {
        let client = Program::new(format!("{folder}/usr/bin/mariadb"));
        return Some(client.env(
            "LD_LIBRARY_PATH",
            format!("{folder}/usr/lib/{}-linux-gnu", std::env::consts::ARCH),
        ));
    }
    for name in ["mariadb", "mysql"] {
        if std::process::Command::new(name).arg("--version").output().is_ok() {
            return Some(Program::new(name).env("PATH", std::env::var_os("PATH").unwrap()));
        }
    }
    skip("mariadb-client", "the machine has no mariadb or mysql");
    None
}

#[test]
fn the_client_of_mariadb_connects_with_an_option_file() {
    let Some(database) = empty(Dialect::Mariadb) else {
        return;
    };
    let Some(client) = mariadb() else { return };
    let folder = temp_dir();
    let file = folder.path().join("my.cnf");
    let more = ["two\nlines", "carriage\rreturn", "back\u{8}space"];
    for (index, password) in PASSWORDS.iter().chain(&more).enumerate() {
        let mut connection = connection(&database, index, password);
        connection["extra"] = json!({"charset": "utf8mb4"});
        with(&connection)
            .args(["get-conn", "db", "--as", "mysql-cnf", "--out"])
            .arg(&file)
            .run()
            .ok();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let answer = client
            .clone()
            .arg(format!("--defaults-file={}", file.display()))
            .args([
                "-N",
                "-B",
                "-e",
                "SELECT CONCAT(SUBSTRING_INDEX(USER(), '@', 1), ' in ', DATABASE())",
            ])
            .run();
        let expected = format!("{} in {}\n", connection["login"].as_str().unwrap(), database.name);
        assert_eq!(answer.ok(), expected, "{password:?}");

        let answer = client.clone().command();
        let script = "exec \"$0\" --defaults-file=\"$CNF\" -N -B -e \"SELECT CONCAT(SUBSTRING_INDEX(USER(), '@', 1), ' in ', DATABASE())\"";
        let answer = with(&connection)
            .envs(
                answer
                    .get_envs()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))),
            )
            .args([
                "exec",
                "--set-file",
                "CNF=conn:db@mysql-cnf",
                "--",
                "sh",
                "-c",
                script,
            ])
            .arg(answer.get_program())
            .run();
        assert_eq!(answer.ok(), expected, "file in memory {password:?}");
    }
}
