//! App Service, Functions, Container Apps and Automation: `IDENTITY_ENDPOINT` with `IDENTITY_HEADER`.
//!
//! Facts: msal's `_obtain_token_on_app_service` and
//! <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>.

use azure_core::credentials::AccessToken;

use super::{Machine, RETRY, header, json, seconds, until};
use crate::cloud::azure::{Credential, Failure, TokenRequest};
use crate::error::{Error, Result};
use crate::future::BoxFuture;

/// The credential.
pub(super) struct AppService(pub(super) Machine);

impl Credential for AppService {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let machine = &self.0;
            let endpoint = machine.variable("IDENTITY_ENDPOINT", false);
            let secret = machine.variable("IDENTITY_HEADER", true);
            let mut parameters = vec![("api-version", "2019-08-01"), ("resource", request.resource())];
            if let Some(client_id) = &machine.client_id {
                parameters.push(("client_id", client_id));
            }
            let headers = vec![header("X-IDENTITY-HEADER", &secret), header("Metadata", "true")];
            let response = machine.get(&endpoint, &parameters, headers, RETRY).await?;
            let status = response.status;
            let what = "the managed identity of App Service";
            let Some(answer) = json(&response) else {
                return Err(
                    Error::unavailable(format!("{what} answered with status {status} and no JSON")).into(),
                );
            };
            let lifetime = seconds(answer.get("expires_on")).map(until);
            match lifetime.and_then(|lifetime| machine.token(&answer, lifetime)) {
                Some(token) => Ok(token),
                None if status == 200 => {
                    Err(Error::unavailable(format!("{what} answered with status 200 and no token")).into())
                }
                None => Err(Failure::Unavailable(format!(
                    "App Service has no identity for this machine (status {status}): {}",
                    machine.reason(&answer)
                ))),
            }
        })
    }
}
