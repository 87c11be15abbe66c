//! The region whose login server a service principal asks: `AZURE_REGIONAL_AUTHORITY_NAME`, else msal's `MSAL_FORCE_REGION`.
//!
//! Facts: `msal_credentials.py` of azure-identity 1.27.0 for Python; msal 1.x, `application.py` (`_get_regional_authority`) and
//! `region.py`. Client secrets and certificates are sent there, federated tokens and passwords are not. A configured region is used
//! unchanged. msal would still ask the machine for its own region, and warn if it differs.

use std::time::Duration;

use super::CredentialContext;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{Request, Retry};
use crate::python::json::{self, Value};

const REGIONAL_AUTHORITY: &str = "AZURE_REGIONAL_AUTHORITY_NAME";

const FORCED_REGION: &str = "MSAL_FORCE_REGION";

/// The variable that the host of an App Service or of a function sets.
const REGION_NAME: &str = "REGION_NAME";

/// The metadata of a machine in Azure.
const METADATA: &str = "http://169.254.169.254/metadata/instance/compute?api-version=2021-02-01";

/// The time limit for the metadata service, which may not be there.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The login servers of the public cloud, which share their regional servers.
const PUBLIC: &[&str] = &[
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
];

/// The region whose login server is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// No region: the global login server.
    Global,
    /// The configured region.
    Named(String),
    /// The machine's region, if it can be detected.
    Detected,
}

impl Region {
    /// Reads the region from the environment.
    ///
    /// # Errors
    /// An invalid or empty name, which msal refuses, with status 2.
    pub(super) fn of(env: &Env) -> Result<Self> {
        let name = match (env.get(REGIONAL_AUTHORITY), env.get(FORCED_REGION)) {
            (Some(_), _) => REGIONAL_AUTHORITY,
            (None, Some(_)) => FORCED_REGION,
            (None, None) => return Ok(Self::Global),
        };
        let region = env.text(name).unwrap_or_default();
        let is_detected = ["tryautodetect", "true"].contains(&region.to_lowercase().as_str());
        if name == REGIONAL_AUTHORITY && is_detected {
            return Ok(Self::Detected);
        }
        if is_region(region) {
            return Ok(Self::Named(region.to_owned()));
        }
        Err(Error::usage(format!("`{name}` does not name an Azure region"))
            .with_hint("use a name such as `westeurope`, or unset it to use the global login server"))
    }

    /// Returns the login server to ask in place of `global`, an authority without a tenant.
    pub(super) async fn authority(&self, global: &str, context: &CredentialContext) -> String {
        let region = match self {
            Self::Global => None,
            Self::Named(region) => Some(region.clone()),
            Self::Detected => detect(context).await,
        };
        region.map_or_else(|| global.to_owned(), |region| regional(&region, global))
    }
}

/// Returns whether msal accepts `name` as a region: a DNS label in lower case that begins with a letter.
fn is_region(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(is_part)
        && !name.ends_with('-')
}

fn regional(region: &str, global: &str) -> String {
    let host = global.strip_prefix("https://").unwrap_or(global);
    let host = host.split('/').next().unwrap_or_default();
    if PUBLIC.contains(&host.to_ascii_lowercase().as_str()) {
        format!("https://{region}.login.microsoft.com")
    } else {
        format!("https://{region}.{host}")
    }
}

/// Returns the region of this machine; `None` if it is not known, and then the global login server is used.
async fn detect(context: &CredentialContext) -> Option<String> {
    let named = context.env.non_empty(REGION_NAME).map(str::to_owned);
    let region = match named {
        Some(region) => region,
        None => location(context).await?,
    };
    is_region(&region).then_some(region)
}

async fn location(context: &CredentialContext) -> Option<String> {
    let request = Request {
        method: "GET",
        url: METADATA.to_owned(),
        headers: vec![("metadata".to_owned(), "true".into())],
        body: None,
        retry: Retry::NONE,
        follow_redirects: false,
    };
    let answer = tokio::time::timeout(TIMEOUT, context.direct.send(request)).await;
    match json::loads(answer.ok()?.ok()?.body.expose_text()?).ok()? {
        Value::Object(compute) => Some(compute.get("location")?.as_str()?.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Region, regional};
    use crate::env::Env;
    use crate::secret::Secret;

    fn of(pairs: &[(&str, &str)]) -> Result<Region, u8> {
        let env: Env = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
            .collect();
        Region::of(&env).map_err(|error| error.kind().exit_status())
    }

    #[test]
    fn a_region_is_named_detected_or_absent() {
        assert_eq!(of(&[]), Ok(Region::Global));
        for (variable, value, region) in [
            (
                super::REGIONAL_AUTHORITY,
                "westeurope",
                Ok(Region::Named("westeurope".to_owned())),
            ),
            (super::REGIONAL_AUTHORITY, "True", Ok(Region::Detected)),
            (super::REGIONAL_AUTHORITY, "TryAutoDetect", Ok(Region::Detected)),
            (super::REGIONAL_AUTHORITY, "", Err(2)),
            (super::REGIONAL_AUTHORITY, "West Europe", Err(2)),
            (super::REGIONAL_AUTHORITY, "evil.example/", Err(2)),
            (super::FORCED_REGION, "a-1", Ok(Region::Named("a-1".to_owned()))),
            (super::FORCED_REGION, "a-", Err(2)),
            (super::FORCED_REGION, "", Err(2)),
        ] {
            assert_eq!(of(&[(variable, value)]), region, "{variable}={value}");
        }
        let both = [(super::REGIONAL_AUTHORITY, "b"), (super::FORCED_REGION, "a")];
        assert_eq!(of(&both), Ok(Region::Named("b".to_owned())));
    }

    #[test]
    fn the_login_servers_of_the_public_cloud_share_regional_servers() {
        for (global, authority) in [
            (
                "https://login.microsoftonline.com",
                "https://r.login.microsoft.com",
            ),
            ("https://login.windows.net", "https://r.login.microsoft.com"),
            (
                "https://login.chinacloudapi.cn",
                "https://r.login.chinacloudapi.cn",
            ),
            ("https://localhost:8443", "https://r.localhost:8443"),
        ] {
            assert_eq!(regional("r", global), authority);
        }
    }
}
