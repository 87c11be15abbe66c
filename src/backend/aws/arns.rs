//! The names of secrets and parameters in policies: ARNs, as far as the configuration knows them.
//!
//! Sources: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html> (a secret's ARN ends with a
//! hyphen and six random characters), <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html>.

use super::Shelf;
use crate::cloud::aws::region::Partition;
use crate::error::{Error, Result};
use crate::shown::shown;

/// Where the resources are.
#[derive(Debug)]
pub(super) struct Arns {
    region: Option<String>,
    account: Option<String>,
}

impl Arns {
    /// Creates them for a region, and the account of the role that is assumed.
    pub(super) fn new(region: Option<&str>, role_arn: Option<&str>) -> Self {
        let account = role_arn.and_then(|arn| arn.split(':').nth(4));
        let account =
            account.filter(|account| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
        Self {
            region: region.map(str::to_owned),
            account: account.map(str::to_owned),
        }
    }

    /// Returns the ARN of `name`, which may have been configured as an ARN.
    ///
    /// # Errors
    /// A name with characters that are wildcards in a policy, with status 2.
    pub(super) fn of<S: Shelf>(&self, name: &str) -> Result<String> {
        if name.contains(['*', '?', '$']) {
            return Err(Error::usage(format!(
                "no {} of AWS can have the name `{}`, and in a policy it would allow others",
                S::NOUN,
                shown(name)
            ))
            .with_hint("leave this name out"));
        }
        if name.starts_with("arn:") {
            return Ok(name.to_owned());
        }
        let partition = self
            .region
            .as_deref()
            .map_or("aws", |region| Partition::of(region).name);
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        let (region, account) = (part(&self.region), part(&self.account));
        let [kind, end] = S::RESOURCE;
        // A version or a label of a parameter is not part of its ARN.
        let name = if end.is_empty() {
            name.split(':').next().unwrap_or(name)
        } else {
            name
        };
        let service = S::PERMISSION.split(':').next().unwrap_or_default();
        Ok(format!(
            "arn:{partition}:{service}:{region}:{account}:{kind}{name}{end}"
        ))
    }
}
