//! Yandex Lockbox, asked through the binary: against a scripted Yandex Cloud that speaks REST, and beside Airflow's own backend
//! with Yandex Cloud's own SDK, whose scripted services speak gRPC (`tests/parity/judge_yandex.py`).

use serde_json::{Value, json};

use crate::support::server::{Authority, Recorded, Reply, Server, Tunnel};
use crate::support::{Program, secretctl, temp_dir};

mod answers;
mod differences;
mod machine;
mod wire;

/// Airflow's class path of the backend.
pub const BACKEND: &str = "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend";

/// The IAM token of every login.
pub const TOKEN: &str = "t1.hidden-iam-token";

/// The names of the services.
const NAMES: &[&str] = &[
    "iam.api.cloud.yandex.net",
    "lockbox.api.cloud.yandex.net",
    "payload.lockbox.api.cloud.yandex.net",
    "api.private.example",
    "iam.private.example",
    "lockbox.private.example",
    "payload.private.example",
];

/// A Yandex Cloud at its real names, behind a proxy of the tests' own.
pub struct Cloud {
    server: Server,
    tunnel: Tunnel,
    dir: tempfile::TempDir,
}

impl Cloud {
    /// Starts a cloud that answers as `handler` says.
    pub fn scripted(handler: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        let server = Server::start_tls(&Authority::trusted().certificate_for(NAMES), handler);
        let tunnel = Tunnel::start(server.port);
        let dir = temp_dir();
        std::fs::write(dir.path().join("ca.pem"), Authority::trusted().pem()).unwrap();
        Self { server, tunnel, dir }
    }

    /// Starts a cloud with `secrets`, each `{"id", "name", "version", "entries": [{"key", "text" | "binary"}]}`, in pages of
    /// `page`.
    pub fn start(secrets: Vec<Value>, page: usize) -> Self {
        Self::scripted(move |request| answer(request, &secrets, page))
    }

    /// Describes a run of the program with `kwargs`.
    pub fn program(&self, kwargs: &Value) -> Program {
        secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
            .envs(self.env())
    }

    /// Returns the variables that lead to this cloud, and to no metadata service.
    pub fn env(&self) -> Vec<(String, String)> {
        [
            ("HTTPS_PROXY", format!("http://127.0.0.1:{}", self.tunnel.port)),
            ("REQUESTS_CA_BUNDLE", self.path("ca.pem")),
            ("YC_METADATA_ADDR", "127.0.0.1:1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Returns the requests so far, and clears them.
    pub fn take(&self) -> Vec<Recorded> {
        self.server.take()
    }

    /// Writes a file, and returns its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Describes the secret `name` with one entry that is `text`.
pub fn secret(name: &str, text: &str) -> Value {
    json!({"id": name.replace('/', "-"), "name": name, "version": "v1", "entries": [{"key": "value", "text": text}]})
}

/// Answers as Yandex Cloud does.
pub fn answer(request: &Recorded, secrets: &[Value], page: usize) -> Reply {
    let url = url::Url::parse(&format!("https://x{}", request.target)).unwrap();
    let query = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let path: Vec<&str> = url.path_segments().unwrap().collect();
    match path[..] {
        ["iam", "v1", "tokens"] => Reply::json(
            200,
            json!({"iamToken": TOKEN, "expiresAt": "2999-01-01T00:00:00Z"}),
        ),
        ["endpoints"] => Reply::json(
            200,
            json!({"endpoints": [
                {"id": "iam", "address": "iam.private.example:443"},
                {"id": "lockbox", "address": "lockbox.private.example:443"},
                {"id": "lockbox-payload", "address": "payload.private.example:443"},
            ]}),
        ),
        ["lockbox", "v1", "secrets"] => {
            let start = query("pageToken").parse().unwrap_or(0);
            let end = secrets.len().min(start + page);
            let listed: Vec<Value> = secrets[start..end]
                .iter()
                .map(|secret| {
                    json!({"id": secret["id"], "name": secret["name"], "status": "ACTIVE",
                           "currentVersion": {"id": secret["version"]}})
                })
                .collect();
            let mut page = json!({"secrets": listed});
            if end < secrets.len() {
                page["nextPageToken"] = end.to_string().into();
            }
            Reply::json(200, page)
        }
        ["lockbox", "v1", "secrets", id, "payload"] => {
            let Some(secret) = secrets.iter().find(|secret| secret["id"] == id) else {
                return Reply::json(404, json!({"code": 5, "message": "no such secret"}));
            };
            let entries = secret["entries"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| match &entry["text"] {
                    Value::Null => json!({"key": entry["key"], "binaryValue": "AAEC"}),
                    text => json!({"key": entry["key"], "textValue": text}),
                });
            Reply::json(
                200,
                json!({"versionId": secret["version"], "entries": entries.collect::<Vec<_>>()}),
            )
        }
        _ => Reply::json(404, json!({"code": 12, "message": "no such method"})),
    }
}

/// What of a request is compared with gRPC's, in the words of `judge_yandex.py`.
pub fn call(request: &Recorded) -> Value {
    let url = url::Url::parse(&format!("https://x{}", request.target)).unwrap();
    let query = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let path: Vec<String> = url.path_segments().unwrap().map(str::to_owned).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path[..] {
        ["iam", ..] => {
            let body = request.json();
            match body.get("jwt") {
                Some(_) => json!({"call": "token", "jwt": "a jwt"}),
                None => json!({"call": "token", "oauth": body["yandexPassportOauthToken"]}),
            }
        }
        ["lockbox", "v1", "secrets"] => {
            json!({"call": "list", "folder": query("folderId"), "page": query("pageToken")})
        }
        [_, _, _, id, "payload"] => json!({"call": "payload", "id": id, "version": query("versionId")}),
        _ => json!({"call": request.target}),
    }
}
