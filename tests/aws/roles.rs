//! Roles: assumed with keys, with a web identity's token, with a token of Google's.

use serde_json::{Value, json};

use super::Store;
use super::stores::{airflows, program, put, with_keys};
use crate::support::moto::{guarded_moto, moto};
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{airflow, temp_dir};

#[test]
fn a_role_is_assumed_with_the_first_credentials_and_its_own_are_used() {
    let Some(moto) = guarded_moto() else { return };
    for store in Store::BOTH {
        let id = moto.unique("role");
        put(moto, store, &store.name("variables", &id), "value");
        let role = moto.role(
            "reader",
            &json!([{"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*"], "Resource": "*"}]),
        );
        let user = moto.user(
            "assumer",
            &json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]),
        );
        let kwargs = json!({"role_arn": role, "assume_role_kwargs": {"ExternalId": id}});
        let run = |kwargs: &Value| {
            with_keys(program(moto, store, kwargs), &user)
                .args(["get-var", &id, "-n"])
                .run()
        };
        let output = run(&kwargs);
        assert_eq!((output.status, output.text()), (0, "value"), "{}", output.stderr);
        run(&json!({})).fails(4);
        let theirs = airflows(moto, store, &kwargs, &json!([{"kind": "variable", "id": id}]));
        assert_eq!(theirs[0]["value"], "value");
        let requests = moto.recorded(&format!("ExternalId={id}"));
        let bodies: Vec<&str> = requests
            .iter()
            .map(|request| request["body"].as_str().unwrap())
            .collect();
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies[0], bodies[1]);
    }
}

#[test]
fn a_web_identity_needs_no_keys() {
    let Some(moto) = moto() else { return };
    let folder = temp_dir();
    let token = folder.path().join("token");
    std::fs::write(&token, "header.claims.signature\n").unwrap();
    let role = moto.role(
        "web",
        &json!([{"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*"], "Resource": "*"}]),
    );
    for store in Store::BOTH {
        let id = moto.unique("web");
        put(moto, store, &store.name("variables", &id), "value");
        let kwargs = json!({
            "role_arn": role, "assume_role_method": "assume_role_with_web_identity",
            "assume_role_with_web_identity_federation": "file", "assume_role_with_web_identity_token_file": token,
        });
        let output = program(moto, store, &kwargs)
            .env("AWS_ACCESS_KEY_ID", "")
            .args(["get-var", &id, "-n"])
            .run();
        assert_eq!((output.status, output.text()), (0, "value"), "{}", output.stderr);
        // As in a CI job: the environment alone.
        let output = program(moto, store, &json!({}))
            .env("AWS_ACCESS_KEY_ID", "")
            .env("AWS_ROLE_ARN", &role)
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
            .args(["get-var", &id, "-n"])
            .run();
        assert_eq!((output.status, output.text()), (0, "value"), "{}", output.stderr);
    }
}

#[test]
fn a_token_of_google_assumes_a_role_too() {
    let Some(moto) = moto() else { return };
    let google = machine_of_google();
    let host = google.url().replace("http://", "");
    let role = moto.role(
        "google",
        &json!([{"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*"], "Resource": "*"}]),
    );
    for store in Store::BOTH {
        let id = moto.unique("google");
        put(moto, store, &store.name("variables", &id), "value");
        let kwargs = json!({
            "role_arn": role, "assume_role_method": "assume_role_with_web_identity",
            "assume_role_with_web_identity_federation": "google",
            "assume_role_with_web_identity_federation_audience": id,
            // Airflow passes them with a session's name of botocore's.
            "assume_role_kwargs": {"RoleSessionName": id},
        });
        let run = |audience: &str| {
            let mut kwargs = kwargs.clone();
            kwargs["assume_role_with_web_identity_federation_audience"] = audience.into();
            program(moto, store, &kwargs)
                .env("AWS_ACCESS_KEY_ID", "")
                .env("GCE_METADATA_HOST", &host)
                .args(["get-var", &id, "-n"])
                .run()
        };
        let output = run(&id);
        assert_eq!((output.status, output.text()), (0, "value"), "{}", output.stderr);
        let mut env: serde_json::Map<_, _> = moto.env().into_iter().map(|(k, v)| (k, json!(v))).collect();
        env.remove("AWS_ACCESS_KEY_ID");
        env.insert("GCE_METADATA_HOST".to_owned(), json!(host));
        env.insert("GCE_METADATA_IP".to_owned(), json!(host));
        let theirs = airflow().expect("moto needs it").ask(json!({
            "op": "aws.lookups", "service": store.service(), "env": env, "kwargs": kwargs,
            "names": [{"kind": "variable", "id": id}],
        }));
        assert_eq!(theirs, json!([{"value": "value"}]));
        let requests = moto.recorded(&format!("RoleSessionName={id}"));
        let bodies: Vec<&str> = requests
            .iter()
            .map(|request| request["body"].as_str().unwrap())
            .collect();
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies[0], bodies[1]);
        assert!(bodies[0].contains("WebIdentityToken=eyJ"), "{}", bodies[0]);
        // The server has no token for another audience.
        run("refused").fails(4);
    }
}

/// The metadata server of a machine in Google Cloud, which has no token for the audience `refused`.
fn machine_of_google() -> Server {
    use base64::Engine as _;
    let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!(
        "{}.{}.c2ln",
        part(json!({"alg": "RS256"})),
        part(json!({"exp": 4_102_444_800_u64}))
    );
    Server::start(move |request: &Recorded| {
        let reply = if request.target.contains("audience=refused") {
            Reply::status(403)
        } else if request.target.contains("recursive=true") {
            Reply::json(200, json!({"email": "a@p", "scopes": [], "aliases": ["default"]}))
        } else {
            Reply::status(200)
                .header("Content-Type", "application/text")
                .body(token.clone())
        };
        reply.header("Metadata-Flavor", "Google")
    })
}
