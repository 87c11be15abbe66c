//! Airflow's metadata database: `SQLite`, `PostgreSQL` and `MariaDB`, with the tables that Airflow made.
//!
//! `scripts/test` starts the servers and passes their addresses (`SECRETCTL_TEST_POSTGRES_*`, `SECRETCTL_TEST_MARIADB_*`). Where it
//! did not, the fixture starts them with `scripts/databases`. Every test gets a database of its own.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

mod checks;

use super::judge::Judge;
use super::{airflow, skip, temp_dir, variable};

/// The versions of Airflow whose tables a database can have, beside those of the judge's version.
pub const OLDER: &[&str] = &["2.2.5", "2.7.3", "2.11.0", "3.0.6", "3.1.8", "3.2.2"];

/// Variables that `scripts/databases` prints.
type Variables = BTreeMap<String, String>;

/// What speaks to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A file.
    Sqlite,
    /// `PostgreSQL`.
    Postgres,
    /// `MariaDB`.
    Mariadb,
}

impl Dialect {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mariadb];

    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
        }
    }
}

/// One database.
#[derive(Debug)]
pub struct Database {
    /// What speaks to it.
    pub dialect: Dialect,
    /// The database's name; for `SQLite` the file.
    pub name: String,
    /// The server, unless it is a file.
    pub server: Option<Server>,
    judge: &'static Judge,
    _folder: Option<tempfile::TempDir>,
}

/// A database server at 127.0.0.1, which `localhost` and its certificate name too.
#[derive(Clone, Debug)]
pub struct Server {
    /// The port.
    pub port: u16,
    /// A user who may do everything.
    ///
    /// More users have the same password: `tls_only` may connect by TLS alone, `certified` by the client certificate in `tls`. In
    /// `PostgreSQL` `md5_user` and `plain` have other password methods, and `refused` has no line that admits them.
    pub user: String,
    /// The password of every user.
    pub password: String,
    /// The socket: `PostgreSQL`'s folder, `MariaDB`'s file.
    pub socket: PathBuf,
    /// A folder: `ca.pem` (the authority), `other-ca.pem` (a foreign one), `client-cert.pem`, `client-key.pem`.
    pub tls: PathBuf,
}

/// Returns a fresh database with the tables of Airflow 3.3.2, or reports why the test is skipped.
pub fn database(dialect: Dialect) -> Option<Database> {
    let database = empty(dialect)?;
    match dialect {
        // The template's owner made it in journal mode WAL, and closed it: the file is all of it.
        Dialect::Sqlite => {
            std::fs::copy(&variables()["SECRETCTL_TEST_AIRFLOW_SQLITE"], &database.name).unwrap();
        }
        Dialect::Postgres => {
            let name = &database.name;
            let recreate = [
                format!("DROP DATABASE {name}"),
                format!("CREATE DATABASE {name} TEMPLATE airflow"),
            ];
            database.at("postgres").run(&recreate);
        }
        Dialect::Mariadb => {
            let tables = ["team", "connection", "variable", "alembic_version"];
            database.run(&tables.map(|table| format!("CREATE TABLE {table} LIKE airflow.{table}")));
        }
    }
    Some(database)
}

/// Returns a fresh database with the tables `connection` and `variable` of another version of Airflow, one of `OLDER`.
///
/// Their definitions are in `tests/parity/schemas`.
pub fn older(dialect: Dialect, version: &str) -> Option<Database> {
    assert!(OLDER.contains(&version), "{version}");
    let database = empty(dialect)?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/schemas")
        .join(format!("{version}.{}.sql", dialect.name()));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let statements: Vec<_> = text
        .split(";\n")
        .map(str::trim)
        .filter(|sql| !sql.is_empty())
        .collect();
    database.run(&statements);
    Some(database)
}

/// Returns a fresh database without tables, or reports why the test is skipped. A file of `SQLite` does not exist yet.
pub fn empty(dialect: Dialect) -> Option<Database> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let judge = airflow()?;
    if dialect == Dialect::Sqlite {
        let folder = temp_dir();
        let name = folder.path().join("airflow.db").to_str().unwrap().to_owned();
        return Some(Database {
            dialect,
            name,
            server: None,
            judge,
            _folder: Some(folder),
        });
    }
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let database = Database {
        dialect,
        server: Some(server(dialect)?),
        name,
        judge,
        _folder: None,
    };
    let (other, collation) = match dialect {
        Dialect::Mariadb => ("airflow", " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"),
        _ => ("postgres", ""),
    };
    let create = format!("CREATE DATABASE {}{collation}", database.name);
    database.at(other).run(&[create]);
    Some(database)
}

fn server(dialect: Dialect) -> Option<Server> {
    let variables = variables();
    let prefix = format!("SECRETCTL_TEST_{}_", dialect.name().to_uppercase());
    let get = |name: &str| variables.get(&format!("{prefix}{name}")).cloned();
    let Some(port) = get("PORT") else {
        skip(
            dialect.name(),
            &get("MISSING").unwrap_or_else(|| "`scripts/databases` could not run".to_owned()),
        );
        return None;
    };
    Some(Server {
        port: port.parse().unwrap(),
        user: get("USER")?,
        password: get("PASSWORD")?,
        socket: get("SOCKET")?.into(),
        tls: variables["SECRETCTL_TEST_DATABASES_TLS"].clone().into(),
    })
}

/// Returns the variables of the servers: of `scripts/test`, or of those that this process starts.
fn variables() -> &'static Variables {
    static VARIABLES: OnceLock<Variables> = OnceLock::new();
    VARIABLES.get_or_init(|| {
        let given: Variables = std::env::vars()
            .filter(|(name, value)| name.starts_with("SECRETCTL_TEST_") && !value.is_empty())
            .collect();
        if given.contains_key("SECRETCTL_TEST_AIRFLOW_SQLITE") {
            return given;
        }
        start()
    })
}

/// Starts servers that end with this process, however it ends: their keeper waits for the end of its own input.
fn start() -> Variables {
    // The folder must outlive this function, and destructors of statics do not run: the keeper removes it.
    let folder = temp_dir().keep();
    let mut keeper = keeper(&variable("AIRFLOW_PYTHON").unwrap(), &folder);
    std::mem::forget(keeper.stdin.take());
    printed(&mut keeper).expect("the databases start")
}

/// Starts servers with their data in `folder`.
fn keeper(python: &str, folder: &Path) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/databases");
    Command::new(python)
        .arg(script)
        .args([Path::new(python), folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("AIRFLOW_PYTHON {python}: {error}"))
}

/// Returns what the keeper printed, when the servers are ready, or nothing when it ended before.
fn printed(keeper: &mut Child) -> Option<Variables> {
    let mut variables = Variables::new();
    for line in BufReader::new(keeper.stdout.take()?).lines() {
        match line.unwrap().split_once('=') {
            Some((name, value)) => variables.insert(name.to_owned(), value.to_owned()),
            None => return Some(variables),
        };
    }
    None
}

impl Database {
    /// Returns the URL for `sql_alchemy_conn`, with the driver that Airflow's documentation names.
    pub fn url(&self) -> String {
        match &self.server {
            None => format!("sqlite:///{}", self.name),
            Some(server) => self.url_as(&server.user, "127.0.0.1", ""),
        }
    }

    /// Returns the URL for `user` at `host`, with a `query` that is empty or begins with `?`.
    pub fn url_as(&self, user: &str, host: &str, query: &str) -> String {
        let server = self.server.as_ref().expect("a file has no users");
        let scheme = match self.dialect {
            Dialect::Mariadb => "mysql+pymysql",
            _ => "postgresql+psycopg2",
        };
        let (password, port, name) = (&server.password, server.port, &self.name);
        format!("{scheme}://{user}:{password}@{host}:{port}/{name}{query}")
    }

    /// Returns another database of the same server.
    pub fn at(&self, name: &str) -> Self {
        Self {
            dialect: self.dialect,
            name: name.to_owned(),
            server: self.server.clone(),
            judge: self.judge,
            _folder: None,
        }
    }

    /// Runs statements without parameters.
    #[track_caller]
    pub fn run<S: AsRef<str>>(&self, statements: &[S]) {
        self.execute(
            &statements
                .iter()
                .map(|sql| json!([sql.as_ref(), null]))
                .collect::<Vec<_>>(),
        );
    }

    /// Runs statements, each `[sql, {name: value}]` with `:name` in the text, and returns the rows of each.
    #[track_caller]
    pub fn execute(&self, statements: &[Value]) -> Value {
        self.judge
            .ask(json!({"op": "metastore.execute", "url": self.url(), "statements": statements}))
    }

    /// Inserts one row into `table`, with a value for each of some columns.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    pub fn insert(&self, table: &str, columns: Value) {
        self.insert_all(table, std::slice::from_ref(&columns));
    }

    /// Inserts rows into `table`, which is faster than one by one.
    #[track_caller]
    pub fn insert_all(&self, table: &str, rows: &[Value]) {
        let quote = if self.dialect == Dialect::Mariadb {
            '`'
        } else {
            '"'
        };
        let statements: Vec<_> = rows
            .iter()
            .map(|row| {
                let names: Vec<_> = row.as_object().unwrap().keys().collect();
                let list = |form: &dyn Fn(&str) -> String| {
                    names.iter().map(|name| form(name)).collect::<Vec<_>>().join(", ")
                };
                let columns = list(&|name| format!("{quote}{name}{quote}"));
                let values = list(&|name| format!(":{name}"));
                json!([format!("INSERT INTO {table} ({columns}) VALUES ({values})"), row])
            })
            .collect();
        self.execute(&statements);
    }

    /// Asks Airflow's backend for `names`, each `{"kind": "connection" or "variable", "id", "team"}`.
    #[track_caller]
    pub fn airflow(&self, fernet_key: &str, names: &[Value]) -> Vec<Value> {
        let answer = self.judge.ask(json!({
            "op": "metastore.lookups", "url": self.url(), "fernet_key": fernet_key, "names": names,
        }));
        answer.as_array().unwrap().clone()
    }
}
