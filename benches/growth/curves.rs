//! The commands with growing input, and the instructions of each.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::callgrind;
use crate::server::{Answer, Server, URI, vault};

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
pub(crate) fn all(folder: &Path) -> [Panel; 4] {
    [names(), values(), configuration(folder), files(folder)]
}

fn names() -> Panel {
    let server = Server::http(vault(Duration::ZERO));
    let counts = server.counts();
    let instructions = |names: u32| {
        let mut command = secretctl(VAULT, &login(&server));
        command
            .arg("exec")
            .args((0..names).flat_map(|number| ["--conn".to_owned(), format!("c{number}")]))
            .args(["--", "/nonexistent/command"]);
        let (instructions, _) = callgrind::count(&mut command, NOT_FOUND);
        let (_, requests) = counts.take();
        assert_eq!(
            Ok(requests),
            usize::try_from(names + 1),
            "one login, and one request per name"
        );
        instructions
    };
    Panel {
        title: "exec with names from Vault",
        unit: "names",
        lines: vec![Line::measure("http", 1_000, instructions)],
    }
}

fn values() -> Panel {
    // A name is the length of its value.
    let server = Server::http(|path, is_authorized| {
        if path.starts_with("/v1/auth/") {
            return vault(Duration::ZERO)(path, is_authorized);
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
