//! Workload identity: the cluster's token, in a file, authenticates a service principal.
//!
//! `azure_identity`'s credential reads the process's environment, so its assertion credential is used. Facts:
//! `workload_identity.py` of azure-identity 1.27.0 for Python. The proxy of AKS identity bindings is not part of Python's chain.

use std::path::PathBuf;
use std::time::Instant;

use async_trait::async_trait;
use azure_core::credentials::AccessToken;
use azure_core::http::ClientMethodOptions;
use azure_identity::{ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions};

use super::entra::Login;
use super::{Credential, CredentialContext, Failure, TokenRequest};
use crate::cloud::azure::transport::{into_sdk, sdk_failure};
use crate::error::{Error, Result};
use crate::file;
use crate::future::BoxFuture;
use crate::shown::shown;

/// The credential.
pub(super) struct WorkloadIdentityCredential {
    login: Login,
    token_file: PathBuf,
}

impl WorkloadIdentityCredential {
    /// Creates the credential; `pair` is the client and the tenant from the kwargs.
    ///
    /// The inner error says why it is not configured; the chain then continues.
    ///
    /// # Errors
    /// An invalid tenant id, or an authority that is not https, with status 2.
    pub(super) fn new(
        context: &CredentialContext,
        pair: Option<(&str, &str)>,
        allowed: Vec<String>,
    ) -> Result<Result<Self, String>> {
        let env = &context.env;
        let client = pair
            .map(|(client, _)| client)
            .or_else(|| env.non_empty("AZURE_CLIENT_ID"));
        let tenant = pair
            .map(|(_, tenant)| tenant)
            .or_else(|| env.non_empty("AZURE_TENANT_ID"));
        let file = env.non_empty("AZURE_FEDERATED_TOKEN_FILE");
        let (Some(client), Some(tenant), Some(file)) = (client, tenant, file) else {
            let needed = [
                (tenant, "AZURE_TENANT_ID"),
                (client, "AZURE_CLIENT_ID"),
                (file, "AZURE_FEDERATED_TOKEN_FILE"),
            ];
            let absent: Vec<String> = needed
                .iter()
                .filter(|(value, _)| value.is_none())
                .map(|(_, name)| format!("`{name}`"))
                .collect();
            let verb = if absent.len() == 1 { "is" } else { "are" };
            return Ok(Err(format!("{} {verb} not set", absent.join(", "))));
        };
        let login = Login::new(context, tenant, client, allowed)?;
        Ok(Ok(Self {
            login,
            token_file: file.into(),
        }))
    }
}

/// Reads the token for `azure_identity`, until the command must be done.
#[derive(Debug)]
struct TokenFile(PathBuf, Instant);

#[async_trait]
impl ClientAssertion for TokenFile {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let path = shown(&self.0.display().to_string());
        let unreadable = || {
            Error::denied(format!(
                "the token file `{path}` of the workload identity cannot be read"
            ))
            .with_hint("check AZURE_FEDERATED_TOKEN_FILE")
        };
        let token =
            file::read(&self.0, self.1).map_err(|source| into_sdk(unreadable().with_source(source)))?;
        let text = token.expose_text().map(str::to_owned);
        text.ok_or_else(|| into_sdk(unreadable().with_detail("it is not UTF-8")))
    }
}

impl Credential for WorkloadIdentityCredential {
    fn name(&self) -> &'static str {
        "WorkloadIdentityCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let tenant = self.login.tenants.to_ask(request).await?;
            let options = ClientAssertionCredentialOptions {
                client_options: self.login.options().await,
            };
            let assertion = TokenFile(self.token_file.clone(), self.login.deadline());
            let credential = ClientAssertionCredential::new(
                tenant,
                self.login.client_id.clone(),
                assertion,
                Some(options),
            )
            .map_err(|error| sdk_failure(&error, "the login with a workload identity"))?;
            self.login.token(credential.as_ref(), request).await
        })
    }
}
