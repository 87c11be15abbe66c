//! The tokens of one backend: asked for once, ahead of the challenge where that can be, and shared by all that is looked up.
//!
//! Owns the SDK's view of our credentials. A token is kept for its scope until five minutes before it expires, as Python keeps
//! it, and asked for by one at a time: whoever waits gets the same one, or the same failure.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::OffsetDateTime;
use tokio::sync::{Mutex, watch};
use tokio::task::AbortHandle;

use super::credential::{Credential, Failure, Redaction, TokenRequest, VaultTenant};
use super::transport::into_sdk;
use crate::error::{Error, Result};

/// How long before it expires a token is no longer used (`ChallengeAuthPolicy._need_new_token`).
const EARLY: Duration = Duration::from_secs(300);

/// The tokens, and the credential that they come from.
pub(super) struct Tokens {
    credential: Box<dyn Credential>,
    redactor: Arc<Redaction>,
    tenant: watch::Sender<VaultTenant>,
    slot: Mutex<Slot>,
    ahead: std::sync::Mutex<Option<(String, AbortHandle)>>,
}

#[derive(Default)]
struct Slot {
    token: Option<(String, AccessToken)>,
    failure: Option<Remembered>,
}

/// A failure that others wait for too.
struct Remembered {
    scope: String,
    error: Error,
    at: Instant,
    /// Whether nobody has been told yet: it was asked for ahead.
    untold: bool,
}

impl Tokens {
    /// Creates the tokens of `credential`. What is shown of a challenge is shown without the secrets of `redactor`.
    pub(super) fn new(credential: Box<dyn Credential>, redactor: Arc<Redaction>) -> Arc<Self> {
        Arc::new(Self {
            credential,
            redactor,
            tenant: watch::Sender::new(VaultTenant::Unknown),
            slot: Mutex::default(),
            ahead: std::sync::Mutex::default(),
        })
    }

    /// Asks for a token for `scope` while something else is under way, unless that is being done.
    pub(super) fn ask_ahead(self: &Arc<Self>, scope: &str) {
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
    pub(super) fn challenged(&self, scope: &str, tenant: Option<String>) {
        self.tenant.send_replace(VaultTenant::Known(tenant));
        self.give_up_unless(|asked| asked == scope);
    }

    /// Gives up what was asked for ahead: the challenge is not one to answer.
    pub(super) fn give_up(&self) {
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

    /// Forgets `token`: the vault has refused it.
    pub(super) async fn forget(&self, token: &str) {
        let mut slot = self.slot.lock().await;
        slot.token.take_if(|(_, kept)| kept.token.secret() == token);
    }

    /// Returns a token that has `claims`, in place of the kept one.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn with_claims(&self, scope: &str, claims: String) -> Result<AccessToken> {
        let mut slot = self.slot.lock().await;
        let token = self.request(scope, Some(claims)).await?;
        slot.token = Some((scope.to_owned(), token.clone()));
        Ok(token)
    }

    /// Returns a token for `scope`: the kept one, else a new one.
    ///
    /// # Errors
    /// Why there is none: what the credential, or every credential of the chain, said.
    pub(super) async fn token(&self, scope: &str) -> Result<AccessToken> {
        let asked = Instant::now();
        let mut slot = self.slot.lock().await;
        if let Some(token) = slot.kept(scope) {
            return Ok(token);
        }
        if let Some(failure) = &mut slot.failure
            && failure.scope == scope
            && (failure.untold || failure.at >= asked)
        {
            failure.untold = false;
            return Err(repeat(&failure.error));
        }
        self.ask(&mut slot, scope, false).await
    }

    async fn fill(&self, scope: &str) {
        let mut slot = self.slot.lock().await;
        if slot.kept(scope).is_none() {
            // The failure waits in the slot for the one who needs the token.
            drop(self.ask(&mut slot, scope, true).await);
        }
    }

    async fn ask(&self, slot: &mut Slot, scope: &str, ahead: bool) -> Result<AccessToken> {
        match self.request(scope, None).await {
            Ok(token) => {
                slot.failure = None;
                slot.token = Some((scope.to_owned(), token.clone()));
                Ok(token)
            }
            Err(error) => {
                let remembered = Remembered {
                    scope: scope.to_owned(),
                    error: repeat(&error),
                    at: Instant::now(),
                    untold: ahead,
                };
                slot.failure = Some(remembered);
                Err(error)
            }
        }
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

impl Slot {
    fn kept(&self, scope: &str) -> Option<AccessToken> {
        let (kept, token) = self.token.as_ref()?;
        (kept == scope && token.expires_on > OffsetDateTime::now_utc() + EARLY).then(|| token.clone())
    }
}

/// Says an error once more. Its cause has been told with the first.
fn repeat(error: &Error) -> Error {
    let mut again = Error::new(error.kind(), error.message());
    let mut cause = std::error::Error::source(error);
    for detail in error.details() {
        again = again.with_detail(detail);
    }
    while let Some(source) = cause {
        again = again.with_detail(source.to_string());
        cause = source.source();
    }
    match error.hint() {
        Some(hint) => again.with_hint(hint),
        None => again,
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
