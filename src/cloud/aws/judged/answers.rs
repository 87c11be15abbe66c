//! Failing services: how often they are asked, and what their answers mean, beside Airflow's backends.
//!
//! Every request is verified as AWS would: those of boto3 too, which proves the verifier.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::airflow;
use super::support::server::{Recorded, Reply as Scripted, Server};
use super::support::sigv4;
use crate::cloud::aws::Credentials;
use crate::cloud::aws::client_config::Plain;
use crate::cloud::aws::endpoint::{PARAMETER_STORE, SECRETS_MANAGER, Service};
use crate::cloud::aws::json_service::{ClientKwargs, JsonService, Reply};
use crate::env::Env;
use crate::error::ErrorKind::{self, Denied, NotFound, Unavailable, Usage};
use crate::secret::Secret;

const REGION: &str = "eu-west-3";

/// What a lookup means: the kind of its error, or a value.
type Meaning = Option<ErrorKind>;

/// How Airflow ends: with a value, with nothing, or with an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Airflow {
    Value,
    Nothing,
    Raises,
}

use self::Airflow::{Nothing, Raises, Value as Found};

/// The name of a case, the answers in order (the last one repeats), how often boto3 asks, our meaning, and Airflow's.
type Case = (String, Vec<Scripted>, usize, Meaning, Airflow);

fn error(status: u16, code: &str) -> Scripted {
    Scripted::json(status, json!({"__type": code, "message": "no"}))
}

fn value(service: &Service) -> Scripted {
    Scripted::json(
        200,
        if *service == SECRETS_MANAGER {
            json!({"SecretString": "v"})
        } else {
            json!({"Parameter": {"Value": "v"}})
        },
    )
}

fn case(name: &str, replies: Vec<Scripted>, asked: usize, meaning: Meaning, airflow: Airflow) -> Case {
    (name.to_owned(), replies, asked, meaning, airflow)
}

/// A case that means "could not tell", for which Airflow raises an exception.
fn unavailable(name: &str, reply: Scripted, asked: usize) -> Case {
    case(name, vec![reply], asked, Some(Unavailable), Raises)
}

fn cases(service: &Service) -> Vec<Case> {
    let mut cases = throttling();
    cases.extend(statuses());
    cases.extend(connections(service));
    cases.extend(refusals());
    cases.extend(unreadable(service));
    cases.extend(of_service(service));
    cases
}

fn throttling() -> Vec<Case> {
    let codes = [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "com.amazonaws#ThrottlingException:http://x",
    ];
    codes.map(|code| unavailable(code, error(400, code), 3)).into()
}

fn statuses() -> Vec<Case> {
    let mut cases = vec![unavailable("301 without a location", Scripted::status(301), 1)];
    for (statuses, asked) in [
        (&[429, 500, 502, 503, 504][..], 3),
        (&[400, 404, 408, 501, 505, 509, 599][..], 1),
    ] {
        for status in statuses {
            cases.push(unavailable(
                &format!("{status}"),
                Scripted::status(*status),
                asked,
            ));
            cases.push(unavailable(
                &format!("{status} in HTML"),
                Scripted::html(*status),
                asked,
            ));
        }
    }
    for status in [301, 302, 303, 307, 308] {
        let reply = Scripted::status(status).header("Location", "/elsewhere");
        cases.push(unavailable(&format!("redirect {status}"), reply, 1));
    }
    cases
}

fn connections(service: &Service) -> Vec<Case> {
    let value = || value(service);
    let slow = value().dripping(40, Duration::from_millis(20));
    vec![
        case("a value", vec![value()], 1, None, Found),
        case("slow", vec![slow], 1, None, Found),
        case(
            "throttled once",
            vec![error(400, "SlowDown"), value()],
            2,
            None,
            Found,
        ),
        case("cut once", vec![Scripted::cut(), value()], 2, None, Found),
        case(
            "down twice",
            vec![Scripted::status(503), Scripted::status(500), value()],
            3,
            None,
            Found,
        ),
        unavailable("cut", Scripted::cut(), 3),
        unavailable("reset", Scripted::cut().reset(), 3),
        unavailable("cut in the first line", value().cut_at(5), 3),
        unavailable("no HTTP", Scripted::raw("SSH-2.0-OpenSSH_9\r\n"), 3),
    ]
}

/// What Airflow cannot read, it takes for an empty answer.
fn unreadable(service: &Service) -> Vec<Case> {
    let airflow = if *service == SECRETS_MANAGER {
        Nothing
    } else {
        Raises
    };
    [
        ("empty", Scripted::status(200)),
        ("HTML", Scripted::html(200)),
        ("an empty object", Scripted::json(200, json!({}))),
        (
            "half an object",
            Scripted::status(200).body(r#"{"SecretString": "v"#),
        ),
    ]
    .map(|(name, reply)| case(name, vec![reply], 1, Some(Unavailable), airflow))
    .into()
}

fn refusals() -> Vec<Case> {
    let header = Scripted::status(400).header("x-amzn-ErrorType", "AccessDeniedException:http://x");
    let mut cases = vec![case(
        "a type in the header alone",
        vec![header],
        1,
        Some(Denied),
        Raises,
    )];
    for (code, meaning) in [
        ("AccessDeniedException", Denied),
        ("UnrecognizedClientException", Denied),
        ("InvalidSignatureException", Denied),
        ("ExpiredTokenException", Denied),
        ("IncompleteSignature", Denied),
        ("OptInRequired", Denied),
        ("ValidationException", Usage),
        ("SomethingNew", Unavailable),
    ] {
        cases.push(case(code, vec![error(400, code)], 1, Some(meaning), Raises));
    }
    cases
}

/// The errors that a service declares: Airflow's backend of Secrets Manager takes its own for "not found".
fn of_service(service: &Service) -> Vec<Case> {
    let declared: &[(u16, &str, usize, ErrorKind, Airflow)] = if *service == SECRETS_MANAGER {
        &[
            (400, "ResourceNotFoundException", 1, NotFound, Nothing),
            (400, "InvalidRequestException", 1, NotFound, Nothing),
            (400, "InvalidParameterException", 1, Usage, Nothing),
            (400, "DecryptionFailure", 1, Denied, Nothing),
            (500, "InternalServiceError", 3, Unavailable, Nothing),
            // With a declared error, a 429 is not throttling.
            (429, "InternalServiceError", 1, Unavailable, Nothing),
        ]
    } else {
        &[
            (400, "ParameterNotFound", 1, NotFound, Nothing),
            (400, "ParameterVersionNotFound", 1, NotFound, Raises),
            (400, "InvalidKeyId", 1, Denied, Raises),
            (500, "InternalServerError", 3, Unavailable, Raises),
            (429, "InvalidKeyId", 1, Denied, Raises),
            (429, "UnknownThing", 3, Unavailable, Raises),
        ]
    };
    declared
        .iter()
        .map(|(status, code, asked, meaning, airflow)| {
            case(code, vec![error(*status, code)], *asked, Some(*meaning), *airflow)
        })
        .collect()
}

/// Asks as a backend would; returns what the answer means and the error's words.
fn ask(service: &'static Service, url: &str, config: &Plain) -> (Meaning, String) {
    let kwargs = ClientKwargs {
        region_name: Some(REGION.to_owned()),
        endpoint_url: Some(url.to_owned()),
        ..ClientKwargs::default()
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    let client = JsonService::new(service, config, &Env::default(), &kwargs, deadline).expect("a client");
    let credentials = Credentials::new(
        "AKIDEXAMPLE",
        Secret::from("wJalr"),
        Some(Secret::from("a-token")),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (operation, body) = if *service == SECRETS_MANAGER {
        ("GetSecretValue", r#"{"SecretId": "a"}"#)
    } else {
        ("GetParameter", r#"{"Name": "a"}"#)
    };
    let error = match runtime.block_on(client.call(&credentials, operation, Secret::from(body))) {
        Ok(Reply::Answer(_)) => return (None, String::new()),
        Ok(Reply::Error(error)) => error.into_error(service.name, "`a`"),
        Err(error) => error,
    };
    (
        Some(error.kind()),
        format!("{error}\n{}", error.details().join("\n")),
    )
}

/// Verifies that every request is signed, and returns their number.
fn verified(requests: &[Recorded], service: &Service, case: &str) -> usize {
    for request in requests {
        let scope = sigv4::verify(request, "wJalr").unwrap_or_else(|wrong| panic!("{case}: {wrong}"));
        assert_eq!(
            (scope.region.as_str(), scope.service.as_str()),
            (REGION, service.prefix),
            "{case}"
        );
        assert_eq!(
            request.header("content-type"),
            Some("application/x-amz-json-1.1"),
            "{case}"
        );
    }
    requests.len()
}

/// Asks Airflow's backend for a variable at `server`; `None` without a judge.
fn airflow_answers(service: &Service, config: &Plain, server: &Server) -> Option<(Airflow, Value)> {
    let mut env = json!({
        "AWS_ENDPOINT_URL": server.url(), "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalr",
    });
    for (variable, value) in &config.env {
        env[*variable] = json!(value);
    }
    let answer = airflow()?.ask(json!({
        "op": "aws_endpoints.lookup", "service": service.prefix, "env": env, "kind": "variable", "id": "a",
    }));
    let outcome = match &answer {
        Value::Object(answer) if answer.contains_key("error") => Raises,
        answer if answer["value"].is_null() => Nothing,
        _ => Found,
    };
    Some((outcome, answer))
}

fn compare(service: &'static Service, config: &Plain, cases: Vec<Case>) {
    std::thread::scope(|scope| {
        for (name, replies, asked, meaning, airflow) in cases {
            scope.spawn(move || {
                let server = Server::script(replies.clone());
                let (ours, words) = ask(service, &server.url(), config);
                assert_eq!(ours, meaning, "{name}: {words}");
                let requests = server.take();
                assert_eq!(verified(&requests, service, &name), asked, "{name}: {words}");
                assert!(!words.contains("wJalr") && !words.contains("a-token"), "{words}");
                for request in &requests {
                    let scope = sigv4::verify(request, "wJalr").expect("a signature");
                    assert_eq!(scope.session_token.as_deref(), Some("a-token"));
                }
                let server = Server::script(replies);
                let Some((theirs, answer)) = airflow_answers(service, config, &server) else {
                    return;
                };
                assert_eq!(theirs, airflow, "{name}: {answer}");
                assert_eq!(
                    verified(&server.take(), service, &name),
                    asked,
                    "{name}: Airflow: {answer}"
                );
            });
        }
    });
}

#[test]
fn secrets_manager_is_asked_as_often_as_by_airflow() {
    compare(&SECRETS_MANAGER, &Plain::default(), cases(&SECRETS_MANAGER));
}

#[test]
fn parameter_store_is_asked_as_often_as_by_airflow() {
    compare(&PARAMETER_STORE, &Plain::default(), cases(&PARAMETER_STORE));
}

#[test]
fn the_variables_of_retries_count() {
    let with = |pairs: &[(&'static str, &'static str)]| {
        let mut config = Plain::default();
        config.env.extend(pairs.iter().copied());
        config
    };
    let service = &SECRETS_MANAGER;
    let down = || vec![Scripted::status(500)];
    for (config, asked) in [
        (with(&[("AWS_MAX_ATTEMPTS", "1")]), 1),
        (with(&[("AWS_MAX_ATTEMPTS", "5")]), 5),
        (with(&[("AWS_RETRY_MODE", "adaptive")]), 3),
        (
            with(&[("AWS_RETRY_MODE", "legacy"), ("AWS_MAX_ATTEMPTS", "2")]),
            2,
        ),
    ] {
        let case = ("down".to_owned(), down(), asked, Some(Unavailable), Raises);
        compare(service, &config, vec![case]);
    }
    let legacy = with(&[("AWS_RETRY_MODE", "legacy"), ("AWS_MAX_ATTEMPTS", "2")]);
    let unavailable = Some(Unavailable);
    let mut cases: Vec<Case> = Vec::new();
    for (status, code, asked, airflow) in [
        (509, "X", 2, Raises),
        (429, "X", 2, Raises),
        (429, "InternalServiceError", 2, Nothing),
        (400, "ThrottlingException", 2, Raises),
        (400, "SlowDown", 1, Raises),
        (403, "ThrottlingException", 1, Raises),
        (400, "RequestTimeout", 1, Raises),
    ] {
        let name = format!("legacy {status} {code}");
        cases.push((name, vec![error(status, code)], asked, unavailable, airflow));
    }
    cases.push((
        "legacy cut".to_owned(),
        vec![Scripted::cut()],
        2,
        unavailable,
        Raises,
    ));
    compare(service, &legacy, cases);
}

/// boto3 takes half a body for a whole one, and Airflow what it cannot read for an empty answer.
#[test]
fn half_an_answer_is_asked_for_again() {
    for service in [&SECRETS_MANAGER, &PARAMETER_STORE] {
        let server = Server::script([value(service).cut_at(90), value(service)]);
        let (ours, words) = ask(service, &server.url(), &Plain::default());
        assert_eq!(ours, None, "{words}");
        assert_eq!(verified(&server.take(), service, "half"), 2);
        let server = Server::script([value(service).cut_at(90)]);
        let (ours, words) = ask(service, &server.url(), &Plain::default());
        assert_eq!(ours, Some(Unavailable), "{words}");
        assert_eq!(verified(&server.take(), service, "half"), 3);
        let Some((airflow, answer)) = airflow_answers(service, &Plain::default(), &server) else {
            return;
        };
        let unread = if *service == SECRETS_MANAGER {
            Nothing
        } else {
            Raises
        };
        assert_eq!(airflow, unread, "{answer}");
        assert_eq!(verified(&server.take(), service, "half"), 1);
    }
}

#[test]
fn a_path_and_a_query_of_the_endpoint_are_signed() {
    for path in ["/a/", "/a//b/../c%20d", "/x?b=2&a=1&c", "/%7Ex/./"] {
        let server = Server::script([value(&SECRETS_MANAGER)]);
        let url = format!("{}{path}", server.url());
        assert_eq!(ask(&SECRETS_MANAGER, &url, &Plain::default()).0, None, "{path}");
        let requests = server.take();
        assert_eq!(requests[0].target, path);
        verified(&requests, &SECRETS_MANAGER, path);
    }
}
