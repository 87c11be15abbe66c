//! The same connections for Airflow's hooks and for us: usually 200 for each type and format, and 2,000 in the full run.

use secretctl::connection::Connection;
use secretctl::drivers::{self, Content, Format, Options};
use secretctl::secret::Secret;
use secretctl::value::Found;
use serde_json::{Map, Value, json};

use super::generate;
use crate::support::{self, Judge};

/// A connection type, its formats that a hook judges, and the extras that the hook reads, with values in JSON.
struct Type {
    name: &'static str,
    formats: &'static [&'static str],
    /// Extras, as JSON, without most of which the hook would only raise.
    usual: &'static str,
    extras: &'static [(&'static str, &'static [&'static str])],
}

#[rustfmt::skip]
const TYPES: &[Type] = &[
    Type { name: "postgres", usual: "{}", formats: &["sqlalchemy", "libpq", "libpq-env"], extras: &[
        ("sqlalchemy_scheme", &[r#""postgresql""#, r#""postgresql+psycopg2""#, r#""postgresql://""#, r#""mysql""#]),
        ("sqlalchemy_query", &[r#"{"sslmode": "require", "a b": ["1", "é&"]}"#, "{}", r#"{"x": []}"#, "null"]),
        ("sslmode", &[r#""require""#, r#""verify-full""#]), ("sslcert", &[r#""/a b/cert.pem""#]),
        ("connect_timeout", &["10", r#""10""#]), ("keepalives_idle", &["30"]),
        ("options", &[r#""-c search_path=a\\ b""#]), ("application_name", &[r#""it's""#]),
        ("dbname", &[r#""other""#, "null"]), ("autocommit", &["true"]), ("redshift", &["false"]),
    ] },
    Type { name: "mysql", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("client", &[r#""mysqlclient""#, r#""mysql-connector-python""#, r#""pymysql""#, "1"]),
        ("charset", &[r#""utf8mb4""#]), ("ssl", &[r#"{"ca": "/a/ca.pem"}"#]),
        ("unix_socket", &[r#""/run/my sql.sock""#]), ("local_infile", &["true", "0"]),
    ] },
    Type { name: "aws", usual: r#"{"region_name": "eu-west-1"}"#, formats: &["aws-env"], extras: &[
        ("aws_access_key_id", &[r#""AKIA""#]), ("aws_secret_access_key", &[r#""se/cr+et""#]),
        ("aws_session_token", &[r#""token==""#]), ("region_name", &[r#""us-east-1""#, r#""""#]),
        ("profile_name", &[r#""dev""#]), ("endpoint_url", &[r#""http://127.0.0.1:1""#]),
        ("session_kwargs", &[r#"{"aws_access_key_id": "A", "aws_secret_access_key": "B", "aws_session_token": "C"}"#]),
        ("role_arn", &[r#""arn:aws:iam::1:role/r""#]), ("assume_role_kwargs", &[r#"{"RoleSessionName": "s"}"#]),
    ] },
    Type { name: "sqlite", usual: "{}", formats: &["sqlalchemy"], extras: &[("mode", &[r#""ro""#]), ("cache", &[r#""shared""#])] },
    Type { name: "http", usual: "{}", formats: &["url"], extras: &[] },
    Type { name: "mssql", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("sqlalchemy_scheme", &[r#""mssql+pyodbc""#, r#""a:b""#, "1"]), ("SQLAlchemy_Scheme", &[r#""mssql+x""#]),
        ("driver", &[r#""ODBC Driver 18""#]), ("tds_version", &[r#""7.0""#]),
    ] },
    Type { name: "oracle", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("service_name", &[r#""orclpdb1""#]), ("sid", &[r#""ORCL""#]), ("thick_mode", &["true"]),
    ] },
    Type { name: "snowflake", usual: r#"{"account": "xy12345", "database": "db one"}"#, formats: &["sqlalchemy"], extras: &[
        ("account", &[r#""xy12345""#, r#""xy12345""#, r#""org-acc""#, r#""a/b""#]), ("account", &[r#""xy12345""#]),
        ("account", &[r#""ab""#]), ("account", &[r#""xy.eu""#]), ("extra__snowflake__account", &[r#""old""#]),
        ("database", &[r#""db one""#]), ("database", &[r#""DB""#]), ("region", &[r#""eu-west-1""#]),
        ("warehouse", &[r#""WH & co""#]), ("role", &[r#""R""#]), ("authenticator", &[r#""externalbrowser""#,
        r#""programmatic_access_token""#, "null"]), ("insecure_mode", &["true", r#""true""#]),
        ("session_parameters", &[r#"{"A": "b"}"#]), ("workload_identity_provider", &[r#""AWS""#]),
        ("token", &[r#""t k""#]), ("host", &[r#""h.example.com""#]), ("port", &["8443"]), ("proxy_port", &[r#""80""#]),
        ("grant_type", &[r#""x""#]), ("extra__snowflake__database", &[r#""old db""#]),
    ] },
    Type { name: "trino", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("schema", &[r#""a b""#, "1"]), ("protocol", &[r#""https""#]), ("verify", &["false"]), ("auth", &[r#""jwt""#]),
    ] },
    Type { name: "presto", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("catalog", &[r#""hive""#]), ("protocol", &[r#""https""#]), ("source", &[r#""a b""#]),
    ] },
    Type { name: "redshift", usual: "{}", formats: &["sqlalchemy"], extras: &[("iam", &["false"]), ("ssl", &["true"])] },
    Type { name: "gcpbigquery", usual: r#"{"project": "my-project"}"#, formats: &["sqlalchemy"], extras: &[
        ("project", &[r#""my-project""#, r#""""#]), ("project", &[r#""p-1""#]),
        ("extra__google_cloud_platform__project", &[r#""old""#]),
        ("keyfile_dict", &[r#"{"project_id": "of-the-key"}"#, r#""{\"project_id\": \"of-the-text\"}""#]),
        ("location", &[r#""EU""#]),
    ] },
    Type { name: "databricks", usual: r#"{"token": "dapi&/"}"#, formats: &["sqlalchemy"], extras: &[
        ("token", &[r#""dapi""#, "null"]), ("token", &[r#""dapi&/""#]), ("host", &[r#""https://Adb-1.Azure.net/""#, r#""h.x""#]),
        ("http_path", &[r#""/sql/1.0/warehouses/abc""#]),
    ] },
    Type { name: "clickhouse", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("secure", &["true", "false"]), ("verify", &["false", "true", "null"]), ("connect_timeout", &["5", "null"]),
        ("compress", &["true", r#""lz4""#]), ("send_receive_timeout", &["30"]),
    ] },
    Type { name: "vertica", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("ssl", &["true"]), ("session_label", &[r#""a b""#]), ("backup_server_node", &[r#"["h1", 2]"#, "[]"]),
    ] },
    Type { name: "exasol", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("sqlalchemy_scheme", &[r#""exa+pyodbc""#, r#""exa+x""#]), ("encryption", &[r#""true""#, "true"]),
        ("Sqlalchemy_scheme", &[r#""exa+turbodbc""#]),
    ] },
    Type { name: "teradata", usual: "{}", formats: &["sqlalchemy"], extras: &[("tmode", &[r#""TERA""#])] },
    Type { name: "hiveserver2", usual: "{}", formats: &["sqlalchemy"], extras: &[("auth", &[r#""LDAP""#]), ("__extra__", &["1"])] },
    Type { name: "impala", usual: "{}", formats: &["sqlalchemy"], extras: &[("use_ssl", &["true"]), ("__extra__", &["1"])] },
    Type { name: "drill", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("storage_plugin", &[r#""dfs""#, "null"]), ("dialect_driver", &[r#""drill+odbc""#]),
    ] },
    Type { name: "druid", usual: "{}", formats: &["sqlalchemy"], extras: &[("endpoint", &[r#""druid/v2/sql/avatica""#, "null"])] },
    Type { name: "pinot", usual: "{}", formats: &["sqlalchemy"], extras: &[("endpoint", &[r#""/query""#, "null"])] },
    Type { name: "ydb", usual: r#"{"database": "/local"}"#, formats: &["sqlalchemy"], extras: &[
        ("database", &[r#""/local""#]), ("database", &[r#""/ru/b1""#]), ("database", &[r#"["a"]"#]),
    ] },
    Type { name: "duckdb", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("database", &[r#""/tmp/x.db""#, "1"]), ("motherduck_token", &[r#""t k""#]),
    ] },
    Type { name: "ibmdb2", usual: "{}", formats: &["sqlalchemy"], extras: &[
        ("Security", &[r#""SSL""#]), ("security", &["true"]), ("x", &["null"]),
    ] },
    Type { name: "odbc", usual: "{}", formats: &["odbc", "sqlalchemy"], extras: &[
        ("Driver", &[r#""{ODBC Driver 18}""#]), ("DSN", &[r#"" my dsn ""#, r#""""#]), ("dsn", &[r#""d""#]),
        ("ApplicationIntent", &[r#""ReadOnly""#]), ("connect_kwargs", &[r#"{"a": 1}"#]),
        ("sqlalchemy_scheme", &[r#""postgresql+pyodbc""#, r#""a/b""#]), ("Encrypt", &["true"]),
    ] },
    Type { name: "jdbc", usual: r#"{"sqlalchemy_scheme": "postgresql"}"#, formats: &["jdbc", "sqlalchemy"], extras: &[
        ("sqlalchemy_scheme", &[r#""postgresql""#, "null"]), ("sqlalchemy_scheme", &[r#""mysql+pymysql""#]),
        ("sqlalchemy_scheme", &[r#""oracle""#]), ("sqlalchemy_query", &[r#"{"a": "b"}"#, r#"{"a": 1}"#]),
        ("driver_class", &[r#""org.postgresql.Driver""#]),
    ] },
];

/// How the two texts of one connection compare.
enum Comparison {
    Same,
    /// Both are errors.
    Neither,
    /// SQLAlchemy misreads the hook's URL, and reads ours as the connection has it (`as-url-blank`, `as-url-quoting`).
    Mended,
    Different,
}

#[test]
fn a_connection_is_written_as_airflows_hook_writes_it() {
    let Some(judge) = support::airflow_drivers() else {
        return;
    };
    let mut failures = Vec::new();
    for one in TYPES {
        for format in one.formats {
            let before = failures.len();
            let name = format!("{} as {format}", one.name);
            let mut random = support::random(&name);
            let cases = support::cases(200, 2_000);
            let values: Vec<String> = (0..cases)
                .map(|_| generate::connection(&mut random, one.name, one.usual, one.extras).to_string())
                .collect();
            let questions: Vec<Value> = values
                .iter()
                .map(|value| json!({"op": "drivers.render", "type": one.name, "format": format, "value": value}))
                .collect();
            let mut counts = [0; 3];
            for (value, theirs) in values.iter().zip(judge.ask_many(&questions)) {
                let ours = ours(format, value);
                match compared(judge, &theirs, &ours, value) {
                    Comparison::Same => counts[0] += 1,
                    Comparison::Mended => counts[1] += 1,
                    Comparison::Neither => counts[2] += 1,
                    Comparison::Different => {
                        failures.push(format!("{name}: {value}\n  airflow {theirs}\n  ours    {ours:?}"));
                    }
                }
            }
            eprintln!(
                "{name}: {} the same, {} mended, {} errors",
                counts[0], counts[1], counts[2]
            );
            // A few of each are enough to see what is wrong.
            failures.truncate(before + 3);
            if counts[0] * 8 < cases {
                failures.push(format!("{name}: only {} of {cases} were written", counts[0]));
            }
        }
    }
    let some: Vec<_> = failures.iter().take(20).map(String::as_str).collect();
    assert!(
        some.is_empty(),
        "{} disagreements:\n{}",
        failures.len(),
        some.join("\n")
    );
}

fn compared(judge: &Judge, theirs: &Value, ours: &Result<Value, String>, value: &str) -> Comparison {
    let Ok(ours) = ours else {
        // The hook writes Python's form of a scheme that is not text (`as-not-text`).
        let not_text =
            value.contains(r#""sqlalchemy_scheme":{"#) || value.contains(r#""sqlalchemy_scheme":["#);
        return if theirs["text"].is_null() || not_text {
            Comparison::Neither
        } else {
            Comparison::Different
        };
    };
    if theirs["text"] == *ours {
        return Comparison::Same;
    }
    let connection: Value = serde_json::from_str(value).unwrap();
    if connection["conn_type"] == "odbc" {
        return odbc(
            theirs["text"].as_str().unwrap_or_default(),
            ours.as_str().unwrap(),
            &connection,
        );
    }
    let wanted = &theirs["parts"];
    let is_misread = !wanted.is_null() && theirs["read"] != *wanted;
    let read = judge.ask(json!({"op": "drivers.read", "url": ours}));
    // A host with a delimiter of URLs cannot be read in either.
    let has_odd_host = connection["host"]
        .as_str()
        .is_some_and(|host| host.contains(['/', '?', '@', '[', ']', ':', '#']));
    if is_misread && (read == *wanted || has_odd_host) {
        Comparison::Mended
    } else {
        Comparison::Different
    }
}

/// Compares two ODBC connection strings. They may differ where a value has a `;`, which the hook's lacks braces for
/// (`as-odbc-braces`).
fn odbc(theirs: &str, ours: &str, connection: &Value) -> Comparison {
    let of = |text: &str| {
        let text = text
            .split_once("odbc_connect=")
            .map_or(text.to_owned(), |(_, quoted)| {
                percent_encoding::percent_decode_str(&quoted.replace('+', " "))
                    .decode_utf8()
                    .unwrap()
                    .into_owned()
            });
        let pairs = odbc_pairs(&text);
        ["SERVER", "DATABASE", "UID", "PWD"].map(|name| {
            pairs
                .iter()
                .find(|pair| pair.0 == name)
                .map(|pair| pair.1.clone())
        })
    };
    let wanted = ["host", "schema", "login", "password"].map(|name| {
        connection[name]
            .as_str()
            .filter(|text| !text.is_empty())
            .map(unbraced)
    });
    let extras = connection["extra"].to_string();
    let needs_braces = |value: &String| value.contains(';') || value.starts_with('{');
    let has_semicolon = wanted.iter().flatten().any(needs_braces) || extras.contains([';', '{']);
    if has_semicolon && of(ours) == wanted && (of(theirs) != wanted || extras.contains([';', '{'])) {
        Comparison::Mended
    } else {
        Comparison::Different
    }
}

/// Returns a value without the braces that the connection has itself.
fn unbraced(value: &str) -> String {
    match value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) if !inner.replace("}}", "").contains('}') => inner.replace("}}", "}"),
        _ => value.to_owned(),
    }
}

/// Reads `name=value;` pairs as a driver manager does: a value that starts with a brace ends with one, which is doubled inside.
fn odbc_pairs(mut text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    while let Some((name, rest)) = text.split_once('=') {
        let mut value = String::new();
        let mut rest = rest;
        if rest.starts_with('{') {
            // Without an end, the brace takes all that follows.
            let end = braced_end(rest).unwrap_or(rest.len() - 1);
            value.push_str(&rest[1..end].replace("}}", "}"));
            rest = rest[end + 1..].strip_prefix(';').unwrap_or_default();
        } else {
            let (bare, after) = rest.split_once(';').unwrap_or((rest, ""));
            value.push_str(bare);
            rest = after;
        }
        pairs.push((name.to_owned(), value));
        text = rest;
    }
    pairs
}

/// Returns where the brace is that ends a value, if a `;` follows it.
fn braced_end(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        let found = at + text[at..].find('}')?;
        if text[found + 1..].starts_with('}') {
            at = found + 2;
        } else {
            return text[found + 1..].starts_with(';').then_some(found);
        }
    }
}

/// Returns what we write, or the error's message.
fn ours(format: &str, value: &str) -> Result<Value, String> {
    let found = Found::Text(Secret::from(value));
    let written = Connection::from_found("c", &found)
        .and_then(|connection| drivers::render(&connection, Format::parse(format)?, &Options::default()));
    let text = |secret: &Secret| json!(secret.expose_text().unwrap());
    match written {
        Err(error) => Err(error.to_string()),
        Ok(written) => Ok(match &written.content {
            Content::Text(one) => text(one),
            Content::Mapping(_) => panic!("no hook has a mapping"),
            Content::Variables(variables) => Value::Object(
                variables
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), text(value)))
                    .collect::<Map<_, _>>(),
            ),
        }),
    }
}
