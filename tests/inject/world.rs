//! The connections and variables that the templates of these tests use, and the program's and Airflow's answers to a template.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use secretctl::error::{Error, Result};
use secretctl::secret::Secret;
use secretctl::template::{Answer, Name, Names, Rendered, render};
use secretctl::value::{Found, SecretKind};
use serde_json::{Value, json};

use crate::support::{Judge, Program, secretctl};

/// The variables of the environment.
pub const ENV: [(&str, &str); 16] = [
    (
        "AIRFLOW_CONN_WAREHOUSE",
        "postgres://etl:p%40ss%20w%3Ard@db.example.com:5432/sales?sslmode=require&keepalives=1",
    ),
    (
        "AIRFLOW_CONN_API",
        r#"{"conn_type": "http", "host": "https://api.example.com/v1", "login": "me", "password": "s3cr3t <&'\"é", "extra": {"headers": {"X-Key": "k"}, "retries": 3, "verify": false}, "description": "the API"}"#,
    ),
    ("AIRFLOW_CONN_MY-ID", "mysql://u:@h"),
    ("AIRFLOW_CONN_BARE", "sqlite://"),
    (
        "AIRFLOW_CONN_TEXT_EXTRA",
        r#"{"conn_type": "x", "extra": "not json"}"#,
    ),
    ("AIRFLOW_CONN_DB_EU", "postgres://eu-host/"),
    ("AIRFLOW_CONN_DB_US", "postgres://us-host/"),
    ("AIRFLOW_VAR_REGION", "eu-west-1"),
    ("AIRFLOW_VAR_EMPTY", ""),
    ("AIRFLOW_VAR_NUMBER", "42"),
    ("AIRFLOW_VAR_MULTI", "line one\nline two\n\nline four"),
    ("AIRFLOW_VAR_ODD", "a <b> & 'c' \"d\" é €/ä?x=1+2%"),
    (
        "AIRFLOW_VAR_SETTINGS",
        r#"{"database": {"host": "db1", "port": 5432, "replicas": ["r1", "r2", "R3"]}, "flags": {"on": true, "off": false, "none": null}, "ratio": 1.50, "big": 12345678901234567890, "small": 1e-7, "items": [1, 2], "users": [{"name": "Bob", "age": 30, "city": "Rome"}, {"name": "alice", "age": 25, "city": "rome"}, {"name": "Carol", "age": 25}], "": "empty key"}"#,
    ),
    ("AIRFLOW_VAR_LIST", r#"[3, 1, 2, "x", null, true, 1.0]"#),
    ("AIRFLOW_VAR_REGIONS", r#"["eu", "us"]"#),
    ("AIRFLOW_VAR_WORDS", r#"["banana", "Apple", "cherry", "apple"]"#),
];

/// The values of [`ENV`], without a process.
struct World(HashMap<Name, Found>, Error);

impl Names for World {
    fn answer(&self, name: &Name) -> Answer<'_> {
        // As the environment has them.
        let name = Name {
            kind: name.kind,
            id: name.id.to_uppercase(),
        };
        self.0.get(&name).map_or(Answer::Failed(&self.1), Answer::Found)
    }

    fn formatted(&self, _: &str, _: &str) -> Result<Secret> {
        Err(Error::usage("no format here"))
    }

    fn keeps_printed(&self) -> bool {
        false
    }
}

/// Returns the text of a template, or its error.
pub fn ours(template: &str) -> Result<String> {
    let mut values = HashMap::new();
    for (variable, value) in ENV {
        let (kind, id) = match variable.strip_prefix("AIRFLOW_CONN_") {
            Some(id) => (SecretKind::Connection, id),
            None => (SecretKind::Variable, &variable["AIRFLOW_VAR_".len()..]),
        };
        let name = Name {
            kind,
            id: id.to_owned(),
        };
        values.insert(name, Found::Text(Secret::from(value)));
    }
    let world = World(values, Error::not_found("not found"));
    let deadline = Instant::now() + Duration::from_secs(30);
    match render("template", template.as_bytes(), &world, deadline)? {
        Rendered::Text { text, .. } => Ok(text.expose_text().unwrap().to_owned()),
        Rendered::Needs(_) => panic!("every name has an answer"),
    }
}

/// Returns Airflow's answers: `{"text": …}` or `{"error": …}`.
pub fn airflows(judge: &Judge, templates: &[String]) -> Vec<Value> {
    let env: serde_json::Map<_, _> = ENV
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .into_iter()
        .collect();
    let answer = judge.ask(json!({"op": "templates.render", "env": env, "templates": templates}));
    answer.as_array().unwrap().clone()
}

/// Whether an error names what this program does not have, which is not a wrong answer.
pub fn is_unsupported(error: &Error) -> bool {
    // What a constant has no slice for is undefined to Jinja, which computes constants by another way than values.
    let endings = ["is not supported", "are not supported", "has no slices"];
    endings.iter().any(|ending| error.message().ends_with(ending))
}

/// Describes a run of `inject` with [`ENV`] and a template on standard input.
pub fn inject(template: &str) -> Program {
    secretctl().envs(ENV).arg("inject").stdin(template)
}
