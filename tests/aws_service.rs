//! AWS's services through the program: statuses and words of failures, and the deliberate differences in settings and answers.
//!
//! `cloud::aws::judged` compares endpoints, retries and trust with boto3's, client by client. Here is what a user sees of it.

use serde_json::{Value, json};

use crate::support::server::{Reply, Server};
use crate::support::{Output, Side, Sides, airflow, differs, secretctl, sigv4};

const SECRETS_MANAGER: &str = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";
const PARAMETER_STORE: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";

const REGION: (&str, &str) = ("AWS_DEFAULT_REGION", "eu-west-3");

fn kwargs(server: &Server) -> Value {
    json!({
        "endpoint_url": server.url(), "aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "a-secret-key",
        "aws_session_token": "a-session-token",
    })
}

/// Looks up the variable `a` in `server`, and verifies every signature.
fn ask(class: &str, server: &Server, env: &[(&str, &str)]) -> (Output, usize) {
    let output = secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", class)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs(server).to_string())
        .envs(env.iter().copied())
        .args(["--no-fallback", "get-var", "a"])
        .run();
    let requests = server.take();
    let service = if class == SECRETS_MANAGER {
        "secretsmanager"
    } else {
        "ssm"
    };
    for request in &requests {
        let scope = sigv4::verify(request, "a-secret-key").unwrap();
        assert_eq!(scope.service, service);
        assert_eq!(scope.access_key, "AKIAEXAMPLE");
        assert_eq!(scope.session_token.as_deref(), Some("a-session-token"));
    }
    for secret in ["a-secret-key", "a-session-token"] {
        assert!(!output.stderr.contains(secret), "{}", output.stderr);
    }
    (output, requests.len())
}

/// Asks Airflow's backend of Secrets Manager and the program, and states both sides with the number of their requests.
fn sides(server: &Server, env: &[(&str, &str)], theirs: Side, ours: Side) -> Option<Sides> {
    let variables: serde_json::Map<_, _> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let answer = airflow()?.ask(json!({
        "op": "aws_endpoints.lookup", "service": "secretsmanager", "env": variables, "kwargs": kwargs(server),
        "kind": "variable", "id": "a",
    }));
    let came = Side::of_airflow(&answer).asking(server.take().len());
    let (output, asked) = ask(SECRETS_MANAGER, server, env);
    Some(Sides {
        airflow: (came, theirs),
        secretctl: (Side::of_secretctl(&output).asking(asked), ours),
    })
}

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, json!({"__type": code, "message": message}))
}

#[test]
fn a_failure_has_its_status_and_the_words_of_aws() {
    let past = "Fri, 02 Jan 2026 03:04:05 GMT";
    let expired = "Signature expired: 20260102T030405Z is now earlier than 20260102T031505Z";
    for class in [SECRETS_MANAGER, PARAMETER_STORE] {
        let denied = "User: arn:aws:iam::1:user/u is not authorized to perform: it";
        for (reply, status, asked, words) in [
            (
                refusal(400, "AccessDeniedException", denied),
                4,
                1,
                vec![denied, "on it in a policy"],
            ),
            (
                refusal(400, "AccessDeniedException", "Access to KMS is not allowed"),
                4,
                1,
                vec!["allow `kms:Decrypt`"],
            ),
            (
                refusal(
                    400,
                    "ExpiredTokenException",
                    "The security token included in the request is expired",
                ),
                4,
                1,
                vec!["is expired", "get new credentials"],
            ),
            (
                refusal(
                    400,
                    "UnrecognizedClientException",
                    "The security token is invalid: a-session-token",
                ),
                4,
                1,
                vec!["is invalid: [redacted]", "check the access key"],
            ),
            (
                refusal(400, "InvalidSignatureException", expired).header("Date", past),
                4,
                1,
                vec![
                    "this machine's clock is",
                    "minutes ahead of AWS's",
                    "set this machine's clock",
                ],
            ),
            (
                refusal(
                    400,
                    "InvalidSignatureException",
                    "The request signature does not match",
                ),
                4,
                1,
                vec!["check the secret access key"],
            ),
            (
                refusal(400, "ValidationException", "Invalid name"),
                2,
                1,
                vec!["Invalid name"],
            ),
            (
                refusal(503, "ServiceUnavailable", "later"),
                5,
                3,
                vec!["could not answer", "try again later"],
            ),
            (
                Reply::html(404),
                5,
                1,
                vec!["HTML (status 404)", "check the endpoint"],
            ),
        ] {
            let server = Server::script([reply]);
            let (output, count) = ask(class, &server, &[REGION]);
            assert_eq!((output.status, count), (status, asked), "{}", output.stderr);
            for words in words {
                assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
            }
        }
    }
}

#[test]
fn a_region_is_needed_and_named_by_every_place() {
    let server = Server::script([Reply::json(200, json!({"SecretString": "v"}))]);
    let (output, asked) = ask(SECRETS_MANAGER, &server, &[("HOME", "/nonexistent")]);
    assert_eq!((output.status, asked), (2, 0), "{}", output.stderr);
    for place in [
        "`region_name`",
        "`AWS_DEFAULT_REGION`",
        "/nonexistent/.aws/config",
    ] {
        assert!(output.stderr.contains(place), "{place}: {}", output.stderr);
    }
}

#[test]
fn a_setting_of_another_service_does_not_matter() {
    let server = Server::script([Reply::json(200, json!({"SecretString": "v"}))]);
    for (name, value, error) in [
        (
            "AWS_REQUEST_CHECKSUM_CALCULATION",
            "never",
            "InvalidChecksumConfigError",
        ),
        ("AWS_DEFAULTS_MODE", "none", "InvalidDefaultsMode"),
        (
            "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
            "none",
            "InvalidS3UsEast1RegionalEndpointConfigError",
        ),
    ] {
        let env = [REGION, (name, value)];
        let theirs = Side::failed(error).asking(0);
        let Some(sides) = sides(&server, &env, theirs, Side::found("v").asking(1)) else {
            return;
        };
        differs("aws-settings-of-others", &sides);
    }
}

#[test]
fn half_an_answer_is_not_an_empty_one() {
    let half = || Reply::json(200, json!({"SecretString": "value"})).cut_at(90);
    let server = Server::script([half()]);
    let theirs = Side::not_found().asking(1);
    let Some(sides) = sides(&server, &[REGION], theirs, Side::failed("status 5").asking(3)) else {
        return;
    };
    differs("aws-half-an-answer", &sides);
}
