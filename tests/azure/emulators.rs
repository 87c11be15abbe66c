//! Two servers of others', which trust each other as Microsoft Entra ID and Azure Key Vault do, at their real names.
//!
//! `scripts/azure-emulators` starts them and runs these tests; without it they say that they are skipped.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::azure::names::BACKEND;
use crate::support::{Program, airflow, secretctl, skip, variable};

const VAULT: &str = "https://contoso.vault.azure.net";
const TENANT: &str = "6f89cf12-978b-4d23-ac18-9ef0c127cf87";
const CLIENT: &str = "00d88624-f0d7-46f6-a641-6232c2608928";
const SECRET: &str = "daemon-app-secret";

/// The two servers.
struct Emulators {
    ca: String,
}

impl Emulators {
    fn find() -> Option<Self> {
        let ca = variable("SECRETCTL_TEST_AZURE_CA");
        if ca.is_none() {
            skip(
                "azure emulators",
                "scripts/azure-emulators runs this test where ENTRA_EMULATOR and KEYVAULT_EMULATOR are to be had",
            );
        }
        let emulators = Self { ca: ca? };
        emulators.tell(
            "faults",
            &json!({"throttleNextRequests": 0, "rejectNextRequests": 0}),
        );
        emulators.tell("permissions", &json!({}));
        emulators.tell("clock", &json!({"offset": 0}));
        Some(emulators)
    }

    /// Tells the vault's plumbing something.
    fn tell(&self, what: &str, body: &Value) {
        let output = Command::new("curl")
            .args([
                "--silent",
                "--fail",
                "--noproxy",
                "*",
                "--cacert",
                &self.ca,
                "--data",
                &body.to_string(),
            ])
            .arg(format!("{VAULT}/_emulator/{what}"))
            .env_remove("CURL_CA_BUNDLE")
            .output()
            .unwrap();
        assert!(output.status.success(), "{what}: {output:?}");
    }

    fn env(&self, more: &Value) -> serde_json::Map<String, Value> {
        let mut env = json!({"REQUESTS_CA_BUNDLE": self.ca});
        for (name, value) in more.as_object().unwrap() {
            env[name] = value.clone();
        }
        env.as_object().unwrap().clone()
    }

    fn program(&self, kwargs: &Value, env: &Value) -> Program {
        assert!(Path::new(&self.ca).exists());
        let program = secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string());
        self.env(env).iter().fold(program, |program, (name, value)| {
            program.env(name, value.as_str().unwrap())
        })
    }

    /// Asks Airflow and secretctl for the variable `id`, and returns secretctl's status and what it printed.
    fn ask(&self, kwargs: &Value, env: &Value, id: &str) -> (i32, String, String) {
        let output = self.program(kwargs, env).args(["get-var", "-n", id]).run();
        let stdout = String::from_utf8(output.stdout).unwrap();
        if let Some(judge) = airflow() {
            let question = json!({"op": "azure.ask", "kwargs": kwargs, "env": self.env(env), "kind": "variable", "id": id, "team": null});
            let airflows = judge.ask(question);
            match airflows["value"].as_str() {
                Some(value) => assert_eq!((output.status, stdout.as_str()), (0, value), "{}", output.stderr),
                None => assert_ne!(output.status, 0, "Airflow has nothing: {airflows}"),
            }
        }
        (output.status, stdout, output.stderr)
    }
}

fn principal() -> Value {
    json!({"vault_url": VAULT, "tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET})
}

fn nobody() -> Value {
    json!({"vault_url": VAULT})
}

#[test]
fn credentials_of_three_kinds_read_a_secret() {
    let Some(emulators) = Emulators::find() else {
        return;
    };
    let environment =
        json!({"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": SECRET});
    let machine = json!({"IDENTITY_ENDPOINT": "https://login.microsoftonline.com/msi/token", "IDENTITY_HEADER": "managed-identity-secret"});
    for (kwargs, env) in [
        (principal(), json!({})),
        (nobody(), environment),
        (nobody(), machine),
    ] {
        let (status, value, stderr) = emulators.ask(&kwargs, &env, "hello");
        assert_eq!((status, value.as_str()), (0, "world"), "{stderr}");
    }
}

#[test]
fn connections_and_options_are_read_too() {
    let Some(emulators) = Emulators::find() else {
        return;
    };
    let get = |args: &[&str]| emulators.program(&principal(), &json!({})).args(args).run();
    let connection = get(&["get-conn", "-n", "smtp_default"]);
    assert_eq!(
        connection.stdout, b"smtp://user:pass@mail.example.com:587",
        "{}",
        connection.stderr
    );
    assert_eq!(
        get(&["get-config", "-n", "sql_alchemy_conn"]).stdout,
        b"sqlite://"
    );
}

#[test]
fn every_page_of_names_is_listed_and_disabled_ones_are_marked() {
    let Some(emulators) = Emulators::find() else {
        return;
    };
    let output = emulators
        .program(&principal(), &json!({}))
        .args(["list", "var", "-o", "json"])
        .run();
    let listed: Value = serde_json::from_str(output.ok()).unwrap();
    let state = |id: &str| {
        let names = listed["names"].as_array().unwrap();
        let name = names.iter().find(|name| name["id"] == id);
        name.unwrap_or_else(|| panic!("no `{id}` in {listed}"))["state"].clone()
    };
    for id in (1..=20).map(|n| format!("n{n}")).chain(["hello".to_owned()]) {
        assert_eq!(state(&id), Value::Null, "{id}");
    }
    assert_eq!(state("disabled"), "disabled");
}

#[test]
fn many_names_are_read_at_once() {
    let Some(emulators) = Emulators::find() else {
        return;
    };
    let program = (1..=20).fold(
        emulators
            .program(&principal(), &json!({}))
            .args(["export", "--format", "json"]),
        |program, n| program.args(["--var", &format!("n{n}")]),
    );
    let output = program.run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let values: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(values["AIRFLOW_VAR_N20"], "v20");
}

#[test]
fn what_is_wrong_is_told_apart() {
    let Some(emulators) = Emulators::find() else {
        return;
    };
    let ask = |id: &str| emulators.ask(&principal(), &json!({}), id);
    assert_eq!(ask("nope").0, 3);
    assert_eq!(ask("deleted").0, 3);
    let (status, _, stderr) = ask("disabled");
    assert!(status == 4 && stderr.contains("disabled"), "{status}: {stderr}");
    let mut wrong = principal();
    wrong["client_secret"] = json!("wr0ng secret");
    let (status, _, stderr) = emulators.ask(&wrong, &json!({}), "hello");
    assert!(
        status == 4 && stderr.contains("AADSTS") && !stderr.contains("wr0ng"),
        "{status}: {stderr}"
    );
}

#[test]
fn a_throttled_vault_is_asked_again() {
    let Some(emulators) = Emulators::find() else {
        return;
    };
    emulators.tell("faults", &json!({"throttleNextRequests": 1}));
    let output = emulators
        .program(&principal(), &json!({}))
        .args(["get-var", "-n", "hello"])
        .run();
    assert_eq!(output.stdout, b"world", "{}", output.stderr);
    emulators.tell("faults", &json!({"throttleNextRequests": 50}));
    let output = emulators
        .program(&principal(), &json!({}))
        .args(["--timeout", "10", "get-var", "hello"])
        .run();
    emulators.tell("faults", &json!({"throttleNextRequests": 0}));
    assert_eq!(output.status, 5, "{}", output.stderr);
}

#[test]
fn a_denied_permission_is_denied() {
    let Some(emulators) = Emulators::find() else {
        return;
    };
    emulators.tell("permissions", &json!({"nobody": ["secrets/get"]}));
    let denied = emulators.ask(&principal(), &json!({}), "hello");
    emulators.tell("permissions", &json!({}));
    assert!(denied.0 == 4 && denied.2.contains("hint:"), "{denied:?}");
    assert_eq!(emulators.ask(&principal(), &json!({}), "hello").0, 0);
}

#[test]
fn a_token_that_expired_is_refused() {
    let Some(emulators) = Emulators::find() else {
        return;
    };
    emulators.tell("clock", &json!({"advance": 7200}));
    let refused = emulators.ask(&principal(), &json!({}), "hello");
    emulators.tell("clock", &json!({"offset": 0}));
    assert!(
        refused.0 == 4 && refused.2.contains("refused the token"),
        "{refused:?}"
    );
}
