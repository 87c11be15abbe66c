//! The requests of a lookup, and what each answer of a store means.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{SECRET_KEY, Store};
use crate::support::server::{Recorded, Reply, Server};

/// A server of a store that counts its requests.
pub(super) fn stand(
    store: Store,
    reply: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> (Server, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = Server::start(move |request: &Recorded| {
        counted.fetch_add(1, Ordering::Relaxed);
        let question = request.json();
        let name = match store {
            Store::Secrets => &question["SecretId"],
            Store::Parameters => &question["Name"],
        };
        reply(name.as_str().unwrap())
    });
    (server, count)
}

#[test]
fn a_lookup_is_one_request_and_many_names_are_one_each() {
    for store in Store::BOTH {
        let (server, count) = stand(store, move |name| {
            Reply::json(200, store.answer(name.rsplit('/').next().unwrap()))
        });
        let kwargs = json!({"endpoint_url": server.url()});
        let mut program = store.program(&kwargs).arg("export");
        for at in 0..40 {
            program = program.args(["--var".to_owned(), format!("v{at}")]);
        }
        let output = program.args(["--format", "json"]).run();
        let values: Value = serde_json::from_str(output.ok()).unwrap();
        assert_eq!(values["AIRFLOW_VAR_V39"], "v39");
        assert_eq!(count.load(Ordering::Relaxed), 40);
        let open = server.most_open();
        assert!((2..=8).contains(&open), "{open} at a time");
    }
}

#[test]
fn each_failure_of_a_service_has_its_status() {
    let error = |code: &'static str, status: u16| {
        move |_: &str| {
            Reply::json(
                status,
                json!({"__type": format!("com.amazonaws#{code}"), "message": "the words"}),
            )
        }
    };
    for (store, code, status, exit, says) in [
        (Store::Secrets, "ResourceNotFoundException", 400, 3, "not in "),
        (
            Store::Secrets,
            "InvalidRequestException",
            400,
            3,
            "restore-secret",
        ),
        (Store::Secrets, "InvalidParameterException", 400, 2, "the words"),
        (Store::Secrets, "DecryptionFailure", 400, 4, "kms:Decrypt"),
        (Store::Secrets, "InternalServiceError", 500, 5, "the words"),
        (
            Store::Secrets,
            "AccessDeniedException",
            400,
            4,
            "secretsmanager:GetSecretValue",
        ),
        (
            Store::Secrets,
            "UnrecognizedClientException",
            400,
            4,
            "access key",
        ),
        (
            Store::Secrets,
            "InvalidSignatureException",
            400,
            4,
            "secret access key",
        ),
        (Store::Secrets, "ExpiredTokenException", 400, 4, "new credentials"),
        (Store::Secrets, "IncompleteSignature", 400, 4, "the words"),
        (Store::Secrets, "OptInRequired", 403, 4, "region"),
        (Store::Secrets, "ValidationException", 400, 2, "the words"),
        (Store::Secrets, "ThrottlingException", 400, 5, "try again later"),
        (Store::Parameters, "ParameterNotFound", 400, 3, "not in "),
        (
            Store::Parameters,
            "ParameterVersionNotFound",
            400,
            3,
            "no such version",
        ),
        (Store::Parameters, "InvalidKeyId", 400, 4, "kms:Decrypt"),
        (
            Store::Parameters,
            "AccessDeniedException",
            400,
            4,
            "ssm:GetParameter",
        ),
        (Store::Parameters, "ValidationException", 400, 2, "the words"),
        (Store::Parameters, "InternalServerError", 500, 5, "the words"),
        (
            Store::Parameters,
            "ThrottlingException",
            400,
            5,
            "try again later",
        ),
    ] {
        let (server, _) = stand(store, error(code, status));
        let output = store
            .program(&json!({"endpoint_url": server.url()}))
            .env("AIRFLOW_VAR_X", "of the environment")
            .args(["--no-fallback", "get-var", "x"])
            .run();
        let words = output.fails(exit);
        assert!(
            words.contains(says) && !words.contains(SECRET_KEY),
            "{code}: {words}"
        );
    }
}

#[test]
fn answers_that_are_no_secret_are_told_from_absent_ones() {
    for (store, answer, exit, says) in [
        (
            Store::Secrets,
            json!({"Name": "n", "SecretBinary": "AAEC"}),
            6,
            "binary",
        ),
        (Store::Secrets, json!({"Name": "n"}), 5, "without a secret"),
        (Store::Secrets, json!({"SecretString": 5}), 6, "not text"),
        (Store::Secrets, json!({}), 5, "answered with"),
        (Store::Secrets, json!([]), 5, "answered with"),
        (Store::Parameters, json!({}), 5, "answered with"),
        (
            Store::Parameters,
            json!({"Parameter": {}}),
            5,
            "without a parameter",
        ),
        (
            Store::Parameters,
            json!({"Parameter": {"Value": {"a": 1}}}),
            6,
            "not text",
        ),
    ] {
        let (server, _) = stand(store, move |_| Reply::json(200, answer.clone()));
        let output = store
            .program(&json!({"endpoint_url": server.url()}))
            .args(["get-var", "x"])
            .run();
        let words = output.fails(exit);
        assert!(words.contains(says), "{words}");
    }
}
