//! The examples for AWS: MWAA's configuration, and a job of GitHub Actions with its identity token, against moto.

use std::path::Path;

use serde_json::json;

use super::examples::{blocks, example, shell};
use crate::support::moto::moto;
use crate::support::server::{Reply, Server};
use crate::support::{secretctl, temp_dir};

#[test]
fn the_configuration_of_mwaa_reads_what_mwaa_reads() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mwaa.env");
    let program = || secretctl().arg("--env-file").arg(&file);
    let explained = program()
        .args(["explain", "conn", "smtp_default", "-o", "json"])
        .run();
    let explained: serde_json::Value = serde_json::from_str(explained.ok()).unwrap();
    assert_eq!(
        explained["lookups"][0]["secret_id"],
        "airflow/connections/smtp_default"
    );
    let Some(moto) = moto() else { return };
    let id = moto.unique("mwaa");
    moto.secret(&format!("airflow/variables/{id}"), "value");
    let output = program().envs(moto.env()).args(["get-var", &id, "-n"]).run();
    assert_eq!(output.text(), "value", "{}", output.stderr);
}

#[test]
fn the_job_with_an_identity_token_runs() {
    let Some(moto) = moto() else { return };
    moto.secret(
        "airflow/connections/warehouse",
        "postgres://etl:p%40ss@db.example.com:5432/dw",
    );
    moto.secret("airflow/variables/region", "eu-central-1");
    let role = moto.role(
        "github",
        &json!([{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]),
    );
    let github = Server::start(|request| {
        let is_right = request.header("authorization") == Some("Bearer request-token")
            && request.target.ends_with("&audience=sts.amazonaws.com");
        Reply::json(
            if is_right { 200 } else { 401 },
            json!({"value": "header.claims.signature", "count": 1}),
        )
    });
    let folder = temp_dir();
    let text = std::fs::read_to_string(example("github-actions-aws.yml")).unwrap();
    let blocks = blocks(&text);
    assert_eq!(blocks.len(), 2);
    let kwargs = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("AIRFLOW__SECRETS__BACKEND_KWARGS: '"));
    let step = |block: &str, later: &[(String, String)]| {
        let output = shell(folder.path())
            .env(
                "AIRFLOW__SECRETS__BACKEND",
                crate::aws::Store::Secrets.class_path(),
            )
            .env(
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
                kwargs.unwrap().trim_end_matches('\''),
            )
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", &moto.addr)
            .env("AWS_ROLE_ARN", &role)
            .env("AWS_ROLE_SESSION_NAME", "deploy")
            .env("RUNNER_TEMP", folder.path())
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token")
            .env(
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                format!("{}/token?x=1", github.url()),
            )
            .envs(later.iter().map(|(name, value)| (name, value)))
            .args(["-euc", block])
            .run();
        assert_eq!(output.status, 0, "{block}{}", output.stderr);
    };
    step(&blocks[0], &[]);
    let handed_over = std::fs::read_to_string(folder.path().join("github.env")).unwrap();
    let later: Vec<(String, String)> = handed_over
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    step(&blocks[1], &later);
    assert_eq!(
        moto.recorded("Action=AssumeRoleWithWebIdentity")
            .iter()
            .filter(|request| {
                request["body"]
                    .as_str()
                    .unwrap()
                    .contains("RoleSessionName=deploy")
            })
            .count(),
        1
    );
}
