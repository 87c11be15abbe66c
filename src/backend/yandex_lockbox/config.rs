//! The backend's kwargs as typed values: the names, the folder, the endpoint, and the credentials or the connection that has them.
//!
//! Facts: `LockboxSecretBackend.__init__` and `_client` of the Yandex provider 4.6.1, `secrets/lockbox.py`. Must not send anything.

use std::time::Instant;

use super::meanings::MEANINGS;
use super::names::Names;
use crate::cloud::yandex::{Configured, Credentials};
use crate::error::{Error, Result};
use crate::kwargs::{Kwargs, Prefixes};
use crate::secret::Secret;

/// The kwargs that have a meaning here.
pub(super) const KNOWN: &[&str] = &[
    "yc_oauth_token",
    "yc_sa_key_json",
    "yc_sa_key_json_path",
    "yc_connection_id",
    "folder_id",
    "connections_prefix",
    "variables_prefix",
    "config_prefix",
    "sep",
    "endpoint",
];

/// The connection whose credentials are used when the kwargs have none: `default_conn_name`.
const DEFAULT_CONNECTION: &str = "yandexcloud_default";

/// The configuration of one backend.
pub(super) struct Config {
    pub(super) names: Names,
    pub(super) identity: Identity,
    /// The folder and the endpoint.
    pub(super) place: Configured,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// Credentials from the kwargs.
    Given(Credentials),
    /// The credentials of a connection.
    Connection(String),
}

impl Config {
    /// Takes the kwargs.
    ///
    /// # Errors
    /// Kwargs with which Airflow cannot work, with status 2.
    pub(super) fn new(mut kwargs: Kwargs, deadline: Instant) -> Result<Self> {
        kwargs.refuse_unknown(KNOWN, MEANINGS)?;
        let sep = kwargs.text_needed("sep", "/")?;
        let defaults = ["airflow/connections", "airflow/variables", "airflow/config"];
        let prefixes = Prefixes::take("prefix", defaults, |name, default| {
            let prefix = kwargs.text_or(name, default)?;
            Ok(prefix.map(|prefix| Names::strip(&prefix, &sep)))
        })?;
        let identity = identity(&mut kwargs, deadline)?;
        let own_connection = match &identity {
            Identity::Connection(id) => Some(id.clone()),
            Identity::Given(_) => None,
        };
        Ok(Self {
            names: Names {
                prefixes,
                sep,
                own_connection,
            },
            identity,
            place: Configured {
                folder_id: kwargs.truthy_text("folder_id")?,
                endpoint: kwargs.truthy_text("endpoint")?,
            },
        })
    }
}

fn identity(kwargs: &mut Kwargs, deadline: Instant) -> Result<Identity> {
    let token = kwargs.truthy_text("yc_oauth_token")?.map(Secret::from);
    let path = kwargs.truthy_text("yc_sa_key_json_path")?;
    let key = kwargs.truthy("yc_sa_key_json");
    // Airflow compares it with `None`: an empty one beside other credentials is a mistake too.
    let is_named = kwargs.get("yc_connection_id").is_some_and(|id| !id.is_null());
    let connection = kwargs.truthy_text("yc_connection_id")?;
    let what = "backend kwarg `yc_sa_key_json`";
    match Credentials::first(token, path.as_deref(), key.as_ref(), what, deadline)? {
        None => Ok(Identity::Connection(
            connection.unwrap_or_else(|| DEFAULT_CONNECTION.to_owned()),
        )),
        Some(_) if is_named => Err(Error::usage(
            "backend kwarg `yc_connection_id` cannot be used beside other credentials, and Airflow refuses it",
        )
        .with_hint("remove `yc_connection_id`, or `yc_oauth_token`, `yc_sa_key_json` and `yc_sa_key_json_path`")),
        Some(credentials) => Ok(Identity::Given(credentials)),
    }
}
