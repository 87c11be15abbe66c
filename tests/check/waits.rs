//! Backends that do not answer: one wait for all names, and the names that do not need them are still told.

use std::time::Duration;

use serde_json::{Value, json};

use super::Project;
use crate::support::Output;
use crate::support::server::{Reply, Server};

const NAMES: usize = 60;

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// Checks [`NAMES`] variables of a Vault that a server stands for.
fn check(server: &Server, timeout: &str) -> (Output, Vec<String>) {
    let kwargs = json!({"url": server.url(), "auth_type": "token", "token": "t"});
    let project = Project::new(&[]);
    let names = (0..NAMES).map(|number| format!("--var=v{number}"));
    let output = project
        .program()
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
        .args(["check", "-o", "json", "--timeout", timeout])
        .args(names)
        .run();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let outcomes = report["names"].as_array().unwrap().iter();
    let outcomes = outcomes
        .map(|name| name["outcome"].as_str().unwrap().to_owned())
        .collect();
    (output, outcomes)
}

#[test]
fn a_backend_that_never_answers_costs_one_timeout() {
    let server = Server::start(|_| Reply::hang());
    let (output, outcomes) = check(&server, "1");
    assert_eq!(output.status, 5);
    assert_eq!(outcomes, vec!["unreachable"; NAMES]);
    assert!(output.time < Duration::from_secs(10), "{:?}", output.time);
    assert!(output.text().contains("was asked for variable `v59`"));
    assert!(server.take().len() <= 8);
}

#[test]
fn a_backend_that_fails_for_each_is_given_up_after_eight_names() {
    let server = Server::start(|_| Reply::json(503, json!({"errors": ["Vault is sealed"]})));
    let (output, outcomes) = check(&server, "30");
    assert_eq!(output.status, 5);
    assert_eq!(outcomes, vec!["unreachable"; NAMES]);
    // Each of the first names is retried three times; those that were under way then are asked to the end.
    let asked = server.take().len();
    assert!(asked <= 4 * 16, "{asked} requests");
}

#[test]
fn a_backend_that_fails_for_some_names_is_asked_for_all() {
    let server = Server::start(|request| {
        if request.target.ends_with('7') {
            Reply::json(500, json!({"errors": ["internal error"]}))
        } else {
            Reply::json(404, json!({"errors": []}))
        }
    });
    let (output, outcomes) = check(&server, "30");
    assert_eq!(output.status, 5);
    let unreachable = outcomes
        .iter()
        .filter(|outcome| *outcome == "unreachable")
        .count();
    assert_eq!((unreachable, outcomes.len()), (6, NAMES));
    assert_eq!(
        outcomes.iter().filter(|outcome| *outcome == "missing").count(),
        54
    );
}

#[test]
fn a_hundred_names_use_one_login_and_eight_connections() {
    let server = Server::start(|request| {
        let body = if request.target.contains("/login") {
            json!({"auth": {"client_token": "t"}})
        } else {
            json!({"data": {"data": {"value": "v"}, "metadata": {"version": 1}}})
        };
        Reply::json(200, body).after(Duration::from_millis(5))
    });
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    let uses: Vec<String> = (0..100)
        .map(|number| format!("{{{{ var.value.v{number} }}}}"))
        .collect();
    let project = Project::new(&[("uses.sql", &uses.join("\n")), ("more.sql", "{{ var.value.v1 }}")]);
    let output = project
        .program()
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
        .args(["check", "."])
        .run();
    assert!(
        output.ok().ends_with("100 names in 2 files: 100 found\n"),
        "{}",
        output.text()
    );
    let asked = server.take();
    let logins = asked
        .iter()
        .filter(|request| request.target.contains("/login"))
        .count();
    assert_eq!((logins, asked.len() - logins), (1, 100));
    assert!(server.connections() <= 8, "{} connections", server.connections());
}
