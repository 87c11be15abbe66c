//! AWS's stores: moto with more than a page, its policies, and a scripted server.

use serde_json::{Value, json};

use super::ids;
use crate::aws::Store;
use crate::support::moto::{Moto, guarded_moto, moto};
use crate::support::server::{Reply, Server};

fn put(moto: &Moto, store: Store, name: &str) {
    match store {
        Store::Secrets => moto.secret(name, "hidden-7c1e"),
        Store::Parameters => moto.parameter(name, "hidden-7c1e"),
    }
}

/// A prefix of this test alone.
fn prefix(moto: &Moto, store: Store) -> String {
    let slash = if store == Store::Parameters { "/" } else { "" };
    format!("{slash}{}", moto.unique("list"))
}

#[test]
fn more_than_a_page_is_listed_of_both_stores() {
    let Some(moto) = moto() else { return };
    for store in Store::BOTH {
        let prefix = prefix(moto, store);
        // A page has 100 secrets or 50 parameters.
        let names: Vec<String> = (0..105).map(|n| format!("n{n:03}")).collect();
        for name in names.iter().map(String::as_str).chain(["f/nested", "f"]) {
            put(moto, store, &format!("{prefix}/{name}"));
        }
        put(moto, store, &format!("{prefix}x/other"));
        let program = |kwargs: Value| store.program(&kwargs).envs(moto.env()).args(["list", "var"]);
        let output = program(json!({"variables_prefix": prefix})).arg("-vvv").run();
        assert!(!output.stderr.contains("hidden-7c1e"), "{}", output.stderr);
        let expected: Vec<String> = ["f", "f/nested"]
            .map(str::to_owned)
            .into_iter()
            .chain(names)
            .collect();
        let listed: Vec<String> = super::lines(&output).into_iter().map(|line| line.0).collect();
        assert_eq!(listed, expected, "{store:?}");
        // What a lookup would not ask for is not there.
        let pattern = json!({"variables_prefix": prefix, "variables_lookup_pattern": "n00[12]"});
        assert_eq!(ids(program(pattern)), ["n001", "n002"]);
        let broken = json!({"variables_prefix": prefix, "variables_lookup_pattern": "("});
        assert_eq!(program(broken).run().status, 2);
        let whole = ids(program(json!({"variables_prefix": ""})).arg("--no-fallback"));
        let first = format!("{}/n000", prefix.trim_start_matches('/'));
        assert!(whole.contains(&first), "{first} is not in {whole:?}");
        assert!(ids(program(json!({"variables_prefix": null}))).is_empty());
    }
}

#[test]
fn a_team_has_its_own_names_and_those_of_all() {
    let Some(moto) = moto() else { return };
    for store in Store::BOTH {
        let prefix = prefix(moto, store);
        for name in ["a", "red--b", "red--a", "blue--c"] {
            put(moto, store, &format!("{prefix}/{name}"));
        }
        let program = |team: &[&str]| {
            store
                .program(&json!({"variables_prefix": prefix}))
                .envs(moto.env())
                .env("AIRFLOW__CORE__MULTI_TEAM", "True")
                .args(["list", "var"])
                .args(team)
        };
        assert_eq!(ids(program(&["--team", "red"])), ["a", "b"], "{store:?}");
        assert_eq!(ids(program(&[])), ["a"], "{store:?}");
    }
}

#[test]
fn a_policy_that_denies_listing_is_status_4_with_the_statement_that_allows_it() {
    let Some(moto) = guarded_moto() else { return };
    for (store, action) in [
        (Store::Secrets, "secretsmanager:ListSecrets"),
        (Store::Parameters, "ssm:DescribeParameters"),
    ] {
        let prefix = prefix(moto, store);
        put(moto, store, &format!("{prefix}/hello"));
        let read = json!({"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameter"], "Resource": "*"});
        let list = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        let program = |name: &str, policy: &Value, args: [&str; 2]| {
            let keys = moto.user(name, policy);
            store
                .program(&json!({"variables_prefix": prefix}))
                .envs(moto.env())
                .env("AWS_ACCESS_KEY_ID", &keys.id)
                .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
                .args(args)
        };
        let reader = moto.unique("reader");
        program(&reader, &json!([read]), ["get-var", "hello"]).run().ok();
        let output = program(&moto.unique("reader"), &json!([read]), ["list", "var"]).run();
        assert_eq!((output.status, output.text()), (4, ""), "{}", output.stderr);
        let statement = format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#);
        assert!(output.stderr.contains(&statement), "{}", output.stderr);
        let allowed = program(&moto.unique("lister"), &json!([read, list]), ["list", "var"]);
        assert_eq!(ids(allowed), ["hello"]);
    }
}

#[test]
fn a_list_without_names_or_without_end_is_status_5() {
    for (answer, words) in [
        (json!({"x": 1}), "without a list of names"),
        (json!({"SecretList": [{}]}), "without a list of names"),
        (json!({"SecretList": [], "NextToken": "again"}), "does not end"),
    ] {
        let server = Server::start(move |_| Reply::json(200, answer.clone()));
        let output = Store::Secrets
            .program(&json!({"endpoint_url": server.url()}))
            .args(["list", "var"])
            .run();
        assert_eq!((output.status, output.text()), (5, ""), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{}", output.stderr);
    }
}
