//! Every fault of a server or of the network between, for every backend that has one: its status, how long it may take, its words.
//!
//! `docs/faults.md` is made from these runs. No fault gives a wrong value, part of one, "not found", or outlasts `--timeout`.

mod list;

use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::azure::support::{World, values, vault as key_vault};
use crate::support::server::{Authority, Certificate, Recorded, Reply, Server, Validity};
use crate::support::{Output, Program, free_port};
use crate::vault::{kv2, login, vault};
use list::{At, FAULTS, Fault, Kind, Peer, Right, VALUE};

/// What is looked for in every output.
const SECRET: &str = "s.CANARY-9d2f";

/// What the environment has for the name that is asked for: "could not tell" must not come to it.
const FALLBACK: &str = "of the environment";

/// What the page calls the server.
const SHOWN: &str = "vault.example.com";

/// `--timeout` where a fault lasts until then, and where it does not.
const SHORT: Duration = Duration::from_secs(4);
const LONG: Duration = Duration::from_secs(40);

/// What may pass beyond `--timeout` before a test fails that shares its machine with others.
const MARGIN: Duration = Duration::from_secs(3);

/// How many runs go on at once.
const AT_ONCE: usize = 10;

/// A backend, and how it is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backend {
    VaultHttp,
    VaultHttps,
    KeyVault,
}

impl Backend {
    const ALL: [Self; 3] = [Self::VaultHttp, Self::VaultHttps, Self::KeyVault];

    fn name(self) -> &'static str {
        match self {
            Self::VaultHttp => "Vault, http",
            Self::VaultHttps => "Vault, https",
            Self::KeyVault => "Key Vault",
        }
    }

    /// The answer's body with `value` in it.
    fn body(self, value: &str) -> String {
        match self {
            Self::KeyVault => {
                json!({"value": value, "id": "https://localhost/secrets/airflow-variables-hello/1"})
            }
            _ => kv2(&json!({"value": value})),
        }
        .to_string()
    }

    /// What comes before the read: the login, or the challenge.
    fn before(self, request: &Recorded) -> Option<Reply> {
        match self {
            Self::KeyVault => request
                .header("authorization")
                .is_none()
                .then(|| key_vault::challenge(&key_vault::usual_challenge())),
            _ => (request.method != "GET").then(|| Reply::json(200, login(SECRET))),
        }
    }

    /// A lookup in the server at `url`.
    fn program(self, world: &World, url: &str) -> Program {
        if self == Self::KeyVault {
            let mut kwargs = values();
            kwargs["vault_url"] = url.into();
            kwargs["verify_challenge_resource"] = false.into();
            return world.program(&kwargs, &json!({"NO_PROXY": "127.0.0.1,localhost"}));
        }
        let kwargs = json!({"url": url, "auth_type": "approle", "role_id": "r", "secret_id": SECRET});
        vault(&kwargs).env("REQUESTS_CA_BUNDLE", world.path("ca.pem"))
    }
}

/// What came of a fault.
#[derive(PartialEq, Eq)]
struct Outcome {
    /// What does not hold that must.
    broken: Option<String>,
    status: i32,
    /// How often the secret was asked for.
    reads: usize,
    words: String,
}

/// Starts what `fault` is about for `backend`, and runs a lookup there.
fn inject(fault: &Fault, backend: Backend, world: &World, elsewhere: &Server) -> Outcome {
    let reads = std::sync::Arc::new(AtomicUsize::new(0));
    let (counted, peer, away) = (std::sync::Arc::clone(&reads), fault.peer, elsewhere.url());
    let handler = move |request: &Recorded| {
        if let Some(reply) = backend.before(request) {
            return match peer {
                Peer::Login(bad) if backend != Backend::KeyVault => bad(),
                Peer::ClosedBetween => reply.close(),
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
    let tls = (backend == Backend::VaultHttp) == matches!(peer, Peer::OtherProtocol);
    let trusted = Authority::trusted();
    let certificate: Certificate = match peer {
        Peer::Certificate(Kind::Foreign) => Authority::new("foreign").certificate(Validity::Good),
        Peer::Certificate(Kind::Expired) => trusted.certificate(Validity::Expired),
        Peer::Certificate(Kind::NotYet) => trusted.certificate(Validity::NotYet),
        Peer::Certificate(Kind::WrongName) => trusted.certificate(Validity::WrongName),
        _ => trusted.certificate(Validity::Good),
    };
    let server = if tls {
        Server::start_tls(&certificate, handler)
    } else {
        Server::start(handler)
    };
    // The system takes its connections, and nobody ever looks at them.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = match peer {
        Peer::Silent => silent.local_addr().unwrap().port(),
        Peer::Nobody => free_port(),
        _ => server.port,
    };
    let (place, other) = if backend == Backend::VaultHttp {
        (format!("127.0.0.1:{port}"), format!("localhost:{port}"))
    } else {
        (format!("localhost:{port}"), format!("127.0.0.1:{port}"))
    };
    let scheme = if backend == Backend::VaultHttp {
        "http"
    } else {
        "https"
    };
    let limit = if fault.right == Right::TimeIsUp {
        SHORT
    } else {
        LONG
    };
    // The login that goes wrong is nobody else's.
    let own = match peer {
        Peer::Login(bad) if backend == Backend::KeyVault => {
            let own = World::start();
            own.tell(&json!({}), &[], &vec![bad(); 40], &[]);
            Some(own)
        }
        _ => None,
    };
    let output = backend
        .program(own.as_ref().unwrap_or(world), &format!("{scheme}://{place}"))
        .env("AIRFLOW_VAR_HELLO", FALLBACK)
        .args([
            "get-var",
            "hello",
            "-n",
            "--timeout",
            &limit.as_secs().to_string(),
        ])
        .run();
    let what = format!("{} ({})", fault.name, backend.name());
    let right = match (fault.right, backend) {
        (Right::FoundInKeyVault, Backend::KeyVault) => Right::Found,
        (Right::FoundInKeyVault, _) => Right::Unavailable,
        (right, _) => right,
    };
    let broken = broken(&what, right, limit, &output);
    let far = elsewhere.url();
    let places = [
        (far.split_once("://").unwrap().1, "vault.example.com:8201"),
        (&place, SHOWN),
        (&other, "elsewhere.example.com"),
    ];
    Outcome {
        broken,
        status: output.status,
        reads: reads.load(Ordering::SeqCst),
        words: shown(&words(&output.stderr), &places),
    }
}

/// Returns `words` with the page's names of `places`. What is alike but for the scheme becomes alike.
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
    })
}

/// What must hold of every fault, and does not.
fn broken(what: &str, right: Right, limit: Duration, output: &Output) -> Option<String> {
    let Output {
        status,
        stdout,
        stderr,
        time,
    } = output;
    let value = match right {
        Right::Found => VALUE.to_owned(),
        Right::Large(length) => "x".repeat(length),
        _ => String::new(),
    };
    let expected = if value.is_empty() { 5 } else { 0 };
    let rules = [
        ("status", *status == expected),
        ("value", *stdout == value.as_bytes()),
        ("words", stderr.is_empty() == (expected == 0)),
        ("secret", !stderr.contains("CANARY")),
        ("panic", !stderr.contains("a fault of secretctl's own")),
        (
            "time",
            right != Right::TimeIsUp || (limit..limit + MARGIN).contains(time),
        ),
    ];
    let (rule, _) = rules.iter().find(|(_, holds)| !holds)?;
    Some(format!(
        "{what}: {rule}: status {status}, {} bytes, {time:?}: {stderr}",
        stdout.len()
    ))
}

/// The first line of an error and its hint. The lines between are the system's and the libraries' words.
fn words(stderr: &str) -> String {
    let mut lines = stderr.lines().filter_map(|line| match line.split_once(": ") {
        Some(("error", message)) => Some(message.to_owned()),
        Some(("hint", hint)) => Some(format!("Hint: {hint}")),
        _ => None,
    });
    let message = lines.next().unwrap_or_default();
    lines.fold(message, |text, line| format!("{text}. {line}"))
}

/// Runs every fault for every backend that has it, some at once; the outcomes in their order.
fn outcomes() -> Vec<(&'static Fault, Backend, Outcome)> {
    let world = World::start();
    let plain = Server::script([Reply::html(200)]);
    let secure = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| {
        Reply::html(200)
    });
    let all: Vec<(&Fault, Backend)> = FAULTS
        .iter()
        .flat_map(|(_, faults)| faults.iter())
        .flat_map(|fault| Backend::ALL.map(|backend| (fault, backend)))
        .filter(|(fault, backend)| fault.http || *backend != Backend::VaultHttp)
        .collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((fault, backend)) = all.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let elsewhere = if *backend == Backend::VaultHttp {
                        &plain
                    } else {
                        &secure
                    };
                    let outcome = inject(fault, *backend, &world, elsewhere);
                    done.lock().unwrap().push((*fault, *backend, outcome));
                }
            });
        }
    });
    assert!(
        plain.take().is_empty() && secure.take().is_empty(),
        "a redirect was followed to another port"
    );
    let done = done.into_inner().unwrap();
    let broken: Vec<_> = done
        .iter()
        .filter_map(|(_, _, outcome)| outcome.broken.as_deref())
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    done
}

/// The rows of one fault: backends that behave alike share one.
fn rows(fault: &Fault, outcomes: &[(&Fault, Backend, Outcome)], page: &mut String) {
    let mut rows: Vec<(Vec<&str>, &Outcome)> = Vec::new();
    for backend in Backend::ALL {
        let found = outcomes
            .iter()
            .find(|(of, by, _)| std::ptr::eq(*of, fault) && *by == backend);
        let Some((_, _, outcome)) = found else { continue };
        match rows.iter_mut().find(|(_, alike)| *alike == outcome) {
            Some((backends, _)) => backends.push(backend.name()),
            None => rows.push((vec![backend.name()], outcome)),
        }
    }
    let time = if fault.right == Right::TimeIsUp {
        "when `--timeout` is over"
    } else {
        "within `--timeout`"
    };
    for (backends, outcome) in rows {
        let Outcome {
            status, reads, words, ..
        } = outcome;
        let words = if *status == 0 { "the value" } else { words.as_str() };
        let backends = backends.join("; ");
        writeln!(
            page,
            "| {} | {backends} | {status} | {reads} | {time} | {} |",
            fault.name,
            words.replace('|', "\\|")
        )
        .unwrap();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_page_of_faults_is_made_from_runs() {
    let outcomes = outcomes();
    let mut page = String::from(
        "# Faults\n\nWhat becomes of a lookup when a server, or the network before it, does wrong. Each fault was injected into the answer \
         to the read of a secret, after a login (Vault: AppRole; Key Vault: a challenge and a client secret) that went well, or into that \
         login, while the environment had another value for the same name. A fault ends in the right value or in status 5 with nothing on standard \
         output: never in a wrong value, in \"not found\" (status 3), in the environment's value or in a panic, and never later than \
         `--timeout`. \"Reads\" is how often the server was asked for the secret: what may pass is tried again.\n\n\
         This page is made from real runs: `SECRETCTL_TEST_UPDATE=1 cargo test page_of_faults` writes it. In it the server is \
         `vault.example.com`, without a scheme.\n",
    );
    for (subject, faults) in FAULTS {
        write!(
            page,
            "\n## {subject}\n\n| fault | backend | status | reads | ends | words |\n| --- | --- | --- | --- | --- | --- |\n"
        )
        .unwrap();
        for fault in *faults {
            rows(fault, &outcomes, &mut page);
        }
    }
    crate::support::page("faults.md", &page);
}
