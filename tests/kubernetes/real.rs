//! A real API server with RBAC, in whose pod this test runs: `scripts/kubernetes` starts both.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

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

/// Creates an object as the cluster's administrator.
fn make(folder: &std::path::Path, path: &str, object: &Value) {
    let file = |name: &str| folder.join(name);
    let made = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--noproxy",
            "*",
            "--cacert",
        ])
        .arg(file("ca.pem"))
        .arg("--cert")
        .arg(file("admin.pem"))
        .arg("--key")
        .arg(file("admin.key"))
        .args([
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
