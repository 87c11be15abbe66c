//! Generated configurations: the names that are asked for and the outcome, against Airflow's backends over the whole of boto3.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use secretctl::backend::{Context, registry};
use secretctl::env::Env;
use secretctl::error::Error;
use secretctl::kwargs::Kwargs;
use secretctl::python::json::{Value as Json, loads};
use secretctl::secret::Secret;
use secretctl::value::{Answer, Found, Lookup, SecretKind};
use serde_json::{Map, Value, json};

use super::Store;
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{Random, airflow, cases, random};

const IDS: &[&str] = &[
    "smtp_default",
    "a",
    "DB_main",
    "x/y",
    "a--b",
    "--",
    "é名",
    "a b",
    "../x",
    "%41",
    "a\nb",
    "#",
    "ſ",
    "db",
    "a-b-c",
];

const PREFIXES: &[&str] = &[
    "airflow/connections",
    "p",
    "p/",
    "/p//",
    "",
    "/",
    "//",
    "a-b-",
    "xyx",
    "é/",
    "p--",
    " ",
    "pre fix",
];

const SEPS: &[&str] = &["/", "-", "--", "", "xy", "_", "é", "//", "."];

const PATTERNS: &[&str] = &[
    "",
    "a",
    "^db",
    "smtp_.*$",
    ".*",
    "(?!db)",
    "[a-c]+",
    r"\w+$",
    "(",
    "[",
    "db|a",
    "s",
    r"\d",
    "(?i)A",
    "x{2",
    r"^(?!.*--).*$",
    "a{2,1}",
    r"(\w)\1",
    r"\p{L}",
    "(?<n>a)",
];

const WORDS: &[&str] = &[
    "login",
    "user",
    "username",
    "user_name",
    "password",
    "pass",
    "key",
    "host",
    "remote_host",
    "server",
    "port",
    "database",
    "schema",
    "conn_type",
    "conn_id",
    "connection_type",
    "engine",
    "extra",
    "Host",
    "dbname",
    "description",
    "more",
    "uri",
];

const VALUES: &[&str] = &[
    r#""v""#,
    "null",
    "5432",
    r#""""#,
    "true",
    r#"{"a": [1, 2.50]}"#,
    r#""é\u0000\ud83d\ude00""#,
    "1e400",
    "[]",
    r#""{\"a\": 1}""#,
    "0.10",
];

fn secret(random: &mut Random) -> String {
    match random.below(8) {
        0 => "smtp://user:p%40ss@host:25/x?a=b".to_owned(),
        1 => (*random.pick(&[
            "",
            " ",
            "{",
            "{}",
            "[]",
            "{]",
            "null",
            "\u{feff}{}",
            "{\"a\": 1,}",
            "\u{1c}{}",
            "é",
            "NaN",
        ]))
        .to_owned(),
        _ => {
            let pairs: Vec<String> = (0..random.below(7))
                .map(|_| format!(r#""{}": {}"#, random.pick(WORDS), random.pick(VALUES)))
                .collect();
            let blanks = *random.pick(&["", "", "", " ", "\n\t", "\u{a0}"]);
            format!("{blanks}{{{}}}{blanks}", pairs.join(", "))
        }
    }
}

fn extra_words(random: &mut Random) -> Value {
    let mut words = Map::new();
    for _ in 0..random.below(3) {
        let field = *random.pick(&[
            "user",
            "login",
            "password",
            "host",
            "port",
            "schema",
            "conn_type",
            "extra",
        ]);
        words.insert(field.to_owned(), json!([random.pick(WORDS), random.pick(WORDS)]));
    }
    Value::Object(words)
}

/// One question: a service, kwargs, a lookup, and what is stored.
fn question(random: &mut Random) -> Value {
    let store = *random.pick(&Store::BOTH);
    let mut kwargs = json!({});
    for kind in ["connections", "variables", "config"] {
        match random.below(4) {
            0 => {}
            1 if random.one_in(2) => kwargs[format!("{kind}_prefix")] = Value::Null,
            _ => kwargs[format!("{kind}_prefix")] = json!(random.pick(PREFIXES)),
        }
        if random.one_in(3) {
            kwargs[format!("{kind}_lookup_pattern")] = json!(random.pick(PATTERNS));
        }
    }
    if store == Store::Secrets && random.one_in(2) {
        kwargs["sep"] = json!(random.pick(SEPS));
    }
    if store == Store::Secrets && random.one_in(3) {
        kwargs["extra_conn_words"] = extra_words(random);
    }
    for (name, value) in [
        ("full_url_mode", json!(false)),
        ("region_name", json!("us-gov-west-1")),
        ("role_arn", json!("")),
        ("assume_role_method", json!("nonsense")),
        ("verify", json!(true)),
        ("api_version", json!(null)),
        ("profile_name", json!(null)),
        ("use_ssl", json!(true)),
        ("nonsense", json!({"a": 1})),
        ("config_kwargs", json!({"read_timeout": 5})),
        ("config_kwargs", json!({"nonsense": 5})),
        ("config_kwargs", json!({"retries": {"max_attempts": -1}})),
        ("session_kwargs", json!({"profile_name": "p", "region_name": "r"})),
        ("aws_access_key_id", json!("")),
        (
            "service_config",
            json!({"ssm": {"endpoint_url": "http://127.0.0.1:1"}}),
        ),
    ] {
        if random.one_in(25) {
            kwargs[name] = value;
        }
    }
    let kind = *random.pick(&["conn_value", "variable", "config"]);
    let multi_team = random.one_in(3);
    let team = (multi_team && random.one_in(2)).then(|| *random.pick(&["t", "team--x", "é", ""]));
    let id = *random.pick(IDS);
    // The names are those of the judge's first answer, so that something is found.
    json!({
        "op": "aws_stores.lookup", "service": store.service(), "kwargs": kwargs, "kind": kind, "id": id, "team": team,
        "multi_team": multi_team, "stored": {}, "env": {
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": super::SECRET_KEY,
            "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        },
    })
}

/// A server of both services with the stored values of the question at hand; it notes the names that are asked for.
struct Stand {
    server: Server,
    state: Arc<Mutex<StandState>>,
}

/// The stored values, and the names that were asked for.
type StandState = (BTreeMap<String, Value>, Vec<Value>);

impl Stand {
    fn start() -> Self {
        let state = Arc::new(Mutex::new((BTreeMap::<String, Value>::new(), Vec::new())));
        let shared = Arc::clone(&state);
        let server = Server::start(move |request: &Recorded| {
            let store = match request.header("x-amz-target").unwrap() {
                "secretsmanager.GetSecretValue" => Store::Secrets,
                "AmazonSSM.GetParameter" => Store::Parameters,
                other => panic!("{other}"),
            };
            let question = request.json();
            let name = match store {
                Store::Secrets => &question["SecretId"],
                Store::Parameters => &question["Name"],
            };
            let mut state = shared.lock().unwrap();
            state.1.push(name.clone());
            match state.0.get(name.as_str().unwrap()) {
                Some(value) => Reply::json(200, store.answer(value.as_str().unwrap())),
                None => Reply::json(400, json!({"__type": store.absent()})),
            }
        });
        Self { server, state }
    }

    /// What the library asks for, and what it makes of the answers.
    fn ask(&self, question: &Value) -> (Vec<Value>, Result<Option<String>, Error>) {
        *self.state.lock().unwrap() = (
            serde_json::from_value(question["stored"].clone()).unwrap(),
            Vec::new(),
        );
        let outcome = self.outcome(question);
        let asked = std::mem::take(&mut self.state.lock().unwrap().1);
        (asked, outcome)
    }

    fn outcome(&self, question: &Value) -> Result<Option<String>, Error> {
        let Ok(Json::Object(kwargs)) = loads(&question["kwargs"].to_string()) else {
            panic!("kwargs")
        };
        let env: Env = question["env"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                let value = if name == "AWS_ENDPOINT_URL" {
                    self.server.url()
                } else {
                    value.as_str().unwrap().to_owned()
                };
                (name.clone(), Secret::from(value))
            })
            .collect();
        let store = Store::BOTH
            .into_iter()
            .find(|store| store.service() == question["service"])
            .unwrap();
        let context = Context::new(&env, Instant::now() + Duration::from_secs(30));
        let backend = registry::build(store.class_path(), Kwargs::new(kwargs), &context)?;
        let lookup = Lookup {
            kind: match question["kind"].as_str().unwrap() {
                "conn_value" => SecretKind::Connection,
                "variable" => SecretKind::Variable,
                _ => SecretKind::Config,
            },
            id: question["id"].as_str().unwrap().to_owned(),
            team: question["team"].as_str().map(str::to_owned),
            multi_team: question["multi_team"].as_bool().unwrap(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        for step in backend.plan(&lookup)? {
            if step.skipped.is_some() {
                continue;
            }
            match runtime.block_on(backend.ask(&lookup, &step))? {
                Answer::Found(Found::Text(text)) => return Ok(Some(text.expose_text().unwrap().to_owned())),
                Answer::Found(_) => panic!("a store has text"),
                Answer::Absent { .. } => {}
                Answer::Null => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// Compares the two for one question.
fn compare(stand: &Stand, question: &Value, airflows: &Value) {
    let (asked, outcome) = stand.ask(question);
    match (&outcome, airflows.get("value")) {
        (Ok(ours), Some(theirs)) => assert_eq!(&json!(ours), theirs, "{question}"),
        (Err(error), None) => {
            let status = error.kind().exit_status();
            let expected = if airflows["error"] == "JSONDecodeError" {
                6
            } else {
                2
            };
            assert_eq!(status, expected, "{question}: {error} and {airflows}");
        }
        // Airflow makes its client, and so finds what is wrong with its options, when it asks for the first name.
        (Err(error), Some(Value::Null)) if airflows["asked"] == json!([]) => {
            assert_eq!(error.kind().exit_status(), 2, "{question}: {error}");
            assert!(
                question["kwargs"].get("config_kwargs").is_some(),
                "{question}: {error}"
            );
        }
        _ => panic!("{question}: {outcome:?} and {airflows}"),
    }
    // What is wrong in the kwargs is found before anything is asked, and in Airflow with the first name.
    assert_eq!(json!(asked), airflows["asked"], "{question}");
}

#[test]
fn generated_configurations_ask_and_answer_as_airflow() {
    let Some(judge) = airflow() else { return };
    let stand = Stand::start();
    let mut random = random("stores of aws");
    let mut questions: Vec<Value> = (0..cases(1_000, 20_000)).map(|_| question(&mut random)).collect();
    // First nothing is stored. Then there is something under one of the names that were asked for.
    for round in 0..2 {
        let answers = judge.ask_many(&questions);
        let mut found = 0;
        for (question, airflows) in questions.iter_mut().zip(&answers) {
            compare(&stand, question, airflows);
            found += usize::from(airflows["value"].is_string());
            let asked = airflows["asked"].as_array().unwrap();
            if !asked.is_empty() {
                let name = random.pick(asked).as_str().unwrap();
                question["stored"] = json!({name: secret(&mut random)});
            }
        }
        assert!(round == 0 || found * 3 > questions.len(), "{found} are found");
    }
}
