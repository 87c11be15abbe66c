//! Lookups beside Airflow's: the same kwargs, environment and servers, the same value and the same requests.
//!
//! Where secretctl's outcome is another on purpose, the case says so: a failure that Airflow's caller swallows has a status here.

use serde_json::{Value, json};

use super::support::{CLIENT, CLIENT_SECRET, TENANT, USER, VAULT, World, values};
use crate::support::server::Reply;
use crate::support::{Judge, Side, Sides, airflow, differs};

mod credentials;
mod failures;
mod lookups;

/// One case.
struct Case {
    name: &'static str,
    kwargs: Value,
    env: Value,
    kind: &'static str,
    id: &'static str,
    team: Option<&'static str>,
    /// What the servers do otherwise: `challenge`, `audience`, `lifetime`.
    world: Value,
    vault: Vec<Reply>,
    login: Vec<Reply>,
    machine: Vec<Reply>,
    /// The status that secretctl ends with.
    status: i32,
    /// What its errors say.
    says: &'static [&'static str],
    /// The deliberate difference that it shows, and Airflow's side of it.
    difference: Option<(&'static str, Side)>,
    /// Whether the requests are Airflow's own. Where they are not, the case's name says why.
    same_requests: bool,
}

impl Case {
    /// A lookup of the variable `hello` with the application's secret in the kwargs.
    fn new(name: &'static str) -> Self {
        Self {
            name,
            kwargs: values(),
            env: json!({}),
            kind: "variable",
            id: "hello",
            team: None,
            world: json!({}),
            vault: Vec::new(),
            login: Vec::new(),
            machine: Vec::new(),
            status: 0,
            says: &[],
            difference: None,
            same_requests: true,
        }
    }

    /// A lookup without an identity in the kwargs.
    fn default_credential(name: &'static str, env: Value) -> Self {
        let kwargs = json!({"vault_url": format!("https://{VAULT}/")});
        Self {
            kwargs,
            env,
            ..Self::new(name)
        }
    }

    fn kwarg(mut self, name: &str, value: Value) -> Self {
        self.kwargs[name] = value;
        self
    }

    fn variable(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.env[name] = value.into();
        self
    }

    fn ask(mut self, kind: &'static str, id: &'static str) -> Self {
        (self.kind, self.id) = (kind, id);
        self
    }

    fn fails(mut self, status: i32, says: &'static [&'static str]) -> Self {
        (self.status, self.says) = (status, says);
        self
    }

    fn differs(mut self, id: &'static str, airflow: Side) -> Self {
        self.difference = Some((id, airflow));
        self
    }

    fn world(mut self, world: Value) -> Self {
        self.world = world;
        self
    }

    fn vault(mut self, replies: impl IntoIterator<Item = Reply>) -> Self {
        self.vault.extend(replies);
        self
    }

    fn login(mut self, replies: impl IntoIterator<Item = Reply>) -> Self {
        self.login.extend(replies);
        self
    }

    fn machine(mut self, replies: impl IntoIterator<Item = Reply>) -> Self {
        self.machine.extend(replies);
        self
    }

    fn other_requests(mut self) -> Self {
        self.same_requests = false;
        self
    }

    /// Runs the case; `tools` are laid out anew for each of the two.
    fn run(&self, world: &World, judge: &Judge, tools: &dyn Fn(&World)) {
        let name = self.name;
        world.tell(&self.world, &self.vault, &self.login, &self.machine);
        tools(world);
        let mut env = world.env(&self.env);
        if self.team.is_some() {
            env.insert("AIRFLOW__CORE__MULTI_TEAM".to_owned(), json!("True"));
        }
        let question = json!({
            "op": "azure.ask", "kwargs": self.kwargs, "env": env, "kind": self.kind, "id": self.id, "team": self.team,
        });
        let airflows = judge.ask(question);
        let (airflows_requests, airflows_tools) = (world.requests(), world.tools());

        world.tell(&self.world, &self.vault, &self.login, &self.machine);
        tools(world);
        let command = match self.kind {
            "connection" => ["get-conn", "-n", "-o", "raw"].as_slice(),
            "variable" => &["get-var", "-n"],
            _ => &["get-config", "--backend-key", "-n"],
        };
        let mut program = world.program(&self.kwargs, &self.env).args(command).arg(self.id);
        if let Some(team) = self.team {
            program = program
                .args(["--team", team])
                .env("AIRFLOW__CORE__MULTI_TEAM", "True");
        }
        let output = program.run();
        let (requests, used_tools) = (world.requests(), world.tools());

        assert_eq!(
            output.status, self.status,
            "{name}: {}\nAirflow: {airflows}\n{requests:#?}",
            output.stderr
        );
        match airflows.get("value") {
            // Both sides are stated.
            _ if self.difference.is_some() => {}
            Some(Value::String(value)) => {
                assert_eq!(output.status, 0, "{name}: Airflow has it: {}", output.stderr);
                assert_eq!(output.stdout, value.as_bytes(), "{name}");
            }
            Some(_) => assert_ne!(output.status, 0, "{name}: Airflow does not have it"),
            None => assert_ne!(output.status, 0, "{name}: Airflow fails: {airflows}"),
        }
        if let Some((id, airflow)) = &self.difference {
            let mut sides = Sides {
                airflow: (Side::of_airflow(&airflows), airflow.clone()),
                secretctl: (
                    Side::of_secretctl(&output),
                    Side::failed(format!("status {}", self.status)),
                ),
            };
            // Where the requests are others too, it is because we send none.
            if !self.same_requests {
                let (theirs, ours) = (lines(&airflows_requests), lines(&requests));
                sides.airflow.0 = sides.airflow.0.asking(theirs);
                sides.secretctl = (
                    sides.secretctl.0.asking(ours),
                    sides.secretctl.1.asking(json!([])),
                );
            }
            differs(id, &sides);
        }
        for words in self.says {
            assert!(
                output.stderr.contains(words),
                "{name}: `{words}` is not in: {}",
                output.stderr
            );
        }
        for secret in [CLIENT_SECRET, USER.1, "eyJ", "a.federated.token", "853b9a84"] {
            assert!(
                !output.stderr.contains(secret),
                "{name}: a secret is in: {}",
                output.stderr
            );
        }
        if self.same_requests {
            assert_eq!(
                sorted(requests),
                sorted(airflows_requests),
                "{name}: ours, and Airflow's; {}",
                output.stderr
            );
            if !airflows_tools.contains("pwsh ") {
                assert_eq!(used_tools, airflows_tools, "{name}");
            }
        }
    }
}

/// Who was asked for what, without the version of the API and what else the requests hold.
fn lines(requests: &[String]) -> Value {
    let mut lines: Vec<String> = requests
        .iter()
        .map(|line| {
            let line = line.split_once(" metadata=").map_or(&**line, |(start, _)| start);
            match line.split_once("api-version=") {
                Some((start, version)) => {
                    let more = version.split_once('&').map_or("", |(_, more)| more);
                    format!("{start}{more}")
                }
                None => line.to_owned(),
            }
        })
        .collect();
    lines.sort_unstable();
    json!(lines)
}

/// The token is asked for ahead of the challenge's answer: the order of the two is nobody's business.
fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

/// Runs all of `cases` in one world.
fn run(cases: &[Case]) {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    for case in cases {
        case.run(&world, judge, &|_| {});
    }
}

/// The environment of a service principal with a secret.
fn principal() -> Value {
    json!({"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": CLIENT_SECRET})
}
