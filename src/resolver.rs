//! Airflow's search path: backends in order, the first that has it wins; "could not tell" stops it.
//!
//! Owns the walk over backends and steps, for one name and for many. Must not know any backend, nor what a value means.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::backend::{CheckConnection, Context, SecretsBackend, registry};
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::value::{Answer, Found, Lookup, SecretKind, Step};

/// The search path, ready to be asked.
pub struct Resolver {
    backends: Vec<Box<dyn SecretsBackend>>,
    lenient: bool,
    team: Option<String>,
    multi_team: bool,
}

/// A step of a backend on the search path, as `explain` shows it.
#[derive(Debug)]
pub struct PlannedStep {
    /// The backend's class path in Airflow.
    pub backend: &'static str,
    /// Where it looks, for people.
    pub place: String,
    /// The step.
    pub step: Step,
}

/// A step, and what came of asking it.
#[derive(Debug)]
pub struct ProbedStep {
    /// The step.
    pub planned: PlannedStep,
    /// The answer, or why there is none; `None` for a step that is skipped.
    pub outcome: Option<Result<Answer>>,
    /// How long it took.
    pub took: Duration,
}

impl ProbedStep {
    /// Takes a step that was not asked.
    #[must_use]
    pub fn unasked(planned: PlannedStep) -> Self {
        Self {
            planned,
            outcome: None,
            took: Duration::ZERO,
        }
    }
}

impl Resolver {
    /// Builds every backend of the search path, without asking any. `check_connection` is what a backend that reads whole files
    /// checks their connections with.
    ///
    /// # Errors
    /// A backend that cannot be built, with status 2.
    pub fn new(settings: &mut Settings, check_connection: CheckConnection) -> Result<Self> {
        let specs = std::mem::take(&mut settings.search_path);
        let context = Context {
            env: &settings.env,
            deadline: settings.deadline,
            check_connection,
        };
        let backends = specs
            .into_iter()
            .map(|spec| registry::build(&spec.class_path, spec.kwargs, &context))
            .collect::<Result<Vec<_>>>()?;
        let told = backends.iter().flat_map(|backend| backend.warnings());
        settings.warnings.extend(told.cloned());
        Ok(Self {
            backends,
            lenient: settings.lenient,
            team: settings.team.clone(),
            multi_team: settings.multi_team,
        })
    }

    /// Whether any backend needs the network.
    #[must_use]
    pub fn needs_network(&self) -> bool {
        self.backends.iter().any(|backend| backend.needs_network())
    }

    fn lookup(&self, kind: SecretKind, id: &str) -> Result<Lookup> {
        if id.is_empty() {
            return Err(Error::usage(format!("the name of a {kind} is empty")));
        }
        Ok(Lookup {
            kind,
            id: id.to_owned(),
            team: self.team.clone(),
            multi_team: self.multi_team,
        })
    }

    /// Returns every step that Airflow would take for `id`, in order, without asking anyone.
    ///
    /// # Errors
    /// An id that is empty or climbs out of its path, with status 2.
    pub fn plan(&self, kind: SecretKind, id: &str) -> Result<Vec<PlannedStep>> {
        let lookup = self.lookup(kind, id)?;
        let mut planned = Vec::new();
        for backend in &self.backends {
            for step in backend.plan(&lookup)? {
                planned.push(PlannedStep {
                    backend: backend.class_path(),
                    place: backend.place(),
                    step,
                });
            }
        }
        Ok(planned)
    }

    /// Returns the names of `kind` that are known without asking anybody, each once.
    #[must_use]
    pub fn local_names(&self, kind: SecretKind) -> BTreeSet<String> {
        self.backends
            .iter()
            .flat_map(|backend| backend.local_names(kind))
            .collect()
    }

    /// Asks every step of `id`'s plan that Airflow would not skip, whatever the steps before it answer.
    ///
    /// # Errors
    /// An id that is empty or climbs out of its path, with status 2. That a step could not tell is in its outcome.
    pub async fn probe(&self, kind: SecretKind, id: &str) -> Result<Vec<ProbedStep>> {
        let lookup = self.lookup(kind, id)?;
        let mut probed = Vec::new();
        for backend in &self.backends {
            for step in backend.plan(&lookup)? {
                let started = Instant::now();
                let outcome = match step.skipped {
                    Some(_) => None,
                    None => Some(backend.ask(&lookup, &step).await),
                };
                probed.push(ProbedStep {
                    planned: PlannedStep {
                        backend: backend.class_path(),
                        place: backend.place(),
                        step,
                    },
                    outcome,
                    took: started.elapsed(),
                });
            }
        }
        Ok(probed)
    }

    /// Asks the search path for `id`.
    ///
    /// # Errors
    /// Not found anywhere (status 3), or what kept the first backend from telling (4, 5, 6), or an unusable id (2).
    pub async fn resolve(&self, kind: SecretKind, id: &str) -> Result<Found> {
        let lookup = self.lookup(kind, id)?;
        for backend in &self.backends {
            match ask(backend.as_ref(), &lookup).await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) if self.lenient => drop(error),
                Err(error) => return Err(error),
            }
        }
        Err(Error::not_found(format!("{kind} `{id}` was not found")))
    }
}

/// Asks one backend, step after step, for `lookup`.
async fn ask(backend: &dyn SecretsBackend, lookup: &Lookup) -> Result<Option<Found>> {
    for step in backend.plan(lookup)?.iter().filter(|step| step.skipped.is_none()) {
        match backend.ask(lookup, step).await? {
            Answer::Found(found) => return Ok(Some(found)),
            Answer::Absent { .. } => {}
            Answer::Null => break,
        }
    }
    Ok(None)
}
