//! A service principal with a client secret: `azure_identity`'s credential, which sends the same request as Python's.
//!
//! Facts: `client_secret.py` of azure-identity 1.27.0 for Python.

use azure_core::credentials::AccessToken;
use azure_identity::{ClientSecretCredential as SdkCredential, ClientSecretCredentialOptions};

use super::entra::Login;
use super::{Credential, Failure, TokenRequest};
use crate::cloud::azure::transport::sdk_failure;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::secret::Secret;

/// The credential.
pub(super) struct ClientSecretCredential {
    login: Login,
    secret: Secret,
}

impl ClientSecretCredential {
    /// Creates the credential.
    pub(super) fn new(login: Login, secret: Secret) -> Self {
        login.hide(&secret);
        Self { login, secret }
    }
}

impl Credential for ClientSecretCredential {
    fn name(&self) -> &'static str {
        "ClientSecretCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let secret = self
                .secret
                .expose_text()
                .ok_or_else(|| Error::usage("the client secret is not UTF-8"))?;
            let tenant = self.login.tenants.to_ask(request).await?;
            let options = ClientSecretCredentialOptions {
                client_options: self.login.options().await,
            };
            let credential = SdkCredential::new(
                &tenant,
                self.login.client_id.clone(),
                secret.to_owned().into(),
                Some(options),
            )
            .map_err(|error| sdk_failure(&error, "the login with a client secret"))?;
            self.login.token(credential.as_ref(), request).await
        })
    }
}
