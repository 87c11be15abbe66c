//! Tokens that are kept: one at a time is asked for, everybody who waits gets it, and it is replaced before it expires.
//!
//! Owns when a kept token no longer serves, and who is told of a failure. Must not know what a token is for, nor how one is
//! asked for: whoever needs one hands that in. Source of the five minutes: azure-core for Python, `_authentication.py`
//! (`_need_new_token`); botocore refreshes its credentials earlier still.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Mutex;

use crate::error::{Error, ErrorKind, Result};

/// How long before it expires a token is no longer used.
const EARLY: Duration = Duration::from_secs(300);

/// What is kept.
pub(crate) trait Token: Clone {
    /// Returns when it expires; `None` when nobody has said.
    fn expires_at(&self) -> Option<SystemTime>;
}

/// A token that several ask for.
///
/// A refusal stays: nobody asks again, because accounts lock. Any other failure goes to everybody who waited for it; whoever comes
/// later asks again, unless this is a probe.
pub(crate) struct TokenCache<T> {
    /// Whether every failure stays.
    probing: AtomicBool,
    slot: Mutex<Slot<T>>,
}

struct Slot<T> {
    kept: Option<Kept<T>>,
    failure: Option<Remembered>,
    /// How many tokens there have been.
    count: u32,
}

struct Kept<T> {
    /// What it is for: a scope.
    key: String,
    token: T,
}

/// A failure that others wait for too.
struct Remembered {
    key: String,
    error: Error,
    at: Instant,
    /// Whether nobody has been told yet: it was asked for ahead.
    untold: bool,
}

impl<T: Token> TokenCache<T> {
    /// Creates an empty cache.
    pub(crate) fn new() -> Self {
        Self {
            probing: AtomicBool::new(false),
            slot: Mutex::new(Slot {
                kept: None,
                failure: None,
                count: 0,
            }),
        }
    }

    /// Says that this is a probe: there is one attempt, whatever comes of it.
    pub(crate) fn probing(&self) {
        self.probing.store(true, Ordering::Relaxed);
    }

    /// Whether this is a probe.
    pub(crate) fn is_probing(&self) -> bool {
        self.probing.load(Ordering::Relaxed)
    }

    /// Returns the token for `key`, and its number: the kept one, else what `ask` comes to. The one of number `rejected` no
    /// longer serves.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn get(
        &self,
        key: &str,
        rejected: Option<u32>,
        ask: impl Future<Output = Result<T>>,
    ) -> Result<(T, u32)> {
        let since = Instant::now();
        let mut slot = self.slot.lock().await;
        // A failure that stays outlasts the token that was to be replaced.
        if slot.lasting_failure(key, self.is_probing()).is_none()
            && rejected != Some(slot.count)
            && let Some(token) = slot.kept(key)
        {
            return Ok((token, slot.count));
        }
        if let Some(error) = slot.failure(key, self.is_probing(), since) {
            return Err(error);
        }
        let token = self.ask(&mut slot, key, false, ask).await?;
        Ok((token, slot.count))
    }

    /// Asks for a token for `key` unless one is kept. A failure waits for the first who needs the token.
    pub(crate) async fn fill(&self, key: &str, ask: impl Future<Output = Result<T>>) {
        let mut slot = self.slot.lock().await;
        if slot.kept(key).is_none() {
            drop(self.ask(&mut slot, key, true, ask).await);
        }
    }

    /// Keeps what `ask` comes to in place of whatever is kept.
    ///
    /// # Errors
    /// Why there is none; what is kept stays then.
    pub(crate) async fn replace(&self, key: &str, ask: impl Future<Output = Result<T>>) -> Result<T> {
        let mut slot = self.slot.lock().await;
        if let Some(failure) = slot.lasting_failure(key, self.is_probing()) {
            return Err(copy_of(&failure.error));
        }
        self.ask(&mut slot, key, false, ask).await
    }

    /// Forgets the token if it is the one that `is_it` means.
    pub(crate) async fn forget(&self, is_it: impl FnOnce(&T) -> bool) {
        let mut slot = self.slot.lock().await;
        slot.kept.take_if(|kept| is_it(&kept.token));
    }

    async fn ask(
        &self,
        slot: &mut Slot<T>,
        key: &str,
        ahead: bool,
        ask: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match ask.await {
            Ok(token) => {
                slot.failure = None;
                slot.keep(key, token.clone());
                Ok(token)
            }
            Err(error) => {
                slot.failure = Some(Remembered {
                    key: key.to_owned(),
                    error: copy_of(&error),
                    at: Instant::now(),
                    untold: ahead,
                });
                Err(error)
            }
        }
    }
}

impl<T: Token> Slot<T> {
    fn kept(&self, key: &str) -> Option<T> {
        let kept = self.kept.as_ref().filter(|kept| kept.key == key)?;
        let serves = |end: SystemTime| end > SystemTime::now() + EARLY;
        kept.token
            .expires_at()
            .is_none_or(serves)
            .then(|| kept.token.clone())
    }

    fn keep(&mut self, key: &str, token: T) {
        self.count += 1;
        self.kept = Some(Kept {
            key: key.to_owned(),
            token,
        });
    }

    /// Returns the failure after which nobody asks again: a refusal, and in a probe any.
    fn lasting_failure(&self, key: &str, probing: bool) -> Option<&Remembered> {
        self.failure
            .as_ref()
            .filter(|failure| failure.key == key && (probing || failure.error.kind() == ErrorKind::Denied))
    }

    /// Returns the failure that somebody is told who has waited since `since`.
    fn failure(&mut self, key: &str, probing: bool, since: Instant) -> Option<Error> {
        let stays = self.lasting_failure(key, probing).is_some();
        let failure = self.failure.as_mut().filter(|failure| failure.key == key)?;
        let is_told = stays || failure.untold || failure.at >= since;
        is_told.then(|| {
            failure.untold = false;
            copy_of(&failure.error)
        })
    }
}

/// Copies an error; its source becomes details.
fn copy_of(error: &Error) -> Error {
    let mut copy = Error::new(error.kind(), error.message());
    let mut cause = std::error::Error::source(error);
    for detail in error.details() {
        copy = copy.with_detail(detail);
    }
    while let Some(source) = cause {
        copy = copy.with_detail(source.to_string());
        cause = source.source();
    }
    match error.hint() {
        Some(hint) => copy.with_hint(hint),
        None => copy,
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Timed(u32, Option<SystemTime>);

    impl Token for Timed {
        fn expires_at(&self) -> Option<SystemTime> {
            self.1
        }
    }

    fn lasting(number: u32, seconds: u64) -> Timed {
        Timed(number, Some(SystemTime::now() + Duration::from_secs(seconds)))
    }

    /// Runs `future`; the cache needs no timers.
    fn run<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(future)
    }

    async fn number(
        cache: &TokenCache<Timed>,
        key: &str,
        rejected: Option<u32>,
        new: Result<Timed>,
    ) -> Result<u32, ErrorKind> {
        let got = cache.get(key, rejected, ready(new)).await;
        got.map(|(token, _)| token.0).map_err(|error| error.kind())
    }

    #[test]
    fn a_token_serves_its_key_until_five_minutes_before_it_expires() {
        run(async {
            let cache = TokenCache::new();
            assert_eq!(number(&cache, "a", None, Ok(lasting(1, 310))).await, Ok(1));
            assert_eq!(number(&cache, "a", None, Ok(lasting(2, 290))).await, Ok(1));
            assert_eq!(number(&cache, "b", None, Ok(lasting(3, 290))).await, Ok(3));
            assert_eq!(number(&cache, "b", None, Ok(Timed(4, None))).await, Ok(4));
            assert_eq!(number(&cache, "b", None, Ok(lasting(5, 999))).await, Ok(4));
        });
    }

    #[test]
    fn a_token_that_is_rejected_is_replaced_once() {
        run(async {
            let cache = TokenCache::new();
            let (_, first) = cache
                .get("", None, ready(Ok(Timed(1, None))))
                .await
                .expect("a token");
            assert_eq!(number(&cache, "", Some(first), Ok(Timed(2, None))).await, Ok(2));
            assert_eq!(number(&cache, "", Some(first), Ok(Timed(3, None))).await, Ok(2));
            cache.forget(|token| token.0 == 1).await;
            assert_eq!(number(&cache, "", None, Ok(Timed(4, None))).await, Ok(2));
            cache.forget(|token| token.0 == 2).await;
            assert_eq!(number(&cache, "", None, Ok(Timed(5, None))).await, Ok(5));
        });
    }

    #[test]
    fn a_refusal_outlasts_the_token_that_was_to_be_replaced() {
        run(async {
            let cache = TokenCache::new();
            assert_eq!(number(&cache, "", None, Ok(Timed(1, None))).await, Ok(1));
            for (new, then) in [
                (Error::unavailable("no answer"), Ok(1)),
                (Error::denied("no"), Err(ErrorKind::Denied)),
            ] {
                assert!(number(&cache, "", Some(1), Err(new)).await.is_err());
                assert_eq!(number(&cache, "", None, Ok(Timed(2, None))).await, then);
            }
        });
    }

    #[test]
    fn a_refusal_stays_and_silence_only_in_a_probe() {
        run(async {
            for (kind, probing, then) in [
                (ErrorKind::Denied, false, Err(ErrorKind::Denied)),
                (ErrorKind::Denied, true, Err(ErrorKind::Denied)),
                (ErrorKind::Unavailable, false, Ok(1)),
                (ErrorKind::Unavailable, true, Err(ErrorKind::Unavailable)),
            ] {
                let cache = TokenCache::new();
                if probing {
                    cache.probing();
                }
                let failure = Err(Error::new(kind, "no"));
                assert_eq!(number(&cache, "", None, failure).await, Err(kind));
                assert_eq!(number(&cache, "", None, Ok(Timed(1, None))).await, then);
                let replaced = cache.replace("", ready(Ok(Timed(2, None)))).await;
                assert_eq!(replaced.is_ok(), then.is_ok());
            }
        });
    }

    #[test]
    fn whoever_waits_gets_the_one_failure_and_whoever_needs_what_was_asked_for_ahead() {
        run(async {
            let asked = AtomicU32::new(0);
            let refuse = || async {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Err::<Timed, _>(Error::unavailable("no answer").with_source(std::fmt::Error))
            };
            let cache = TokenCache::new();
            let (first, second) = tokio::join!(cache.get("", None, refuse()), cache.get("", None, refuse()));
            assert!(first.is_err());
            let told = second.expect_err("the same failure");
            assert_eq!(told.details(), [std::fmt::Error.to_string()]);
            assert_eq!(asked.load(Ordering::Relaxed), 1);
            cache.fill("", refuse()).await;
            assert!(cache.get("", None, refuse()).await.is_err());
            assert_eq!(asked.load(Ordering::Relaxed), 2);
            assert!(cache.get("", None, refuse()).await.is_err());
            assert_eq!(asked.load(Ordering::Relaxed), 3);
        });
    }
}
