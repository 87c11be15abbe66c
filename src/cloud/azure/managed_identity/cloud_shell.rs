//! Cloud Shell: `MSI_ENDPOINT` without `MSI_SECRET`.
//!
//! Facts: `cloud_shell.py` and `managed_identity_client.py` of azure-identity 1.27.0 for Python. It has no user-assigned
//! identities, but in the chain Python still sends a client id.

use std::time::Duration;

use azure_core::credentials::AccessToken;
use url::form_urlencoded;

use super::{Machine, RETRY, header, json, seconds, until};
use crate::cloud::azure::{Credential, Failure, TokenRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::http::Request;

/// The credential.
pub(super) struct CloudShell(pub(super) Machine);

impl Credential for CloudShell {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let machine = &self.0;
            let client_id = machine.client_id.as_deref().map(|id| ("client_id", id));
            let parameters = [("resource", request.resource())].into_iter().chain(client_id);
            let form = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(parameters)
                .finish();
            let response = machine.context.direct.send(Request {
                method: "POST",
                url: machine.variable("MSI_ENDPOINT", false),
                headers: vec![
                    header("Metadata", "true"),
                    header("Content-Type", "application/x-www-form-urlencoded"),
                ],
                body: Some(form.into()),
                retry: RETRY,
                follow_redirects: false,
            });
            let response = response.await?;
            let status = response.status;
            let answer = json(&response);
            let token = answer.as_ref().and_then(|answer| {
                let lifetime = seconds(answer.get("expires_on")).map(until);
                let lifetime =
                    lifetime.or_else(|| seconds(answer.get("expires_in")).map(Duration::from_secs));
                machine.token(answer, lifetime?)
            });
            token.ok_or_else(|| {
                let kind = if (400..500).contains(&status) && status != 429 {
                    ErrorKind::Denied
                } else {
                    ErrorKind::Unavailable
                };
                let error = Error::new(kind, format!("Cloud Shell gave no token (status {status})"));
                Failure::Failed(match &answer {
                    Some(answer) => error.with_detail(machine.reason(answer)),
                    None => error,
                })
            })
        })
    }
}
