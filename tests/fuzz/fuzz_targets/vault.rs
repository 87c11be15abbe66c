//! Vault's answers. The value found is the one in the JSON, only Vault's own answer makes it absent, and only an answer's
//! messages are shown.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use secretctl::backend::Context;
use secretctl::backend::hashicorp_vault::fuzzing::Answers;
use secretctl::kwargs::Kwargs;
use secretctl::env::Env;
use secretctl::http::Response;
use secretctl::python::json::{Object, Value, loads};
use secretctl::secret::Secret;
use secretctl::value::{Answer, Found, SecretKind};
use secretctl_fuzz::{answer, masked, object, shown};

/// The token and the secret id: never shown, even where Vault repeats them.
const TOKEN: &str = "hvs.hunter2hunter2";

/// Keys that stay unchanged: messages for people; and the token, whose characters decide whether it can be sent.
const WORDS: [&str; 3] = ["errors", "warnings", "client_token"];

/// Keys that decide the meaning of an answer.
const KNOWN: [&str; 14] = [
    "data",
    "auth",
    "client_token",
    "mfa_requirement",
    "metadata",
    "destroyed",
    "deletion_time",
    "conn_uri",
    "value",
    "type",
    "options",
    "version",
    "kv",
    "2",
];

static BACKEND: LazyLock<(Object, Env)> = LazyLock::new(|| {
    let kwargs = format!(
        r#"{{"auth_type": "approle", "role_id": "r", "secret_id": "{TOKEN}", "url": "http://vault"}}"#
    );
    match loads(&kwargs) {
        Ok(Value::Object(kwargs)) => (kwargs, Env::default()),
        _ => panic!("the kwargs are an object"),
    }
});

fn backend() -> Answers {
    let (kwargs, env) = &*BACKEND;
    let context = Context::new(env, Instant::now() + Duration::from_secs(3600));
    Answers::new(Kwargs::new(kwargs.clone()), &context).expect("the kwargs are right")
}

fuzz_target!(|text: &str| {
    let Some(response) = answer(text) else { return };
    let json = object(&response);
    let other = masked(&response, json.as_ref(), &WORDS, &KNOWN);
    let backend = backend();
    for kv_engine_version in [1, 2] {
        for kind in [SecretKind::Connection, SecretKind::Variable] {
            read(
                &backend,
                (kind, kv_engine_version),
                &response,
                &other,
                json.as_ref(),
            );
        }
    }
    login(&backend, &response, &other, json.as_ref());
});

fn read(
    backend: &Answers,
    (kind, kv_engine_version): (SecretKind, u8),
    response: &Response,
    other: &Response,
    json: Option<&Object>,
) {
    let outcome = backend.of_read(kind, kv_engine_version, response);
    let secret = json.and_then(|object| {
        let data = object.get("data")?;
        if kv_engine_version == 1 {
            Some(data)
        } else {
            data.as_object()?.get("data")
        }
    });
    let value = secret
        .and_then(Value::as_object)
        .and_then(|fields| fields.get("value"));
    match outcome {
        Ok(Answer::Found(found)) => {
            assert_eq!(response.status, 200);
            match found {
                Found::Text(text) if kind == SecretKind::Connection => {
                    let uri = secret.and_then(|secret| secret.as_object()?.get("conn_uri")?.as_str());
                    assert!(uri.is_some_and(|uri| text == Secret::from(uri)));
                }
                Found::Text(text) => assert!(
                    value
                        .and_then(Value::as_str)
                        .is_some_and(|value| text == Secret::from(value))
                ),
                Found::Json(json) => assert!(value == Some(&json) && json.as_str().is_none()),
                Found::Fields(fields) => assert!(secret.and_then(Value::as_object) == Some(&fields)),
                Found::Uri(_) | Found::Arguments(_) => panic!("Vault has no such thing"),
            }
        }
        Ok(Answer::Null) => assert!(response.status == 200 && value.is_some_and(Value::is_null)),
        Ok(Answer::Absent { hint }) => {
            let gone = response.status == 404 && (json.is_some() || response.body.is_empty());
            let null = response.status == 200 && secret.is_some_and(Value::is_null);
            assert!(gone || null, "only Vault itself says that it is absent");
            assert!(hint.is_none_or(|hint| !hint.contains(TOKEN)));
        }
        Err(error) => {
            let expected: &[u8] = match response.status {
                200 => &[5, 6],
                401 | 403 => &[4],
                _ => &[5],
            };
            assert!(expected.contains(&error.kind().exit_status()), "{error:?}");
            let text = shown(&error);
            assert!(!text.contains(TOKEN));
            if json.is_none() && error.kind().exit_status() == 6 {
                // JSON that cannot be read: the error says why and where.
                return;
            }
            let masked = backend
                .of_read(kind, kv_engine_version, other)
                .expect_err("an error depends only on the shape");
            assert_eq!(text, shown(&masked), "an error shows nothing but Vault's words");
        }
    }
}

fn login(backend: &Answers, response: &Response, other: &Response, json: Option<&Object>) {
    match backend.of_login(response) {
        Ok(token) => {
            let issued = json.and_then(|object| object.get("auth")?.as_object()?.get("client_token")?.as_str());
            // As in a header: in Latin-1.
            let sent = issued.and_then(|issued| issued.chars().map(|c| u8::try_from(c).ok()).collect());
            let sent = sent.filter(|sent: &Vec<u8>| !sent.is_empty()).map(Secret::new);
            assert!(response.status == 200 && sent == Some(token));
        }
        Err(error) => {
            assert!(matches!(error.kind().exit_status(), 4 | 5), "{error:?}");
            let text = shown(&error);
            assert!(!text.contains(TOKEN));
            let masked = backend
                .of_login(other)
                .expect_err("an error depends only on the shape");
            assert_eq!(text, shown(&masked), "an error shows nothing but Vault's words");
        }
    }
}
