//! The login of the Azure Developer CLI.
//!
//! `azure_identity`'s credential reads the process's environment. Facts: `azd_cli.py` of azure-identity 1.27.0 for Python, within
//! `DefaultAzureCredential`.

use azure_core::credentials::AccessToken;
use serde_json::Value;

use super::command::{self, Tool};
use super::{Credential, CredentialContext, Failure, TokenRequest};
use crate::error::Result;
use crate::future::BoxFuture;

const TOOL: &str = "azd";
const NOT_FOUND: &str = "`azd` (the Azure Developer CLI) is not in PATH";

/// The credential.
pub(super) struct AzureDeveloperCliCredential(Tool);

impl AzureDeveloperCliCredential {
    /// Creates the credential.
    pub(super) fn new(context: &CredentialContext) -> Self {
        Self(Tool::new(context, TOOL, NOT_FOUND))
    }

    async fn get(&self, request: &TokenRequest) -> Result<AccessToken, Failure> {
        let unavailable = |why: &str| Err(Failure::Unavailable(why.to_owned()));
        let program = self.0.find(&[TOOL])?;
        let tenant = self.0.tenant(request).await?;
        let mut arguments: Vec<String> = [
            "auth",
            "token",
            "--output",
            "json",
            "--no-prompt",
            "--scope",
            &request.scope,
        ]
        .map(str::to_owned)
        .into();
        if let Some(tenant) = tenant {
            arguments.extend(["--tenant-id".to_owned(), tenant]);
        }
        if let Some(claims) = &request.claims {
            let claims = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, claims);
            arguments.extend(["--claims".to_owned(), claims]);
        }
        let variables = [("NO_COLOR", "true")];
        let output = self.0.run(&program, &arguments, &variables).await?;
        if output.status != Some(0) {
            let stdout = output.stdout.expose_text().unwrap_or_default();
            let printed = |text: &str| stdout.contains(text) || output.stderr.contains(text);
            if printed("not logged in, run `azd auth login` to login") && !printed("AADSTS") {
                return unavailable("nobody is logged in to the Azure Developer CLI: run `azd auth login`");
            }
            if printed("unknown flag: --claims") {
                return unavailable("this `azd` cannot answer a claims challenge: update it");
            }
            let text = message(stdout)
                .or_else(|| message(&output.stderr))
                .unwrap_or_else(|| output.stderr.clone());
            return Err(self.0.failed(&text));
        }
        self.0.printed(token(output.stdout.expose()))
    }
}

/// Reads a token from what `azd` printed.
fn token(stdout: &[u8]) -> Option<AccessToken> {
    let answer = command::json(stdout)?;
    let expires_on = answer
        .get("expiresOn")?
        .as_str()
        .filter(|time| time.ends_with('Z'))?;
    Some(AccessToken::new(
        answer.get("token")?.as_str()?.to_owned(),
        command::time(expires_on)?,
    ))
}

/// Returns the error message from the JSON lines of `azd`: `error`, else the first `data.message`.
fn message(output: &str) -> Option<String> {
    let mut first = None;
    for line in output.lines() {
        let Some(line) = command::json(line.trim().as_bytes()) else {
            continue;
        };
        let text = |value: Option<&Value>| {
            value?
                .as_str()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        if let Some(error) = text(line.get("error")) {
            return Some(error);
        }
        first = first.or_else(|| text(line.get("data").and_then(|data| data.get("message"))));
    }
    first
}

impl Credential for AzureDeveloperCliCredential {
    fn name(&self) -> &'static str {
        "AzureDeveloperCliCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(self.get(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_message_of_azd_is_found_in_its_json() {
        assert_eq!(
            message("{\"data\": {\"message\": \"old\"}}\n{\"error\": \"new\"}").as_deref(),
            Some("new")
        );
        assert_eq!(
            message("noise\n{\"data\": {\"message\": \" old \"}}").as_deref(),
            Some("old")
        );
        assert_eq!(message("noise"), None);
    }

    #[test]
    fn the_expiry_is_in_utc() {
        assert!(token(br#"{"token": "t", "expiresOn": "2030-01-02T03:04:05Z"}"#).is_some());
        assert!(token(br#"{"token": "t", "expiresOn": "2030-01-02T03:04:05"}"#).is_none());
        assert!(token(br#"{"expiresOn": "2030-01-02T03:04:05Z"}"#).is_none());
    }
}
