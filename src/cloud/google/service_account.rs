//! A service account's key: it signs its own token for a service, and an assertion where another token is to be made with it.
//!
//! Source: google-auth 2.63.0, `oauth2/service_account.py` (`_create_self_signed_jwt`, `_make_authorization_grant_assertion`) and
//! `jwt.py` (`Credentials._make_jwt`); the services' clients set `always_use_jwt_access`.

use super::credential::{Credential, Scopes};
use super::key::ServiceAccountKey;
use super::token_endpoint::Endpoint;
use super::{AccessToken, DEFAULT_UNIVERSE, TokenContext, now};
use crate::cloud::services::text;
use crate::error::Result;
use crate::future::BoxFuture;
use crate::python::json::{Object, Value};
use crate::secret::Secret;

/// How long a token or an assertion is valid: `_DEFAULT_TOKEN_LIFETIME_SECS`.
const LIFETIME_SECONDS: u64 = 3600;

/// The audience of every assertion, independent of the key's `token_uri`: `_GOOGLE_OAUTH2_TOKEN_ENDPOINT`.
pub(super) const ASSERTION_AUDIENCE: &str = "https://oauth2.googleapis.com/token";

pub(super) struct ServiceAccount {
    key: ServiceAccountKey,
}

impl ServiceAccount {
    pub(super) fn new(key: ServiceAccountKey) -> Self {
        Self { key }
    }

    /// Signs a token for the service itself. With scopes, it has no audience.
    fn self_signed(&self, audience: &str, scopes: Option<&[&str]>) -> Result<AccessToken> {
        let now = now();
        let mut claims = Object::new();
        for name in ["iss", "sub"] {
            claims.insert(name.to_owned(), self.key.email.as_str().into());
        }
        claims.insert("iat".to_owned(), Value::Int(now.to_string()));
        claims.insert("exp".to_owned(), Value::Int((now + LIFETIME_SECONDS).to_string()));
        match scopes {
            None => claims.insert("aud".to_owned(), audience.into()),
            Some(scopes) => claims.insert("scope".to_owned(), scopes.join(" ").into()),
        };
        Ok(AccessToken::lasting(self.key.sign(claims)?, LIFETIME_SECONDS))
    }

    /// Exchanges a signed assertion for a token.
    async fn exchanged(&self, context: &TokenContext, scopes: &[&str]) -> Result<AccessToken> {
        let assertion = self.key.sign(assertion(&self.key.email, &scopes.join(" ")))?;
        endpoint(&self.key)
            .post_form(context, &grant(&assertion), None)
            .await
    }
}

/// Returns an ID token for `audience`, in exchange for an assertion.
///
/// # Errors
/// As [`Credential::token`].
pub(super) async fn id_token(
    context: &TokenContext,
    key: &ServiceAccountKey,
    audience: &str,
) -> Result<Secret> {
    let mut claims = claims(&key.email);
    claims.insert("target_audience".to_owned(), audience.into());
    let assertion = key.sign(claims)?;
    let endpoint = endpoint(key);
    let answer = endpoint.form(context, &grant(&assertion), None).await?;
    text(&answer, "id_token")
        .map(Secret::from)
        .ok_or_else(|| endpoint.without_token())
}

/// Returns the endpoint that exchanges the key's assertions.
fn endpoint(key: &ServiceAccountKey) -> Endpoint<'_> {
    Endpoint {
        what: "Google's token endpoint",
        url: &key.token_uri,
        hint: "the key may be deleted or its account disabled; also check this machine's clock",
    }
}

/// Returns the form that exchanges an assertion.
fn grant(assertion: &Secret) -> [(&str, &str); 2] {
    [
        ("assertion", assertion.expose_text().unwrap_or_default()),
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
    ]
}

/// Returns the claims of an assertion for a token with `scope`.
pub(super) fn assertion(email: &str, scope: &str) -> Object {
    let mut claims = claims(email);
    claims.insert("scope".to_owned(), scope.into());
    claims
}

/// Returns the claims of every assertion.
pub(super) fn claims(email: &str) -> Object {
    let now = now();
    let mut claims = Object::new();
    claims.insert("iat".to_owned(), Value::Int(now.to_string()));
    claims.insert("exp".to_owned(), Value::Int((now + LIFETIME_SECONDS).to_string()));
    claims.insert("iss".to_owned(), email.into());
    claims.insert("aud".to_owned(), ASSERTION_AUDIENCE.into());
    claims
}

impl Credential for ServiceAccount {
    fn token<'a>(
        &'a self,
        context: &'a TokenContext,
        scopes: &'a Scopes,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(async move {
            let explicit = scopes.explicit();
            match (scopes, explicit) {
                // Token endpoints belong to the public cloud.
                (Scopes::Iam, Some(scopes)) if self.key.universe == DEFAULT_UNIVERSE => {
                    self.exchanged(context, &scopes).await
                }
                (_, scopes) => self.self_signed(context.audience, scopes.as_deref()),
            }
        })
    }

    fn account(&self) -> Option<&str> {
        Some(&self.key.email)
    }

    fn universe(&self) -> &str {
        &self.key.universe
    }
}
