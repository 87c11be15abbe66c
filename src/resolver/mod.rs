//! Airflow's search path: backends in order, the first that has it wins; "could not tell" stops it.
//!
//! Owns the walk over backends and steps, for one name (here), for many at once (`many`), and what is said when no backend has
//! it (`not_found`, `full_name`). Must not know any backend, nor what a value means. Source: airflow 3.3.2, `airflow/models/connection.py`
//! (`get_connection_from_secrets`), `airflow/models/variable.py` (`get_variable_from_secrets`).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::backend::{CheckConnection, Context, SecretsBackend, registry};
use crate::error::{Error, ErrorKind, Result};
use crate::settings::{Settings, Source};
use crate::shown::shown;
use crate::value::{Answer, Found, Lookup, SecretKind, Step};

mod full_name;
mod many;
mod not_found;

/// How much later than the deadline a backend is given up: its own words for what it waited for are better than any from here.
const GRACE: Duration = Duration::from_millis(40);

/// The search path, ready to be asked.
pub struct Resolver {
    backends: Vec<Box<dyn SecretsBackend>>,
    /// How many of them are configured. They are the first; the others are Airflow's own.
    configured: usize,
    lenient: bool,
    check_connection: CheckConnection,
    team: Option<String>,
    multi_team: bool,
    deadline: Instant,
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
    /// The answer, or what kept the backend from one; `None` for a step that is skipped.
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

/// What the search path has under a name.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The value.
    pub found: Found,
    /// What the user should be told on stderr: the backends that failed before one had it, where `--lenient` allows that.
    pub warnings: Vec<String>,
}

impl Resolver {
    /// Builds every backend of the search path, without asking any. `check_connection` is what a backend that reads whole files
    /// checks their connections with, and `--lenient` whatever a backend has.
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
        let configured = specs.iter().filter(|spec| spec.origin != Source::Default).count();
        let backends = specs
            .into_iter()
            .map(|spec| {
                registry::check(&spec.class_path, &spec.origin)?;
                registry::build(&spec.class_path, spec.kwargs, &context)
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            backends,
            configured,
            lenient: settings.lenient,
            check_connection,
            team: settings.team.clone(),
            multi_team: settings.multi_team,
            deadline: settings.deadline,
        })
    }

    /// Returns the backends that are asked for `kind`, in order. Airflow asks the configured one alone for an option.
    ///
    /// Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `_get_config_value_from_secret_backend`.
    fn asked_for(&self, kind: SecretKind) -> &[Box<dyn SecretsBackend>] {
        match kind {
            SecretKind::Config => &self.backends[..self.configured],
            SecretKind::Connection | SecretKind::Variable => &self.backends,
        }
    }

    /// Whether any backend needs the network.
    #[must_use]
    pub fn needs_network(&self) -> bool {
        self.backends.iter().any(|backend| backend.needs_network())
    }

    /// Returns the names of `kind` that are known without asking anybody, each once.
    #[must_use]
    pub fn local_names(&self, kind: SecretKind) -> BTreeSet<String> {
        self.asked_for(kind)
            .iter()
            .flat_map(|backend| backend.local_names(kind))
            .collect()
    }

    /// Returns what the user should be told about the kwargs of the backends.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.backends
            .iter()
            .flat_map(|backend| backend.warnings())
            .map(String::as_str)
    }

    /// Makes the question. An id with a `..` between slashes is refused for every backend alike: what can be asked for does not
    /// depend on which backend happens to be configured.
    fn lookup(&self, kind: SecretKind, id: &str) -> Result<Lookup> {
        if id.is_empty() {
            return Err(Error::usage(format!("the name of the {kind} is empty")));
        }
        if id.split('/').any(|segment| segment == "..") {
            return Err(Error::usage(format!(
                "{kind} `{}` would climb out of its path with `..`",
                shown(id)
            )));
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
        for backend in self.asked_for(kind) {
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

    /// Asks every step that Airflow could take for `id`, also behind one that has it or that fails. Each backend logs in once.
    ///
    /// # Errors
    /// An id that is empty or climbs out of its path, with status 2.
    pub async fn probe(&self, kind: SecretKind, id: &str) -> Result<Vec<ProbedStep>> {
        let lookup = self.lookup(kind, id)?;
        let mut probed = Vec::new();
        for backend in self.asked_for(kind) {
            backend.probing();
            for step in backend.plan(&lookup)? {
                let started = Instant::now();
                let outcome = match step.skipped {
                    Some(_) => None,
                    None => Some(self.ask_step(backend.as_ref(), &lookup, &step).await),
                };
                let planned = PlannedStep {
                    backend: backend.class_path(),
                    place: backend.place(),
                    step,
                };
                probed.push(ProbedStep {
                    planned,
                    outcome,
                    took: started.elapsed(),
                });
            }
        }
        Ok(probed)
    }

    /// Asks the search path for `id`.
    ///
    /// With `--lenient` a backend that fails is passed over, as Airflow does; when then no backend has the name, the failure is
    /// the answer, because that backend may have had it.
    ///
    /// # Errors
    /// Not found anywhere (status 3), or what kept the first backend from telling (4, 5, 6), or an unusable id (2).
    pub async fn resolve(&self, kind: SecretKind, id: &str) -> Result<Resolved> {
        let lookup = self.lookup(kind, id)?;
        let mut warnings = Vec::new();
        let mut failure = None;
        let mut asked = Vec::with_capacity(self.backends.len());
        for backend in self.asked_for(kind) {
            let outcome = self.ask(backend.as_ref(), &lookup).await;
            match outcome.and_then(|outcome| self.check(&lookup, outcome)) {
                Ok(Outcome::Found(found)) => return Ok(Resolved { found, warnings }),
                Ok(Outcome::NotFound(missed)) => asked.push((backend.as_ref(), missed)),
                Err(error) if self.lenient && lenient_passes(error.kind()) => {
                    warnings.push(format!(
                        "{error}; asking the next backend for {kind} `{}`",
                        shown(id)
                    ));
                    failure.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(failure.unwrap_or_else(|| not_found::error(&lookup, &asked)))
    }

    /// With `--lenient`, makes a failure of what a backend has and cannot be a connection: in Airflow it is the backend that reads
    /// it, and that fails.
    fn check(&self, lookup: &Lookup, outcome: Outcome) -> Result<Outcome> {
        if self.lenient
            && lookup.kind == SecretKind::Connection
            && let Outcome::Found(found) = &outcome
        {
            (self.check_connection)(&lookup.id, found)?;
        }
        Ok(outcome)
    }

    /// Asks one backend, step after step, for `lookup`.
    async fn ask(&self, backend: &dyn SecretsBackend, lookup: &Lookup) -> Result<Outcome> {
        let steps = backend.plan(lookup)?;
        let mut hint = None;
        let mut null = None;
        for (index, step) in steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.skipped.is_none())
        {
            let answer = self.ask_step(backend, lookup, step).await;
            match answer.map_err(|error| in_context(error, backend, lookup))? {
                Answer::Found(found) => return Ok(Outcome::Found(found)),
                Answer::Absent { hint: told } => hint = hint.or(told),
                Answer::Null => {
                    null = Some(index);
                    break;
                }
            }
        }
        Ok(Outcome::NotFound(Missed { steps, hint, null }))
    }

    /// Asks one step; what needs the network has until the deadline, and a moment to say what it waited for.
    async fn ask_step(&self, backend: &dyn SecretsBackend, lookup: &Lookup, step: &Step) -> Result<Answer> {
        let asked = backend.ask(lookup, step);
        let answer = if backend.needs_network() {
            match tokio::time::timeout_at((self.deadline + GRACE).into(), asked).await {
                Ok(answer) => answer,
                Err(_) => Err(
                    Error::unavailable(format!("{} did not answer in time", backend.place()))
                        .with_hint("`--timeout SECONDS` gives it longer"),
                ),
            }
        } else {
            asked.await
        };
        tracing::debug!(
            backend = backend.class_path(),
            step = ?step.location,
            answer = match &answer {
                Ok(Answer::Found(_)) => "found",
                Ok(Answer::Absent { .. }) => "not found",
                Ok(Answer::Null) => "null",
                Err(_) => "failed",
            },
            "asked"
        );
        answer
    }
}

/// What one backend has under a name: a value, or none.
enum Outcome {
    Found(Found),
    NotFound(Missed),
}

/// How a backend came to have nothing.
struct Missed {
    steps: Vec<Step>,
    /// What it says about that.
    hint: Option<String>,
    /// The step at which there is something, and Airflow makes `None` of it.
    null: Option<usize>,
}

/// Whether Airflow would go on behind a failure of this kind. It would behind any; an id that cannot be asked for and errors of
/// our own are no backend's failure.
fn lenient_passes(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Internal | ErrorKind::BrokenPipe)
}

/// Says which name was asked for, and of whom, beneath a backend's own words.
fn in_context(error: Error, backend: &dyn SecretsBackend, lookup: &Lookup) -> Error {
    match error.kind() {
        ErrorKind::Denied | ErrorKind::Unavailable => {
            let (kind, id) = (lookup.kind, shown(&lookup.id));
            let place = shown(&backend.place());
            error.with_detail(format!("while {place} was asked for {kind} `{id}`"))
        }
        _ => error,
    }
}
