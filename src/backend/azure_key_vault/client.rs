//! Reading one secret: the SDK's `SecretClient`, and what its answers mean.
//!
//! Owns the meaning of every status and of Key Vault's error codes. Must not know how names are built, or credentials.
//! Facts: <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret>,
//! <https://learn.microsoft.com/azure/key-vault/general/rest-error-codes>.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::Url;
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use serde_json::Value;

use super::authorize::ChallengePolicy;
use super::config::Config;
use crate::cloud::azure::tokens::Tokens;
use crate::cloud::azure::transport::{Sender, Transport, from_sdk, sdk_failure};
use crate::error::{Error, ErrorKind, Result};
use crate::python::json;
use crate::python::repr::str;
use crate::secret::{Redaction, Secret};
use crate::shown::shown;
use crate::value::{Answer, Found};

/// A client of one vault.
pub(super) struct VaultClient {
    pub(super) secrets: SecretClient,
    tokens: Arc<Tokens>,
    redactor: Arc<Redaction>,
    pub(super) host: String,
    /// Where the vault is: no page of a list may lead elsewhere.
    pub(super) endpoint: Url,
}

impl VaultClient {
    /// Creates a client. Nothing is sent before the first secret is asked for.
    ///
    /// # Errors
    /// An endpoint that the SDK refuses as a URL, with status 2.
    pub(super) fn new(
        config: &Config,
        tokens: Arc<Tokens>,
        sender: Arc<dyn Sender>,
        redactor: Arc<Redaction>,
    ) -> Result<Self> {
        let policy = ChallengePolicy::new(
            Arc::clone(&tokens),
            config.verify_challenge_resource,
            Arc::clone(&redactor),
        );
        let mut client_options = Transport::options(sender, config.retry.clone());
        client_options.per_try_policies.push(Arc::new(policy));
        let options = SecretClientOptions {
            api_version: config.api_version.clone(),
            client_options,
            // `ChallengePolicy` checks it as Python does.
            verify_challenge_resource: Some(false),
        };
        let credential: Arc<dyn TokenCredential> = Arc::clone(&tokens) as _;
        let secrets = SecretClient::new(config.endpoint.as_str(), credential, Some(options))
            .map_err(|_| Error::usage("backend kwarg `vault_url` is not the URL of a Key Vault"))?;
        let host = shown(config.endpoint.host_str().unwrap_or_default());
        Ok(Self {
            secrets,
            tokens,
            redactor,
            host,
            endpoint: config.endpoint.clone(),
        })
    }

    /// Returns the tokens that it sends.
    pub(super) fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }

    /// Reads the secret `name`.
    ///
    /// # Errors
    /// What kept it from an answer, with status 4, 5 or 6.
    pub(super) async fn get(&self, name: &str) -> Result<Answer> {
        let error = match self.secrets.get_secret(name, None).await {
            Ok(response) => return self.found(response.body()),
            Err(error) => error,
        };
        self.failed(error)
    }

    /// Returns the meaning of a request that failed in the SDK.
    pub(super) fn failed(&self, error: azure_core::Error) -> Result<Answer> {
        if let azure_core::error::ErrorKind::HttpResponse {
            status, raw_response, ..
        } = error.kind()
        {
            let body = raw_response.as_ref().map_or(&[][..], |response| response.body());
            return self.refused(u16::from(*status), body);
        }
        let failure = sdk_failure(&error, "the request to Key Vault");
        Err(from_sdk(error).unwrap_or(failure))
    }

    /// Returns the secret in the body of a 200.
    fn found(&self, body: &[u8]) -> Result<Answer> {
        // azure-core accepts a byte order mark.
        let text = std::str::from_utf8(body).ok();
        let parsed = text.map(|text| json::loads(text.strip_prefix('\u{feff}').unwrap_or(text)));
        let mut secret = match parsed {
            Some(Ok(json::Value::Object(secret))) => secret,
            Some(Err(error)) if !error.is_decode_error() => {
                return Err(Error::malformed("the secret in Key Vault cannot be read").with_source(error));
            }
            _ => return Err(self.not_key_vault(200)),
        };
        match secret.swap_remove("value") {
            Some(json::Value::String(text)) => Ok(Answer::Found(Found::Text(Secret::from(text)))),
            // Airflow continues with the plain name when a team's secret is null.
            Some(json::Value::Null) => Ok(Answer::Absent {
                hint: Some("the secret exists, but its value is null".to_owned()),
            }),
            // The SDK converts other values to text.
            Some(value) => Ok(Answer::Found(Found::Text(Secret::from(str(&value))))),
            None => Err(Error::malformed("Key Vault's answer has no `value`")),
        }
    }

    /// Returns the meaning of any other status.
    fn refused(&self, status: u16, body: &[u8]) -> Result<Answer> {
        let answer: Option<Value> = serde_json::from_slice(body).ok().filter(Value::is_object);
        if answer.is_none() && !(body.is_empty() || status == 429 || status >= 500) {
            return Err(self.not_key_vault(status));
        }
        let error = answer.as_ref().and_then(|answer| answer.get("error"));
        // The server's own text decides; what is shown is redacted.
        let text = |value: Option<&Value>, name| value?.get(name)?.as_str().map(str::to_owned);
        let code = text(error, "code").unwrap_or_default();
        let inner = text(error.and_then(|error| error.get("innererror")), "code");
        let words = text(error, "message").filter(|words| !words.is_empty());
        let host = &self.host;
        let mut error = match status {
            404 => return Ok(Answer::ABSENT),
            401 => Error::denied(format!("Key Vault {host} refused the token"))
                .with_hint(unauthorized(words.as_deref())),
            403 => {
                let (what, hint) = forbidden(inner.as_deref(), words.as_deref());
                Error::denied(format!("Key Vault {host} {what}")).with_hint(hint)
            }
            429 => Error::unavailable(format!("Key Vault {host} is throttling requests")).with_hint(
                "try again later; a vault serves 4,000 reads in 10 seconds, for all its clients together",
            ),
            301 | 302 | 303 | 307 | 308 => Error::unavailable(format!(
                "Key Vault {host} redirects (status {status}) to a place where the token must not go"
            )),
            500.. => Error::unavailable(format!(
                "Key Vault {host} returned a server error (status {status})"
            ))
            .with_hint("try again later: the fault is in Azure, or in a gateway before it"),
            _ => Error::unavailable(format!("Key Vault {host} answered with status {status}")),
        };
        let code = self
            .redactor
            .clean(&inner.filter(|inner| !inner.is_empty()).unwrap_or(code));
        if let Some(words) = words.map(|words| self.redactor.clean(&words)) {
            let code = if code.is_empty() {
                String::new()
            } else {
                format!("{code}: ")
            };
            error = error.with_detail(format!("{code}{words}"));
        } else if !code.is_empty() {
            error = error.with_detail(code);
        }
        if status == 400 {
            error = error.or_hint("check the kwarg `api_version`, if it is set");
        }
        Err(error)
    }

    pub(super) fn not_key_vault(&self, status: u16) -> Error {
        let host = &self.host;
        Error::new(
            ErrorKind::Unavailable,
            format!("{host} answered with status {status} and something that is not Key Vault's JSON"),
        )
        .with_hint("a proxy or a gateway may have answered instead; check `vault_url` and `HTTPS_PROXY`")
    }
}

/// Returns what to do about a refused token.
fn unauthorized(words: Option<&str>) -> &'static str {
    let issuer = words.is_some_and(|words| words.contains("AKV10032") || words.contains("issuer"));
    if issuer {
        "the vault and the credential belong to different tenants; check the tenant id"
    } else {
        "check that the credential belongs to the vault's cloud and tenant, and check this machine's clock"
    }
}

/// Returns the meaning of a 403, by its inner code (`ForbiddenBy…`, `AccessDenied`, `Secret…`), and what to do.
fn forbidden(inner: Option<&str>, words: Option<&str>) -> (&'static str, &'static str) {
    match inner.unwrap_or_default() {
        "ForbiddenByRbac" => (
            "denies this identity: it has no role that may read secrets",
            "assign it the role `Key Vault Secrets User` on the vault; a new assignment takes some minutes",
        ),
        "ForbiddenByPolicy" | "AccessDenied" => (
            "denies this identity: no access policy lets it read secrets",
            "add an access policy with the secret permission `Get`, or the role `Key Vault Secrets User`",
        ),
        "ForbiddenByFirewall" => (
            "denies this network: its firewall blocks this address",
            "add this machine's address under the vault's Networking, or use its private endpoint",
        ),
        "ForbiddenByConnection" => (
            "denies this connection: it accepts only its private endpoint",
            "reach it through its private endpoint, or allow public access under the vault's Networking",
        ),
        "SecretDisabled" => (
            "has the secret, but it is disabled",
            "enable the secret, or set a new version of it",
        ),
        "SecretNotYetValid" => (
            "has the secret, but it is not valid yet",
            "check the secret's activation date",
        ),
        "SecretExpired" => (
            "has the secret, but it has expired",
            "check the secret's expiration date, or set a new version of it",
        ),
        _ if words.is_some_and(|words| words.contains("disabled secret")) => (
            "has the secret, but it is disabled",
            "enable the secret, or set a new version of it",
        ),
        _ => (
            "denies this identity the secret",
            "give it the role `Key Vault Secrets User`, or the secret permission `Get`, on the vault",
        ),
    }
}
