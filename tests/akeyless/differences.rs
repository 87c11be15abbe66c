//! The deliberate differences from Airflow: both sides of each, asked the same.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{BACKEND, KEY, TOKEN, akeyless, program};
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{Judge, Side, Sides, airflow, differs};

const NAME: &str = "/airflow/variables/hello";

/// A question about variable `hello`, with kwargs beside the usual login, and variables.
struct Question {
    kwargs: Value,
    env: Value,
}

impl Question {
    fn of(kwargs: Value) -> Self {
        Self {
            kwargs,
            env: json!({}),
        }
    }

    fn theirs(&self, judge: &Judge, server: &Server) -> Side {
        let mut kwargs = json!({"api_url": server.url(), "access_id": "p-1234", "access_key": KEY});
        for (name, value) in self.kwargs.as_object().unwrap() {
            kwargs[name] = value.clone();
        }
        server.take();
        Side::of_airflow(&judge.ask(json!({
            "op": "backends.lookup", "class": BACKEND, "kwargs": kwargs, "env": self.env, "kind": "variable", "id": "hello",
        })))
    }

    fn ours(&self, server: &Server) -> Side {
        server.take();
        let mut program = program(&server.url(), &self.kwargs).args(["get-var", "hello"]);
        for (name, value) in self.env.as_object().unwrap() {
            program = program.env(name, value.as_str().unwrap());
        }
        Side::of_secretctl(&program.run())
    }
}

/// Starts a server that logs everybody in, and answers a read with `reply`.
fn reads(reply: Reply) -> Server {
    Server::start(move |request| match request.target.as_str() {
        "/auth" => Reply::json(200, json!({"token": TOKEN})),
        _ => reply.clone(),
    })
}

fn hello() -> Server {
    akeyless(BTreeMap::from([(NAME.to_owned(), json!("world"))]))
}

/// Returns the names that were asked for.
fn names(server: &Server) -> Value {
    let requests = server.take();
    let reads = requests.iter().filter(|request| request.target != "/auth");
    reads.map(|request| request.json()["names"][0].clone()).collect()
}

#[test]
fn only_a_404_is_not_found() {
    let Some(judge) = airflow() else { return };
    let question = Question::of(json!({}));
    for (reply, status) in [
        (Reply::json(401, json!({"error": "the token has expired"})), 4),
        (Reply::json(403, json!({"error": "no permission"})), 4),
        (Reply::json(500, json!({"error": "internal"})), 5),
        (Reply::html(404), 5),
    ] {
        let server = reads(reply);
        differs(
            "akeyless-errors",
            &Sides {
                airflow: (question.theirs(judge, &server), Side::not_found()),
                secretctl: (question.ours(&server), Side::failed(format!("status {status}"))),
            },
        );
    }
    // A refused login is the same to Airflow.
    let server = Server::start(|_| Reply::json(401, json!({"error": "wrong key"})));
    differs(
        "akeyless-errors",
        &Sides {
            airflow: (question.theirs(judge, &server), Side::not_found()),
            secretctl: (question.ours(&server), Side::failed("status 4")),
        },
    );
}

#[test]
fn a_login_without_its_id_or_key_is_refused_at_once() {
    let Some(judge) = airflow() else { return };
    let server = Server::start(|_| Reply::json(400, json!({"error": "access-id is missing"})));
    for kwarg in ["access_id", "access_key"] {
        let question = Question::of(json!({kwarg: null}));
        let theirs = question.theirs(judge, &server);
        let logins = server.take().len();
        let ours = question.ours(&server);
        differs(
            "akeyless-incomplete-login",
            &Sides {
                airflow: (theirs.asking(logins), Side::not_found().asking(1)),
                secretctl: (
                    ours.asking(server.take().len()),
                    Side::failed("status 2").asking(0),
                ),
            },
        );
    }
}

#[test]
fn a_separator_that_is_null_is_refused() {
    let Some(judge) = airflow() else { return };
    let server = hello();
    let question = Question::of(json!({"sep": null}));
    let theirs = question.theirs(judge, &server).asking(names(&server));
    let ours = question.ours(&server).asking(names(&server));
    differs(
        "akeyless-sep",
        &Sides {
            airflow: (
                theirs,
                Side::not_found().asking(json!(["/airflow/variablesNonehello"])),
            ),
            secretctl: (ours, Side::failed("status 2").asking(json!([]))),
        },
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let Some(judge) = airflow() else { return };
    let other = hello();
    let server = reads(Reply::status(307).header("Location", &format!("{}/get-secret-value", other.url())));
    let question = Question::of(json!({}));
    let theirs = question.theirs(judge, &server).asking(names(&other));
    let ours = question.ours(&server).asking(names(&other));
    differs(
        "akeyless-redirects",
        &Sides {
            airflow: (theirs, Side::found("world").asking(json!([NAME]))),
            secretctl: (ours, Side::failed("status 5").asking(json!([]))),
        },
    );
}

/// Returns the names of the headers that the proof of AWS in a login has signed, and its session token.
fn signed(requests: &[Recorded]) -> Value {
    let login = requests.iter().find(|request| request.target == "/auth").unwrap();
    let decoded = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    let proof: Value = serde_json::from_slice(&decoded(&login.json()["cloud-id"])).unwrap();
    let headers: Value = serde_json::from_slice(&decoded(&proof["sts_request_headers"])).unwrap();
    let authorization = headers["Authorization"][0].as_str().unwrap();
    let names = authorization.split("SignedHeaders=").nth(1).unwrap();
    json!([
        names.contains("x-amz-security-token"),
        headers["X-Amz-Security-Token"]
    ])
}

#[test]
fn keys_of_aws_without_a_session_token_sign_no_token() {
    let Some(judge) = airflow() else { return };
    let server = hello();
    let home = crate::support::temp_dir();
    let question = Question {
        kwargs: json!({"access_type": "aws_iam"}),
        env: json!({
            "AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "secret-1", "HOME": home.path(),
        }),
    };
    let theirs = question.theirs(judge, &server).asking(signed(&server.take()));
    let ours = question.ours(&server).asking(signed(&server.take()));
    differs(
        "akeyless-aws-token",
        &Sides {
            airflow: (theirs, Side::found("world").asking(json!([true, [null]]))),
            secretctl: (ours, Side::found("world").asking(json!([false, null]))),
        },
    );
}

#[test]
fn a_login_by_google_has_an_audience() {
    let Some(judge) = airflow() else { return };
    let server = hello();
    let google = super::cloud::metadata();
    let host = google.url().replace("http://", "");
    let question = Question {
        kwargs: json!({"access_type": "gcp"}),
        env: json!({"GCE_METADATA_HOST": host, "GCE_METADATA_IP": host}),
    };
    let audiences = || -> Value {
        let requests = google.take();
        let asked = requests.iter().map(super::cloud::audience);
        asked.filter(|audience| !audience.is_empty()).collect()
    };
    let theirs = question.theirs(judge, &server).asking(audiences());
    let ours = question.ours(&server).asking(audiences());
    differs(
        "akeyless-gcp-audience",
        &Sides {
            airflow: (theirs, Side::found("world").asking(json!(["None"]))),
            secretctl: (ours, Side::found("world").asking(json!(["akeyless.io"]))),
        },
    );
}
