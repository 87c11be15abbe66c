//! The tokens of one backend: asked for once, ahead of the challenge where that can be, and shared by all that is looked up.
//!
//! Owns the SDK's view of our credentials. A token is kept for its scope in a [`TokenCache`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::transport::into_sdk;
use super::{Credential, Failure, Redaction, TokenRequest, VaultTenant};
use crate::cloud::token_cache::{Token, TokenCache};
use crate::error::{Error, Result};

/// The tokens, and the credential that they come from.
pub(crate) struct Tokens {
    credential: Box<dyn Credential>,
    redactor: Arc<Redaction>,
    tenant: watch::Sender<VaultTenant>,
    cache: TokenCache<AccessToken>,
    ahead: std::sync::Mutex<Option<(String, AbortHandle)>>,
    asked_ahead: AtomicBool,
}

impl Tokens {
    /// Creates the tokens of `credential`. What is shown of a challenge is shown without the secrets of `redactor`.
    pub(crate) fn new(credential: Box<dyn Credential>, redactor: Arc<Redaction>) -> Arc<Self> {
        Arc::new(Self {
            credential,
            redactor,
            tenant: watch::Sender::new(VaultTenant::Unknown),
            cache: TokenCache::new(),
            ahead: std::sync::Mutex::default(),
            asked_ahead: AtomicBool::new(false),
        })
    }

    /// Says that this is a probe: there is one login, whatever comes of it.
    pub(crate) fn probing(&self) {
        self.cache.probing();
    }

    /// Asks for a token for `scope` while something else is under way, unless that is being done.
    pub(crate) fn ask_ahead(self: &Arc<Self>, scope: &str) {
        if self.asked_ahead.swap(true, Ordering::Relaxed) && self.cache.is_probing() {
            return;
        }
        let mut ahead = self
            .ahead
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if ahead.as_ref().is_some_and(|(_, handle)| !handle.is_finished()) {
            return;
        }
        let (tokens, owned) = (Arc::clone(self), scope.to_owned());
        let task = tokio::spawn(async move { tokens.fill(&owned).await });
        *ahead = Some((scope.to_owned(), task.abort_handle()));
    }

    /// Tells the credentials what the vault's challenge said; what was asked for ahead for another scope is given up.
    pub(crate) fn challenged(&self, scope: &str, tenant: Option<String>) {
        self.tenant.send_replace(VaultTenant::Known(tenant));
        self.give_up_unless(|asked| asked == scope);
    }

    /// Gives up what was asked for ahead: the challenge is not one to answer.
    pub(crate) fn give_up(&self) {
        self.give_up_unless(|_| false);
    }

    fn give_up_unless(&self, wanted: impl Fn(&str) -> bool) {
        let mut ahead = self
            .ahead
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, handle)) = ahead.take_if(|(asked, _)| !wanted(asked)) {
            handle.abort();
        }
    }

    /// Forgets `token`: the vault has refused it. In a probe another one is not tried.
    pub(crate) async fn forget(&self, token: &str) {
        if self.cache.is_probing() {
            return;
        }
        self.cache.forget(|kept| kept.token.secret() == token).await;
    }

    /// Returns a token that has `claims`, in place of the kept one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn with_claims(&self, scope: &str, claims: String) -> Result<AccessToken> {
        self.cache.replace(scope, self.request(scope, Some(claims))).await
    }

    /// Returns a token for `scope`: the kept one, else a new one.
    ///
    /// # Errors
    /// Why there is none: what the credential, or every credential of the chain, said.
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
            Failure::Unavailable(reason) => Error::denied(format!("no credential to be had: {reason}")),
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
