//! Azure Machine Learning: `MSI_ENDPOINT` with `MSI_SECRET`.
//!
//! Facts: msal's `_obtain_token_on_machine_learning`; the parameter for a user-assigned identity has no underscore here.

use azure_core::credentials::AccessToken;

use super::{Machine, RETRY, header, json, seconds, until};
use crate::cloud::azure::{Credential, Failure, TokenRequest};
use crate::error::{Error, Result};
use crate::future::BoxFuture;

/// The credential.
pub(super) struct AzureMl(pub(super) Machine);

impl Credential for AzureMl {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let machine = &self.0;
            let endpoint = machine.variable("MSI_ENDPOINT", false);
            let secret = machine.variable("MSI_SECRET", true);
            let mut parameters = vec![("api-version", "2017-09-01"), ("resource", request.resource())];
            if let Some(client_id) = &machine.client_id {
                parameters.push(("clientid", client_id));
            }
            let response = machine
                .get(&endpoint, &parameters, vec![header("secret", &secret)], RETRY)
                .await?;
            let status = response.status;
            let what = "the managed identity of Azure ML";
            let Some(answer) = json(&response) else {
                return Err(
                    Error::unavailable(format!("{what} answered with status {status} and no JSON")).into(),
                );
            };
            let lifetime = seconds(answer.get("expires_on")).map(until);
            lifetime
                .and_then(|lifetime| machine.token(&answer, lifetime))
                .ok_or_else(|| {
                    Failure::Unavailable(format!(
                        "Azure ML has no identity for this machine (status {status}): {}",
                        machine.reason(&answer)
                    ))
                })
        })
    }
}
