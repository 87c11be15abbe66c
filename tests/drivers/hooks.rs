//! The same connections for Airflow's hooks and for us: usually 200 for each type and format, and 2,000 in the full run.

use secretctl::connection::Connection;
use secretctl::drivers::{self, Content, Format};
use secretctl::secret::Secret;
use secretctl::value::Found;
use serde_json::{Map, Value, json};

use super::generate;
use crate::support;

/// A connection type, its formats that a hook judges, and the extras that the hook reads, with values in JSON.
struct Type {
    name: &'static str,
    formats: &'static [&'static str],
    extras: &'static [(&'static str, &'static [&'static str])],
}

const TYPES: &[Type] = &[
    Type {
        name: "postgres",
        formats: &["sqlalchemy", "libpq", "libpq-env"],
        extras: &[
            (
                "sqlalchemy_scheme",
                &[
                    r#""postgresql""#,
                    r#""postgresql+psycopg2""#,
                    r#""postgresql://""#,
                    r#""mysql""#,
                ],
            ),
            (
                "sqlalchemy_query",
                &[
                    r#"{"sslmode": "require", "a b": ["1", "é&"]}"#,
                    "{}",
                    r#"{"x": []}"#,
                ],
            ),
            ("sslmode", &[r#""require""#, r#""verify-full""#]),
            ("sslcert", &[r#""/a b/cert.pem""#]),
            ("connect_timeout", &["10", r#""10""#]),
            ("keepalives_idle", &["30"]),
            ("options", &[r#""-c search_path=a\\ b""#]),
            ("application_name", &[r#""it's""#]),
            ("dbname", &[r#""other""#, "null"]),
            ("autocommit", &["true"]),
            ("redshift", &["false"]),
        ],
    },
    Type {
        name: "mysql",
        formats: &["sqlalchemy"],
        extras: &[
            (
                "client",
                &[
                    r#""mysqlclient""#,
                    r#""mysql-connector-python""#,
                    r#""pymysql""#,
                    "1",
                ],
            ),
            ("charset", &[r#""utf8mb4""#]),
            ("ssl", &[r#"{"ca": "/a/ca.pem"}"#]),
            ("unix_socket", &[r#""/run/my sql.sock""#]),
            ("local_infile", &["true", "0"]),
        ],
    },
    Type {
        name: "sqlite",
        formats: &["sqlalchemy"],
        extras: &[("mode", &[r#""ro""#]), ("cache", &[r#""shared""#])],
    },
    Type {
        name: "http",
        formats: &["url"],
        extras: &[],
    },
];

#[test]
fn a_connection_is_written_as_airflows_hook_writes_it() {
    let Some(judge) = support::airflow_drivers() else {
        return;
    };
    let mut failures = Vec::new();
    for one in TYPES {
        for format in one.formats {
            let mut random = support::random(&format!("{} as {format}", one.name));
            let cases = support::cases(200, 2_000);
            let values: Vec<String> = (0..cases)
                .map(|_| generate::connection(&mut random, one.name, one.extras).to_string())
                .collect();
            let questions: Vec<Value> = values
                .iter()
                .map(|value| json!({"op": "drivers.render", "type": one.name, "format": format, "value": value}))
                .collect();
            let mut written = 0;
            for (value, theirs) in values.iter().zip(judge.ask_many(&questions)) {
                let ours = ours(format, value);
                let agree = match &ours {
                    Ok(text) => theirs["text"] == *text,
                    Err(_) => theirs["text"].is_null(),
                };
                written += usize::from(agree && ours.is_ok());
                if !agree {
                    failures.push(format!(
                        "{} as {format}: {value}\n  airflow {theirs}\n  ours {ours:?}",
                        one.name
                    ));
                }
            }
            assert!(
                written * 3 > cases,
                "{} as {format}: only {written} of {cases} were written",
                one.name
            );
        }
    }
    let some: Vec<_> = failures.iter().take(12).map(String::as_str).collect();
    assert!(
        some.is_empty(),
        "{} disagreements:\n{}",
        failures.len(),
        some.join("\n")
    );
}

/// Returns what we write, or the error's message.
fn ours(format: &str, value: &str) -> Result<Value, String> {
    let found = Found::Text(Secret::from(value));
    let written = Connection::from_found("c", &found)
        .and_then(|connection| drivers::render(&connection, Format::parse(format)?));
    let text = |secret: &Secret| json!(secret.expose_text().unwrap());
    match written {
        Err(error) => Err(error.to_string()),
        Ok(written) => Ok(match &written.content {
            Content::Text(one) => text(one),
            Content::Variables(variables) => Value::Object(
                variables
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), text(value)))
                    .collect::<Map<_, _>>(),
            ),
        }),
    }
}
