//! The backend's kwargs as typed values: the names, the folder, the endpoint, and the credentials or the connection that has them.
//!
//! Facts: `LockboxSecretBackend.__init__` and `_client` of the Yandex provider 4.6.1, `secrets/lockbox.py`, `utils/credentials.py`
//! and `utils/fields.py`. Must not send anything. Reads the key file that a kwarg names.

use std::path::Path;
use std::time::Instant;

use super::meanings::MEANINGS;
use super::names::Names;
use crate::cloud::yandex::{self, Credentials, ServiceAccountKey};
use crate::error::{Error, Result};
use crate::file;
use crate::http;
use crate::kwargs::Kwargs;
use crate::python::json::{Object, Value, loads};
use crate::secret::Secret;
use crate::shown::shown;

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

/// What an extra's name may begin with, from older versions of the provider: `get_field_from_extras`.
const FORMER_PREFIX: &str = "extra__yandexcloud__";

/// The configuration of one backend.
pub(super) struct Config {
    pub(super) names: Names,
    pub(super) identity: Identity,
    /// Empty if the connection has it.
    pub(super) folder_id: String,
    pub(super) endpoint: Option<String>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// Credentials from the kwargs.
    Given(Credentials),
    /// The credentials of a connection.
    Connection(String),
}

/// Everything that a client needs: from the kwargs, or from the connection.
pub(super) struct Access {
    pub(super) credentials: Credentials,
    pub(super) folder_id: String,
    pub(super) endpoint: String,
}

impl Config {
    /// Takes the kwargs.
    ///
    /// # Errors
    /// Kwargs with which Airflow cannot work, with status 2.
    pub(super) fn new(mut kwargs: Kwargs, deadline: Instant) -> Result<Self> {
        kwargs.refuse_unknown(KNOWN, MEANINGS)?;
        let sep = kwargs.text_or("sep", "/")?.ok_or_else(|| {
            Error::usage("backend kwarg `sep` is null, but Airflow needs it to build a name")
                .with_hint("remove `sep` to use the default `/`, or set it to text")
        })?;
        let mut prefix = |name: &str, default: &str| -> Result<Option<String>> {
            let prefix = kwargs.text_or(name, default)?;
            Ok(prefix.map(|prefix| Names::strip(&prefix, &sep)))
        };
        let connections = prefix("connections_prefix", "airflow/connections")?;
        let variables = prefix("variables_prefix", "airflow/variables")?;
        let config = prefix("config_prefix", "airflow/config")?;
        let identity = identity(&mut kwargs, deadline)?;
        let own_connection = match &identity {
            Identity::Connection(id) => Some(id.clone()),
            Identity::Given(_) => None,
        };
        Ok(Self {
            names: Names {
                connections,
                variables,
                config,
                sep,
                own_connection,
            },
            identity,
            folder_id: kwargs.truthy_text("folder_id")?.unwrap_or_default(),
            endpoint: kwargs.truthy_text("endpoint")?,
        })
    }

    /// Returns the access with the credentials of the kwargs.
    ///
    /// # Errors
    /// No folder, or an endpoint that is not a host, with status 2.
    pub(super) fn access(&self, credentials: Credentials) -> Result<Access> {
        access(
            credentials,
            self.folder_id.clone(),
            self.endpoint.clone(),
            "set `folder_id` in the backend kwargs",
        )
    }

    /// Returns the access with the credentials in the `extra` of connection `id`. Folder and endpoint of the kwargs come first.
    ///
    /// # Errors
    /// As [`access`](Self::access); a key that cannot be used, with status 2.
    pub(super) fn access_of_connection(&self, id: &str, extra: &Object, deadline: Instant) -> Result<Access> {
        let field = |name: &str| {
            let found = extra
                .get(name)
                .or_else(|| extra.get(&format!("{FORMER_PREFIX}{name}")));
            found.filter(|value| value.is_truthy())
        };
        let text = |name: &str| match field(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Error::usage(format!(
                "`{name}` in the extra of connection `{}` must be text",
                shown(id)
            ))),
        };
        let what = format!("the extra of connection `{}`", shown(id));
        let credentials = credentials(
            text("oauth")?.map(Secret::from),
            text("service_account_json_path")?,
            field("service_account_json").cloned(),
            &format!("`service_account_json` in {what}"),
            deadline,
        )?;
        let folder_id = match self.folder_id.as_str() {
            "" => text("folder_id")?.unwrap_or_default(),
            folder => folder.to_owned(),
        };
        let endpoint = match &self.endpoint {
            Some(endpoint) => Some(endpoint.clone()),
            None => text("endpoint")?,
        };
        access(
            credentials.unwrap_or(Credentials::Machine),
            folder_id,
            endpoint,
            &format!("set `folder_id` in the backend kwargs, or in {what}"),
        )
    }
}

fn access(
    credentials: Credentials,
    folder_id: String,
    endpoint: Option<String>,
    hint: &str,
) -> Result<Access> {
    if folder_id.is_empty() {
        return Err(Error::usage("Yandex Lockbox needs a folder, and none is configured").with_hint(hint));
    }
    let endpoint = endpoint.unwrap_or_else(|| yandex::ENDPOINT.to_owned());
    if endpoint.contains(['/', '?', '#', '@']) || http::url_fault(&format!("https://{endpoint}")).is_some() {
        // What is before an `@` may be a password.
        let place = endpoint.rsplit('@').next().unwrap_or_default();
        return Err(Error::usage(format!(
            "the endpoint of Yandex Cloud, `{}`, is not a host",
            shown(place)
        ))
        .with_hint(format!(
            "write a host, such as `{}`, without `https://`",
            yandex::ENDPOINT
        )));
    }
    Ok(Access {
        credentials,
        folder_id,
        endpoint,
    })
}

fn identity(kwargs: &mut Kwargs, deadline: Instant) -> Result<Identity> {
    let token = kwargs.truthy_text("yc_oauth_token")?.map(Secret::from);
    let path = kwargs.truthy_text("yc_sa_key_json_path")?;
    let key = kwargs.truthy("yc_sa_key_json");
    // Airflow compares it with `None`: an empty one beside other credentials is a mistake too.
    let is_named = kwargs.get("yc_connection_id").is_some_and(|id| !id.is_null());
    let connection = kwargs.truthy_text("yc_connection_id")?;
    let what = "backend kwarg `yc_sa_key_json`";
    match credentials(token, path, key, what, deadline)? {
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

/// Returns the first credentials that are given, in Airflow's order: a token, a key file, a key.
fn credentials(
    token: Option<Secret>,
    path: Option<String>,
    key: Option<Value>,
    what: &str,
    deadline: Instant,
) -> Result<Option<Credentials>> {
    if let Some(token) = token {
        return Ok(Some(Credentials::OAuth(token)));
    }
    let (what, key) = match (path, key) {
        (Some(path), _) => {
            let what = format!("the key file `{}`", shown(&path));
            let text = file::read(Path::new(&path), deadline)
                .map_err(|source| Error::usage(format!("{what} cannot be read")).with_source(source))?;
            let text = text.expose_text().unwrap_or_default().to_owned();
            (what, Value::String(text))
        }
        (None, Some(key)) => (what.to_owned(), key),
        (None, None) => return Ok(None),
    };
    let object = match key {
        Value::Object(object) => Some(object),
        Value::String(text) => match loads(&text) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        },
        _ => None,
    };
    let object = object.ok_or_else(|| {
        Error::usage(format!("{what} is not a JSON object"))
            .with_hint("it is the file that `yc iam key create` writes")
    })?;
    ServiceAccountKey::from_object(&what, &object).map(|key| Some(Credentials::Key(key)))
}
