//! The one HTTP client: TLS, proxies, timeouts, retries, a size limit, and redirects that never send a token to another host.
//!
//! HTTP/1.1 over hyper, as requests and urllib3 speak it. Must not know Vault or Azure. A URL arrives quoted and is sent
//! unchanged; headers and bodies are secrets.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::secret::Secret;

mod body;
mod connect;
mod dot_segments;
mod examine;
mod exchange;
mod failure;
mod pool;
mod probe;
mod proxy;
mod redirect;
mod retry;
mod target;
mod tls;
pub(crate) mod wire;

pub(crate) use dot_segments::without_dots;
pub use examine::{Examination, PeerCertificate, Way};
pub use failure::{CertificateProblem, Failure, FailureKind};
pub use proxy::Proxies;
pub(crate) use retry::http_date;
pub use retry::{Decide, Retry};
pub use target::url_fault;
pub(crate) use tls::Names;
pub use tls::{Identity, Pem, Roots};

use redirect::Standbys;
use target::Target;
use tls::Tls;

/// The maximum number of requests that one client sends at once: the largest `--jobs`. The resolver keeps to the smaller number.
const MAX_AT_ONCE: usize = 64;

/// How long after the command's deadline a request is abandoned, wherever it waits.
const GRACE: Duration = Duration::from_millis(10);

/// The options of a client, all chosen by the backend that builds it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which certificates are trusted.
    pub roots: Roots,
    /// The client's own certificate.
    pub identity: Option<Identity>,
    /// The proxies.
    pub proxies: Proxies,
    /// The time limit for connecting and for each wait for the server; `Duration::MAX` for no separate limit.
    pub attempt_timeout: Duration,
    /// When the whole command must end.
    pub deadline: Instant,
}

/// A request. The URL is sent unchanged, so it must be quoted.
pub struct Request {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Scheme, host, quoted path and query.
    pub url: String,
    /// Headers, which may be repeated; a value may be a token. `Host`, `User-Agent`, `Accept`, `Accept-Encoding` and `Content-Length` are added.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Option<Secret>,
    /// The retry policy.
    pub retry: Retry,
    /// Whether redirects to the same host and port are followed, and a standby's when the client follows those. Other redirects
    /// are refused. When false, a redirect is returned as the answer.
    pub follow_redirects: bool,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// A complete response.
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Secret,
}

impl Response {
    /// Returns the first header `name`, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// How long to wait for a server. Every wait ends at the command's deadline, and its error says what was awaited.
#[derive(Clone, Copy)]
struct TimeBudget {
    attempt: Duration,
    deadline: Instant,
}

impl TimeBudget {
    /// Returns the time limit of the next wait for the server.
    fn step(self) -> Duration {
        self.attempt.min(self.left())
    }

    /// Returns the words for the limit that has passed.
    fn late(self) -> &'static str {
        if self.left().is_zero() {
            "before the command's time was up"
        } else {
            "in time"
        }
    }

    /// Returns the time that is left for the command.
    fn left(self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// The client: options, kept connections, and TLS once it is needed.
pub struct Client {
    options: Options,
    pool: pool::Pool,
    tls: OnceLock<Arc<Tls>>,
    permits: Semaphore,
    standbys: Standbys,
    /// The name that certificates must be for, instead of the host's.
    tls_name: Option<String>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Creates a client. It reads no file and opens no connection before the first request.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let pool = pool::Pool::default();
        Self {
            options,
            pool,
            tls: OnceLock::new(),
            permits: Semaphore::new(MAX_AT_ONCE),
            standbys: Standbys::Refused,
            tls_name: None,
        }
    }

    /// Asks for a certificate of `name`, and accepts no other, whatever host it connects to: `tls-server-name` of a kubeconfig.
    #[must_use]
    pub fn with_tls_name(mut self, name: Option<String>) -> Self {
        self.tls_name = name;
        self
    }

    /// Also follows the redirects of Vault's standbys to the active node, unless certificates are not checked.
    ///
    /// These are 307 and 308 to another host with the same path and query, and no weaker scheme. The whole request goes there,
    /// credentials included.
    #[must_use]
    pub fn following_standbys(mut self) -> Self {
        self.standbys = match self.options.roots {
            Roots::Unverified => Standbys::Unverified,
            _ => Standbys::Followed,
        };
        self
    }

    /// Sends a request, retries it as its policy says, and follows redirects.
    ///
    /// It follows redirects to the same host and port, and a standby's to its active node if it is
    /// [built for that](Self::following_standbys).
    ///
    /// At most 64 requests are sent at once; more wait.
    ///
    /// # Errors
    /// The reason why there is no answer. An answer of any status is not an error.
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        let target = Target::parse(&request.url)?;
        let place = target.origin.authority();
        let end = tokio::time::Instant::from_std(self.options.deadline + GRACE);
        let work = async {
            let _permit = self.permits.acquire().await;
            self.follow(target, request).await
        };
        match tokio::time::timeout_at(end, work).await {
            Ok(Err(failure)) if Instant::now() >= self.options.deadline => Err(failure.at_the_deadline()),
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::new(
                FailureKind::Deadline,
                format!("{place} did not answer before the command's time was up"),
            )),
        }
    }

    /// Returns how long to wait for a server.
    fn time_budget(&self) -> TimeBudget {
        TimeBudget {
            attempt: self.options.attempt_timeout,
            deadline: self.options.deadline,
        }
    }

    /// Returns whether the host of `url` accepts a connection, without any proxy.
    pub async fn reaches(&self, url: &str) -> bool {
        match Target::parse(url) {
            Ok(target) => connect::tcp(&target.origin, self.time_budget()).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Sends a request and follows its redirects.
    async fn follow(&self, mut target: Target, mut request: Request) -> Result<Response, Failure> {
        let first = target.origin.clone();
        for _ in 0..=redirect::MAX_REDIRECTS {
            let response = match self.attempts(&target, &request).await {
                Ok(response) if response.status == 407 => return Err(self.proxy_wants_a_password(&target)),
                Ok(response) => response,
                Err(failure) => {
                    let elsewhere = !first.same_place(&target.origin);
                    return Err(self.of_proxy(failure, &target).after_redirect(elsewhere));
                }
            };
            let location = redirect::location(&response).filter(|_| request.follow_redirects);
            let Some(location) = location else {
                return Ok(response);
            };
            target = redirect::follow(&target, response.status, location, self.standbys)?;
            redirect::rebuild(&mut request, response.status);
        }
        Err(Failure::new(
            FailureKind::TooManyRedirects,
            format!("{} redirects for ever", target.origin),
        ))
    }

    /// Turns an answer that is not HTTP into the proxy's failure when a proxy answered an absolute URL.
    fn of_proxy(&self, failure: Failure, target: &Target) -> Failure {
        let proxy = self.options.proxies.select(&target.origin).ok().flatten();
        match (failure.kind(), proxy, target.origin.scheme) {
            (FailureKind::Malformed, Some(_), target::Scheme::Http) => failure.with_kind(FailureKind::Proxy),
            _ => failure,
        }
    }

    /// Returns the failure of a 407, which only a proxy sends.
    fn proxy_wants_a_password(&self, target: &Target) -> Failure {
        let proxy = self.options.proxies.select(&target.origin).ok().flatten();
        let who = proxy.map_or_else(
            || target.origin.to_string(),
            |proxy| format!("the proxy {}", proxy.origin),
        );
        Failure::new(
            FailureKind::Proxy,
            format!("{who} wants a user and password (407)"),
        )
    }

    /// Sends a request as often as its policy allows. It never starts a pause that would pass the deadline.
    async fn attempts(&self, target: &Target, request: &Request) -> Result<Response, Failure> {
        let mut retry = 0;
        loop {
            let begun = Instant::now();
            let outcome = self.attempt(target, request).await;
            tracing::debug!(
                method = request.method,
                url = ?target,
                status = outcome.as_ref().ok().map(|response| response.status),
                failure = outcome.as_ref().err().map(|failure| tracing::field::debug(failure.kind())),
                took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                "request"
            );
            retry += 1;
            let Some(pause) = request.retry.next(retry, &outcome) else {
                return outcome;
            };
            if pause >= self.options.deadline.saturating_duration_since(Instant::now()) {
                return outcome;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Returns the TLS configuration, which is read once.
    fn tls(&self) -> Result<Arc<Tls>, Failure> {
        if let Some(tls) = self.tls.get() {
            return Ok(Arc::clone(tls));
        }
        let Options {
            roots,
            identity,
            deadline,
            ..
        } = &self.options;
        let tls = Arc::new(Tls::new(roots, identity.as_ref(), *deadline)?);
        Ok(Arc::clone(self.tls.get_or_init(|| tls)))
    }
}
