//! Service Fabric: `IDENTITY_ENDPOINT` with `IDENTITY_HEADER`, at a server that is identified by its certificate's thumbprint.
//!
//! Facts: `service_fabric.py` of azure-identity 1.27.0 for Python, msal's `_obtain_token_on_service_fabric`, and
//! <https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code>.

use std::sync::Arc;

use azure_core::credentials::AccessToken;

use super::{Machine, RETRY, header, json, seconds, until};
use crate::cloud::azure::transport::Sender;
use crate::cloud::azure::{self, Credential, Failure, TokenRequest};
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::{Client, Options, Proxies, Roots};

/// The credential.
pub(super) struct ServiceFabric {
    machine: Machine,
}

impl ServiceFabric {
    /// Creates the credential.
    pub(super) fn new(machine: Machine) -> Self {
        Self { machine }
    }

    /// Returns a machine whose requests go only to the server with the thumbprint.
    fn pinned(&self) -> Result<Machine> {
        let text = self.machine.variable("IDENTITY_SERVER_THUMBPRINT", false);
        let thumbprint = thumbprint(&text).ok_or_else(|| {
            Error::usage(
                "`IDENTITY_SERVER_THUMBPRINT` is not a SHA-1 thumbprint: it must have 40 hexadecimal digits",
            )
        })?;
        let context = &self.machine.context;
        let options = Options {
            roots: Roots::Thumbprint(thumbprint),
            proxies: Proxies::default(),
            ..azure::options(&context.env, context.deadline)
        };
        let direct: Arc<dyn Sender> = Arc::new(Client::new(options));
        let mut context = context.clone();
        context.direct = direct;
        Ok(Machine {
            context,
            client_id: None,
        })
    }
}

/// Reads a thumbprint: 40 hexadecimal digits, which spaces and colons may separate.
fn thumbprint(text: &str) -> Option<[u8; 20]> {
    let mut bytes = [0; 20];
    let mut digits = text
        .chars()
        .filter(|c| !" \t\r\n:".contains(*c))
        .map(|c| c.to_digit(16));
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

impl Credential for ServiceFabric {
    fn name(&self) -> &'static str {
        "ManagedIdentityCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(async move {
            if self.machine.client_id.is_some() {
                return Err(Error::denied(
                    "Service Fabric does not accept a client id: the cluster decides the identity",
                )
                .with_hint(format!(
                    "unset AZURE_CLIENT_ID, or leave out the kwarg {}",
                    self.machine.context.words.managed_identity
                ))
                .into());
            }
            let endpoint = self.machine.variable("IDENTITY_ENDPOINT", false);
            if !endpoint
                .get(..8)
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
            {
                return Err(
                    Error::usage("`IDENTITY_ENDPOINT` of Service Fabric must begin with `https://`").into(),
                );
            }
            let machine = self.pinned()?;
            let secret = machine.variable("IDENTITY_HEADER", true);
            let parameters = [
                ("api-version", "2019-07-01-preview"),
                ("resource", request.resource()),
            ];
            let response = machine
                .get(&endpoint, &parameters, vec![header("Secret", &secret)], RETRY)
                .await?;
            let status = response.status;
            let Some(answer) = json(&response) else {
                return Err(Error::unavailable(format!(
                    "Service Fabric answered with status {status} and no JSON"
                ))
                .into());
            };
            let lifetime = seconds(answer.get("expires_on")).map(until);
            lifetime
                .and_then(|lifetime| machine.token(&answer, lifetime))
                .ok_or_else(|| {
                    Failure::Unavailable(format!(
                        "Service Fabric has no identity for this machine (status {status}): {}",
                        machine.reason(&answer)
                    ))
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_has_forty_digits_and_may_have_separators() {
        let plain = "00112233445566778899aabbccddeeff00112233";
        let bytes = thumbprint(plain);
        assert!(bytes.is_some_and(|bytes| bytes[..3] == [0, 0x11, 0x22]));
        assert_eq!(
            thumbprint("00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33"),
            bytes
        );
        for text in [
            "",
            "00",
            &plain[1..],
            "zz112233445566778899aabbccddeeff00112233",
            &format!("{plain}00"),
        ] {
            assert_eq!(thumbprint(text), None, "{text}");
        }
    }
}
