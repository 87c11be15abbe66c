//! The instance metadata service of a virtual machine, of AKS and of a container instance.
//!
//! Facts: `imds.py` of azure-identity 1.27.0 for Python, msal's `_obtain_token_on_azure_vm`, and
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>. Outside Azure nothing
//! answers at its address: Python waits for the connection to fail, secretctl waits one second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use azure_core::credentials::AccessToken;

use super::{Machine, header, json, seconds};
use crate::cloud::azure::retry;
use crate::cloud::azure::{Credential, Failure, TokenRequest};
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::{Response, Retry};

/// The fixed address of the service, on every machine in Azure.
const HOST: &str = "http://169.254.169.254";

const PATH: &str = "/metadata/identity/oauth2/token";

/// The time limit for finding the service, which may not be there.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The credential.
pub(super) struct Imds {
    machine: Machine,
    /// Whether to check first that the service is there, with a request without the required header, as Python does in a chain.
    probe: bool,
    found: AtomicBool,
}

impl Imds {
    /// Creates the credential.
    pub(super) fn new(machine: Machine, probe: bool) -> Self {
        // Pod identity's host is assumed to be there.
        let probe = probe && machine.env().get("AZURE_POD_IDENTITY_AUTHORITY_HOST").is_none();
        Self {
            machine,
            probe,
            found: AtomicBool::new(false),
        }
    }

    fn endpoint(&self) -> String {
        let host = self
            .machine
            .env()
            .text("AZURE_POD_IDENTITY_AUTHORITY_HOST")
            .unwrap_or(HOST);
        format!("{}{PATH}", host.trim_matches('/'))
    }

    async fn send(&self, resource: &str, with_metadata: bool, retry: Retry) -> Result<Response> {
        let mut parameters = vec![("api-version", "2018-02-01"), ("resource", resource)];
        if let Some(client_id) = &self.machine.client_id {
            parameters.push(("client_id", client_id));
        }
        let headers = if with_metadata {
            vec![header("Metadata", "true")]
        } else {
            Vec::new()
        };
        self.machine
            .get(&self.endpoint(), &parameters, headers, retry)
            .await
    }

    /// Checks that the service is there.
    async fn find(&self, resource: &str) -> Result<(), Failure> {
        if self.found.load(Ordering::Relaxed) {
            return Ok(());
        }
        let not_there = || {
            Failure::Unavailable(
                "no metadata service answered within 1 s: this is not a machine in Azure".to_owned(),
            )
        };
        if self.probe {
            let answer = tokio::time::timeout(TIMEOUT, self.send(resource, false, Retry::NONE)).await;
            let Ok(Ok(response)) = answer else {
                return Err(not_there());
            };
            // A desktop's proxy for containers may answer in its place.
            if response.status == 403
                && response
                    .body
                    .expose_text()
                    .is_some_and(|body| body.contains("unreachable"))
            {
                return Err(Failure::Unavailable(
                    "the instance metadata service is unreachable".to_owned(),
                ));
            }
        } else {
            let endpoint = self.endpoint();
            let connected =
                tokio::time::timeout(TIMEOUT, self.machine.context.direct.connects(&endpoint)).await;
            if !matches!(connected, Ok(true)) {
                return Err(not_there());
            }
        }
        self.found.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Credential for Imds {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            self.find(request.resource()).await?;
            let response = match self.send(request.resource(), true, retry::IMDS).await {
                Ok(response) => response,
                // The command's time is up: no other credential can be asked.
                Err(error) if Instant::now() >= self.machine.context.deadline => {
                    return Err(Failure::Failed(error));
                }
                Err(_) => {
                    return Err(Failure::Unavailable(
                        "the instance metadata service stopped answering".to_owned(),
                    ));
                }
            };
            let Some(answer) = json(&response) else {
                let status = response.status;
                return Err(Failure::Unavailable(format!(
                    "the instance metadata service answered with status {status} and no JSON"
                )));
            };
            let lifetime = seconds(answer.get("expires_in")).map(Duration::from_secs);
            match lifetime.and_then(|lifetime| self.machine.token(&answer, lifetime)) {
                Some(token) => Ok(token),
                None if response.status == 200 => Err(Error::unavailable(
                    "the instance metadata service answered with status 200 and no token",
                )
                .into()),
                None => Err(Failure::Unavailable(format!(
                    "the instance metadata service has no identity for this machine: {}",
                    self.machine.reason(&answer)
                ))),
            }
        })
    }
}
