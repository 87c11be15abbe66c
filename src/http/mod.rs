//! The one HTTP client: TLS, proxies, timeouts, retries, a limit on size, and redirects that never take a token along.
//!
//! Must not know Vault or Azure. A URL arrives quoted and is sent as it is; headers and bodies are secrets.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::secret::Secret;

/// How a client talks: all of it decided by the backend that builds it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose certificates are trusted.
    pub roots: Roots,
    /// A client certificate and its key, both PEM; one file may hold both.
    pub identity: Option<(PathBuf, Option<PathBuf>)>,
    /// The proxies.
    pub proxies: Proxies,
    /// The longest that one attempt may take.
    pub attempt_timeout: Duration,
    /// When the whole command has to be done.
    pub deadline: Instant,
}

/// Whose certificates are trusted.
#[derive(Clone, Debug)]
pub enum Roots {
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` as given, else the system's bundle, else Mozilla's.
    System {
        /// `SSL_CERT_FILE`
        cert_file: Option<PathBuf>,
        /// `SSL_CERT_DIR`
        cert_dir: Option<PathBuf>,
    },
    /// A PEM file, or a folder of them.
    Path(PathBuf),
    /// Anybody's: `"verify": false`.
    Unverified,
}

/// The proxies that apply, with Python's rules of which request goes through which.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// The proxy of `http` URLs.
    pub http: Option<String>,
    /// The proxy of `https` URLs.
    pub https: Option<String>,
    /// The hosts that none serves, as `NO_PROXY` lists them.
    pub no_proxy: Option<String>,
}

/// A request. The URL is sent as it stands: it must be quoted.
#[derive(Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Scheme, host, quoted path and query.
    pub url: String,
    /// Headers; a value may be a token.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Option<Secret>,
    /// What is tried again.
    pub retry: Retry,
}

/// What is tried again, and how often.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Attempts after the first.
    pub retries: u32,
    /// Statuses that are tried again.
    pub statuses: &'static [u16],
    /// Statuses that are tried again when the answer has `Retry-After`.
    pub statuses_with_retry_after: &'static [u16],
    /// The first pause; it doubles.
    pub backoff: Duration,
    /// Whether a connection cut after the request was sent is tried again: only what is idempotent.
    pub after_sending: bool,
}

/// A response, whole.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Secret,
}
