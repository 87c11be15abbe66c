//! Turning stored names back into ids: an id is listed only if the backend's own plan leads from it to the stored name.

use super::SecretsBackend;
use crate::error::{Error, Result};
use crate::listing::{Listed, Listing, Names, Scope};
use crate::location::{Address, NamedSecret, SecretPlace};
use crate::value::Step;

/// The id whose plan shows what stands in front of an id.
const SAMPLE: &str = "x";

/// What stands in front of the ids of a scope.
pub(super) enum Starts {
    /// The starts of the stored names, in the order of a plan.
    Names(Vec<String>),
    /// Nothing is looked up, and why.
    NotLookedUp(String),
}

/// Returns what stands in front of an id in the stored names of `scope`, for a backend whose names end in the id.
///
/// # Errors
/// A scope that has no plan, as in the backend.
pub(super) fn starts<A: Address>(
    backend: &dyn SecretsBackend,
    scope: &Scope,
    name_of: impl Fn(&A) -> &str,
) -> Result<Starts> {
    let mut starts = Vec::new();
    let mut skipped = None;
    for step in backend.plan(&scope.lookup(SAMPLE))? {
        match step.skipped {
            Some(why) => skipped = Some(why),
            None => starts.push(start(name_of(step.location.address()?))?),
        }
    }
    Ok(match skipped {
        Some(why) if starts.is_empty() => Starts::NotLookedUp(why),
        _ => Starts::Names(starts),
    })
}

/// Lists a backend whose steps ask for secrets by name: `stored` gets what stands in front of ids, and returns the stored names.
///
/// `bare` removes from a name what makes no difference to the service.
///
/// # Errors
/// Those of [`starts`] and of `stored`.
pub(super) async fn named<P: SecretPlace, F: Future<Output = Result<Vec<String>>>>(
    backend: &dyn SecretsBackend,
    scope: &Scope,
    bare: fn(&str) -> &str,
    stored: impl FnOnce(Vec<String>) -> F,
) -> Result<Listing> {
    let starts = match starts(backend, scope, |asked: &NamedSecret<P>| &asked.name)? {
        Starts::NotLookedUp(why) => return Ok(Listing::NotLookedUp(why)),
        Starts::Names(starts) => starts,
    };
    let mut names = Names::default();
    for stored in stored(starts.clone()).await? {
        let bare_name = bare(&stored);
        let is_it = |asked: &NamedSecret<P>| bare(&asked.name) == bare_name;
        let mut forms = [stored.as_str(), bare_name].into_iter();
        let listed = forms.find_map(|form| after_start(backend, scope, &starts, form, is_it));
        names.listed.extend(listed);
    }
    Ok(Listing::Names(names))
}

/// Returns the name of the sample without the sample.
fn start(name: &str) -> Result<String> {
    let start = name.strip_suffix(SAMPLE).map(str::to_owned);
    start.ok_or_else(|| Error::internal("a stored name does not end in its id"))
}

/// Returns the id of a stored name, for a backend whose names end in the id.
pub(super) fn after_start<A: Address>(
    backend: &dyn SecretsBackend,
    scope: &Scope,
    starts: &[String],
    stored: &str,
    is_stored: impl Fn(&A) -> bool,
) -> Option<Listed> {
    let ids = starts
        .iter()
        .filter_map(|start| stored.strip_prefix(start.as_str()));
    ids.into_iter()
        .find_map(|id| located(backend, scope, id, &is_stored))
}

/// Returns `id` with its location, if a lookup of it asks the address that `is_stored` recognizes.
pub(super) fn located<A: Address>(
    backend: &dyn SecretsBackend,
    scope: &Scope,
    id: &str,
    is_stored: impl Fn(&A) -> bool,
) -> Option<Listed> {
    if id.is_empty() {
        return None;
    }
    let steps = backend.plan(&scope.lookup(id)).ok()?;
    let is_it = |step: &&Step| step.skipped.is_none() && step.location.address().is_ok_and(&is_stored);
    let location = steps.iter().find(is_it)?.location.clone();
    Some(Listed {
        id: id.to_owned(),
        location,
        state: None,
    })
}
