//! The deliberate differences from Airflow: both sides of each, asked the same.

use serde_json::{Value, json};

use super::{SECRET_KEY, Store};
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{Side, Sides, airflow, differs, secretctl};

/// A question to Secrets Manager, and what it answers.
struct Question {
    kwargs: Value,
    env: Value,
    kind: &'static str,
    /// Answers by name: status, body, headers.
    replies: Value,
}

impl Question {
    fn of(kwargs: Value) -> Self {
        Self {
            kwargs,
            env: json!({
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                "AWS_DEFAULT_REGION": "eu-west-1",
            }),
            kind: "variable",
            replies: json!({}),
        }
    }

    fn has(mut self, name: &str, status: u16, body: &str) -> Self {
        self.replies[name] = json!([status, body, {"content-type": "application/x-amz-json-1.1"}]);
        self
    }

    fn theirs(&self) -> Option<Side> {
        let answer = airflow()?.ask(json!({
            "op": "aws_stores.lookup", "service": "secretsmanager", "kwargs": self.kwargs, "env": self.env,
            "kind": self.kind, "id": "x", "replies": self.replies,
        }));
        Some(Side::of_airflow(&answer))
    }

    fn ours(&self) -> Side {
        let replies = self.replies.clone();
        let server = Server::start(move |request: &Recorded| {
            let name = request.json()["SecretId"].as_str().unwrap().to_owned();
            let Some(reply) = replies[&name].as_array() else {
                return Reply::json(400, json!({"__type": Store::Secrets.absent()}));
            };
            let status = u16::try_from(reply[0].as_u64().unwrap()).unwrap();
            let headers = reply[2].as_object().unwrap();
            headers
                .iter()
                .fold(Reply::status(status), |reply, (name, value)| {
                    reply.header(name, value.as_str().unwrap())
                })
                .body(reply[1].as_str().unwrap())
        });
        let env = self.env.as_object().unwrap().iter();
        let command = match self.kind {
            "variable" => vec!["get-var", "x"],
            _ => vec!["get-conn", "x", "-o", "raw"],
        };
        let output = secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", Store::Secrets.class_path())
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", self.kwargs.to_string())
            .envs(env.map(|(name, value)| (name, value.as_str().unwrap())))
            .env("AWS_ENDPOINT_URL", server.url())
            .env("AWS_MAX_ATTEMPTS", "1")
            .arg("--no-fallback")
            .args(command)
            .run();
        Side::of_secretctl(&output)
    }

    /// States both sides.
    fn differs(&self, id: &str, airflow: Side, secretctl: Side) {
        let Some(theirs) = self.theirs() else { return };
        let sides = Sides {
            airflow: (theirs, airflow),
            secretctl: (self.ours(), secretctl),
        };
        differs(id, &sides);
    }
}

const VALUE: &str = r#"{"SecretString": "value"}"#;
const NAME: &str = "airflow/variables/x";

#[test]
fn kwargs_that_airflow_takes_by_accident_are_refused() {
    let bare = Question::of(json!({"variables_prefix": false})).has("x", 200, VALUE);
    bare.differs("aws-type", Side::found("value"), Side::failed("status 2"));
    let half = Question::of(json!({"aws_access_key_id": "AKIA"})).has(NAME, 200, VALUE);
    half.differs("aws-half-a-key", Side::found("value"), Side::failed("status 2"));
    let plain = Question::of(json!({"use_ssl": false})).has(NAME, 200, VALUE);
    plain.differs("aws-use-ssl", Side::found("value"), Side::failed("status 2"));
    let mut letters = Question::of(json!({"extra_conn_words": {"host": "abc"}}));
    letters.kind = "conn_value";
    letters = letters.has("airflow/connections/x", 200, r#"{"SecretString": "smtp://host"}"#);
    letters.differs("aws-words", Side::found("smtp://host"), Side::failed("status 2"));
    let late = Question::of(json!({"config_kwargs": {"nonsense": 1}, "variables_prefix": null}));
    late.differs("aws-late-errors", Side::not_found(), Side::failed("status 2"));
}

#[test]
fn answers_that_airflow_takes_for_absence_are_failures() {
    let question = |status, body: &str| Question::of(json!({})).has(NAME, status, body);
    question(200, r#"{"SecretBinary": "AAEC"}"#).differs(
        "aws-binary",
        Side::not_found(),
        Side::failed("status 6"),
    );
    question(200, r#"{"SecretString": 5}"#).differs("aws-not-text", Side::found(5), Side::failed("status 6"));
    for (code, status, exit) in [
        ("InvalidParameterException", 400, 2),
        ("DecryptionFailure", 400, 4),
        ("InternalServiceError", 500, 5),
    ] {
        let swallowed = question(status, &format!(r#"{{"__type": "{code}"}}"#));
        swallowed.differs(
            "aws-swallowed",
            Side::not_found(),
            Side::failed(format!("status {exit}")),
        );
    }
    for body in ["", "{}"] {
        question(200, body).differs("aws-no-answer", Side::not_found(), Side::failed("status 5"));
    }
}

#[test]
fn what_airflow_does_not_read_is_read() {
    let mut header = Question::of(json!({}));
    header.replies[NAME] = json!([400, "{}", {"x-amzn-errortype": "ResourceNotFoundException"}]);
    header.differs("aws-error-header", Side::failed("ClientError"), Side::not_found());
    let mut region = Question::of(json!({})).has(NAME, 200, VALUE);
    region.env.as_object_mut().unwrap().remove("AWS_DEFAULT_REGION");
    region.env["AWS_REGION"] = json!("eu-west-1");
    region.differs("aws-region", Side::failed("NoRegionError"), Side::found("value"));
}
