//! SQLAlchemy, the AWS CLI and dbt take what we write.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::metastore::{Dialect, empty};
use crate::support::moto::guarded_moto;
use crate::support::{Program, airflow_drivers, secretctl, skip, temp_dir, variable};

/// A password that needs every kind of quoting.
const PASSWORD: &str = "p@ss:w/o?r#d %41+&=\"'\\\u{fc}{}";

/// Returns a program of the environment whose Python `name` names, or reports why the test is skipped.
fn program_of(name: &str, program: &str, needs: &str) -> Option<String> {
    let Some(python) = variable(name) else {
        skip(
            needs,
            &format!("{name} is not set; `scripts/test` installs it and sets it"),
        );
        return None;
    };
    let path = std::path::Path::new(&python).with_file_name(program);
    Some(path.to_str().unwrap().to_owned())
}

fn with(connection: &Value) -> Program {
    secretctl()
        .env("AIRFLOW_CONN_C", connection.to_string())
        .env("PATH", std::env::var_os("PATH").unwrap())
}

#[test]
fn sqlalchemy_makes_an_engine_of_every_url_for_which_a_dialect_is_at_hand() {
    let Some(judge) = airflow_drivers() else { return };
    for (conn_type, extra, driver) in [
        ("postgres", json!({}), "postgresql+psycopg"),
        (
            "postgres",
            json!({"sqlalchemy_scheme": "postgresql+psycopg2"}),
            "postgresql+psycopg2",
        ),
        ("redshift", json!({}), "postgresql+psycopg"),
        ("mysql", json!({}), "mysql+mysqldb"),
        ("mysql", json!({"client": "pymysql"}), "mysql+pymysql"),
        (
            "mysql",
            json!({"client": "mysql-connector-python"}),
            "mysql+mysqlconnector",
        ),
        ("mssql", json!({}), "mssql+pymssql"),
        ("oracle", json!({}), "oracle+oracledb"),
        (
            "snowflake",
            json!({"account": "acc", "database": "d"}),
            "snowflake+snowflake",
        ),
        ("trino", json!({}), "trino+rest"),
        ("clickhouse", json!({}), "clickhousedb+connect"),
    ] {
        let connection = json!({
            "conn_type": conn_type, "host": "h.example.com", "login": "us@er", "password": PASSWORD, "port": 4000,
            "schema": "d", "extra": extra,
        });
        let url = with(&connection)
            .args(["get-conn", "c", "--as", "sqlalchemy", "-n"])
            .run();
        let engine = judge.ask(json!({"op": "drivers.engine", "url": url.ok()}));
        assert_eq!(engine["driver"], driver);
        for text in ["us@er", PASSWORD] {
            assert!(
                engine["texts"].as_array().unwrap().contains(&json!(text)),
                "{driver}: {engine}"
            );
        }
    }
    let file = json!({"conn_type": "sqlite", "host": "/tmp/a b.db", "extra": {"mode": "ro"}});
    let url = with(&file)
        .args(["get-conn", "c", "--as", "sqlalchemy", "-n"])
        .run();
    let engine = judge.ask(json!({"op": "drivers.engine", "url": url.ok()}));
    assert_eq!(engine["driver"], "sqlite+pysqlite");
    assert!(engine["texts"].to_string().contains("a b.db"), "{engine}");
}

#[test]
fn the_aws_cli_is_who_the_connection_says_whatever_the_caller_is() {
    let Some(moto) = guarded_moto() else { return };
    let Some(aws) = program_of("AWSCLI_PYTHON", "aws", "awscli") else {
        return;
    };
    let user = moto.user(
        "as-env",
        &json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
    );
    let connection = json!({
        "conn_type": "aws", "login": user.id, "password": user.secret,
        "extra": {"region_name": "eu-west-1", "endpoint_url": moto.env()[0].1},
    });
    // The caller's own token would not go with the connection's keys.
    let output = with(&connection)
        .env("AWS_SESSION_TOKEN", "of-the-caller")
        .env("AWS_ACCESS_KEY_ID", "of-the-caller")
        .env("HOME", temp_dir().path())
        .args([
            "exec",
            "--as",
            "c@aws-env",
            "--",
            &aws,
            "sts",
            "get-caller-identity",
            "--output",
            "json",
        ])
        .run();
    let identity: Value = serde_json::from_str(output.ok()).unwrap();
    assert!(
        identity["Arn"].as_str().unwrap().contains(":user/as-env-"),
        "{identity}"
    );

    let printed = with(&connection).args(["get-conn", "c", "--as", "aws-env"]).run();
    let lines = printed.ok();
    for line in [
        "AWS_DEFAULT_REGION=eu-west-1\n",
        "AWS_REGION=eu-west-1\n",
        "AWS_SESSION_TOKEN=\n",
    ] {
        assert!(lines.contains(line), "{line}");
    }
}

#[test]
fn dbt_connects_with_the_profile_and_its_variables() {
    let Some(database) = empty(Dialect::Postgres) else {
        return;
    };
    let Some(dbt) = program_of("DBT_PYTHON", "dbt", "dbt") else {
        return;
    };
    let server = database.server.as_ref().unwrap();
    let user = format!("dbt_{}", database.name);
    let create = format!("CREATE ROLE {user} LOGIN PASSWORD :password");
    database.execute(&[json!([create, {"password": PASSWORD}])]);
    let connection = json!({
        "conn_type": "postgres", "host": "127.0.0.1", "port": server.port, "login": user, "password": PASSWORD,
        "schema": database.name,
    });
    let folder = temp_dir();
    let project = "name: shop\nversion: '1.0'\nprofile: shop\n";
    std::fs::write(folder.path().join("dbt_project.yml"), project).unwrap();
    let file = folder.path().join("profiles.yml");
    with(&connection)
        .args([
            "get-conn",
            "c",
            "--as",
            "dbt",
            "--profile",
            "shop",
            "--profile-arg",
            "schema=public",
        ])
        .args(["--profile-arg", "threads=2", "--out"])
        .arg(&file)
        .run()
        .ok();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        !text.contains(PASSWORD) && text.contains("threads: 2\n"),
        "{text}"
    );
    let output = with(&connection)
        .env("HOME", folder.path())
        .env("DO_NOT_TRACK", "1")
        .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "False")
        .dir(folder.path())
        .args([
            "exec",
            "--as",
            "c@dbt",
            "--",
            &dbt,
            "debug",
            "--profiles-dir",
            ".",
        ])
        .limit(std::time::Duration::from_mins(3))
        .run();
    assert!(output.ok().contains("All checks passed!"), "{}", output.text());
}
