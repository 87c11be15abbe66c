//! The tokens of one backend: requested once, before the challenge if possible, and shared by all lookups.
//!
//! Owns the adapter from our credentials to the SDK's. A [`TokenCache`] holds a token for its scope.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::transport::into_sdk;
use super::{Credential, Failure, TokenRequest, VaultTenant};
use crate::cloud::token_cache::{Token, TokenCache};
use crate::error::{Error, Result};
use crate::secret::Redaction;

/// The tokens, and the credential that they come from.
pub(crate) struct Tokens {
    credential: Box<dyn Credential>,
    redactor: Arc<Redaction>,
    tenant: watch::Sender<VaultTenant>,
    cache: TokenCache<AccessToken>,
    /// The scope and the task of a request in advance.
    in_advance: std::sync::Mutex<Option<(String, AbortHandle)>>,
    /// Whether there has been a request in advance.
    requested: AtomicBool,
}

impl Tokens {
    /// Creates the tokens of `credential`. The secrets of `redactor` are redacted from what is shown of a challenge.
    pub(crate) fn new(credential: Box<dyn Credential>, redactor: Arc<Redaction>) -> Arc<Self> {
        Arc::new(Self {
            credential,
            redactor,
            tenant: watch::Sender::new(VaultTenant::Unknown),
            cache: TokenCache::new(),
            in_advance: std::sync::Mutex::default(),
            requested: AtomicBool::new(false),
        })
    }

    /// Returns the name of the credential in azure-identity for Python.
    pub(crate) fn credential_name(&self) -> &'static str {
        self.credential.name()
    }

    /// Marks this as a probe: there is one login, even if it fails.
    pub(crate) fn probing(&self) {
        self.cache.probing();
    }

    /// Requests a token for `scope` in the background, unless such a request is running.
    pub(crate) fn request_in_advance(self: &Arc<Self>, scope: &str) {
        if self.requested.swap(true, Ordering::Relaxed) && self.cache.is_probing() {
            return;
        }
        let mut in_advance = self
            .in_advance
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if in_advance
            .as_ref()
            .is_some_and(|(_, handle)| !handle.is_finished())
        {
            return;
        }
        let (tokens, owned) = (Arc::clone(self), scope.to_owned());
        let task = tokio::spawn(async move { tokens.fill(&owned).await });
        *in_advance = Some((scope.to_owned(), task.abort_handle()));
    }

    /// Passes the vault's tenant on to the credentials, and aborts a request in advance for another scope.
    pub(crate) fn challenged(&self, scope: &str, tenant: Option<String>) {
        self.tenant.send_replace(VaultTenant::Known(tenant));
        self.abort_unless(|requested| requested == scope);
    }

    /// Aborts a request in advance: there is no challenge to answer.
    pub(crate) fn abort(&self) {
        self.abort_unless(|_| false);
    }

    fn abort_unless(&self, is_wanted: impl Fn(&str) -> bool) {
        let mut in_advance = self
            .in_advance
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, handle)) = in_advance.take_if(|(scope, _)| !is_wanted(scope)) {
            handle.abort();
        }
    }

    /// Forgets `token`, which the vault has refused. A probe does not try another one.
    pub(crate) async fn forget(&self, token: &str) {
        if self.cache.is_probing() {
            return;
        }
        self.cache.forget(|kept| kept.token.secret() == token).await;
    }

    /// Returns a new token with `claims`, which replaces the cached one.
    ///
    /// # Errors
    /// As [`token`](Self::token).
    pub(crate) async fn with_claims(&self, scope: &str, claims: String) -> Result<AccessToken> {
        self.cache.replace(scope, self.request(scope, Some(claims))).await
    }

    /// Returns a token for `scope`: the cached one, else a new one.
    ///
    /// # Errors
    /// The failure of the credential, or of every credential in the chain.
    pub(crate) async fn token(&self, scope: &str) -> Result<AccessToken> {
        let (token, _) = self.cache.get(scope, None, self.request(scope, None)).await?;
        Ok(token)
    }

    async fn fill(&self, scope: &str) {
        self.cache.fill(scope, self.request(scope, None)).await;
    }

    async fn request(&self, scope: &str, claims: Option<String>) -> Result<AccessToken> {
        let request = TokenRequest {
            scope: scope.to_owned(),
            claims,
            tenant: self.tenant.subscribe(),
            redactor: Arc::clone(&self.redactor),
        };
        let started = Instant::now();
        let outcome = self.credential.token(&request).await;
        tracing::debug!(
            credential = self.credential.name(),
            scope,
            ok = outcome.is_ok(),
            elapsed = ?started.elapsed(),
            "asked for a token"
        );
        outcome.map_err(|failure| match failure {
            Failure::Failed(error) => error,
            Failure::Unavailable(reason) => Error::denied(format!("no credential found: {reason}")),
        })
    }
}

impl Token for AccessToken {
    fn expires_at(&self) -> Option<SystemTime> {
        Some(self.expires_on.into())
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("credential", &self.credential.name())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let scope = scopes.first().copied().unwrap_or_default();
        self.token(scope).await.map_err(into_sdk)
    }
}
