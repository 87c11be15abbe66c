//! The wire: what is sent for a secret, and what each answer of Secret Manager means.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{BACKEND, World, key, key_pkcs1, secret, shown};
use crate::support::server::{Reply, Server};
use crate::support::{Output, secretctl};

fn kwargs() -> Value {
    json!({"gcp_keyfile_dict": key()})
}

fn hello(world: &World) -> Output {
    let program = world.program(&kwargs(), &json!({}));
    program
        .args(["--no-fallback", "--timeout", "10", "get-var", "hello", "-n"])
        .run()
}

fn error(http_status: u16, status: &str, reason: &str) -> Reply {
    Reply::json(
        http_status,
        json!({"error": {"code": http_status, "message": "Permission hunter2", "status": status,
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]}}),
    )
}

fn payload(payload: &Value) -> Reply {
    Reply::json(
        200,
        json!({"name": "projects/1/secrets/airflow-variables-hello/versions/3", "payload": payload}),
    )
}

#[test]
fn one_request_with_a_token_that_the_key_signs_reads_a_secret() {
    let world = World::start();
    for key in [key(), key_pkcs1()] {
        let kwargs = json!({"gcp_keyfile_dict": key});
        let output = world
            .program(&kwargs, &json!({}))
            .args(["get-var", "hello", "-n"])
            .run();
        assert_eq!(output.ok(), "world");
        let requests = world.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        let request = &requests[0];
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            (
                "GET",
                "/v1/projects/proj/secrets/airflow-variables-hello/versions/latest:access"
            )
        );
        let account = "sa@proj.iam.gserviceaccount.com";
        let expected = json!({
            "header": {"typ": "JWT", "alg": "RS256", "kid": "kid1"},
            "claims": {"iss": account, "sub": account, "aud": "https://secretmanager.googleapis.com/"},
        });
        let bearer = shown(request.header("authorization").unwrap());
        assert_eq!(serde_json::from_str::<Value>(&bearer).unwrap(), expected);
    }
}

#[test]
fn many_names_share_one_login() {
    let world = World::start();
    world.has(&[
        ("airflow-variables-a", secret("1")),
        ("airflow-variables-b", secret("2")),
    ]);
    let output = world
        .program(&json!({}), &json!({}))
        .args(["export", "--var", "a", "--var", "b", "--format", "json"])
        .run();
    assert_eq!(
        serde_json::from_str::<Value>(output.ok()).unwrap(),
        json!({"AIRFLOW_VAR_A": "1", "AIRFLOW_VAR_B": "2"})
    );
    assert_eq!(world.requests().len(), 2);
    let machine = world.machine_requests();
    let targets: Vec<&str> = machine.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "/computeMetadata/v1/instance/service-accounts/default/token",
            "/computeMetadata/v1/project/project-id"
        ]
    );
    assert!(
        machine
            .iter()
            .all(|request| request.header("metadata-flavor") == Some("Google"))
    );
}

#[test]
fn each_answer_has_its_status() {
    let world = World::start();
    let cases: Vec<(Reply, i32, &str)> = vec![
        (
            error(404, "NOT_FOUND", "X"),
            3,
            "is not in Google Secret Manager (project `proj`)",
        ),
        (
            error(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED"),
            4,
            "or it may not exist",
        ),
        (
            error(403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
            4,
            "switched off",
        ),
        (
            error(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            4,
            "gcp_scopes",
        ),
        (
            error(403, "PERMISSION_DENIED", "USER_PROJECT_DENIED"),
            4,
            "GOOGLE_CLOUD_QUOTA_PROJECT",
        ),
        (error(400, "INVALID_ARGUMENT", "X"), 2, "`project_id`"),
        (error(400, "FAILED_PRECONDITION", "X"), 4, "disabled or destroyed"),
        (error(401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"), 4, "clock"),
        (error(500, "INTERNAL", "X"), 5, "status 500"),
        (Reply::html(404), 5, "something that is not its JSON"),
        (Reply::html(403), 5, "something that is not its JSON"),
        (Reply::html(200), 5, "something that is not its JSON"),
        (Reply::html(500), 5, "status 500"),
        (
            Reply::json(404, json!({"error": "NOT_FOUND"})),
            5,
            "without an error of its own",
        ),
        (Reply::status(204), 5, "status 204"),
        (Reply::json(200, json!([])), 5, "something that is not its JSON"),
        (Reply::json(200, json!({"name": "n"})), 5, "has no payload"),
        (payload(&json!({"data": "!!"})), 5, "not base64"),
        (
            payload(&json!({"data": "d29ybGQ=", "dataCrc32c": "7"})),
            5,
            "checksum",
        ),
        (
            payload(&json!({"data": "d29ybGQ=", "dataCrc32c": 7})),
            5,
            "checksum",
        ),
        (Reply::json(200, json!({"payload": 5})).cut_at(60), 5, ""),
        (
            Reply::status(302).header("Location", "https://evil.example/v1/x"),
            5,
            "redirects",
        ),
        (
            Reply::status(307).header("Location", "/v1/elsewhere"),
            5,
            "redirects",
        ),
    ];
    for (reply, status, words) in cases {
        world.tell(
            &[
                reply.clone(),
                reply.clone(),
                reply.clone(),
                reply.clone(),
                reply.clone(),
                reply.clone(),
                reply,
            ],
            &[],
            &[],
        );
        let output = hello(&world);
        assert_eq!(output.status, status, "{words}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
        assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
        assert_eq!(output.stdout, b"");
    }
}

#[test]
fn throttling_and_an_outage_are_asked_again() {
    let world = World::start();
    for reply in [
        error(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
        error(503, "UNAVAILABLE", "X"),
        Reply::cut(),
    ] {
        world.tell(&[reply.clone(), reply], &[], &[]);
        assert_eq!(hello(&world).ok(), "world");
        assert!(world.requests().len() >= 3);
    }
}

#[test]
fn a_server_that_does_not_answer_costs_the_timeout() {
    let world = World::start();
    for reply in [
        Reply::hang(),
        payload(&json!({"data": ""})).dripping(1, Duration::from_secs(1)),
    ] {
        world.tell(&[reply], &[], &[]);
        let program = world.program(&kwargs(), &json!({}));
        let output = program.args(["--timeout", "1", "get-var", "hello"]).run();
        assert_eq!(output.status, 5, "{}", output.stderr);
    }
}

#[test]
fn a_value_is_printed_byte_for_byte() {
    let world = World::start();
    let text = |data: &str| json!({"data": data});
    for (stored, value) in [
        (text("d29ybGQ="), &b"world"[..]),
        (text("d29ybGQ"), b"world"),
        (json!({"data": "d29ybGQ=", "dataCrc32c": "833257806"}), b"world"),
        (
            json!({"data": "d29ybGQ=", "dataCrc32c": 833_257_806_u32}),
            b"world",
        ),
        (text("/wA="), b"\xff\0"),
        (text(""), b""),
        (json!({}), b""),
    ] {
        world.tell(&[payload(&stored)], &[], &[]);
        let output = hello(&world);
        assert_eq!(
            (output.status, &output.stdout[..]),
            (0, value),
            "{stored}: {}",
            output.stderr
        );
    }
    // 10 MB are far more than Google stores.
    let large = "x".repeat(10 << 20);
    world.tell(&[payload(&secret(&large))], &[], &[]);
    let output = hello(&world);
    assert!(matches!(output.status, 0 | 5), "{}", output.stderr);
}

#[test]
fn a_connection_that_is_not_text_is_malformed_and_an_empty_one_is_not_found() {
    let world = World::start();
    for (stored, status) in [(json!({"data": "/wA="}), 6), (json!({}), 3), (secret("x://h"), 0)] {
        world.has(&[("airflow-connections-a", stored.clone())]);
        let program = world.program(&kwargs(), &json!({}));
        let output = program.args(["--no-fallback", "get-conn", "a"]).run();
        assert_eq!(output.status, status, "{stored}: {}", output.stderr);
        if status == 3 {
            let words = "secret `airflow-connections-a` exists, but is empty";
            assert!(output.stderr.contains(words), "{}", output.stderr);
            assert!(!output.stderr.contains("null"), "{}", output.stderr);
        }
    }
}

#[test]
fn a_team_is_asked_first_and_a_denial_of_it_stops() {
    let world = World::start();
    let ask = |id: &str| {
        let program = world.program(&kwargs(), &json!({}));
        let program = program.env("AIRFLOW__CORE__MULTI_TEAM", "true");
        program
            .args(["--no-fallback", "--team", "t", "get-var", "-n", id])
            .run()
    };
    world.has(&[("airflow-variables-a", secret("plain"))]);
    assert_eq!(ask("a").ok(), "plain");
    assert_eq!(world.requests().len(), 2);
    world.has(&[
        ("airflow-variables-a", secret("plain")),
        ("airflow-variables-t--a", secret("team")),
    ]);
    assert_eq!(ask("a").ok(), "team");
    assert_eq!(world.requests().len(), 1);
    world.has(&[
        ("airflow-variables-a", secret("plain")),
        ("airflow-variables-t--a", json!({"code": "PERMISSION_DENIED"})),
    ]);
    assert_eq!(ask("a").status, 4);
    world.requests();
    assert_eq!(ask("t--a").status, 3);
    assert_eq!(world.requests().len(), 0);
}

#[test]
fn a_token_endpoint_that_refuses_is_asked_once_and_one_that_is_down_three_times() {
    let world = World::start();
    let user = super::credentials::user().to_string();
    let kwargs = json!({"gcp_credential_config_file": user, "project_id": "proj"});
    for (reply, status, requests, words) in [
        (
            Reply::json(
                400,
                json!({"error": "invalid_grant", "error_description": "hunter2"}),
            ),
            4,
            1,
            "invalid_grant",
        ),
        (
            Reply::json(401, json!({"error": "invalid_client"})),
            4,
            1,
            "gcloud auth application-default login",
        ),
        (
            Reply::json(500, json!({"error": "internal_failure"})),
            5,
            3,
            "status 500",
        ),
        (Reply::json(503, json!({})), 5, 3, "status 503"),
        (Reply::json(429, json!({})), 5, 3, "status 429"),
        (Reply::html(403), 5, 1, "not Google's JSON"),
        (Reply::html(200), 5, 1, "not Google's JSON"),
        (
            Reply::json(200, json!({"id_token": "hunter2"})),
            5,
            1,
            "without a token",
        ),
        (
            Reply::status(302).header("Location", "https://evil.example/"),
            5,
            1,
            "status 302",
        ),
    ] {
        world.tell(&[], &[reply.clone(), reply.clone(), reply.clone(), reply], &[]);
        let program = world.program(&kwargs, &json!({}));
        let output = program
            .args(["--no-fallback", "--timeout", "20", "get-var", "hello"])
            .run();
        assert_eq!(output.status, status, "{words}: {}", output.stderr);
        assert!(
            output.stderr.contains(words) && !output.stderr.contains("hunter2"),
            "{words}: {}",
            output.stderr
        );
        assert_eq!(world.requests().len(), requests, "{words}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list")]
fn credentials_that_cannot_be_used_say_why() {
    let world = World::start();
    world.file("broken.json", "{");
    world.file("list.json", "[]");
    let without = |name: &str| {
        let mut key = key();
        key.as_object_mut().unwrap().remove(name);
        key
    };
    let mut damaged = key();
    damaged["private_key"] = json!("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n");
    let file = |path: &str| json!({"GOOGLE_APPLICATION_CREDENTIALS": format!("{{dir}}/{path}")});
    let config = |config: Value| json!({"gcp_credential_config_file": config, "project_id": "proj"});
    let external = json!({"type": "external_account", "audience": "a", "subject_token_type": "t",
        "token_url": "https://sts.googleapis.com/v1/token", "credential_source": {"file": "/none"}});
    let with = |more: Value| {
        let mut external = external.clone();
        external
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        config(external)
    };
    let cases = [
        (json!({}), file("none.json"), 4, "cannot be read"),
        (json!({}), file("broken.json"), 2, "is not a JSON object"),
        (json!({}), file("list.json"), 2, "is not a JSON object"),
        (
            json!({"gcp_key_path": "{dir}/none.json"}),
            json!({}),
            4,
            "cannot be read",
        ),
        (json!({"gcp_key_path": "key.p12"}), json!({}), 2, "`.json`"),
        (
            json!({"gcp_keyfile_dict": without("client_email")}),
            json!({}),
            2,
            "`client_email`",
        ),
        (
            json!({"gcp_keyfile_dict": without("token_uri")}),
            json!({}),
            2,
            "`token_uri`",
        ),
        (
            json!({"gcp_keyfile_dict": damaged}),
            json!({}),
            2,
            "not an RSA key",
        ),
        (
            json!({"gcp_keyfile_dict": key(), "gcp_key_path": "k.json"}),
            json!({}),
            2,
            "cannot both be set",
        ),
        (
            config(json!({"type": "gdch_service_account"})),
            json!({}),
            2,
            "does not support",
        ),
        (
            config(json!({"type": "service_acount"})),
            json!({}),
            2,
            "did you mean `service_account`?",
        ),
        (config(json!({"x": 1})), json!({}), 2, "has no `type`"),
        (config(json!("/none/c.json")), json!({}), 4, "does not exist"),
        (config(json!("{\"type\"")), json!({}), 2, "is not a JSON object"),
        (with(json!({})), json!({}), 4, "cannot be read"),
        (
            with(json!({"token_url": "http://sts.example/"})),
            json!({}),
            4,
            "",
        ),
        (
            with(json!({"credential_source": {"certificate": {}}})),
            json!({}),
            2,
            "`certificate`",
        ),
        (
            with(json!({"credential_source": {}})),
            json!({}),
            2,
            "neither `file` nor `url`",
        ),
        (
            with(json!({"credential_source": {"executable": {"command": "/bin/true"}}})),
            json!({}),
            2,
            "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1",
        ),
        (
            with(json!({"credential_source": {"executable": {"command": "/bin/false"}}})),
            json!({"GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1"}),
            4,
            "ended with status 1",
        ),
        (
            json!({"impersonation_chain": "nobody"}),
            json!({}),
            2,
            "not a service account's email",
        ),
        (
            json!({}),
            json!({"NO_GCE_CHECK": "true"}),
            4,
            "no Google credentials found",
        ),
        (
            json!({}),
            json!({"GCE_METADATA_HOST": "127.0.0.1:1"}),
            4,
            "no Google credentials found",
        ),
        (
            json!({"gcp_keyfile_dict": without("project_id")}),
            json!({}),
            2,
            "project of the secrets is not known",
        ),
    ];
    for (kwargs, env, status, words) in cases {
        world.tell(&[], &[], &[]);
        let output = world
            .program(&kwargs, &env)
            .args(["--no-fallback", "--timeout", "10", "get-var", "hello"])
            .run();
        assert_eq!(output.status, status, "{kwargs} {env}: {}", output.stderr);
        assert!(
            output.stderr.contains(words) && !output.stderr.contains("hunter2"),
            "{words}: {}",
            output.stderr
        );
        assert_eq!(world.requests().len(), 0, "{kwargs}");
    }
}

#[test]
fn a_metadata_server_that_has_no_account_refuses_or_fails_says_so() {
    let world = World::start();
    for (reply, status, words) in [
        (Reply::status(404), 4, "has no service account"),
        (Reply::status(403), 4, "status 403"),
        (Reply::status(503), 5, "status 503"),
        (Reply::html(200), 5, "without an access token"),
    ] {
        world.tell(&[], &[], &[reply.clone(), reply.clone(), reply]);
        let program = world.program(&json!({"project_id": "proj"}), &json!({}));
        let output = program.args(["--no-fallback", "get-var", "hello"]).run();
        assert_eq!(output.status, status, "{words}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
    }
}

#[test]
fn wrong_kwargs_are_refused_before_anything_is_asked() {
    let world = World::start();
    for (kwargs, words) in [
        (json!({"project": "p"}), "did you mean `project_id`?"),
        (json!({"keyfile_json": "{}"}), "did you mean `gcp_keyfile_dict`?"),
        (json!({"sep": Value::Null}), "`sep` is null"),
        (json!({"sep": "/"}), "`sep` has `/`"),
        (json!({"variables_prefix": "a.b"}), "`variables_prefix` has `.`"),
        (
            json!({"connections_prefix": 5}),
            "`connections_prefix` must be text",
        ),
        (json!({"project_id": "p/locations/l"}), "regional secrets"),
        (json!({"project_id": "a b"}), "has a space"),
        (json!({"project_id": "a?b"}), "has `?`"),
        (json!({"project_id": "a%2e"}), "has `%`"),
        (json!({"project_id": ".."}), "has `..`"),
        (json!({"project_id": true}), "must be text"),
        (json!({"gcp_scopes": "a b"}), "separate scopes by commas"),
    ] {
        let output = world
            .program(&kwargs, &json!({}))
            .args(["get-var", "hello"])
            .run();
        assert_eq!(output.status, 2, "{kwargs}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
    }
    assert_eq!(world.requests().len() + world.machine_requests().len(), 0);
}

#[test]
fn another_endpoint_gets_the_same_request_with_the_same_audience() {
    let server = Server::start(|_| payload(&json!({"data": "d29ybGQ="})));
    let kwargs = json!({"gcp_keyfile_dict": key()}).to_string();
    let ask = |url: &str| {
        secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs)
            .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", url)
            .args(["get-var", "hello", "-n"])
            .run()
    };
    for end in ["", "/"] {
        assert_eq!(ask(&format!("{}{end}", server.url())).ok(), "world");
        let request = &server.take()[0];
        assert_eq!(
            request.target,
            "/v1/projects/proj/secrets/airflow-variables-hello/versions/latest:access"
        );
        assert!(
            shown(request.header("authorization").unwrap()).contains("https://secretmanager.googleapis.com/")
        );
    }
    for url in ["http://sm.example/", "localhost", "https://u:p@h/"] {
        let output = ask(url);
        assert_eq!(output.status, 2, "{url}: {}", output.stderr);
        assert!(
            output
                .stderr
                .contains("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"),
            "{}",
            output.stderr
        );
    }
}
