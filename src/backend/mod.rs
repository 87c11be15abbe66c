//! Secrets backends: the trait that each one implements, and its contract.
//!
//! Every backend's folder has the same file names (`mod`, `config`, `client` or `parse`), so a reader of one can find the way
//! in the next. Must not know the command line, what a connection is, or any output format.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::airflow_option::{AirflowOptions, NothingConfigured};
use crate::env::Env;
use crate::error::Result;
pub use crate::future::BoxFuture;
use crate::listing::{Listing, Scope};
use crate::privilege::{PolicyFormat, Privilege};
use crate::python::json::Object;
use crate::value::{Answer, Found, Lookup, SecretKind, Step};
pub use checkup::Checkup;

pub mod akeyless;
pub mod aws;
pub mod azure_key_vault;
pub mod checkup;
pub mod environment;
pub mod google_secret_manager;
pub mod hashicorp_vault;
pub mod kubernetes_secrets;
mod listed;
pub mod local_filesystem;
pub mod metastore;
pub mod never_asked;
mod own_connection;
pub mod registry;
mod wrong_class;
pub mod yandex_lockbox;

/// A place where Airflow looks for connections, variables and configuration options.
///
/// [`registry`] builds a backend from its kwargs and a [`Context`]. The backend turns a [`Lookup`] (a name, its kind, a team) into
/// [`Step`]s, and asks one step at a time. The resolver does the rest: it walks over the backends and their steps in order, and
/// stops at the first value. Required are [`class_path`](Self::class_path), [`place`](Self::place), [`plan`](Self::plan) and
/// [`ask`](Self::ask).
///
/// # Contract
/// - **Plan everything, without I/O.** `plan` returns every location that Airflow would ask, in Airflow's order. No other
///   function computes names, so `get-conn` asks exactly what `explain` prints.
/// - **Answer only what is certain.** [`Answer::Found`], [`Answer::Absent`] and [`Answer::Null`] are answers. Everything else is
///   an error: refused, unreachable, malformed. A response that the backend does not understand is never "absent". The kind of an
///   error comes from status codes and types; it comes from wording only where a server reports it in no other way.
/// - **Ask only your own steps.** The resolver never passes a step that `plan` marked as skipped. If a skipped step or a step of
///   another backend arrives, return an internal error, never "absent".
/// - **Log in once, and do not retry.** All requests of an instance share one login, also when they run concurrently. A rejected
///   token may be replaced once. Requests go through `http`, which retries within the command's deadline.
/// - **Keep secrets out of logs and errors.** A backend may log at debug level what it asked where, the status and the time. It
///   never logs a value, a header or a body. Its errors contain no part of a secret.
pub trait SecretsBackend: Checkup + Send + Sync {
    /// Returns the class path in Airflow.
    fn class_path(&self) -> &'static str;

    /// Returns where it looks, for messages: "Azure Key Vault <https://kv.vault.azure.net/>", "the environment".
    fn place(&self) -> String;

    /// Returns the steps of `lookup`, in Airflow's order, without I/O.
    ///
    /// # Errors
    /// A lookup that has no locations, such as an id with `..`, with status 2.
    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>>;

    /// Asks one step of the plan of `lookup`.
    ///
    /// # Errors
    /// What kept it from an answer: unusable configuration (status 2), refused (4), unreachable (5), malformed (6).
    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>>;

    /// Returns the names that it knows without a request, for completions and for "did you mean".
    ///
    /// Local files and the environment have such names. The default returns none.
    fn local_names(&self, kind: SecretKind) -> Vec<String> {
        let _ = kind;
        Vec::new()
    }

    /// Lists the names that it has in `scope`: those that a lookup finds there.
    ///
    /// It prints no id whose [`plan`](Self::plan) does not ask for the stored name: see `listed`. The default answers that it
    /// cannot list.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        let _ = scope;
        let why = "it has no list of its names".to_owned();
        Box::pin(std::future::ready(Ok(Listing::Cannot(why))))
    }

    /// Returns the service whose policies allow to read here; `None` where nobody writes such a policy.
    fn policy_format(&self) -> Option<PolicyFormat> {
        None
    }

    /// Returns what must be allowed so that `step`, which `plan` returned, may be asked. The default needs nothing.
    ///
    /// # Errors
    /// A step of another backend, and a name that a policy cannot write without allowing others, with status 2.
    fn privilege(&self, step: &Step) -> Result<Option<Privilege>> {
        let _ = step;
        Ok(None)
    }

    /// Whether secretctl ever asks this place.
    ///
    /// `explain` shows a place of Airflow's search path that is never asked. The error of a name that was not found leaves it out.
    fn is_asked(&self) -> bool {
        true
    }

    /// Returns a note for the error of a name that was not found, such as a kwarg that changes every path.
    fn about_absence(&self) -> Option<String> {
        None
    }

    /// Returns warnings about the configuration, such as a kwarg that Airflow silently ignores.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Whether `ask` answers without waiting for anyone, so that a hint may ask it for other names.
    fn answers_at_once(&self) -> bool {
        !self.needs_network()
    }

    /// Switches to probing: from now on a refusal is an answer, and does not cause another login.
    fn probing(&self) {}

    /// Whether `ask` needs the network, and so the runtime's timers and sockets.
    fn needs_network(&self) -> bool {
        false
    }
}

/// What a backend is built with, besides its kwargs.
#[derive(Debug)]
pub struct Context<'a> {
    /// The variables of the process, then those of the env files.
    pub env: &'a Env,
    /// When the command must be done.
    pub deadline: Instant,
    /// Reads a connection, for a backend that reads a whole file of them and refuses the file for one bad connection. The
    /// caller passes it in, because a backend does not know what a connection is.
    pub read_connection: ReadConnection,
    /// The connections of the search path, for a backend whose own credentials are in one.
    pub connections: Arc<dyn Connections>,
    /// Airflow's configuration, for a backend that needs an option of it when it answers.
    pub airflow: Arc<dyn AirflowOptions>,
    /// Takes the warnings that a backend has only when it answers.
    pub warnings: Warnings,
    /// How many requests the backend may have under way at the same time: `--jobs`. The resolver asks for no more names than that.
    pub jobs: usize,
}

/// Warnings that backends have only when they answer. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    /// Adds a warning.
    pub fn add(&self, warning: impl Into<String>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(warning.into());
    }

    /// Takes the warnings that were added since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads what is found under a connection id as Airflow would, and returns the extra of the connection (`extra_dejson`).
pub type ReadConnection = fn(conn_id: &str, found: &Found) -> Result<Object>;

/// The connections of the search path, for a backend that takes its own credentials from one.
pub trait Connections: fmt::Debug + Send + Sync {
    /// Looks `conn_id` up as Airflow does, and returns the extra of the connection, or `None` when no place has it.
    ///
    /// # Errors
    /// Those of the places that are asked, and a value that is not a connection.
    fn extra<'a>(&'a self, conn_id: &'a str) -> BoxFuture<'a, Result<Option<Object>>>;

    /// Whether the caller is asked because of such a lookup. The backend cannot answer then: it would wait for itself.
    fn is_looking_up(&self) -> bool;
}

/// A search path without connections.
#[derive(Clone, Copy, Debug)]
struct NoConnections;

impl Connections for NoConnections {
    fn extra<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Object>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn is_looking_up(&self) -> bool {
        false
    }
}

impl<'a> Context<'a> {
    /// Creates a context that accepts anything as a connection.
    #[must_use]
    pub fn new(env: &'a Env, deadline: Instant) -> Self {
        Self {
            env,
            deadline,
            read_connection: |_, _| Ok(Object::new()),
            connections: Arc::new(NoConnections),
            airflow: Arc::new(NothingConfigured),
            warnings: Warnings::default(),
            jobs: 1,
        }
    }
}
