//! What is asked, in which order, and what comes of it: against Airflow's backend, with generated configurations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secretctl::backend::{Context, registry};
use secretctl::env::Env;
use secretctl::kwargs::Kwargs;
use secretctl::python::json::{Object, Value as Json};
use secretctl::secret::Secret;
use secretctl::value::{Answer, Found, Lookup, SecretKind};
use serde_json::{Value, json};

use super::api::{self, Held};
use super::{BACKEND, kubeconfig, kubernetes};
use crate::support::server::{Authority, Recorded, Server, Validity};
use crate::support::{Random, airflow, cases, listed, random, temp_dir};

const LABELS: &[&str] = &[
    "airflow.apache.org/connection-id",
    "airflow.apache.org/variable-key",
    "airflow.apache.org/config-key",
    "id",
    "x.example/id",
];
const TEAM_LABELS: &[&str] = &["airflow.apache.org/team", "team"];
const TEAMS: &[&str] = &["data", "Team-1", "a_b"];
const NAMESPACES: &[&str] = &["airflow", "other"];
const IDS: &[&str] = &[
    "db",
    "smtp_default",
    "A-1",
    "x.y",
    "_data___db",
    "_data___",
    "__db",
    "_a_b___db",
    "data___db",
];
/// What no label's value can be, or what a selector would read as its syntax.
const BAD: &[&str] = &[
    "a b",
    "db,team=data",
    "db,!x",
    "é",
    "-a",
    "a_",
    "a/b",
    "=",
    "db!",
    "\n",
    "(db)",
    "in",
];
const DATA_KEYS: &[&str] = &["value", "uri", "a.b", "é"];

/// The secrets of the server: some labels have several, some none.
fn secrets(random: &mut Random) -> Vec<Held> {
    let mut secrets = Vec::new();
    for _ in 0..220 {
        let mut labels = Vec::new();
        for _ in 0..=random.below(2) {
            let label = (*random.pick(LABELS)).to_owned();
            if labels.iter().all(|(other, _)| *other != label) {
                labels.push((label, (*random.pick(IDS)).to_owned()));
            }
        }
        if random.one_in(2) {
            labels.push((
                (*random.pick(TEAM_LABELS)).to_owned(),
                (*random.pick(TEAMS)).to_owned(),
            ));
        }
        let mut data = Vec::new();
        for key in DATA_KEYS {
            let value: &[&[u8]] = &[
                b"postgres://u:p@h/db",
                b"",
                b"\xff",
                "é\n".as_bytes(),
                b"{\"a\": 1}",
            ];
            if random.one_in(2) || *key == "value" && !random.one_in(8) {
                data.push(((*key).to_owned(), (*random.pick(value)).to_vec()));
            }
        }
        let namespace = (*random.pick(NAMESPACES)).to_owned();
        secrets.push(Held {
            namespace,
            labels,
            data,
        });
    }
    secrets
}

/// Returns one question: kwargs, kind, id, team.
fn question(random: &mut Random, number: usize, port: u16, ca: &str) -> Value {
    let mut kwargs = json!({});
    if random.one_in(2) {
        kwargs["namespace"] = random
            .pick(&[
                json!("airflow"),
                json!("other"),
                json!("a b"),
                json!(""),
                Value::Null,
                json!("é/.."),
            ])
            .clone();
    }
    for name in ["connections_label", "variables_label", "config_label"] {
        match random.below(8) {
            0 => kwargs[name] = Value::Null,
            1 | 2 => kwargs[name] = json!(random.pick(LABELS)),
            3 if random.one_in(3) => {
                kwargs[name] = json!(random.pick(&["", "x y", "a=b", "a,id", "!id", "é"]));
            }
            _ => {}
        }
    }
    match random.below(8) {
        0 => kwargs["team_label"] = Value::Null,
        1 => kwargs["team_label"] = json!("team"),
        2 => kwargs["team_label"] = json!(""),
        3 if random.one_in(3) => kwargs["team_label"] = json!("x y"),
        _ => {}
    }
    for name in ["connections_data_key", "variables_data_key", "config_data_key"] {
        if random.one_in(4) {
            kwargs[name] = json!(random.pick(DATA_KEYS));
        }
    }
    let kind = *random.pick(&["connection", "variable", "config"]);
    let team = (kind != "config" && random.one_in(2)).then(|| *random.pick(TEAMS));
    let id = if random.one_in(6) {
        *random.pick(BAD)
    } else {
        *random.pick(IDS)
    };
    let pod_namespace = *random.pick(&["airflow", "other\n", " airflow \n"]);
    json!({
        "op": "kubernetes.ask", "kwargs": kwargs, "kind": kind, "id": id, "team": team, "pod_namespace": pod_namespace,
        "token": format!("t{number}"), "ca": ca, "env": {"KUBERNETES_SERVICE_PORT": port.to_string()},
    })
}

fn python(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::String(text.clone()),
        _ => Json::Null,
    }
}

/// Asks secretctl as outside of a cluster, with a kubeconfig that is equal to the pod's files.
fn ours(question: &Value, folder: &std::path::Path, port: u16) -> Value {
    let file = folder.join(question["token"].as_str().unwrap());
    let cluster = json!({"server": format!("https://127.0.0.1:{port}"), "certificate-authority": "ca.pem"});
    let mut config = kubeconfig(cluster, json!({"token": question["token"]}));
    config["contexts"][0]["context"]["namespace"] = question["pod_namespace"].as_str().unwrap().trim().into();
    std::fs::write(&file, config.to_string()).unwrap();
    let env: Env = [("KUBECONFIG".to_owned(), Secret::from(file.to_str().unwrap()))]
        .into_iter()
        .collect();
    let mut kwargs: Object = Object::new();
    for (name, value) in question["kwargs"].as_object().unwrap() {
        kwargs.insert(name.clone(), python(value));
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    let backend = registry::build(BACKEND, Kwargs::new(kwargs), &Context::new(&env, deadline)).unwrap();
    let lookup = Lookup {
        kind: match question["kind"].as_str().unwrap() {
            "connection" => SecretKind::Connection,
            "variable" => SecretKind::Variable,
            _ => SecretKind::Config,
        },
        id: question["id"].as_str().unwrap().to_owned(),
        team: question["team"].as_str().map(str::to_owned),
        multi_team: !question["team"].is_null(),
    };
    let steps = match backend.plan(&lookup) {
        Ok(steps) => steps,
        Err(error) => return json!({"status": error.kind().exit_status()}),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for step in steps.iter().filter(|step| step.skipped.is_none()) {
        match runtime.block_on(backend.ask(&lookup, step)) {
            Ok(Answer::Found(Found::Text(text))) => {
                return json!({"value": text.expose_text().unwrap()});
            }
            Ok(Answer::Absent { .. }) => {}
            Ok(other) => panic!("{question}: {other:?}"),
            Err(error) => return json!({"status": error.kind().exit_status()}),
        }
    }
    json!({"value": null})
}

/// Returns the requests of each question, which has its own token: method, path and query.
fn by_token(recorded: &[Recorded], count: usize) -> Vec<Vec<String>> {
    let mut requests = vec![Vec::new(); count];
    for request in recorded {
        let token = request
            .header("authorization")
            .and_then(|header| header.split(' ').nth(1));
        let number: usize = token
            .and_then(|token| token.strip_prefix('t'))
            .unwrap()
            .parse()
            .unwrap();
        requests[number].push(format!("{} {}", request.method, request.target));
    }
    requests
}

/// Whether a label can have `value`.
fn fits(value: &str) -> bool {
    let alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    alphanumeric(value.chars().next())
        && alphanumeric(value.chars().next_back())
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[test]
fn requests_and_outcomes_are_airflows() {
    let Some(judge) = airflow() else { return };
    let mut random = random("kubernetes names");
    let secrets = Arc::new(secrets(&mut random));
    let authority = Authority::trusted();
    let server = Server::start_tls(&authority.certificate(Validity::Good), move |request| {
        api::answer(request, &secrets)
    });
    let folder = temp_dir();
    let ca = authority.pem();
    std::fs::write(folder.path().join("ca.pem"), &ca).unwrap();
    let count = cases(1_000, 20_000);
    let questions: Vec<Value> = (0..count)
        .map(|number| question(&mut random, number, server.port, &ca))
        .collect();
    let answers = judge.ask_many(&questions);
    let theirs = by_token(&server.take(), count);
    let (mut found, mut failed, mut without_key, mut refused) = (0, 0, 0, 0);
    for (number, question) in questions.iter().enumerate() {
        let ours = ours(question, folder.path(), server.port);
        let asked = by_token(&server.take(), count).swap_remove(number);
        let airflows = &answers[number];
        if !fits(question["id"].as_str().unwrap()) && asked.is_empty() {
            assert_eq!(ours, json!({"value": null}), "{question}");
            listed("kubernetes-id-is-no-label");
            refused += 1;
            continue;
        }
        let what = format!("{question}: {airflows} and {ours}");
        let goes_on = airflows.get("error").is_none() || asked.len() < theirs[number].len();
        if ours["status"] == 6 && goes_on {
            // Airflow goes on to the secret without a team, which may be broken too.
            assert_eq!(asked[..], theirs[number][..asked.len()], "{what}");
            listed("kubernetes-secret-without-its-key");
            without_key += 1;
            continue;
        }
        assert_eq!(asked, theirs[number], "{what}");
        match airflows.get("value") {
            Some(value) => assert_eq!(ours, json!({"value": value}), "{what}"),
            None => assert!(ours.get("status").is_some(), "{what}"),
        }
        found += usize::from(airflows["value"].is_string());
        failed += usize::from(airflows.get("error").is_some());
    }
    // A generator of which nothing comes would prove nothing.
    for (what, number) in [
        ("found", found),
        ("failed", failed),
        ("without a key", without_key),
        ("refused", refused),
    ] {
        assert!(number * 60 > count, "{number} of {count} are {what}");
    }
}

#[test]
fn an_unknown_kwarg_is_refused_as_in_airflow() {
    let output = kubernetes(&json!({"conections_label": "x"}))
        .args(["explain", "conn", "x"])
        .run();
    assert!(
        output.fails(2).contains("did you mean `connections_label`?"),
        "{}",
        output.stderr
    );
    let Some(judge) = airflow() else { return };
    let question = json!({
        "op": "kubernetes.ask", "kwargs": {"conections_label": "x"}, "kind": "connection", "id": "x", "team": null, "pod_namespace": "a",
        "token": "t", "ca": "c", "env": {},
    });
    assert_eq!(judge.ask(question), json!({"error": "TypeError"}));
}
