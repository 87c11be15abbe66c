//! Generated configurations: the same names and outcomes as Airflow's own backend, which runs over gRPC.

use serde_json::{Map, Value, json};

use super::support::{World, key};
use crate::support::{Output, Random, airflow, cases, listed, random};

/// What names are made of: what is usual, and what makes trouble.
const PIECES: &[&str] = &[
    "a",
    "B",
    "7",
    "conn",
    "db",
    "_",
    "-",
    "--",
    "---",
    ".",
    "/",
    " ",
    "%",
    "?",
    "#",
    ":",
    "\n",
    "é",
    "smtp_default",
    "-a",
    "a-",
    "a--b",
];

const PREFIXES: &[&str] = &["airflow-connections", "p", "P_1", "-", "x--y", ""];

const PROJECTS: &[&str] = &["proj", "other", "example.com:proj", "123"];

fn text(random: &mut Random, most: usize) -> String {
    let mut text = String::new();
    for _ in 0..=random.below(most) {
        // Names that Google cannot have are asked for by Airflow, and tell little.
        let known = if random.one_in(4) { PIECES.len() } else { 9 };
        text.push_str(PIECES[random.below(known)]);
    }
    if random.one_in(60) {
        text.push_str(&"long".repeat(random.below(70)));
    }
    text
}

/// One configuration: kwargs, environment, file, names, and what the service has.
struct Case {
    kwargs: Value,
    env: Value,
    file: Value,
    names: Vec<Value>,
    multi_team: bool,
    secrets: Map<String, Value>,
}

fn kwargs(random: &mut Random) -> Value {
    let mut kwargs = json!({});
    for name in ["connections_prefix", "variables_prefix", "config_prefix"] {
        match random.below(4) {
            0 => kwargs[name] = json!(random.pick(PREFIXES)),
            1 if random.one_in(3) => kwargs[name] = Value::Null,
            _ => {}
        }
    }
    match random.below(6) {
        0 => kwargs["sep"] = json!(random.pick(&["_", "", "--", "x"])),
        1 => kwargs["sep"] = json!("-"),
        _ => {}
    }
    match random.below(8) {
        0..3 => kwargs["project_id"] = json!(random.pick(PROJECTS)),
        3 => kwargs["project_id"] = json!(456),
        4 => kwargs["project_id"] = random.pick(&[json!(""), Value::Null, json!(0)]).clone(),
        _ => {}
    }
    match random.below(10) {
        0 => kwargs["impersonation_chain"] = json!("t@chained.iam.gserviceaccount.com"),
        1 => kwargs["impersonation_chain"] = json!(["d@x.y", "t@chained.iam.gserviceaccount.com"]),
        2 => {
            let odd = [
                json!([]),
                json!(""),
                json!([""]),
                json!("no-email"),
                json!("t@"),
                json!("t@.x"),
            ];
            kwargs["impersonation_chain"] = random.pick(&odd).clone();
        }
        _ => {}
    }
    kwargs
}

fn credentials(random: &mut Random, kwargs: &mut Value, env: &mut Value) -> Value {
    let mut file = match random.below(3) {
        0 => super::credentials::user(),
        _ => key(),
    };
    if random.one_in(3) {
        file.as_object_mut().unwrap().remove("project_id");
    }
    if random.one_in(20) {
        let name = random.pick(&["client_email", "refresh_token", "type", "private_key"]);
        file.as_object_mut().unwrap().remove(*name);
    }
    match random.below(8) {
        0 => kwargs["gcp_keyfile_dict"] = file.clone(),
        1 => kwargs["gcp_key_path"] = json!(random.pick(&["{dir}/c.json", "{dir}/none.json", "{dir}/c.p12"])),
        2 => kwargs["gcp_credential_config_file"] = file.clone(),
        3 => kwargs["gcp_credential_config_file"] = json!("{dir}/c.json"),
        4 => kwargs["gcp_credential_config_file"] = json!(file.to_string()),
        5 | 6 => env["GOOGLE_APPLICATION_CREDENTIALS"] = json!("{dir}/c.json"),
        _ => env["CLOUDSDK_CONFIG"] = json!("{dir}/gcloud"),
    }
    if random.one_in(20) {
        kwargs["gcp_keyfile_dict"] = random.pick(&[json!({}), file.clone()]).clone();
    }
    for name in ["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"] {
        match random.below(6) {
            0 => env[name] = json!(random.pick(PROJECTS)),
            1 => env[name] = json!(""),
            _ => {}
        }
    }
    file
}

fn case(random: &mut Random) -> Case {
    let (mut kwargs, mut env) = (kwargs(random), json!({}));
    let file = credentials(random, &mut kwargs, &mut env);
    let multi_team = random.one_in(2);
    let names: Vec<Value> = (0..2)
        .map(|_| {
            let kind = *random.pick(&["conn_value", "variable", "config"]);
            let team = (multi_team && kind != "config" && random.one_in(2)).then(|| text(random, 1));
            json!({"kind": kind, "id": text(random, 2), "team": team})
        })
        .collect();
    Case {
        secrets: secrets(random, &kwargs, &names),
        kwargs,
        env,
        file,
        names,
        multi_team,
    }
}

/// Some of the secrets that may be asked for, in every project that may be meant.
fn secrets(random: &mut Random, kwargs: &Value, names: &[Value]) -> Map<String, Value> {
    let mut secrets = Map::new();
    for name in names {
        let (kwarg, default) = match name["kind"].as_str().unwrap() {
            "conn_value" => ("connections_prefix", "airflow-connections"),
            "variable" => ("variables_prefix", "airflow-variables"),
            _ => ("config_prefix", "airflow-config"),
        };
        let prefix = kwargs[kwarg].as_str().unwrap_or(default);
        let sep = kwargs["sep"].as_str().unwrap_or("-");
        let id = name["id"].as_str().unwrap();
        let mut stored = vec![format!("{prefix}{sep}{id}")];
        stored.extend(
            name["team"]
                .as_str()
                .map(|team| format!("{prefix}{sep}{team}--{id}")),
        );
        for stored in stored {
            let answer = match random.below(12) {
                0 => json!({"code": "PERMISSION_DENIED"}),
                1 => json!({"code": "FAILED_PRECONDITION"}),
                2 => json!({"code": "UNAUTHENTICATED"}),
                3 => json!({"code": "INTERNAL"}),
                4 => json!({"data": ""}),
                5..9 => super::support::secret(&format!("x://h/{stored}")),
                _ => continue,
            };
            for project in PROJECTS.iter().chain(&["456", "chained"]) {
                secrets.insert(
                    format!("projects/{project}/secrets/{stored}/versions/latest"),
                    answer.clone(),
                );
            }
        }
    }
    secrets
}

fn ours(world: &World, case: &Case, name: &Value) -> (Output, Vec<String>) {
    world.requests();
    let mut program = world
        .program(&case.kwargs, &case.env)
        .env(
            "AIRFLOW__CORE__MULTI_TEAM",
            if case.multi_team { "true" } else { "false" },
        )
        .args(["--no-fallback", "--timeout", "20"]);
    if let Some(team) = name["team"].as_str().filter(|team| !team.is_empty()) {
        program = program.arg(format!("--team={team}"));
    }
    let command: &[&str] = match name["kind"].as_str().unwrap() {
        "conn_value" => &["get-conn", "-o", "raw", "-n"],
        "variable" => &["get-var", "-n"],
        _ => &["get-config", "--backend-key", "-n"],
    };
    let output = program
        .args(command)
        .arg("--")
        .arg(name["id"].as_str().unwrap())
        .run();
    let asked = world.requests().into_iter().filter_map(|request| {
        let version = request
            .target
            .strip_prefix("/v1/")?
            .strip_suffix("/versions/latest:access")?;
        request
            .header("host")
            .is_some_and(|host| host.starts_with("secretmanager"))
            .then(|| version.to_owned())
    });
    (output, asked.collect())
}

/// Whether Secret Manager can have a resource of this name.
fn is_possible(resource: &str) -> bool {
    let name = resource.split_once("/secrets/").map_or("", |(_, name)| name);
    (1..=255).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[test]
fn a_thousand_configurations_ask_for_the_same_names_with_the_same_outcomes() {
    let Some(judge) = airflow() else { return };
    listed("google-permission-denied");
    listed("google-impossible-names");
    let world = World::start();
    let mut random = random("google configurations");
    let count = cases(1_000, 20_000);
    let (mut found, mut absent, mut failed) = (0, 0, 0);
    for _ in 0..count {
        let case = case(&mut random);
        world.file("c.json", &case.file.to_string());
        world.file("c.p12", &case.file.to_string());
        world.file(
            "gcloud/application_default_credentials.json",
            &case.file.to_string(),
        );
        world.has_resources(&Value::Object(case.secrets.clone()));
        let question = json!({
            "op": "google.lookups", "kwargs": world.placed(&case.kwargs), "env": world.env(&case.env),
            "tokens": world.port(), "secrets": case.secrets, "multi_team": case.multi_team, "names": case.names,
        });
        let theirs = judge.ask(question);
        let asked_by_airflow = theirs["asked"].as_array().unwrap().iter().map(|asked| {
            let version = asked["name"].as_str().unwrap();
            version.strip_suffix("/versions/latest").unwrap().to_owned()
        });
        // What no secret can be called is asked for by Airflow alone.
        let mut asked_by_airflow = asked_by_airflow.filter(|resource| is_possible(resource));
        for (name, answer) in case.names.iter().zip(theirs["answers"].as_array().unwrap()) {
            let (output, asked) = ours(&world, &case, name);
            let context = || {
                format!(
                    "{name} {} {} {answer}\n{asked:?} {}",
                    case.kwargs, case.env, output.stderr
                )
            };
            // An id that climbs is refused before any backend is asked.
            let climbs = name["id"].as_str().unwrap().split('/').any(|part| part == "..");
            let mut denied = false;
            for ours in &asked {
                let next = asked_by_airflow.next();
                assert_eq!(next.as_ref(), Some(ours), "{}", context());
                let stored = &case.secrets.get(&format!("{ours}/versions/latest"));
                denied |= stored.is_some_and(|stored| stored["code"] == "PERMISSION_DENIED");
            }
            if denied {
                // Airflow takes it for absent, and goes on.
                assert_eq!(output.status, 4, "{}", context());
                failed += 1;
                break;
            }
            match (&answer["value"], answer["error"].as_str()) {
                (Value::String(value), _) if value.is_empty() && name["kind"] == "conn_value" => {
                    assert_eq!(output.status, 3, "{}", context());
                }
                (Value::String(value), _) => {
                    assert_eq!(
                        (output.status, output.text()),
                        (0, value.as_str()),
                        "{}",
                        context()
                    );
                    found += 1;
                }
                // Where there is nothing to ask for, broken credentials do not matter.
                (_, Some(_)) if output.status == 3 => {
                    assert!(
                        asked.is_empty() && output.stderr.contains("was not asked"),
                        "{}",
                        context()
                    );
                }
                (_, Some(_)) => {
                    assert!(matches!(output.status, 2 | 4 | 5), "{}", context());
                    failed += 1;
                }
                _ => {
                    // Kwargs are checked before there is a name; Airflow checks them when it logs in.
                    let wrong_kwargs = output.stderr.contains("backend kwarg `impersonation_chain`");
                    assert!(
                        output.status == 3
                            || (climbs || wrong_kwargs && asked.is_empty()) && output.status == 2,
                        "{}",
                        context()
                    );
                    absent += 1;
                }
            }
        }
    }
    // A generator whose questions all end alike would prove nothing.
    for outcome in [found, absent, failed] {
        assert!(
            outcome * 10 > count,
            "{found} found, {absent} absent, {failed} failed"
        );
    }
}
