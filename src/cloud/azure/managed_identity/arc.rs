//! Azure Arc: a machine outside Azure, whose agent gives a token to users who can read its key file.
//!
//! Facts: msal's `_obtain_token_on_arc` and
//! <https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication>. The folder of the key file is fixed: an
//! answer must not make this read and send another file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use azure_core::credentials::AccessToken;
use serde_json::Value;

use super::{Machine, RETRY, header, json, seconds};
use crate::cloud::azure::{Credential, Failure, TokenRequest};
use crate::error::{Error, Result};
use crate::file;
use crate::future::BoxFuture;
use crate::secret::Secret;

/// The size limit of a key file, in bytes.
const MAX_BYTES: u64 = 4096;

/// The credential.
pub(super) struct Arc {
    machine: Machine,
    keys: Option<PathBuf>,
}

impl Arc {
    /// Creates the credential of this platform's agent.
    pub(super) fn new(machine: Machine) -> Self {
        let keys = keys(&machine);
        Self { machine, keys }
    }

    /// Creates the credential of an agent with its keys in another folder.
    #[cfg(test)]
    pub(super) fn with_keys(machine: Machine, keys: PathBuf) -> Self {
        Self {
            machine,
            keys: Some(keys),
        }
    }

    async fn send(&self, resource: &str, key: Option<&Secret>) -> Result<crate::http::Response> {
        let mut parameters = vec![("api-version", "2020-06-01"), ("resource", resource)];
        if let Some(client_id) = &self.machine.client_id {
            parameters.push(("client_id", client_id));
        }
        let mut headers = vec![header("Metadata", "true")];
        if let Some(key) = key.and_then(Secret::expose_text) {
            headers.push(header("Authorization", &format!("Basic {key}")));
        }
        self.machine
            .get(
                &self.machine.variable("IDENTITY_ENDPOINT", false),
                &parameters,
                headers,
                RETRY,
            )
            .await
    }

    /// Reads the key that the agent's challenge names.
    fn key(&self, challenge: &str) -> Result<Secret> {
        let refused = |why: &str| Error::denied(format!("Azure Arc's agent {why}"));
        let path = match challenge.split('=').collect::<Vec<_>>()[..] {
            [scheme, path] if scheme.eq_ignore_ascii_case("basic realm") => path,
            _ => return Err(refused("sent a challenge that names no key file")),
        };
        let folder = self
            .keys
            .as_ref()
            .ok_or_else(|| refused("is not supported on this platform"))?;
        let file = Path::new(path.trim_matches(['"', ' ']))
            .file_stem()
            .ok_or_else(|| refused("names no key file"))?;
        let file = folder.join(file).with_extension("key");
        let unreadable = |source| {
            refused("names a key file that cannot be read")
                .with_hint("add this user to the group `himds`")
                .with_source(source)
        };
        let key = file::read_up_to(&file, MAX_BYTES, self.machine.context.deadline).map_err(unreadable)?;
        self.machine.context.redactor.add(key.clone());
        Ok(key)
    }
}

/// Returns the folder of the agent's keys.
fn keys(machine: &Machine) -> Option<PathBuf> {
    if cfg!(windows) {
        let data = machine.env().non_empty("PROGRAMDATA")?;
        Some(Path::new(data).join("AzureConnectedMachineAgent").join("Tokens"))
    } else {
        cfg!(target_os = "linux").then(|| PathBuf::from("/var/opt/azcmagent/tokens"))
    }
}

/// Returns whether the agent gave the identity that was requested, not the machine's own.
fn is_requested(client_id: Option<&str>, answer: &Value) -> bool {
    let given = answer
        .get("client_id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    client_id.is_none_or(|requested| requested.eq_ignore_ascii_case(given))
}

impl Credential for Arc {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let response = self.send(request.resource(), None).await?;
            if response.status != 401 {
                let reason = json(&response).map_or_else(
                    || "it gave no reason".to_owned(),
                    |answer| self.machine.reason(&answer),
                );
                let status = response.status;
                return Err(Failure::Unavailable(format!(
                    "Azure Arc's agent sent no challenge (status {status}): {reason}"
                )));
            }
            let key = self.key(response.header("www-authenticate").unwrap_or_default())?;
            let response = self.send(request.resource(), Some(&key)).await?;
            let answer = json(&response).unwrap_or_default();
            let lifetime = seconds(answer.get("expires_in")).map(Duration::from_secs);
            let token = lifetime
                .and_then(|lifetime| self.machine.token(&answer, lifetime))
                .ok_or_else(|| {
                    let (status, reason) = (response.status, self.machine.reason(&answer));
                    Failure::Unavailable(format!(
                        "Azure Arc's agent gave no token (status {status}): {reason}"
                    ))
                })?;
            if !is_requested(self.machine.client_id.as_deref(), &answer) {
                return Err(Error::denied(
                    "Azure Arc's agent gave the machine's own identity, not the one that was requested",
                )
                .with_hint("update the agent, or unset AZURE_CLIENT_ID")
                .into());
            }
            Ok(token)
        })
    }
}
