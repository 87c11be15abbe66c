//! `DefaultAzureCredential`: the credentials in Python's order, and Python's rule for when the search ends.
//!
//! After an unavailable credential the next one is tried; any other failure ends the search. Facts: `default.py`, `chained.py` and
//! `process_credential_exclusions` of azure-identity 1.27.0 for Python; Airflow's `get_sync_default_azure_credential`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use azure_core::credentials::AccessToken;

use super::azure_cli::AzureCliCredential;
use super::azure_developer_cli::AzureDeveloperCliCredential;
use super::azure_powershell::AzurePowerShellCredential;
use super::environment::EnvironmentCredential;
use super::managed_identity::ManagedIdentityCredential;
use super::unavailable::Unavailable;
use super::workload_identity::WorkloadIdentityCredential;
use super::{Credential, CredentialContext, Failure, TokenRequest, Words, entra};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::future::BoxFuture;

/// A member of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Environment,
    WorkloadIdentity,
    ManagedIdentity,
    SharedTokenCache,
    VisualStudioCode,
    AzureCli,
    AzurePowerShell,
    AzureDeveloperCli,
    Browser,
    Broker,
}

/// Which values of `AZURE_TOKEN_CREDENTIALS` select a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// `prod`, or no value.
    Production,
    /// `dev`, or no value.
    Developer,
    /// Only its own name.
    ByName,
}

/// The members in Python's order, with their names in `AZURE_TOKEN_CREDENTIALS`; empty if it has no name.
const MEMBERS: &[(Member, Group, &str)] = &[
    (Member::Environment, Group::Production, "environmentcredential"),
    (
        Member::WorkloadIdentity,
        Group::Production,
        "workloadidentitycredential",
    ),
    (
        Member::ManagedIdentity,
        Group::Production,
        "managedidentitycredential",
    ),
    (Member::SharedTokenCache, Group::Developer, ""),
    (
        Member::VisualStudioCode,
        Group::Developer,
        "visualstudiocodecredential",
    ),
    (Member::AzureCli, Group::Developer, "azureclicredential"),
    (
        Member::AzurePowerShell,
        Group::Developer,
        "azurepowershellcredential",
    ),
    (
        Member::AzureDeveloperCli,
        Group::Developer,
        "azuredeveloperclicredential",
    ),
    (Member::Browser, Group::ByName, "interactivebrowsercredential"),
    (Member::Broker, Group::Developer, ""),
];

/// No member has given a token yet.
const NONE_YET: usize = usize::MAX;

/// The chain.
pub(super) struct DefaultAzureCredential {
    members: Vec<Box<dyn Credential>>,
    /// When the command must be done.
    deadline: Instant,
    words: Words,
    /// The index of the member that gave the last token, which is asked again (`_successful_credential`).
    successful: AtomicUsize,
}

impl DefaultAzureCredential {
    /// Creates the chain; `pair` is the managed identity client id and the workload identity tenant id from the kwargs.
    ///
    /// # Errors
    /// A variable that Python's constructors refuse, with status 2.
    pub(super) fn new(context: &CredentialContext, pair: Option<(&str, &str)>) -> Result<Self> {
        let env = &context.env;
        // Python checks it first, for every selection of members.
        entra::authority(env)?;
        let allowed: Vec<String> = pair.iter().map(|(_, tenant)| (*tenant).to_owned()).collect();
        let client_id = pair
            .map(|(client, _)| client)
            .or_else(|| env.text("AZURE_CLIENT_ID"));
        let selected = selected(env)?;
        let with_workload = selected.contains(&Member::WorkloadIdentity);
        let mut members: Vec<Box<dyn Credential>> = Vec::with_capacity(selected.len());
        for member in &selected {
            members.push(match member {
                Member::Environment => Box::new(EnvironmentCredential::new(context, &allowed)?),
                Member::WorkloadIdentity => {
                    match WorkloadIdentityCredential::new(context, pair, allowed.clone())? {
                        Ok(credential) => Box::new(credential),
                        Err(why) => Box::new(Unconfigured(why)),
                    }
                }
                Member::ManagedIdentity => Box::new(ManagedIdentityCredential::new(
                    context,
                    client_id.map(str::to_owned),
                    with_workload,
                    selected.len() > 1,
                    allowed.clone(),
                )?),
                Member::SharedTokenCache => Box::new(Unavailable::SHARED_TOKEN_CACHE),
                Member::VisualStudioCode => Box::new(Unavailable::VISUAL_STUDIO_CODE),
                Member::AzureCli => Box::new(AzureCliCredential::new(context)),
                Member::AzurePowerShell => Box::new(AzurePowerShellCredential::new(context)),
                Member::AzureDeveloperCli => Box::new(AzureDeveloperCliCredential::new(context)),
                Member::Browser => Box::new(Unavailable::BROWSER),
                Member::Broker => Box::new(Unavailable::BROKER),
            });
        }
        Ok(Self {
            members,
            deadline: context.deadline,
            words: context.words,
            successful: AtomicUsize::new(NONE_YET),
        })
    }
}

/// Returns the members that `AZURE_TOKEN_CREDENTIALS` selects.
///
/// # Errors
/// An unknown name, with status 2.
fn selected(env: &Env) -> Result<Vec<Member>> {
    let wanted = env
        .text("AZURE_TOKEN_CREDENTIALS")
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let members = MEMBERS.iter().filter(|(member, group, name)| {
        if *member == Member::SharedTokenCache && !cfg!(windows) {
            return false;
        }
        match wanted.as_str() {
            "" => *group != Group::ByName,
            "dev" => *group == Group::Developer,
            "prod" => *group == Group::Production,
            wanted => *name == wanted,
        }
    });
    let members: Vec<Member> = members.map(|(member, ..)| *member).collect();
    if members.is_empty() {
        let names: Vec<&str> = MEMBERS
            .iter()
            .map(|(.., name)| *name)
            .filter(|name| !name.is_empty())
            .collect();
        return Err(
            Error::usage("`AZURE_TOKEN_CREDENTIALS` does not name a credential")
                .with_hint(format!("set it to `dev`, `prod` or one of {}", names.join(", "))),
        );
    }
    Ok(members)
}

/// Workload identity that is not configured: Python's `FailedDACCredential`.
struct Unconfigured(String);

impl Credential for Unconfigured {
    fn name(&self) -> &'static str {
        "WorkloadIdentityCredential"
    }

    fn token<'a>(&'a self, _: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(std::future::ready(Err(Failure::Unavailable(self.0.clone()))))
    }
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
            let mut tried: Vec<(&str, String)> = Vec::new();
            for (index, member) in self.members.iter().enumerate() {
                match member.token(request).await {
                    Ok(token) => {
                        self.successful.store(index, Ordering::Relaxed);
                        return Ok(token);
                    }
                    Err(Failure::Unavailable(why)) => {
                        tried.push((member.name(), why));
                        if Instant::now() >= self.deadline {
                            return Err(Failure::Failed(listed(time_is_up(), &tried)));
                        }
                    }
                    Err(Failure::Failed(error)) => {
                        let error = error.with_detail(format!(
                            "{}: failed, so no later credential was tried",
                            plain_name(member.name())
                        ));
                        return Err(Failure::Failed(listed(error, &tried)));
                    }
                }
            }
            let hint = hint(&tried, self.words);
            let error = Error::denied(format!("no credential found for {}", self.words.resource));
            Err(Failure::Failed(listed(error, &tried).with_hint(hint)))
        })
    }
}

/// Makes the error of a search that ran out of time: a credential that was not asked may have a token.
fn time_is_up() -> Error {
    Error::unavailable("no credential was found before the command's time was up")
        .with_hint("`--timeout` sets how long the whole command may take")
}

/// Adds a line for each credential that was tried.
fn listed(error: Error, tried: &[(&str, String)]) -> Error {
    tried.iter().fold(error, |error, (name, why)| {
        error.with_detail(format!("{}: {why}", plain_name(name)))
    })
}

/// Returns a plain name for the credential that azure-identity calls `name`.
fn plain_name(name: &str) -> &str {
    match name {
        "EnvironmentCredential" => "environment",
        "WorkloadIdentityCredential" => "workload identity",
        "ManagedIdentityCredential" => "managed identity",
        "SharedTokenCacheCredential" => "shared token cache",
        "VisualStudioCodeCredential" => "Visual Studio Code",
        "AzureCliCredential" => "Azure CLI",
        "AzurePowerShellCredential" => "Azure PowerShell",
        "AzureDeveloperCliCredential" => "Azure Developer CLI",
        "InteractiveBrowserCredential" => "browser",
        "BrokerCredential" => "broker",
        other => other,
    }
}

/// Returns the hint for the last credential that was present and gave no token, else for the one that lacks the least.
fn hint(tried: &[(&str, String)], words: Words) -> String {
    if let Some(advice) = tried
        .iter()
        .rev()
        .find_map(|(name, why)| advice(name, why, words))
    {
        return advice;
    }
    let why = |name: &str| {
        tried
            .iter()
            .find(|(tried, _)| *tried == name)
            .map_or("", |(_, why)| why.as_str())
    };
    let set = |names: &str| format!("set {names}");
    // Only the file shows that workload identity is wanted.
    for name in ["WorkloadIdentityCredential", "EnvironmentCredential"] {
        if let Some(missing) = why(name).strip_suffix(" is not set")
            && missing != "`AZURE_FEDERATED_TOKEN_FILE`"
        {
            return set(missing);
        }
    }
    format!(
        "set the kwargs {}, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
        words.client_secret
    )
}

/// Returns the hint for a credential that was present; `None` for one that is not in use here.
fn advice(name: &str, why: &str, words: Words) -> Option<String> {
    let login = |tool: &str, command: &str| {
        if why.contains("nobody is logged in") {
            return Some(format!("run `{command}`"));
        }
        let signs = [
            "failed",
            "printed",
            "did not answer",
            "cannot be run",
            "claims challenge",
        ];
        signs
            .iter()
            .any(|sign| why.contains(sign))
            .then(|| format!("log in again with `{command}`, and check that `{tool}` works on its own"))
    };
    match name {
        "AzureCliCredential" => login("az", "az login"),
        "AzurePowerShellCredential" => login("pwsh", "Connect-AzAccount"),
        "AzureDeveloperCliCredential" => login("azd", "azd auth login"),
        "ManagedIdentityCredential" if why.contains("has no identity for this machine") => Some(format!(
            "assign a managed identity to this machine, or check the client id (AZURE_CLIENT_ID, {})",
            words.managed_identity
        )),
        "ManagedIdentityCredential" if why.starts_with("`IDENTITY_ENDPOINT`") => {
            Some("set `IDENTITY_HEADER`, or unset `IDENTITY_ENDPOINT`".to_owned())
        }
        "ManagedIdentityCredential" if !why.starts_with("no metadata service") => Some(
            "check the metadata service of this machine, and that no proxy answers in its place".to_owned(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const WORDS: Words = Words {
        resource: "a vault",
        client_secret: "`a`, `b`",
        managed_identity: "`c`",
    };

    fn chosen(value: &str) -> Result<Vec<Member>> {
        selected(
            &[("AZURE_TOKEN_CREDENTIALS".to_owned(), Secret::from(value))]
                .into_iter()
                .collect(),
        )
    }

    #[test]
    fn the_hint_is_for_the_credential_that_failed_last() {
        let hint = |tried: &[(&str, &str)]| {
            let tried: Vec<(&str, String)> = tried
                .iter()
                .map(|(name, why)| (*name, (*why).to_owned()))
                .collect();
            super::hint(&tried, WORDS)
        };
        let secret = ("EnvironmentCredential", "`AZURE_CLIENT_SECRET` is not set");
        let file = (
            "WorkloadIdentityCredential",
            "`AZURE_FEDERATED_TOKEN_FILE` is not set",
        );
        let no_imds = (
            "ManagedIdentityCredential",
            "no metadata service answered within 1 s: this is not a machine in Azure",
        );
        let no_identity = (
            "ManagedIdentityCredential",
            "App Service has no identity for this machine (status 403): no",
        );
        let logged_out = (
            "AzureCliCredential",
            "nobody is logged in to the Azure CLI: run `az login`",
        );
        let no_az = ("AzureCliCredential", "`az` (the Azure CLI) is not in PATH");
        let expired = ("AzureDeveloperCliCredential", "`azd` failed: AADSTS70043");
        assert_eq!(hint(&[secret, file, no_imds, no_az]), "set `AZURE_CLIENT_SECRET`");
        assert_eq!(hint(&[secret, file, no_imds, logged_out]), "run `az login`");
        assert!(hint(&[secret, file, no_identity, no_az]).starts_with("assign a managed identity"));
        assert!(hint(&[secret, file, no_identity, logged_out, expired]).contains("azd auth login"));
        let both = (
            "EnvironmentCredential",
            "`AZURE_TENANT_ID`, `AZURE_CLIENT_SECRET` are not set",
        );
        let tenant = ("WorkloadIdentityCredential", "`AZURE_TENANT_ID` is not set");
        assert_eq!(hint(&[both, tenant, no_imds, no_az]), "set `AZURE_TENANT_ID`");
        let none = (
            "EnvironmentCredential",
            "`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET` are not set",
        );
        assert!(
            hint(&[none, file, no_imds, no_az]).starts_with("set the kwargs `a`, `b`, or AZURE_TENANT_ID")
        );
    }

    #[test]
    fn the_order_is_that_of_python() {
        let members = selected(&Env::default()).expect("members");
        let python = [
            Member::Environment,
            Member::WorkloadIdentity,
            Member::ManagedIdentity,
            Member::SharedTokenCache,
            Member::VisualStudioCode,
            Member::AzureCli,
            Member::AzurePowerShell,
            Member::AzureDeveloperCli,
            Member::Broker,
        ];
        let python: Vec<Member> = python
            .into_iter()
            .filter(|member| cfg!(windows) || *member != Member::SharedTokenCache)
            .collect();
        assert_eq!(members, python);
    }

    #[test]
    fn azure_token_credentials_narrows_the_chain() {
        assert_eq!(chosen(" PROD ").expect("members").len(), 3);
        assert!(
            chosen("dev")
                .expect("members")
                .iter()
                .all(|member| *member != Member::Environment)
        );
        assert_eq!(chosen("AzureCliCredential").expect("members"), [Member::AzureCli]);
        assert_eq!(
            chosen("InteractiveBrowserCredential").expect("members"),
            [Member::Browser]
        );
        assert_eq!(chosen("unknown").expect_err("an error").kind().exit_status(), 2);
    }
}
