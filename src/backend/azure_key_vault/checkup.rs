//! What `doctor` asks of a vault: its challenge, which needs no token, and then a token for it.
//!
//! Of the token only the claims are shown that say whose it is, never the token. Source:
//! <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.

use std::sync::OnceLock;
use std::time::SystemTime;

use azure_core::credentials::AccessToken;

use super::challenge::{Challenge, usual_scope};
use super::client::VaultClient;
use super::{AzureKeyVaultBackend, Config};
use crate::backend::BoxFuture;
use crate::backend::checkup::{Checkup, Endpoint, span};
use crate::cloud::jwt;
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::Value;
use crate::report::{Check, Section};
use crate::shown::shown;

/// The claims that are shown, and their words.
const CLAIMS: &[(&str, &str)] = &[("appid", "application"), ("oid", "object"), ("tid", "tenant")];

impl Checkup for AzureKeyVaultBackend {
    fn checks(&self) -> &'static [Check] {
        &[Check::Connect, Check::Login]
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        Box::pin(self.look_around(section))
    }
}

impl AzureKeyVaultBackend {
    /// Asks the vault for its challenge, and for a token that meets it.
    pub(super) async fn look_around(&self, section: &mut Section) {
        let (client, server) = match self.client_and_server() {
            Ok(both) => both,
            Err(error) => return section.failure(Check::Login, &error),
        };
        let challenge = OnceLock::new();
        let endpoint = Endpoint::new(&server.client, url(&self.config))
            .following_redirects(true)
            .explained(|failure| server.unreachable(failure))
            .described(|response| {
                let read = of_vault(response)?;
                let words = words(read.as_ref());
                // The request is sent once.
                let _ = challenge.set(read);
                Ok(words)
            });
        if !endpoint.examine(section).await {
            return;
        }
        match self.token(client, challenge.into_inner().flatten()).await {
            Ok(token) => section.ok(Check::Login, identity(client.tokens().credential_name(), &token)),
            Err(error) => section.failure(Check::Login, &error),
        }
    }

    async fn token(&self, client: &VaultClient, challenge: Option<Challenge>) -> Result<AccessToken> {
        let host = self.config.endpoint.host_str().unwrap_or_default();
        let (scope, tenant) = match challenge {
            Some(challenge) => (challenge.scope, challenge.tenant),
            None => (usual_scope(host).to_owned(), None),
        };
        client.tokens().challenged(&scope, tenant);
        client.tokens().token(&scope).await
    }
}

/// Returns the URL of a secret that is never there.
fn url(config: &Config) -> String {
    let base = config.endpoint.as_str().trim_end_matches('/');
    format!(
        "{base}/secrets/secretctl-doctor?api-version={}",
        config.api_version
    )
}

/// Reads the challenge of a vault; `None` in a 401 without one.
fn of_vault(response: &Response) -> Result<Option<Challenge>> {
    if let (401, Some(header)) = (response.status, response.header("www-authenticate")) {
        return Challenge::parse(header).map(Some);
    }
    let is_json = serde_json::from_slice::<serde_json::Value>(response.body.expose())
        .is_ok_and(|body| body.is_object());
    if is_json || (response.status == 401 && response.body.is_empty()) {
        return Ok(None);
    }
    Err(Error::unavailable(format!(
        "it answered with status {} and something that is not Key Vault's JSON",
        response.status
    ))
    .with_hint("a proxy or a gateway may have answered instead; check `vault_url` and `HTTPS_PROXY`"))
}

fn words(challenge: Option<&Challenge>) -> String {
    match challenge {
        Some(Challenge {
            tenant: Some(tenant), ..
        }) => format!("a vault of tenant `{}`", shown(tenant)),
        Some(_) => "a vault".to_owned(),
        None => "it answers without a challenge".to_owned(),
    }
}

/// Says whose the token is, and how long it lasts.
fn identity(credential: &str, token: &AccessToken) -> String {
    let mut words = format!("`{credential}`");
    let claims = jwt::claims(token.token.secret()).unwrap_or_default();
    for (claim, what) in CLAIMS {
        if let Some(id) = claims.get(*claim).and_then(Value::as_str).filter(|id| is_id(id)) {
            words = format!("{words}, {what} `{id}`");
        }
    }
    match SystemTime::from(token.expires_on).duration_since(SystemTime::now()) {
        Ok(left) => format!("{words}, {} left", span(left)),
        Err(_) => format!("{words}, expired"),
    }
}

/// Whether a claim has the form of an id, which is no secret.
fn is_id(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
