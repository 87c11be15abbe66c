//! The parts of a login, as they are configured, and which login they are.
//!
//! Source: the Akeyless provider 0.3.2, `secrets/akeyless.py` (`_authenticate`). A deliberate difference: a login without its id, key or
//! token is refused at once, where Airflow finds nothing.

use super::cloud_id::Cloud;
use super::login::Login;
use crate::error::{Error, Result};
use crate::secret::Secret;

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

/// The parts of a login, each a backend kwarg of this name.
pub(crate) struct LoginParts {
    pub(crate) access_type: String,
    pub(crate) access_id: Option<String>,
    pub(crate) access_key: Option<Secret>,
    pub(crate) uid_token: Option<Secret>,
    pub(crate) gcp_audience: Option<String>,
}

impl LoginParts {
    /// Returns the login.
    ///
    /// # Errors
    /// A type that Airflow's backend does not have, or a missing part, with status 2.
    pub(crate) fn login(self) -> Result<Login> {
        let access_type = self.access_type;
        let missing = |name: &str| {
            Error::usage(format!(
                "backend kwarg `{name}` is missing, and `access_type` `{access_type}` needs it"
            ))
            .with_hint(format!("set `{name}` in the backend kwargs"))
        };
        let cloud = match access_type.as_str() {
            "api_key" => {
                return Ok(Login::ApiKey {
                    access_id: self.access_id.ok_or_else(|| missing("access_id"))?,
                    access_key: self.access_key.ok_or_else(|| missing("access_key"))?,
                });
            }
            "uid" => {
                let token = self.uid_token.ok_or_else(|| missing("uid_token"))?;
                return Ok(Login::Uid(token));
            }
            "aws_iam" => Cloud::Aws,
            "gcp" => Cloud::Google {
                audience: self.gcp_audience,
            },
            "azure_ad" => Cloud::Azure,
            other => return Err(unsupported(other)),
        };
        Ok(Login::Cloud {
            access_id: self.access_id.ok_or_else(|| missing("access_id"))?,
            cloud,
        })
    }
}

fn unsupported(access_type: &str) -> Error {
    // Only a name of Akeyless's is shown: the text could be a key.
    let what = if OTHER_TYPES.contains(&access_type) {
        format!("is `{access_type}`, which")
    } else {
        "has a value that".to_owned()
    };
    Error::usage(format!(
        "backend kwarg `access_type` {what} Airflow's Akeyless backend does not support"
    ))
    .with_hint("use `api_key`, `uid`, `aws_iam`, `gcp` or `azure_ad`")
}
