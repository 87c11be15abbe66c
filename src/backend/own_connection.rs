//! The connection that has a backend's own credentials: a lookup within a lookup, which must not wait for itself.
//!
//! Must not know what is in the connection.

use std::sync::Arc;

use super::{Connections, Context};
use crate::error::{Error, Result};
use crate::python::json::Object;
use crate::shown::shown;

/// Looks up the connection of one backend.
pub(super) struct OwnConnection {
    /// The connections of the search path.
    connections: Arc<dyn Connections>,
    /// The backend, for messages.
    backend: &'static str,
    /// The kwarg that makes the connection unnecessary.
    kwarg: &'static str,
}

impl OwnConnection {
    /// Creates the lookup for `backend`, whose `kwarg` makes it unnecessary.
    pub(super) fn new(context: &Context<'_>, backend: &'static str, kwarg: &'static str) -> Self {
        Self {
            connections: Arc::clone(&context.connections),
            backend,
            kwarg,
        }
    }

    /// Returns the extra of the connection `id`.
    ///
    /// # Errors
    /// A connection that no place has, with status 4; what kept a place from an answer.
    pub(super) async fn extra(&self, id: &str) -> Result<Object> {
        let Self { backend, kwarg, .. } = self;
        match self.connections.extra(id).await {
            Ok(Some(extra)) => Ok(extra),
            Ok(None) => Err(Error::denied(format!(
                "{backend} takes its credentials from connection `{}`, which was not found",
                shown(id)
            ))
            .with_detail("the backend kwargs have no credentials of their own")
            .with_hint(format!(
                "set `{kwarg}` in the backend kwargs, or the connection's `AIRFLOW_CONN_…` variable"
            ))),
            Err(error) => Err(error.with_detail(format!(
                "while connection `{}` was looked up, which has the credentials for {backend}",
                shown(id)
            ))),
        }
    }

    /// Refuses to be asked while the connection itself is looked up.
    ///
    /// # Errors
    /// Such a request, with status 2: the backend would wait for itself.
    pub(super) fn refuse_recursion(&self) -> Result<()> {
        if self.connections.is_looking_up() {
            return Err(Error::usage(format!(
                "{} is needed for the connection that has its own credentials",
                self.backend
            ))
            .with_hint(format!("set `{}` in the backend kwargs", self.kwarg)));
        }
        Ok(())
    }
}
