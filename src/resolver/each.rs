//! Resolves many names to an outcome each: a failure of one does not stop the others.
//!
//! Owns when a backend counts as unreachable, so that its names do not wait for it one after the other.

use std::cell::RefCell;
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};

use super::many::distinct;
use super::{Hit, Outcome, Resolved, Resolver, ask, in_context};
use crate::backend::SecretsBackend;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Lookup, SecretKind};

/// A backend is not asked for more names after it failed to answer for this many without an answer in between. If more are asked at
/// the same time, it is as many as that, so that the wait for one is the wait for all.
const GIVE_UP_AFTER: usize = 8;

/// What the search path has under a name, and where.
#[derive(Clone, Debug)]
pub struct Located {
    /// The value, and the warnings about it.
    pub resolved: Resolved,
    /// Where it is, for people: "secret `a` in Azure Key Vault <https://kv.vault.azure.net/>".
    pub place: String,
}

impl Resolver {
    /// Resolves every name, at most `--jobs` at the same time, and returns an outcome for each, in the order of `names`.
    ///
    /// A name that is given several times is resolved once. Each backend logs in once, and a refused login is final. A backend that does
    /// not answer for 8 names in a row, or for `--jobs` names if that is more, is not asked for the others: they fail with the same error. Calls `progress` after each answer
    /// with the number of answers so far and in total.
    pub async fn resolve_each(
        &self,
        names: &[(SecretKind, &str)],
        mut progress: impl FnMut(usize, usize),
    ) -> Vec<Result<Located>> {
        for backend in &self.backends {
            backend.probing();
        }
        let unreachable = Unreachable::new(self.backends.len(), self.jobs.max(GIVE_UP_AFTER));
        let (distinct, positions) = distinct(names);
        let total = distinct.len();
        let ask = |index: usize| {
            let (kind, id) = distinct[index];
            let unreachable = &unreachable;
            async move { (index, self.search(kind, id, Some(unreachable)).await) }
        };
        let mut outcomes: Vec<Option<Result<Located>>> = distinct.iter().map(|_| None).collect();
        let mut asking = std::pin::pin!(stream::iter(0..total).map(ask).buffer_unordered(self.jobs));
        let mut done = 0;
        while let Some((index, outcome)) = asking.next().await {
            done += 1;
            progress(done, total);
            outcomes[index] = Some(outcome.map(|hit| self.located(hit)));
        }
        positions
            .into_iter()
            .map(|position| match &outcomes[position] {
                Some(Ok(located)) => Ok(located.clone()),
                Some(Err(error)) => Err(error.copied()),
                None => Err(Error::internal("a name was not asked for")),
            })
            .collect()
    }

    fn located(&self, hit: Hit) -> Located {
        let place = self.backends[hit.backend].place();
        Located {
            place: hit.location.sentence(&place),
            resolved: Resolved {
                found: hit.found,
                warnings: hit.warnings,
            },
        }
    }
}

/// The backends that do not answer.
pub(super) struct Unreachable {
    failures: Vec<RefCell<Failures>>,
    /// After how many failures in a row a backend counts as unreachable.
    give_up_after: usize,
}

/// The failures of one backend since its last answer.
#[derive(Default)]
struct Failures {
    count: usize,
    last: Option<Error>,
}

impl Unreachable {
    fn new(backends: usize, give_up_after: usize) -> Self {
        Self {
            failures: (0..backends).map(|_| RefCell::default()).collect(),
            give_up_after,
        }
    }

    /// Asks the backend with the index `index`, unless it counts as unreachable.
    pub(super) async fn ask(
        &self,
        index: usize,
        backend: &dyn SecretsBackend,
        lookup: &Lookup,
        deadline: Instant,
    ) -> Result<Outcome> {
        let Some(failures) = self.failures.get(index) else {
            return ask(backend, lookup, deadline).await;
        };
        if let Some(error) = failures.borrow().given_up(self.give_up_after) {
            return Err(in_context(error, backend, lookup));
        }
        let outcome = ask(backend, lookup, deadline).await;
        failures.borrow_mut().record(&outcome, backend, lookup);
        outcome
    }
}

impl Failures {
    /// Returns the error for all other names, if the backend counts as unreachable.
    fn given_up(&self, after: usize) -> Option<Error> {
        let last = self.last.as_ref().filter(|_| self.count >= after)?;
        Some(last.copied())
    }

    fn record(&mut self, outcome: &Result<Outcome>, backend: &dyn SecretsBackend, lookup: &Lookup) {
        match outcome {
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                self.count += 1;
                self.last = Some(without_context(error, backend, lookup));
            }
            _ => *self = Self::default(),
        }
    }
}

/// Copies an error without the detail that names the lookup.
fn without_context(error: &Error, backend: &dyn SecretsBackend, lookup: &Lookup) -> Error {
    let context = in_context(Error::unavailable(""), backend, lookup);
    let copy = error.copied();
    let details = copy
        .details()
        .iter()
        .filter(|detail| !context.details().contains(detail));
    let bare = details.fold(Error::unavailable(copy.message()), Error::with_detail);
    match copy.hint() {
        Some(hint) => bare.with_hint(hint),
        None => bare,
    }
}
