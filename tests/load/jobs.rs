//! `--jobs`: how many names are asked for at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::json;

use super::VAULT;
use crate::support::secretctl;
use crate::support::server::{Recorded, Reply, Server};

const AWS: &str = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";

/// How long a request waits for the others. Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds requests back until a number of them wait, and then lets these through.
struct Gate {
    wanted: usize,
    /// How many wait, and how many groups were let through.
    waiting: Mutex<(usize, usize)>,
    changed: Condvar,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Gate {
    fn new(wanted: usize) -> Arc<Self> {
        Arc::new(Self {
            wanted,
            waiting: Mutex::new((0, 0)),
            changed: Condvar::new(),
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }

    /// Waits until as many requests as wanted are here. Returns whether they came.
    fn pass(&self) -> bool {
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(under_way, Ordering::SeqCst);
        let mut waiting = self.waiting.lock().unwrap();
        let group = waiting.1;
        waiting.0 += 1;
        if waiting.0 == self.wanted {
            *waiting = (0, group + 1);
            self.changed.notify_all();
        }
        let (waiting, _) = (self.changed)
            .wait_timeout_while(waiting, PATIENCE, |(_, now)| *now == group)
            .unwrap();
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        waiting.1 > group
    }

    /// Starts a server whose answers to lookups, but not to a login, wait for each other.
    fn server(self: &Arc<Self>, answer: fn(&Recorded) -> Reply) -> Server {
        let gate = Arc::clone(self);
        Server::start(move |request| {
            let is_login = request.target.contains("/login");
            // A status that is not tried again.
            if is_login || gate.pass() {
                answer(request)
            } else {
                Reply::json(418, json!({}))
            }
        })
    }
}

fn vault(request: &Recorded) -> Reply {
    Reply::json(
        200,
        if request.target.contains("/login") {
            json!({"auth": {"client_token": "t", "lease_duration": 3600, "renewable": true}})
        } else if let Some(folder) = request.target.strip_suffix("?list=true") {
            // Folders in one folder, and a name in each.
            let is_base = folder.ends_with("/variables");
            let keys: Vec<_> = (0..12).map(|number| format!("f{number}/")).collect();
            json!({"data": {"keys": if is_base { keys } else { vec!["v".to_owned()] }}})
        } else {
            json!({"data": {"data": {"value": "world"}, "metadata": {"version": 1}}})
        },
    )
}

fn secrets_manager(_: &Recorded) -> Reply {
    Reply::json(
        200,
        json!({"Name": "n", "SecretString": "world", "VersionId": "1"}),
    )
}

#[test]
fn jobs_says_how_many_names_are_asked_for_at_once() {
    const NAMES: usize = 36;
    let names: Vec<String> = (0..NAMES)
        .flat_map(|number| ["--var".to_owned(), format!("v{number}")])
        .collect();
    for (jobs, option, variable) in [
        (1, Some("1"), None),
        (3, Some("3"), Some("64")),
        (12, None, Some("12")),
        (36, Some("64"), None),
    ] {
        for command in ["export --format json", "check"] {
            for backend in [VAULT, AWS] {
                let gate = Gate::new(jobs);
                let (server, kwargs) = if backend == VAULT {
                    let server = gate.server(vault);
                    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
                    (server, kwargs)
                } else {
                    let server = gate.server(secrets_manager);
                    let kwargs = json!({
                        "region_name": "eu-west-1", "endpoint_url": server.url(), "aws_access_key_id": "A",
                        "aws_secret_access_key": "s",
                    });
                    (server, kwargs)
                };
                let mut program = secretctl()
                    .env("AIRFLOW__SECRETS__BACKEND", backend)
                    .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
                    .args(command.split(' '))
                    .args(&names)
                    .limit(PATIENCE * 2);
                if let Some(option) = option {
                    program = program.args(["--jobs", option]);
                }
                if let Some(variable) = variable {
                    program = program.env("SECRETCTL_JOBS", variable);
                }
                let output = program.run();
                assert_eq!(
                    output.status, 0,
                    "{jobs}, {command}, {backend}: {}",
                    output.stderr
                );
                assert_eq!(gate.most.load(Ordering::SeqCst), jobs, "{command}, {backend}");
                assert!(server.most_open() <= jobs, "{} connections", server.most_open());
            }
        }
    }
}

#[test]
fn folders_of_vault_are_listed_that_many_at_once() {
    // The first request lists the folders, alone.
    for (jobs, wanted) in [("12", 12), ("4", 4)] {
        let gate = Gate::new(wanted);
        let held = Arc::clone(&gate);
        let server = Server::start(move |request| {
            let waits = request.target.contains("/f");
            if !waits || held.pass() {
                vault(request)
            } else {
                Reply::json(418, json!({}))
            }
        });
        let kwargs = json!({"url": server.url(), "auth_type": "token", "token": "t"});
        let output = secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", VAULT)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
            .args(["list", "var", "--no-metastore", "--jobs", jobs])
            .limit(PATIENCE * 2)
            .run();
        assert_eq!(output.ok().lines().count(), 12, "{}", output.stderr);
        assert_eq!(gate.most.load(Ordering::SeqCst), wanted);
    }
}
