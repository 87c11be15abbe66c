//! The backend's kwargs as typed values: the names, the API, and the login.
//!
//! Facts: `AkeylessBackend.__init__` of the Akeyless provider 0.3.2, `secrets/akeyless.py`. Must not send anything. A deliberate
//! difference: a `sep` that is null is refused at once; Airflow writes it into every name as `None`.

use super::meanings::MEANINGS;
use super::names::Names;
use crate::cloud::akeyless::{API_URL, Login, LoginParts};
use crate::error::{Error, Result};
use crate::http;
use crate::kwargs::{Kwargs, Prefixes};
use crate::secret::Secret;

/// The kwargs that have a meaning here.
pub(super) const KNOWN: &[&str] = &[
    "connections_path",
    "variables_path",
    "config_path",
    "sep",
    "use_team_secrets_path",
    "global_secrets_path",
    "api_url",
    "access_id",
    "access_key",
    "access_type",
    "token_ttl",
    "uid_token",
    "gcp_audience",
    "azure_object_id",
];

/// The default paths of connections, variables and options.
const PATHS: [&str; 3] = ["/airflow/connections", "/airflow/variables", "/airflow/config"];

/// The configuration of one backend.
pub(super) struct Config {
    pub(super) names: Names,
    pub(super) api_url: String,
    pub(super) login: Login,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

impl Config {
    /// Takes the kwargs.
    ///
    /// # Errors
    /// Kwargs with which Airflow cannot work, with status 2.
    pub(super) fn new(mut kwargs: Kwargs) -> Result<Self> {
        let names = Names {
            paths: Prefixes::take("path", PATHS, |name, default| path(&mut kwargs, name, default))?,
            sep: kwargs.text_needed("sep", "/")?,
            use_team_secrets_path: kwargs.flag("use_team_secrets_path", true),
            global_secrets_path: kwargs
                .text("global_secrets_path")?
                .map(|path| path.trim_end_matches('/').to_owned()),
        };
        // The client takes its own default for `None`, which is the same URL.
        let api_url = kwargs
            .text_or("api_url", API_URL)?
            .unwrap_or_else(|| API_URL.to_owned());
        if let Some(fault) = http::url_fault(&api_url) {
            return Err(Error::usage(format!("backend kwarg `api_url` {fault}"))
                .with_hint(format!("write a URL, such as `{API_URL}`")));
        }
        // One command needs one token, so its lifetime does not matter.
        kwargs.number("token_ttl")?;
        let login = login(&mut kwargs)?;
        Ok(Self {
            names,
            api_url,
            login,
            warnings: kwargs.ignored(KNOWN, MEANINGS),
        })
    }
}

/// Takes a path. One that Python finds false is not looked up.
fn path(kwargs: &mut Kwargs, name: &str, default: &str) -> Result<Option<String>> {
    let path = if kwargs.contains(name) {
        kwargs.truthy_text(name)?
    } else {
        Some(default.to_owned())
    };
    Ok(path.map(|path| path.trim_end_matches('/').to_owned()))
}

fn login(kwargs: &mut Kwargs) -> Result<Login> {
    let parts = LoginParts {
        access_type: kwargs.text_needed("access_type", "api_key")?,
        access_id: kwargs.truthy_text("access_id")?,
        access_key: kwargs.truthy_text("access_key")?.map(Secret::from),
        uid_token: kwargs.truthy_text("uid_token")?.map(Secret::from),
        gcp_audience: kwargs.text("gcp_audience")?,
    };
    // `akeyless_cloud_id` ignores it.
    kwargs.text("azure_object_id")?;
    parts.login()
}
