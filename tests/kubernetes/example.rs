//! The example: its objects belong together, its Job runs, and its Role allows what the backend asks for and no more.

use std::path::Path;

use serde_json::{Map, Value};

use super::api::{self, Held};
use super::{BACKEND, kubeconfig};
use crate::support::server::{Authority, Server, Validity};
use crate::support::{Program, temp_dir, yaml};

/// Returns the objects of the example.
pub fn objects() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kubernetes/job.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n---\n").map(yaml).collect()
}

/// Returns the only object of a kind.
pub fn only(kind: &str) -> Value {
    let mut all = objects();
    all.retain(|object| object["kind"] == kind);
    assert_eq!(all.len(), 1, "{kind}");
    all.remove(0)
}

fn held() -> Vec<Held> {
    let objects = objects();
    let secrets = objects.iter().filter(|object| object["kind"] == "Secret");
    let pairs = |object: &Value| -> Vec<(String, String)> {
        let object: &Map<_, _> = object.as_object().unwrap();
        object
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
            .collect()
    };
    secrets
        .map(|secret| Held {
            namespace: "airflow".to_owned(),
            labels: pairs(&secret["metadata"]["labels"]),
            data: pairs(&secret["stringData"])
                .into_iter()
                .map(|(key, value)| (key, value.into_bytes()))
                .collect(),
        })
        .collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap())
        .collect()
}

#[test]
fn the_objects_belong_together() {
    let (account, role, binding, job) = (
        only("ServiceAccount"),
        only("Role"),
        only("RoleBinding"),
        only("Job"),
    );
    assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);
    assert_eq!(binding["roleRef"]["kind"], role["kind"]);
    assert_eq!(binding["subjects"][0]["kind"], account["kind"]);
    assert_eq!(binding["subjects"][0]["name"], account["metadata"]["name"]);
    assert_eq!(
        job["spec"]["template"]["spec"]["serviceAccountName"],
        account["metadata"]["name"]
    );
    assert_eq!(held().len(), 2);
}

#[test]
fn the_job_runs_with_the_requests_that_its_role_allows() {
    let certificate = Authority::trusted().certificate(Validity::Good);
    let secrets = held();
    let server = Server::start_tls(&certificate, move |request| api::answer(request, &secrets));
    let folder = temp_dir();
    std::fs::write(folder.path().join("ca.pem"), Authority::trusted().pem()).unwrap();
    let cluster = serde_json::json!({"server": server.url(), "certificate-authority": "ca.pem"});
    let config = kubeconfig(cluster, serde_json::json!({"token": "t"}));
    std::fs::write(folder.path().join("config"), config.to_string()).unwrap();
    let job = only("Job");
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let command = [texts(&container["command"]), texts(&container["args"])].concat();
    assert_eq!(command[0], "secretctl");
    let env = container["env"].as_array().unwrap().iter();
    let env: Vec<_> = env
        .map(|variable| {
            (
                variable["name"].as_str().unwrap(),
                variable["value"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(env, [("AIRFLOW__SECRETS__BACKEND", BACKEND)]);
    let output = Program::new(env!("CARGO_BIN_EXE_secretctl"))
        .envs(env)
        .env("KUBECONFIG", folder.path().join("config"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(&command[1..])
        .run();
    assert_eq!(output.ok(), "");
    // A GET of the collection is `list`.
    let requests = server.take();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.method, "GET");
        assert!(
            request.target.starts_with("/api/v1/namespaces/airflow/secrets?"),
            "{}",
            request.target
        );
    }
    let allowed = serde_json::json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]);
    assert_eq!(only("Role")["rules"], allowed);
}
