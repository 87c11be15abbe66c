//! The faults of servers and of the network: what replaces the answer, the right outcome, and its pauses.

mod bodies;
mod connections;
mod heads;
mod logins;
mod proxies;
mod redirects;
mod statuses;
mod tls;

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::servers::Backend;
use crate::support::server::{Recorded, Reply};

/// The subjects of the page, with the faults of each.
pub static FAULTS: &[(&str, &[Fault])] = &[
    ("Statuses", statuses::FAULTS),
    ("Connections", connections::FAULTS),
    ("Heads", heads::FAULTS),
    ("Bodies", bodies::FAULTS),
    ("Redirects", redirects::FAULTS),
    ("TLS", tls::FAULTS),
    ("Proxies", proxies::FAULTS),
    ("Logins", logins::FAULTS),
];

/// The request that a fault answers, and the right answer.
pub struct At<'a> {
    /// How many requests came before it.
    pub number: usize,
    pub request: &'a Recorded,
    /// Makes the right answer with a value.
    pub body: &'a dyn Fn(&str) -> String,
    /// `http://` or `https://` and the address of a server that must receive nothing.
    pub elsewhere: &'a str,
}

/// The value of the secret.
pub const VALUE: &str = "world-of-CANARY-7c1e";

/// A value that must never be printed.
pub const WRONG_VALUE: &str = "not-of-CANARY-3b9d";

/// Returns an answer with `body`, as it is sent.
pub fn wrong_answer(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

impl At<'_> {
    fn found(&self) -> Reply {
        self.with(VALUE)
    }

    fn with(&self, value: &str) -> Reply {
        json(&(self.body)(value))
    }

    /// Returns the text of the right answer.
    fn text(&self) -> String {
        (self.body)(VALUE)
    }

    /// Returns the right answer, compressed.
    fn gzip(&self) -> (Vec<u8>, Reply) {
        let packed = gzip(self.text().as_bytes());
        let reply = Reply::status(200).header("Content-Encoding", "gzip");
        (packed, reply)
    }

    /// Returns `bad` at first, then the right answer.
    fn once(&self, bad: Reply) -> Reply {
        if self.number == 0 { bad } else { self.found() }
    }

    /// Returns a complete answer with a wrong value.
    fn wrong_answer(&self) -> Vec<u8> {
        wrong_answer(&(self.body)(WRONG_VALUE))
    }

    fn host(&self) -> &str {
        self.request.header("host").unwrap_or_default()
    }

    fn redirect(&self, to: &str) -> Reply {
        Reply::status(307).header("Location", &format!("{to}{}", self.request.target))
    }
}

/// The peer that answers.
#[derive(Clone, Copy)]
pub enum Peer {
    /// The server that the fault scripts.
    Scripted(fn(&At<'_>) -> Reply),
    /// A server that answers every login so, before anything is read.
    Login(fn() -> Reply),
    /// A proxy that answers so, before a healthy server.
    Proxy(fn() -> Reply),
    /// The right answer, after the connection of the previous request (a login, a challenge) was closed without notice.
    ClosedBetween,
    /// The right answer, on a connection where the previous answer was followed by another one, with a wrong value.
    Smuggled,
    /// The right answer, over TLS with a certificate of this kind.
    Certificate(Kind),
    /// A server that speaks https instead of http, or http instead of https.
    OtherProtocol,
    /// A server that accepts connections and never answers.
    Silent,
    /// No server.
    Nobody,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy)]
pub enum Kind {
    Foreign,
    Expired,
    NotYet,
    WrongName,
}

/// Which outcome is right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The value.
    Found,
    /// A value of this many bytes.
    Large(usize),
    /// The value from the clouds; status 5 from Vault, because hvac's urllib3 does not retry.
    FoundInClouds,
    /// The value from all but Secret Manager, whose client does not retry: status 5.
    NotFoundInGoogle,
    /// Status 5.
    Unavailable,
    /// Status 5 when `--timeout` is over, and not before.
    TimeIsUp,
    /// Status 6: it is there, but it is not a value.
    Malformed,
}

/// The pauses between attempts, without the time that the machine takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pauses {
    Never,
    /// Three retries of the backend.
    Retries,
    /// Three retries of Key Vault, none of the others.
    RetriesOfKeyVault,
    /// Retries of the clouds, none of Vault.
    RetriesOfClouds,
    /// Three retries of Vault and Key Vault, none of Secret Manager.
    NotOfGoogle,
    /// Three retries of a backend over TLS.
    RetriesOverTls,
    /// The number of seconds that the server asks for.
    Asked(u64),
}

impl Pauses {
    /// Returns their sum. Vault: urllib3 with a factor of 0.1 s, the first retry at once. Key Vault: azure-core with 0.8 s. Secret
    /// Manager: 0.5 s.
    pub fn of(self, backend: Backend) -> Duration {
        let retries = match self {
            Self::Asked(seconds) => return Duration::from_secs(seconds),
            Self::Never => false,
            Self::Retries => true,
            Self::RetriesOfKeyVault => backend == Backend::KeyVault,
            Self::RetriesOfClouds => !matches!(backend, Backend::VaultHttp | Backend::VaultHttps),
            Self::NotOfGoogle => backend != Backend::SecretManager,
            Self::RetriesOverTls => !matches!(
                backend,
                Backend::VaultHttp | Backend::AwsHttp | Backend::AwsRole | Backend::Akeyless
            ),
        };
        match (retries, backend) {
            // Those of AWS are random, and Kubernetes's client makes none.
            (false, _)
            | (true, Backend::AwsHttp | Backend::AwsHttps | Backend::AwsRole | Backend::Kubernetes) => {
                Duration::ZERO
            }
            (true, Backend::SecretManager) => Duration::from_secs(1 + 2),
            (true, Backend::KeyVault) => Duration::from_millis(1600 + 3200),
            (true, Backend::VaultHttp | Backend::VaultHttps | Backend::Akeyless | Backend::Lockbox) => {
                Duration::from_millis(200 + 400)
            }
        }
    }
}

/// One fault.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a separate note about a fault"
)]
pub struct Fault {
    pub name: &'static str,
    pub peer: Peer,
    pub right: Right,
    pub pauses: Pauses,
    /// Whether the fault exists without TLS.
    pub http: bool,
    /// Whether the fault exists in Secret Manager, whose values are in base64 under another name.
    pub in_google: bool,
    /// Whether the fault exists in AWS's stores, whose values have another name and whose client follows no redirect.
    pub in_aws: bool,
    /// Whether it passes for those who try again because of a status alone. Kubernetes's client does so only with `Retry-After`.
    pub by_status: bool,
    /// Whether megabytes are sent, which may take seconds on a busy machine.
    pub heavy: bool,
}

impl Fault {
    /// Sets the pauses.
    const fn pausing(mut self, pauses: Pauses) -> Self {
        self.pauses = pauses;
        self
    }

    /// Restricts it to TLS.
    const fn https_only(mut self) -> Self {
        self.http = false;
        self
    }

    /// Restricts it to Vault and Key Vault.
    const fn not_google(mut self) -> Self {
        self.in_google = false;
        self
    }

    /// Restricts it to all but AWS.
    const fn not_aws(mut self) -> Self {
        self.in_aws = false;
        self
    }

    /// Marks that it passes for those who try again because of a status alone.
    const fn by_status(mut self) -> Self {
        self.by_status = true;
        self
    }

    /// Marks that it sends megabytes.
    const fn heavy(mut self) -> Self {
        self.heavy = true;
        self
    }
}

const fn fault(name: &'static str, right: Right, reply: fn(&At<'_>) -> Reply) -> Fault {
    peer(name, right, Peer::Scripted(reply))
}

const fn peer(name: &'static str, right: Right, peer: Peer) -> Fault {
    Fault {
        name,
        peer,
        right,
        pauses: Pauses::Never,
        http: true,
        in_google: true,
        in_aws: true,
        by_status: false,
        heavy: false,
    }
}

fn json(body: &str) -> Reply {
    Reply::status(200)
        .header("Content-Type", "application/json")
        .body(body)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A valid head that announces a body.
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n";

const MB: usize = 1 << 20;
