//! Key Vault's challenge authentication, as a policy in the SDK's pipeline. It reads challenges as Python does.
//!
//! The SDK's own policy runs first: it sends a request without a token, passes the challenge of the 401 to the credential, and
//! sends again. This policy
//! - translates every challenge that Python reads into the one form that the SDK reads;
//! - checks its resource as Python does (ports, letter case);
//! - asks for the token while the challenge is under way;
//! - answers further requests without a token from memory;
//! - meets a claims challenge.
//!
//! Facts: `challenge_auth_policy.py` of azure-keyvault-secrets 4.12.0.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::{AUTHORIZATION, Headers, WWW_AUTHENTICATE};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Request, StatusCode};
use tokio::sync::Mutex;

use super::challenge::{Challenge, usual_scope};
use crate::cloud::azure::tokens::Tokens;
use crate::cloud::azure::transport::into_sdk;
use crate::error::Result;
use crate::secret::Redaction;

/// The policy of one client.
#[derive(Debug)]
pub(super) struct ChallengePolicy {
    tokens: Arc<Tokens>,
    verify_resource: bool,
    redactor: Arc<Redaction>,
    known: Mutex<Option<Challenge>>,
}

impl ChallengePolicy {
    /// Creates the policy of a client whose tokens come from `tokens`.
    pub(super) fn new(tokens: Arc<Tokens>, verify_resource: bool, redactor: Arc<Redaction>) -> Self {
        Self {
            tokens,
            verify_resource,
            redactor,
            known: Mutex::new(None),
        }
    }

    /// Handles a request without a token. The vault is asked for its challenge once.
    async fn discover(
        &self,
        context: &Context<'_>,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let mut known = self.known.lock().await;
        if let Some(challenge) = &*known {
            return Ok(canonical(challenge));
        }
        self.tokens
            .request_in_advance(usual_scope(request.url().host_str().unwrap_or_default()));
        let response = next[0].send(context, request, &next[1..]).await?;
        match self.read(request, &response, None) {
            Ok(Some(mut challenge)) => {
                self.tokens.challenged(&challenge.scope, challenge.tenant.clone());
                if let Some(claims) = challenge.claims.take() {
                    self.tokens.abort();
                    let token = self.tokens.with_claims(&challenge.scope, claims).await;
                    token.map_err(into_sdk)?;
                }
                let response = canonical(&challenge);
                *known = Some(challenge);
                Ok(response)
            }
            Ok(None) => Ok(response),
            Err(error) => {
                self.tokens.abort();
                Err(into_sdk(error))
            }
        }
    }

    /// Sends a request with a token. A challenge in its answer is a new one, or asks for claims.
    async fn authorized(
        &self,
        context: &Context<'_>,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let response = next[0].send(context, request, &next[1..]).await?;
        if response.status() != StatusCode::Unauthorized {
            return Ok(response);
        }
        if let Some(token) = bearer(request) {
            self.tokens.forget(token).await;
        }
        let mut known = self.known.lock().await;
        let read = self.read(request, &response, known.as_ref());
        let Some(mut challenge) = read.map_err(into_sdk)? else {
            *known = None;
            return Ok(response);
        };
        if let Some(claims) = challenge.claims.take() {
            drop(known);
            let token = self
                .tokens
                .with_claims(&challenge.scope, claims)
                .await
                .map_err(into_sdk)?;
            request.insert_header(AUTHORIZATION, format!("Bearer {}", token.token.secret()));
            return next[0].send(context, request, &next[1..]).await;
        }
        self.tokens.challenged(&challenge.scope, challenge.tenant.clone());
        // The SDK reads the header; the body says why the token was refused.
        let (status, mut headers, body) = response.deconstruct();
        headers.insert(WWW_AUTHENTICATE, challenge.canonical());
        *known = Some(challenge);
        drop(known);
        Ok(AsyncRawResponse::from_bytes(
            status,
            headers,
            body.collect().await?,
        ))
    }

    /// Reads and checks the challenge of a 401; `None` when there is none.
    ///
    /// A challenge that asks for claims keeps the scope of the challenge before it.
    fn read(
        &self,
        request: &Request,
        response: &AsyncRawResponse,
        known: Option<&Challenge>,
    ) -> Result<Option<Challenge>> {
        if response.status() != StatusCode::Unauthorized {
            return Ok(None);
        }
        let Some(header) = response.headers().get_optional_str(&WWW_AUTHENTICATE) else {
            return Ok(None);
        };
        let mut challenge = Challenge::parse(header)?;
        if let (Some(known), true) = (known, challenge.claims.is_some()) {
            challenge.scope.clone_from(&known.scope);
            challenge.tenant.clone_from(&known.tenant);
        }
        let url = request.url();
        if self.verify_resource {
            let host = url.host_str().unwrap_or_default();
            match url.port() {
                Some(port) => challenge.verify(&format!("{host}:{port}"), &self.redactor)?,
                None => challenge.verify(host, &self.redactor)?,
            }
        }
        Ok(Some(challenge))
    }
}

/// Returns a 401 that the SDK reads.
fn canonical(challenge: &Challenge) -> AsyncRawResponse {
    let mut headers = Headers::new();
    headers.insert(WWW_AUTHENTICATE, challenge.canonical());
    AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, Vec::new())
}

/// Returns the token of a request.
fn bearer(request: &Request) -> Option<&str> {
    request
        .headers()
        .get_optional_str(&AUTHORIZATION)?
        .strip_prefix("Bearer ")
}

#[async_trait]
impl Policy for ChallengePolicy {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if bearer(request).is_some() {
            self.authorized(context, request, next).await
        } else {
            self.discover(context, request, next).await
        }
    }
}
