//! The servers together, what they are told to answer, and what a client needs to know of them.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::{BACKEND, HOST, verified};
use crate::support::server::{Authority, Recorded, Reply, Server, Tunnel};
use crate::support::{Program, secretctl, temp_dir};

/// The names of the services.
const NAMES: &[&str] = &[
    HOST,
    "secretmanager.other.example",
    "oauth2.googleapis.com",
    "iamcredentials.googleapis.com",
    "iamcredentials.other.example",
    "sts.googleapis.com",
    "cloudresourcemanager.googleapis.com",
];

/// The world.
pub struct World {
    google: Server,
    metadata: Server,
    tunnel: Tunnel,
    dir: TempDir,
    state: Arc<Mutex<State>>,
}

/// What the services have, and what they answer for once before that.
#[derive(Default)]
struct State {
    /// A resource's name, and `{"data": base64}` or `{"code": …}`.
    secrets: BTreeMap<String, Value>,
    secret_manager: VecDeque<Reply>,
    tokens: VecDeque<Reply>,
    metadata: VecDeque<Reply>,
}

impl World {
    /// Starts the servers. The project `proj` has the variable `hello`.
    pub fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let certificate = Authority::trusted().certificate_for(NAMES);
        let shared = Arc::clone(&state);
        let google = Server::start_tls(&certificate, move |request: &Recorded| {
            let mut state = shared.lock().unwrap();
            let host = request.header("host").unwrap_or_default();
            if host.starts_with("secretmanager.") {
                let scripted = state.secret_manager.pop_front();
                scripted.unwrap_or_else(|| access(&state.secrets, request))
            } else {
                state.tokens.pop_front().unwrap_or_else(|| token(host))
            }
        });
        let shared = Arc::clone(&state);
        let metadata = Server::start(move |request: &Recorded| {
            let scripted = shared.lock().unwrap().metadata.pop_front();
            scripted.unwrap_or_else(|| machine(request))
        });
        let tunnel = Tunnel::start(google.port);
        let dir = temp_dir();
        std::fs::write(dir.path().join("ca.pem"), Authority::trusted().pem()).unwrap();
        std::fs::create_dir(dir.path().join("home")).unwrap();
        let world = Self {
            google,
            metadata,
            tunnel,
            dir,
            state,
        };
        world.has(&[("airflow-variables-hello", secret("world"))]);
        world
    }

    /// Sets the secrets of the project `proj`.
    pub fn has(&self, secrets: &[(&str, Value)]) {
        let version = |name: &str| format!("projects/proj/secrets/{name}/versions/latest");
        let secrets = secrets
            .iter()
            .map(|(name, secret)| (version(name), secret.clone()));
        self.state.lock().unwrap().secrets = secrets.collect();
    }

    /// Sets the secrets by their resources' names.
    pub fn has_resources(&self, secrets: &Value) {
        let secrets = secrets.as_object().unwrap().iter();
        let secrets = secrets.map(|(name, secret)| (name.clone(), secret.clone()));
        self.state.lock().unwrap().secrets = secrets.collect();
    }

    /// Sets what Secret Manager, the services that issue tokens and the metadata server answer for once.
    pub fn tell(&self, secret_manager: &[Reply], tokens: &[Reply], metadata: &[Reply]) {
        let mut state = self.state.lock().unwrap();
        state.secret_manager = secret_manager.iter().cloned().collect();
        state.tokens = tokens.iter().cloned().collect();
        state.metadata = metadata.iter().cloned().collect();
        drop(state);
        self.requests();
        self.machine_requests();
    }

    /// Returns a path in the world's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file into the world's folder, and returns its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The port of the services that issue tokens.
    pub fn port(&self) -> u16 {
        self.google.port
    }

    /// Replaces the places in the texts of `value`: `{metadata}`, `{dir}`.
    pub fn placed(&self, value: &Value) -> Value {
        let host = self.metadata.url().replace("http://", "");
        let text = value.to_string();
        let dir = self.dir.path().to_str().unwrap();
        serde_json::from_str(&text.replace("{metadata}", &host).replace("{dir}", dir)).unwrap()
    }

    /// Returns the environment in which both clients live, with `more` over it. A null removes a variable.
    pub fn env(&self, more: &Value) -> Map<String, Value> {
        let mut env = json!({
            "HTTPS_PROXY": format!("http://127.0.0.1:{}", self.tunnel.port),
            "NO_PROXY": "127.0.0.1",
            "REQUESTS_CA_BUNDLE": self.path("ca.pem"),
            "HOME": self.path("home"),
            // Nothing is ever sent to the real addresses.
            "GCE_METADATA_HOST": "{metadata}",
            "GCE_METADATA_IP": "{metadata}",
        });
        let object = env.as_object_mut().unwrap();
        object.extend(more.as_object().cloned().unwrap_or_default());
        object.retain(|_, value| !value.is_null());
        self.placed(&env).as_object().unwrap().clone()
    }

    /// Describes a run of secretctl in this world.
    pub fn program(&self, kwargs: &Value, env: &Value) -> Program {
        let mut program = secretctl().env("AIRFLOW__SECRETS__BACKEND", BACKEND).env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            self.placed(kwargs).to_string(),
        );
        for (name, value) in self.env(env) {
            program = program.env(&name, value.as_str().unwrap());
        }
        program
    }

    /// Returns the requests to Google since, and forgets them.
    pub fn requests(&self) -> Vec<Recorded> {
        self.tunnel.take();
        self.google.take()
    }

    /// Returns the requests to the metadata server since, and forgets them.
    pub fn machine_requests(&self) -> Vec<Recorded> {
        self.metadata.take()
    }
}

/// A stored secret.
pub fn secret(text: &str) -> Value {
    json!({"data": STANDARD.encode(text)})
}

/// Answers as Secret Manager.
fn access(secrets: &BTreeMap<String, Value>, request: &Recorded) -> Reply {
    let path = request.target.split('?').next().unwrap_or_default();
    if let Some(project) = path
        .strip_prefix("/v1/")
        .and_then(|path| path.strip_suffix("/secrets"))
    {
        return list(project, secrets, request);
    }
    let version = request
        .target
        .strip_prefix("/v1/")
        .and_then(|rest| rest.strip_suffix(":access"));
    let name = percent_decode_str(version.unwrap_or_default())
        .decode_utf8_lossy()
        .into_owned();
    let stored = secrets
        .get(&name)
        .cloned()
        .unwrap_or(json!({"code": "NOT_FOUND"}));
    match stored["code"].as_str() {
        Some(code) => error(code),
        None => Reply::json(200, json!({"name": name, "payload": stored})),
    }
}

/// A page of two of the secrets of `project` that the filter allows.
fn list(project: &str, secrets: &BTreeMap<String, Value>, request: &Recorded) -> Reply {
    const PAGE: usize = 2;
    let url = url::Url::parse(&format!("http://h{}", request.target)).unwrap();
    let query = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let filter = query("filter");
    let part = filter.strip_prefix("name:").unwrap_or_default();
    let names: Vec<Value> = secrets
        .keys()
        .filter_map(|version| version.strip_suffix("/versions/latest"))
        .filter(|name| name.starts_with(&format!("{project}/secrets/")) && name.contains(part))
        .map(|name| json!({"name": name.replace(project, "projects/4711"), "replication": {"automatic": {}}}))
        .collect();
    let start = query("pageToken").parse().unwrap_or(0);
    let end = names.len().min(start + PAGE);
    let mut page = json!({"secrets": names[start..end], "totalSize": names.len()});
    if end < names.len() {
        page["nextPageToken"] = json!(end.to_string());
    }
    Reply::json(200, page)
}

/// An error in Google's form.
fn error(code: &str) -> Reply {
    let status = match code {
        "NOT_FOUND" => 404,
        "PERMISSION_DENIED" => 403,
        "UNAUTHENTICATED" => 401,
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" => 400,
        "RESOURCE_EXHAUSTED" => 429,
        "UNAVAILABLE" => 503,
        _ => 500,
    };
    Reply::json(
        status,
        json!({"error": {"code": status, "message": "scripted hunter2", "status": code}}),
    )
}

/// Answers as a service that issues tokens.
fn token(host: &str) -> Reply {
    let body = match host.split('.').next().unwrap_or_default() {
        "iamcredentials" => json!({"accessToken": "ya29.impersonated", "expireTime": "2999-01-01T00:00:00Z"}),
        "sts" => {
            json!({"access_token": "ya29.exchanged", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer", "expires_in": 3600})
        }
        "cloudresourcemanager" => json!({"projectId": "proj"}),
        _ => json!({"access_token": "ya29.refreshed", "expires_in": 3599, "token_type": "Bearer"}),
    };
    Reply::json(200, body)
}

/// Answers as the metadata server, and as the places of other providers' tokens.
fn machine(request: &Recorded) -> Reply {
    let google = |reply: Reply| reply.header("Metadata-Flavor", "Google");
    let text = |text: &str| Reply::status(200).header("Content-Type", "text/html").body(text);
    let path = request.target.split('?').next().unwrap_or_default();
    match path {
        "/" => google(text("computeMetadata/\n")),
        "/computeMetadata/v1/project/project-id" => google(text("proj")),
        "/computeMetadata/v1/instance/service-accounts/default/" => google(Reply::json(
            200,
            json!({"email": "vm@proj.iam.gserviceaccount.com", "aliases": ["default"],
                "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}),
        )),
        "/computeMetadata/v1/instance/service-accounts/default/token" => google(Reply::json(
            200,
            json!({"access_token": "ya29.vm", "expires_in": 3599, "token_type": "Bearer"}),
        )),
        "/idp/text" => text(" subject token\n"),
        "/idp/json" => Reply::json(200, json!({"value": "subject-json"})),
        "/aws/token" => text("aws-session"),
        "/aws/zone" => text("eu-west-1b"),
        "/aws/credentials" => text("role"),
        "/aws/credentials/role" => Reply::json(
            200,
            json!({"AccessKeyId": "AKIDROLE", "SecretAccessKey": "secret", "Token": "session"}),
        ),
        _ => google(Reply::status(404)),
    }
}

/// A request to a service that issues tokens in one line, without what is new in every run.
pub fn line(request: &Recorded) -> String {
    let host = request.header("host").unwrap_or_default();
    let authorization = request.header("authorization").unwrap_or_default();
    let quota = request.header("x-goog-user-project").unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let body = match serde_json::from_str::<Value>(&body) {
        Ok(json) => json.to_string(),
        Err(_) => form(&body),
    };
    format!(
        "{host} {} {} authorization={} quota={quota} {body}",
        request.method,
        request.target,
        shown(authorization)
    )
}

/// A bearer, with the claims of a JWT.
pub fn shown(authorization: &str) -> String {
    match authorization
        .strip_prefix("Bearer ")
        .filter(|token| token.matches('.').count() == 2)
    {
        Some(jwt) => verified(jwt).to_string(),
        None => authorization.to_owned(),
    }
}

/// A form, one field after the other.
fn form(body: &str) -> String {
    let fields = body.split('&').filter_map(|field| field.split_once('='));
    let fields = fields.map(|(name, value)| {
        let value = percent_decode_str(&value.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned();
        let value = match name {
            "assertion" => verified(&value).to_string(),
            "subject_token" if value.starts_with("%7B") => signed(&value),
            _ => value,
        };
        format!("{name}={value}")
    });
    fields.collect::<Vec<_>>().join(" ")
}

/// A signed request to AWS, without the time and the signature.
fn signed(quoted: &str) -> String {
    let text = percent_decode_str(quoted).decode_utf8_lossy().into_owned();
    let mut request: Value = serde_json::from_str(&text).unwrap();
    // The text is canonical.
    assert_eq!(request.to_string(), text);
    for header in request["headers"].as_array_mut().unwrap() {
        let value = header["value"].as_str().unwrap().to_owned();
        header["value"] = match header["key"].as_str().unwrap() {
            "x-amz-date" => json!("now"),
            "Authorization" => {
                let (head, signature) = value.rsplit_once("Signature=").unwrap();
                assert_eq!(signature.len(), 64);
                let (before, after) = head.split_once('/').unwrap();
                json!(format!("{before}/DATE{}", &after[8..]))
            }
            _ => continue,
        };
    }
    request.to_string()
}
