//! The backend's kwargs as typed values: the names, the API, and the login.
//!
//! Facts: `AkeylessBackend.__init__` and `_authenticate` of the Akeyless provider 0.3.2, `secrets/akeyless.py`. Must not send
//! anything. Deliberate differences: a login without its id, key or token is refused at once, where Airflow finds nothing; so is
//! a `sep` that is null, which Airflow writes into every name as `None`.

use super::meanings::MEANINGS;
use super::names::Names;
use crate::cloud::akeyless::{API_URL, Cloud, Login};
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

/// The access types of Akeyless that Airflow's backend does not have.
const OTHER_TYPES: &[&str] = &[
    "access_key",
    "alibaba_ram",
    "cert",
    "jwt",
    "k8s",
    "kerberos",
    "ldap",
    "oauth2",
    "oci",
    "oidc",
    "password",
    "saml",
    "universal_identity",
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
    let access_type = kwargs.text_needed("access_type", "api_key")?;
    let access_id = kwargs.truthy_text("access_id")?;
    let access_key = kwargs.truthy_text("access_key")?.map(Secret::from);
    let uid_token = kwargs.truthy_text("uid_token")?.map(Secret::from);
    let audience = kwargs.text("gcp_audience")?;
    // `akeyless_cloud_id` ignores it.
    kwargs.text("azure_object_id")?;
    let missing = |name: &str| {
        Error::usage(format!(
            "backend kwarg `{name}` is missing, and `access_type` `{access_type}` needs it"
        ))
        .with_hint(format!("set `{name}` in the backend kwargs"))
    };
    let cloud = match access_type.as_str() {
        "api_key" => {
            return Ok(Login::ApiKey {
                access_id: access_id.ok_or_else(|| missing("access_id"))?,
                access_key: access_key.ok_or_else(|| missing("access_key"))?,
            });
        }
        "uid" => return uid_token.map(Login::Uid).ok_or_else(|| missing("uid_token")),
        "aws_iam" => Cloud::Aws,
        "gcp" => Cloud::Google { audience },
        "azure_ad" => Cloud::Azure,
        other => {
            // Only a name of Akeyless's is shown: the text could be a key.
            let what = if OTHER_TYPES.contains(&other) {
                format!("is `{other}`, which")
            } else {
                "has a value that".to_owned()
            };
            return Err(Error::usage(format!(
                "backend kwarg `access_type` {what} Airflow's Akeyless backend does not support"
            ))
            .with_hint("use `api_key`, `uid`, `aws_iam`, `gcp` or `azure_ad`"));
        }
    };
    Ok(Login::Cloud {
        access_id: access_id.ok_or_else(|| missing("access_id"))?,
        cloud,
    })
}
