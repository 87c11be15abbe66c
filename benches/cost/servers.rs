//! Airflow's database in a real server: a row of the table for each one that runs.
//!
//! `scripts/databases` starts the servers and prints their variables. The database has Airflow's tables, made by Airflow's own SQL
//! toolkit, and is dropped at the end.

use std::process::Command;

use crate::database::{ENCRYPTED, FERNET_KEY};
use crate::scenarios::{Bounds, Scenario};
use crate::server::URI;

/// Runs the statements of its arguments, each in a transaction of its own, at the URL in its environment.
const RUN: &str = "
import os, sys, sqlalchemy
engine = sqlalchemy.create_engine(os.environ['DATABASE_URL'], isolation_level='AUTOCOMMIT')
with engine.connect() as connection:
    for statement in sys.argv[1:]:
        connection.exec_driver_sql(statement.replace('%', '%%'))
";

/// A kind of server.
pub(crate) struct Kind {
    /// The name of its row.
    row: &'static str,
    /// The middle of its variables' names.
    variables: &'static str,
    scheme: &'static str,
    /// A database that is there.
    other: &'static str,
    tables: &'static str,
}

/// Both kinds. Over loopback, `PostgreSQL` is asked with TLS where it has that, as by libpq.
pub(crate) const KINDS: [Kind; 2] = [
    Kind {
        row: "metastore, PostgreSQL",
        variables: "POSTGRES",
        scheme: "postgresql+psycopg2",
        other: "postgres",
        tables: include_str!("../../tests/parity/schemas/3.2.2.postgres.sql"),
    },
    Kind {
        row: "metastore, MySQL",
        variables: "MARIADB",
        scheme: "mysql+pymysql",
        other: "airflow",
        tables: include_str!("../../tests/parity/schemas/3.2.2.mariadb.sql"),
    },
];

/// A database that is dropped with this value.
pub(crate) struct Database {
    python: String,
    other: String,
    name: String,
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {}", self.name);
        if let Err(why) = run(&self.python, &self.other, &[&drop]) {
            println!("{drop}: {why}");
        }
    }
}

impl Kind {
    /// Returns the name of the row.
    pub(crate) fn row(&self) -> &'static str {
        self.row
    }

    /// Makes a database with connection `smtp_default`, and returns the scenario that reads it, or why there is none.
    pub(crate) fn scenario(&self) -> Result<(Scenario, Database), String> {
        let python = variable("AIRFLOW_PYTHON")?;
        let of_server = |name: &str| variable(&format!("SECRETCTL_TEST_{}_{name}", self.variables));
        let (port, user, password) = (of_server("PORT")?, of_server("USER")?, of_server("PASSWORD")?);
        let url = |database: &str| format!("{}://{user}:{password}@127.0.0.1:{port}/{database}", self.scheme);
        let name = format!("bench_{}", std::process::id());
        let other = url(self.other);
        run(&python, &other, &[&format!("CREATE DATABASE {name}")])?;
        let database = Database { python, other, name };
        let mut statements: Vec<&str> = self.tables.split(";\n").map(str::trim).collect();
        statements.retain(|statement| !statement.is_empty());
        let insert = format!(
            "INSERT INTO connection (conn_id, conn_type, host, login, password, port, is_encrypted, is_extra_encrypted) VALUES \
             ('smtp_default', 'smtp', 'mail.example.com', 'user', '{ENCRYPTED}', 587, true, false)"
        );
        statements.push(&insert);
        let url = url(&database.name);
        run(&database.python, &url, &statements)?;
        let scenario = Scenario {
            name: self.row,
            args: ["get-conn", "smtp_default"].map(str::to_owned).to_vec(),
            runs: None,
            env: vec![
                ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN".to_owned(), url),
                ("AIRFLOW__CORE__FERNET_KEY".to_owned(), FERNET_KEY.to_owned()),
            ],
            expected: format!("{URI}\n"),
            // A real server's answers differ, so only memory is limited; it has its own count of connections.
            bounds: Bounds::default(),
            counts: Vec::new(),
        };
        Ok((scenario, database))
    }
}

fn variable(name: &str) -> Result<String, String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.ok_or_else(|| format!("`{name}` is not set"))
}

fn run(python: &str, url: &str, statements: &[&str]) -> Result<(), String> {
    let output = Command::new(python)
        .args(["-c", RUN])
        .args(statements)
        .env("DATABASE_URL", url)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(stderr.lines().last().unwrap_or_default().to_owned())
}
