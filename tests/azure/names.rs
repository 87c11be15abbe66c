//! Names: what `explain` says that the vault is asked for, against what Airflow's backend asks it for.

use secretctl::backend::{Context, registry};
use secretctl::env::Env;
use secretctl::kwargs::Kwargs;
use secretctl::python::json::{Object, Value as Json};
use secretctl::value::{Lookup, SecretKind};
use serde_json::{Value, json};

use crate::support::{Random, airflow, cases, random, secretctl};

pub const BACKEND: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";

/// What names are made of: what is usual, and what makes trouble.
const PIECES: &[&str] = &[
    "a",
    "B",
    "7",
    "conn",
    "my",
    "db",
    "default",
    "_",
    "__",
    "-",
    "--",
    "---",
    ".",
    "/",
    "..",
    " ",
    "%",
    "?",
    "#",
    "\n",
    "\t",
    "\0",
    "é",
    "ß",
    "Ⅷ",
    "١",
    "x_y",
    "smtp_default",
    "-a",
    "a-",
    "_a",
    "a_",
];

fn text(random: &mut Random, most: usize) -> String {
    let mut text = String::new();
    for _ in 0..random.below(most + 1) {
        let piece: &&str = random.pick(PIECES);
        text.push_str(piece);
    }
    if random.one_in(50) {
        text.push_str(&"long".repeat(random.below(40)));
    }
    text
}

fn prefix(random: &mut Random) -> Option<Value> {
    match random.below(6) {
        0 => None,
        1 => Some(Value::Null),
        2 => Some(json!("")),
        3 => Some(json!(random.pick(&[
            "airflow-connections",
            "airflow_variables",
            "a--",
            "a-_-",
            "---",
            "xyx"
        ]))),
        _ => Some(json!(text(random, 4))),
    }
}

/// One question: kwargs, kind, id, team.
fn question(random: &mut Random) -> Value {
    let mut kwargs = json!({});
    for name in ["connections_prefix", "variables_prefix", "config_prefix"] {
        if let Some(prefix) = prefix(random) {
            kwargs[name] = prefix;
        }
    }
    let seps = [
        json!("-"),
        json!("_"),
        json!(""),
        json!("--"),
        json!("-_"),
        json!("xy"),
        json!("__"),
        json!("."),
        Value::Null,
    ];
    if random.one_in(2) {
        kwargs["sep"] = random.pick(&seps).clone();
    }
    let kind = *random.pick(&["connection", "variable", "config"]);
    let multi_team = random.one_in(2);
    let team = (multi_team && kind != "config" && random.one_in(2)).then(|| text(random, 3));
    let mut id = text(random, 5);
    if id.is_empty() {
        id.push('i');
    }
    json!({"op": "azure.names", "kwargs": kwargs, "kind": kind, "id": id, "team": team, "multi_team": multi_team})
}

fn python(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::String(text.clone()),
        _ => Json::Null,
    }
}

/// What secretctl would ask, in Airflow's terms.
fn ours(question: &Value) -> Value {
    let mut kwargs: Object = Object::new();
    for (name, value) in question["kwargs"].as_object().unwrap() {
        kwargs.insert(name.clone(), python(value));
    }
    kwargs.insert(
        "vault_url".to_owned(),
        Json::String("https://kv.vault.azure.net/".to_owned()),
    );
    let env = Env::default();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let backend = registry::build(BACKEND, Kwargs::new(kwargs), &Context::new(&env, deadline)).unwrap();
    let lookup = Lookup {
        kind: match question["kind"].as_str().unwrap() {
            "connection" => SecretKind::Connection,
            "variable" => SecretKind::Variable,
            _ => SecretKind::Config,
        },
        id: question["id"].as_str().unwrap().to_owned(),
        team: question["team"].as_str().map(str::to_owned),
        multi_team: question["multi_team"].as_bool().unwrap(),
    };
    match backend.plan(&lookup) {
        Err(error) => {
            assert_eq!(error.kind().exit_status(), 2, "{question}");
            json!({"error": "TypeError"})
        }
        Ok(steps) => {
            let asked: Vec<String> = steps
                .into_iter()
                .filter(|step| step.skipped.is_none())
                .map(|step| {
                    let fields: serde_json::Map<_, _> = step
                        .location
                        .fields()
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect();
                    fields["secret_name"].as_str().unwrap().to_owned()
                })
                .collect();
            json!({"asked": asked})
        }
    }
}

#[test]
fn names_are_airflows() {
    let Some(judge) = airflow() else { return };
    let mut random = random("azure names");
    let count = cases(5_000, 100_000);
    let questions: Vec<Value> = (0..count).map(|_| question(&mut random)).collect();
    let answers = judge.ask_many(&questions);
    let mut asked = 0;
    for (question, airflows) in questions.iter().zip(&answers) {
        assert_eq!(&ours(question), airflows, "{question}");
        asked += usize::from(
            airflows["asked"]
                .as_array()
                .is_some_and(|names| !names.is_empty()),
        );
    }
    // A generator whose names are all refused would prove nothing.
    assert!(asked * 10 > count, "{asked} of {count} names are asked for");
}

#[test]
fn a_name_that_key_vault_cannot_have_is_not_found_and_says_which_character() {
    let output = secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            r#"{"vault_url": "https://nobody.vault.azure.net/"}"#,
        )
        .args(["get-var", "my.key"])
        .run();
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert!(output.stderr.contains("`.`"), "{}", output.stderr);
    assert_eq!(output.stdout, b"");
}

#[test]
fn an_unknown_kwarg_is_a_warning_with_the_nearest_right_name() {
    let output = secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            r#"{"vault_url": "https://nobody.vault.azure.net/", "conections_prefix": "x", "logging_enable": true}"#,
        )
        .args(["explain", "var", "k"])
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("did you mean `connections_prefix`?"),
        "{}",
        output.stderr
    );
    assert!(
        output.stderr.contains("`logging_enable` has no effect"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_vault_url_that_is_none_is_a_usage_error_with_the_right_form() {
    for url in [
        "",
        "kv",
        "kv.vault.azure.net",
        "http://kv.vault.azure.net/",
        "https://kv.vault.azure.net/secrets/x",
    ] {
        let output = secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
            .env(
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
                json!({"vault_url": url}).to_string(),
            )
            .args(["get-var", "k"])
            .run();
        assert_eq!(output.status, 2, "{url}: {}", output.stderr);
        assert!(
            output.stderr.contains(".vault.azure.net/`"),
            "{url}: {}",
            output.stderr
        );
    }
}
