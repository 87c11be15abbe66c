//! Airflow's search path: asks backends in order until one has a value. A failure stops the search.
//!
//! Owns the walk over backends and steps for one name (here) and for many (`many`, `each`), and the error of a name that no backend has
//! (`not_found`, `full_name`), and what backends look up while they answer (`options`, `connections`). Must not know any backend, or what a value means. Source: airflow 3.3.2,
//! `airflow/models/connection.py` (`get_connection_from_secrets`), `airflow/models/variable.py` (`get_variable_from_secrets`).

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::backend::{Context, ReadConnection, SecretsBackend, Warnings, registry};
use crate::error::{Error, ErrorKind, Result};
use crate::location::Location;
use crate::settings::{BackendSpec, NamedOption, Settings, Source};
use crate::shown::shown;
use crate::value::{Answer, Found, Lookup, SecretKind, Step};

mod checkup;
mod connections;
mod each;
mod full_name;
pub mod list;
mod many;
mod not_found;
mod options;
pub mod privileges;

use connections::ConnectionSearch;
pub use each::Located;
use each::Unreachable;
use options::Options;
pub use options::{OptionReport, ReportedStep};

/// How long after the deadline a backend is abandoned. Its own error is better, because it knows what it waited for.
const GRACE: Duration = Duration::from_millis(40);

/// The search path with its backends.
pub struct Resolver {
    backends: Vec<Arc<dyn SecretsBackend>>,
    /// How many backends are configured. They come first; the others are Airflow's own.
    configured: usize,
    lenient: bool,
    read_connection: ReadConnection,
    team: Option<String>,
    multi_team: bool,
    deadline: Instant,
    /// How many names are resolved at the same time.
    jobs: usize,
    late_warnings: Warnings,
    options: Arc<Options>,
}

/// A step of a backend on the search path, as `explain` shows it.
#[derive(Debug)]
pub struct PlannedStep {
    /// The backend's class path in Airflow.
    pub backend: &'static str,
    /// Where it looks, for messages.
    pub place: String,
    /// The step.
    pub step: Step,
}

/// A step and its outcome.
#[derive(Debug)]
pub struct ProbedStep {
    /// The step.
    pub planned: PlannedStep,
    /// The answer or the error; `None` for a skipped step.
    pub outcome: Option<Result<Answer>>,
    /// How long it took.
    pub took: Duration,
}

impl ProbedStep {
    /// Creates the outcome of a step that was not asked.
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
    /// Warnings for stderr: the failures of earlier backends, which `--lenient` allows, and a doubt about which value is meant.
    pub warnings: Vec<String>,
}

impl Resolver {
    /// Builds every backend of the search path, without asking them.
    ///
    /// A backend that reads whole files checks their connections with `read_connection`. With `--lenient`, it checks every
    /// connection that is found.
    ///
    /// # Errors
    /// A backend that cannot be built, with status 2.
    pub fn new(settings: &mut Settings, read_connection: ReadConnection) -> Result<Self> {
        let specs = std::mem::take(&mut settings.search_path);
        let options = Arc::new(Options::new(settings.airflow.clone(), settings.deadline));
        let connections = Arc::new(ConnectionSearch::new(read_connection, settings));
        let context = Context {
            env: &settings.env,
            deadline: settings.deadline,
            read_connection,
            connections: connections.clone(),
            airflow: options.clone(),
            warnings: Warnings::default(),
            jobs: settings.jobs,
        };
        let configured = specs.iter().filter(|spec| spec.origin != Source::Default).count();
        let backends = specs
            .into_iter()
            .map(|spec| {
                Self::check_class(&spec)?;
                registry::build(&spec.class_path, spec.kwargs, &context).map(Arc::from)
            })
            .collect::<Result<Vec<Arc<dyn SecretsBackend>>>>()?;
        options.set_configured(backends[..configured].iter().map(Arc::downgrade).collect());
        connections.set_backends(backends.iter().map(Arc::downgrade).collect());
        Ok(Self {
            backends,
            configured,
            lenient: settings.lenient,
            read_connection,
            team: settings.team.clone(),
            multi_team: settings.multi_team,
            deadline: settings.deadline,
            jobs: settings.jobs,
            late_warnings: context.warnings,
            options,
        })
    }

    /// Checks that the class path of `spec` belongs to a backend.
    ///
    /// # Errors
    /// An unknown class path, with status 2.
    pub fn check_class(spec: &BackendSpec) -> Result<()> {
        registry::check(&spec.class_path, &spec.origin)
    }

    /// Returns the backends that are asked for `kind`, in order. Airflow looks up an option only in the configured backend.
    ///
    /// Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `_get_config_value_from_secret_backend`.
    fn asked_for(&self, kind: SecretKind) -> &[Arc<dyn SecretsBackend>] {
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

    /// Returns the names of `kind` that are known without a request, each once.
    #[must_use]
    pub fn local_names(&self, kind: SecretKind) -> BTreeSet<String> {
        self.asked_for(kind)
            .iter()
            .flat_map(|backend| backend.local_names(kind))
            .collect()
    }

    /// Returns the warnings about the kwargs of the backends.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.backends
            .iter()
            .flat_map(|backend| backend.warnings())
            .map(String::as_str)
    }

    /// Takes the warnings that backends had while they answered.
    #[must_use]
    pub fn late_warnings(&self) -> Vec<String> {
        self.late_warnings.take()
    }

    /// Creates the lookup for `id`.
    fn lookup(&self, kind: SecretKind, id: &str) -> Result<Lookup> {
        lookup(kind, id, self.team.clone(), self.multi_team)
    }

    /// Returns every step that Airflow would take for `id`, in order, without I/O.
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

    /// Asks every step that Airflow could take for `id`, also after one that has a value or fails. Each backend logs in once.
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
                    None => Some(ask_step(backend.as_ref(), &lookup, &step, self.deadline).await),
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

    /// Looks up an option of Airflow's configuration. With `ask`, runs the commands and asks the configured backend, where the
    /// configuration says so.
    pub async fn option(&self, named: &NamedOption, ask: bool) -> OptionReport {
        self.options.report(named, ask).await
    }

    /// Asks the search path for `id`.
    ///
    /// With `--lenient`, a failed backend is skipped, as in Airflow. If no other backend has the name, the result is that
    /// failure, because the failed backend may have the name.
    ///
    /// # Errors
    /// Not found anywhere (status 3), the first failure of a backend (4, 5, 6), or an unusable id or configuration (2).
    pub async fn resolve(&self, kind: SecretKind, id: &str) -> Result<Resolved> {
        let Hit { found, warnings, .. } = self.search(kind, id, None).await?;
        Ok(Resolved { found, warnings })
    }

    /// Asks the search path for `id`, and remembers in `unreachable` which backends do not answer.
    async fn search(&self, kind: SecretKind, id: &str, unreachable: Option<&Unreachable>) -> Result<Hit> {
        let lookup = self.lookup(kind, id)?;
        let mut warnings = Vec::new();
        let mut failure = None;
        let mut asked = Vec::with_capacity(self.backends.len());
        for (index, backend) in self.asked_for(kind).iter().enumerate() {
            let outcome = match unreachable {
                Some(unreachable) => {
                    unreachable
                        .ask(index, backend.as_ref(), &lookup, self.deadline)
                        .await
                }
                None => ask(backend.as_ref(), &lookup, self.deadline).await,
            };
            match outcome.and_then(|outcome| self.check(&lookup, outcome)) {
                Ok(Outcome::Found { found, location }) => {
                    return Ok(Hit {
                        found,
                        warnings,
                        location,
                        backend: index,
                    });
                }
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

    /// With `--lenient`, returns an error if what was found cannot be a connection: in Airflow, the backend parses it and fails.
    fn check(&self, lookup: &Lookup, outcome: Outcome) -> Result<Outcome> {
        if self.lenient
            && lookup.kind == SecretKind::Connection
            && let Outcome::Found { found, .. } = &outcome
        {
            (self.read_connection)(&lookup.id, found)?;
        }
        Ok(outcome)
    }
}

/// Creates the lookup for `id`.
///
/// A segment `..` is refused for every backend, so that valid ids do not depend on the configured backend.
fn lookup(kind: SecretKind, id: &str, team: Option<String>, multi_team: bool) -> Result<Lookup> {
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
        team,
        multi_team,
    })
}

/// Asks one backend, step after step, for `lookup`.
async fn ask(backend: &dyn SecretsBackend, lookup: &Lookup, deadline: Instant) -> Result<Outcome> {
    let steps = backend.plan(lookup)?;
    let mut hint = None;
    let mut null = None;
    for (index, step) in steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.skipped.is_none())
    {
        let answer = ask_step(backend, lookup, step, deadline).await;
        match answer.map_err(|error| in_context(error, backend, lookup))? {
            Answer::Found(found) => {
                return Ok(Outcome::Found {
                    found,
                    location: step.location.clone(),
                });
            }
            Answer::Absent { hint: own } => hint = hint.or(own),
            Answer::Null => {
                null = Some(index);
                break;
            }
        }
    }
    Ok(Outcome::NotFound(Missed { steps, hint, null }))
}

/// Waits for an answer. A backend that needs the network has until the deadline, and [`GRACE`] to report what it waited for.
async fn within<T>(
    backend: &dyn SecretsBackend,
    deadline: Instant,
    answer: impl Future<Output = Result<T>>,
) -> Result<T> {
    if !backend.needs_network() {
        return answer.await;
    }
    tokio::time::timeout_at((deadline + GRACE).into(), answer)
        .await
        .unwrap_or_else(|_| {
            Err(
                Error::unavailable(format!("{} did not answer in time", backend.place()))
                    .with_hint("`--timeout SECONDS` gives it longer"),
            )
        })
}

/// Asks one step.
async fn ask_step(
    backend: &dyn SecretsBackend,
    lookup: &Lookup,
    step: &Step,
    deadline: Instant,
) -> Result<Answer> {
    let answer = within(backend, deadline, backend.ask(lookup, step)).await;
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

/// What one backend has under a name.
enum Outcome {
    Found { found: Found, location: Location },
    NotFound(Missed),
}

/// What a search found, and where.
struct Hit {
    found: Found,
    warnings: Vec<String>,
    location: Location,
    /// The index of the backend.
    backend: usize,
}

/// Why a backend has no value.
struct Missed {
    steps: Vec<Step>,
    /// The backend's own hint.
    hint: Option<String>,
    /// The index of the step whose value is null, which Airflow reads as `None`.
    null: Option<usize>,
}

/// Whether `--lenient` continues after an error of this kind. Airflow continues after every failure of a backend; internal
/// errors and a broken pipe are not failures of a backend.
fn lenient_passes(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Internal | ErrorKind::BrokenPipe)
}

/// Adds to a backend's error which backend was asked for which name.
fn in_context(error: Error, backend: &dyn SecretsBackend, lookup: &Lookup) -> Error {
    in_place(
        error,
        backend,
        &format!("{} `{}`", lookup.kind, shown(&lookup.id)),
    )
}

/// Adds to a backend's error what it was asked for.
fn in_place(error: Error, backend: &dyn SecretsBackend, wanted: &str) -> Error {
    match error.kind() {
        ErrorKind::Denied | ErrorKind::Unavailable => {
            let place = shown(&backend.place());
            error.with_detail(format!("while {place} was asked for {wanted}"))
        }
        _ => error,
    }
}
