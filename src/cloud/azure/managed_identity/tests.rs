//! The services at addresses that are fixed, through a stand-in for the network: nothing is sent anywhere.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::*;
use crate::cloud::azure::transport::Sender;
use crate::cloud::azure::{Redaction, VaultTenant};

/// What is sent, and what comes back: an answer, or silence.
struct Network {
    sent: Mutex<Vec<String>>,
    answers: Mutex<Vec<Response>>,
}

impl Sender for Network {
    fn exchange(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let headers: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        let line = format!("{} {} {}", request.method, request.url, headers.join(","));
        self.sent.lock().expect("a lock").push(line);
        let answer = self.answers.lock().expect("a lock").pop();
        Box::pin(async move {
            if let Some(response) = answer {
                return Ok(response);
            }
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Err(Error::unavailable("silence"))
        })
    }

    fn connects<'a>(&'a self, _: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            false
        })
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Response {
        status,
        headers,
        body: body.into(),
    }
}

fn network(answers: impl IntoIterator<Item = Response>) -> std::sync::Arc<Network> {
    let mut answers: Vec<_> = answers.into_iter().collect();
    answers.reverse();
    std::sync::Arc::new(Network {
        sent: Mutex::default(),
        answers: Mutex::new(answers),
    })
}

fn surroundings(network: &std::sync::Arc<Network>, env: &[(&str, &str)]) -> CredentialContext {
    let exchange: std::sync::Arc<dyn Sender> = network.clone();
    CredentialContext {
        env: env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
            .collect(),
        exchange: std::sync::Arc::clone(&exchange),
        direct: exchange,
        redactor: std::sync::Arc::new(Redaction::default()),
        deadline: Instant::now() + Duration::from_secs(30),
    }
}

fn ask(credential: &dyn Credential) -> (Result<AccessToken, Failure>, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (_sender, tenant) = watch::channel(VaultTenant::Unknown);
    let request = TokenRequest {
        redactor: std::sync::Arc::default(),
        scope: "https://vault.azure.net/.default".to_owned(),
        claims: None,
        tenant,
    };
    let started = Instant::now();
    (runtime.block_on(credential.token(&request)), started.elapsed())
}

fn identity(
    network: &std::sync::Arc<Network>,
    env: &[(&str, &str)],
    client: Option<&str>,
    probe: bool,
) -> ManagedIdentityCredential {
    ManagedIdentityCredential::new(
        &surroundings(network, env),
        client.map(str::to_owned),
        true,
        probe,
        Vec::new(),
    )
    .expect("a credential")
}

const TOKEN: &str = r#"{"access_token": "abcdef", "expires_in": "86399", "client_id": "me"}"#;
const URL: &str = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net";

#[test]
fn imds_is_looked_for_without_its_header_and_asked_with_it() {
    let network = network([answer(400, &[], "{}"), answer(200, &[], TOKEN)]);
    let (token, _) = ask(&identity(&network, &[], Some("me"), true));
    assert!(token.is_ok_and(|token| token.token.secret() == "abcdef"));
    let sent = network.sent.lock().expect("a lock").clone();
    assert_eq!(
        sent,
        [
            format!("GET {URL}&client_id=me "),
            format!("GET {URL}&client_id=me Metadata")
        ]
    );
}

#[test]
fn a_machine_without_imds_takes_a_second_to_tell() {
    for probe in [true, false] {
        let network = network([]);
        let (token, took) = ask(&identity(&network, &[], None, probe));
        assert!(matches!(token, Err(Failure::Unavailable(_))));
        assert!(took < Duration::from_millis(1200), "{took:?}");
    }
}

#[test]
fn a_desktops_proxy_is_no_imds() {
    let network = network([answer(
        403,
        &[],
        "A socket operation was attempted to an unreachable network",
    )]);
    assert!(
        matches!(ask(&identity(&network, &[], None, true)).0, Err(Failure::Unavailable(why)) if why.contains("unreachable"))
    );
}

const ARC: &[(&str, &str)] = &[
    ("IDENTITY_ENDPOINT", "http://localhost:40342/token"),
    ("IMDS_ENDPOINT", "http://localhost:40342"),
];

fn arc(network: &std::sync::Arc<Network>, keys: &Path, client: Option<&str>) -> arc::Arc {
    let machine = Machine {
        surroundings: surroundings(network, ARC),
        client_id: client.map(str::to_owned),
    };
    arc::Arc::with_keys(machine, keys.to_owned())
}

#[test]
fn arc_gives_a_token_to_who_can_read_its_key() {
    let keys = tempfile::tempdir().expect("a folder");
    std::fs::write(keys.path().join("one.key"), "the key").expect("a file");
    // Wherever the answer says that it is, the file is looked for in the agent's own folder.
    for realm in ["/var/opt/azcmagent/tokens/one.key", "/etc/one.passwd", "one.key"] {
        let challenge = format!("Basic realm={realm}");
        let network = network([
            answer(401, &[("www-authenticate", &challenge)], ""),
            answer(200, &[], TOKEN),
        ]);
        assert!(ask(&arc(&network, keys.path(), Some("ME"))).0.is_ok(), "{realm}");
        let sent = network.sent.lock().expect("a lock").clone();
        assert!(
            sent[0].ends_with("&client_id=ME Metadata") && sent[1].ends_with(" Metadata,Authorization"),
            "{sent:?}"
        );
    }
}

#[test]
fn arc_is_told_apart_from_what_is_none() {
    let keys = tempfile::tempdir().expect("a folder");
    std::fs::write(keys.path().join("one.key"), "the key").expect("a file");
    std::fs::write(keys.path().join("large.key"), vec![b'x'; 5000]).expect("a file");
    let challenge = |realm: &'static str| answer(401, &[("www-authenticate", realm)], "");
    for realm in [
        "",
        "Basic",
        "Basic realm=",
        "Bearer realm=/x/one.key",
        "Basic realm=/x/none.key",
        "Basic realm=/x/large.key",
        "Basic realm=..",
    ] {
        let network = network([challenge(realm), answer(200, &[], TOKEN)]);
        assert!(
            matches!(ask(&arc(&network, keys.path(), None)).0, Err(Failure::Failed(_))),
            "{realm}"
        );
        assert_eq!(network.sent.lock().expect("a lock").len(), 1, "{realm}");
    }
    let network = network([challenge("Basic realm=/x/one.key"), answer(200, &[], TOKEN)]);
    let other = ask(&arc(&network, keys.path(), Some("somebody else"))).0;
    assert!(
        matches!(other, Err(Failure::Failed(error)) if error.message().contains("machine's own identity"))
    );
}
