//! The measured commands, and their limits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::database;
use crate::server::{Answer, Counts, Server, URI, vault};
use crate::tls::Authority;

/// A command, and its limits.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) args: Vec<String>,
    /// The command that `exec` runs; `None` for other commands.
    pub(crate) runs: Option<&'static str>,
    pub(crate) env: Vec<(String, String)>,
    /// The expected lines of output, in any order; not checked when empty.
    pub(crate) expected: String,
    pub(crate) bounds: Bounds,
    /// The counts of its servers.
    pub(crate) counts: Vec<Arc<Counts>>,
}

/// The limits of a command. The limit of memory is the same for all.
#[derive(Default)]
pub(crate) struct Bounds {
    /// `None` without a limit.
    pub(crate) instructions: Option<u64>,
    pub(crate) connections: usize,
    pub(crate) requests: usize,
}

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const KEY_VAULT: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";
const AWS: &str = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";
const AKEYLESS: &str = "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend";
const GOOGLE: &str = "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend";
const KUBERNETES: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";
const TENANT: &str = "6f89cf12-978b-4d23-ac18-9ef0c127cf87";

/// How many names `exec` looks up at once, each on its own connection.
const AT_ONCE: usize = 8;

/// Returns every scenario. Files are written to `folder`, and servers live as long as this process.
pub(crate) fn all(folder: &Path) -> Vec<Scenario> {
    let mut scenarios = vec![
        scenario("--help", 1_800_000, &["--help"]),
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
        let kwargs = json!({"connections_file_path": path});
        scenarios.push(lookup(name, 2_000_000, LOCAL, &kwargs));
    }
    scenarios.push(example());
    scenarios.push(sqlite(folder));
    let plain = Server::http(vault(Duration::ZERO));
    scenarios.push(approle("Vault, AppRole, http", 2_000_000, &plain));
    let authority = Authority::new(folder);
    let over_tls = authority.server(vault(Duration::ZERO));
    scenarios.push(with_roots(
        approle("Vault, AppRole, https", 6_000_000, &over_tls),
        &authority,
    ));
    scenarios.push(with_roots(key_vault(&authority), &authority));
    scenarios.push(with_roots(google_by_key(&authority), &authority));
    scenarios.push(with_roots(google_by_metadata(&authority), &authority));
    scenarios.push(kubernetes(folder, &authority));
    scenarios.push(akeyless());
    scenarios.push(aws(
        "Secrets Manager, static keys, http",
        2_500_000,
        &Server::http(secrets_manager),
    ));
    let over_tls = authority.server(secrets_manager);
    scenarios.push(with_roots(
        aws("Secrets Manager, static keys, https", 6_000_000, &over_tls),
        &authority,
    ));
    for (name, names) in [
        ("exec, 1 name, Vault, http", 1),
        ("exec, 10 names, Vault, http", 10),
        ("exec, 100 names, Vault, http", 100),
    ] {
        scenarios.push(exec(name, names, &plain));
    }
    scenarios.push(inject(folder, &plain));
    scenarios
}

fn scenario(name: &'static str, most_instructions: u64, args: &[&str]) -> Scenario {
    Scenario {
        name,
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        runs: None,
        env: Vec::new(),
        expected: String::new(),
        bounds: Bounds {
            instructions: Some(most_instructions),
            ..Bounds::default()
        },
        counts: Vec::new(),
    }
}

fn lookup(name: &'static str, most: u64, backend: &str, kwargs: &serde_json::Value) -> Scenario {
    Scenario {
        env: vec![
            ("AIRFLOW__SECRETS__BACKEND".to_owned(), backend.to_owned()),
            ("AIRFLOW__SECRETS__BACKEND_KWARGS".to_owned(), kwargs.to_string()),
        ],
        expected: format!("{URI}\n"),
        ..scenario(name, most, &["get-conn", "smtp_default"])
    }
}

/// The first command of the README, with larger files.
fn example() -> Scenario {
    let args = ["--env-file", "examples/local.env", "get-conn", "smtp_default"];
    Scenario {
        expected: format!("{URI}\n"),
        ..scenario("the README's first command", 2_000_000, &args)
    }
}

/// The metastore: no backend is configured, the environment does not have the name, and a value is decrypted.
fn sqlite(folder: &Path) -> Scenario {
    let url = format!("sqlite:///{}", database::file(folder).display());
    Scenario {
        env: vec![
            ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN".to_owned(), url),
            (
                "AIRFLOW__CORE__FERNET_KEY".to_owned(),
                database::FERNET_KEY.to_owned(),
            ),
        ],
        expected: format!("{URI}\n"),
        ..scenario("metastore, SQLite", 6_000_000, &["get-conn", "smtp_default"])
    }
}

fn approle(name: &'static str, most: u64, server: &Server) -> Scenario {
    let kwargs = json!({
        "connections_path": "connections", "variables_path": "variables", "mount_point": "airflow", "url": server.origin(),
        "auth_type": "approle", "role_id": "astro_role", "secret_id": "not-a-secret",
    });
    Scenario {
        bounds: Bounds {
            instructions: Some(most),
            connections: 1,
            requests: 2,
        },
        counts: vec![server.counts()],
        ..lookup(name, most, VAULT, &kwargs)
    }
}

/// A command with `names` connections in its environment: one login, and one request per name.
fn exec(name: &'static str, names: usize, server: &Server) -> Scenario {
    let ids = (0..names).map(|number| format!("c{number:02}"));
    let mut scenario = approle(name, 2_000_000, server);
    scenario.args = ["exec".to_owned(), "--pristine".to_owned()]
        .into_iter()
        .chain(ids.flat_map(|id| ["--conn".to_owned(), id]))
        .collect();
    scenario.runs = Some("env");
    scenario.expected = (0..names)
        .map(|number| format!("AIRFLOW_CONN_C{number:02}={URI}\n"))
        .chain([format!("PATH={}\n", std::env::var("PATH").unwrap_or_default())])
        .collect();
    // For more than one lookup, only requests and connections are limited.
    scenario.bounds = Bounds {
        instructions: scenario.bounds.instructions.filter(|_| names == 1),
        connections: names.min(AT_ONCE),
        requests: 1 + names,
    };
    scenario
}

/// A template with 10 connections: one login, and one request per name.
fn inject(folder: &Path, server: &Server) -> Scenario {
    const NAMES: usize = 10;
    let template = folder.join("template.j2");
    let lines = (0..NAMES).map(|number| format!("{{{{ conn.c{number:02}.get_uri() }}}}\n"));
    std::fs::write(&template, lines.collect::<String>()).unwrap();
    let mut scenario = approle("inject, 10 names, Vault, http", 2_000_000, server);
    scenario.args = vec![
        "inject".to_owned(),
        "-i".to_owned(),
        template.display().to_string(),
    ];
    scenario.expected = format!("{URI}\n").repeat(NAMES);
    scenario.bounds = Bounds {
        instructions: None,
        connections: NAMES.min(AT_ONCE),
        requests: 1 + NAMES,
    };
    scenario
}

/// Two servers, as in production: one for tokens, one for secrets.
fn key_vault(authority: &Authority) -> Scenario {
    let entra = authority.server(|_, _| {
        Answer::ok(json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "a-token"}))
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer authorization=\"{}/{TENANT}\", resource=\"https://vault.azure.net\"\r\n",
        entra.origin()
    );
    let vault = authority.server(move |_, is_authorized| {
        if is_authorized {
            let attributes = json!({"enabled": true});
            return Answer::ok(
                json!({"value": URI, "id": "https://localhost/secrets/x/1", "attributes": attributes}),
            );
        }
        Answer {
            status: "401 Unauthorized",
            headers: challenge.clone(),
            body: json!({"error": {"code": "Unauthorized"}}),
        }
    });
    let kwargs = json!({
        "vault_url": vault.origin(), "verify_challenge_resource": false,
        "tenant_id": TENANT, "client_id": "a-client", "client_secret": "not-a-secret",
    });
    let mut scenario = lookup("Key Vault, client secret, https", 8_000_000, KEY_VAULT, &kwargs);
    scenario
        .env
        .push(("AZURE_AUTHORITY_HOST".to_owned(), entra.origin().to_owned()));
    scenario.bounds.connections = 2;
    // The token, the challenge and the secret.
    scenario.bounds.requests = 3;
    scenario.counts = vec![vault.counts(), entra.counts()];
    scenario
}

/// Akeyless with an API key: the login and the secret.
fn akeyless() -> Scenario {
    let server = Server::http(|_, _| {
        Answer::ok(json!({"token": "a-token", "/airflow/connections/smtp_default": URI}))
    });
    let kwargs = json!({"api_url": server.origin(), "access_id": "p-1234", "access_key": "not-a-secret"});
    let mut scenario = lookup("Akeyless, API key, http", 2_500_000, AKEYLESS, &kwargs);
    scenario.bounds.connections = 1;
    scenario.bounds.requests = 2;
    scenario.counts = vec![server.counts()];
    scenario
}

/// Kubernetes Secrets outside a cluster: a kubeconfig with a token and the cluster's authority, and one request.
fn kubernetes(folder: &Path, authority: &Authority) -> Scenario {
    let server = authority.server(|_, _| {
        let secret = json!({
            "metadata": {"name": "smtp", "namespace": "airflow"}, "type": "Opaque",
            "data": {"value": "c210cDovL3VzZXI6cGFzc0BtYWlsLmV4YW1wbGUuY29tOjU4Nw=="},
        });
        let list = json!({"kind": "SecretList", "apiVersion": "v1", "metadata": {"resourceVersion": "209"}, "items": [secret]});
        Answer::ok(list)
    });
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "airflow"}}],
        "clusters": [{"name": "k", "cluster": {"server": server.origin(), "certificate-authority": authority.file()}}],
        "users": [{"name": "u", "user": {"token": "not-a-secret"}}],
    });
    let file = folder.join("kubeconfig");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut scenario = lookup("Kubernetes, token, https", 6_000_000, KUBERNETES, &json!({}));
    scenario
        .env
        .push(("KUBECONFIG".to_owned(), file.display().to_string()));
    scenario.bounds.connections = 1;
    scenario.bounds.requests = 1;
    scenario.counts = vec![server.counts()];
    scenario
}

/// Secret Manager with a service account's key, which signs its own token: one request.
fn google_by_key(authority: &Authority) -> Scenario {
    let pem = std::fs::read_to_string("tests/azure/data/client.pem").unwrap();
    let start = pem.find("-----BEGIN PRIVATE KEY-----").unwrap();
    let key = json!({
        "type": "service_account", "client_email": "sa@proj.iam.gserviceaccount.com", "private_key": &pem[start..],
        "private_key_id": "1", "token_uri": "https://oauth2.googleapis.com/token", "project_id": "proj",
    });
    let kwargs = json!({"gcp_keyfile_dict": key});
    google("Secret Manager, key, https", 16_000_000, &kwargs, authority)
}

/// Secret Manager with the metadata server's token: two requests.
fn google_by_metadata(authority: &Authority) -> Scenario {
    let metadata = Server::http(|_, _| {
        Answer::ok(json!({"access_token": "a-token", "expires_in": 3599, "token_type": "Bearer"}))
    });
    let kwargs = json!({"project_id": "proj"});
    let mut scenario = google("Secret Manager, metadata, https", 6_000_000, &kwargs, authority);
    let host = metadata.origin().trim_start_matches("http://").to_owned();
    scenario.env.push(("GCE_METADATA_HOST".to_owned(), host));
    // One connection finds out whether the server is there.
    scenario.bounds.connections += 2;
    scenario.bounds.requests += 1;
    scenario.counts.push(metadata.counts());
    scenario
}

fn google(name: &'static str, most: u64, kwargs: &serde_json::Value, authority: &Authority) -> Scenario {
    let server = authority.server(|_, _| {
        let payload = json!({"data": "c210cDovL3VzZXI6cGFzc0BtYWlsLmV4YW1wbGUuY29tOjU4Nw==", "dataCrc32c": "1653584821"});
        Answer::ok(json!({"name": "projects/1/secrets/x/versions/1", "payload": payload}))
    });
    let mut scenario = lookup(name, most, GOOGLE, kwargs);
    scenario.env.push((
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER".to_owned(),
        server.origin().to_owned(),
    ));
    scenario.bounds.connections = 1;
    scenario.bounds.requests = 1;
    scenario.counts = vec![server.counts()];
    scenario
}

/// AWS Secrets Manager with static keys: one signed request.
fn aws(name: &'static str, most: u64, server: &Server) -> Scenario {
    let kwargs = json!({
        "region_name": "eu-west-1", "endpoint_url": server.origin(), "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key": "not-a-secret",
    });
    Scenario {
        bounds: Bounds {
            instructions: Some(most),
            connections: 1,
            requests: 1,
        },
        counts: vec![server.counts()],
        ..lookup(name, most, AWS, &kwargs)
    }
}

fn secrets_manager(_: &str, _: bool) -> Answer {
    Answer::ok(json!({"Name": "airflow/connections/smtp_default", "SecretString": URI, "VersionId": "1"}))
}

/// Makes the command trust only the servers' authority.
fn with_roots(mut scenario: Scenario, authority: &Authority) -> Scenario {
    for name in ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"] {
        scenario
            .env
            .push((name.to_owned(), authority.file().display().to_string()));
    }
    scenario
}
