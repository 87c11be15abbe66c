//! AWS's Secrets Manager and Parameter Store: a scripted server, with static keys.

use serde_json::json;

use super::{DSN, Subject, URI, WORLD, conforms};
use crate::aws::{SECRET_KEY, Store};
use crate::support::server::{Recorded, Reply, Server};

/// What a store has under the default prefixes.
fn answer(request: &Recorded) -> Reply {
    if request.method == "GET" {
        return Reply::status(404);
    }
    if request.body.starts_with(b"Action=GetCallerIdentity") {
        let arn = "<Arn>arn:aws:iam::123456789012:user/reader</Arn>";
        return Reply::status(200).body(format!(
            "<GetCallerIdentityResult>{arn}</GetCallerIdentityResult>"
        ));
    }
    let question = request.json();
    let operation = request.header("x-amz-target").unwrap_or_default();
    let start = if operation.ends_with("DescribeParameters") {
        "/"
    } else {
        ""
    };
    if operation.ends_with("ListSecrets") || operation.ends_with("DescribeParameters") {
        let names = [
            "connections/smtp_default",
            "variables/hello",
            "variables/empty",
            "config/sql_alchemy_conn",
        ];
        let names = names.map(|name| json!({"Name": format!("{start}airflow/{name}")}));
        return Reply::json(200, json!({"SecretList": names, "Parameters": names}));
    }
    let (store, name) = match &question["SecretId"] {
        serde_json::Value::String(name) => (Store::Secrets, name.clone()),
        _ => (
            Store::Parameters,
            question["Name"]
                .as_str()
                .unwrap()
                .trim_start_matches('/')
                .to_owned(),
        ),
    };
    let text = match name.as_str() {
        "airflow/connections/smtp_default" => URI,
        "airflow/variables/hello" => WORLD,
        "airflow/variables/empty" => "",
        "airflow/config/sql_alchemy_conn" => DSN,
        _ => return Reply::json(400, json!({"__type": store.absent()})),
    };
    Reply::json(200, store.answer(text))
}

#[test]
fn the_stores_of_aws_conform() {
    let server = Server::start(answer);
    for store in Store::BOTH {
        conforms(&Subject {
            class_path: store.class_path(),
            kwargs: json!({
                "region_name": "eu-west-1", "endpoint_url": server.url(), "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
                "aws_secret_access_key": SECRET_KEY,
            }),
            env: vec![("AWS_ENDPOINT_URL_STS".to_owned(), server.url())],
            has_configuration: true,
        });
    }
}
