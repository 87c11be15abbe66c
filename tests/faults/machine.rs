//! Faults of the machine: files that are not regular or are endless, programs that do not end, services that do not answer.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::outcome::{Due, Outcome};
use super::servers::{LONG, SHORT, look_up};
use crate::azure::support::{VAULT, World};
use crate::support::server::Reply;
use crate::support::{Output, Program, secretctl, temp_dir};
use crate::vault::vault;

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// The time limit of a run that waits for nothing.
const WORK: Duration = Duration::from_secs(5);

/// A folder with entries that are not regular files.
pub struct Place {
    dir: TempDir,
    /// Keeps `held` open for writing, and writes nothing.
    _writer: File,
}

impl Place {
    fn new() -> Self {
        let dir = temp_dir();
        for name in ["pipe", "held", "pipe.json", "airflow.cfg"] {
            let made = Program::new("mkfifo")
                .arg(dir.path().join(name))
                .env("PATH", "/usr/bin:/bin")
                .run();
            assert_eq!(made.status, 0, "{}", made.stderr);
        }
        std::os::unix::fs::symlink("/dev/zero", dir.path().join("zero.json")).unwrap();
        std::fs::write(dir.path().join("no-utf8.json"), b"{\"hello\": \"\xff\"}").unwrap();
        std::fs::write(dir.path().join("broken.json"), b"{\"hello\": ").unwrap();
        let writer = File::options()
            .read(true)
            .write(true)
            .open(dir.path().join("held"))
            .unwrap();
        Self { dir, _writer: writer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

/// When a fault ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    AtOnce,
    TimeIsUp,
}

/// One fault: its name, the right status, when it ends, and a lookup in which it happens.
pub struct Fault {
    pub name: &'static str,
    status: i32,
    ends: Ends,
    lookup: Lookup,
}

/// A lookup.
enum Lookup {
    /// A lookup with this program; its command is added.
    Program(fn(&Place) -> Program),
    /// A lookup in Key Vault: variables, the script of `az`, and the answer of the machine's services.
    Credential(
        &'static [(&'static str, &'static str)],
        &'static str,
        fn() -> Reply,
    ),
}

impl Fault {
    /// Returns whether it lasts until `--timeout` is over.
    pub fn waits(&self) -> bool {
        self.ends == TimeIsUp
    }
}

const fn fault(name: &'static str, status: i32, ends: Ends, lookup: fn(&Place) -> Program) -> Fault {
    Fault {
        name,
        status,
        ends,
        lookup: Lookup::Program(lookup),
    }
}

const CLI: &[(&str, &str)] = &[("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")];
const IMDS: &[(&str, &str)] = &[("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")];
const APP_SERVICE: &[(&str, &str)] = &[
    ("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential"),
    ("IDENTITY_ENDPOINT", "{machine}/msi/token"),
    ("IDENTITY_HEADER", "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"),
];

const fn tool(name: &'static str, status: i32, ends: Ends, script: &'static str) -> Fault {
    Fault {
        name,
        status,
        ends,
        lookup: Lookup::Credential(CLI, script, || Reply::status(500)),
    }
}

const fn service(
    name: &'static str,
    status: i32,
    ends: Ends,
    variables: &'static [(&'static str, &'static str)],
    reply: fn() -> Reply,
) -> Fault {
    Fault {
        name,
        status,
        ends,
        lookup: Lookup::Credential(variables, "", reply),
    }
}

/// Returns a lookup in the local files that `kwargs` name.
fn local(kwargs: &serde_json::Value) -> Program {
    secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", LOCAL)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

/// Returns a lookup with the output of the shell command `script` as kwargs.
fn command(script: &str) -> Program {
    secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", LOCAL)
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
            format!("sh -c '{script}'"),
        )
        .env("PATH", "/usr/bin:/bin")
}

/// Returns a lookup over TLS in a Vault that cannot be reached, with `kwargs`.
fn unreached(kwargs: &serde_json::Value) -> Program {
    let url = json!({"url": "https://127.0.0.1:1", "token": "t", "auth_type": "token"});
    vault(&crate::vault::with(&url, kwargs.clone()))
}

use Ends::{AtOnce, TimeIsUp};

/// The subjects of the page, with the faults of each.
pub static FAULTS: &[(&str, &[Fault])] = &[
    (
        "Files",
        &[
            fault(
                "an env file that is a pipe without a writer",
                2,
                TimeIsUp,
                |place| secretctl().arg("--env-file").arg(place.path("pipe")),
            ),
            fault(
                "an env file that is a pipe without an end",
                2,
                TimeIsUp,
                |place| secretctl().arg("--env-file").arg(place.path("held")),
            ),
            fault("an endless env file", 2, AtOnce, |_| {
                secretctl().args(["--env-file", "/dev/zero"])
            }),
            fault("an env file that is a folder", 2, AtOnce, |place| {
                secretctl().arg("--env-file").arg(place.path("."))
            }),
            fault(
                "an `airflow.cfg` that is a pipe without a writer",
                2,
                TimeIsUp,
                |place| secretctl().arg("--config").arg(place.path("airflow.cfg")),
            ),
            fault("the same in Airflow's default place", 2, TimeIsUp, |place| {
                secretctl().env("AIRFLOW_HOME", place.path("."))
            }),
            fault("an endless `airflow.cfg`", 2, AtOnce, |_| {
                secretctl().args(["--config", "/dev/zero"])
            }),
            fault("kwargs from a pipe without an end", 2, TimeIsUp, |place| {
                secretctl().args([
                    "--backend",
                    LOCAL,
                    "--backend-kwargs",
                    &format!("@{}", place.text("held")),
                ])
            }),
            fault(
                "kwargs from a standard input without an end",
                2,
                TimeIsUp,
                |place| {
                    Program::new("/bin/sh")
                        .args([
                            "-c",
                            "exec \"$0\" \"$@\" <>\"$HELD\"",
                            env!("CARGO_BIN_EXE_secretctl"),
                        ])
                        .args(["--backend", LOCAL, "--backend-kwargs", "@-"])
                        .env("HELD", place.path("held"))
                },
            ),
            fault(
                "a local secrets file that is a pipe without a writer",
                2,
                TimeIsUp,
                |place| local(&json!({"variables_file_path": place.path("pipe.json")})),
            ),
            fault("an endless local secrets file", 2, AtOnce, |place| {
                local(&json!({"variables_file_path": place.path("zero.json")}))
            }),
            fault("a local secrets file that is not UTF-8", 2, AtOnce, |place| {
                local(&json!({"variables_file_path": place.path("no-utf8.json")}))
            }),
            fault("a local secrets file that is cut off", 2, AtOnce, |place| {
                local(&json!({"variables_file_path": place.path("broken.json")}))
            }),
            fault("a Vault token in a pipe without a writer", 4, TimeIsUp, |place| {
                unreached(&json!({"token_path": place.path("pipe")}))
            }),
            fault("a JWT in a pipe without a writer", 4, TimeIsUp, |place| {
                unreached(&json!({"auth_type": "jwt", "jwt_role": "r", "jwt_token_path": place.path("pipe")}))
            }),
            fault(
                "a CA bundle that is a pipe without a writer",
                2,
                TimeIsUp,
                |place| {
                    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
                    let port = listener.local_addr().unwrap().port();
                    // It accepts connections as long as the test runs.
                    std::mem::forget(listener);
                    let url = format!("https://127.0.0.1:{port}");
                    unreached(&json!({"url": url, "verify": place.path("pipe")}))
                },
            ),
        ],
    ),
    (
        "Programs",
        &[
            fault("a `_CMD` that does not end", 2, TimeIsUp, |_| {
                command("sleep 30; true")
            }),
            fault("a `_CMD` whose child holds its output", 2, TimeIsUp, |_| {
                command("sleep 30 & exit 0")
            }),
            fault(
                "a `_CMD` that closes its output and does not end",
                2,
                TimeIsUp,
                |_| command("exec >&-; sleep 30"),
            ),
            fault("a `_CMD` that prints without end", 2, AtOnce, |_| {
                command("cat /dev/zero; true")
            }),
            fault("a `_CMD` that fails", 2, AtOnce, |_| command("echo {}; exit 7")),
            fault("a `_CMD` that is ended by a signal", 2, AtOnce, |_| {
                command("echo {}; kill -9 $$")
            }),
            fault("a missing `_CMD`", 2, AtOnce, |_| {
                command("").env("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", "/nonexistent/x")
            }),
            fault("a `_CMD` with a missing quote", 2, AtOnce, |_| {
                command("").env("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", "echo '{}")
            }),
            tool("an `az` that does not end", 5, TimeIsUp, "/bin/sleep 30; :"),
            tool(
                "an `az` whose child holds its output",
                5,
                TimeIsUp,
                "/bin/sleep 30 & exit 0",
            ),
            tool("an `az` that prints without end", 4, AtOnce, "/bin/cat /dev/zero"),
            tool("an `az` that prints something else", 4, AtOnce, "echo '<html>'"),
            tool("an `az` that fails silently", 4, AtOnce, "exit 1"),
        ],
    ),
    (
        "Azure's services on the machine",
        &[
            service("IMDS never answers", 5, TimeIsUp, IMDS, Reply::hang),
            service("IMDS answers in HTML", 4, AtOnce, IMDS, || Reply::html(200)),
            service("IMDS has no identity", 4, AtOnce, IMDS, || {
                Reply::json(
                    400,
                    json!({"error": "invalid_request", "error_description": "Identity not found"}),
                )
            }),
            service("IMDS answers without a token", 5, AtOnce, IMDS, || {
                Reply::json(200, json!({"expires_in": "3600"}))
            }),
            service("IMDS is throttled for an hour", 4, AtOnce, IMDS, || {
                Reply::status(429).header("Retry-After", "3600")
            }),
            service("App Service never answers", 5, TimeIsUp, APP_SERVICE, Reply::hang),
            service("App Service answers in HTML", 5, AtOnce, APP_SERVICE, || {
                Reply::html(200)
            }),
            service("App Service refuses", 4, AtOnce, APP_SERVICE, || {
                Reply::json(403, json!({"statusCode": 403, "message": "no"}))
            }),
        ],
    ),
];

/// Runs a lookup in which `fault` happens.
pub fn inject(fault: &Fault) -> Outcome {
    let place = Place::new();
    let world;
    let program = match &fault.lookup {
        Lookup::Program(lookup) => lookup(&place),
        Lookup::Credential(variables, script, reply) => {
            world = World::start();
            world.tell(&json!({}), &[], &[], &vec![reply(); 20]);
            if !script.is_empty() {
                world.tool("az", script);
            }
            let variables: serde_json::Map<String, serde_json::Value> = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            world.program(
                &json!({"vault_url": format!("https://{VAULT}/")}),
                &json!(variables),
            )
        }
    };
    let limit = if fault.waits() { SHORT } else { LONG };
    let output = look_up(program.env("HOME", "/nonexistent"), limit);
    let shown = all_words(&output.stderr).replace(place.dir.path().to_str().unwrap(), "/tmp/x");
    // On a machine that is too slow another wait ends first, such as the second for finding IMDS.
    let missed = fault.waits() && output.time < SHORT;
    Outcome {
        broken: broken(fault, &output).filter(|_| !missed),
        missed,
        status: output.status,
        reads: None,
        words: without_ports(&shown),
        time: output.time,
        due: match fault.ends {
            Ends::TimeIsUp => Due::at(SHORT),
            Ends::AtOnce => Due::within(Duration::ZERO, WORK),
        },
    }
}

/// Returns all of an error in one line, except the "while" lines.
fn all_words(stderr: &str) -> String {
    let lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("while "));
    let lines = lines.map(|line| match line.split_once(": ") {
        Some(("error", message)) => message.to_owned(),
        Some(("hint", hint)) => format!("Hint: {hint}"),
        Some(("caused by", cause)) => cause.to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join(". ")
}

/// Returns `words` without port numbers, which differ in every run.
fn without_ports(words: &str) -> String {
    let mut parts = words.split("127.0.0.1:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("127.0.0.1:PORT");
        text.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    text
}

fn broken(fault: &Fault, output: &Output) -> Option<String> {
    let rules = [
        ("status", output.status == fault.status),
        ("value", output.stdout.is_empty()),
        ("words", output.stderr.starts_with("error: ")),
        ("panic", !output.stderr.contains("a bug in secretctl")),
    ];
    let (rule, _) = rules.iter().find(|(_, holds)| !holds)?;
    Some(format!(
        "{}: {rule}: status {}, {} bytes, {:?}: {}",
        fault.name,
        output.status,
        output.stdout.len(),
        output.time,
        output.stderr
    ))
}
