//! A service principal with a certificate: `azure_identity`'s assertion credential, with assertions of [`Certificate`].
//!
//! `azure_identity`'s own certificate credential reads only PFX, needs OpenSSL, and signs with another algorithm than Python.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::AccessToken;
use azure_core::http::ClientMethodOptions;
use azure_identity::{ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions};

use super::certificate::Certificate;
use super::entra::Login;
use super::{Credential, Failure, TokenRequest};
use crate::cloud::azure::transport::{into_sdk, sdk_failure};
use crate::error::Result;
use crate::future::BoxFuture;
use crate::secret::Secret;

/// The credential.
pub(super) struct CertificateCredential {
    login: Login,
    certificate: Arc<Certificate>,
}

impl CertificateCredential {
    /// Creates the credential. The file is read now, as Python's constructor reads it.
    ///
    /// # Errors
    /// A file that cannot be used, with status 2.
    pub(super) fn new(login: Login, path: &str, password: Option<&Secret>, send_chain: bool) -> Result<Self> {
        if let Some(password) = password {
            login.hide(password);
        }
        let password = password.filter(|password| !password.is_empty());
        let certificate = Arc::new(Certificate::read(
            &PathBuf::from(path),
            password,
            send_chain,
            login.deadline(),
        )?);
        Ok(Self { login, certificate })
    }
}

/// Signs for `azure_identity`.
#[derive(Debug)]
struct Assertion {
    certificate: Arc<Certificate>,
    client_id: String,
    audience: String,
}

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.certificate
            .assertion(&self.client_id, &self.audience)
            .map_err(into_sdk)
    }
}

impl Credential for CertificateCredential {
    fn name(&self) -> &'static str {
        "CertificateCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let tenant = self.login.tenants.to_ask(request).await?;
            let assertion = Assertion {
                certificate: Arc::clone(&self.certificate),
                client_id: self.login.client_id.clone(),
                audience: self.login.token_url(&tenant),
            };
            let options = ClientAssertionCredentialOptions {
                client_options: self.login.options().await,
            };
            let credential = ClientAssertionCredential::new(
                tenant,
                self.login.client_id.clone(),
                assertion,
                Some(options),
            )
            .map_err(|error| sdk_failure(&error, "the login with a certificate"))?;
            self.login.token(credential.as_ref(), request).await
        })
    }
}
