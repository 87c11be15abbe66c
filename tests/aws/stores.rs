//! What is stored, against moto and Airflow's backends: values, signatures, and what a lookup costs.

use serde_json::{Value, json};

use super::Store;
use crate::support::moto::{Keys, Moto, guarded_moto, moto};
use crate::support::{Program, airflow};

pub(super) const URI: &str = "postgres://user:p%40ss@db:5432/main?sslmode=require";

/// Puts a value into a store.
pub(super) fn put(moto: &Moto, store: Store, name: &str, text: &str) {
    match store {
        Store::Secrets => moto.secret(name, text),
        Store::Parameters => moto.parameter(name, text),
    }
}

pub(super) fn program(moto: &Moto, store: Store, kwargs: &Value) -> Program {
    store.program(kwargs).envs(moto.env())
}

pub(super) fn with_keys(program: Program, keys: &Keys) -> Program {
    program
        .env("AWS_ACCESS_KEY_ID", &keys.id)
        .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
}

/// What Airflow's backend makes of the same names.
pub(super) fn airflows(moto: &Moto, store: Store, kwargs: &Value, names: &Value) -> Value {
    let env: serde_json::Map<_, _> = moto.env().into_iter().map(|(k, v)| (k, json!(v))).collect();
    airflow().unwrap().ask(json!({
        "op": "aws.lookups", "service": store.service(), "env": env, "kwargs": kwargs, "names": names,
    }))
}

#[test]
fn what_boto3_stored_is_read_as_airflow_reads_it() {
    let Some(moto) = moto() else { return };
    for store in Store::BOTH {
        let id = moto.unique("read");
        let rds = r#"{"username": "admin", "password": "pä", "engine": "postgres", "host": "h", "port": 5432, "dbname": "d"}"#;
        put(moto, store, &store.name("connections", &id), URI);
        put(moto, store, &store.name("connections", &format!("{id}-rds")), rds);
        put(moto, store, &store.name("variables", &id), " wörld\n");
        put(moto, store, &store.name("config", &id), "option");
        let names = json!([
            {"kind": "conn_value", "id": id}, {"kind": "conn_value", "id": format!("{id}-rds")},
            {"kind": "variable", "id": id}, {"kind": "config", "id": id}, {"kind": "variable", "id": format!("{id}x")},
        ]);
        let theirs = airflows(moto, store, &json!({}), &names);
        let mut ours = Vec::new();
        for args in [
            vec!["get-conn", &id, "-o", "raw"],
            vec!["get-conn", &format!("{id}-rds"), "-o", "raw"],
            vec!["get-var", &id],
            vec!["get-config", "--backend-key", &id],
            vec!["get-var", &format!("{id}x")],
        ] {
            let output = program(moto, store, &json!({})).args(&args).arg("-n").run();
            ours.push(match output.status {
                0 => json!({"value": output.text()}),
                3 => json!({"value": null}),
                _ => panic!("{args:?}: {}", output.stderr),
            });
        }
        assert_eq!(json!(ours), theirs);
        let parsed = airflows(
            moto,
            store,
            &json!({}),
            &json!([{"kind": "connection", "id": format!("{id}-rds")}]),
        );
        let output = program(moto, store, &json!({}))
            .args(["get-conn", &format!("{id}-rds"), "-o", "airflow-uri", "-n"])
            .run();
        match store {
            // Airflow renames the words of Secrets Manager alone.
            Store::Secrets => assert_eq!(
                output.text(),
                parsed[0]["value"]["uri"].as_str().unwrap(),
                "{}",
                output.stderr
            ),
            Store::Parameters => {
                assert!(parsed[0]["error"].is_string(), "{parsed}");
                output.fails(6);
            }
        }
        // The requests are the same but for their signatures.
        let requests: Vec<Value> = moto
            .recorded(&format!("{}\"", store.name("variables", &id)))
            .into_iter()
            .filter(|request| {
                request["headers"]["x-amz-target"]
                    .as_str()
                    .unwrap()
                    .contains(".Get")
            })
            .collect();
        assert_eq!(requests.len(), 2);
        for part in ["method", "path", "body"] {
            assert_eq!(requests[0][part], requests[1][part], "{part}");
        }
        for header in ["x-amz-target", "content-type", "host"] {
            assert_eq!(
                requests[0]["headers"][header], requests[1]["headers"][header],
                "{header}"
            );
        }
    }
}

#[test]
fn signatures_are_right_and_a_policy_that_denies_is_status_4() {
    let Some(moto) = guarded_moto() else { return };
    for store in Store::BOTH {
        let id = moto.unique("guarded");
        put(moto, store, &store.name("variables", &id), "value");
        let user = |action: &str| {
            moto.user(
                "user",
                &json!([{"Effect": "Allow", "Action": action, "Resource": "*"}]),
            )
        };
        let action = match store {
            Store::Secrets => "secretsmanager:GetSecretValue",
            Store::Parameters => "ssm:GetParameter",
        };
        let read = |keys: &Keys| {
            with_keys(program(moto, store, &json!({})), keys)
                .args(["get-var", &id, "-n"])
                .run()
        };
        assert_eq!(read(&user(action)).text(), "value");
        let denied = read(&user("iam:*"));
        assert!(denied.fails(4).contains(action), "{}", denied.stderr);
        let wrong = Keys {
            secret: "wrong".to_owned(),
            ..user(action)
        };
        let wrong = read(&wrong);
        assert!(wrong.fails(4).contains("secret access key"), "{}", wrong.stderr);
    }
}
