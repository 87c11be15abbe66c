//! The instance metadata service of a virtual machine, of AKS and of a container instance.
//!
//! Facts: `imds.py` of azure-identity 1.27.0 for Python, msal's `_obtain_token_on_azure_vm`, and
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>. Off Azure nobody is at its
//! address: Python waits for that, and this waits for one second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use azure_core::credentials::AccessToken;

use super::{Machine, header, json, seconds};
use crate::cloud::azure::retry;
use crate::cloud::azure::{Credential, Failure, TokenRequest};
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::{Response, Retry};

/// The one address of the service, on every machine of Azure's.
const HOST: &str = "http://169.254.169.254";

const PATH: &str = "/metadata/identity/oauth2/token";

/// How long it takes to learn that nobody is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// The credential.
pub(super) struct Imds {
    machine: Machine,
    /// Whether to ask first, without the header that the service insists on, who is there. Python does in a chain.
    probe: bool,
    found: AtomicBool,
}

impl Imds {
    /// Creates the credential.
    pub(super) fn new(machine: Machine, probe: bool) -> Self {
        // Pod identity's own host is taken to be there.
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

    async fn ask(&self, resource: &str, metadata: bool, retry: Retry) -> Result<Response> {
        let mut parameters = vec![("api-version", "2018-02-01"), ("resource", resource)];
        if let Some(client_id) = &self.machine.client_id {
            parameters.push(("client_id", client_id));
        }
        let headers = if metadata {
            vec![header("Metadata", "true")]
        } else {
            Vec::new()
        };
        self.machine
            .get(&self.endpoint(), &parameters, headers, retry)
            .await
    }

    /// Learns whether anybody is there.
    async fn find(&self, resource: &str) -> Result<(), Failure> {
        if self.found.load(Ordering::Relaxed) {
            return Ok(());
        }
        let nobody = || {
            Failure::Unavailable(
                "no metadata service answered within 1 s: this is not a machine in Azure".to_owned(),
            )
        };
        if self.probe {
            let answer = tokio::time::timeout(PATIENCE, self.ask(resource, false, Retry::NONE)).await;
            let Ok(Ok(response)) = answer else {
                return Err(nobody());
            };
            // A desktop's proxy for containers answers in its place.
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
                tokio::time::timeout(PATIENCE, self.machine.surroundings.direct.connects(&endpoint)).await;
            if !matches!(connected, Ok(true)) {
                return Err(nobody());
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
            let response = match self.ask(request.resource(), true, retry::IMDS).await {
                Ok(response) => response,
                // The command's time is up: nobody else can be asked.
                Err(error) if Instant::now() >= self.machine.surroundings.deadline => {
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
                    "the instance metadata service has no identity to give: {}",
                    self.machine.words(&answer)
                ))),
            }
        })
    }
}
