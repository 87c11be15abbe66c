//! A cache for tokens: one request at a time, its result shared by all who wait, and a new token before the old one expires.
//!
//! Owns when a cached token is no longer used, and who gets a failure. Must not know what a token is for or how to get one: the
//! caller passes that in. Source of the five minutes: azure-core for Python, `_authentication.py`
//! (`_need_new_token`); botocore refreshes its credentials earlier still.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Mutex;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// How long before its expiry a token is no longer used.
const EARLY: Duration = Duration::from_mins(5);

/// Something that the cache can hold.
pub(crate) trait Token: Clone {
    /// Returns when it expires; `None` when that is not known.
    fn expires_at(&self) -> Option<SystemTime>;

    /// Returns how long before its expiry it is no longer used.
    fn early(&self) -> Duration {
        EARLY
    }
}

/// A token whose lifetime is not known, or does not matter because one command ends before it.
#[derive(Clone)]
pub(crate) struct Issued<T = Secret>(pub(crate) T);

impl<T: Clone> Token for Issued<T> {
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }
}

/// A token that several callers need.
///
/// A refusal is final: it is not retried, because accounts lock. Any other failure goes to every caller that waited for it. A
/// later caller tries again, unless this is a probe.
pub(crate) struct TokenCache<T> {
    /// Whether every failure is final.
    probing: AtomicBool,
    slot: Mutex<Slot<T>>,
}

struct Slot<T> {
    kept: Option<Kept<T>>,
    failure: Option<Remembered>,
    /// The number of tokens so far.
    count: u32,
}

struct Kept<T> {
    /// The scope that it is for.
    key: String,
    token: T,
}

/// A failure that other callers may be waiting for too.
struct Remembered {
    key: String,
    error: Error,
    at: Instant,
    /// Whether no caller has seen it yet: the token was requested in advance.
    unseen: bool,
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

    /// Marks this as a probe: there is one attempt, even if it fails.
    pub(crate) fn probing(&self) {
        self.probing.store(true, Ordering::Relaxed);
    }

    /// Returns whether this is a probe.
    pub(crate) fn is_probing(&self) -> bool {
        self.probing.load(Ordering::Relaxed)
    }

    /// Returns the token for `key` and its number: the cached one, else the result of `request`.
    ///
    /// The token with the number `rejected` is not used again.
    ///
    /// # Errors
    /// The error of `request`, now or remembered.
    pub(crate) async fn get(
        &self,
        key: &str,
        rejected: Option<u32>,
        request: impl Future<Output = Result<T>>,
    ) -> Result<(T, u32)> {
        let since = Instant::now();
        let mut slot = self.slot.lock().await;
        // A final failure counts more than the token that was to be replaced.
        if slot.final_failure(key, self.is_probing()).is_none()
            && rejected != Some(slot.count)
            && let Some(token) = slot.kept(key)
        {
            return Ok((token, slot.count));
        }
        if let Some(error) = slot.failure(key, self.is_probing(), since) {
            return Err(error);
        }
        let token = self.request(&mut slot, key, false, request).await?;
        Ok((token, slot.count))
    }

    /// Requests a token for `key` unless one is cached. A failure is kept for the first caller that needs the token.
    pub(crate) async fn fill(&self, key: &str, request: impl Future<Output = Result<T>>) {
        let mut slot = self.slot.lock().await;
        if slot.kept(key).is_none() {
            drop(self.request(&mut slot, key, true, request).await);
        }
    }

    /// Replaces the cached token by the result of `request`.
    ///
    /// # Errors
    /// The error of `request`; the cached token stays.
    pub(crate) async fn replace(&self, key: &str, request: impl Future<Output = Result<T>>) -> Result<T> {
        let mut slot = self.slot.lock().await;
        if let Some(failure) = slot.final_failure(key, self.is_probing()) {
            return Err(failure.error.copied());
        }
        self.request(&mut slot, key, false, request).await
    }

    /// Forgets the cached token if `is_it` matches.
    pub(crate) async fn forget(&self, is_it: impl FnOnce(&T) -> bool) {
        let mut slot = self.slot.lock().await;
        slot.kept.take_if(|kept| is_it(&kept.token));
    }

    async fn request(
        &self,
        slot: &mut Slot<T>,
        key: &str,
        in_advance: bool,
        request: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match request.await {
            Ok(token) => {
                slot.failure = None;
                slot.keep(key, token.clone());
                Ok(token)
            }
            Err(error) => {
                slot.failure = Some(Remembered {
                    key: key.to_owned(),
                    error: error.copied(),
                    at: Instant::now(),
                    unseen: in_advance,
                });
                Err(error)
            }
        }
    }
}

impl<T: Token> Slot<T> {
    fn kept(&self, key: &str) -> Option<T> {
        let kept = self.kept.as_ref().filter(|kept| kept.key == key)?;
        let is_fresh = |end: SystemTime| end > SystemTime::now() + kept.token.early();
        kept.token
            .expires_at()
            .is_none_or(is_fresh)
            .then(|| kept.token.clone())
    }

    fn keep(&mut self, key: &str, token: T) {
        self.count += 1;
        self.kept = Some(Kept {
            key: key.to_owned(),
            token,
        });
    }

    /// Returns a failure that is not retried: a refusal, and in a probe any.
    fn final_failure(&self, key: &str, probing: bool) -> Option<&Remembered> {
        self.failure
            .as_ref()
            .filter(|failure| failure.key == key && (probing || failure.error.kind() == ErrorKind::Denied))
    }

    /// Returns the failure for a caller that has waited since `since`.
    fn failure(&mut self, key: &str, probing: bool, since: Instant) -> Option<Error> {
        let is_final = self.final_failure(key, probing).is_some();
        let failure = self.failure.as_mut().filter(|failure| failure.key == key)?;
        let is_shared = is_final || failure.unseen || failure.at >= since;
        is_shared.then(|| {
            failure.unseen = false;
            failure.error.copied()
        })
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
    fn a_token_is_used_for_its_key_until_five_minutes_before_it_expires() {
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
    fn a_rejected_token_is_replaced_once() {
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
    fn a_refusal_counts_more_than_the_token_that_was_to_be_replaced() {
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
    fn a_refusal_is_final_and_a_missing_answer_only_in_a_probe() {
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
    fn one_failure_goes_to_all_who_wait_and_one_in_advance_to_the_first_caller() {
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
            let shared = second.expect_err("the same failure");
            assert_eq!(shared.details(), [std::fmt::Error.to_string()]);
            assert_eq!(asked.load(Ordering::Relaxed), 1);
            cache.fill("", refuse()).await;
            assert!(cache.get("", None, refuse()).await.is_err());
            assert_eq!(asked.load(Ordering::Relaxed), 2);
            assert!(cache.get("", None, refuse()).await.is_err());
            assert_eq!(asked.load(Ordering::Relaxed), 3);
        });
    }
}
