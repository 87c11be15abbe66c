//! The services that give credentials, scripted: STS, SSO, its tokens, a container's and an instance's.
//!
//! What a service answers depends on what it is asked for: a role `denied` is refused, a role `expired` has expired.

use serde_json::json;

use crate::cloud::aws::judged::support::server::{Recorded, Reply, Server};

const LATER: &str = "2999-01-01T00:00:00Z";
const EARLIER: &str = "2001-01-01T00:00:00Z";

/// Starts the services.
pub(super) fn start() -> Server {
    Server::start(|request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match (request.method.as_str(), path) {
            ("POST", "/") => sts(request),
            ("POST", "/token") => new_token(request),
            ("GET", "/federation/credentials") => portal(request),
            ("GET", "/container") => metadata("AKIACONTAINER", LATER),
            ("GET", "/container-expired") => metadata("AKIACONTAINER", EARLIER),
            ("GET", "/container-empty") => Reply::json(200, json!({})),
            ("GET", "/container-html") => Reply::html(200),
            (
                "PUT",
                "/imds/latest/api/token" | "/no-role/latest/api/token" | "/imds-expired/latest/api/token",
            ) => Reply::status(200).body("imds-token"),
            ("PUT", "/bad/latest/api/token") => Reply::status(400),
            (
                "GET",
                "/imds/latest/meta-data/iam/security-credentials/"
                | "/v1/latest/meta-data/iam/security-credentials/"
                | "/imds-expired/latest/meta-data/iam/security-credentials/",
            ) => Reply::status(200).body("role"),
            ("GET", "/imds/latest/meta-data/iam/security-credentials/role") => {
                metadata("AKIAINSTANCE", LATER)
            }
            ("GET", "/v1/latest/meta-data/iam/security-credentials/role") => metadata("AKIAVERSION1", LATER),
            ("GET", "/imds-expired/latest/meta-data/iam/security-credentials/role") => {
                metadata("AKIAINSTANCE", EARLIER)
            }
            _ => Reply::status(404),
        }
    })
}

fn metadata(id: &str, expiry: &str) -> Reply {
    Reply::json(
        200,
        json!({
            "Code": "Success", "AccessKeyId": id, "SecretAccessKey": format!("secret-{id}"),
            "Token": format!("token-{id}"), "Expiration": expiry,
        }),
    )
}

fn sts(request: &Recorded) -> Reply {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let field = |name: &str| {
        let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
    };
    let action = field("Action").unwrap_or_default();
    let role = field("RoleArn").unwrap_or_default();
    let role = role.rsplit("%2F").next().unwrap_or_default().to_owned();
    let failure = |status: u16, code: &str| {
        Reply::status(status).header("content-type", "text/xml").body(format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{role} &amp; no</Message></Error>\
             <RequestId>1</RequestId></ErrorResponse>"
        ))
    };
    match role.as_str() {
        "denied" => return failure(403, "AccessDenied"),
        "throttled" => return failure(400, "Throttling"),
        "busy" => return failure(503, "ServiceUnavailable"),
        "html" => return Reply::html(200),
        _ => {}
    }
    let expiry = if role == "expired" { EARLIER } else { LATER };
    Reply::status(200).header("content-type", "text/xml").body(format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
         <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/{role}/s</Arn><AssumedRoleId>i:s</AssumedRoleId></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIA{role}</AccessKeyId><SecretAccessKey>secret-ASIA{role}</SecretAccessKey>\
         <SessionToken>tok&amp;{role}</SessionToken><Expiration>{expiry}</Expiration></Credentials>\
         </{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    ))
}

fn portal(request: &Recorded) -> Reply {
    match request.header("x-amz-sso_bearer_token") {
        Some("sso-good" | "sso-new") => Reply::json(
            200,
            json!({"roleCredentials": {
                "accessKeyId": "ASIASSO", "secretAccessKey": "secret-ASIASSO", "sessionToken": "token-sso",
                "expiration": 32_472_144_000_000_i64,
            }}),
        ),
        Some("sso-forbidden") => Reply::json(403, json!({"message": "no access"})),
        _ => Reply::json(401, json!({"message": "Session token not found or invalid"}))
            .header("x-amzn-errortype", "UnauthorizedException"),
    }
}

fn new_token(request: &Recorded) -> Reply {
    match request.json()["refreshToken"].as_str() {
        Some("refresh-good") => Reply::json(
            200,
            json!({"accessToken": "sso-new", "tokenType": "Bearer", "expiresIn": 28_800, "refreshToken": "refresh-next"}),
        ),
        _ => Reply::json(400, json!({"error": "invalid_grant"}))
            .header("x-amzn-errortype", "InvalidGrantException"),
    }
}
