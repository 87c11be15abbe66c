//! Places on loopback where a benchmark looks names up: the servers of each backend, and the variables that configure it.
//!
//! Owns the services' answers: every name is found, with one value. Must not know what is measured.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::server::{Answer, Counts, Server, vault_of};
use crate::tls::Authority;

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const KEY_VAULT: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";
const SECRETS_MANAGER: &str = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";
const PARAMETER_STORE: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
const GOOGLE: &str = "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend";
const KUBERNETES: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";
const LOCKBOX: &str = "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend";
const AKEYLESS: &str = "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend";
const TENANT: &str = "6f89cf12-978b-4d23-ac18-9ef0c127cf87";

/// What the servers answer, and after which pause.
#[derive(Clone)]
pub(crate) struct Answers {
    pub(crate) value: String,
    pub(crate) pause: Duration,
}

impl Answers {
    /// Answers at once.
    pub(crate) fn of(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            pause: Duration::ZERO,
        }
    }

    fn wait(&self) {
        if !self.pause.is_zero() {
            sleep(self.pause);
        }
    }
}

/// A configured backend. Its servers live as long as this process.
pub(crate) struct Place {
    /// The variables that configure it.
    pub(crate) env: Vec<(String, String)>,
    /// The counts of its servers.
    pub(crate) counts: Vec<Arc<Counts>>,
    /// Requests and connections that are made once, before names are asked for.
    pub(crate) requests_before: usize,
    pub(crate) connections_before: usize,
}

impl Place {
    fn new(backend: &str, kwargs: &Value, server: &Server) -> Self {
        Self {
            env: vec![
                ("AIRFLOW__SECRETS__BACKEND".to_owned(), backend.to_owned()),
                ("AIRFLOW__SECRETS__BACKEND_KWARGS".to_owned(), kwargs.to_string()),
            ],
            counts: vec![server.counts()],
            requests_before: 0,
            connections_before: 0,
        }
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Makes the command trust the roots of a system, and the servers' authority.
    fn trusting(self, authority: &Authority) -> Self {
        let bundle = authority.bundle().display().to_string();
        self.with("REQUESTS_CA_BUNDLE", bundle.as_str())
            .with("SSL_CERT_FILE", bundle)
    }

    fn after(mut self, requests: usize, connections: usize) -> Self {
        self.requests_before = requests;
        self.connections_before = connections;
        self
    }
}

/// Vault with an `AppRole`, over http, or over https with an authority.
pub(crate) fn vault(answers: &Answers, authority: Option<&Authority>) -> Place {
    let answer = vault_of(answers.pause, answers.value.clone());
    let server = match authority {
        Some(authority) => authority.server(answer),
        None => Server::http(answer),
    };
    let kwargs = json!({
        "connections_path": "connections", "variables_path": "variables", "mount_point": "airflow", "url": server.origin(),
        "auth_type": "approle", "role_id": "astro_role", "secret_id": "not-a-secret",
    });
    let place = Place::new(VAULT, &kwargs, &server).after(1, 0);
    match authority {
        Some(authority) => place.trusting(authority),
        None => place,
    }
}

/// Key Vault with a client secret. Two servers, as in production: one for tokens, one for secrets.
pub(crate) fn key_vault(answers: &Answers, authority: &Authority) -> Place {
    let held = answers.clone();
    let entra = authority.server(move |_, _| {
        held.wait();
        Answer::ok(json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "a-token"}))
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer authorization=\"{}/{TENANT}\", resource=\"https://vault.azure.net\"\r\n",
        entra.origin()
    );
    let held = answers.clone();
    let vault = authority.server(move |_, is_authorized| {
        held.wait();
        if is_authorized {
            let attributes = json!({"enabled": true});
            return Answer::ok(
                json!({"value": held.value, "id": "https://localhost/secrets/x/1", "attributes": attributes}),
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
    // The token and the challenge.
    let mut place = Place::new(KEY_VAULT, &kwargs, &vault)
        .with("AZURE_AUTHORITY_HOST", entra.origin())
        .trusting(authority)
        .after(2, 1);
    place.counts.push(entra.counts());
    place
}

/// AWS Secrets Manager with static keys, over http, or over https with an authority: one signed request.
pub(crate) fn secrets_manager(answers: &Answers, authority: Option<&Authority>) -> Place {
    let held = answers.clone();
    let answer = move |_: &str, _: bool| {
        held.wait();
        Answer::ok(
            json!({"Name": "airflow/connections/smtp_default", "SecretString": held.value, "VersionId": "1"}),
        )
    };
    match authority {
        Some(authority) => aws(SECRETS_MANAGER, &authority.server(answer)).trusting(authority),
        None => aws(SECRETS_MANAGER, &Server::http(answer)),
    }
}

/// AWS Parameter Store with static keys, over http.
pub(crate) fn parameter_store(answers: &Answers) -> Place {
    let held = answers.clone();
    let server = Server::http(move |_, _| {
        held.wait();
        let name = "/airflow/connections/smtp_default";
        Answer::ok(json!({"Parameter": {"Name": name, "Type": "SecureString", "Value": held.value}}))
    });
    aws(PARAMETER_STORE, &server)
}

fn aws(backend: &str, server: &Server) -> Place {
    let kwargs = json!({
        "region_name": "eu-west-1", "endpoint_url": server.origin(), "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key": "not-a-secret",
    });
    Place::new(backend, &kwargs, server)
}

/// Google Secret Manager with a service account's key, which signs its own token.
pub(crate) fn google_by_key(answers: &Answers, authority: &Authority) -> Place {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/azure/data/client.pem");
    let pem = std::fs::read_to_string(path).unwrap();
    let start = pem.find("-----BEGIN PRIVATE KEY-----").unwrap();
    let key = json!({
        "type": "service_account", "client_email": "sa@proj.iam.gserviceaccount.com", "private_key": &pem[start..],
        "private_key_id": "1", "token_uri": "https://oauth2.googleapis.com/token", "project_id": "proj",
    });
    google(answers, &json!({"gcp_keyfile_dict": key}), authority)
}

/// Google Secret Manager with the metadata server's token.
pub(crate) fn google_by_metadata(answers: &Answers, authority: &Authority) -> Place {
    let held = answers.clone();
    let metadata = Server::http(move |_, _| {
        held.wait();
        Answer::ok(json!({"access_token": "a-token", "expires_in": 3599, "token_type": "Bearer"}))
    });
    let host = metadata.origin().trim_start_matches("http://").to_owned();
    // One connection finds out whether the metadata server is there.
    let mut place = google(answers, &json!({"project_id": "proj"}), authority)
        .with("GCE_METADATA_HOST", host)
        .after(1, 2);
    place.counts.push(metadata.counts());
    place
}

fn google(answers: &Answers, kwargs: &Value, authority: &Authority) -> Place {
    let held = answers.clone();
    let (data, sum) = (STANDARD.encode(&held.value), crc32c(held.value.as_bytes()));
    let server = authority.server(move |_, _| {
        held.wait();
        let payload = json!({"data": data, "dataCrc32c": sum.to_string()});
        Answer::ok(json!({"name": "projects/1/secrets/x/versions/1", "payload": payload}))
    });
    Place::new(GOOGLE, kwargs, &server)
        .with("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", server.origin())
        .trusting(authority)
}

/// CRC-32C, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let bit = |sum: u32, _| {
        if sum & 1 == 1 {
            sum >> 1 ^ POLYNOMIAL
        } else {
            sum >> 1
        }
    };
    let byte = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), bit);
    !bytes.iter().fold(!0, byte)
}

/// Kubernetes Secrets outside a cluster: a kubeconfig, written to `folder`, with a token and the cluster's own authority. No other
/// authority counts there.
pub(crate) fn kubernetes(answers: &Answers, folder: &Path, authority: &Authority) -> Place {
    let held = answers.clone();
    let data = STANDARD.encode(&held.value);
    let server = authority.server(move |_, _| {
        held.wait();
        let secret = json!({
            "metadata": {"name": "smtp", "namespace": "airflow"}, "type": "Opaque", "data": {"value": data},
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
    Place::new(KUBERNETES, &json!({}), &server).with("KUBECONFIG", file.display().to_string())
}

/// Lockbox with an OAuth token, which has `smtp_default`: the endpoints, the IAM token, the list of the folder, and the secret, all
/// from one server.
pub(crate) fn lockbox(answers: &Answers, authority: &Authority) -> Place {
    let address = Arc::new(OnceLock::<String>::new());
    let (held, own) = (answers.clone(), Arc::clone(&address));
    let server = authority.server(move |path, _| {
        held.wait();
        let services = ["iam", "lockbox", "lockbox-payload"];
        Answer::ok(match path.split('?').next().unwrap_or_default() {
            "/endpoints" => json!({"endpoints": services.map(|id| json!({"id": id, "address": own.get()}))}),
            "/iam/v1/tokens" => json!({"iamToken": "a-token"}),
            "/lockbox/v1/secrets" => {
                let name = "airflow/connections/smtp_default";
                json!({"secrets": [{"id": "e6q", "name": name, "currentVersion": {"id": "v1"}}]})
            }
            _ => json!({"entries": [{"key": "value", "textValue": held.value}], "versionId": "v1"}),
        })
    });
    let host = server.origin().trim_start_matches("https://").to_owned();
    let host = address.get_or_init(|| host);
    let kwargs = json!({"yc_oauth_token": "not-a-secret", "folder_id": "b1g", "endpoint": host});
    Place::new(LOCKBOX, &kwargs, &server)
        .trusting(authority)
        .after(3, 0)
}

/// Akeyless with an API key, which has `smtp_default`, over http: the login and the secret.
pub(crate) fn akeyless(answers: &Answers) -> Place {
    let held = answers.clone();
    let server = Server::http(move |_, _| {
        held.wait();
        Answer::ok(json!({"token": "a-token", "/airflow/connections/smtp_default": held.value}))
    });
    let kwargs = json!({"api_url": server.origin(), "access_id": "p-1234", "access_key": "not-a-secret"});
    Place::new(AKEYLESS, &kwargs, &server).after(1, 0)
}
