//! Connections for the backends: a backend may take its own credentials from one, which the rest of the search path has.
//!
//! Owns this lookup within a lookup, and the mark by which a backend sees that it would wait for itself. Source: airflow 3.3.2,
//! `airflow/models/connection.py` (`get_connection_from_secrets`).

use std::fmt;
use std::sync::{OnceLock, Weak};
use std::time::Instant;

use super::{Outcome, ask, lenient_passes, lookup};
use crate::backend::{Connections, ReadConnection, SecretsBackend};
use crate::error::Result;
use crate::future::BoxFuture;
use crate::python::json::Object;
use crate::settings::Settings;
use crate::value::SecretKind;

tokio::task_local! {
    /// Set within a lookup for a backend.
    static LOOKING_UP: ();
}

/// The search path, as the backends on it see it.
pub(super) struct ConnectionSearch {
    read_connection: ReadConnection,
    multi_team: bool,
    lenient: bool,
    deadline: Instant,
    /// Set when all backends are built: they hold this, and must not keep each other alive.
    backends: OnceLock<Vec<Weak<dyn SecretsBackend>>>,
}

impl ConnectionSearch {
    pub(super) fn new(read_connection: ReadConnection, settings: &Settings) -> Self {
        Self {
            read_connection,
            multi_team: settings.multi_team,
            lenient: settings.lenient,
            deadline: settings.deadline,
            backends: OnceLock::new(),
        }
    }

    /// Sets the backends of the search path, once.
    pub(super) fn set_backends(&self, backends: Vec<Weak<dyn SecretsBackend>>) {
        // A second call is ignored, and there is none.
        let _ = self.backends.set(backends);
    }

    async fn look_up(&self, conn_id: &str) -> Result<Option<Object>> {
        let question = lookup(SecretKind::Connection, conn_id, None, self.multi_team)?;
        let backends = self.backends.get().into_iter().flatten();
        for backend in backends.filter_map(Weak::upgrade) {
            match ask(backend.as_ref(), &question, self.deadline).await {
                Ok(Outcome::Found { found, .. }) => return (self.read_connection)(conn_id, &found).map(Some),
                Ok(Outcome::NotFound(_)) => {}
                Err(error) if self.lenient && lenient_passes(error.kind()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

impl Connections for ConnectionSearch {
    fn extra<'a>(&'a self, conn_id: &'a str) -> BoxFuture<'a, Result<Option<Object>>> {
        Box::pin(LOOKING_UP.scope((), self.look_up(conn_id)))
    }

    fn is_looking_up(&self) -> bool {
        LOOKING_UP.try_with(|()| ()).is_ok()
    }
}

impl fmt::Debug for ConnectionSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionSearch")
    }
}
