//! Key Vault's challenge: the `WWW-Authenticate` of a 401 -> the scope to ask a token for, and the vault's tenant.
//!
//! Facts: `http_challenge.py` and `challenge_auth_policy.py` of azure-keyvault-secrets 4.12.0 for Python, which read more than
//! the Rust crate does: `authorization` and `authorization_uri`, with and without quotes, the tenant, claims. Must not know
//! credentials or send anything.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};
use crate::python::urlsplit::urlsplit;
use crate::secret::Redaction;

/// What a vault asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    /// The scope of the token: `scope`, else `resource` with `/.default`.
    pub(super) scope: String,
    /// The vault's tenant: the first segment of the authority's path.
    pub(super) tenant: Option<String>,
    /// Claims that the token must have, decoded.
    pub(super) claims: Option<String>,
}

impl Challenge {
    /// Reads the header as Python's `HttpChallenge` does.
    ///
    /// # Errors
    /// A challenge that names no authority or neither scope nor resource, with status 4.
    pub(super) fn parse(header: &str) -> Result<Self> {
        let Some((_scheme, parameters)) = header.trim().split_once(' ') else {
            return Err(malformed("it has no parameters"));
        };
        let (mut scope, mut resource, mut authorization, mut authorization_uri) = (None, None, None, None);
        let mut claims = None;
        for item in parameters.split(',') {
            if let (true, Some((_, encoded))) = (item.contains("claims="), item.split_once('=')) {
                claims = decode_claims(encoded).or(claims);
                continue;
            }
            let mut parts = item.split('=');
            let (Some(key), Some(value), None) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let value = value.trim_matches([' ', '"']).to_owned();
            match key.trim_matches([' ', '"']) {
                "scope" => scope = Some(value),
                "resource" => resource = Some(value),
                "authorization" => authorization = Some(value),
                "authorization_uri" => authorization_uri = Some(value),
                _ => {}
            }
        }
        if authorization.is_none() && authorization_uri.is_none() {
            return Err(malformed("it names no authority"));
        }
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let authority = some(&authorization_uri)
            .or_else(|| some(&authorization))
            .unwrap_or_default();
        let authority = urlsplit(&authority).map_err(|_| malformed("its authority is not a URL"))?;
        let tenant = authority
            .path
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        let scope = match some(&scope) {
            Some(scope) => scope,
            None => match some(&resource) {
                Some(resource) => format!("{resource}/.default"),
                None if claims.is_some() => String::new(),
                None => return Err(malformed("it names neither a scope nor a resource")),
            },
        };
        // Whitespace would make it two scopes, the second one for another service.
        if scope.contains(|c: char| c == '"' || c.is_whitespace() || c.is_control()) {
            return Err(malformed(
                "its scope has whitespace, a quote or a control character",
            ));
        }
        Ok(Self {
            scope,
            tenant: (!tenant.is_empty()).then(|| tenant.to_owned()),
            claims,
        })
    }

    /// Checks that the token is for the service of `authority` (host, and port if there is one).
    ///
    /// A vault must not collect tokens for other services. The resource may repeat secrets, so it is shown through `redactor`.
    ///
    /// # Errors
    /// A resource that is not a parent domain of the vault's, with status 4.
    pub(super) fn verify(&self, authority: &str, redactor: &Redaction) -> Result<()> {
        let named = match urlsplit(&self.scope) {
            Ok(url) if !url.netloc.is_empty() => url.netloc,
            _ => return Err(malformed("its resource is not a URL")),
        };
        let resource = named.to_ascii_lowercase();
        let request = authority.to_ascii_lowercase();
        let belongs = |request: &str, resource: &str| {
            request
                .strip_suffix(resource)
                .is_some_and(|rest| rest.ends_with('.'))
        };
        if belongs(&request, &resource) || belongs(without_port(&request), without_port(&resource)) {
            return Ok(());
        }
        let shown = redactor.clean(&named);
        Err(Error::denied(format!(
            "the vault asks for a token for `{shown}`, which it does not belong to; no token was sent"
        ))
        .with_hint(
            "check `vault_url`; if the vault is right, set the kwarg `verify_challenge_resource` to false",
        ))
    }

    /// Returns the challenge in the one form that the Rust crate reads.
    pub(super) fn canonical(&self) -> String {
        format!("Bearer authorization=\"\", scope=\"{}\"", self.scope)
    }
}

/// Returns the scope that the challenge of a vault at `host` will almost certainly have.
pub(super) fn usual_scope(host: &str) -> &'static str {
    let host = host.to_ascii_lowercase();
    if host.ends_with(".vault.azure.cn") {
        "https://vault.azure.cn/.default"
    } else if host.ends_with(".vault.usgovcloudapi.net") {
        "https://vault.usgovcloudapi.net/.default"
    } else {
        "https://vault.azure.net/.default"
    }
}

fn malformed(why: &str) -> Error {
    Error::denied(format!(
        "the vault's authentication challenge is malformed: {why}; no token was sent"
    ))
    .with_hint("check that `vault_url` is the URL of a Key Vault")
}

/// Decodes claims as Python does: without spaces and quotes around them, and with padding. Invalid claims are ignored.
fn decode_claims(encoded: &str) -> Option<String> {
    let encoded = encoded.trim_matches([' ', '"', '\'']).trim_end_matches('=');
    String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

/// Returns `authority` without the default port `:443`.
fn without_port(authority: &str) -> &str {
    authority.strip_suffix(":443").unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_the_authority_are_read() {
        for spelling in ["authorization", "authorization_uri"] {
            let header = format!(
                r#"Bearer {spelling}="https://login.microsoftonline.com/t1", resource="https://vault.azure.net""#
            );
            let challenge = Challenge::parse(&header).expect("a challenge");
            assert_eq!(challenge.scope, "https://vault.azure.net/.default");
            assert_eq!(challenge.tenant.as_deref(), Some("t1"));
        }
    }

    #[test]
    fn a_scope_wins_over_a_resource_and_quotes_are_optional() {
        let challenge = Challenge::parse(
            "Bearer authorization=https://l/t, resource=https://a.net, scope=https://b.net/.default",
        )
        .expect("a challenge");
        assert_eq!(challenge.scope, "https://b.net/.default");
    }

    #[test]
    fn a_malformed_challenge_is_an_error() {
        for header in [
            "",
            "Bearer",
            "Bearer resource=\"https://vault.azure.net\"",
            "Bearer authorization=\"https://l/t\"",
        ] {
            assert!(Challenge::parse(header).is_err(), "{header}");
        }
    }

    #[test]
    fn a_scope_of_two_is_refused() {
        for blank in [" ", "\t", "\u{a0}", "\u{1}"] {
            for parameter in ["scope", "resource"] {
                let header = format!(
                    "Bearer authorization=\"https://l/t\", {parameter}=\"https://vault.azure.net/.default{blank}https://graph.microsoft.com\""
                );
                let error = Challenge::parse(&header).expect_err(&header);
                assert_eq!(error.kind().exit_status(), 4, "{header:?}");
            }
        }
    }

    #[test]
    fn a_foreign_resource_is_shown_short_and_without_secrets() {
        let redactor = Redaction::default();
        redactor.add("hunter2hunter2".into());
        redactor.add("vault".into());
        let of = |host: &str| Challenge {
            scope: format!("https://{host}/.default"),
            tenant: None,
            claims: None,
        };
        let error = |host: &str| of(host).verify("kv.vault.azure.net", &redactor).expect_err(host);
        let repeated = error("x.hunter2hunter2.net");
        assert_eq!(
            repeated.message(),
            "the vault asks for a token for `x.[redacted].net`, which it does not belong to; no token was sent"
        );
        assert!(
            repeated
                .hint()
                .is_some_and(|hint| hint.starts_with("check `vault_url`"))
        );
        assert!(error(&"x".repeat(100_000)).message().chars().count() < 400);
    }

    #[test]
    fn claims_are_decoded() {
        let challenge =
            Challenge::parse(r#"Bearer authorization="https://l/t", error="x", claims="eyJhIjoxfQ==""#)
                .expect("a challenge");
        assert_eq!(challenge.claims.as_deref(), Some(r#"{"a":1}"#));
    }

    #[test]
    fn the_resource_must_be_the_vaults_own_domain() {
        let challenge = |resource: &str| Challenge {
            scope: format!("{resource}/.default"),
            tenant: None,
            claims: None,
        };
        assert!(
            challenge("https://vault.azure.net")
                .verify("KV.vault.azure.net", &Redaction::default())
                .is_ok()
        );
        assert!(
            challenge("https://vault.azure.net")
                .verify("kv.vault.azure.net:443", &Redaction::default())
                .is_ok()
        );
        assert!(
            challenge("https://vault.azure.net")
                .verify("kvvault.azure.net", &Redaction::default())
                .is_err()
        );
        assert!(
            challenge("https://vault.azure.net")
                .verify("localhost:8443", &Redaction::default())
                .is_err()
        );
        assert!(
            challenge("https://graph.microsoft.com")
                .verify("kv.vault.azure.net", &Redaction::default())
                .is_err()
        );
        assert!(
            challenge("vault")
                .verify("kv.vault.azure.net", &Redaction::default())
                .is_err()
        );
    }

    #[test]
    fn sovereign_clouds_have_their_own_scopes() {
        assert_eq!(
            usual_scope("kv.vault.azure.cn"),
            "https://vault.azure.cn/.default"
        );
        assert_eq!(usual_scope("localhost"), "https://vault.azure.net/.default");
    }
}
