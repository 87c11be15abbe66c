//! What is said when Vault does not give what was asked for: who was asked, what it says, and the way out.
//!
//! Owns the words for logins that are refused, for requests that got no answer, and for answers that are neither a secret nor a
//! refusal. A denied read and an absent secret are the words of the backend itself, which knows the path.

use super::answer::{self, Envelope};
use super::client::{Client, MAX_SHOWN_CHARS};
use crate::error::Error;
use crate::http::{self, Response};

impl Client {
    /// The error of a login that Vault refused with `status`.
    pub(super) fn refused(&self, api_path: &str, status: u16, envelope: Option<&Envelope>) -> Error {
        let auth = &self.config.auth;
        let auth_type = auth.name();
        let place = self.config.address.shown();
        let mut error = Error::denied(format!("Vault at {place} refused the `{auth_type}` login"));
        if let Some(words) = envelope.and_then(Envelope::words) {
            error = error.with_detail(format!("Vault says: {}", self.clean(&words)));
        }
        // What stands behind `login/` is who logs in.
        let path = api_path.trim_start_matches("v1/");
        let path = match path.rfind("/login/") {
            Some(at) => &path[..at + "/login".len()],
            None => path,
        };
        let path: String = path.chars().take(MAX_SHOWN_CHARS).collect();
        error = error.with_detail(if auth.mount_is_default {
            format!("it was sent to `{path}`, because `auth_mount_point` is not set")
        } else {
            format!("it was sent to `{path}`, as `auth_mount_point` says")
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
            _ => format!("there may be no `{auth_type}` auth method there; {mount}"),
        })
    }

    /// The error of a request that got no answer.
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
            http::FailureKind::RedirectRefused => error.or_hint(self.after_refused_redirect(elsewhere.as_deref())),
            http::FailureKind::Malformed if !self.config.address.is_https() => {
                error.or_hint(format!("the server may want https: begin {url} with `https://`"))
            }
            http::FailureKind::Malformed => error.or_hint(format!("this may be no Vault: check {url}")),
            http::FailureKind::Tls => error.or_hint(format!("check the scheme and the port of {url}")),
            http::FailureKind::Certificate(http::CertificateProblem::UnknownIssuer) => error.with_hint(
                "name the authority's certificate in the backend kwarg `verify`, or in `REQUESTS_CA_BUNDLE`",
            ),
            http::FailureKind::Connect if self.config.address.is_default() => error.or_hint(format!(
                "set the backend kwarg `url`: without it and without `VAULT_ADDR`, {place} is asked, as by Airflow"
            )),
            http::FailureKind::Connect => error.or_hint(format!("check {url}: it is {place}")),
            _ => error,
        }
    }

    /// What to do about a redirect to `elsewhere` that was refused.
    fn after_refused_redirect(&self, elsewhere: Option<&str>) -> String {
        let url = self.config.address.name();
        match elsewhere {
            None => format!("this may be no Vault: check {url}"),
            Some(elsewhere) if self.config.address.is_https() && elsewhere.starts_with("http:") => {
                "have the server redirect to `https://…`, as Vault's `api_addr` sets it".to_owned()
            }
            Some(elsewhere) if self.trusts_anybody() => format!(
                "name the authority in `verify` to have certificates checked, or set {url} to {elsewhere}"
            ),
            Some(elsewhere) => {
                format!("set {url} to {elsewhere} if that is Vault; a gateway's page for signing in is not")
            }
        }
    }

    /// The error of trusted certificates that cannot be read: says which kwarg or variable names them.
    fn unusable_roots(&self, failure: http::Failure) -> Error {
        let error = Error::from(failure);
        match self.config.roots_named_by {
            Some("verify") => error.with_detail("the backend kwarg `verify` names it").or_hint(
                "`verify` is true, false, or the path of a CA bundle; no other word switches it off",
            ),
            Some(variable) => error.with_detail(format!("the variable `{variable}` names it")),
            None => error,
        }
    }

    /// Whether certificates are not checked.
    fn trusts_anybody(&self) -> bool {
        matches!(self.config.http.roots, http::Roots::Unverified)
    }

    /// The error of a redirect that the kwarg `allow_redirects` forbids to follow.
    fn redirect_not_followed(&self, response: &Response) -> Option<Error> {
        let location = response.header("location")?;
        let error = Error::unavailable(format!(
            "Vault at {} redirects, and `allow_redirects` is false (status {})",
            self.config.address.shown(),
            response.status
        ));
        // The origin alone: what is behind it may be anything.
        let elsewhere = url::Url::parse(location).map(|url| url.origin());
        Some(match elsewhere {
            Ok(origin) if origin.is_tuple() => {
                let origin: String = origin
                    .ascii_serialization()
                    .chars()
                    .take(MAX_SHOWN_CHARS)
                    .collect();
                error.with_hint(format!(
                    "leave `allow_redirects` out, or set {} to {origin} if Vault is there",
                    self.config.address.name()
                ))
            }
            _ => error.with_hint("leave `allow_redirects` out"),
        })
    }

    /// The error of an answer that is neither a secret nor a refusal.
    pub(super) fn out_of_order(&self, response: &Response) -> Error {
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
            return Error::unavailable(format!("{place} wants TLS, and {url} begins with `http://`"))
                .with_hint(format!("begin {url} with `https://`"));
        }
        let mut error = match (status, &envelope) {
            (_, None) if status < 500 && status != 429 => {
                return answer::no_vault(&self.config.address, response);
            }
            (412, _) => Error::unavailable(format!(
                "Vault at {place} has not caught up with its primary yet (412)"
            )),
            (429, _) => Error::unavailable(format!("Vault at {place} throttles requests (429)"))
                .with_hint("try again later, or have the rate limit quota raised"),
            (503, Some(envelope)) if envelope.says("sealed") => {
                Error::unavailable(format!("Vault at {place} is sealed (503)"))
                    .with_hint("it has to be unsealed, with `vault operator unseal`")
            }
            (_, Some(envelope)) if envelope.says("standby") || envelope.says("active") => Error::unavailable(
                format!("Vault at {place} is a standby that does not reach its active node ({status})"),
            ),
            (500.., _) => Error::unavailable(format!("Vault at {place} is out of order ({status})"))
                .with_hint(
                    "try again later; the log of Vault, or of a gateway before it, says what is wrong",
                ),
            _ => Error::unavailable(format!("Vault at {place} does not serve this request ({status})")),
        };
        if let Some(words) = envelope.and_then(|envelope| envelope.words()) {
            error = error.with_detail(format!("Vault says: {}", self.clean(&words)));
        }
        if let Some(wish) = response.header("retry-after") {
            error = error.with_detail(format!("it asks to be asked again after {}", self.clean(wish)));
        }
        error
    }

    /// Says that `VAULT_NAMESPACE` is set and has no effect, where that is so.
    pub(super) fn ignored_namespace(&self) -> Option<&'static str> {
        (self.config.ignored_namespace).then_some(
            "`VAULT_NAMESPACE` is set, and Airflow does not read it: set the backend kwarg `namespace`",
        )
    }
}

/// The error of an active node that got no answer through, after the standby at `place` had named it.
fn active_node_unreachable(failure: http::Failure, place: &str) -> Error {
    let kind = failure.kind();
    let error = Error::from(failure).with_detail(format!("{place} redirects there, to its active node"));
    match kind {
        http::FailureKind::Connect | http::FailureKind::Timeout => {
            error.or_hint("set `api_addr` of the active node to an address that its clients reach")
        }
        _ => error,
    }
}
