//! The deliberate differences from Airflow: both sides of each, asked the same.

use serde_json::{Value, json};

use super::{Cloud, call, secret};
use crate::support::{Judge, Side, Sides, airflow, differs};

fn kwargs() -> Value {
    json!({"yc_oauth_token": "y3_token", "folder_id": "b1g"})
}

/// Asks Airflow for variables `names`, and returns the last answer and all requests.
fn theirs(judge: &Judge, kwargs: &Value, secrets: &[Value], names: &[&str]) -> (Side, Vec<Value>) {
    let mut last = Side::not_found();
    let mut requests = Vec::new();
    for name in names {
        let answer = judge.ask(json!({
            "op": "yandex.lookup", "kwargs": kwargs, "kind": "variable", "id": name, "secrets": secrets, "page": 9,
        }));
        requests.extend(answer["requests"].as_array().unwrap().clone());
        last = Side::of_airflow(&answer);
    }
    (last, requests)
}

fn listings(requests: &[Value], of: &str) -> Value {
    let listings = requests.iter().filter(|request| request["call"] == "list");
    listings.map(|request| request[of].clone()).collect()
}

#[test]
fn a_separator_that_is_null_is_refused() {
    let Some(judge) = airflow() else { return };
    let secrets = [secret("airflow/variablesNonehello", "world")];
    let mut kwargs = kwargs();
    kwargs["sep"] = Value::Null;
    let cloud = Cloud::start(secrets.to_vec(), 9);
    let ours = cloud.program(&kwargs).args(["get-var", "hello"]).run();
    differs(
        "lockbox-sep",
        &Sides {
            airflow: (
                theirs(judge, &kwargs, &secrets, &["hello"]).0,
                Side::found("world"),
            ),
            secretctl: (Side::of_secretctl(&ours), Side::failed("status 2")),
        },
    );
}

#[test]
fn a_lookup_without_a_folder_is_refused() {
    let Some(judge) = airflow() else { return };
    let secrets = [secret("airflow/variables/hello", "world")];
    let kwargs = json!({"yc_oauth_token": "y3_token"});
    let cloud = Cloud::start(secrets.to_vec(), 9);
    let ours = cloud.program(&kwargs).args(["get-var", "hello"]).run();
    let (theirs, requests) = theirs(judge, &kwargs, &secrets, &["hello"]);
    differs(
        "lockbox-folder",
        &Sides {
            airflow: (
                theirs.asking(listings(&requests, "folder")),
                Side::found("world").asking(json!([""])),
            ),
            secretctl: (
                Side::of_secretctl(&ours).asking(cloud.take().iter().map(call).collect::<Vec<_>>()),
                Side::failed("status 2").asking(json!([])),
            ),
        },
    );
}

#[test]
fn one_command_lists_the_folder_once() {
    let Some(judge) = airflow() else { return };
    let secrets = [
        secret("airflow/variables/a", "1"),
        secret("airflow/variables/b", "2"),
    ];
    let (theirs, requests) = theirs(judge, &kwargs(), &secrets, &["a", "b"]);
    let cloud = Cloud::start(secrets.to_vec(), 9);
    let output = cloud
        .program(&kwargs())
        .args(["export", "--format", "json", "--var", "a", "--var", "b"])
        .run();
    let printed: Value = serde_json::from_str(output.ok()).unwrap();
    let ours = cloud.take();
    let mut sizes: Vec<Value> = Vec::new();
    for request in ours.iter().filter(|request| request.target.contains("/secrets?")) {
        let size = request.target.split("pageSize=").nth(1).unwrap();
        sizes.push(size.split('&').next().unwrap().parse::<u32>().unwrap().into());
    }
    differs(
        "lockbox-requests",
        &Sides {
            airflow: (
                theirs.asking(listings(&requests, "size")),
                Side::found("2").asking(json!([0, 0])),
            ),
            secretctl: (
                Side::found(printed["AIRFLOW_VAR_B"].clone()).asking(sizes),
                Side::found("2").asking(json!([1000])),
            ),
        },
    );
}
