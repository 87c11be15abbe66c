//! What a vault, a login or a network does wrong.

use serde_json::{Value, json};

use super::{Case, lines, run};
use crate::azure::support::{LOGIN, TENANT, VAULT, World, values};
use crate::support::server::Reply;
use crate::support::{Side, Sides, airflow, differs};

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
        Case::new("a scope with a blank, which makes two of it")
            .world(challenge(&format!(r#"Bearer authorization="{authority}", scope="https://vault.azure.net/.default https://graph.microsoft.com/.default""#)))
            .fails(4, &["its scope has whitespace", "no token was sent"])
            .other_requests(),
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
fn a_secret_that_is_an_ordinary_word_leaves_our_own_words_alone() {
    let world = World::start();
    let header =
        format!(r#"Bearer authorization="https://{LOGIN}/{TENANT}", resource="https://vault.example.com""#);
    for secret in ["vault", "secret", "token", "the v", "check", "that"] {
        world.tell(&json!({"challenge": header}), &[], &[], &[]);
        let mut kwargs = values();
        kwargs["client_secret"] = json!(secret);
        let output = world
            .program(&kwargs, &json!({}))
            .args(["get-var", "hello"])
            .run();
        let words = output.fails(4);
        let resource = "vault.example.com".replace(secret, "[redacted]");
        for ours in [
            format!(
                "the vault asks for a token for `{resource}`, which it does not belong to; no token was sent"
            ),
            "hint: check `vault_url`; if the vault is right".to_owned(),
        ] {
            assert!(words.contains(&ours), "{secret}: {words}");
        }
    }
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

/// Airflow's client checks nothing for whatever Python finds false; a word such as `"no"` is true for it.
#[test]
fn protections_are_switched_off_by_false_alone() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let foreign = json!({
        "challenge": format!(r#"Bearer authorization="https://{LOGIN}/{TENANT}", resource="https://elsewhere.example""#),
        "audience": "https://elsewhere.example",
    });
    // Each request once: our first token is asked for beside the challenge, which may come first and name another resource.
    let asked = |world: &World| {
        let Value::Array(mut lines) = lines(&world.requests()) else {
            unreachable!("lines are a list")
        };
        lines.dedup();
        Value::Array(lines)
    };
    let ask = |name: &str, value: &Value, behaviour: &Value| {
        let mut kwargs = values();
        kwargs[name] = value.clone();
        world.tell(behaviour, &[], &[], &[]);
        let env = world.env(&json!({}));
        let answer = judge
            .ask(json!({"op": "azure.ask", "kwargs": kwargs, "env": env, "kind": "variable", "id": "hello"}));
        let theirs = Side::of_airflow(&answer).asking(asked(&world));
        world.tell(behaviour, &[], &[], &[]);
        let output = world
            .program(&kwargs, &json!({}))
            .args(["get-var", "-n", "hello"])
            .run();
        let ours = Side::of_secretctl(&output).asking(asked(&world));
        (answer["value"] == "world", theirs, ours, output)
    };
    let login = format!("login POST /{TENANT}/oauth2/v2.0/token");
    let read = "vault GET /secrets/airflow-variables-hello/?";
    let found = || Side::found("world").asking(json!([login, read]));
    let nothing_asked = || Side::failed("status 2").asking(json!([]));
    for (value, status) in [
        (json!(false), 0),
        (json!("false"), 0),
        (json!("FALSE"), 0),
        (json!(true), 4),
        (json!("no"), 4),
        (json!("off"), 4),
        (json!("0"), 4),
        (json!("f"), 4),
        (json!(0), 2),
        (Value::Null, 2),
        (json!(""), 2),
        (json!([]), 2),
    ] {
        let (known, theirs, ours, output) = ask("verify_challenge_resource", &value, &foreign);
        assert_eq!(output.status, status, "{value}: {}", output.stderr);
        match (status, &value) {
            (2, _) => differs(
                "azure-unverified",
                &Sides {
                    airflow: (theirs, found()),
                    secretctl: (ours, nothing_asked()),
                },
            ),
            // The text is true for Airflow, so it checks.
            (_, Value::String(text)) if text.eq_ignore_ascii_case("false") => differs(
                "settings-kwarg-text",
                &Sides {
                    airflow: (theirs, Side::failed("ValueError").asking(json!([read]))),
                    secretctl: (ours, found()),
                },
            ),
            _ => assert_eq!(known, status == 0, "{value}"),
        }
    }
    // Where the resource is the vault's own, `"no"` is no obstacle.
    assert_eq!(
        ask("verify_challenge_resource", &json!("no"), &json!({}))
            .3
            .status,
        0
    );
    for (value, status) in [
        (json!(false), 0),
        (json!("False"), 0),
        (json!("no"), 2),
        (json!("off"), 2),
        (json!("0"), 2),
        (json!(""), 2),
        (json!(0), 2),
        (json!([]), 2),
    ] {
        let (known, theirs, ours, output) = ask("connection_verify", &value, &json!({}));
        assert_eq!(output.status, status, "{value}: {}", output.stderr);
        if !value.is_string() && status == 2 || value == "" {
            differs(
                "azure-unverified",
                &Sides {
                    airflow: (theirs, found()),
                    secretctl: (ours, nothing_asked()),
                },
            );
        } else if status == 2 {
            assert!(!known, "{value}");
            assert!(output.stderr.contains("cannot be read"), "{}", output.stderr);
        }
    }
}

#[test]
fn a_kwarg_of_another_tool_is_told_from_its_meaning() {
    let world = World::start();
    for (name, meant) in [
        ("keyvault_url", "vault_url"),
        ("AZURE_CLIENT_SECRET", "client_secret"),
        ("app_id", "client_id"),
        ("prefix", "connections_prefix"),
        ("separator", "sep"),
        ("ssl_verify", "connection_verify"),
    ] {
        let mut kwargs = values();
        kwargs[name] = json!("x");
        world.tell(&json!({}), &[], &[], &[]);
        let output = world
            .program(&kwargs, &json!({}))
            .args(["get-var", "-n", "hello"])
            .run();
        assert_eq!(output.status, 0, "{}", output.stderr);
        assert!(
            output.stderr.contains(&format!(
                "`{name}` is unknown and ignored, as in Airflow; did you mean `{meant}`?"
            )),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_reference_that_was_replaced_in_the_secret_is_named_when_the_login_is_refused() {
    let world = World::start();
    let mut kwargs = values();
    let secret = kwargs["client_secret"].as_str().unwrap().to_owned();
    kwargs["client_secret"] = json!(format!("{secret}$WORD"));
    let refused = Reply::json(
        401,
        json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}),
    );
    world.tell(&json!({}), &[], &[refused], &[]);
    let output = world
        .program(&kwargs, &json!({"WORD": "CANARY-word"}))
        .args(["get-var", "hello"])
        .run();
    let words = output.fails(4);
    assert!(
        words.contains("`$WORD` in AIRFLOW__SECRETS__BACKEND_KWARGS was replaced")
            && !words.contains("CANARY"),
        "{words}"
    );
}
