//! The deliberate differences from Airflow: both sides of each, asked the same.

use serde_json::{Value, json};

use super::support::{World, key, secret, shown};
use crate::support::server::{Reply, Server};
use crate::support::{Judge, Side, Sides, airflow, differs};

/// A question, and what the services have.
struct Question {
    kwargs: Value,
    env: Value,
    id: &'static str,
    secrets: Value,
    /// How long Airflow's client repeats a request, in seconds.
    patience: f64,
}

impl Question {
    fn of(id: &'static str) -> Self {
        Self {
            kwargs: json!({"gcp_keyfile_dict": key()}),
            env: json!({}),
            id,
            secrets: json!({}),
            patience: 0.01,
        }
    }

    fn kwarg(mut self, name: &str, value: Value) -> Self {
        self.kwargs[name] = value;
        self
    }

    fn has(mut self, secret: &str, answer: Value) -> Self {
        self.secrets[format!("{secret}/versions/latest")] = answer;
        self
    }

    /// Asks Airflow, and returns its side and what Secret Manager was asked.
    fn theirs(&self, judge: &Judge, world: &World) -> (Side, Vec<Value>) {
        let answer = judge.ask(json!({
            "op": "google.lookups", "kwargs": world.placed(&self.kwargs), "env": world.env(&self.env),
            "tokens": world.port(), "secrets": self.secrets, "patience": self.patience,
            "names": [{"kind": "variable", "id": self.id}],
        }));
        (
            Side::of_airflow(&answer["answers"][0]),
            answer["asked"].as_array().unwrap().clone(),
        )
    }

    /// Asks secretctl, and returns its side and what Secret Manager was asked.
    fn ours(&self, world: &World) -> (Side, Vec<Value>) {
        world.tell(&[], &[], &[]);
        world.has_resources(&self.secrets);
        let program = world.program(&self.kwargs, &self.env);
        let output = program
            .args(["--no-fallback", "--timeout", "20", "get-var", self.id])
            .run();
        let requests = world.requests().into_iter().filter_map(|request| {
            let name = request
                .target
                .strip_prefix("/v1/")?
                .strip_suffix(":access")?
                .to_owned();
            Some(json!({"name": name, "authorization": request.header("authorization")}))
        });
        (Side::of_secretctl(&output), requests.collect())
    }
}

fn names(asked: &[Value]) -> Value {
    let secret = |asked: &Value| {
        let name = asked["name"].as_str().unwrap();
        json!(name.strip_suffix("/versions/latest"))
    };
    asked.iter().map(secret).collect()
}

/// What a token is for: its scope or its audience.
fn scope(asked: &[Value]) -> Value {
    let token: Value = serde_json::from_str(&shown(asked[0]["authorization"].as_str().unwrap())).unwrap();
    token["claims"]["scope"].clone()
}

#[test]
fn a_denied_secret_may_exist() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let name = "projects/proj/secrets/airflow-variables-a";
    let question = Question::of("a").has(name, json!({"code": "PERMISSION_DENIED"}));
    differs(
        "google-permission-denied",
        &Sides {
            airflow: (question.theirs(judge, &world).0, Side::not_found()),
            secretctl: (question.ours(&world).0, Side::failed("status 4")),
        },
    );
}

#[test]
fn a_name_that_no_secret_has_is_not_asked_for() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let question = Question::of("my.key");
    let (theirs, asked_by_airflow) = question.theirs(judge, &world);
    let (ours, asked) = question.ours(&world);
    let name = "projects/proj/secrets/airflow-variables-my.key";
    differs(
        "google-impossible-names",
        &Sides {
            airflow: (
                theirs.asking(names(&asked_by_airflow)),
                Side::not_found().asking(json!([name])),
            ),
            secretctl: (ours.asking(names(&asked)), Side::not_found().asking(json!([]))),
        },
    );
    let question = Question::of("a").kwarg("variables_prefix", json!("team/a"));
    differs(
        "google-impossible-prefixes",
        &Sides {
            airflow: (question.theirs(judge, &world).0, Side::not_found()),
            secretctl: (question.ours(&world).0, Side::failed("status 2")),
        },
    );
    let question = Question::of("a").kwarg("project_id", json!("proj/locations/europe-west1"));
    differs(
        "google-project",
        &Sides {
            airflow: (question.theirs(judge, &world).0, Side::not_found()),
            secretctl: (question.ours(&world).0, Side::failed("status 2")),
        },
    );
}

#[test]
fn scopes_are_split_at_commas() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let question = Question::of("a")
        .kwarg("gcp_scopes", json!("ab, c"))
        .has("projects/proj/secrets/airflow-variables-a", secret("v"));
    let (theirs, asked_by_airflow) = question.theirs(judge, &world);
    let (ours, asked) = question.ours(&world);
    differs(
        "google-scopes",
        &Sides {
            airflow: (
                theirs.asking(scope(&asked_by_airflow)),
                Side::found("v").asking("a b ,   c"),
            ),
            secretctl: (ours.asking(scope(&asked)), Side::found("v").asking("ab c")),
        },
    );
}

#[test]
fn a_value_that_its_checksum_does_not_fit_is_damaged() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let stored = json!({"data": "d29ybGQ=", "dataCrc32c": "7"});
    let question = Question::of("a").has("projects/proj/secrets/airflow-variables-a", stored);
    differs(
        "google-checksum",
        &Sides {
            airflow: (question.theirs(judge, &world).0, Side::found("world")),
            secretctl: (question.ours(&world).0, Side::failed("status 5")),
        },
    );
}

#[test]
fn a_refused_login_is_not_repeated() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let question = Question {
        kwargs: json!({"gcp_credential_config_file": super::credentials::user(), "project_id": "proj"}),
        patience: 5.0,
        ..Question::of("a")
    };
    let refusal = Reply::json(400, json!({"error": "invalid_grant"}));
    let logins = |world: &World| {
        let is_login = |request: &&crate::support::server::Recorded| request.method == "POST";
        world.requests().iter().filter(is_login).count()
    };
    world.tell(&[], &vec![refusal.clone(); 99], &[]);
    let theirs = question.theirs(judge, &world).0;
    let by_airflow = logins(&world);
    world.tell(&[], &vec![refusal; 99], &[]);
    let program = world.program(&question.kwargs, &question.env);
    let ours = program.args(["--no-fallback", "get-var", "a"]).run();
    let by_us = logins(&world);
    differs(
        "google-refused-login",
        &Sides {
            airflow: (
                theirs.asking(by_airflow > 1),
                Side::failed("RetryError").asking(true),
            ),
            secretctl: (
                Side::of_secretctl(&ours).asking(by_us > 1),
                Side::failed("status 4").asking(false),
            ),
        },
    );
}

#[test]
fn the_metadata_server_is_asked_for_what_is_needed() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let question = Question {
        kwargs: json!({}),
        ..Question::of("a").has("projects/proj/secrets/airflow-variables-a", secret("v"))
    };
    let paths = |world: &World| -> Value {
        let requests = world.machine_requests();
        let path = |target: &str| {
            target
                .replace("/computeMetadata/v1/", "")
                .split('?')
                .next()
                .unwrap()
                .to_owned()
        };
        let mut paths: Vec<String> = requests.iter().map(|request| path(&request.target)).collect();
        paths.dedup();
        paths.into()
    };
    world.tell(&[], &[], &[]);
    let theirs = question.theirs(judge, &world).0;
    let by_airflow = paths(&world);
    let ours = question.ours(&world).0;
    let account = "instance/service-accounts/default/";
    let token = "instance/service-accounts/default/token";
    differs(
        "google-metadata",
        &Sides {
            airflow: (
                theirs.asking(by_airflow),
                Side::found("v").asking(json!(["/", "project/project-id", account, token])),
            ),
            secretctl: (
                ours.asking(paths(&world)),
                Side::found("v").asking(json!([token, "project/project-id"])),
            ),
        },
    );
}

#[test]
fn gclouds_variable_leads_to_another_endpoint() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let server = Server::start(|_| Reply::json(200, json!({"payload": {"data": "b3RoZXI="}})));
    let question = Question {
        env: json!({"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": server.url()}),
        ..Question::of("a").has("projects/proj/secrets/airflow-variables-a", secret("v"))
    };
    differs(
        "google-endpoint",
        &Sides {
            airflow: (question.theirs(judge, &world).0, Side::found("v")),
            secretctl: (question.ours(&world).0, Side::found("other")),
        },
    );
}

#[cfg(unix)]
#[test]
fn gcloud_is_not_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let program = world.file("bin/gcloud", "#!/bin/sh\necho of-program\n");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let user = super::credentials::user().to_string();
    world.file("gcloud/application_default_credentials.json", &user);
    world.file(
        "gcloud/configurations/config_default",
        "[core]\nproject = of-file\n",
    );
    let question = Question {
        kwargs: json!({}),
        env: json!({"CLOUDSDK_CONFIG": "{dir}/gcloud", "PATH": "{dir}/bin:/usr/bin:/bin"}),
        ..Question::of("a")
    };
    let (theirs, asked_by_airflow) = question.theirs(judge, &world);
    let (ours, asked) = question.ours(&world);
    let of = |project: &str| json!([format!("projects/{project}/secrets/airflow-variables-a")]);
    differs(
        "google-gcloud",
        &Sides {
            airflow: (
                theirs.asking(names(&asked_by_airflow)),
                Side::not_found().asking(of("of-program")),
            ),
            secretctl: (
                ours.asking(names(&asked)),
                Side::not_found().asking(of("of-file")),
            ),
        },
    );
}

#[cfg(unix)]
#[test]
fn what_a_program_says_beside_its_answer_is_not_part_of_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let script = "#!/bin/sh\necho working >&2\necho '{\"version\": 1, \"success\": true, \
        \"token_type\": \"urn:ietf:params:oauth:token-type:jwt\", \"id_token\": \"t\"}'\n";
    let program = world.file("program", script);
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let file = json!({
        "type": "external_account", "audience": "a", "subject_token_type": "t",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"executable": {"command": "{dir}/program"}},
    });
    let question = Question {
        kwargs: json!({"gcp_credential_config_file": file, "project_id": "proj"}),
        env: json!({"GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1"}),
        ..Question::of("a").has("projects/proj/secrets/airflow-variables-a", secret("v"))
    };
    differs(
        "google-executable",
        &Sides {
            airflow: (question.theirs(judge, &world).0, Side::failed("RetryError")),
            secretctl: (question.ours(&world).0, Side::found("v")),
        },
    );
}

#[test]
fn bytes_that_are_not_text_are_a_variable() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let question = Question::of("a").has(
        "projects/proj/secrets/airflow-variables-a",
        json!({"data": "/w=="}),
    );
    world.has_resources(&question.secrets);
    let program = world.program(&question.kwargs, &question.env);
    let output = program.args(["get-var", "-n", "a"]).run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    differs(
        "google-not-utf-8",
        &Sides {
            airflow: (
                question.theirs(judge, &world).0,
                Side::failed("UnicodeDecodeError"),
            ),
            secretctl: (Side::found(json!(output.stdout)), Side::found(json!([255]))),
        },
    );
}
