//! A dev server of Vault's API: one process that listens on http and https, over the same data.
//!
//! Every run has `OpenBao`: `scripts/test` starts it and passes its address (`SECRETCTL_TEST_BAO_*`). Where only `BAO` is set, the
//! fixture starts its own. `HashiCorp` Vault runs where `VAULT` names its binary, always started by the fixture. Tests share a
//! server: each uses mounts, roles and policies with its own names.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{free_port, skip, temp_dir, variable, wait_for_port};

/// The addresses and credentials of the server.
#[derive(Debug)]
pub struct VaultServer {
    /// `http://127.0.0.1:PORT`.
    pub addr: String,
    /// `https://127.0.0.1:PORT`: the same server.
    pub https_addr: String,
    /// The authority of its certificate, as PEM.
    pub ca_file: PathBuf,
    /// The root token.
    pub root_token: String,
    /// The binary, if known.
    pub binary: Option<PathBuf>,
}

/// Returns the server, or reports why the test is skipped.
pub fn bao() -> Option<&'static VaultServer> {
    static BAO: OnceLock<Option<VaultServer>> = OnceLock::new();
    let bao = BAO
        .get_or_init(|| given().or_else(|| variable("BAO").map(|binary| start(Path::new(&binary)))))
        .as_ref();
    if bao.is_none() {
        skip(
            "openbao",
            "BAO is not set; `scripts/test` installs OpenBao and sets it",
        );
    }
    bao
}

/// Returns `HashiCorp` Vault, or reports why the test is skipped.
pub fn hashicorp() -> Option<&'static VaultServer> {
    static VAULT: OnceLock<Option<VaultServer>> = OnceLock::new();
    let vault = VAULT
        .get_or_init(|| variable("VAULT").map(|binary| start(Path::new(&binary))))
        .as_ref();
    if vault.is_none() {
        skip(
            "hashicorp-vault",
            "VAULT does not name the binary of HashiCorp Vault",
        );
    }
    vault
}

fn given() -> Option<VaultServer> {
    Some(VaultServer {
        addr: variable("SECRETCTL_TEST_BAO_ADDR")?,
        https_addr: variable("SECRETCTL_TEST_BAO_HTTPS_ADDR")?,
        ca_file: variable("SECRETCTL_TEST_BAO_CA_FILE")?.into(),
        root_token: variable("SECRETCTL_TEST_BAO_ROOT_TOKEN")?,
        binary: variable("BAO").map(PathBuf::from),
    })
}

/// Starts a server that ends with this process, however it ends: its keeper waits for the end of its own input.
#[expect(
    clippy::zombie_processes,
    reason = "the keeper ends with this process, which is what it waits for"
)]
fn start(binary: &Path) -> VaultServer {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/openbao");
    let (http, https) = (free_port(), free_port());
    // The folder must outlive this function, and destructors of statics do not run: the keeper removes it.
    let dir = temp_dir().keep();
    let mut keeper = Command::new("sh")
        .arg(script)
        .args([binary.as_os_str(), dir.as_os_str()])
        .args([http.to_string(), https.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::mem::forget(keeper.stdin.take());
    assert!(
        wait_for_port(http, Duration::from_secs(30)),
        "{} did not start",
        binary.display()
    );
    VaultServer {
        addr: format!("http://127.0.0.1:{http}"),
        https_addr: format!("https://127.0.0.1:{https}"),
        ca_file: dir.join("vault-ca.pem"),
        root_token: "root".to_owned(),
        binary: Some(binary.to_owned()),
    }
}

impl VaultServer {
    /// Sends a request as root and returns the status and the JSON of the answer (null without a body).
    pub fn request(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.request_in("", method, path, body)
    }

    /// Sends a request as root into `namespace`.
    pub fn request_in(&self, namespace: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let header = if namespace.is_empty() {
            String::new()
        } else {
            format!("X-Vault-Namespace: {namespace}\r\n")
        };
        self.request_with(&header, method, path, body)
    }

    /// Sends a request as root with `header`, which is empty or ends its line.
    pub fn request_with(&self, header: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let root = format!("X-Vault-Token: {}\r\n{header}", self.root_token);
        self.request_as(&root, method, path, body)
    }

    /// Sends a request with `headers`, which have the token; each ends its line.
    pub fn request_as(&self, headers: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let host = self.addr.strip_prefix("http://").unwrap();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        // HTTP/1.0: the answer is neither chunked nor kept alive.
        let request = format!(
            "{method} /v1/{path} HTTP/1.0\r\nHost: {host}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Writes as root; fails unless the server accepts it.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    pub fn write(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.request("POST", path, &body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Returns a unique name that begins with `stem`.
    #[expect(clippy::unused_self, reason = "only a test with a server needs a name in it")]
    pub fn unique(&self, stem: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        format!(
            "{stem}_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Mounts a KV engine of `version` under a unique name and returns the name.
    #[track_caller]
    pub fn kv(&self, version: u8) -> String {
        let mount = self.unique("kv");
        self.write(
            &format!("sys/mounts/{mount}"),
            json!({"type": "kv", "options": {"version": version.to_string()}}),
        );
        mount
    }

    /// Stores `fields` at `path` of a KV v2 `mount`.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    pub fn put(&self, mount: &str, path: &str, fields: Value) {
        // A new v2 mount upgrades itself for a moment, and answers 400 meanwhile.
        for _ in 0..100 {
            let (status, answer) =
                self.request("POST", &format!("{mount}/data/{path}"), &json!({"data": fields}));
            match status {
                200 => return,
                400 => std::thread::sleep(Duration::from_millis(20)),
                _ => panic!("{mount}/{path}: {status} {answer}"),
            }
        }
        panic!("{mount} is not ready");
    }

    /// Creates an `AppRole` role that may read `mount`, and returns its role id and a secret id.
    #[track_caller]
    pub fn approle(&self, mount: &str) -> (String, String) {
        let (status, answer) = self.request("POST", "sys/auth/approle", &json!({"type": "approle"}));
        assert!(
            status < 300 || answer.to_string().contains("already in use"),
            "{status} {answer}"
        );
        let role = self.unique("role");
        let policy = format!("path \"{mount}/*\" {{ capabilities = [\"read\"] }}");
        self.write(&format!("sys/policies/acl/{role}"), json!({"policy": policy}));
        self.write(
            &format!("auth/approle/role/{role}"),
            json!({"role_id": role, "secret_id_ttl": "0", "token_policies": role}),
        );
        let answer = self.write(&format!("auth/approle/role/{role}/secret-id"), Value::Null);
        (role, answer["data"]["secret_id"].as_str().unwrap().to_owned())
    }
}

#[test]
fn the_server_answers_by_http_and_stores_values() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    bao.put(&mount, "variables/hello", json!({"value": "world"}));
    let (status, answer) = bao.request("GET", &format!("{mount}/data/variables/hello"), &Value::Null);
    assert_eq!((status, &answer["data"]["data"]["value"]), (200, &json!("world")));
    let (role_id, secret_id) = bao.approle(&mount);
    let login = bao.write(
        "auth/approle/login",
        json!({"role_id": role_id, "secret_id": secret_id}),
    );
    assert!(login["auth"]["client_token"].is_string());
    assert!(bao.ca_file.exists() && bao.https_addr.starts_with("https://"));
    assert!(bao.binary.as_deref().is_none_or(Path::exists));
    assert_eq!(bao.request_in("nowhere/", "GET", "x", &Value::Null).0, 404);
}
