//! A user's name and password: the password grant, which `azure_identity` does not have.
//!
//! Facts: `user_password.py` of azure-identity 1.27.0 for Python and msal's `acquire_token_by_username_password`, with one
//! difference: a federated domain's login (WS-Trust) is not supported, so Microsoft Entra ID refuses such a user with its reason.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::{Method, Pipeline, Request, Url};
use azure_core::time::OffsetDateTime;
use serde_json::Value;
use url::form_urlencoded;

use super::entra::Login;
use super::{Credential, Failure, TokenRequest};
use crate::cloud::azure::transport::into_sdk;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::secret::Secret;

/// The scopes that msal adds for a user.
const USER_SCOPES: &str = "offline_access openid profile";

/// The credential.
pub(super) struct UsernamePasswordCredential {
    login: Login,
    username: String,
    password: Secret,
}

impl UsernamePasswordCredential {
    /// Creates the credential.
    pub(super) fn new(login: Login, username: String, password: Secret) -> Self {
        login.hide(&password);
        Self {
            login,
            username,
            password,
        }
    }
}

impl Credential for UsernamePasswordCredential {
    fn name(&self) -> &'static str {
        "UsernamePasswordCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            let tenant = self.login.tenants.to_ask(request).await?;
            self.login
                .token(
                    &Grant {
                        credential: self,
                        tenant,
                    },
                    request,
                )
                .await
        })
    }
}

/// The grant for one tenant.
struct Grant<'a> {
    credential: &'a UsernamePasswordCredential,
    tenant: String,
}

impl fmt::Debug for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grant")
    }
}

#[async_trait]
impl TokenCredential for Grant<'_> {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let login = &self.credential.login;
        let internal = |what: &str| into_sdk(Error::internal(what));
        let url = Url::parse(&login.token_url(&self.tenant))
            .map_err(|_| internal("the token endpoint is not a URL"))?;
        let password = self.credential.password.expose_text();
        let password = password.ok_or_else(|| into_sdk(Error::usage("`AZURE_PASSWORD` is not UTF-8")))?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &login.client_id)
            .append_pair("client_info", "1")
            .append_pair("grant_type", "password")
            .append_pair("username", &self.credential.username)
            .append_pair("password", password)
            .append_pair("scope", &format!("{} {USER_SCOPES}", scopes.join(" ")))
            .finish();
        let mut request = Request::new(url, Method::Post);
        request.insert_header("content-type", "application/x-www-form-urlencoded");
        request.insert_header("accept", "application/json");
        request.set_body(form);
        let pipeline = Pipeline::new(None, None, login.options().await, Vec::new(), Vec::new(), None);
        let context = options.unwrap_or_default().method_options.context;
        let response = pipeline.send(&context, &mut request, None).await?;
        // The login's policy has rewritten the answer: it is a token in a fixed form.
        let answer: Value =
            serde_json::from_slice(response.body()).map_err(|_| internal("a token answer is not JSON"))?;
        let token = answer["access_token"].as_str().unwrap_or_default().to_owned();
        let lifetime = Duration::from_secs(answer["expires_in"].as_u64().unwrap_or_default());
        Ok(AccessToken::new(token, OffsetDateTime::now_utc() + lifetime))
    }
}
