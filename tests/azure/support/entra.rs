//! Microsoft Entra ID as far as a service principal needs it: it verifies who asks, and issues a token for what was asked for.
//!
//! Its errors are the documented ones: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use ring::digest;
use ring::signature::{KeyPair as _, RsaKeyPair};
use serde_json::{Value, json};

use super::{CLIENT, CLIENT_SECRET, LOGIN, TENANT, USER, token};
use crate::support::server::{Recorded, Reply};

/// The federated token that stands for the application on a cluster.
pub const FEDERATED_TOKEN: &str = "a.federated.token";

/// The certificate's file that the application is registered with.
pub const CLIENT_PEM: &str = include_str!("../data/client.pem");

/// Answers a request.
pub fn answer(request: &Recorded, lifetime: i64) -> Reply {
    let path = request.target.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (request.method.as_str(), &segments[..]) {
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            discovery(request.header("host").unwrap_or(LOGIN), tenant)
        }
        ("GET", ["common", "userrealm", _]) => Reply::json(
            200,
            json!({"ver": "1.0", "account_type": "Managed", "domain_name": "contoso.example"}),
        ),
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => log_in(tenant, request, lifetime),
        _ => Reply::html(404),
    }
}

fn discovery(host: &str, tenant: &str) -> Reply {
    let base = format!("https://{host}/{tenant}");
    Reply::json(
        200,
        json!({
            "issuer": format!("{base}/v2.0"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        }),
    )
}

/// The fields of a form.
pub fn form(body: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn log_in(tenant: &str, request: &Recorded, lifetime: i64) -> Reply {
    let form = form(&request.body);
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let content_type = request.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return refused(
            400,
            "invalid_request",
            "AADSTS900144: The request body must be a form.",
        );
    }
    if ![TENANT, "organizations"].contains(&tenant) {
        return refused(
            400,
            "invalid_request",
            &format!("AADSTS90002: Tenant '{tenant}' not found."),
        );
    }
    if field("client_id") != CLIENT {
        let words = format!(
            "AADSTS700016: Application with identifier '{}' was not found in the directory.",
            field("client_id")
        );
        return refused(400, "unauthorized_client", &words);
    }
    // The client of Key Vault announces it; a credential alone does not.
    if field("scope").contains("vault") && !field("claims").contains("CP1") {
        return refused(
            400,
            "invalid_request",
            "AADSTS00000: This test wants the capability CP1 announced.",
        );
    }
    let user = match field("grant_type") {
        "client_credentials" => match verify_application(tenant, &form) {
            Ok(()) => CLIENT,
            Err(words) => return refused(401, "invalid_client", &words),
        },
        "password" if (field("username"), field("password")) == USER => USER.0,
        "password" => {
            return refused(
                400,
                "invalid_grant",
                "AADSTS50126: Error validating credentials due to invalid username or password.",
            );
        }
        _ => {
            return refused(
                400,
                "unsupported_grant_type",
                "AADSTS70003: The app requested an unsupported grant type.",
            );
        }
    };
    let scopes: Vec<&str> = field("scope")
        .split(' ')
        .filter(|scope| scope.contains("://"))
        .collect();
    let [scope] = scopes[..] else {
        return refused(
            400,
            "invalid_scope",
            "AADSTS70011: The provided value for the input parameter 'scope' is not valid.",
        );
    };
    let Some(resource) = scope.strip_suffix("/.default") else {
        return refused(
            400,
            "invalid_scope",
            "AADSTS1002012: The provided value for scope is not valid.",
        );
    };
    let mut answer = json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token::issue(resource, user, lifetime),
    });
    if user == USER.0 {
        answer["id_token"] = json!(token::issue_to(user));
    }
    Reply::json(200, answer)
}

/// Verifies an application's secret or assertion.
fn verify_application(tenant: &str, form: &BTreeMap<String, String>) -> Result<(), String> {
    if let Some(secret) = form.get("client_secret") {
        return if secret == CLIENT_SECRET {
            Ok(())
        } else {
            Err(format!(
                "AADSTS7000215: Invalid client secret provided for app '{CLIENT}'."
            ))
        };
    }
    let assertion = form
        .get("client_assertion")
        .ok_or("AADSTS7000218: The request body must contain a secret or an assertion.")?;
    if form.get("client_assertion_type").map(String::as_str)
        != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    {
        return Err("AADSTS50027: JWT token is invalid or malformed.".to_owned());
    }
    if assertion == FEDERATED_TOKEN {
        return Ok(());
    }
    let (certificate, public_key) = registered();
    let wrong = |why: &str| {
        format!(
            "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered ({why})."
        )
    };
    let (header, payload) = token::verify_assertion(assertion, &public_key).map_err(wrong)?;
    let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
    let checks = [
        ("alg", header["alg"] == "RS256"),
        ("x5t", header["x5t"] == URL_SAFE.encode(thumbprint)),
        (
            "x5c",
            header["x5c"].is_null() || header["x5c"][0] == STANDARD.encode(&certificate),
        ),
        (
            "aud",
            payload["aud"] == format!("https://{LOGIN}/{tenant}/oauth2/v2.0/token"),
        ),
        ("iss", payload["iss"] == CLIENT && payload["sub"] == CLIENT),
        (
            "exp",
            payload["exp"]
                .as_f64()
                .is_some_and(|end| (1.0..3600.0).contains(&token::seconds_from_now(end))),
        ),
        ("jti", payload["jti"].as_str().is_some_and(|id| id.len() == 36)),
    ];
    match checks.iter().find(|(_, right)| !right) {
        None => Ok(()),
        Some((what, _)) => Err(wrong(what)),
    }
}

/// The registered certificate, DER, and its public key.
fn registered() -> (Vec<u8>, Vec<u8>) {
    let block = |label: &str| {
        let begun = CLIENT_PEM
            .split_once(&format!("-----BEGIN {label}-----"))
            .unwrap()
            .1;
        let body: String = begun
            .split_once("-----END")
            .unwrap()
            .0
            .split_whitespace()
            .collect();
        STANDARD.decode(body).unwrap()
    };
    let key = RsaKeyPair::from_pkcs8(&block("PRIVATE KEY")).unwrap();
    (block("CERTIFICATE"), key.public_key().as_ref().to_vec())
}

/// An error in Microsoft's form.
pub fn refused(status: u16, error: &str, description: &str) -> Reply {
    let trace = "Trace ID: 0000 Correlation ID: 1111 Timestamp: 2026-01-01 00:00:00Z";
    let code: Value = description
        .split([':', ' '])
        .next()
        .and_then(|code| code.trim_start_matches("AADSTS").parse().ok())
        .unwrap_or(0)
        .into();
    Reply::json(
        status,
        json!({"error": error, "error_description": format!("{description} {trace}"), "error_codes": [code], "trace_id": "0000"}),
    )
}
