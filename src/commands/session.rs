//! The session of a command that looks names up: settings, search path, and what runs its futures.
//!
//! Owns the lookups: one name or many, within `--timeout`, with a progress line if they take long.

use std::cell::Cell;
use std::collections::HashSet;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, Interval};

use crate::connection::{self, Connection};
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::future;
use crate::options::GlobalArgs;
use crate::python::json;
use crate::render::masks::is_sensitive;
use crate::render::{Masks, Terminal, log};
use crate::resolver::{Located, Resolved, Resolver};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::value::{Found, SecretKind};

/// How long after the deadline the session gives up. A backend that reports its own timeout can say what it was waiting for.
const GRACE: Duration = Duration::from_millis(60);

/// How long a command with many names waits before it shows progress.
const PROGRESS_DELAY: Duration = Duration::from_secs(1);

/// The interval between updates of the progress line.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// The settings and the search path of one command, and what runs its futures.
pub(crate) struct Session {
    pub(super) settings: Settings,
    pub(super) resolver: Resolver,
    pub(super) terminal: Terminal,
    executor: Executor,
}

impl Session {
    /// Resolves the settings, builds the search path, and prints the warnings of both.
    ///
    /// # Errors
    /// A configuration that cannot be used, with status 2.
    pub(crate) fn start(args: &GlobalArgs, env: Env) -> Result<Self> {
        let session = Self::of(Settings::resolve(args, env)?, "")?;
        if let Some(warning) = secret_in_sight(args) {
            session.terminal.warning(&warning);
        }
        Ok(session)
    }

    /// Does the same for the configuration of `files`, beside the one at hand. Warnings and errors say which of the two they mean.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub(crate) fn start_other(args: &GlobalArgs, env: &Env, files: &[PathBuf]) -> Result<Self> {
        Settings::resolve_other(args, env, files)
            .and_then(|settings| Self::of(settings, "in the configuration of `--with`: "))
            .map_err(|error| error.with_detail("in the configuration of `--with`"))
    }

    /// Builds the search path of `settings`, and prints the warnings, each after `label`.
    fn of(mut settings: Settings, label: &str) -> Result<Self> {
        let terminal = Terminal::new(settings.color.forced(), settings.quiet, &settings.env);
        log::start(settings.verbose, &settings.env)?;
        for warning in &settings.warnings {
            terminal.warning(&format!("{label}{warning}"));
        }
        let resolver = resolver(&mut settings)?;
        for warning in resolver.warnings() {
            terminal.warning(&format!("{label}{warning}"));
        }
        let executor = Executor::new(&resolver)?;
        Ok(Self {
            settings,
            resolver,
            terminal,
            executor,
        })
    }

    /// Looks up `id` on the search path, and prints its warnings.
    pub(super) fn resolve(&self, kind: SecretKind, id: &str) -> Result<Found> {
        let resolved = self.block_on(self.resolver.resolve(kind, id));
        Ok(self.warned((kind, id), resolved.map_err(|error| self.with_expansions(error))?))
    }

    /// Looks up many names, a few at a time and each once, and returns the values in the order of the names.
    ///
    /// `needed_by` returns what a failed name is needed by, as details of its error.
    pub(super) fn resolve_all(
        &self,
        names: &[(SecretKind, &str)],
        needed_by: impl Fn(SecretKind, &str) -> Vec<String>,
    ) -> Result<Vec<Found>> {
        let done = Cell::new(0);
        let resolved = self
            .block_on(
                self.with_progress(
                    names.len(),
                    &done,
                    self.resolver
                        .resolve_many(names, needed_by, |answered, _| done.set(answered)),
                ),
            )
            .map_err(|error| self.with_expansions(error))?;
        let mut warned = HashSet::with_capacity(names.len());
        Ok(names
            .iter()
            .zip(resolved)
            .map(|(name, resolved)| {
                // A name may occur twice; one warning is enough.
                if warned.insert(*name) {
                    self.warned(*name, resolved)
                } else {
                    resolved.found
                }
            })
            .collect())
    }

    /// Looks up many names, a few at a time and each once, and returns an outcome for each, in the order of the names.
    ///
    /// A backend that does not answer until `--timeout` is the failure of each name that needs it.
    pub(super) fn resolve_each(&self, names: &[(SecretKind, &str)]) -> Vec<Result<Located>> {
        let done = Cell::new(0);
        let outcomes = self.executor.block_on(
            self.with_progress(
                names.len(),
                &done,
                self.resolver
                    .resolve_each(names, |answered, _| done.set(answered)),
            ),
        );
        for warning in self.resolver.late_warnings() {
            self.terminal.warning(&warning);
        }
        outcomes
            .into_iter()
            .map(|outcome| outcome.map_err(|error| self.with_expansions(error)))
            .collect()
    }

    /// Looks up many names as [`resolve_each`](Self::resolve_each) does, and prints the warnings of those that are found.
    pub(super) fn find_each(&self, names: &[(SecretKind, &str)]) -> Vec<Result<Found>> {
        self.resolve_each(names)
            .into_iter()
            .zip(names)
            .map(|(outcome, name)| Ok(self.warned(*name, outcome?.resolved)))
            .collect()
    }

    /// Completes a future, and meanwhile shows how many of `total` names are `done`.
    async fn with_progress<T>(
        &self,
        total: usize,
        done: &Cell<usize>,
        resolving: impl Future<Output = T>,
    ) -> T {
        let mut progress = Progress::new(self, total);
        let mut resolving = pin!(resolving);
        loop {
            tokio::select! {
                biased;
                resolved = &mut resolving => return resolved,
                () = progress.tick() => progress.show(done.get()),
            }
        }
    }

    /// Adds to a refusal what Airflow's expansion replaced in the kwargs. A `$` in a password may have been meant literally.
    fn with_expansions(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Denied {
            return error;
        }
        (self.settings.provenance.replaced_in_kwargs())
            .into_iter()
            .fold(error, Error::with_detail)
    }

    fn warned(&self, (kind, id): (SecretKind, &str), resolved: Resolved) -> Found {
        for warning in &resolved.warnings {
            self.terminal.warning(warning);
        }
        if kind == SecretKind::Connection
            && let Some(doubt) = connection::doubt(id, &resolved.found)
        {
            self.terminal.warning(&doubt);
        }
        resolved.found
    }

    /// Runs a future until it completes or `--timeout` is over.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        let result = if self.resolver.needs_network() {
            let end = Instant::from_std(self.settings.deadline + GRACE);
            self.executor.block_on(async {
                tokio::time::timeout_at(end, future)
                    .await
                    .unwrap_or_else(|_| Err(Error::unavailable("timed out (`--timeout`)")))
            })
        } else {
            self.executor.block_on(future)
        };
        for warning in self.resolver.late_warnings() {
            self.terminal.warning(&warning);
        }
        result
    }

    /// Returns an empty set of masks for the current CI system.
    pub(super) fn masks(&self) -> Masks {
        Masks::new(&self.settings.env, self.settings.no_mask)
    }
}

/// Builds the search path of `settings`.
///
/// # Errors
/// A backend that cannot be built, with status 2.
pub(super) fn resolver(settings: &mut Settings) -> Result<Resolver> {
    Resolver::new(settings, |conn_id, found| {
        let connection = Connection::from_found(conn_id, found)?;
        Ok(connection.extra_object().cloned().unwrap_or_default())
    })
}

/// What runs the futures of a search path.
pub(super) enum Executor {
    /// This thread, which waits only for other threads. A lookup in local files is over before a runtime has started.
    Thread,
    /// A runtime with timers and sockets.
    Runtime(tokio::runtime::Runtime),
}

impl Executor {
    /// Starts what the search path needs.
    pub(super) fn new(resolver: &Resolver) -> Result<Self> {
        if !resolver.needs_network() {
            return Ok(Self::Thread);
        }
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build();
        runtime
            .map(Self::Runtime)
            .map_err(|source| Error::internal("the runtime cannot be started").with_source(source))
    }

    /// Runs a future until it completes.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        match self {
            Self::Thread => future::block_on(future),
            Self::Runtime(runtime) => runtime.block_on(future),
        }
    }
}

/// Returns a warning about a secret on the command line, which every process can read.
pub(super) fn secret_in_sight(args: &GlobalArgs) -> Option<String> {
    let kwargs = args.backend_kwargs.as_ref().and_then(Secret::expose_text)?;
    let kwarg = secret_on_the_command_line(kwargs)?;
    Some(format!(
        "every process on this machine can read `{kwarg}` in `--backend-kwargs`; use `@FILE` or SECRETCTL_BACKEND_KWARGS"
    ))
}

/// The progress line; cleared when dropped.
struct Progress {
    clock: Option<Interval>,
    terminal: Terminal,
    total: usize,
    shown: bool,
}

impl Progress {
    fn new(session: &Session, total: usize) -> Self {
        let wanted = total > 1 && session.resolver.needs_network() && session.terminal.shows_progress();
        let clock =
            wanted.then(|| tokio::time::interval_at(Instant::now() + PROGRESS_DELAY, PROGRESS_INTERVAL));
        Self {
            clock,
            terminal: session.terminal,
            total,
            shown: false,
        }
    }

    async fn tick(&mut self) {
        match &mut self.clock {
            Some(clock) => {
                clock.tick().await;
            }
            None => std::future::pending().await,
        }
    }

    fn show(&mut self, done: usize) {
        self.terminal.progress(done, self.total);
        self.shown = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            self.terminal.clear_progress();
        }
    }
}

/// Returns the first kwarg of `--backend-kwargs` whose name says that it is a secret. A path to a secret does not count.
fn secret_on_the_command_line(text: &str) -> Option<String> {
    if text.starts_with('@') {
        return None;
    }
    let Ok(json::Value::Object(kwargs)) = json::loads(text) else {
        return None;
    };
    let is_secret = |name: &str, value: &json::Value| {
        is_sensitive(name)
            && !name.ends_with("_path")
            && value.is_truthy()
            && *value != json::Value::Bool(true)
    };
    kwargs
        .into_iter()
        .find(|(name, value)| is_secret(name, value))
        .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::secret_on_the_command_line as secret;

    #[test]
    fn a_secret_on_the_command_line_is_recognised_by_its_name() {
        assert_eq!(
            secret(r#"{"url": "u", "secret_id": "x"}"#).as_deref(),
            Some("secret_id")
        );
        assert_eq!(secret(r#"{"token": ""}"#), None);
        assert_eq!(
            secret(r#"{"token_path": "/t", "use_team_secrets_path": true}"#),
            None
        );
        assert_eq!(secret("@file"), None);
        assert_eq!(secret("{"), None);
    }
}
