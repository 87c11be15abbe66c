//! The login of the Azure CLI.
//!
//! `azure_identity`'s credential runs a shell with the process's PATH and environment, and reports other reasons. Facts:
//! `azure_cli.py` of azure-identity 1.27.0 for Python, within `DefaultAzureCredential`, where no failure ends the chain.

use azure_core::credentials::AccessToken;
use azure_core::time::{Duration, OffsetDateTime};
use serde_json::Value;

use super::command::{self, Tool};
use super::{Credential, CredentialContext, Failure, TokenRequest};
use crate::error::Result;
use crate::future::BoxFuture;

const TOOL: &str = "az";
const NOT_FOUND: &str = "`az` (the Azure CLI) is not in PATH";
/// The lifetime of a token from an old `az`, which prints the expiry in local time.
const UNKNOWN_LIFETIME: Duration = Duration::minutes(10);

/// The credential.
pub(super) struct AzureCliCredential(Tool);

impl AzureCliCredential {
    /// Creates the credential.
    pub(super) fn new(context: &CredentialContext) -> Self {
        Self(Tool::new(context, TOOL, NOT_FOUND))
    }

    async fn get(&self, request: &TokenRequest) -> Result<AccessToken, Failure> {
        let unavailable = |why: &str| Err(Failure::Unavailable(why.to_owned()));
        if request.claims.is_some() {
            return unavailable("it cannot answer a claims challenge; log in again with `az login`");
        }
        let program = self.0.find(&[TOOL])?;
        let tenant = self.0.tenant(request).await?;
        let mut arguments: Vec<String> = [
            "account",
            "get-access-token",
            "--output",
            "json",
            "--resource",
            request.resource(),
        ]
        .map(str::to_owned)
        .into();
        if let Some(tenant) = tenant {
            arguments.extend(["--tenant".to_owned(), tenant]);
        }
        let variables = [("AZURE_CORE_NO_COLOR", "true")];
        let output = self.0.run(&program, &arguments, &variables).await?;
        if output.status != Some(0) {
            let stderr = &output.stderr;
            if (stderr.contains("az login") || stderr.contains("az account set"))
                && !stderr.contains("AADSTS")
            {
                return unavailable("nobody is logged in to the Azure CLI: run `az login`");
            }
            return Err(self.0.failed(stderr));
        }
        self.0.printed(token(output.stdout.expose()))
    }
}

/// Reads a token from what `az` printed. It expires at `expires_on`, in seconds since 1970, or `expiresOn`, in local time.
fn token(stdout: &[u8]) -> Option<AccessToken> {
    let answer = command::json(stdout)?;
    let token = answer.get("accessToken")?.as_str()?.to_owned();
    let expires_on = match answer.get("expires_on") {
        Some(Value::String(text)) => text.trim().parse().ok()?,
        Some(number) => number.as_i64()?,
        None => {
            command::time(answer.get("expiresOn")?.as_str()?)?;
            return Some(AccessToken::new(
                token,
                OffsetDateTime::now_utc() + UNKNOWN_LIFETIME,
            ));
        }
    };
    Some(AccessToken::new(
        token,
        OffsetDateTime::from_unix_timestamp(expires_on).ok()?,
    ))
}

impl Credential for AzureCliCredential {
    fn name(&self) -> &'static str {
        "AzureCliCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(self.get(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_expiry_are_read() {
        let token = |text: &str| token(text.as_bytes());
        let new =
            token(r#"{"accessToken": "t", "expires_on": 1900000000, "expiresOn": "x"}"#).expect("a token");
        assert_eq!(new.expires_on.unix_timestamp(), 1_900_000_000);
        assert!(token(r#"{"accessToken": "t", "expiresOn": "2030-01-02 03:04:05.000006"}"#).is_some());
        for text in [
            "",
            "{}",
            r#"{"accessToken": "t"}"#,
            r#"{"accessToken": "t", "expiresOn": "soon"}"#,
            r#"{"expires_on": 1}"#,
        ] {
            assert!(token(text).is_none(), "{text}");
        }
    }
}
