//! A managed identity: which service of the machine's gives its tokens, and what their requests and answers have in common.
//!
//! `azure_identity`'s credential reads the process's environment and knows IMDS and App Service alone. Facts: `managed_identity.py` of
//! azure-identity 1.27.0 for Python and `managed_identity.py` of msal, whose variables decide, in their order. These services are
//! the machine's own and are asked past every proxy.

use std::time::Duration;

use azure_core::credentials::AccessToken;
use azure_core::time::OffsetDateTime;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::entra::is_token;
use super::workload_identity::WorkloadIdentityCredential;
use super::{Credential, CredentialContext, Failure, TokenRequest};
use crate::cloud::azure::retry;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::{Request, Response, Retry};
use crate::secret::Secret;

mod app_service;
mod arc;
mod azure_ml;
mod cloud_shell;
mod imds;
mod service_fabric;
#[cfg(test)]
mod tests;

/// The credential: one of the services, decided by the environment.
pub(super) struct ManagedIdentityCredential {
    service: Option<Box<dyn Credential>>,
}

impl ManagedIdentityCredential {
    /// Creates the credential of the service that the environment tells of. `client_id` is of a user-assigned identity;
    /// `with_workload` says whether workload identity is in the chain, `probe` whether IMDS is looked for first.
    ///
    /// # Errors
    /// A variable that cannot be used, with status 2.
    pub(super) fn new(
        surroundings: &CredentialContext,
        client_id: Option<String>,
        with_workload: bool,
        probe: bool,
        allowed: Vec<String>,
    ) -> Result<Self> {
        let env = &surroundings.env;
        let has = |name| env.non_empty(name).is_some();
        let machine = Machine {
            surroundings: surroundings.clone(),
            client_id: client_id.filter(|id| !id.is_empty()),
        };
        let workload = [
            "AZURE_AUTHORITY_HOST",
            "AZURE_TENANT_ID",
            "AZURE_FEDERATED_TOKEN_FILE",
        ];
        let service: Option<Box<dyn Credential>> = if has("IDENTITY_ENDPOINT") {
            match (
                has("IDENTITY_HEADER"),
                has("IDENTITY_SERVER_THUMBPRINT"),
                has("IMDS_ENDPOINT"),
            ) {
                (true, true, _) => Some(Box::new(service_fabric::ServiceFabric::new(machine))),
                (true, false, _) => Some(Box::new(app_service::AppService(machine))),
                (false, _, true) => Some(Box::new(arc::Arc::new(machine))),
                (false, _, false) => None,
            }
        } else if has("MSI_ENDPOINT") {
            if has("MSI_SECRET") {
                Some(Box::new(azure_ml::AzureMl(machine)))
            } else {
                Some(Box::new(cloud_shell::CloudShell(machine)))
            }
        } else if with_workload && workload.iter().all(|name| has(name)) {
            let tenant = env.text("AZURE_TENANT_ID").unwrap_or_default();
            let pair = machine.client_id.as_deref().map(|client| (client, tenant));
            match WorkloadIdentityCredential::new(surroundings, pair, allowed)? {
                Ok(credential) => Some(Box::new(credential)),
                Err(why) => {
                    return Err(Error::usage(format!(
                        "workload identity is configured, and {why}"
                    )));
                }
            }
        } else {
            Some(Box::new(imds::Imds::new(machine, probe)))
        };
        Ok(Self { service })
    }
}

impl Credential for ManagedIdentityCredential {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        if let Some(service) = &self.service {
            return service.token(request);
        }
        let why = "`IDENTITY_ENDPOINT` is set, and neither `IDENTITY_HEADER` nor `IMDS_ENDPOINT` is";
        Box::pin(std::future::ready(Err(Failure::Unavailable(why.to_owned()))))
    }
}

/// The machine whose services are asked, and whose identity is wanted.
struct Machine {
    surroundings: CredentialContext,
    /// Of a user-assigned identity; `None` is the system-assigned one.
    client_id: Option<String>,
}

impl Machine {
    fn env(&self) -> &Env {
        &self.surroundings.env
    }

    /// Returns a variable that made this service the one to ask; it may be a secret, and is hidden as one when `secret`.
    fn variable(&self, name: &str, secret: bool) -> String {
        let value = self.env().text(name).unwrap_or_default();
        if secret {
            self.surroundings.redactor.add(value.into());
        }
        value.to_owned()
    }

    /// Sends a GET with `parameters` as its query.
    async fn get(
        &self,
        endpoint: &str,
        parameters: &[(&str, &str)],
        headers: Vec<(String, Secret)>,
        retry: Retry,
    ) -> Result<Response> {
        let quoted = |text| utf8_percent_encode(text, QUERY);
        let pairs = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", quoted(*value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        let request = Request {
            method: "GET",
            url: format!("{endpoint}{separator}{query}"),
            headers,
            body: None,
            retry,
            follow_redirects: false,
        };
        self.surroundings.direct.exchange(request).await
    }

    /// Makes a token of an answer that has one.
    fn token(&self, answer: &Value, lifetime: Duration) -> Option<AccessToken> {
        let token = answer
            .get("access_token")?
            .as_str()
            .filter(|token| is_token(token))?;
        self.surroundings.redactor.add(token.into());
        Some(AccessToken::new(
            token.to_owned(),
            OffsetDateTime::now_utc() + lifetime,
        ))
    }

    /// Returns a service's own words about a failure, fit to be shown.
    fn words(&self, answer: &Value) -> String {
        let text = |value: Option<&Value>| match value {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Object(object)) => object
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            _ => String::new(),
        };
        let parts = [
            text(answer.get("error")),
            text(answer.get("error_description")),
            text(answer.get("message")),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            "it gave no reason".to_owned()
        } else {
            self.surroundings.redactor.clean(&parts.join(": "))
        }
    }
}

/// A header.
fn header(name: &str, value: &str) -> (String, Secret) {
    (name.to_owned(), Secret::from(value))
}

/// Reads an answer's JSON object.
fn json(response: &Response) -> Option<Value> {
    serde_json::from_slice(response.body.expose())
        .ok()
        .filter(Value::is_object)
}

/// `int(…)` of a number or a text, in seconds.
fn seconds(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_u64(),
    }
}

/// How long a token lasts that expires at a moment, which is in seconds since 1970.
fn until(expires_on: u64) -> Duration {
    let now = u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or_default();
    Duration::from_secs(expires_on.saturating_sub(now).min(365 * 24 * 3600))
}

/// What is quoted in a query: Python sends a resource's `:` and `/` as they are.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'/');

/// What answers are tried again, but for IMDS.
const RETRY: Retry = retry::DEFAULT;
