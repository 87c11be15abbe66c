//! A managed identity: which of the machine's services gives its tokens, and the code that the services share.
//!
//! `azure_identity`'s credential reads the process's environment and supports only IMDS and App Service. Facts:
//! `managed_identity.py` of azure-identity 1.27.0 for Python and `managed_identity.py` of msal. The variables decide, in msal's
//! order. These services are part of the machine, so no proxy is used.

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
    /// Creates the credential of the service that the environment names.
    ///
    /// `client_id` is that of a user-assigned identity. `with_workload`: workload identity is in the chain. `probe`: check first
    /// whether IMDS is there.
    ///
    /// # Errors
    /// A variable that cannot be used, with status 2.
    pub(super) fn new(
        context: &CredentialContext,
        client_id: Option<String>,
        with_workload: bool,
        probe: bool,
        allowed: Vec<String>,
    ) -> Result<Self> {
        let env = &context.env;
        let has = |name| env.non_empty(name).is_some();
        let machine = Machine {
            context: context.clone(),
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
            match WorkloadIdentityCredential::new(context, pair, allowed)? {
                Ok(credential) => Some(Box::new(credential)),
                Err(why) => {
                    return Err(Error::usage(format!(
                        "workload identity is configured, but {why}"
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
        let why = "`IDENTITY_ENDPOINT` is set, but neither `IDENTITY_HEADER` nor `IMDS_ENDPOINT` is";
        Box::pin(std::future::ready(Err(Failure::Unavailable(why.to_owned()))))
    }
}

/// The machine whose services give the token.
struct Machine {
    context: CredentialContext,
    /// The client id of a user-assigned identity; `None` is the system-assigned one.
    client_id: Option<String>,
}

impl Machine {
    fn env(&self) -> &Env {
        &self.context.env
    }

    /// Returns a variable that configures the service, and redacts it from messages if it `is_secret`.
    fn variable(&self, name: &str, is_secret: bool) -> String {
        let value = self.env().text(name).unwrap_or_default();
        if is_secret {
            self.context.redactor.add(value.into());
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
        self.context.direct.send(request).await
    }

    /// Returns the token in an answer, if there is one.
    fn token(&self, answer: &Value, lifetime: Duration) -> Option<AccessToken> {
        let token = answer
            .get("access_token")?
            .as_str()
            .filter(|token| is_token(token))?;
        self.context.redactor.add(token.into());
        Some(AccessToken::new(
            token.to_owned(),
            OffsetDateTime::now_utc() + lifetime,
        ))
    }

    /// Returns a service's reason for a failure, fit to be shown.
    fn reason(&self, answer: &Value) -> String {
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
            self.context.redactor.clean(&parts.join(": "))
        }
    }
}

/// Makes a header.
fn header(name: &str, value: &str) -> (String, Secret) {
    (name.to_owned(), Secret::from(value))
}

/// Reads an answer's JSON object.
fn json(response: &Response) -> Option<Value> {
    serde_json::from_slice(response.body.expose())
        .ok()
        .filter(Value::is_object)
}

/// Reads seconds from a number or a text, as Python's `int` does.
fn seconds(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_u64(),
    }
}

/// Returns the time until `expires_on`, which is in seconds since 1970.
fn until(expires_on: u64) -> Duration {
    let now = u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or_default();
    Duration::from_secs(expires_on.saturating_sub(now).min(365 * 24 * 3600))
}

/// The characters that a query quotes. Python sends `:` and `/` in a resource unquoted.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'/');

/// Which answers are retried, except for IMDS.
const RETRY: Retry = retry::DEFAULT;
