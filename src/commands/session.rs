//! What a command that looks something up starts from: settings, the search path built from them, a runtime to ask it with.
//!
//! Owns the asking: one name or many, within the time that the command has, with a line of progress when it takes long.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, Interval};

use crate::connection::{self, Connection};
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::options::GlobalArgs;
use crate::python::json;
use crate::render::masks::is_sensitive;
use crate::render::{Masks, Terminal, log};
use crate::resolver::{Resolved, Resolver};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::value::{Found, SecretKind};

/// How much later than the deadline the command ends by itself: whoever waits for an answer can say better what it waited for.
const GRACE: Duration = Duration::from_millis(60);

/// After how long a command with many names says how far it is, and how often from then on.
const PATIENCE: Duration = Duration::from_secs(1);
const PROGRESS: Duration = Duration::from_millis(100);

/// Settings, search path and runtime of one command.
pub(crate) struct Session {
    pub(super) settings: Settings,
    pub(super) resolver: Resolver,
    pub(super) terminal: Terminal,
    runtime: tokio::runtime::Runtime,
}

impl Session {
    /// Resolves the settings, builds the search path, and says on stderr what the settings warn of.
    ///
    /// # Errors
    /// A configuration that cannot be used, with status 2.
    pub(crate) fn start(args: &GlobalArgs, env: Env) -> Result<Self> {
        let mut settings = Settings::resolve(args, env)?;
        let terminal = Terminal::new(settings.color.forced(), settings.quiet, &settings.env);
        log::start(settings.verbose, &settings.env)?;
        for warning in &settings.warnings {
            terminal.warning(warning);
        }
        if let Some(kwarg) = args
            .backend_kwargs
            .as_ref()
            .and_then(Secret::expose_text)
            .and_then(secret_on_the_command_line)
        {
            terminal.warning(&format!(
                "every process of this machine can read `{kwarg}` of `--backend-kwargs`; use `@FILE` or SECRETCTL_BACKEND_KWARGS"
            ));
        }
        let resolver = Resolver::new(&mut settings, |conn_id, found| {
            Connection::from_found(conn_id, found).map(drop)
        })?;
        for warning in resolver.warnings() {
            terminal.warning(warning);
        }
        let mut builder = tokio::runtime::Builder::new_current_thread();
        if resolver.needs_network() {
            builder.enable_all();
        }
        let runtime = builder
            .build()
            .map_err(|source| Error::internal("the runtime cannot be started").with_source(source))?;
        Ok(Self {
            settings,
            resolver,
            terminal,
            runtime,
        })
    }

    /// Asks the search path for `id`, and says what it warns of.
    pub(super) fn resolve(&self, kind: SecretKind, id: &str) -> Result<Found> {
        let resolved = self.block_on(self.resolver.resolve(kind, id));
        Ok(self.warned((kind, id), resolved.map_err(|error| self.with_expansions(error))?))
    }

    /// Asks for many, a few at a time and each once, and returns the values in the order of the names.
    pub(super) fn resolve_all(&self, names: &[(SecretKind, &str)]) -> Result<Vec<Found>> {
        let done = Cell::new(0);
        let resolved = self
            .block_on(async {
                let mut progress = Progress::new(self, names.len());
                let mut resolving = pin!(
                    self.resolver
                        .resolve_many(names, |answered, _| done.set(answered))
                );
                loop {
                    tokio::select! {
                        biased;
                        resolved = &mut resolving => return resolved,
                        () = progress.tick() => progress.show(done.get()),
                    }
                }
            })
            .map_err(|error| self.with_expansions(error))?;
        Ok(names
            .iter()
            .enumerate()
            .zip(resolved)
            .map(|((index, name), resolved)| {
                // A name may be there twice, and one warning about it is enough.
                if names[..index].contains(name) {
                    resolved.found
                } else {
                    self.warned(*name, resolved)
                }
            })
            .collect())
    }

    /// Says beneath a refusal what Airflow's expansion replaced in the kwargs: a `$` in a password may have been meant as it is.
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

    /// Runs a future to its end, or to the end of the command's time.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        if !self.resolver.needs_network() {
            return self.runtime.block_on(future);
        }
        let end = Instant::from_std(self.settings.deadline + GRACE);
        self.runtime.block_on(async {
            tokio::time::timeout_at(end, future).await.unwrap_or_else(|_| {
                Err(Error::unavailable(
                    "no answer came within the time of `--timeout`",
                ))
            })
        })
    }

    /// Returns an empty set of masks for the CI system that this runs under.
    pub(super) fn masks(&self) -> Masks {
        Masks::new(&self.settings.env, self.settings.no_mask)
    }
}

/// A line that says how many of many are resolved; cleared when it is dropped.
struct Progress {
    clock: Option<Interval>,
    terminal: Terminal,
    total: usize,
    shown: bool,
}

impl Progress {
    fn new(session: &Session, total: usize) -> Self {
        let wanted = total > 1 && session.resolver.needs_network() && session.terminal.shows_progress();
        let clock = wanted.then(|| tokio::time::interval_at(Instant::now() + PATIENCE, PROGRESS));
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

/// Returns the first kwarg of `--backend-kwargs` that holds a secret by its name; a path to one is none.
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
    fn a_secret_on_the_command_line_is_told_by_its_name() {
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
