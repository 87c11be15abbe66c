//! The services at fixed addresses, with a stand-in for the network: nothing is sent.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::*;
use crate::cloud::azure::transport::Sender;
use crate::cloud::azure::{VaultTenant, Words};
use crate::secret::Redaction;

/// Records requests and returns the answers in order; after the last, it never answers.
struct Network {
    sent: Mutex<Vec<String>>,
    answers: Mutex<Vec<Response>>,
}

impl Sender for Network {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let headers: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        let line = format!("{} {} {}", request.method, request.url, headers.join(","));
        self.sent.lock().expect("a lock").push(line);
        let answer = self.answers.lock().expect("a lock").pop();
        Box::pin(async move {
            if let Some(response) = answer {
                return Ok(response);
            }
            tokio::time::sleep(Duration::from_hours(1)).await;
            Err(Error::unavailable("silence"))
        })
    }

    fn connects<'a>(&'a self, _: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_hours(1)).await;
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

fn context(network: &std::sync::Arc<Network>, env: &[(&str, &str)]) -> CredentialContext {
    let sender: std::sync::Arc<dyn Sender> = network.clone();
    CredentialContext {
        env: env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
            .collect(),
        sender: std::sync::Arc::clone(&sender),
        direct: sender,
        words: Words {
            resource: "a vault",
            client_secret: "`a`",
            managed_identity: "`b`",
        },
        redactor: std::sync::Arc::new(Redaction::default()),
        deadline: Instant::now() + Duration::from_secs(30),
    }
}

fn token_of(credential: &dyn Credential) -> (Result<AccessToken, Failure>, Duration) {
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
        &context(network, env),
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
fn imds_is_found_without_its_header_and_asked_with_it() {
    let network = network([answer(400, &[], "{}"), answer(200, &[], TOKEN)]);
    let (token, _) = token_of(&identity(&network, &[], Some("me"), true));
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
fn a_machine_without_imds_is_recognized_within_a_second() {
    for probe in [true, false] {
        let network = network([]);
        let (token, took) = token_of(&identity(&network, &[], None, probe));
        assert!(matches!(token, Err(Failure::Unavailable(_))));
        assert!(took < Duration::from_millis(1200), "{took:?}");
    }
}

#[test]
fn a_desktop_proxy_is_not_imds() {
    let network = network([answer(
        403,
        &[],
        "A socket operation was attempted to an unreachable network",
    )]);
    assert!(
        matches!(token_of(&identity(&network, &[], None, true)).0, Err(Failure::Unavailable(why)) if why.contains("unreachable"))
    );
}

const ARC: &[(&str, &str)] = &[
    ("IDENTITY_ENDPOINT", "http://localhost:40342/token"),
    ("IMDS_ENDPOINT", "http://localhost:40342"),
];

fn arc(network: &std::sync::Arc<Network>, keys: &Path, client: Option<&str>) -> arc::Arc {
    let machine = Machine {
        context: context(network, ARC),
        client_id: client.map(str::to_owned),
    };
    arc::Arc::with_keys(machine, keys.to_owned())
}

#[test]
fn arc_gives_a_token_to_a_user_who_can_read_its_key() {
    let keys = tempfile::tempdir().expect("a folder");
    std::fs::write(keys.path().join("one.key"), "the key").expect("a file");
    // Whichever path the answer names, the file is read from the agent's own folder.
    for realm in ["/var/opt/azcmagent/tokens/one.key", "/etc/one.passwd", "one.key"] {
        let challenge = format!("Basic realm={realm}");
        let network = network([
            answer(401, &[("www-authenticate", &challenge)], ""),
            answer(200, &[], TOKEN),
        ]);
        assert!(
            token_of(&arc(&network, keys.path(), Some("ME"))).0.is_ok(),
            "{realm}"
        );
        let sent = network.sent.lock().expect("a lock").clone();
        assert!(
            sent[0].ends_with("&client_id=ME Metadata") && sent[1].ends_with(" Metadata,Authorization"),
            "{sent:?}"
        );
    }
}

#[test]
fn a_server_that_does_not_answer_like_arc_gets_no_key() {
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
            matches!(
                token_of(&arc(&network, keys.path(), None)).0,
                Err(Failure::Failed(_))
            ),
            "{realm}"
        );
        assert_eq!(network.sent.lock().expect("a lock").len(), 1, "{realm}");
    }
    let network = network([challenge("Basic realm=/x/one.key"), answer(200, &[], TOKEN)]);
    let other = token_of(&arc(&network, keys.path(), Some("somebody else"))).0;
    assert!(
        matches!(other, Err(Failure::Failed(error)) if error.message().contains("machine's own identity"))
    );
}
