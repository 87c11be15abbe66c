//! Every format of `--as` for every connection type: no message shows a secret of the connection.

use super::leaks::Canaries;
use super::scenarios::Scenario;
use super::{FAULT, VERBOSITIES, leak, run};

const FORMATS: [&str; 10] = [
    "sqlalchemy",
    "url",
    "libpq",
    "libpq-env",
    "pgpass",
    "mysql-cnf",
    "jdbc",
    "odbc",
    "aws-env",
    "dbt",
];

const TYPES: [&str; 32] = [
    "aws",
    "clickhouse",
    "databricks",
    "drill",
    "druid",
    "duckdb",
    "exasol",
    "gcpbigquery",
    "generic",
    "google_cloud_platform",
    "hiveserver2",
    "http",
    "ibmdb2",
    "impala",
    "jdbc",
    "mssql",
    "mysql",
    "odbc",
    "oracle",
    "pinot",
    "postgres",
    "presto",
    "redshift",
    "snowflake",
    "spark",
    "sqlite",
    "teradata",
    "trino",
    "vertica",
    "ydb",
    "ftp",
    "",
];

/// Extras that hooks read, each with a secret, and each of a type that some hook refuses.
const EXTRAS: [&str; 5] = [
    r#"{"sqlalchemy_scheme": "Zq7schemeKx9v:/", "sqlalchemy_query": "Zq7queryKx9v", "ssl": "Zq7sslKx9v", "account": "Zq7accountKx9v/"}"#,
    r#"{"iam": "Zq7iamKx9v", "token": ["Zq7tokenKx9v"], "authenticator": "oauth", "aws_secret_access_key": ["Zq7keyKx9v"], "http_path": 1}"#,
    r#"{"keyfile_dict": "{\"private_key\": \"Zq7privateKx9v\"}", "private_key_content": ["Zq7contentKx9v"], "role_arn": "Zq7roleKx9v", "sid": "Zq7sidKx9v", "service_name": "x"}"#,
    r#"{"Zq7nameKx9v": "Zq7valueKx9v", "sqlalchemy_query": {"a": {"b": "Zq7deepKx9v"}}, "database": ["Zq7listKx9v", 1], "host": 1}"#,
    r#"{"session_kwargs": "Zq7sessionKx9v", "endpoint_url": {"a": "Zq7endpointKx9v"}, "dsn": ["Zq7dsnKx9v"], "account": "a", "region": "Zq7regionKx9v /", "schema": 1}"#,
];

fn scenario(conn_type: &str, extra: &str) -> Scenario {
    let connection = format!(
        "{{\"conn_type\": \"{conn_type}\", \"host\": \"Zq7hostKx9v[\", \"login\": \"Zq7loginKx9v\", \"password\": \"Zq7passwordKx9v\\n\\r\", \
         \"schema\": \"Zq7schemaKx9v\", \"port\": 1, \"extra\": {extra}}}"
    );
    Scenario::new(conn_type, 0).set("AIRFLOW_CONN_WAREHOUSE", connection)
}

#[test]
fn no_format_shows_a_secret_in_a_message() {
    let mut found = Vec::new();
    for conn_type in TYPES {
        for extra in EXTRAS {
            let scenario = scenario(conn_type, extra);
            let canaries = Canaries::of(&scenario.texts());
            for (format, verbosity) in FORMATS.iter().zip(VERBOSITIES.iter().cycle()) {
                let command = format!("get-conn warehouse --as {format}");
                let output = run(&scenario, *verbosity, &command);
                assert!(
                    !output.stderr.contains(FAULT),
                    "{conn_type} {format}: {}",
                    output.stderr
                );
                found.extend(
                    leak(&canaries, &output, true).map(|leak| format!("{conn_type} {format}: {leak}")),
                );
            }
        }
        // The other way round, and with the variables.
        let scenario = scenario(conn_type, EXTRAS[0]);
        let canaries = Canaries::of(&scenario.texts());
        for (format, verbosity) in FORMATS.iter().zip(VERBOSITIES.iter().rev().cycle()) {
            for command in [
                format!("get-conn warehouse --as {format}"),
                format!("exec --set A=conn:warehouse@{format} -- true"),
                format!("exec --as warehouse@{format} -- true"),
            ] {
                let output = run(&scenario, *verbosity, &command);
                found.extend(
                    leak(&canaries, &output, true).map(|leak| format!("{conn_type} {command}: {leak}")),
                );
            }
        }
    }
    assert!(found.is_empty(), "{} leaks\n{}", found.len(), found.join("\n"));
}
