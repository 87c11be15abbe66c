//! `DefaultAzureCredential`: the credentials in Python's order, and Python's rule of who ends the search.
//!
//! One that is unavailable lets the next one try, any other failure ends it. Facts: `default.py`, `chained.py` and
//! `process_credential_exclusions` of azure-identity 1.27.0 for Python; Airflow's `get_sync_default_azure_credential`.

use std::sync::atomic::{AtomicUsize, Ordering};

use azure_core::credentials::AccessToken;

use super::environment::EnvironmentCredential;
use super::{Credential, Failure, Surroundings, TokenRequest};
use crate::backend::BoxFuture;
use crate::env::Env;
use crate::error::{Error, Result};

/// Who is tried, in order, and what `AZURE_TOKEN_CREDENTIALS` calls them and the groups they are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Environment,
}

/// The members, with the name of each and whether it is for developers.
const MEMBERS: &[(Member, &str, bool)] = &[(Member::Environment, "environmentcredential", false)];

/// None has given a token yet.
const NOBODY: usize = usize::MAX;

/// The chain.
pub(super) struct DefaultAzureCredential {
    members: Vec<Box<dyn Credential>>,
    /// Who gave the last token: the one that is asked again (`_successful_credential`).
    successful: AtomicUsize,
}

impl DefaultAzureCredential {
    /// Builds the chain; `pair` is the kwargs' managed identity client id and workload identity tenant id.
    ///
    /// # Errors
    /// A variable that cannot be used, with status 2.
    pub(super) fn new(surroundings: &Surroundings, pair: Option<(&str, &str)>) -> Result<Self> {
        let allowed: Vec<String> = pair.iter().map(|(_, tenant)| (*tenant).to_owned()).collect();
        let mut members: Vec<Box<dyn Credential>> = Vec::new();
        for member in selected(&surroundings.env)? {
            members.push(match member {
                Member::Environment => Box::new(EnvironmentCredential::new(surroundings, &allowed)?),
            });
        }
        Ok(Self {
            members,
            successful: AtomicUsize::new(NOBODY),
        })
    }
}

/// Returns the members that `AZURE_TOKEN_CREDENTIALS` leaves.
fn selected(env: &Env) -> Result<Vec<Member>> {
    let wanted = env
        .text("AZURE_TOKEN_CREDENTIALS")
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let members = MEMBERS
        .iter()
        .filter(|(_, name, developer)| match wanted.as_str() {
            "" => true,
            "dev" => *developer,
            "prod" => !developer,
            wanted => *name == wanted,
        });
    let members: Vec<Member> = members.map(|(member, ..)| *member).collect();
    if members.is_empty() {
        return Err(Error::usage("`AZURE_TOKEN_CREDENTIALS` names no credential"));
    }
    Ok(members)
}

impl Credential for DefaultAzureCredential {
    fn name(&self) -> &'static str {
        "DefaultAzureCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            if let Some(member) = self.members.get(self.successful.load(Ordering::Relaxed)) {
                return member.token(request).await;
            }
            let mut tried: Vec<String> = Vec::new();
            for (index, member) in self.members.iter().enumerate() {
                match member.token(request).await {
                    Ok(token) => {
                        self.successful.store(index, Ordering::Relaxed);
                        return Ok(token);
                    }
                    Err(Failure::Unavailable(why)) => tried.push(format!("{}: {why}", member.name())),
                    Err(Failure::Failed(error)) => return Err(Failure::Failed(error)),
                }
            }
            let mut error = Error::denied("no credential to be had for Azure Key Vault");
            for line in tried {
                error = error.with_detail(line);
            }
            Err(Failure::Failed(error))
        })
    }
}
