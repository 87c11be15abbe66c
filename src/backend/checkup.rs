//! The checks that every backend shares: the way to a server, its answer, and its clock.
//!
//! Owns their order, and which line a failure belongs to. Must not know any backend: each describes its servers ([`Endpoint`]), and
//! makes its own checks. Nothing here sends credentials.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::future::BoxFuture;
use crate::http::{
    self, CertificateProblem, Examination, FailureKind, PeerCertificate, Request, Response, Retry, Way,
    http_date,
};
use crate::report::{Check, Section};
use crate::shown::shown;

/// What a backend can check of itself, for `doctor`. The default checks nothing.
pub trait Checkup {
    /// Returns the checks that [`examine`](Self::examine) makes besides those of the way to a server, in its order.
    fn checks(&self) -> &'static [Check] {
        &[]
    }

    /// Makes the checks that only this backend can make, up to the first that fails: describes its servers (each an [`Endpoint`]),
    /// logs in, and says as whom. Writes nothing anywhere.
    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        let _ = section;
        Box::pin(std::future::ready(()))
    }
}

/// A name that nobody has. Asking for it shows whether a read is allowed: it must be *not found*.
pub const ABSENT_NAME: &str = "secretctl_doctor";

/// A certificate with fewer days left gets a warning.
const FEW_DAYS: u64 = 14;

/// A difference of the clocks that is worth a warning.
const CLOCK_WARNING: Duration = Duration::from_mins(1);

/// A difference of the clocks with which servers refuse what is signed: AWS allows 5 minutes, and so do those who read a JWT.
const CLOCK_LIMIT: Duration = Duration::from_mins(5);

/// The error of a request without an answer, in the backend's words.
type Explain<'a> = Box<dyn Fn(http::Failure) -> Error + Send + Sync + 'a>;

/// What an answer says about its server, in the backend's words.
type Describe<'a> = Box<dyn Fn(&Response) -> Result<String, Error> + Send + Sync + 'a>;

/// A server that a backend asks.
pub struct Endpoint<'a> {
    /// The client that asks it.
    client: &'a http::Client,
    /// A request without credentials.
    request: Request,
    explain: Explain<'a>,
    describe: Describe<'a>,
    /// Whether it refuses what a clock that is wrong has signed.
    needs_clock: bool,
}

impl std::fmt::Debug for Endpoint<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

impl<'a> Endpoint<'a> {
    /// Creates the server of `url`, which is asked with a `GET` and may answer anything.
    #[must_use]
    pub fn new(client: &'a http::Client, url: String) -> Self {
        Self {
            client,
            request: Request {
                method: "GET",
                url,
                headers: Vec::new(),
                body: None,
                retry: Retry::NONE,
                follow_redirects: false,
            },
            explain: Box::new(Error::from),
            describe: Box::new(|_| Ok("it answers".to_owned())),
            needs_clock: false,
        }
    }

    /// Adds a header, which must not be a credential.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Lets the request follow redirects to the same server.
    #[must_use]
    pub fn following_redirects(mut self, follow_redirects: bool) -> Self {
        self.request.follow_redirects = follow_redirects;
        self
    }

    /// Sets the words for a request without an answer.
    #[must_use]
    pub fn explained(mut self, explain: impl Fn(http::Failure) -> Error + Send + Sync + 'a) -> Self {
        self.explain = Box::new(explain);
        self
    }

    /// Sets what an answer says about the server: who it is, or why it cannot serve.
    #[must_use]
    pub fn described(
        mut self,
        describe: impl Fn(&Response) -> Result<String, Error> + Send + Sync + 'a,
    ) -> Self {
        self.describe = Box::new(describe);
        self
    }

    /// Says that the server refuses what a wrong clock has signed.
    #[must_use]
    pub fn needing_clock(mut self, needs_clock: bool) -> Self {
        self.needs_clock = needs_clock;
        self
    }

    /// Returns the checks of the way to it, in their order.
    fn checks(&self) -> Vec<Check> {
        // The proxy resolves the server's name, and connects to it.
        let mut checks = match self.client.proxy_of(&self.request.url) {
            Some(_) => vec![Check::Proxy],
            None => vec![Check::Dns, Check::Connect],
        };
        if self
            .request
            .url
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("https:"))
        {
            checks.push(Check::Tls);
        }
        checks.extend([Check::Server, Check::Clock]);
        checks
    }

    /// Goes the way to the server, asks it, and adds what each step found. Returns whether every step was right.
    pub async fn examine(self, section: &mut Section) -> bool {
        let checks = self.checks();
        match self.client.examine(&self.request.url).await {
            Err(failure) => section.failure(Check::Connect, &(self.explain)(failure)),
            Ok(mut found) => {
                add_way(section, &found);
                match found.failure.take() {
                    Some((way, failure)) => {
                        let kind = failure.kind();
                        let error = (self.explain)(failure).or_hint(way_out(way, kind));
                        section.failure(check_of(way), &error);
                    }
                    None => self.ask(section).await,
                }
            }
        }
        section.leave_out(&checks);
        !section.has_failed()
    }

    async fn ask(self, section: &mut Section) {
        let Self {
            client,
            request,
            explain,
            describe,
            needs_clock,
        } = self;
        let response = match client.send(request).await {
            Ok(response) => response,
            Err(failure) => return section.failure(Check::Server, &explain(failure)),
        };
        match describe(&response) {
            Ok(words) => section.ok(Check::Server, words),
            Err(error) => return section.failure(Check::Server, &error),
        }
        if let Some(theirs) = response.header("date").and_then(http_date) {
            add_clock(section, theirs, needs_clock);
        }
    }
}

/// Returns which line reports a failure on the way.
fn check_of(way: Way) -> Check {
    match way {
        Way::Proxy => Check::Proxy,
        Way::Name => Check::Dns,
        Way::Connect => Check::Connect,
        Way::Tls => Check::Tls,
    }
}

/// Returns what to do about a failure on the way for which the backend has no words of its own.
fn way_out(way: Way, kind: FailureKind) -> &'static str {
    match (way, kind) {
        (_, FailureKind::Certificate(CertificateProblem::Expired)) => {
            "have the server's certificate renewed; if it is not too old, this machine's clock is wrong"
        }
        (_, FailureKind::Certificate(CertificateProblem::NotYetValid)) => {
            "set this machine's clock, or have the server's certificate made anew"
        }
        (_, FailureKind::Certificate(CertificateProblem::WrongName)) => {
            "use a name of the server that is in its certificate, or have this name added to it"
        }
        (_, FailureKind::Certificate(_)) => "have the server's certificate made anew, with its whole chain",
        (Way::Proxy, _) => "check the proxy's variable, and `NO_PROXY` for hosts that need no proxy",
        (Way::Name, _) => "check the name, and this machine's name servers (`getent hosts NAME`)",
        (Way::Connect, _) => "check host and port, that the server runs, and that no firewall is between",
        (Way::Tls, _) => "check scheme and port, and which versions of TLS the server speaks",
    }
}

/// Adds what was found on the way, up to the step that failed.
fn add_way(section: &mut Section, found: &Examination) {
    let failed = found.failure.as_ref().map(|(way, _)| *way);
    if let Some(proxy) = &found.proxy
        && failed != Some(Way::Proxy)
    {
        section.ok(
            Check::Proxy,
            format!("{} is reached through {}", shown(&found.place), shown(proxy)),
        );
    }
    if !found.addresses.is_empty() {
        let addresses: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
        section.ok(
            Check::Dns,
            match addresses.as_slice() {
                [address] if *address == found.host => format!("{address} is an address, not a name"),
                _ => format!("`{}` is {}", shown(&found.host), addresses.join(", ")),
            },
        );
    }
    if let Some((address, took)) = &found.connected {
        section.ok(
            Check::Connect,
            format!("{address} accepts, in {} ms", took.as_millis()),
        );
    }
    if let Some(certificate) = &found.certificate {
        add_certificate(section, certificate, &found.place);
    }
}

/// Adds the certificate: its chain, and how long it lasts.
fn add_certificate(section: &mut Section, certificate: &PeerCertificate, place: &str) {
    let mut words = certificate.protocol.to_owned();
    let names: Vec<String> = certificate
        .chain
        .iter()
        .chain(&certificate.issuer)
        .map(|name| format!("`{name}`"))
        .collect();
    if !names.is_empty() {
        let _ = write!(words, ", certificate {}", names.join(" by "));
    }
    let left = certificate
        .not_after
        .and_then(|end| end.duration_since(SystemTime::now()).ok())
        .map(|left| left.as_secs() / 86_400);
    if let Some(days) = left {
        let _ = write!(words, ", {days} {} left", if days == 1 { "day" } else { "days" });
    }
    if !certificate.is_verified {
        words = format!("{words}; it is not checked, so anybody can read and change what is sent");
        let way_out = "let certificates be checked, against a CA bundle if need be".to_owned();
        return section.warning(Check::Tls, words, Some(way_out));
    }
    match left {
        Some(days) if days < FEW_DAYS => {
            let way_out = format!("have the certificate of {} renewed", shown(place));
            section.warning(Check::Tls, words, Some(way_out));
        }
        _ => section.ok(Check::Tls, words),
    }
}

/// Adds the difference of the clocks. `theirs` is the server's, since 1970.
fn add_clock(section: &mut Section, theirs: Duration, needs_clock: bool) {
    let ours = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let (apart, how) = (
        ours.abs_diff(theirs),
        if ours > theirs { "ahead of" } else { "behind" },
    );
    let words = format!("this machine's clock is {} {how} the server's", span(apart));
    let way_out = "set this machine's clock (`timedatectl`, NTP), unless it is the server's that is wrong";
    if apart >= CLOCK_LIMIT && needs_clock {
        let error = Error::denied(words)
            .with_detail("the server refuses what is signed with a clock that is 5 minutes off")
            .with_hint(way_out);
        section.failure(Check::Clock, &error);
    } else if apart >= CLOCK_WARNING {
        section.warning(Check::Clock, words, Some(way_out.to_owned()));
    } else {
        // The header has whole seconds.
        section.ok(Check::Clock, "it agrees with the server's");
    }
}

/// Returns a length of time in the largest unit that fits, for people.
#[must_use]
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::report::Outcome;

    fn certificate(days: u64, is_verified: bool) -> Section {
        let mut section = Section::new("x", None);
        let certificate = PeerCertificate {
            protocol: "TLS 1.3",
            chain: vec!["h.example".to_owned()],
            issuer: Some("CA".to_owned()),
            not_after: Some(SystemTime::now() + Duration::from_secs(days * 86_400 + 60)),
            is_verified,
        };
        add_certificate(&mut section, &certificate, "h.example:443");
        section
    }

    #[test]
    fn a_certificate_that_ends_soon_or_is_not_checked_is_a_warning() {
        let words = "TLS 1.3, certificate `h.example` by `CA`, ";
        for (days, is_verified, outcome, end) in [
            (90, true, Outcome::Ok, "90 days left"),
            (FEW_DAYS, true, Outcome::Ok, "14 days left"),
            (1, true, Outcome::Warning, "1 day left"),
            (
                90,
                false,
                Outcome::Warning,
                "90 days left; it is not checked, so anybody can read and change what is sent",
            ),
        ] {
            let section = certificate(days, is_verified);
            let [row] = section.rows.as_slice() else {
                panic!("{section:?}")
            };
            assert_eq!(
                (row.outcome, row.words.as_str()),
                (outcome, &*format!("{words}{end}"))
            );
            assert_eq!(row.way_out.is_some(), outcome == Outcome::Warning);
        }
    }

    #[test]
    fn a_clock_is_a_failure_only_where_it_signs() {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("a time");
        let denied = Outcome::Failure(ErrorKind::Denied);
        for (seconds, needs_clock, outcome) in [
            (2, true, Outcome::Ok),
            (90, true, Outcome::Warning),
            (400, false, Outcome::Warning),
            (400, true, denied),
        ] {
            for theirs in [
                now + Duration::from_secs(seconds),
                now.saturating_sub(Duration::from_secs(seconds)),
            ] {
                let mut section = Section::new("x", None);
                add_clock(&mut section, theirs, needs_clock);
                assert_eq!(section.rows[0].outcome, outcome, "{seconds} {needs_clock}");
            }
        }
    }

    #[test]
    fn a_span_has_the_largest_unit_that_fits() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), words);
        }
    }
}
