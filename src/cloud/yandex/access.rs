//! What a client needs besides credentials: the folder and the endpoint, from a backend's configuration or from a connection.
//!
//! Source: apache-airflow-providers-yandex 4.6.1, `secrets/lockbox.py` (`_get_folder_id`, `_get_endpoint`). Must not send anything.

use std::time::Instant;

use super::connection::Extra;
use super::credentials::Credentials;
use super::endpoints::endpoint;
use crate::error::{Error, Result};

/// What the configuration of a backend says.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    /// `None` if only the connection has it.
    pub(crate) folder_id: Option<String>,
    pub(crate) endpoint: Option<String>,
}

/// Everything that a client needs.
pub(crate) struct Access {
    pub(crate) credentials: Credentials,
    pub(crate) folder_id: String,
    pub(crate) endpoint: String,
}

impl Configured {
    /// Returns the access with the credentials of the configuration.
    ///
    /// # Errors
    /// No folder, or an endpoint that is not a host, with status 2.
    pub(crate) fn access(&self, credentials: Credentials) -> Result<Access> {
        self.clone()
            .complete(credentials, "set `folder_id` in the backend kwargs")
    }

    /// Returns the access with the credentials of a connection. Folder and endpoint of the configuration come first.
    ///
    /// # Errors
    /// As [`access`](Self::access); a key that cannot be used, with status 2.
    pub(crate) fn access_of(&self, extra: &Extra<'_>, deadline: Instant) -> Result<Access> {
        let credentials = extra.credentials(deadline)?;
        let mut both = self.clone();
        if both.folder_id.is_none() {
            both.folder_id = extra.text("folder_id")?;
        }
        if both.endpoint.is_none() {
            both.endpoint = extra.text("endpoint")?;
        }
        let hint = format!("set `folder_id` in the backend kwargs, or in {}", extra.place());
        both.complete(credentials, &hint)
    }

    fn complete(self, credentials: Credentials, hint: &str) -> Result<Access> {
        let folder_id = self.folder_id.ok_or_else(|| {
            Error::usage("Yandex Lockbox needs a folder, and none is configured").with_hint(hint)
        })?;
        Ok(Access {
            credentials,
            folder_id,
            endpoint: endpoint(self.endpoint)?,
        })
    }
}
