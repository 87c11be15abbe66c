//! The messages about Vault's failures: what was asked, what Vault says, and the way out.
//!
//! Owns the errors of refused logins, of requests without an answer, and of answers that are neither a secret nor a refusal. The
//! backend itself, which knows the path, reports denied reads and absent secrets.

use super::answer::{self, Envelope};
use super::client::{Client, MAX_SHOWN_CHARS};
use crate::error::Error;
use crate::http::{self, Response};

impl Client {
    /// Returns the error of a login that Vault refused with `status`.
    pub(super) fn refused(&self, api_path: &str, status: u16, envelope: Option<&Envelope>) -> Error {
        let auth = &self.config.auth;
        let auth_type = auth.name();
        let place = self.config.address.shown();
        let mut error = Error::denied(format!("Vault at {place} refused the `{auth_type}` login"));
        if let Some(words) = envelope.and_then(Envelope::words) {
            error = error.with_detail(format!("Vault says: {}", self.clean(&words)));
        }
        // The user name follows `login/`.
        let path = api_path.trim_start_matches("v1/");
        let path = match path.rfind("/login/") {
            Some(at) => &path[..at + "/login".len()],
            None => path,
        };
        let path: String = path.chars().take(MAX_SHOWN_CHARS).collect();
        error = error.with_detail(if auth.mount_is_default {
            format!("it was sent to `{path}`, because `auth_mount_point` is not set")
        } else {
            format!("it was sent to `{path}`, set by `auth_mount_point`")
        });
        if let Some(detail) = self.ignored_namespace() {
            error = error.with_detail(detail);
        }
        let mount = if auth.mount_is_default {
            "if the method is mounted elsewhere, set `auth_mount_point`"
        } else {
            "check `auth_mount_point`"
        };
        error.with_hint(match status {
            400 | 500 => auth.refusal_hint().to_owned(),
            401 | 403 => format!("{}; {mount}", auth.refusal_hint()),
            _ if self.config.namespace.is_some() => format!(
                "there may be no such namespace, or no `{auth_type}` auth method in it: check `namespace`; {mount}"
            ),
            _ => format!("there may be no `{auth_type}` auth method there; {mount}"),
        })
    }

    /// Returns the error of a request that got no answer.
    pub(super) fn unreachable(&self, failure: http::Failure) -> Error {
        let place = self.config.address.shown();
        let kind = failure.kind();
        let url = self.config.address.name();
        let elsewhere = failure.redirects_to().map(str::to_owned);
        if failure.is_about_roots() {
            return self.unusable_roots(failure);
        }
        if failure.follows_redirect() {
            return active_node_unreachable(failure, &place);
        }
        let error = Error::from(failure);
        match kind {
            http::FailureKind::RedirectRefused => {
                error.or_hint(self.after_refused_redirect(elsewhere.as_deref()))
            }
            http::FailureKind::Malformed if !self.config.address.is_https() => error.or_hint(format!(
                "the server may require https: begin {url} with `https://`"
            )),
            http::FailureKind::Malformed => error.or_hint(format!("this may not be Vault: check {url}")),
            http::FailureKind::Tls => error.or_hint(format!("check the scheme and the port of {url}")),
            http::FailureKind::Certificate(http::CertificateProblem::UnknownIssuer) => error.with_hint(
                "name the authority's certificate in the backend kwarg `verify`, or in `REQUESTS_CA_BUNDLE`",
            ),
            http::FailureKind::Connect if self.config.address.is_default() => error.or_hint(format!(
                "set the backend kwarg `url` or `VAULT_ADDR`: without them {place} is asked, as in Airflow"
            )),
            http::FailureKind::Connect => error.or_hint(format!("check {url}: it is {place}")),
            _ => error,
        }
    }

    /// Returns what to do about a refused redirect to `elsewhere`.
    fn after_refused_redirect(&self, elsewhere: Option<&str>) -> String {
        let url = self.config.address.name();
        match elsewhere {
            None => format!("this may not be Vault: check {url}"),
            Some(elsewhere) if self.config.address.is_https() && elsewhere.starts_with("http:") => {
                "make the server redirect to `https://…`, with Vault's `api_addr`".to_owned()
            }
            Some(elsewhere) if self.trusts_anybody() => {
                format!("set `verify` to the authority's certificate, or set {url} to {elsewhere}")
            }
            Some(elsewhere) => {
                format!("set {url} to {elsewhere} if that is Vault, and not a gateway's sign-in page")
            }
        }
    }

    /// Returns the error of trusted certificates that cannot be read. It says which kwarg or variable names them.
    fn unusable_roots(&self, failure: http::Failure) -> Error {
        let error = Error::from(failure);
        match self.config.roots_named_by {
            Some("verify") => error
                .with_detail("the backend kwarg `verify` names it")
                .or_hint("set `verify` to true, false or the path of a CA bundle"),
            Some(variable) => error.with_detail(format!("the variable `{variable}` names it")),
            None => error,
        }
    }

    /// Whether certificates are not checked.
    fn trusts_anybody(&self) -> bool {
        matches!(self.config.http.roots, http::Roots::Unverified)
    }

    /// Returns the error of a redirect that the kwarg `allow_redirects` forbids.
    fn redirect_not_followed(&self, response: &Response) -> Option<Error> {
        let location = response.header("location")?;
        let error = Error::unavailable(format!(
            "Vault at {} redirects, but `allow_redirects` is false (status {})",
            self.config.address.shown(),
            response.status
        ));
        // Only the origin is shown: the rest may be anything.
        let elsewhere = url::Url::parse(location).map(|url| url.origin());
        Some(match elsewhere {
            Ok(origin) if origin.is_tuple() => {
                let origin: String = origin
                    .ascii_serialization()
                    .chars()
                    .take(MAX_SHOWN_CHARS)
                    .collect();
                error.with_hint(format!(
                    "remove `allow_redirects`, or set {} to {origin} if Vault is there",
                    self.config.address.name()
                ))
            }
            _ => error.with_hint("remove `allow_redirects`"),
        })
    }

    /// Returns the error of an answer that is neither a secret nor a refusal.
    pub(super) fn unexpected(&self, response: &Response) -> Error {
        let place = self.config.address.shown();
        let url = self.config.address.name();
        let envelope = Envelope::of(response);
        let status = response.status;
        if (300..400).contains(&status)
            && !self.config.allow_redirects
            && let Some(error) = self.redirect_not_followed(response)
        {
            return error;
        }
        if status == 400 && !self.config.address.is_https() && answer::wants_tls(response) {
            return Error::unavailable(format!("{place} requires TLS, but {url} begins with `http://`"))
                .with_hint(format!("begin {url} with `https://`"));
        }
        let mut error = match (status, &envelope) {
            (_, None) if status < 500 && status != 429 => {
                return answer::not_vault(&self.config.address, response);
            }
            (412, _) => Error::unavailable(format!(
                "Vault at {place} has not caught up with its primary yet (412)"
            )),
            (429, _) => Error::unavailable(format!("Vault at {place} throttles requests (429)"))
                .with_hint("try again later, or have the rate limit quota raised"),
            (503, Some(envelope)) if envelope.says("sealed") => {
                Error::unavailable(format!("Vault at {place} is sealed (503)"))
                    .with_hint("unseal it with `vault operator unseal`")
            }
            (_, Some(envelope)) if envelope.says("standby") || envelope.says("active") => Error::unavailable(
                format!("Vault at {place} is a standby that cannot reach its active node ({status})"),
            ),
            (500.., _) => Error::unavailable(format!("Vault at {place} returned a server error ({status})"))
                .with_hint("try again later, and see the log of Vault or of the gateway before it"),
            _ => Error::unavailable(format!("Vault at {place} does not serve this request ({status})")),
        };
        if let Some(words) = envelope.and_then(|envelope| envelope.words()) {
            error = error.with_detail(format!("Vault says: {}", self.clean(&words)));
        }
        if let Some(wish) = response.header("retry-after") {
            error = error.with_detail(format!("it asks for a retry after {}", self.clean(wish)));
        }
        error
    }

    /// Returns a note when `VAULT_NAMESPACE` is set but has no effect.
    pub(super) fn ignored_namespace(&self) -> Option<&'static str> {
        (self.config.ignored_namespace).then_some(
            "`VAULT_NAMESPACE` is set, but Airflow does not read it: set the backend kwarg `namespace`",
        )
    }
}

/// Returns the error of an active node that gave no answer, after the standby at `place` redirected to it.
fn active_node_unreachable(failure: http::Failure, place: &str) -> Error {
    let kind = failure.kind();
    let error = Error::from(failure).with_detail(format!("{place} redirects there, to its active node"));
    match kind {
        http::FailureKind::Connect | http::FailureKind::Timeout => {
            error.or_hint("set `api_addr` of the active node to an address that its clients can reach")
        }
        _ => error,
    }
}
