//! IAM policies of AWS: accepted by moto's validator, and matched with the ARNs of what boto3 stored. moto checks only the action of a
//! statement when it decides, so the resources are matched here as IAM does.

use serde_json::{Value, json};

use crate::aws::Store;
use crate::support::moto::{ACCOUNT, Moto, guarded_moto};

fn put(moto: &Moto, store: Store, name: &str) -> String {
    match store {
        Store::Secrets => {
            moto.secret(name, "hidden-7c1e");
            let secret = moto.call("secretsmanager", "describe_secret", json!({"SecretId": name}));
            find(&secret, "ARN")
        }
        Store::Parameters => {
            moto.parameter(name, "hidden-7c1e");
            let parameter = moto.call("ssm", "get_parameter", json!({"Name": name}));
            find(&parameter, "ARN")
        }
    }
}

/// Returns the text under `key`, at any depth.
fn find(value: &Value, key: &str) -> String {
    fn search(value: &Value, key: &str) -> Option<String> {
        match value {
            Value::Object(object) => object
                .get(key)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .or_else(|| object.values().find_map(|value| search(value, key))),
            Value::Array(list) => list.iter().find_map(|value| search(value, key)),
            _ => None,
        }
    }
    search(value, key).unwrap_or_else(|| panic!("no `{key}` in {value}"))
}

/// Whether IAM's pattern covers an ARN: `*` is any text, `?` is one character.
fn covers(pattern: &[char], arn: &[char]) -> bool {
    match (pattern.split_first(), arn.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            covers(rest, arn) || arn.split_first().is_some_and(|(_, arn)| covers(pattern, arn))
        }
        (Some(('?', rest)), Some((_, arn))) => covers(rest, arn),
        (Some((c, rest)), Some((d, arn))) if c == d => covers(rest, arn),
        _ => false,
    }
}

fn allows(policy: &Value, arn: &str) -> bool {
    let arn: Vec<char> = arn.chars().collect();
    let statements = policy["Statement"].as_array().unwrap().iter();
    statements
        .flat_map(|statement| statement["Resource"].as_array().unwrap())
        .any(|resource| covers(&resource.as_str().unwrap().chars().collect::<Vec<_>>(), &arn))
}

#[test]
fn the_arns_of_these_names_are_allowed_and_no_others() {
    let Some(moto) = guarded_moto() else { return };
    for (store, action) in [
        (Store::Secrets, "secretsmanager:GetSecretValue"),
        (Store::Parameters, "ssm:GetParameter"),
    ] {
        let slash = if store == Store::Parameters { "/" } else { "" };
        let prefix = format!("{slash}{}", moto.unique("policy"));
        let kwargs = json!({"variables_prefix": prefix, "region_name": "us-east-1"});
        let program = || store.program(&kwargs).envs(moto.env());
        let output = program()
            .args(["policy", "--var", "a", "--var", "b/c", "--format", "aws"])
            .run();
        let policy: Value = serde_json::from_str(output.ok()).unwrap();
        assert!(output.stderr.contains("kms:Decrypt"), "{}", output.stderr);
        assert_eq!(policy["Version"], "2012-10-17");
        assert_eq!(policy["Statement"][0]["Action"], action);
        for (name, allowed) in [
            ("a", true),
            ("b/c", true),
            ("ax", false),
            ("b", false),
            ("b/c/d", false),
            ("a-123456", false),
            ("xa", false),
        ] {
            let arn = put(moto, store, &format!("{prefix}/{name}"));
            assert_eq!(allows(&policy, &arn), allowed, "{arn}: {policy}");
        }
        // The service's validator accepts it: moto refuses a document that IAM would refuse.
        let user = moto.unique("reader");
        moto.call("iam", "create_user", json!({"UserName": user}));
        moto.call(
            "iam",
            "put_user_policy",
            json!({"UserName": user, "PolicyName": "p", "PolicyDocument": policy.to_string()}),
        );
    }
}

#[test]
fn region_account_and_partition_are_those_of_the_configuration() {
    let resource = |kwargs: Value, region: &str| -> String {
        let output = Store::Secrets
            .program(&kwargs)
            .env("AWS_DEFAULT_REGION", region)
            .args(["policy", "--conn", "x", "--format", "aws"])
            .run();
        let policy: Value = serde_json::from_str(output.ok()).unwrap();
        policy["Statement"][0]["Resource"][0].as_str().unwrap().to_owned()
    };
    let name = "secret:airflow/connections/x-??????";
    assert_eq!(
        resource(json!({}), ""),
        format!("arn:aws:secretsmanager:*:*:{name}")
    );
    assert_eq!(
        resource(json!({}), "cn-north-1"),
        format!("arn:aws-cn:secretsmanager:cn-north-1:*:{name}")
    );
    let role =
        json!({"region_name": "us-gov-west-1", "role_arn": format!("arn:aws-us-gov:iam::{ACCOUNT}:role/r")});
    assert_eq!(
        resource(role, "eu-west-1"),
        format!("arn:aws-us-gov:secretsmanager:us-gov-west-1:{ACCOUNT}:{name}")
    );
    let output = Store::Secrets
        .program(&json!({}))
        .args(["policy", "--conn", "x*", "--format", "aws"])
        .run();
    assert_eq!((output.status, output.text()), (2, ""), "{}", output.stderr);
    assert!(output.stderr.contains("would allow others"), "{}", output.stderr);
}
