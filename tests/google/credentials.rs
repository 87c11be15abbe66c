//! Every kind of credentials: the same requests for tokens as google-auth's, with the same bodies, and the same token for the secret.

use serde_json::{Value, json};

use super::support::{ACCOUNT, HOST, World, key, key_pkcs1, line, shown};
use crate::support::airflow;
use crate::support::server::Recorded;

/// How a case's metadata server is compared: Airflow asks it more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Machine {
    Same,
    More,
}

/// A configuration.
struct Case {
    what: &'static str,
    /// A file of credentials, `{dir}/c.json`.
    file: Value,
    kwargs: Value,
    env: Value,
    machine: Machine,
}

fn case(what: &'static str, file: &Value, kwargs: Value, env: Value) -> Case {
    Case {
        what,
        file: file.clone(),
        kwargs,
        env,
        machine: Machine::Same,
    }
}

/// The environment in which the file is found by default.
fn by_default() -> Value {
    json!({"GOOGLE_APPLICATION_CREDENTIALS": "{dir}/c.json"})
}

fn with(object: &Value, more: &Value) -> Value {
    let mut object = object.clone();
    object
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    object
}

pub fn user() -> Value {
    json!({"type": "authorized_user", "client_id": "id.apps", "client_secret": "s3cr&t", "refresh_token": "1//refresh",
        "token_uri": "https://ignored.example/token"})
}

fn external(source: &Value) -> Value {
    json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/p",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": source,
    })
}

fn impersonation(account: &str) -> String {
    format!(
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
    )
}

fn keys() -> Vec<Case> {
    let project = json!({"project_id": "proj"});
    let scopes = "https://www.googleapis.com/auth/cloud-platform";
    let in_universe = with(&key(), &json!({"universe_domain": "other.example"}));
    vec![
        case("a key", &key(), json!({}), by_default()),
        case(
            "a key in a kwarg",
            &json!({}),
            json!({"gcp_keyfile_dict": key()}),
            json!({}),
        ),
        case(
            "PKCS#1",
            &json!({}),
            json!({"gcp_keyfile_dict": key_pkcs1()}),
            json!({}),
        ),
        case(
            "a key file in a kwarg",
            &key(),
            json!({"gcp_key_path": "{dir}/c.json"}),
            json!({}),
        ),
        case(
            "a key whatever its type",
            &json!({}),
            json!({"gcp_keyfile_dict": with(&key(), &json!({"type": "x"}))}),
            json!({}),
        ),
        case(
            "a key of another universe",
            &in_universe,
            project.clone(),
            by_default(),
        ),
        case(
            "another universe",
            &key(),
            project.clone(),
            with(
                &by_default(),
                &json!({"GOOGLE_CLOUD_UNIVERSE_DOMAIN": "other.example"}),
            ),
        ),
        case(
            "scopes in a list",
            &key(),
            json!({"gcp_scopes": [scopes, "b"]}),
            by_default(),
        ),
        case(
            "a quota project in a key is not one",
            &with(&key(), &json!({"quota_project_id": "payer"})),
            json!({}),
            by_default(),
        ),
        case(
            "a quota project of the environment",
            &key(),
            json!({}),
            with(&by_default(), &json!({"GOOGLE_CLOUD_QUOTA_PROJECT": "payer"})),
        ),
        case(
            "which does not count for a kwarg's key",
            &json!({}),
            json!({"gcp_keyfile_dict": key()}),
            json!({"GOOGLE_CLOUD_QUOTA_PROJECT": "payer"}),
        ),
    ]
}

fn users() -> Vec<Case> {
    let project = json!({"project_id": "proj"});
    let file = json!({"gcp_credential_config_file": "{dir}/c.json", "project_id": "proj"});
    let stored = json!({"token": "ya29.stored", "expiry": "2999-01-01T00:00:00.123Z"});
    let external_user = json!({"type": "external_account_authorized_user", "client_id": "id", "client_secret": "s:é",
        "refresh_token": "r", "token_url": "https://sts.googleapis.com/v1/oauthtoken",
        "audience": "//iam.googleapis.com/locations/global/workforcePools/pool/providers/p"});
    vec![
        case("a user", &user(), project.clone(), by_default()),
        case("a user in a kwarg", &user(), file.clone(), json!({})),
        case(
            "a user in a kwarg's object",
            &json!({}),
            json!({"gcp_credential_config_file": user(), "project_id": "proj"}),
            json!({}),
        ),
        case(
            "a user in a kwarg's text",
            &json!({}),
            json!({"gcp_credential_config_file": user().to_string(), "project_id": "proj"}),
            json!({}),
        ),
        case(
            "a user with scopes",
            &with(&user(), &json!({"scopes": ["a", "b"]})),
            project.clone(),
            by_default(),
        ),
        case(
            "a user who pays",
            &with(&user(), &json!({"quota_project_id": "payer"})),
            project.clone(),
            by_default(),
        ),
        case(
            "the environment's quota project comes first",
            &with(&user(), &json!({"quota_project_id": "payer"})),
            file,
            json!({"GOOGLE_CLOUD_QUOTA_PROJECT": "other"}),
        ),
        case(
            "a user's proof",
            &with(&user(), &json!({"rapt_token": "rapt"})),
            project.clone(),
            by_default(),
        ),
        case(
            "a stored token",
            &with(&user(), &stored),
            project.clone(),
            by_default(),
        ),
        case(
            "a user of a workforce pool",
            &external_user,
            project.clone(),
            by_default(),
        ),
        case(
            "its stored token",
            &with(&external_user, &stored),
            project,
            by_default(),
        ),
    ]
}

fn impersonations() -> Vec<Case> {
    let project = json!({"project_id": "proj"});
    let chain = |chain: Value| json!({"impersonation_chain": chain, "project_id": "proj"});
    let file = |source: &Value| {
        json!({"type": "impersonated_service_account", "source_credentials": source, "delegates": ["d@p"],
            "service_account_impersonation_url": impersonation("target@proj.iam.gserviceaccount.com")})
    };
    let target = "target@proj.iam.gserviceaccount.com";
    let in_universe = with(&key(), &json!({"universe_domain": "other.example"}));
    vec![
        case(
            "impersonation by a key",
            &key(),
            json!({"impersonation_chain": target}),
            by_default(),
        ),
        case(
            "a chain",
            &key(),
            json!({"impersonation_chain": ["a@x", "b@y", target]}),
            by_default(),
        ),
        case("a chain of one", &user(), chain(json!([target])), by_default()),
        case(
            "a chain with scopes",
            &user(),
            with(&chain(json!(target)), &json!({"gcp_scopes": ["a", "b"]})),
            by_default(),
        ),
        case(
            "a chain from a user who pays",
            &with(&user(), &json!({"quota_project_id": "payer"})),
            chain(json!(target)),
            by_default(),
        ),
        case(
            "a chain in another universe",
            &in_universe,
            chain(json!(target)),
            by_default(),
        ),
        case(
            "impersonation in a file, by a user",
            &file(&user()),
            project.clone(),
            by_default(),
        ),
        case(
            "impersonation in a file, by a key",
            &file(&key()),
            project.clone(),
            by_default(),
        ),
        case(
            "with scopes and a quota project",
            &with(
                &file(&user()),
                &json!({"scopes": ["s"], "quota_project_id": "payer"}),
            ),
            project.clone(),
            by_default(),
        ),
        case(
            "a chain over it",
            &file(&user()),
            chain(json!("last@proj.x")),
            by_default(),
        ),
    ]
}

fn externals() -> Vec<Case> {
    let project = json!({"project_id": "proj"});
    let text = external(&json!({"file": "{dir}/subject"}));
    let workforce = json!({"audience": "//iam.googleapis.com/locations/global/workforcePools/pool/providers/p",
        "workforce_pool_user_project": "456"});
    let url = |path: &str| format!("http://{{metadata}}{path}");
    let json_url = json!({"url": url("/idp/json"), "headers": {"X-Own": "1"},
        "format": {"type": "json", "subject_token_field_name": "value"}});
    let with_account = json!({"service_account_impersonation_url": impersonation(ACCOUNT),
        "service_account_impersonation": {"token_lifetime_seconds": 2800}, "quota_project_id": "payer"});
    let aws = |more: Value| {
        let source = json!({"environment_id": "aws1",
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"});
        with(
            &external(&with(&source, &more)),
            &json!({"subject_token_type": "urn:ietf:params:aws:token-type:aws4_request"}),
        )
    };
    let machine = json!({"region_url": url("/aws/zone"), "url": url("/aws/credentials"),
        "imdsv2_session_token_url": url("/aws/token")});
    let keys =
        json!({"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-2"});
    vec![
        case("an external account's file", &text, project.clone(), by_default()),
        case(
            "its URL",
            &external(&json!({"url": url("/idp/text")})),
            project.clone(),
            by_default(),
        ),
        case(
            "its URL with JSON",
            &external(&json_url),
            project.clone(),
            by_default(),
        ),
        case(
            "its service account",
            &with(&text, &with_account),
            project.clone(),
            by_default(),
        ),
        case(
            "its client",
            &with(&text, &json!({"client_id": "c", "client_secret": "s"})),
            project.clone(),
            by_default(),
        ),
        case(
            "a workforce pool",
            &with(&text, &workforce),
            project.clone(),
            by_default(),
        ),
        case(
            "its universe",
            &with(
                &text,
                &json!({"token_url": "https://sts.{universe_domain}/v1/token"}),
            ),
            project.clone(),
            by_default(),
        ),
        case(
            "the project of its number",
            &text,
            json!({"gcp_scopes": ["a", "b"]}),
            by_default(),
        ),
        case(
            "impersonation by it",
            &text,
            json!({"impersonation_chain": "t@proj.x"}),
            by_default(),
        ),
        case(
            "an identity of AWS",
            &aws(json!({})),
            project.clone(),
            with(&by_default(), &keys),
        ),
        case(
            "its session",
            &aws(json!({})),
            project.clone(),
            with(
                &with(&by_default(), &keys),
                &json!({"AWS_SESSION_TOKEN": "session"}),
            ),
        ),
        case("the role of its machine", &aws(machine), project, by_default()),
    ]
}

fn executables() -> Vec<Case> {
    let project = json!({"project_id": "proj"});
    let allowed = with(
        &by_default(),
        &json!({"GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1"}),
    );
    let source = |more: Value| json!({"executable": with(&json!({"command": "{dir}/program 'an argument'", "timeout_millis": 30000}), &more)});
    let account = json!({"service_account_impersonation_url": impersonation(ACCOUNT)});
    vec![
        case(
            "a program",
            &external(&source(json!({}))),
            project.clone(),
            allowed.clone(),
        ),
        case(
            "a program for a service account",
            &with(&external(&source(json!({"output_file": "{dir}/none"}))), &account),
            project.clone(),
            allowed.clone(),
        ),
        case(
            "a program's file",
            &external(&source(json!({"output_file": "{dir}/output"}))),
            project,
            allowed,
        ),
    ]
}

fn machines() -> Vec<Case> {
    let more = |what, kwargs, env| Case {
        machine: Machine::More,
        ..case(what, &json!({}), kwargs, env)
    };
    vec![
        more("the machine", json!({}), json!({})),
        more(
            "the machine and a project",
            json!({"project_id": "proj"}),
            json!({}),
        ),
        more(
            "the machine with scopes",
            json!({"gcp_scopes": ["a", "b"]}),
            json!({}),
        ),
        more(
            "the machine pays elsewhere",
            json!({}),
            json!({"GOOGLE_CLOUD_QUOTA_PROJECT": "payer"}),
        ),
        more(
            "impersonation by the machine",
            json!({"impersonation_chain": "t@proj.x"}),
            json!({}),
        ),
        more(
            "another name of the server",
            json!({}),
            json!({"GCE_METADATA_HOST": null, "GCE_METADATA_ROOT": "{metadata}"}),
        ),
    ]
}

/// The requests for tokens, and those to the metadata server since.
fn asked(world: &World, requests: &[Recorded], machine: Machine) -> (Vec<String>, Vec<String>) {
    let is_token = |request: &&Recorded| {
        let host = request.header("host").unwrap_or_default();
        !host.starts_with("secretmanager.")
    };
    let machine_lines = world.machine_requests().iter().map(line).collect();
    let tokens = requests.iter().filter(is_token).map(line).collect();
    match machine {
        Machine::Same => (tokens, machine_lines),
        Machine::More => (tokens, Vec::new()),
    }
}

#[test]
fn each_kind_of_credentials_asks_for_the_same_tokens_as_google_auth() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    world.file("subject", " subject token\n");
    world.file(
        "output",
        r#"{"version": 1, "success": true, "expiration_time": 32503680000,
        "token_type": "urn:ietf:params:oauth:token-type:saml2", "saml_response": "of the file"}"#,
    );
    program(&world);
    let cases = [
        keys(),
        users(),
        impersonations(),
        externals(),
        executables(),
        machines(),
    ];
    for case in cases.into_iter().flatten() {
        let Case {
            what,
            file,
            kwargs,
            env,
            machine,
        } = case;
        world.file("c.json", &world.placed(&file).to_string());
        world.tell(&[], &[], &[]);
        let secrets =
            json!({"projects/proj/secrets/airflow-variables-hello/versions/latest": {"data": "d29ybGQ="}});
        let theirs = judge.ask(json!({
            "op": "google.lookups", "kwargs": world.placed(&kwargs), "env": world.env(&env), "tokens": world.port(),
            "secrets": secrets, "names": [{"kind": "variable", "id": "hello"}],
        }));
        assert_eq!(theirs["answers"], json!([{"value": "world"}]), "{what}");
        let their_tokens = asked(&world, &world.requests(), machine);
        let output = world
            .program(&kwargs, &env)
            .args(["get-var", "hello", "-n"])
            .run();
        assert_eq!(output.ok(), "world", "{what}: {}", output.stderr);
        let requests = world.requests();
        let ours = requests
            .iter()
            .find(|request| request.target.starts_with("/v1/projects/proj/secrets/"));
        let ours = ours.unwrap_or_else(|| panic!("{what}"));
        let host = if env["GOOGLE_CLOUD_UNIVERSE_DOMAIN"].is_null() {
            HOST
        } else {
            "secretmanager.other.example"
        };
        assert_eq!(ours.header("host"), Some(host), "{what}");
        let header = |name: &str| ours.header(name).map(str::to_owned);
        let as_whom = json!({
            "authorization": shown(&header("authorization").unwrap()), "quota": header("x-goog-user-project"),
        });
        let theirs = &theirs["asked"][0];
        let as_they = json!({
            "authorization": shown(theirs["authorization"].as_str().unwrap()), "quota": theirs["quota"],
        });
        assert_eq!(as_whom, as_they, "{what}");
        assert_eq!(asked(&world, &requests, machine), their_tokens, "{what}");
    }
}

/// Writes a program that prints a token with what it was told.
#[cfg(unix)]
fn program(world: &World) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = world.file(
        "program",
        r#"#!/bin/sh
printf '{"version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:jwt", "id_token": "%s"}' \
    "$1|$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE|$GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE|$GOOGLE_EXTERNAL_ACCOUNT_ID|$GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE|$GOOGLE_EXTERNAL_ACCOUNT_REVOKE|$GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL|$GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE"
"#,
    );
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
