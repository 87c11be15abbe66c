//! A real API server with RBAC, in whose pod this test runs: `scripts/kubernetes` starts both.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::api::{self, Held};
use super::{BACKEND, kubernetes};
use crate::support::{airflow, skip, variable};

const API: &str = "https://127.0.0.1:6443";

/// Returns the folder of `scripts/kubernetes`, or says why the test is skipped.
fn cluster() -> Option<PathBuf> {
    let folder = variable("SECRETCTL_TEST_KUBERNETES");
    if folder.is_none() {
        skip(
            "kube-apiserver",
            "scripts/kubernetes runs this test where KUBE_APISERVER and ETCD are to be had",
        );
    }
    folder.map(PathBuf::from)
}

/// Returns a run of curl as the cluster's administrator.
fn curl(folder: &std::path::Path) -> Command {
    let file = |name: &str| folder.join(name);
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--noproxy", "*", "--cacert"])
        .arg(file("ca.pem"));
    command.arg("--cert").arg(file("admin.pem"));
    command.arg("--key").arg(file("admin.key"));
    command
}

/// Creates an object as the cluster's administrator.
fn make(folder: &std::path::Path, path: &str, object: &Value) {
    let made = curl(folder)
        .args([
            "--fail-with-body",
            "--header",
            "Content-Type: application/json",
            "--data",
            &object.to_string(),
        ])
        .arg(format!("{API}/{path}"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
}

/// Applies the example, but for its Job, and returns a token of its service account.
fn apply_example(folder: &std::path::Path) -> String {
    for object in super::example::objects() {
        let place = match object["kind"].as_str().unwrap() {
            "ServiceAccount" => "api/v1/namespaces/airflow/serviceaccounts",
            "Secret" => "api/v1/namespaces/airflow/secrets",
            "Role" => "apis/rbac.authorization.k8s.io/v1/namespaces/airflow/roles",
            "RoleBinding" => continue,
            kind => {
                assert_eq!(kind, "Job");
                let dry = "apis/batch/v1/namespaces/airflow/jobs?dryRun=All";
                make(folder, dry, &object);
                continue;
            }
        };
        make(folder, place, &object);
    }
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let output = curl(folder)
        .args([
            "--header",
            "Content-Type: application/json",
            "--data",
            &request.to_string(),
        ])
        .arg(format!(
            "{API}/api/v1/namespaces/airflow/serviceaccounts/etl/token"
        ))
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["status"]["token"].as_str().unwrap().to_owned()
}

#[test]
fn the_role_of_the_example_is_what_the_backend_needs() {
    let Some(folder) = cluster() else { return };
    let token = apply_example(&folder);
    let cluster = json!({"server": API, "certificate-authority": folder.join("ca.pem")});
    let config = folder.join("etl.config");
    std::fs::write(
        &config,
        super::kubeconfig(cluster, json!({"token": token})).to_string(),
    )
    .unwrap();
    let run = || {
        kubernetes(&json!({}))
            .env("KUBECONFIG", &config)
            .args(["get-var", "region", "-n"])
            .run()
    };
    assert!(run().fails(4).contains("list"));
    let binding = super::example::only("RoleBinding");
    make(
        &folder,
        "apis/rbac.authorization.k8s.io/v1/namespaces/airflow/rolebindings",
        &binding,
    );
    // The API server learns of a binding a moment later.
    let mut output = run();
    for _ in 0..50 {
        if output.status == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        output = run();
    }
    assert_eq!(output.ok(), "eu-central-1");
    // The same role lists the names, from metadata alone.
    let listed = kubernetes(&json!({}))
        .env("KUBECONFIG", &config)
        .args(["list", "var", "--no-fallback"])
        .run();
    assert!(
        listed.ok().lines().any(|line| line.starts_with("region\t")),
        "{}",
        listed.text()
    );
}

/// Replaces what is different in every cluster.
fn common(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match name.as_str() {
                    "uid" | "resourceVersion" | "creationTimestamp" | "time" => *value = "…".into(),
                    _ => common(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(common),
        _ => {}
    }
}

#[test]
fn the_scripted_answers_are_the_real_ones() {
    let Some(folder) = cluster() else { return };
    let mut held = Held::new("example.com/scripted", "one", "world");
    held.data.push(("other".to_owned(), b"\xff".to_vec()));
    let mut empty = Held::new("example.com/scripted", "none", "");
    empty.data.clear();
    let secrets = [held, empty];
    for (number, secret) in secrets.iter().enumerate() {
        let data: Map<_, _> = secret
            .data
            .iter()
            .map(|(key, value)| (key.clone(), json!(STANDARD.encode(value))))
            .collect();
        let labels: Map<_, _> = secret.labels.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        let mut object = json!({"metadata": {"name": format!("s{number}"), "labels": labels}});
        if !data.is_empty() {
            object["data"] = data.into();
        }
        make(&folder, "api/v1/namespaces/airflow/secrets", &object);
    }
    for target in [
        "/api/v1/namespaces/airflow/secrets?labelSelector=example.com%2Fscripted",
        "/api/v1/namespaces/airflow/secrets?labelSelector=example.com%2Fscripted%3Dnone&resourceVersion=0",
        "/api/v1/namespaces/airflow/secrets?labelSelector=example.com%2Fscripted%3Dtwo&resourceVersion=0",
        "/api/v1/namespaces/gone/secrets?labelSelector=example.com%2Fscripted",
        "/api/v1/namespaces/airflow/secrets?labelSelector=a%3D%3D%3Dx",
        "/api/v1/nothing",
    ] {
        let (status, mut ours) = api::answer_to(target, "application/json", &secrets);
        let output = curl(&folder)
            .args(["--write-out", "%{http_code}"])
            .arg(format!("{API}{target}"))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, code) = text.split_at(text.len() - 3);
        let mut theirs: Value = serde_json::from_str(body).unwrap();
        common(&mut ours);
        common(&mut theirs);
        assert_eq!((code, &theirs), (status.to_string().as_str(), &ours), "{target}");
    }
}

#[test]
fn a_pod_reads_what_its_role_allows_as_airflow_does() {
    let Some(folder) = cluster() else { return };
    for (name, labels, data) in [
        ("db", json!({"variable-key": "db"}), json!({"value": "plain"})),
        (
            "db-red",
            json!({"variable-key": "db", "team": "red"}),
            json!({"value": "of red"}),
        ),
        (
            "twice-1",
            json!({"variable-key": "twice"}),
            json!({"value": "first"}),
        ),
        (
            "twice-2",
            json!({"variable-key": "twice"}),
            json!({"value": "second"}),
        ),
        (
            "keyless",
            json!({"variable-key": "keyless"}),
            json!({"other": "hidden"}),
        ),
        (
            "conn",
            json!({"connection-id": "conn"}),
            json!({"value": "postgres://u:p@h/d"}),
        ),
    ] {
        let labels: serde_json::Map<_, _> = labels
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (format!("airflow.apache.org/{key}"), value.clone()))
            .collect();
        let secret = json!({"metadata": {"name": name, "labels": labels}, "stringData": data});
        make(&folder, "api/v1/namespaces/airflow/secrets", &secret);
    }
    let multi_team = ("AIRFLOW__CORE__MULTI_TEAM", "True");
    for (args, status, value) in [
        (&["get-var", "db"][..], 0, "plain"),
        (&["get-var", "db", "--team", "red"], 0, "of red"),
        (&["get-var", "twice"], 0, "first"),
        (&["get-conn", "conn"], 0, "postgres://u:p@h/d"),
        (&["get-var", "missing"], 3, ""),
        (&["get-var", "keyless"], 6, ""),
    ] {
        let output = kubernetes(&json!({}))
            .envs([multi_team])
            .envs(pod())
            .args(["-n", "--no-fallback"])
            .args(args)
            .run();
        assert_eq!(
            (output.status, output.text()),
            (status, value),
            "{args:?} {}",
            output.stderr
        );
        if let Some(judge) = airflow().filter(|_| status != 6) {
            let mut env: serde_json::Map<_, _> = pod().into_iter().map(|(k, v)| (k, json!(v))).collect();
            env.insert(multi_team.0.to_owned(), json!(multi_team.1));
            let kind = if args[0] == "get-conn" {
                "connection"
            } else {
                "variable"
            };
            let theirs = judge.ask(json!({
                "op": "kubernetes.pod", "kwargs": {}, "kind": kind, "id": args[1], "team": args.get(3), "env": env,
            }));
            let expected = if status == 0 { json!(value) } else { Value::Null };
            assert_eq!(theirs["value"], expected, "{args:?} {theirs}");
        }
    }
    // The role allows one namespace alone, and the account without `list` none.
    let other = kubernetes(&json!({"namespace": "elsewhere"}))
        .envs(pod())
        .args(["get-var", "db"])
        .run();
    assert!(other.fails(4).contains("list"), "{}", other.stderr);
    let outsider = super::kubeconfig(
        json!({"server": API, "certificate-authority": folder.join("ca.pem")}),
        json!({"tokenFile": folder.join("outsider.token")}),
    );
    let config = folder.join("outsider.config");
    std::fs::write(&config, outsider.to_string()).unwrap();
    let output = kubernetes(&json!({}))
        .env("KUBECONFIG", config)
        .args(["get-var", "db"])
        .run();
    assert!(output.fails(4).contains("list"), "{BACKEND} {}", output.stderr);
}

/// The variables of a pod.
fn pod() -> Vec<(String, String)> {
    ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), variable(name)?)))
        .collect()
}
