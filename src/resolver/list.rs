//! Lists the names of every place on the search path, in Airflow's order, and says which an earlier place shadows.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{Resolver, in_place, lenient_passes, within};
use crate::backend::SecretsBackend;
use crate::error::{Error, Result};
use crate::listing::{Listed, Listing, Scope};
use crate::value::SecretKind;

/// A place on the search path, and its names.
#[derive(Debug)]
pub struct ListedPlace {
    /// The backend's class path in Airflow.
    pub backend: &'static str,
    /// Where it looks, for messages.
    pub place: String,
    /// What it has.
    pub outcome: Outcome,
}

/// What a place has.
#[derive(Debug)]
pub enum Outcome {
    /// Its names.
    Listed {
        /// The names, sorted, each once.
        names: Vec<ListedName>,
        /// What the user should know about them.
        notes: Vec<String>,
    },
    /// Airflow looks no name of this kind up there, and why.
    NotLookedUp(String),
    /// It cannot list its names, and why.
    Cannot(String),
    /// It could not be asked, which `--lenient` allows.
    Failed(Error),
}

/// A name that a place has.
#[derive(Debug)]
pub struct ListedName {
    /// The connection id, variable key or configuration key.
    pub id: String,
    /// What keeps it from being read, such as "disabled".
    pub state: Option<&'static str>,
    /// The place whose value Airflow uses instead, for messages.
    pub shadowed_by: Option<String>,
}

/// A place that was listed already: it may shadow the names of later places.
struct Earlier {
    backend: Arc<dyn SecretsBackend>,
    stored: HashSet<String>,
}

impl Earlier {
    /// Whether a lookup of `id` finds something here.
    fn has(&self, scope: &Scope, id: &str) -> bool {
        let steps = self.backend.plan(&scope.lookup(id)).unwrap_or_default();
        steps
            .iter()
            .any(|step| step.skipped.is_none() && self.stored.contains(&step.location.key()))
    }
}

impl Resolver {
    /// Lists the names of `kind` at every place on the search path, in Airflow's order.
    ///
    /// With `--lenient`, a place that fails is in the result with its error.
    ///
    /// # Errors
    /// The first failure of a backend: it may not be listed (4), cannot be reached (5), or is unusable (2).
    pub async fn list(&self, kind: SecretKind) -> Result<Vec<ListedPlace>> {
        let scope = Scope {
            kind,
            team: self.team.clone(),
            multi_team: self.multi_team,
        };
        let mut places = Vec::new();
        let mut earlier: Vec<Earlier> = Vec::new();
        for backend in self.asked_for(kind) {
            let outcome = match self.list_one(backend, &scope, &mut earlier).await {
                Err(error) if self.lenient && lenient_passes(error.kind()) => Outcome::Failed(error),
                outcome => outcome?,
            };
            places.push(ListedPlace {
                backend: backend.class_path(),
                place: backend.place(),
                outcome,
            });
        }
        Ok(places)
    }

    /// Lists one place, and adds it to the `earlier` places.
    async fn list_one(
        &self,
        backend: &Arc<dyn SecretsBackend>,
        scope: &Scope,
        earlier: &mut Vec<Earlier>,
    ) -> Result<Outcome> {
        let listing = within(backend.as_ref(), self.deadline, backend.list(scope))
            .await
            .map_err(|error| in_place(error, backend.as_ref(), &format!("its {}", scope.kinds())))?;
        let names = match listing {
            Listing::Names(names) => names,
            Listing::NotLookedUp(why) => return Ok(Outcome::NotLookedUp(why)),
            Listing::Cannot(why) => return Ok(Outcome::Cannot(why)),
        };
        tracing::debug!(
            backend = backend.class_path(),
            names = names.listed.len(),
            "listed"
        );
        let mut notes = names.notes;
        notes.sort();
        notes.dedup();
        let mut stored = HashSet::with_capacity(names.listed.len());
        let mut states: BTreeMap<String, Option<&'static str>> = BTreeMap::new();
        for Listed { id, location, state } in names.listed {
            // The resolver refuses some ids before it asks any backend.
            if self.lookup(scope.kind, &id).is_err() {
                continue;
            }
            // A name that cannot be read stops a lookup, too.
            stored.insert(location.key());
            // An id at several locations is readable if one of them is.
            let known = states.entry(id).or_insert(state);
            *known = known.and(state);
        }
        let shadowed_by = |id: &str| {
            let place = earlier.iter().find(|earlier| earlier.has(scope, id));
            place.map(|earlier| earlier.backend.place())
        };
        let names = states
            .into_iter()
            .map(|(id, state)| ListedName {
                shadowed_by: shadowed_by(&id),
                id,
                state,
            })
            .collect();
        earlier.push(Earlier {
            backend: Arc::clone(backend),
            stored,
        });
        Ok(Outcome::Listed { names, notes })
    }
}
