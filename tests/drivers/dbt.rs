//! `--as dbt` against astronomer-cosmos: the same target and variables, for every mapping that it has.

use std::collections::BTreeMap;

use secretctl::connection::Connection;
use secretctl::drivers::{self, Content, Format, Options};
use secretctl::python::json as python;
use secretctl::render::yaml;
use secretctl::secret::Secret;
use secretctl::value::Found;
use serde_json::{Map, Value, json};

use super::generate;
use crate::support::{self, Random};

/// A connection type with the extras and arguments that its mappings read.
struct Type {
    name: &'static str,
    usual: &'static [&'static str],
    extras: &'static [(&'static str, &'static [&'static str])],
    /// `profile_args`, as JSON.
    arguments: &'static [&'static str],
}

const SCHEMA: &[&str] = &[
    "{}",
    r#"{"schema": "public"}"#,
    r#"{"schema": "public", "threads": 8}"#,
    r#"{"port": null}"#,
];

#[rustfmt::skip]
const TYPES: &[Type] = &[
    Type { name: "postgres", usual: &["{}"], arguments: SCHEMA, extras: &[
        ("sslmode", &[r#""require""#]), ("keepalives_idle", &["30", "0"]),
    ] },
    Type { name: "mysql", usual: &["{}"], extras: &[], arguments: &[
        "{}", r#"{"schema": "s"}"#, r#"{"type": "starrocks"}"#, r#"{"type": "starrocks", "port": 9030}"#,
    ] },
    Type { name: "redshift", usual: &["{}"], arguments: SCHEMA, extras: &[("region", &[r#""eu""#]), ("timeout", &["1"])] },
    Type { name: "oracle", usual: &[r#"{"service_name": "orcl"}"#], arguments: SCHEMA, extras: &[
        ("dsn", &[r#""d""#]), ("thick_mode", &["true", "false"]),
    ] },
    Type { name: "duckdb", usual: &["{}"], extras: &[], arguments: SCHEMA },
    Type { name: "spark", usual: &["{}"], extras: &[], arguments: &[r#"{"schema": "s"}"#, "{}"] },
    Type { name: "teradata", usual: &["{}"], extras: &[("tmode", &[r#""ANSI""#])], arguments: SCHEMA },
    Type { name: "vertica", usual: &["{}"], arguments: SCHEMA, extras: &[
        ("ssl", &["true"]), ("connection_timeout", &["3"]), ("backup_server_node", &[r#"["a", 1]"#]),
    ] },
    Type { name: "exasol", usual: &["{}"], extras: &[("encryption", &["true"])], arguments: &[
        r#"{"threads": 1, "schema": "s"}"#, "{}",
    ] },
    Type { name: "databricks", usual: &[r#"{"http_path": "/sql"}"#, r#"{"http_path": "/sql", "token": "t k"}"#], arguments: SCHEMA, extras: &[
        ("client_id", &[r#""id""#]), ("client_secret", &[r#""sec""#]),
    ] },
    Type { name: "trino", usual: &["{}", r#"{"jwt__token": "e y"}"#, r#"{"certs__client_cert_path": "/c", "certs__client_key_path": "/k"}"#],
        arguments: &[r#"{"database": "d", "schema": "s"}"#, r#"{"database": "d", "schema": "s", "method": "jwt"}"#, r#"{"database": "d", "schema": "s", "method": "certificate"}"#, "{}"], extras: &[
        ("session_properties", &[r#"{"a": 1}"#]),
    ] },
    Type { name: "generic", usual: &[r#"{"clickhouse": true}"#, r#"{"database": "d", "driver": "ODBC"}"#], extras: &[("clickhouse", &["false"])],
        arguments: &["{}", r#"{"secure": true, "driver": "http"}"#, r#"{"type": "sqlserver"}"#] },
    Type { name: "google_cloud_platform", usual: &[
            r#"{"project": "p", "dataset": "d"}"#, r#"{"project": "p", "dataset": "d", "key_path": "/k.json"}"#,
            r#"{"project": "p", "dataset": "d", "keyfile_dict": {"private_key_id": "i", "private_key": "k\nl", "x": 1}}"#,
            r#"{"extra__google_cloud_platform__project": "p", "extra__google_cloud_platform__dataset": "d", "extra__google_cloud_platform__keyfile_dict": "{\"private_key_id\": \"i\", \"private_key\": \"k\"}"}"#,
            r#"{"project": "p", "dataset": "d", "keyfile_dict": {"private_key": "k"}}"#,
        ], extras: &[], arguments: &["{}", r#"{"threads": 4}"#, r#"{"dataset": "other"}"#] },
    Type { name: "snowflake", usual: &[
            r#"{"account": "acc", "database": "d", "warehouse": "w"}"#,
            r#"{"account": "acc", "database": "d", "warehouse": "w", "region": "eu-west-1"}"#,
            r#"{"account": "acc.us-west-2", "database": "d", "warehouse": "w", "region": "us-west-2", "role": "r"}"#,
            r#"{"extra__snowflake__account": "acc", "extra__snowflake__database": "d", "extra__snowflake__warehouse": "w"}"#,
            r#"{"account": "acc", "database": "d", "warehouse": "w", "private_key_file": "/k.p8"}"#,
            r#"{"account": "acc", "database": "d", "warehouse": "w", "private_key_content": "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"}"#,
            r#"{"account": "acc", "database": "d", "warehouse": "w", "private_key_content": "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCmFiYwotLS0tLUVORCBQUklWQVRFIEtFWS0tLS0tCg=="}"#,
        ], arguments: &["{}", r#"{"schema": "s"}"#, r#"{"threads": 2}"#], extras: &[("query_tag", &[r#""t""#]), ("insecure_mode", &["true"])] },
    Type { name: "aws", usual: &[r#"{"region_name": "eu-west-1", "database": "d", "s3_staging_dir": "s3://b", "schema": "s"}"#], arguments: SCHEMA, extras: &[
        ("aws_session_token", &[r#""tok""#]), ("work_group", &[r#""w""#]), ("num_retries", &["3"]),
    ] },
];

/// Generates a connection, whose parts are there more often than for the hooks: a mapping needs most of them.
fn connection(random: &mut Random, one: &Type) -> Value {
    let mut connection = generate::connection(
        random,
        one.name,
        random.clone().pick::<&str>(one.usual),
        one.extras,
    );
    for name in ["host", "login", "password", "schema"] {
        if connection[name].as_str().is_none_or(str::is_empty) && !random.one_in(8) {
            connection[name] = json!(generate::text(random));
        }
    }
    // Some mappings are for connections without one.
    if matches!(one.name, "snowflake" | "trino" | "databricks") && random.one_in(3) {
        connection["password"] = Value::Null;
    }
    if connection["port"].is_null() && !random.one_in(4) {
        connection["port"] = json!(5432);
    }
    // Airflow's hook would look for credentials of the machine.
    if one.name == "aws"
        && ["login", "password"]
            .iter()
            .any(|name| connection[*name].as_str().is_none_or(str::is_empty))
    {
        connection["login"] = json!("AKIA");
        connection["password"] = json!("se/cr+et");
    }
    connection
}

#[test]
fn a_target_of_dbt_is_that_of_cosmos() {
    let Some(judge) = support::airflow_drivers() else {
        return;
    };
    let mut failures = Vec::new();
    let mut claimed: BTreeMap<String, usize> = BTreeMap::new();
    for one in TYPES {
        let mut random = support::random(&format!("{} as dbt", one.name));
        let cases: Vec<(Value, Value)> = (0..support::cases(200, 2_000))
            .map(|_| {
                let arguments = serde_json::from_str(random.pick::<&str>(one.arguments)).unwrap();
                (connection(&mut random, one), arguments)
            })
            .collect();
        let questions: Vec<Value> = cases
            .iter()
            .map(|(connection, arguments)| json!({"op": "drivers.dbt", "value": connection.to_string(), "arguments": arguments}))
            .collect();
        let mut texts = Vec::new();
        let before = failures.len();
        for ((connection, arguments), theirs) in cases.iter().zip(judge.ask_many(&questions)) {
            let ours = ours(connection, arguments);
            if let (Some(mapping), Ok((target, ..))) = (theirs["mapping"].as_str(), &ours) {
                *claimed.entry(mapping.to_owned()).or_default() += 1;
                texts.push((target.clone(), yaml::block(target, 0)));
            }
            let agree = match &ours {
                Ok((target, variables)) => {
                    theirs["target"] == serde_form(target) && theirs["variables"] == *variables
                }
                // Cosmos writes Python's form of a token that is not text (`as-not-text`).
                Err(error) => theirs["target"].is_null() || error.contains("is not text"),
            };
            if !agree {
                let ours = ours.map(|(target, variables)| (serde_form(&target), variables));
                failures.push(format!(
                    "{}: {connection} with {arguments}\n  cosmos {theirs}\n  ours   {ours:?}",
                    one.name
                ));
            }
        }
        failures.truncate(before + 3);
        let questions: Vec<Value> = texts
            .iter()
            .map(|(_, text)| json!({"op": "drivers.yaml", "text": text}))
            .collect();
        for ((target, text), read) in texts.iter().zip(judge.ask_many(&questions)) {
            assert_eq!(read, serde_form(target), "{text}");
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let all: Vec<String> = serde_json::from_value(judge.ask(json!({"op": "drivers.mappings"}))).unwrap();
    eprintln!("{claimed:?}");
    for mapping in all {
        assert!(
            claimed.contains_key(&mapping),
            "no generated connection was taken by {mapping}"
        );
    }
}

fn serde_form(object: &python::Object) -> Value {
    serde_json::from_str(&python::dumps(&python::Value::Object(object.clone()))).unwrap()
}

/// Returns the target and the variables, or the error's message.
fn ours(connection: &Value, arguments: &Value) -> Result<(python::Object, Value), String> {
    let python::Value::Object(profile_args) = python::loads(&arguments.to_string()).unwrap() else {
        panic!()
    };
    let options = Options { profile_args };
    let found = Found::Text(Secret::from(connection.to_string()));
    let connection = Connection::from_found("c", &found).map_err(|error| error.to_string())?;
    let rendered = drivers::render(&connection, Format::Dbt, &options).map_err(|error| error.to_string())?;
    let Content::Mapping(target) = rendered.content else {
        panic!("a target is a mapping")
    };
    let variables =
        drivers::variables(&connection, Format::Dbt, &options).map_err(|error| error.to_string())?;
    let variables: Map<String, Value> = variables
        .all
        .iter()
        .map(|(name, value)| (name.clone(), json!(value.expose_text())))
        .collect();
    Ok((target, Value::Object(variables)))
}
