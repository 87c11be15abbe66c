//! Secrets backends: the trait that each implements, and its contract.
//!
//! Every backend's folder has the same file names (`mod`, `config`, `client` or `parse`), so whoever has read one finds their
//! way in the next. A backend never sees the command line, a connection or an output format.

use std::time::Instant;

use crate::env::Env;
use crate::error::Result;
pub use crate::future::BoxFuture;
use crate::value::{Answer, Found, Listing, Lookup, SecretKind, Step};

pub mod azure_key_vault;
pub mod environment;
pub mod hashicorp_vault;
pub mod local_filesystem;
pub mod never_asked;
pub mod registry;
mod wrong_class;

/// A place where Airflow looks for connections, variables and configuration options.
///
/// # The contract
/// - [`plan`](Self::plan) names every location that Airflow would ask for a lookup, in Airflow's order, without any I/O. It is
///   the one place where names are computed: `get-conn` asks what `explain` prints.
/// - [`ask`](Self::ask) asks one of these locations. *Found* and *absent* are answers; "could not tell" (refused, unreachable,
///   malformed) is an error, whose kind comes from status codes and types, never from texts.
/// - It has no retries of its own: `http` retries, within the deadline of the command. One login serves all that is asked of
///   one instance, concurrently too.
/// - It may log (`tracing`, at debug) whom it asked for what, the status and the time; never a value, a header's or a body's
///   content. Its errors hold no part of a secret.
/// - It is not asked for a step that it has marked as skipped. Such a step, and one that another backend planned, is an internal
///   error, never "absent".
pub trait SecretsBackend: Send + Sync {
    /// Returns Airflow's class path.
    fn class_path(&self) -> &'static str;

    /// Returns where it looks, for people: "Azure Key Vault <https://kv.vault.azure.net/>", "the environment".
    fn place(&self) -> String;

    /// Returns the steps of `lookup` in Airflow's order.
    ///
    /// # Errors
    /// An id that Airflow would take out of its path (`..`), with status 2.
    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>>;

    /// Asks for one step of `lookup`'s plan.
    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>>;

    /// Returns the names that it has without asking anybody: those of local files and of the environment, for completions and
    /// for the nearest right name. Others know none.
    fn local_names(&self, kind: SecretKind) -> Vec<String> {
        let _ = kind;
        Vec::new()
    }

    /// Lists the names of `kind` that it has.
    ///
    /// A backend that can list overrides this; by default it cannot.
    fn list(&self, kind: SecretKind) -> BoxFuture<'_, Result<Listing>> {
        let _ = kind;
        Box::pin(std::future::ready(Ok(Listing::Cannot)))
    }

    /// Whether this place is asked at all. One that is on Airflow's search path and that secretctl never asks is shown by
    /// `explain` and left out of what is said about a name that was not found.
    fn is_asked(&self) -> bool {
        true
    }

    /// Returns what is worth knowing when it has nothing under a name, such as a kwarg that changes every path.
    fn about_absence(&self) -> Option<String> {
        None
    }

    /// Returns what the user should be told about the configuration, such as a kwarg that Airflow swallows.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Says that all that follows is a probe: each answer is wanted as it is, and a refusal is not tried again with another login.
    fn probing(&self) {}

    /// Whether asking needs the network, and so the runtime's timers and sockets.
    fn needs_network(&self) -> bool {
        false
    }
}

/// What a backend is built with, beside its kwargs.
#[derive(Debug)]
pub struct Context<'a> {
    /// The environment in force: the process's, with env files under it.
    pub env: &'a Env,
    /// When the command has to be done.
    pub deadline: Instant,
    /// Whether Airflow takes something for a connection: for a backend that reads a whole file of them, and in which one that
    /// Airflow would not take spoils the rest. Handed in from above, because a backend does not know what a connection is.
    pub check_connection: CheckConnection,
}

/// Checks that Airflow would take what is found under a connection id for a connection.
pub type CheckConnection = fn(conn_id: &str, found: &Found) -> Result<()>;

impl<'a> Context<'a> {
    /// Creates a context in which anything is taken for a connection.
    #[must_use]
    pub fn new(env: &'a Env, deadline: Instant) -> Self {
        Self {
            env,
            deadline,
            check_connection: |_, _| Ok(()),
        }
    }
}
