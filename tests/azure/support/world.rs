//! The servers together, what they are told to answer, and what a client needs to know of them.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::proxy::Proxy;
use super::{CLIENT, CLIENT_SECRET, LOGIN, TENANT, VAULT, entra, machine, token, vault};
use crate::support::server::{Authority, Certificate, Recorded, Reply, Server};
use crate::support::{Output, Program, secretctl, temp_dir};

/// Other clouds', and regions', names of the same two servers.
const OTHER_NAMES: &[&str] = &[
    "login.chinacloudapi.cn",
    "contoso.vault.azure.cn",
    "contoso.vault.usgovcloudapi.net",
    "westeurope.login.microsoft.com",
    "westeurope.login.chinacloudapi.cn",
];

/// The world.
pub struct World {
    vault: Server,
    login: Server,
    machine: Server,
    /// Service Fabric's own server, and its certificate's thumbprint.
    fabric: (Server, String),
    pub proxy: Proxy,
    dir: TempDir,
    script: Arc<Mutex<Script>>,
    /// How often a token was asked for.
    logins: Arc<AtomicUsize>,
}

/// What the servers answer for once, before what they answer by themselves.
#[derive(Default)]
struct Script {
    vault: VecDeque<Reply>,
    login: VecDeque<Reply>,
    machine: VecDeque<Reply>,
    challenge: Option<String>,
    audience: Option<String>,
    lifetime: Option<i64>,
    /// Whether the challenge is held back until a token is asked for.
    meet: bool,
}

impl World {
    /// Starts the servers.
    pub fn start() -> Self {
        let script: Arc<Mutex<Script>> = Arc::default();
        let logins: Arc<AtomicUsize> = Arc::default();
        let mut names = vec![VAULT, LOGIN];
        names.extend(OTHER_NAMES);
        let certificate = Authority::trusted().certificate_for(&names);
        let (shared, asked) = (Arc::clone(&script), Arc::clone(&logins));
        let vault = Server::start_tls(&certificate, move |request: &Recorded| {
            let meet = shared.lock().unwrap().meet;
            for _ in 0..1000 {
                if !meet || request.header("authorization").is_some() || asked.load(Ordering::SeqCst) > 0 {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            let mut script = shared.lock().unwrap();
            // What is scripted comes after the challenge.
            let its_turn =
                request.header("authorization").is_some() || script.challenge.as_deref() == Some("");
            let scripted = if its_turn { script.vault.pop_front() } else { None };
            if let Some(reply) = scripted {
                return reply;
            }
            let challenge = script.challenge.clone().unwrap_or_else(vault::usual_challenge);
            let audience = script.audience.as_deref().unwrap_or("https://vault.azure.net");
            vault::answer(request, &challenge, audience)
        });
        let (shared, asked) = (Arc::clone(&script), Arc::clone(&logins));
        let login = Server::start_tls(&certificate, move |request: &Recorded| {
            if request.method == "POST" {
                asked.fetch_add(1, Ordering::SeqCst);
            }
            let mut script = shared.lock().unwrap();
            let scripted = if request.method == "POST" {
                script.login.pop_front()
            } else {
                None
            };
            scripted.unwrap_or_else(|| entra::answer(request, script.lifetime.unwrap_or(3599)))
        });
        let shared = Arc::clone(&script);
        let machine = Server::start(move |request: &Recorded| {
            let scripted = shared.lock().unwrap().machine.pop_front();
            scripted.unwrap_or_else(|| machine::answer(request))
        });
        let own = Certificate::self_signed(&["localhost"]);
        let fabric = Server::start_tls(&own, machine::fabric);
        let fabric = (fabric, machine::thumbprint(&own.pem));
        let port = |server: &Server| server.url().rsplit_once(':').unwrap().1.parse::<u16>().unwrap();
        let leads = |name: &&str| {
            (
                (*name).to_owned(),
                port(if name.contains("login") { &login } else { &vault }),
            )
        };
        let proxy = Proxy::start(names.iter().map(leads).collect());
        let dir = temp_dir();
        std::fs::write(dir.path().join("ca.pem"), Authority::trusted().pem()).unwrap();
        std::fs::write(dir.path().join("federated"), entra::FEDERATED_TOKEN).unwrap();
        std::fs::create_dir(dir.path().join("bin")).unwrap();
        Self {
            vault,
            login,
            machine,
            fabric,
            proxy,
            dir,
            script,
            logins,
        }
    }

    /// Tells the servers what to answer for once, and forgets what they were asked.
    pub fn tell(&self, case: &Value, vault: &[Reply], login: &[Reply], machine: &[Reply]) {
        let text = |name: &str| case[name].as_str().map(str::to_owned);
        *self.script.lock().unwrap() = Script {
            vault: vault.iter().cloned().collect(),
            login: login.iter().cloned().collect(),
            machine: machine.iter().cloned().collect(),
            challenge: text("challenge"),
            audience: text("audience"),
            lifetime: case["lifetime"].as_i64(),
            meet: case["meet"] == true,
        };
        self.logins.store(0, Ordering::SeqCst);
        self.requests();
    }

    /// Returns a path in the world's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a tool that people log in with.
    #[cfg(unix)]
    pub fn tool(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path("bin").join(name);
        let log = self.path("tools.log");
        std::fs::write(
            &path,
            format!("#!/bin/sh\necho \"{name} $*\" >>'{}'\n{script}\n", log.display()),
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Takes the tools away, and returns how they were called.
    pub fn tools(&self) -> String {
        for file in std::fs::read_dir(self.path("bin")).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        let log = std::fs::read_to_string(self.path("tools.log")).unwrap_or_default();
        let _ = std::fs::remove_file(self.path("tools.log"));
        log
    }

    /// Returns the environment in which both clients live, with `more` over it.
    pub fn env(&self, more: &Value) -> serde_json::Map<String, Value> {
        let mut env = json!({
            "HTTPS_PROXY": self.proxy.url(),
            "NO_PROXY": "127.0.0.1",
            "REQUESTS_CA_BUNDLE": self.path("ca.pem"),
            // Nothing is ever sent to the real address.
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": self.machine.url(),
            "PATH": self.path("bin"),
        });
        let env = env.as_object_mut().unwrap();
        for (name, value) in more.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            let value = value
                .replace("{machine}", &self.machine.url())
                .replace("{fabric}", &self.fabric.0.url())
                .replace("{thumbprint}", &self.fabric.1)
                .replace("{dir}", self.dir.path().to_str().unwrap());
            env.insert(
                name.clone(),
                json!(value.replace("{data}", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/azure/data"))),
            );
        }
        env.clone()
    }

    /// Describes a run of secretctl in this world.
    pub fn program(&self, kwargs: &Value, env: &Value) -> Program {
        let mut program = secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", crate::azure::names::BACKEND)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string());
        for (name, value) in self.env(env) {
            program = program.env(name, value.as_str().unwrap());
        }
        program
    }

    /// Looks up the variable `hello` with the application's secret.
    pub fn hello(&self) -> Output {
        self.program(&values(), &json!({}))
            .args(["get-var", "hello"])
            .run()
    }

    /// Returns what the servers were asked since, one line each, without what is new in every run, and forgets it.
    pub fn requests(&self) -> Vec<String> {
        self.proxy.take();
        let mut lines = Vec::new();
        for (name, server) in [
            ("vault", &self.vault),
            ("login", &self.login),
            ("machine", &self.machine),
            ("fabric", &self.fabric.0),
        ] {
            lines.extend(server.take().iter().filter_map(|request| line(name, request)));
        }
        lines
    }

    /// Returns the most connections that the vault had open at once.
    pub fn most_open(&self) -> usize {
        self.vault.most_open()
    }

    /// Issues a token for the vault, as a tool prints one.
    pub fn token() -> String {
        token::issue("https://vault.azure.net", "somebody", 3600)
    }
}

/// The kwargs of the application with its secret.
pub fn values() -> Value {
    json!({
        "vault_url": format!("https://{VAULT}/"),
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
    })
}

/// A request in one line: who was asked, how, for what, and as whom.
fn line(name: &str, request: &Recorded) -> Option<String> {
    // msal asks where the login's endpoints are, and what kind of user it has; secretctl knows.
    if request.target.contains("/.well-known/")
        || request.target.starts_with("/common/discovery/")
        || request.target.starts_with("/common/userrealm/")
    {
        return None;
    }
    // requests quotes what Service Fabric is asked for, azure-core does not.
    let target = if name == "fabric" {
        request.target.replace("%3A", ":").replace("%2F", "/")
    } else {
        request.target.clone()
    };
    let mut line = format!("{name} {} {target}", request.method);
    for header in ["metadata", "x-identity-header", "secret", "accept"] {
        if header != "accept" || name == "vault" {
            let _ = write!(line, " {header}={}", request.header(header).unwrap_or_default());
        }
    }
    if name == "login" {
        let _ = write!(line, " host={}", request.header("host").unwrap_or_default());
    }
    let token = request.header("authorization").map_or("none", |_| "bearer");
    let _ = write!(line, " token={token}");
    for (field, value) in entra::form(&request.body) {
        let value = match field.as_str() {
            "client_info" => continue,
            "client_assertion" if value != entra::FEDERATED_TOKEN => "signed".to_owned(),
            "claims" => serde_json::from_str::<Value>(&value)
                .unwrap_or_default()
                .to_string(),
            "scope" => {
                let mut scopes: Vec<&str> = value.split(' ').collect();
                scopes.sort_unstable();
                scopes.join(" ")
            }
            _ => value,
        };
        let _ = write!(line, " {field}={value}");
    }
    Some(line)
}
