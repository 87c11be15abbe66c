//! The services of a machine of Azure's that give tokens of its managed identity, each by its documented protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{CLIENT, entra, token};
use crate::support::server::{Recorded, Reply};

/// What App Service puts into `IDENTITY_HEADER`, Azure ML into `MSI_SECRET`.
pub const HEADER: &str = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";

/// How long a token of these services lasts.
const LIFETIME: i64 = 86_400;

/// Answers a request.
pub fn answer(request: &Recorded) -> Reply {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let query = entra::form(query.as_bytes());
    let form = entra::form(&request.body);
    let field = |name: &str| query.get(name).map_or("", String::as_str);
    let metadata = request.header("metadata") == Some("true");
    match path {
        "/metadata/identity/oauth2/token" => {
            if field("api-version") != "2018-02-01" {
                return imds_error(400, "invalid_request", "Invalid api-version");
            }
            if !metadata {
                return imds_error(400, "invalid_request", "Required metadata header not specified");
            }
            give(field("resource"), field("client_id"), "expires_in")
        }
        "/msi/token" => {
            if request.header("x-identity-header") != Some(HEADER) || field("api-version") != "2019-08-01" {
                return Reply::json(403, json!({"statusCode": 403, "message": "The header is wrong."}));
            }
            give(field("resource"), field("client_id"), "expires_on")
        }
        "/ml/token" => {
            if request.header("secret") != Some(HEADER) || field("api-version") != "2017-09-01" {
                return Reply::json(401, json!({"error": {"code": "Unauthorized", "message": "no"}}));
            }
            give(field("resource"), field("clientid"), "expires_on")
        }
        "/shell/token" => {
            if !metadata || request.method != "POST" {
                return Reply::json(400, json!({"error": {"code": "BadRequest", "message": "no"}}));
            }
            let resource = form.get("resource").map_or("", String::as_str);
            give(
                resource,
                form.get("client_id").map_or("", String::as_str),
                "expires_on",
            )
        }
        _ => Reply::html(404),
    }
}

/// Answers as Service Fabric's server does.
pub fn fabric(request: &Recorded) -> Reply {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let query = entra::form(query.as_bytes());
    let field = |name: &str| query.get(name).map_or("", String::as_str);
    if path != "/fabric/token"
        || field("api-version") != "2019-07-01-preview"
        || request.header("secret") != Some(HEADER)
    {
        return Reply::json(
            401,
            json!({"error": {"code": "SecretHeaderNotFound", "message": "The secret is not there."}}),
        );
    }
    give(field("resource"), "", "expires_on")
}

/// The SHA-1 of a certificate in PEM, as Service Fabric writes it.
pub fn thumbprint(pem: &str) -> String {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
    let hex = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap());
    digest.as_ref().iter().flat_map(hex).collect()
}

fn imds_error(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, json!({"error": error, "error_description": description}))
}

/// Gives a token to the machine's own identity, or to the one that it has been assigned.
fn give(resource: &str, client_id: &str, end: &str) -> Reply {
    if resource != "https://vault.azure.net" {
        return imds_error(
            400,
            "invalid_resource",
            "AADSTS500011: The resource principal was not found in the tenant.",
        );
    }
    if !["", CLIENT].contains(&client_id) {
        return imds_error(400, "invalid_request", "Identity not found");
    }
    let subject = if client_id.is_empty() {
        "the machine's own"
    } else {
        client_id
    };
    let value = if end == "expires_in" {
        LIFETIME.unsigned_abs()
    } else {
        token::now() + LIFETIME.unsigned_abs()
    };
    let mut answer = json!({
        "access_token": token::issue(resource, subject, LIFETIME),
        "client_id": client_id,
        "resource": resource,
        "token_type": "Bearer",
    });
    // The real ones send numbers as text.
    answer[end] = json!(value.to_string());
    Reply::json(200, answer)
}
