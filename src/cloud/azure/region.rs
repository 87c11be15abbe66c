//! The region whose login server a service principal asks: `AZURE_REGIONAL_AUTHORITY_NAME`, else msal's own `MSAL_FORCE_REGION`.
//!
//! Facts: `msal_credentials.py` of azure-identity 1.27.0 for Python; msal 1.x, `application.py` (`_get_regional_authority`) and
//! `region.py`. Client secrets and certificates are sent there, federated tokens and passwords are not. A region that is named is
//! taken as it is; msal would ask the machine for its own all the same, to warn when it is another.

use std::time::Duration;

use super::CredentialContext;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{Request, Retry};
use crate::python::json::{self, Value};

const REGIONAL_AUTHORITY: &str = "AZURE_REGIONAL_AUTHORITY_NAME";

const FORCED_REGION: &str = "MSAL_FORCE_REGION";

/// What the host of an App Service, or of a function, sets.
const REGION_NAME: &str = "REGION_NAME";

/// Where a machine of Azure's learns of itself.
const METADATA: &str = "http://169.254.169.254/metadata/instance/compute?api-version=2021-02-01";

/// How long it takes to learn that nobody is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// The login servers of the public cloud, which share their regional ones.
const PUBLIC: &[&str] = &[
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
];

/// Which region is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// None: the login server of all.
    Central,
    /// The one that is configured.
    Named(String),
    /// The machine's own, if it can be learnt.
    Detected,
}

impl Region {
    /// Takes the region out of the environment.
    ///
    /// # Errors
    /// A name that no region has, the empty one included, with status 2: msal refuses it.
    pub(super) fn of(env: &Env) -> Result<Self> {
        let name = match (env.get(REGIONAL_AUTHORITY), env.get(FORCED_REGION)) {
            (Some(_), _) => REGIONAL_AUTHORITY,
            (None, Some(_)) => FORCED_REGION,
            (None, None) => return Ok(Self::Central),
        };
        let region = env.text(name).unwrap_or_default();
        let detected = ["tryautodetect", "true"].contains(&region.to_lowercase().as_str());
        if name == REGIONAL_AUTHORITY && detected {
            return Ok(Self::Detected);
        }
        if is_region(region) {
            return Ok(Self::Named(region.to_owned()));
        }
        Err(Error::usage(format!("`{name}` names no region of Azure's"))
            .with_hint("a region is written as `westeurope`; without it, the login server of all is asked"))
    }

    /// Returns the login server to ask in place of `central`, an authority without a tenant.
    pub(super) async fn authority(&self, central: &str, surroundings: &CredentialContext) -> String {
        let region = match self {
            Self::Central => None,
            Self::Named(region) => Some(region.clone()),
            Self::Detected => detect(surroundings).await,
        };
        region.map_or_else(|| central.to_owned(), |region| regional(&region, central))
    }
}

/// Whether msal takes `name` for a region: a label of the DNS, in lower case, that begins with a letter.
fn is_region(name: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(part)
        && !name.ends_with('-')
}

fn regional(region: &str, central: &str) -> String {
    let host = central.strip_prefix("https://").unwrap_or(central);
    let host = host.split('/').next().unwrap_or_default();
    if PUBLIC.contains(&host.to_ascii_lowercase().as_str()) {
        format!("https://{region}.login.microsoft.com")
    } else {
        format!("https://{region}.{host}")
    }
}

/// Returns the region of this machine; `None` when it is not known, and then the login server of all serves.
async fn detect(surroundings: &CredentialContext) -> Option<String> {
    let told = surroundings.env.non_empty(REGION_NAME).map(str::to_owned);
    let region = match told {
        Some(region) => region,
        None => location(surroundings).await?,
    };
    is_region(&region).then_some(region)
}

async fn location(surroundings: &CredentialContext) -> Option<String> {
    let request = Request {
        method: "GET",
        url: METADATA.to_owned(),
        headers: vec![("metadata".to_owned(), "true".into())],
        body: None,
        retry: Retry::NONE,
        follow_redirects: false,
    };
    let answer = tokio::time::timeout(PATIENCE, surroundings.direct.exchange(request)).await;
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
    fn a_region_is_named_detected_or_none() {
        assert_eq!(of(&[]), Ok(Region::Central));
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
    fn the_servers_of_the_public_cloud_share_their_regional_ones() {
        for (central, authority) in [
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
            assert_eq!(regional("r", central), authority);
        }
    }
}
