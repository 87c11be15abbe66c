//! A login at Microsoft Entra ID: the code that all credentials which log in there share.
//!
//! `azure_identity`'s credentials send the request. A policy of ours on their pipeline adds what only Python sends (the `claims`
//! that announce CP1 and answer a claims challenge). It turns answers into errors by status, without bodies; a 200 without a token
//! is an error too. Facts: msal 1.x and `aad_client_base.py` of azure-identity 1.27.0 for Python;
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
//!
//! # Why the crate is used, and not replaced
//!
//! The crate owns the requests of the two grants that most people use, a client secret and a signed assertion: endpoint, form and
//! scope. We own the rest: which credential is asked, for which tenant, in which region, and what an answer means. The seam is
//! one policy. It adds the claims to the form, and rewrites a good answer into the form that the crate reads. Entra ID, AD FS and
//! gateways answer with numbers as text, or without `expires_in`, which Python accepts and the crate refuses. The password grant,
//! which the crate does not have, uses the same pipeline and policy.
//!
//! Owning all of it would save that rewriting and one dependency, but then we would have to follow Entra ID's changes. Review this
//! when the crate reads such answers itself, or when another grant is needed here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Body, ClientMethodOptions, ClientOptions, Context, Request};
use serde_json::Value;
use url::form_urlencoded;

use super::region::Region;
use super::tenant::Tenants;
use super::{CredentialContext, Failure, TokenRequest};
use crate::cloud::azure::retry;
use crate::cloud::azure::transport::{Transport, from_sdk, into_sdk, sdk_failure};
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Redaction, Secret};

/// `AzureAuthorityHosts.AZURE_PUBLIC_CLOUD`
const PUBLIC_CLOUD: &str = "login.microsoftonline.com";

/// The lifetime that msal assumes if an answer gives none.
const USUAL_LIFETIME: Duration = Duration::from_hours(1);

/// A client, and where it logs in.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) client_id: String,
    pub(super) tenants: Tenants,
    context: CredentialContext,
    authority: String,
    region: Region,
}

impl Login {
    /// Creates a login of the application `client_id` in `tenant`.
    ///
    /// # Errors
    /// An invalid tenant id, or an `AZURE_AUTHORITY_HOST` that is not https, with status 2.
    pub(super) fn new(
        context: &CredentialContext,
        tenant: &str,
        client_id: &str,
        allowed: Vec<String>,
    ) -> Result<Self> {
        Ok(Self {
            client_id: client_id.to_owned(),
            tenants: Tenants::new(&context.env, tenant, allowed)?,
            authority: authority(&context.env)?,
            context: context.clone(),
            region: Region::Global,
        })
    }

    /// Returns when the command must be done.
    pub(super) fn deadline(&self) -> Instant {
        self.context.deadline
    }

    /// Uses the login server of a region if one is configured, as msal does for a service principal.
    ///
    /// # Errors
    /// An invalid region, with status 2.
    pub(super) fn in_region(mut self) -> Result<Self> {
        self.region = Region::of(&self.context.env)?;
        Ok(self)
    }

    /// Returns the token endpoint of `tenant`.
    pub(super) fn token_url(&self, tenant: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/token", self.authority)
    }

    /// Returns the options of `azure_identity`'s credentials: our transport, our policy, this authority.
    pub(super) async fn options(&self) -> ClientOptions {
        let authority = self.region.authority(&self.authority, &self.context).await;
        let host = authority
            .strip_prefix("https://")
            .unwrap_or(&authority)
            .to_owned();
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = authority;
        let policy: Arc<dyn Policy> = Arc::new(Answers {
            client_id: self.client_id.clone(),
            host,
            redactor: Arc::clone(&self.context.redactor),
        });
        ClientOptions {
            per_try_policies: vec![policy],
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..Transport::options(Arc::clone(&self.context.sender), retry::DEFAULT)
        }
    }

    /// Returns a token from `credential`, which was built for the tenant of [`Tenants::to_ask`].
    pub(super) async fn token(
        &self,
        credential: &dyn TokenCredential,
        request: &TokenRequest,
    ) -> Result<AccessToken, Failure> {
        let mut context = Context::new();
        if let Some(claims) = &request.claims {
            context.insert(Claims(claims.clone()));
        }
        let options = TokenRequestOptions {
            method_options: ClientMethodOptions { context },
        };
        let token = credential.get_token(&[&request.scope], Some(options)).await;
        let token = token.map_err(|error| {
            let failure = sdk_failure(&error, "the login at Microsoft Entra ID");
            from_sdk(error).unwrap_or(failure)
        })?;
        self.tenants.check(request).await?;
        Ok(token)
    }

    /// Adds a secret to redact from servers' messages.
    pub(super) fn hide(&self, secret: &Secret) {
        self.context.redactor.add(secret.clone());
    }
}

/// Returns the authority: `AZURE_AUTHORITY_HOST`, else the public cloud's (`get_default_authority`, `normalize_authority`).
///
/// # Errors
/// One that is not https, with status 2.
pub(super) fn authority(env: &Env) -> Result<String> {
    let authority = env.text("AZURE_AUTHORITY_HOST").unwrap_or(PUBLIC_CLOUD);
    // `urlparse` strips these first.
    let authority = authority.trim_start_matches(|c| c <= ' ');
    let refused = |why: &str| {
        Err(
            Error::usage(format!("`AZURE_AUTHORITY_HOST` {why}")).with_hint(format!(
                "the default is `https://{PUBLIC_CLOUD}`, for the public cloud"
            )),
        )
    };
    let authority = match authority.split_once("://") {
        None => format!("https://{authority}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => format!("https://{rest}"),
        Some(_) => return refused("must begin with `https://`: secrets are sent to it"),
    };
    let authority = authority.trim_end_matches([' ', '/']).to_owned();
    match url::Url::parse(&authority) {
        Ok(url) if url.username().is_empty() && url.password().is_none() => Ok(authority),
        _ => refused("is not the URL of a login server"),
    }
}

/// The claims of a claims challenge, passed through `azure_identity`.
struct Claims(String);

/// The policy that adds the claims and reads the answers.
#[derive(Debug)]
struct Answers {
    client_id: String,
    host: String,
    redactor: Arc<Redaction>,
}

#[async_trait]
impl Policy for Answers {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let claims = context.value::<Claims>().map(|claims| claims.0.as_str());
        if let Body::Bytes(form) = request.body() {
            let mut form = String::from_utf8_lossy(form).into_owned();
            form.push('&');
            form.push_str(
                &form_urlencoded::Serializer::new(String::new())
                    .append_pair("claims", &merge(claims))
                    .finish(),
            );
            request.set_body(form);
        }
        let (status, headers, body) = next[0].send(context, request, &next[1..]).await?.deconstruct();
        let body = body.collect().await?;
        match self.read(status.into(), &body) {
            Ok(body) => Ok(AsyncRawResponse::from_bytes(status, headers, body)),
            Err(error) => Err(into_sdk(error)),
        }
    }
}

impl Answers {
    /// Returns an answer with a token, in the form that `azure_identity` reads.
    fn read(&self, status: u16, body: &[u8]) -> Result<String> {
        let answer: Option<Value> = serde_json::from_slice(body).ok().filter(Value::is_object);
        let host = &self.host;
        let Some(answer) = answer else {
            // A gateway answers without Entra ID's JSON.
            if status == 429 {
                return Err(
                    Error::unavailable(format!("{host} is throttling logins (status 429)"))
                        .with_hint("try again later, and log in less often"),
                );
            }
            if status >= 500 {
                return Err(
                    Error::unavailable(format!("{host} is out of order (status {status})"))
                        .with_hint("try again later: the problem is in Azure, or in a gateway before it"),
                );
            }
            return Err(Error::unavailable(format!(
                "{host} answered a login with status {status} and something that is not Microsoft Entra ID's JSON"
            ))
            .with_hint("a proxy or a gateway may have answered in its place; check AZURE_AUTHORITY_HOST and HTTPS_PROXY"));
        };
        if status == 200 {
            return token(&answer, &self.redactor).ok_or_else(|| {
                Error::unavailable(format!("{host} answered a login with status 200 and no token"))
            });
        }
        Err(self.refused(status, &answer))
    }

    fn refused(&self, status: u16, answer: &Value) -> Error {
        let text = |name| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        // A trace id, a correlation id and a timestamp follow the first sentence.
        let description = text("error_description").lines().next().unwrap_or_default();
        let description = description.split(" Trace ID:").next().unwrap_or_default();
        let kind = if status >= 500 || status == 429 || text("error") == "temporarily_unavailable" {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Denied
        };
        let verb = if kind == ErrorKind::Denied {
            "refused"
        } else {
            "could not handle"
        };
        let client = self.redactor.clean(&self.client_id);
        let message = format!("Microsoft Entra ID {verb} the login of client `{client}` (status {status})");
        let words = if description.is_empty() {
            text("error")
        } else {
            description
        };
        let mut error = Error::new(kind, message);
        if !words.is_empty() {
            error = error.with_detail(self.redactor.clean(words));
        }
        match hint(description) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// Returns an answer with its token in the form that `azure_identity` reads, and hides the token. Numbers may be text.
fn token(answer: &Value, redactor: &Redaction) -> Option<String> {
    let token = answer
        .get("access_token")?
        .as_str()
        .filter(|token| is_token(token))?;
    redactor.add(token.into());
    let lifetime = match answer.get("expires_in") {
        None | Some(Value::Null) => USUAL_LIFETIME.as_secs(),
        Some(Value::String(text)) => text.trim().parse().ok()?,
        // An expired token is used too, once.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "Python's `int()` truncates too, and a negative number becomes 0"
        )]
        Some(number) => number
            .as_u64()
            .or_else(|| number.as_f64().map(|seconds| seconds as u64))?,
    };
    // A limit of one year avoids overflows in later arithmetic.
    let lifetime = lifetime.min(365 * 24 * 3600);
    Some(
        serde_json::json!({"access_token": token, "expires_in": lifetime, "token_type": "Bearer"})
            .to_string(),
    )
}

/// Returns whether `text` can be a token: it must fit into a header.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

/// `_merge_claims_challenge_and_capabilities(["CP1"], claims)`: announces that the client handles claims challenges.
fn merge(claims: Option<&str>) -> String {
    let mut claims = claims
        .and_then(|claims| serde_json::from_str::<Value>(claims).ok())
        .filter(Value::is_object)
        .unwrap_or_else(|| serde_json::json!({}));
    if !claims.get("access_token").is_some_and(Value::is_object) {
        claims["access_token"] = serde_json::json!({});
    }
    claims["access_token"]["xms_cc"] = serde_json::json!({"values": ["CP1"]});
    claims.to_string()
}

/// Returns the hint for a common error.
fn hint(description: &str) -> Option<&'static str> {
    const HINTS: &[(&str, &str)] = &[
        (
            "AADSTS7000215",
            "the client secret is wrong: use the secret's value, not its id",
        ),
        (
            "AADSTS7000222",
            "the client secret has expired: create a new one in the app registration",
        ),
        (
            "AADSTS700016",
            "check the client id, and that the app registration is in this tenant",
        ),
        (
            "AADSTS700027",
            "the certificate is not registered with the app, or has expired",
        ),
        ("AADSTS700024", "check this machine's clock"),
        (
            "AADSTS70021",
            "add a federated credential with the issuer and subject of the token to the app",
        ),
        (
            "AADSTS700213",
            "add a federated credential with the issuer and subject of the token to the app",
        ),
        ("AADSTS90002", "check the tenant id"),
        ("AADSTS50126", "check AZURE_USERNAME and AZURE_PASSWORD"),
        (
            "AADSTS50076",
            "this user needs multi-factor authentication; use a client secret, a certificate or a managed identity",
        ),
        (
            "AADSTS50079",
            "this user needs multi-factor authentication; use a client secret, a certificate or a managed identity",
        ),
        (
            "AADSTS53003",
            "a conditional access policy blocks this login; ask the tenant's administrator",
        ),
    ];
    let code = description.split([':', ' ']).next()?;
    HINTS
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(host: &str) -> Env {
        [("AZURE_AUTHORITY_HOST".to_owned(), Secret::from(host))]
            .into_iter()
            .collect()
    }

    #[test]
    fn the_authority_is_https_or_nothing() {
        assert_eq!(
            authority(&Env::default()).ok().as_deref(),
            Some("https://login.microsoftonline.com")
        );
        assert_eq!(
            authority(&env("login.chinacloudapi.cn/")).ok().as_deref(),
            Some("https://login.chinacloudapi.cn")
        );
        assert_eq!(
            authority(&env("https://localhost:8443// ")).ok().as_deref(),
            Some("https://localhost:8443")
        );
        for host in [
            "http://login.microsoftonline.com",
            "ftp://x",
            "https://",
            "https://a:b@c",
        ] {
            assert_eq!(
                authority(&env(host)).expect_err(host).kind().exit_status(),
                2,
                "{host}"
            );
        }
    }

    #[test]
    fn a_claims_challenge_is_merged_with_the_capability() {
        assert_eq!(merge(None), r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#);
        let merged = merge(Some(r#"{"access_token":{"nbf":{"essential":true}}}"#));
        assert_eq!(
            merged,
            r#"{"access_token":{"nbf":{"essential":true},"xms_cc":{"values":["CP1"]}}}"#
        );
    }

    #[test]
    fn a_lifetime_may_be_text() {
        let redactor = Redaction::default();
        for (expires_in, seconds) in [("3599.5", "3599"), ("-5", "0"), ("1e3", "1000")] {
            let answer = format!(r#"{{"access_token": "abcdef", "expires_in": {expires_in}}}"#);
            let body = token(&serde_json::from_str(&answer).unwrap(), &redactor).unwrap();
            assert!(body.contains(&format!(r#""expires_in":{seconds}"#)), "{body}");
        }
        let answer = serde_json::json!({"access_token": "abcdef", "expires_in": "3599"});
        assert!(token(&answer, &redactor).is_some_and(|body| body.contains("3599")));
        assert_eq!(redactor.clean("got abcdef"), "got [redacted]");
        for answer in [
            serde_json::json!({}),
            serde_json::json!({"access_token": ""}),
            serde_json::json!({"access_token": 5}),
        ] {
            assert!(token(&answer, &redactor).is_none());
        }
    }
}
