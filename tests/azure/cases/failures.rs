//! What a vault, a login or a network does wrong.

use serde_json::json;

use super::{Case, run};
use crate::azure::support::{LOGIN, TENANT, VAULT, World, values};
use crate::support::Side;
use crate::support::server::Reply;

/// An error in Key Vault's form.
fn error(status: u16, code: &str, message: &str, inner: &str) -> Reply {
    Reply::json(
        status,
        json!({"error": {"code": code, "message": message, "innererror": {"code": inner}}}),
    )
}

#[test]
fn refusals_have_their_reasons() {
    let forbidden = |inner: &str| {
        [error(
            403,
            "Forbidden",
            "The user, group or application does not have secrets get permission.",
            inner,
        )]
    };
    run(&[
        Case::new("no role")
            .vault(forbidden("ForbiddenByRbac"))
            .fails(4, &["no role", "Key Vault Secrets User"]),
        Case::new("no policy")
            .vault(forbidden("ForbiddenByPolicy"))
            .fails(4, &["no access policy"]),
        Case::new("no access")
            .vault(forbidden("AccessDenied"))
            .fails(4, &["no access policy"]),
        Case::new("a firewall")
            .vault(forbidden("ForbiddenByFirewall"))
            .fails(4, &["firewall"]),
        Case::new("a private endpoint")
            .vault(forbidden("ForbiddenByConnection"))
            .fails(4, &["private endpoint"]),
        Case::new("a disabled secret")
            .vault(forbidden("SecretDisabled"))
            .fails(4, &["disabled"]),
        Case::new("a secret that is not valid yet")
            .vault(forbidden("SecretNotYetValid"))
            .fails(4, &["not valid yet"]),
        Case::new("an expired secret")
            .vault(forbidden("SecretExpired"))
            .fails(4, &["expired"]),
        Case::new("a denial without a reason")
            .vault([Reply::json(403, json!({}))])
            .fails(4, &["denies this identity"]),
        Case::new("a conflict")
            .vault([error(409, "Conflict", "busy", "ObjectIsBeingDeleted")])
            .fails(5, &["409", "ObjectIsBeingDeleted"]),
        Case::new("a bad request")
            .vault([error(400, "BadParameter", "no such version", "")])
            .fails(5, &["400", "api_version"]),
    ]);
}

#[test]
fn what_is_no_key_vault_is_not_taken_for_one() {
    run(&[
        Case::new("HTML with 200")
            .vault([Reply::html(200)])
            .fails(5, &["not Key Vault's JSON"]),
        Case::new("HTML with 403")
            .vault([Reply::html(403)])
            .fails(5, &["not Key Vault's JSON"]),
        // Airflow takes any 404 for "not found".
        Case::new("HTML with 404")
            .vault([Reply::html(404)])
            .fails(5, &["not Key Vault's JSON"])
            .differs("azure-html-404", Side::not_found()),
        Case::new("a 404 without a body")
            .vault([Reply::status(404)])
            .fails(3, &[]),
        Case::new("JSON that is cut off")
            .vault([Reply::status(200).body("{\"value\": \"sec")])
            .fails(5, &["not Key Vault's JSON"]),
        Case::new("a list")
            .vault([Reply::json(200, json!(["x"]))])
            .fails(5, &["not Key Vault's JSON"]),
        Case::new("a number that Python does not read")
            .vault([Reply::status(200).body(format!("{{\"value\": {}}}", "9".repeat(4301)))])
            .fails(6, &["cannot be read", "4300 digits"]),
        Case::new("a redirect to another host")
            .vault([Reply::status(302).header("Location", "https://login.microsoftonline.com/elsewhere")])
            .fails(5, &[])
            .other_requests(),
    ]);
}

/// Airflow carries it, as a character that no output can hold.
#[test]
fn half_of_a_surrogate_pair_is_refused() {
    let world = World::start();
    let half = Reply::status(200).body(r#"{"value": "secret \ud83d"}"#);
    world.tell(&json!({}), &[half], &[], &[]);
    let output = world
        .program(&values(), &json!({}))
        .args(["get-var", "hello"])
        .run();
    let words = output.fails(6);
    assert!(
        words.contains("half of a surrogate pair") && words.contains("line 1 column 19"),
        "{words}"
    );
}

#[test]
fn what_passes_is_tried_again() {
    let status = |status| Reply::json(status, json!({"error": {"code": "x", "message": "y"}}));
    run(&[
        Case::new("throttled once, with Retry-After").vault([status(429).header("Retry-After", "1")]),
        Case::new("500, then 503").vault([status(500), status(503)]),
        Case::new("a cut connection").vault([Reply::cut()]),
        Case::new("a login that is throttled")
            .login([Reply::json(429, json!({"error": "x"})).header("Retry-After", "1")]),
        Case::new("a login that answers 503").login([Reply::status(503)]),
        Case::new("throttled for ever")
            .vault(vec![status(429).header("Retry-After", "1"); 12])
            .kwarg("retry_total", json!(2))
            .fails(5, &["throttling"]),
        Case::new("down for ever")
            .vault(vec![status(503); 12])
            .fails(5, &["503"]),
    ]);
}

#[test]
fn challenges_are_read_as_python_reads_them() {
    let challenge = |header: &str| json!({"challenge": header});
    let authority = format!("https://{LOGIN}/{TENANT}");
    run(&[
        Case::new("authorization_uri").world(challenge(&format!(r#"Bearer authorization_uri="{authority}", resource="https://vault.azure.net""#))),
        Case::new("a scope").world(challenge(&format!(r#"Bearer authorization="{authority}", scope="https://vault.azure.net/.default""#))),
        Case::new("without quotes").world(challenge(&format!("Bearer authorization={authority}, resource=https://vault.azure.net"))),
        Case::new("other parameters").world(challenge(&format!(
            r#"Bearer authorization="{authority}", error="invalid_token", resource="https://vault.azure.net", x="a=b""#
        ))),
        Case::new("no authority").world(challenge(r#"Bearer resource="https://vault.azure.net""#)).fails(4, &["names no authority"]).other_requests(),
        Case::new("no resource").world(challenge(&format!(r#"Bearer authorization="{authority}""#))).fails(4, &["no token was sent"]).other_requests(),
        Case::new("no parameters").world(challenge("Bearer")).fails(4, &["no token was sent"]).other_requests(),
        Case::new("a foreign resource, for which no token is asked")
            .world(challenge(&format!(r#"Bearer authorization="{authority}", resource="https://graph.microsoft.com""#)))
            .fails(4, &["graph.microsoft.com", "verify_challenge_resource"])
            .other_requests(),
        Case::new("a foreign resource that is let through, with a token asked ahead in vain")
            .world(json!({
                "challenge": format!(r#"Bearer authorization="{authority}", resource="https://elsewhere.example""#),
                "audience": "https://elsewhere.example",
            }))
            .kwarg("verify_challenge_resource", json!(false))
            .other_requests(),
        Case::new("another cloud's vault, at another cloud's login")
            .kwarg("vault_url", json!("https://contoso.vault.azure.cn/"))
            .world(json!({
                "challenge": format!(r#"Bearer authorization="https://login.chinacloudapi.cn/{TENANT}", resource="https://vault.azure.cn""#),
                "audience": "https://vault.azure.cn",
            })),
        Case::new("the US government's vault")
            .kwarg("vault_url", json!("https://contoso.vault.usgovcloudapi.net/"))
            .world(json!({
                "challenge": format!(r#"Bearer authorization="{authority}", resource="https://vault.usgovcloudapi.net""#),
                "audience": "https://vault.usgovcloudapi.net",
            })),
        Case::new("a vault of another tenant, which is found out after the token was asked for")
            .world(challenge(&format!(r#"Bearer authorization="https://{LOGIN}/other", resource="https://vault.azure.net""#)))
            .fails(4, &["tenant `other`"])
            .other_requests(),
        Case::new("a vault of another tenant where that does not matter")
            .world(challenge(&format!(r#"Bearer authorization="https://{LOGIN}/other", resource="https://vault.azure.net""#)))
            .variable("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "1"),
        Case::new("AD FS has no tenant").world(challenge(&format!(r#"Bearer authorization="https://{LOGIN}/adfs", resource="https://vault.azure.net""#))),
        Case::new("a first challenge that asks for claims, behind the token that was asked for ahead")
            .world(challenge(&format!(r#"Bearer authorization="{authority}", resource="https://vault.azure.net", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==""#)))
            .other_requests(),
        Case::new("a claims challenge").vault([Reply::status(401).header(
            "WWW-Authenticate",
            &format!(r#"Bearer authorization="{authority}", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==""#),
        )]),
        Case::new("a token that the vault refuses for ever").world(json!({"audience": "https://other"})).fails(4, &["refused the token", "AKV10022"]),
        Case::new("a 401 without a challenge").world(json!({"challenge": ""})).vault([Reply::json(401, json!({}))]).fails(4, &["refused"]).other_requests(),
    ]);
}

#[test]
fn logins_that_are_none_are_errors() {
    run(&[
        Case::new("a login that answers HTML")
            .login([Reply::html(200)])
            .fails(5, &["not Microsoft Entra ID's JSON"]),
        Case::new("a login without a token")
            .login([Reply::json(200, json!({"token_type": "Bearer"}))])
            .fails(5, &["no token"]),
        Case::new("a token that lasts a text")
            .login([])
            .world(json!({"lifetime": 3600})),
        Case::new("a login that is refused with HTML")
            .login([Reply::html(403)])
            .fails(5, &["403"]),
        Case::new("a login that fails for ever")
            .login(vec![Reply::status(500); 12])
            .fails(5, &["500"]),
    ]);
}

#[test]
fn a_vault_that_cannot_be_reached_says_which() {
    let world = World::start();
    let kwargs = json!({"vault_url": "https://nobody.vault.azure.net/", "tenant_id": TENANT, "client_id": "c", "client_secret": "secret"});
    let output = world
        .program(&kwargs, &json!({}))
        .args(["--timeout", "10", "get-var", "hello"])
        .run();
    assert_eq!(output.status, 5, "{}", output.stderr);
}

#[test]
fn an_untrusted_certificate_is_no_answer() {
    let world = World::start();
    let output = world
        .program(
            &super::values(),
            &json!({"REQUESTS_CA_BUNDLE": "", "SSL_CERT_FILE": "{data}/client.pem"}),
        )
        .args(["get-var", "hello"])
        .run();
    assert_eq!(output.status, 5, "{}", output.stderr);
    assert!(
        output.stderr.contains(VAULT) || output.stderr.contains(LOGIN),
        "{}",
        output.stderr
    );
    let missing = world
        .program(&super::values(), &json!({"REQUESTS_CA_BUNDLE": "/nowhere.pem"}))
        .args(["get-var", "hello"])
        .run();
    assert_eq!(missing.status, 2, "{}", missing.stderr);
}

#[test]
fn a_vault_that_hangs_takes_the_commands_time_and_no_more() {
    let world = World::start();
    world.tell(&json!({}), &[Reply::hang()], &[], &[]);
    let output = world
        .program(&super::values(), &json!({}))
        .args(["--timeout", "1", "get-var", "hello"])
        .run();
    assert_eq!(output.status, 5, "{}", output.stderr);
    assert!(output.time.as_millis() < 1500, "{:?}", output.time);
}
