//! The login of Azure PowerShell.
//!
//! `azure_identity` has no such credential. Facts: `azure_powershell.py` of azure-identity 1.27.0 for Python, within
//! `DefaultAzureCredential`; <https://learn.microsoft.com/powershell/module/az.accounts/get-azaccesstoken>.

use std::time::Duration;

use azure_core::credentials::AccessToken;
use azure_core::time::OffsetDateTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::command::Tool;
use super::{Credential, CredentialContext, Failure, TokenRequest};
use crate::error::Result;
use crate::future::BoxFuture;

const NOT_FOUND: &str = "`pwsh` (PowerShell) is not in PATH";

/// The text that our script prints when the module is missing.
const NO_MODULE: &str = "secretctl:no-module";

/// The text that our script prints before the token.
const MARK: &str = "secretctl:token:";

/// The credential.
pub(super) struct AzurePowerShellCredential(Tool);

impl AzurePowerShellCredential {
    /// Creates the credential.
    pub(super) fn new(context: &CredentialContext) -> Self {
        Self(Tool::new(context, "pwsh", NOT_FOUND))
    }

    async fn get(&self, request: &TokenRequest) -> Result<AccessToken, Failure> {
        let unavailable = |why: &str| Err(Failure::Unavailable(why.to_owned()));
        if request.claims.is_some() {
            return unavailable("it cannot answer a claims challenge; log in again with `Connect-AzAccount`");
        }
        let shells: &[&str] = if cfg!(windows) {
            &["pwsh", "powershell"]
        } else {
            &["pwsh"]
        };
        let program = self.0.find(shells)?;
        let tenant = self.0.tenant(request).await?.unwrap_or_default();
        let script = script(request.resource(), &tenant);
        let encoded = STANDARD.encode(
            script
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>(),
        );
        let arguments = ["-NoProfile", "-NonInteractive", "-EncodedCommand", &encoded].map(str::to_owned);
        let output = self.0.run(&program, &arguments, &[]).await?;
        if output.status != Some(0) {
            let stderr = &output.stderr;
            return unavailable(if stderr.contains("' is not recognized") {
                NOT_FOUND
            } else if stderr.contains("Run Connect-AzAccount to login") {
                "nobody is logged in to Azure PowerShell: run `Connect-AzAccount`"
            } else if stderr.contains("AuthorizationManager check failed") {
                "an execution policy prevents Azure PowerShell from running"
            } else {
                "`pwsh` failed"
            });
        }
        let stdout = output.stdout.expose_text().unwrap_or_default();
        if stdout.contains(NO_MODULE) {
            return unavailable("PowerShell's module Az.Accounts, 2.2.0 or later, is not installed");
        }
        self.0.printed(token(stdout))
    }
}

/// Returns the script. The token may be text or, since Az.Accounts 5 or on request, a secure string.
fn script(resource: &str, tenant: &str) -> String {
    let tenant = if tenant.is_empty() {
        String::new()
    } else {
        format!("; $ask['TenantId'] = '{tenant}'")
    };
    format!(
        "$ErrorActionPreference = 'Stop'; \
         $module = Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru -ErrorAction SilentlyContinue; \
         if (-not $module) {{ Write-Output '{NO_MODULE}'; exit 0 }}; \
         $ask = @{{ ResourceUrl = '{resource}'; WarningAction = 'Ignore' }}{tenant}; \
         $answer = Get-AzAccessToken @ask; $text = $answer.Token; \
         if ($text -is [securestring]) {{ $text = [Net.NetworkCredential]::new('', $text).Password }}; \
         Write-Output ('{MARK}' + $text + ':' + $answer.ExpiresOn.ToUnixTimeSeconds())"
    )
}

/// Reads the token from what the script printed.
fn token(stdout: &str) -> Option<AccessToken> {
    let line = stdout
        .split_whitespace()
        .find_map(|word| word.strip_prefix(MARK))?;
    let (token, expires_on) = line.rsplit_once(':').filter(|(token, _)| !token.is_empty())?;
    let expires_on = OffsetDateTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(expires_on.parse().ok()?).try_into().ok()?)?;
    Some(AccessToken::new(token.to_owned(), expires_on))
}

impl Credential for AzurePowerShellCredential {
    fn name(&self) -> &'static str {
        "AzurePowerShellCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(self.get(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_output() {
        let found = token("WARNING: noise\nsecretctl:token:abc.def:1900000000\n").expect("a token");
        assert_eq!(found.token.secret(), "abc.def");
        assert_eq!(found.expires_on.unix_timestamp(), 1_900_000_000);
        for text in [
            "",
            "secretctl:token:",
            "secretctl:token::5",
            "secretctl:token:abc:soon",
        ] {
            assert!(token(text).is_none(), "{text}");
        }
    }
}
