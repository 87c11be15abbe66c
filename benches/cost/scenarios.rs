//! The commands that are measured, and the bound of each.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde_json::json;

use crate::server::{Authority, Server};

/// A command, and what it may cost.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// What it prints; anything when it is empty.
    pub(crate) expected: &'static str,
    pub(crate) most_instructions: u64,
    pub(crate) most_requests: usize,
    /// How many requests its servers have counted.
    pub(crate) requests: Arc<AtomicUsize>,
}

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const KEY_VAULT: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";

/// The connection that every lookup finds.
pub(crate) const URI: &str = "smtp://user:pass@mail.example.com:587";
const PRINTED: &str = "smtp://user:pass@mail.example.com:587\n";

/// Returns every scenario. Files are written to `folder`, and servers live as long as this process.
pub(crate) fn all(folder: &Path) -> Vec<Scenario> {
    let mut scenarios = vec![
        scenario("--help", 1_500_000, &["--help"]),
        scenario("completions bash", 1_500_000, &["completions", "bash"]),
    ];
    for (name, file, text) in [
        (
            "local lookup, env",
            "connections.env",
            format!("smtp_default={URI}\n"),
        ),
        (
            "local lookup, json",
            "connections.json",
            json!({"smtp_default": URI}).to_string(),
        ),
        (
            "local lookup, yaml",
            "connections.yaml",
            format!("smtp_default: {URI}\n"),
        ),
    ] {
        let path = folder.join(file);
        std::fs::write(&path, text).unwrap();
        scenarios.push(lookup(
            name,
            2_000_000,
            LOCAL,
            &json!({"connections_file_path": path}),
        ));
    }
    scenarios.push(example());
    scenarios.push(vault("Vault, AppRole, http", 2_000_000, &Server::http()));
    let authority = Authority::new(folder);
    let over_tls = Server::https(&authority);
    scenarios.push(with_roots(
        vault("Vault, AppRole, https", 6_000_000, &over_tls),
        &authority,
    ));
    scenarios.push(with_roots(
        key_vault(&over_tls, &Server::https(&authority)),
        &authority,
    ));
    scenarios
}

fn scenario(name: &'static str, most_instructions: u64, args: &[&str]) -> Scenario {
    Scenario {
        name,
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        env: Vec::new(),
        expected: "",
        most_instructions,
        most_requests: 0,
        requests: Arc::default(),
    }
}

fn lookup(name: &'static str, most: u64, backend: &str, kwargs: &serde_json::Value) -> Scenario {
    Scenario {
        env: vec![
            ("AIRFLOW__SECRETS__BACKEND".to_owned(), backend.to_owned()),
            ("AIRFLOW__SECRETS__BACKEND_KWARGS".to_owned(), kwargs.to_string()),
        ],
        expected: PRINTED,
        ..scenario(name, most, &["get-conn", "smtp_default"])
    }
}

/// The first command of the README, whose files have more in them.
fn example() -> Scenario {
    let args = ["--env-file", "examples/local.env", "get-conn", "smtp_default"];
    Scenario {
        expected: PRINTED,
        ..scenario("the README's first command", 2_000_000, &args)
    }
}

fn vault(name: &'static str, most: u64, server: &Server) -> Scenario {
    let kwargs = json!({
        "connections_path": "connections", "variables_path": "variables", "mount_point": "airflow", "url": server.origin(),
        "auth_type": "approle", "role_id": "astro_role", "secret_id": "not-a-secret",
    });
    Scenario {
        most_requests: 2,
        requests: server.requests(),
        ..lookup(name, most, VAULT, &kwargs)
    }
}

/// Two servers, as in production: one for tokens, one for secrets; both count into one figure.
fn key_vault(vault: &Server, entra: &Server) -> Scenario {
    vault.share_count(entra);
    entra.issue_tokens_for(vault);
    let kwargs = json!({
        "vault_url": vault.origin(), "verify_challenge_resource": false,
        "tenant_id": "6f89cf12-978b-4d23-ac18-9ef0c127cf87", "client_id": "a-client", "client_secret": "not-a-secret",
    });
    let mut scenario = lookup("Key Vault, client secret, https", 8_000_000, KEY_VAULT, &kwargs);
    scenario
        .env
        .push(("AZURE_AUTHORITY_HOST".to_owned(), entra.origin()));
    Scenario {
        most_requests: 4,
        requests: vault.requests(),
        ..scenario
    }
}

/// Lets the command trust the servers' authority, and nobody else.
fn with_roots(mut scenario: Scenario, authority: &Authority) -> Scenario {
    for name in ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"] {
        scenario
            .env
            .push((name.to_owned(), authority.file().display().to_string()));
    }
    scenario
}
