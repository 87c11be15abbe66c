//! Requests to the endpoints that issue tokens, and what their answers mean.
//!
//! An answer may repeat what was sent, so only its error code is shown. Sources: google-auth 2.63.0, `oauth2/_client.py`
//! (`_token_endpoint_request`), `oauth2/sts.py`, `impersonated_credentials.py` (`_make_iam_token_request`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{AccessToken, TokenContext};
use crate::cloud::services::{ServiceRequest, object, text, unreachable};
use crate::error::{Error, Result};
use crate::http::{self, Response};
use crate::python::json::{Object, Value, dumps};
use crate::python::urlencode::urlencode;
use crate::secret::Secret;

const FORM: &str = "application/x-www-form-urlencoded";

/// An endpoint: its name for messages, its URL, and what to do when it refuses.
pub(super) struct Endpoint<'a> {
    pub(super) what: &'static str,
    pub(super) url: &'a str,
    pub(super) hint: &'static str,
}

impl Endpoint<'_> {
    /// Posts a form, with `authorization` if there is one, and returns the token in the answer.
    ///
    /// # Errors
    /// A refusal, with status 4; no answer or no token, 5; a URL that must not receive a credential, 2.
    pub(super) async fn post_form(
        &self,
        context: &TokenContext,
        form: &[(&str, &str)],
        authorization: Option<Secret>,
    ) -> Result<AccessToken> {
        let answer = self.form(context, form, authorization).await?;
        AccessToken::of_oauth(&answer).ok_or_else(|| self.without_token())
    }

    /// Posts a form, with `authorization` if there is one, and returns the answer.
    ///
    /// # Errors
    /// A refusal, with status 4; no answer, 5; a URL that must not receive a credential, 2.
    pub(super) async fn form(
        &self,
        context: &TokenContext,
        form: &[(&str, &str)],
        authorization: Option<Secret>,
    ) -> Result<Object> {
        let body = Secret::from(urlencode(form.iter().copied()));
        let mut request = ServiceRequest::post(self.url, FORM, body);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        self.send(context, request).await
    }

    /// Posts JSON as the bearer of `token`, and returns the token that IAM answers with.
    ///
    /// # Errors
    /// As [`post_form`](Self::post_form).
    pub(super) async fn post_json(
        &self,
        context: &TokenContext,
        body: Object,
        token: &AccessToken,
        quota_project: Option<&str>,
    ) -> Result<AccessToken> {
        let answer = self.json(context, body, token, quota_project).await?;
        AccessToken::of_iam(&answer).ok_or_else(|| self.without_token())
    }

    /// Posts JSON as the bearer of `token`, and returns the answer.
    ///
    /// # Errors
    /// As [`form`](Self::form).
    pub(super) async fn json(
        &self,
        context: &TokenContext,
        body: Object,
        token: &AccessToken,
        quota_project: Option<&str>,
    ) -> Result<Object> {
        let body = Secret::from(dumps(&Value::Object(body)));
        let mut request =
            ServiceRequest::post(self.url, "application/json", body).header("authorization", token.bearer());
        if let Some(project) = quota_project {
            request = request.header("x-goog-user-project", project);
        }
        self.send(context, request).await
    }

    async fn send(&self, context: &TokenContext, request: ServiceRequest) -> Result<Object> {
        if let Some(fault) = url_fault(self.url) {
            return Err(Error::usage(format!("the URL of {} {fault}", self.what)));
        }
        let response = context
            .services
            .token_endpoint(request)
            .await
            .map_err(|failure| unreachable(self.what, failure))?;
        match object(&response) {
            Some(answer) if response.status == 200 => Ok(answer),
            answer => Err(self.refused(&response, answer.as_ref())),
        }
    }

    fn refused(&self, response: &Response, answer: Option<&Object>) -> Error {
        let (what, status) = (self.what, response.status);
        let Some(answer) = answer else {
            return Error::unavailable(format!(
                "{what} answered with status {status} and something that is not Google's JSON"
            ))
            .with_hint("a proxy or a gateway may have answered instead; check `HTTPS_PROXY`");
        };
        let code = error_code(answer);
        let is_temporary = code.is_some_and(|code| {
            matches!(
                code,
                "internal_failure" | "server_error" | "temporarily_unavailable"
            )
        });
        let error = match status {
            400..=499 if !matches!(status, 408 | 429) && !is_temporary => {
                Error::denied(format!("{what} refused the credentials (status {status})"))
                    .with_hint(self.hint)
            }
            _ => Error::unavailable(format!("{what} failed (status {status})")).with_hint("try again later"),
        };
        match code {
            Some(code) => error.with_detail(format!("its error code is `{code}`")),
            None => error,
        }
    }

    /// Returns the error of an answer without a token.
    pub(super) fn without_token(&self) -> Error {
        Error::unavailable(format!("{} answered without a token", self.what))
    }
}

/// Returns the `Authorization` header of a client.
pub(super) fn basic(client_id: &str, client_secret: &str) -> Secret {
    let pair = Secret::from(format!("{client_id}:{client_secret}"));
    Secret::from(format!("Basic {}", STANDARD.encode(pair.expose())))
}

/// Returns the code of an answer's error: OAuth's `error`, or the `status` of Google's other services.
fn error_code(answer: &Object) -> Option<&str> {
    let code = match answer.get("error")? {
        Value::String(code) => code,
        Value::Object(error) => text(error, "status")?,
        _ => return None,
    };
    is_identifier(code).then_some(code)
}

/// Whether `text` is an identifier, which holds no secret and can be shown.
fn is_identifier(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Returns what is wrong with a URL that receives credentials: it is `https`, or `http` on this machine.
pub(crate) fn url_fault(url: &str) -> Option<String> {
    if let Some(fault) = http::url_fault(url) {
        return Some(fault.to_owned());
    }
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let loopback = host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if authority.contains('@') {
        return Some("has a user before its host".to_owned());
    }
    (!scheme.eq_ignore_ascii_case("https") && !loopback)
        .then(|| "is not `https`, and no credential is sent over `http` to another machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_only_to_https_and_to_this_machine() {
        for url in [
            "https://oauth2.googleapis.com/token",
            "http://127.0.0.1:80/t",
            "http://localhost/t",
            "http://[::1]:1/",
        ] {
            assert_eq!(url_fault(url), None, "{url}");
        }
        for url in [
            "http://oauth2.googleapis.com/token",
            "ftp://localhost/",
            "",
            "token",
            "https://u:p@h/",
            "http://localhost@evil.example/",
        ] {
            assert!(url_fault(url).is_some(), "{url}");
        }
    }

    #[test]
    fn only_an_identifier_is_shown_of_an_answer() {
        let object = |json: &str| match crate::python::json::loads(json) {
            Ok(Value::Object(object)) => object,
            _ => panic!("an object"),
        };
        assert_eq!(
            error_code(&object(r#"{"error": "invalid_grant"}"#)),
            Some("invalid_grant")
        );
        assert_eq!(
            error_code(&object(r#"{"error": {"status": "PERMISSION_DENIED"}}"#)),
            Some("PERMISSION_DENIED")
        );
        for json in [
            r#"{"error": "the token eyJ was bad"}"#,
            r#"{"error": ""}"#,
            "{}",
            r#"{"error": 4}"#,
        ] {
            assert_eq!(error_code(&object(json)), None, "{json}");
        }
    }
}
