//! Injects a fault of a server or of the network into a lookup.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use serde_json::json;

use super::list::{self, At, Fault, Kind, Peer, Right, VALUE};
use super::outcome::{Due, Outcome, words};
use crate::azure::support::{World, values, vault as key_vault};
use crate::google::support::{self as google, World as Google};
use crate::support::server::{Authority, Certificate, Recorded, Reply, Server, Validity};
use crate::support::{Output, Program, free_port, secretctl};
use crate::vault::{kv2, login, vault};

/// The token, which no output may contain.
const SECRET: &str = "s.CANARY-9d2f";

/// The environment's value for the same name: "could not tell" must not fall back to it.
const FALLBACK: &str = "of the environment";

/// The server's name on the page.
const SHOWN: &str = "vault.example.com";

/// `--timeout` for faults that last until then, and for the others.
pub const SHORT: Duration = Duration::from_secs(2);
pub const LONG: Duration = Duration::from_secs(40);

/// The time limit of a whole run without its pauses, and of one that moves megabytes.
const WORK: Duration = Duration::from_secs(1);
const HEAVY_WORK: Duration = LONG;

/// The longest pauses of botocore's retries, which are random: after throttling up to 1 and 2 seconds.
const AWS_PAUSES: Duration = Duration::from_secs(3);

/// A backend and its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    VaultHttp,
    VaultHttps,
    KeyVault,
    SecretManager,
    AwsHttp,
    AwsHttps,
    /// With a role that STS gives, as the login.
    AwsRole,
    Akeyless,
    Lockbox,
    Kubernetes,
}

impl Backend {
    pub const ALL: [Self; 10] = [
        Self::VaultHttp,
        Self::VaultHttps,
        Self::KeyVault,
        Self::SecretManager,
        Self::AwsHttp,
        Self::AwsHttps,
        Self::AwsRole,
        Self::Akeyless,
        Self::Lockbox,
        Self::Kubernetes,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::VaultHttp => "Vault, http",
            Self::VaultHttps => "Vault, https",
            Self::KeyVault => "Key Vault",
            Self::SecretManager => "Secret Manager",
            Self::AwsHttp => "AWS, http",
            Self::AwsHttps => "AWS, https",
            Self::AwsRole => "AWS with a role, http",
            Self::Akeyless => "Akeyless, http",
            Self::Lockbox => "Lockbox",
            Self::Kubernetes => "Kubernetes",
        }
    }

    /// Returns whether its requests are not encrypted.
    fn is_plain(self) -> bool {
        matches!(
            self,
            Self::VaultHttp | Self::AwsHttp | Self::AwsRole | Self::Akeyless
        )
    }

    /// Returns whether it is Secrets Manager of AWS.
    pub fn is_aws(self) -> bool {
        matches!(self, Self::AwsHttp | Self::AwsHttps | Self::AwsRole)
    }

    /// Returns whether its requests are all retried alike, the login too.
    pub fn retries_logins(self) -> bool {
        matches!(self, Self::Akeyless | Self::Lockbox)
    }

    /// Returns whether `request`, which comes before the read, is the login that a fault spoils.
    fn is_login(self, request: &Recorded) -> bool {
        match self {
            Self::KeyVault => false,
            Self::Lockbox => request.target.starts_with("/iam/"),
            _ => true,
        }
    }

    /// Returns whether it has `fault`.
    pub fn has(self, fault: &Fault) -> bool {
        if self.retries_logins() && !fault.in_aws {
            // Their values have other names too, and no redirect is followed.
            return false;
        }
        if self == Self::Akeyless && matches!(fault.peer, Peer::Proxy(_)) {
            // Akeyless's client knows no proxy.
            return false;
        }
        // Static keys sign each request; with a role, only its call is new.
        if self.is_aws() && (!fault.in_aws || matches!(fault.peer, Peer::Login(_)) != (self == Self::AwsRole))
        {
            return false;
        }
        if self == Self::Kubernetes {
            // Its values are in base64, and its kubeconfig has the token.
            return fault.in_google && fault.in_aws && !matches!(fault.peer, Peer::Login(_));
        }
        let exists = fault.http || !self.is_plain();
        exists && (fault.in_google || self != Self::SecretManager)
    }

    /// Returns the body of an answer with `value`.
    fn body(self, value: &str) -> String {
        match self {
            Self::SecretManager => {
                let payload = google::secret(value);
                json!({"name": format!("projects/1/secrets/{value}/versions/1"), "payload": payload})
            }
            Self::KeyVault => {
                json!({"value": value, "id": "https://localhost/secrets/airflow-variables-hello/1"})
            }
            Self::AwsHttp | Self::AwsHttps | Self::AwsRole => {
                json!({"Name": "airflow/variables/hello", "SecretString": value})
            }
            Self::Kubernetes => {
                let data = base64::engine::general_purpose::STANDARD.encode(value);
                let secret = json!({"metadata": {"name": "s", "annotations": {"note": value}}, "data": {"value": data}});
                json!({"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": [secret]})
            }
            Self::Akeyless => json!({"/airflow/variables/hello": value}),
            Self::Lockbox => json!({"versionId": "v", "entries": [{"key": "k", "textValue": value}]}),
            _ => kv2(&json!({"value": value})),
        }
        .to_string()
    }

    /// Returns the answer to a request before the read: the login, or the challenge.
    fn before(self, request: &Recorded) -> Option<Reply> {
        match self {
            Self::KeyVault => request
                .header("authorization")
                .is_none()
                .then(|| key_vault::challenge(&key_vault::usual_challenge())),
            Self::SecretManager | Self::AwsHttp | Self::AwsHttps | Self::Kubernetes => None,
            Self::AwsRole => request.header("x-amz-target").is_none().then(assumed_role),
            Self::Akeyless => (request.target == "/auth").then(|| Reply::json(200, json!({"token": SECRET}))),
            Self::Lockbox => before_lockbox(request),
            _ => (request.method != "GET").then(|| Reply::json(200, login(SECRET))),
        }
    }

    /// Returns a lookup in the server at `url`, through `proxy` when there is one. `login` is a Google whose login is faulty.
    fn program(
        self,
        world: &World,
        (google, login): (&Google, Option<&Google>),
        url: &str,
        proxy: Option<&str>,
    ) -> Program {
        let program = if self == Self::KeyVault {
            let mut kwargs = values();
            kwargs["vault_url"] = url.into();
            kwargs["verify_challenge_resource"] = false.into();
            world.program(&kwargs, &json!({"NO_PROXY": "127.0.0.1,localhost"}))
        } else if self == Self::SecretManager {
            let kwargs = match login {
                Some(_) => json!({"gcp_credential_config_file": crate::google::user(), "project_id": "proj"}),
                None => json!({"gcp_keyfile_dict": google::key()}),
            };
            let env = json!({"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": url, "NO_PROXY": "127.0.0.1,localhost"});
            login.unwrap_or(google).program(&kwargs, &env)
        } else if self.is_aws() {
            let mut kwargs = json!({"endpoint_url": url, "region_name": "eu-west-1"});
            if self == Self::AwsRole {
                kwargs["role_arn"] = "arn:aws:iam::123456789012:role/reader".into();
            }
            crate::aws::Store::Secrets
                .program(&kwargs)
                .env("AWS_SECRET_ACCESS_KEY", SECRET)
                .env("AWS_CA_BUNDLE", world.path("ca.pem"))
                .env("AWS_ENDPOINT_URL_STS", url)
        } else if self == Self::Kubernetes {
            kubernetes_program(world, url, proxy)
        } else if self == Self::Akeyless {
            crate::akeyless::program(url, &json!({"access_key": SECRET}))
        } else if self == Self::Lockbox {
            let endpoint = url.trim_start_matches("https://");
            secretctl()
                .env("AIRFLOW__SECRETS__BACKEND", crate::yandex::BACKEND)
                .env(
                    "AIRFLOW__SECRETS__BACKEND_KWARGS",
                    json!({"yc_oauth_token": SECRET, "folder_id": "f", "endpoint": endpoint}).to_string(),
                )
                .env("REQUESTS_CA_BUNDLE", world.path("ca.pem"))
        } else {
            let kwargs = json!({"url": url, "auth_type": "approle", "role_id": "r", "secret_id": SECRET});
            vault(&kwargs).env("REQUESTS_CA_BUNDLE", world.path("ca.pem"))
        };
        match proxy {
            None => program,
            Some(proxy) => program
                .env("HTTP_PROXY", proxy)
                .env("HTTPS_PROXY", proxy)
                .env("NO_PROXY", ""),
        }
    }
}

/// Returns STS's answer with the keys of a role.
fn assumed_role() -> Reply {
    Reply::status(200)
        .header("Content-Type", "text/xml")
        .body(format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{SECRET}</SessionToken>\
             <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        ))
}

/// Returns a lookup with a kubeconfig, which names the proxy too: a server on this machine has none of the environment's.
fn kubernetes_program(world: &World, url: &str, proxy: Option<&str>) -> Program {
    let mut cluster = json!({"server": url, "certificate-authority": world.path("ca.pem")});
    if let Some(proxy) = proxy {
        cluster["proxy-url"] = proxy.into();
    }
    let config = crate::kubernetes::kubeconfig(cluster, json!({"token": SECRET}));
    let path = world.path(&format!("kubeconfig-{}", url.rsplit(':').next().unwrap()));
    std::fs::write(&path, config.to_string()).unwrap();
    crate::kubernetes::kubernetes(&json!({})).env("KUBECONFIG", path)
}

/// Answers what Lockbox asks before the read: one server is all services.
fn before_lockbox(request: &Recorded) -> Option<Reply> {
    let answer = match request.target.as_str() {
        "/endpoints" => {
            let service = |id: &str| json!({"id": id, "address": request.header("host").unwrap_or_default()});
            json!({"endpoints": [service("iam"), service("lockbox"), service("lockbox-payload")]})
        }
        "/iam/v1/tokens" => json!({"iamToken": SECRET}),
        list if list.starts_with("/lockbox/v1/secrets?") => {
            json!({"secrets": [{"id": "s", "name": "airflow/variables/hello", "currentVersion": {"id": "v"}}]})
        }
        _ => return None,
    };
    Some(Reply::json(200, answer))
}

/// The healthy peers of every fault: Azure's and Google's services, and servers that must receive nothing.
pub struct Peers {
    world: World,
    google: Google,
    plain: Server,
    secure: Server,
}

impl Peers {
    pub fn start() -> Self {
        Self {
            world: World::start(),
            google: Google::start(),
            plain: Server::script([Reply::html(200)]),
            secure: Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| {
                Reply::html(200)
            }),
        }
    }

    /// Returns whether a server received something that must receive nothing.
    pub fn was_left(&self) -> bool {
        !self.plain.take().is_empty() || !self.secure.take().is_empty()
    }
}

/// Runs a lookup while the environment has another value for the name.
pub fn look_up(program: Program, limit: Duration) -> Output {
    program
        .env("AIRFLOW_VAR_HELLO", FALLBACK)
        .args([
            "get-var",
            "hello",
            "-n",
            "--timeout",
            &limit.as_secs().to_string(),
        ])
        .run()
}

/// Starts the peers of `fault` for `backend`, and runs a lookup.
pub fn inject(fault: &Fault, backend: Backend, peers: &Peers) -> Outcome {
    let elsewhere = match backend {
        plain if plain.is_plain() => &peers.plain,
        _ => &peers.secure,
    };
    let reads = Arc::new(AtomicUsize::new(0));
    let (counted, peer, away) = (Arc::clone(&reads), fault.peer, elsewhere.url());
    let handler = move |request: &Recorded| {
        if let Some(reply) = backend.before(request) {
            return match peer {
                Peer::Login(bad) if backend.is_login(request) => bad(),
                Peer::ClosedBetween => reply.close(),
                Peer::Smuggled => reply.trailing(list::wrong_answer(&backend.body(list::WRONG_VALUE))),
                _ => reply,
            };
        }
        let number = counted.fetch_add(1, Ordering::SeqCst);
        match peer {
            Peer::Scripted(reply) => reply(&At {
                number,
                request,
                body: &|value| backend.body(value),
                elsewhere: &away,
            }),
            _ => Reply::status(200).body(backend.body(VALUE)),
        }
    };
    let server = if backend.is_plain() == matches!(peer, Peer::OtherProtocol) {
        Server::start_tls(&certificate(peer), handler)
    } else {
        Server::start(handler)
    };
    // The system accepts its connections, but no program reads them.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = match peer {
        Peer::Silent => silent.local_addr().unwrap().port(),
        Peer::Nobody => free_port(),
        _ => server.port,
    };
    let proxy = match peer {
        Peer::Proxy(reply) => Some(Server::start(move |_| reply())),
        _ => None,
    };
    let (place, other) = if backend.is_plain() {
        (format!("127.0.0.1:{port}"), format!("localhost:{port}"))
    } else {
        (format!("localhost:{port}"), format!("127.0.0.1:{port}"))
    };
    let scheme = if backend.is_plain() { "http" } else { "https" };
    let limit = if fault.right == Right::TimeIsUp {
        SHORT
    } else {
        LONG
    };
    let own = own_login(peer, backend);
    let proxy_url = proxy.as_ref().map(Server::url);
    let own_google = own_google_login(peer, backend);
    let program = backend.program(
        own.as_ref().unwrap_or(&peers.world),
        (&peers.google, own_google.as_ref()),
        &format!("{scheme}://{place}"),
        proxy_url.as_deref(),
    );
    let output = look_up(program, limit);
    let reads = reads.load(Ordering::SeqCst);
    let pauses = match (backend, peer, fault.pauses) {
        // Google's logins are repeated twice.
        (Backend::SecretManager, Peer::Login(_), pauses) if pauses != list::Pauses::Never => {
            Duration::from_secs(1)
        }
        (_, Peer::Login(_), pauses) if backend.retries_logins() && pauses != list::Pauses::Never => {
            list::Pauses::Retries.of(backend)
        }
        (_, _, pauses) => pauses.of(backend),
    };
    let far = elsewhere.url();
    let proxy_place = proxy_url.unwrap_or_else(|| "://no proxy".to_owned());
    let places = [
        (far.split_once("://").unwrap().1, "vault.example.com:8201"),
        (proxy_place.split_once("://").unwrap().1, "proxy.example.com"),
        (&place, SHOWN),
        (&other, "elsewhere.example.com"),
    ];
    Outcome {
        broken: broken(fault, backend, &output),
        missed: fault.right == Right::TimeIsUp && matches!(peer, Peer::Scripted(_)) && reads == 0,
        status: output.status,
        reads: Some(reads),
        words: shown(&words(&output.stderr), &places),
        time: output.time,
        due: match fault.right {
            Right::TimeIsUp => Due::at(limit),
            _ if backend.is_aws() => Due::up_to(AWS_PAUSES, if fault.heavy { HEAVY_WORK } else { WORK }),
            _ => Due::within(pauses, if fault.heavy { HEAVY_WORK } else { WORK }),
        },
    }
}

/// Returns a separate world with a faulty login.
fn own_login(peer: Peer, backend: Backend) -> Option<World> {
    let Peer::Login(bad) = peer else { return None };
    (backend == Backend::KeyVault).then(|| {
        let own = World::start();
        own.tell(&json!({}), &[], &vec![bad(); 40], &[]);
        own
    })
}

/// Returns a separate Google with a faulty login.
fn own_google_login(peer: Peer, backend: Backend) -> Option<Google> {
    let Peer::Login(bad) = peer else { return None };
    (backend == Backend::SecretManager).then(|| {
        let own = Google::start();
        own.tell(&[], &vec![bad(); 40], &[]);
        own
    })
}

/// Returns the certificate of `peer`.
fn certificate(peer: Peer) -> Certificate {
    let trusted = Authority::trusted();
    match peer {
        Peer::Certificate(Kind::Foreign) => Authority::new("foreign").certificate(Validity::Good),
        Peer::Certificate(Kind::Expired) => trusted.certificate(Validity::Expired),
        Peer::Certificate(Kind::NotYet) => trusted.certificate(Validity::NotYet),
        Peer::Certificate(Kind::WrongName) => trusted.certificate(Validity::WrongName),
        _ => trusted.certificate(Validity::Good),
    }
}

/// Returns `words` with the page's names of `places`, without schemes.
fn shown(words: &str, places: &[(&str, &str)]) -> String {
    let words = places.iter().fold(words.to_owned(), |words, (place, name)| {
        words.replace(place, name)
    });
    let words = words
        .replace("Key Vault localhost", &format!("Key Vault {SHOWN}"))
        .replace("localhost answered", &format!("{SHOWN} answered"));
    ["http", "https"].iter().fold(words, |words, scheme| {
        words
            .replace(&format!("{scheme}://{SHOWN}"), SHOWN)
            .replace(&format!("{scheme}://elsewhere"), "elsewhere")
            .replace(&format!("{scheme}://proxy"), "proxy")
    })
}

/// Returns the promise that the output of a fault breaks, if any.
fn broken(fault: &Fault, backend: Backend, output: &Output) -> Option<String> {
    let right = match (fault.right, backend) {
        (Right::FoundInClouds, Backend::VaultHttp | Backend::VaultHttps)
        | (Right::NotFoundInGoogle, Backend::SecretManager) => Right::Unavailable,
        (_, Backend::Kubernetes) if fault.by_status => Right::Unavailable,
        (Right::FoundInClouds | Right::NotFoundInGoogle, _) => Right::Found,
        (right, _) => right,
    };
    let (expected, value) = match right {
        Right::Found | Right::FoundInClouds | Right::NotFoundInGoogle => (0, VALUE.to_owned()),
        Right::Large(length) => (0, "x".repeat(length)),
        Right::Unavailable | Right::TimeIsUp => (5, String::new()),
        Right::Malformed => (6, String::new()),
    };
    let Output {
        status,
        stdout,
        stderr,
        time,
    } = output;
    let rules = [
        ("status", *status == expected),
        ("value", *stdout == value.as_bytes()),
        ("words", stderr.is_empty() == (expected == 0)),
        ("secret", !stderr.contains("CANARY")),
        ("panic", !stderr.contains("a bug in secretctl")),
    ];
    let (rule, _) = rules.iter().find(|(_, holds)| !holds)?;
    Some(format!(
        "{} ({}): {rule}: status {status}, {} bytes, {time:?}: {stderr}",
        fault.name,
        backend.name(),
        stdout.len()
    ))
}
