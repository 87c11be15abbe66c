//! The one HTTP client: TLS, proxies, timeouts, retries, a limit on size, and redirects that take no token to a stranger.
//!
//! HTTP/1.1 over hyper, as requests and urllib3 speak it. Must not know Vault or Azure. A URL arrives quoted and is sent as
//! it is; headers and bodies are secrets.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::secret::Secret;

mod body;
mod connect;
mod dot_segments;
mod exchange;
mod failure;
mod pool;
mod probe;
mod proxy;
mod redirect;
mod retry;
mod target;
mod tls;

pub(crate) use dot_segments::removed_as_urllib3 as without_dots_as_urllib3;
pub use failure::{CertificateProblem, Failure, FailureKind};
pub use proxy::Proxies;
pub use retry::Retry;
pub use target::url_fault;
pub use tls::{Identity, Roots};

use redirect::Standbys;
use target::Target;
use tls::Tls;

/// The most requests that one client has under way.
const MAX_AT_ONCE: usize = 8;

/// How much later than the command's time a request is given up whatever it waits for.
const GRACE: Duration = Duration::from_millis(10);

/// How a client talks: all of it decided by the backend that builds it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose certificates are trusted.
    pub roots: Roots,
    /// The client's own certificate.
    pub identity: Option<Identity>,
    /// The proxies.
    pub proxies: Proxies,
    /// The longest that connecting, and each wait for the server, may take; `Duration::MAX` for no limit of its own.
    pub attempt_timeout: Duration,
    /// When the whole command has to be done.
    pub deadline: Instant,
}

/// A request. The URL is sent as it stands: it must be quoted.
pub struct Request {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Scheme, host, quoted path and query.
    pub url: String,
    /// Headers; a value may be a token. `Host`, `User-Agent`, `Accept`, `Accept-Encoding` and `Content-Length` are added.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Option<Secret>,
    /// What is tried again.
    pub retry: Retry,
    /// Whether redirects to the same host and port are followed, and a standby's where the client follows them. Others are
    /// refused; when not, a redirect is the answer.
    pub follow_redirects: bool,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// A response, whole.
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

/// How long is waited for a server: every wait ends with the command's time, and says itself what was waited for.
#[derive(Clone, Copy)]
struct TimeBudget {
    attempt: Duration,
    deadline: Instant,
}

impl TimeBudget {
    /// Returns the longest that the next wait for the server may take.
    fn step(self) -> Duration {
        self.attempt.min(self.left())
    }

    /// Says which time is over.
    fn late(self) -> &'static str {
        if self.left().is_zero() {
            "before the command's time was up"
        } else {
            "in time"
        }
    }

    /// Returns what is left of the command's time.
    fn left(self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// The client: options, connections that are kept, and TLS once it is needed.
pub struct Client {
    options: Options,
    pool: pool::Pool,
    tls: OnceLock<Arc<Tls>>,
    permits: Semaphore,
    standbys: Standbys,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Creates a client. Nothing is read or connected to before the first request.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let pool = pool::Pool::default();
        Self {
            options,
            pool,
            tls: OnceLock::new(),
            permits: Semaphore::new(MAX_AT_ONCE),
            standbys: Standbys::Refused,
        }
    }

    /// Follows the redirects of Vault's standbys to the active node too, unless certificates are not checked: 307 and 308 to
    /// another host with the same path and query, and no weaker scheme. The request goes there whole, credentials included.
    #[must_use]
    pub fn following_standbys(mut self) -> Self {
        self.standbys = match self.options.roots {
            Roots::Unverified => Standbys::Unverified,
            _ => Standbys::Followed,
        };
        self
    }

    /// Sends a request, again where its policy says so, and follows redirects to the same place, and to a standby's active
    /// node where it is [built for that](Self::following_standbys).
    ///
    /// At most 8 are under way at once; more wait.
    ///
    /// # Errors
    /// What kept it from an answer. An answer of any status is none.
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

    /// Returns how long is waited for a server.
    fn patience(&self) -> TimeBudget {
        TimeBudget {
            attempt: self.options.attempt_timeout,
            deadline: self.options.deadline,
        }
    }

    /// Returns whether anybody takes a connection to the host of `url`, asked past every proxy.
    pub async fn reaches(&self, url: &str) -> bool {
        match Target::parse(url) {
            Ok(target) => connect::tcp(&target.origin, self.patience()).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Sends a request and follows where the answers lead.
    async fn follow(&self, mut target: Target, mut request: Request) -> Result<Response, Failure> {
        let asked = target.origin.clone();
        for _ in 0..=redirect::MAX_REDIRECTS {
            let response = match self.attempts(&target, &request).await {
                Ok(response) if response.status == 407 => return Err(self.proxy_wants_a_password(&target)),
                Ok(response) => response,
                Err(failure) => {
                    let elsewhere = !asked.same_place(&target.origin);
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

    /// What failed where a proxy is asked for the whole URL is the proxy's failure when it is not even HTTP.
    fn of_proxy(&self, failure: Failure, target: &Target) -> Failure {
        let proxy = self.options.proxies.select(&target.origin).ok().flatten();
        match (failure.kind(), proxy, target.origin.scheme) {
            (FailureKind::Malformed, Some(_), target::Scheme::Http) => failure.with_kind(FailureKind::Proxy),
            _ => failure,
        }
    }

    /// The failure of a 407, which none but a proxy answers with.
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

    /// Sends a request as often as its policy allows. A pause that would outlast the deadline is not begun.
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
            if retry == request.retry.retries || !request.retry.wants(&outcome) {
                return outcome;
            }
            retry += 1;
            let pause = request.retry.pause(retry, &outcome);
            if pause >= self.options.deadline.saturating_duration_since(Instant::now()) {
                return outcome;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Returns the configuration of TLS, read once.
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
