//! The commands with growing input, and the instructions of each.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::callgrind;
use crate::dags::dag;
use crate::places::{self, Answers, Place};
use crate::server::{Answer, Server, URI, take_all, vault_of};
use crate::tls::Authority;

/// One quantity that grows, and its lines.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    /// The unit of the horizontal axis.
    pub(crate) unit: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// Sizes, rising, and the instructions of each.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(u32, u64)>,
}

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// The status of `exec` when the command does not exist: it has done all its work, and is still the counted process.
const NOT_FOUND: i32 = 127;

impl Line {
    /// Measures `instructions` at one, and at four more sizes up to `most`.
    fn measure(name: &'static str, most: u32, instructions: impl Fn(u32) -> u64) -> Self {
        let sizes = [1, most / 4, most / 2, most / 4 * 3, most];
        Self {
            name,
            points: sizes.map(|size| (size, instructions(size))).to_vec(),
        }
    }

    /// Returns how many instructions one more takes.
    pub(crate) fn slope(&self) -> f64 {
        self.between(0, self.points.len() - 1)
    }

    /// Whether it hardly grows: by less than a tenth from one to the most.
    pub(crate) fn is_flat(&self) -> bool {
        let (_, first) = self.points[0];
        let (_, last) = self.points[self.points.len() - 1];
        last < first + first / 10
    }

    pub(crate) fn lower_slope(&self) -> f64 {
        self.between(0, self.points.len() / 2)
    }

    pub(crate) fn upper_slope(&self) -> f64 {
        self.between(self.points.len() / 2, self.points.len() - 1)
    }

    fn between(&self, from: usize, to: usize) -> f64 {
        let ((from, low), (to, high)) = (self.points[from], self.points[to]);
        (float(high) - float(low)) / f64::from(to - from)
    }
}

/// Converts a count, which is far below the 2^53 that a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts here have ten digits at most")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// Measures everything. Files are written to `folder`.
pub(crate) fn all(folder: &Path) -> [Panel; 6] {
    [
        names(folder),
        values(),
        configuration(folder),
        files(folder),
        code(folder),
        rows(folder),
    ]
}

fn names(folder: &Path) -> Panel {
    let authority = Authority::new(folder);
    let answers = Answers::of(URI);
    let line = |name: &'static str, place: Place| {
        Line::measure(name, 1_000, |names: u32| {
            let mut command = clean();
            command
                .envs(place.env.iter().map(|(name, value)| (name, value)))
                .arg("exec")
                .args((0..names).flat_map(|number| ["--conn".to_owned(), format!("c{number}")]))
                .args(["--", "/nonexistent/command"]);
            take_all(&place.counts);
            let (instructions, _) = callgrind::count(&mut command, NOT_FOUND);
            let requests = place.requests_before + usize::try_from(names).unwrap();
            assert_eq!(take_all(&place.counts).1, requests, "one request per name");
            instructions
        })
    };
    Panel {
        title: "exec with names from each backend",
        unit: "names",
        lines: vec![
            line("Key Vault", places::key_vault(&answers, &authority)),
            line("Kubernetes", places::kubernetes(&answers, folder, &authority)),
            line("Google", places::google_by_key(&answers, &authority)),
            line("AWS, https", places::secrets_manager(&answers, Some(&authority))),
            line("Vault, https", places::vault(&answers, Some(&authority))),
            line("Vault, http", places::vault(&answers, None)),
        ],
    }
}

fn values() -> Panel {
    // A name is the length of its value.
    let server = Server::http(|path, is_authorized| {
        if path.starts_with("/v1/auth/") {
            return vault_of(Duration::ZERO, String::new())(path, is_authorized);
        }
        let length = path.rsplit('/').next().and_then(|length| length.parse().ok());
        Answer::ok(
            json!({"data": {"data": {"value": "x".repeat(length.unwrap())}, "metadata": {"version": 1}}}),
        )
    });
    let instructions = |length: u32| {
        let mut command = secretctl(VAULT, &login(&server));
        let (instructions, output) = callgrind::count(command.args(["get-var", &length.to_string()]), 0);
        assert_eq!(Ok(output.stdout.len()), usize::try_from(length + 1));
        instructions
    };
    Panel {
        title: "get-var from Vault",
        unit: "bytes of the value",
        lines: vec![Line::measure("http", 1_000_000, instructions)],
    }
}

fn configuration(folder: &Path) -> Panel {
    let connections = folder.join("one.json");
    std::fs::write(&connections, json!({"smtp_default": URI}).to_string()).unwrap();
    let kwargs = json!({"connections_file_path": connections});
    let instructions = |bytes: u32| {
        let mut text = format!("[secrets]\nbackend = {LOCAL}\nbackend_kwargs = {kwargs}\n");
        let mut number = 0;
        while text.len() < usize::try_from(bytes).unwrap() {
            writeln!(
                text,
                "\n[section_{number}]\n# What the option is for, in a comment.\noption_{number} = value {number}"
            )
            .unwrap();
            number += 1;
        }
        let path = folder.join("airflow.cfg");
        std::fs::write(&path, text).unwrap();
        let mut command = clean();
        command.arg("--config").arg(path);
        found(&mut command, "smtp_default")
    };
    Panel {
        title: "get-conn, its backend in airflow.cfg",
        unit: "bytes of airflow.cfg",
        lines: vec![Line::measure("cfg", 1_000_000, instructions)],
    }
}

fn files(folder: &Path) -> Panel {
    let line = |name: &'static str, write: fn(u32) -> String| {
        Line::measure(name, 10_000, |connections| {
            let path = folder.join(format!("connections.{name}"));
            std::fs::write(&path, write(connections)).unwrap();
            let mut command = secretctl(LOCAL, &json!({"connections_file_path": path}));
            found(&mut command, &format!("c{}", connections - 1))
        })
    };
    Panel {
        title: "get-conn from a file of connections",
        unit: "connections in the file",
        lines: vec![
            line("env", |connections| assignments(connections, "=")),
            line("json", |connections| {
                let entries = (0..connections).map(|number| (format!("c{number}"), Value::from(URI)));
                Value::Object(entries.collect()).to_string()
            }),
            line("yaml", |connections| assignments(connections, ": ")),
        ],
    }
}

/// DAG files with ten tasks each, whose names are listed, and nobody is asked.
fn code(folder: &Path) -> Panel {
    let instructions = |files: u32| {
        let dags = folder.join(format!("dags_{files}"));
        std::fs::create_dir(&dags).unwrap();
        for number in 0..files {
            std::fs::write(dags.join(format!("dag_{number}.py")), dag(number)).unwrap();
        }
        let mut command = clean();
        command.args(["check", "--offline"]).arg(&dags);
        let (instructions, output) = callgrind::count(&mut command, 0);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = format!("pg_prod_{}", files - 1);
        assert!(text.contains(&last), "{last}: {text}");
        instructions
    };
    Panel {
        title: "check --offline of DAG files",
        unit: "files of 50 lines",
        lines: vec![Line::measure("check", 400, instructions)],
    }
}

/// Airflow's database with many connections: one of them by its name, and the list of all.
fn rows(folder: &Path) -> Panel {
    let line = |name: &'static str, args: fn(u32) -> Vec<String>| {
        Line::measure(name, 10_000, |rows| {
            let file = folder.join(format!("airflow_{name}_{rows}.db"));
            database(&file, rows);
            let mut command = clean();
            command
                .env(
                    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
                    format!("sqlite:///{}", file.display()),
                )
                .args(args(rows));
            let (instructions, output) = callgrind::count(&mut command, 0);
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let lines = if name == "list" {
                usize::try_from(rows).unwrap()
            } else {
                1
            };
            assert_eq!(text.lines().count(), lines, "{text}");
            instructions
        })
    };
    Panel {
        title: "connections in Airflow's database (SQLite)",
        unit: "rows",
        lines: vec![
            line("list", |_| vec!["list".to_owned(), "conn".to_owned()]),
            line("get-conn", |rows| {
                vec!["get-conn".to_owned(), format!("c{}", rows - 1)]
            }),
        ],
    }
}

/// Makes a database with `rows` connections.
fn database(file: &Path, rows: u32) {
    let database = rusqlite::Connection::open(file).unwrap();
    let mut sql = String::from(include_str!("../../tests/parity/schemas/3.2.2.sqlite.sql"));
    sql.push_str("\nBEGIN;\n");
    for number in 0..rows {
        writeln!(
            sql,
            "INSERT INTO connection (conn_id, conn_type, host, login, password, port, is_encrypted, is_extra_encrypted) \
             VALUES ('c{number}', 'smtp', 'mail.example.com', 'user', 'pass', 587, 0, 0);"
        )
        .unwrap();
    }
    sql.push_str("COMMIT;\n");
    database.execute_batch(&sql).unwrap();
}

/// Writes one connection per line.
fn assignments(connections: u32, equals: &str) -> String {
    let mut text = String::new();
    for number in 0..connections {
        writeln!(text, "c{number}{equals}{URI}").unwrap();
    }
    text
}

/// Looks up a connection, and returns the number of instructions.
fn found(command: &mut Command, id: &str) -> u64 {
    let (instructions, output) = callgrind::count(command.args(["get-conn", id]), 0);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), URI);
    instructions
}

fn login(server: &Server) -> Value {
    json!({"url": server.origin(), "auth_type": "approle", "role_id": "r", "secret_id": "s"})
}

fn secretctl(backend: &str, kwargs: &Value) -> Command {
    let mut command = clean();
    command
        .env("AIRFLOW__SECRETS__BACKEND", backend)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string());
    command
}

/// Returns the program under callgrind, with only `PATH` in its environment.
fn clean() -> Command {
    let mut command = callgrind::command(Path::new(env!("CARGO_BIN_EXE_secretctl")));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null());
    command
}
