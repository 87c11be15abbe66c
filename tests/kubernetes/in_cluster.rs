//! In a pod: the files of the service account are at their real place, in a mount namespace.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::BACKEND;
use super::api::{self, Held};
use crate::support::server::{Authority, Certificate, Reply, Server, Tunnel, Validity};
use crate::support::{Program, airflow, skip, temp_dir};

/// A pod: the folder of its service account.
struct Pod(TempDir);

impl Pod {
    /// Makes a pod with a token, or says why the test is skipped.
    fn start() -> Option<Self> {
        let is_possible = Command::new("unshare")
            .args(["--mount", "--", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !is_possible {
            skip("mount namespace", "`unshare --mount` needs root");
            return None;
        }
        let pod = Self(temp_dir());
        pod.write("token", "t1");
        pod.write("namespace", "airflow\n");
        pod.write("ca.crt", &Authority::trusted().pem());
        Some(pod)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.path().join(name)).unwrap();
    }

    /// Describes a run of the program in this pod.
    fn secretctl(&self, port: u16, kwargs: &Value) -> Program {
        let script = r#"run=$(readlink -f /var/run) && mount -t tmpfs tmpfs "$run" && mkdir -p "$run/secrets/kubernetes.io" &&
            ln -s "$0" "$run/secrets/kubernetes.io/serviceaccount" && exec "$@""#;
        Program::new("unshare")
            .args(["--mount", "--", "sh", "-c", script])
            .arg(self.path())
            .arg(env!("CARGO_BIN_EXE_secretctl"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
            .env("KUBERNETES_SERVICE_PORT", port.to_string())
            .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
    }
}

fn certificate() -> Certificate {
    Authority::trusted().certificate(Validity::Good)
}

fn cluster() -> Server {
    let held = [
        Held::new("airflow.apache.org/connection-id", "db", "postgres://u:p@h/db"),
        Held::new("airflow.apache.org/variable-key", "twice", "first"),
        Held::new("airflow.apache.org/variable-key", "twice", "second"),
    ];
    Server::start_tls(&certificate(), move |request| api::answer(request, &held))
}

#[test]
fn a_pod_asks_its_own_cluster_with_its_token() {
    let Some(pod) = Pod::start() else { return };
    let server = cluster();
    let output = pod
        .secretctl(server.port, &json!({}))
        .args(["get-conn", "db", "-n"])
        .run();
    assert_eq!(output.ok(), "postgres://u:p@h/db");
    let [request] = server.take().try_into().unwrap();
    assert_eq!(
        request.target,
        "/api/v1/namespaces/airflow/secrets?labelSelector=airflow.apache.org%2Fconnection-id%3Ddb%2C%21airflow.apache.org%2Fteam&\
         resourceVersion=0"
    );
    assert_eq!(request.header("authorization"), Some("Bearer t1"));
    assert_eq!(request.header("accept"), Some("application/json"));
    // KUBECONFIG does not count in a pod.
    let output = pod
        .secretctl(server.port, &json!({"namespace": "other"}))
        .env("KUBECONFIG", "/nonexistent")
        .args(["get-conn", "db"])
        .run();
    let stderr = output.fails(3);
    assert!(
        stderr.contains(&format!(
            "https://127.0.0.1:{} was asked for namespace `other`, as the pod's service account",
            server.port
        )),
        "{stderr}"
    );
}

#[test]
fn the_first_of_several_is_used_with_a_warning() {
    let Some(pod) = Pod::start() else { return };
    let server = cluster();
    let output = pod
        .secretctl(server.port, &json!({}))
        .args(["get-var", "twice", "-n"])
        .run();
    assert_eq!(output.ok(), "first");
    assert_eq!(
        output.stderr,
        "warning: 2 Secrets of namespace `airflow` have the labels `airflow.apache.org/variable-key=twice,!airflow.apache.org/team`; \
         `s1` is used, as in Airflow\n"
    );
    let output = pod
        .secretctl(server.port, &json!({}))
        .args(["explain", "var", "twice", "--probe"])
        .run();
    assert!(output.ok().contains("found"), "{}", output.text());
    assert!(
        output.stderr.contains("2 Secrets of namespace"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_token_that_was_replaced_is_read_again() {
    let Some(pod) = Pod::start() else { return };
    let file = Mutex::new(pod.path().join("token"));
    let server = Server::start_tls(&certificate(), move |request| {
        match request.header("authorization") {
            Some("Bearer t1") => {
                std::fs::write(&*file.lock().unwrap(), "t2\n").unwrap();
                api::unauthorized()
            }
            _ => api::answer(
                request,
                &[Held::new("airflow.apache.org/variable-key", "hello", "world")],
            ),
        }
    });
    let output = pod
        .secretctl(server.port, &json!({}))
        .args(["get-var", "hello", "-n"])
        .run();
    assert_eq!(output.ok(), "world");
    let tokens: Vec<_> = server
        .take()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(tokens, ["Bearer t1", "Bearer t2"]);
    // A probe takes the refusal as the answer.
    pod.write("token", "t1");
    let output = pod
        .secretctl(server.port, &json!({}))
        .args(["explain", "var", "hello", "--probe"])
        .run();
    assert!(output.text().contains("denied"), "{}", output.text());
    assert_eq!(server.take().len(), 1);
}

#[test]
fn refusals_and_statuses_have_their_kind_and_a_way_out() {
    let Some(pod) = Pod::start() else { return };
    let unparsable = "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt";
    for (reply, status, words) in [
        (api::unauthorized(), 4, "refused the credential"),
        (api::forbidden(), 4, "`verbs: [list]`"),
        (
            api::status(400, "BadRequest", unparsable),
            2,
            "check the backend kwargs `variables_label` and `team_label`",
        ),
        (
            api::status(
                404,
                "NotFound",
                "the server could not find the requested resource",
            ),
            5,
            "(404)",
        ),
        (
            api::status(429, "TooManyRequests", "too many requests"),
            5,
            "throttling",
        ),
        (
            api::status(500, "InternalError", "etcdserver: request timed out"),
            5,
            "etcdserver: request timed out",
        ),
        (
            api::status(504, "Timeout", "Timeout: Too large resource version"),
            5,
            "(504)",
        ),
        (Reply::html(404), 5, "not a list of Secrets"),
        (Reply::html(200), 5, "not a list of Secrets"),
        (
            Reply::json(200, json!({"kind": "PodList", "items": []})),
            5,
            "not a list of Secrets",
        ),
        (
            api::list(&json!([{"metadata": {"name": "x"}}])),
            6,
            "Secret `x` has no key `value`",
        ),
        (
            api::list(&json!([{"metadata": {"name": "x"}, "data": {"a": ""}}])),
            6,
            "it has `a`",
        ),
        (
            api::list(&json!([{"metadata": {"name": "x"}, "data": {"value": "Y"}}])),
            6,
            "is not base64",
        ),
        (
            api::list(&json!([{"metadata": {"name": "x"}, "data": {"value": "/w=="}}])),
            6,
            "is not UTF-8",
        ),
        (api::list(&json!(["x"])), 6, "not an object"),
    ] {
        let server = Server::start_tls(&certificate(), move |_| reply.clone());
        let output = pod
            .secretctl(server.port, &json!({}))
            .args(["get-var", "hello", "--no-fallback"])
            .run();
        assert!(output.fails(status).contains(words), "{words}: {}", output.stderr);
    }
}

#[test]
fn a_pod_without_a_credential_says_so_and_may_have_a_kubeconfig() {
    let Some(pod) = Pod::start() else { return };
    let server = cluster();
    let run = |env: &[(&str, &str)], kwargs: &Value| {
        pod.secretctl(server.port, kwargs)
            .envs(env.iter().copied())
            .args(["get-conn", "db", "-n"])
            .run()
    };
    pod.remove("namespace");
    let output = run(&[], &json!({}));
    assert!(
        output.fails(2).contains("set the backend kwarg `namespace`"),
        "{}",
        output.stderr
    );
    assert_eq!(
        run(&[], &json!({"namespace": "airflow"})).ok(),
        "postgres://u:p@h/db"
    );
    pod.write("token", "");
    assert!(run(&[], &json!({"namespace": "a"})).fails(4).contains("is empty"));
    pod.write("token", "t 1");
    assert!(
        run(&[], &json!({"namespace": "a"}))
            .fails(4)
            .contains("cannot be sent over HTTP")
    );
    pod.remove("token");
    assert!(
        run(&[], &json!({}))
            .fails(4)
            .contains("automountServiceAccountToken")
    );
    let cluster =
        json!({"server": format!("https://127.0.0.1:{}", server.port), "certificate-authority": "ca.crt"});
    pod.write(
        "config",
        &super::kubeconfig(cluster, json!({"token": "t"})).to_string(),
    );
    let config = pod.path().join("config");
    let output = run(&[("KUBECONFIG", config.to_str().unwrap())], &json!({}));
    assert_eq!(output.ok(), "postgres://u:p@h/db");
    assert_eq!(
        server.take().pop().unwrap().header("authorization"),
        Some("Bearer t")
    );
}

#[test]
fn the_proxy_is_that_of_the_client_for_python() {
    let Some(pod) = Pod::start() else { return };
    let certificate = Authority::trusted().certificate_for(&["kubernetes.default.svc"]);
    let held = [Held::new("airflow.apache.org/connection-id", "db", "x://h")];
    let server = Server::start_tls(&certificate, move |request| api::answer(request, &held));
    let tunnel = Tunnel::start(server.port);
    let proxy = format!("http://127.0.0.1:{}", tunnel.port);
    for (env, proxied) in [
        (vec![("HTTPS_PROXY", proxy.as_str())], true),
        (vec![("HTTP_PROXY", &proxy)], true),
        (
            vec![("HTTP_PROXY", &proxy), ("https_proxy", "http://127.0.0.1:1")],
            true,
        ),
        (vec![("HTTP_PROXY", &proxy), ("NO_PROXY", "default.svc")], false),
        (vec![("ALL_PROXY", &proxy)], false),
    ] {
        let mut all = env.clone();
        all.push(("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc"));
        let output = pod
            .secretctl(443, &json!({}))
            .envs(all.iter().copied())
            .args(["get-conn", "db", "--timeout", "5"])
            .run();
        let asked = tunnel.take();
        assert_eq!(
            (output.status, asked.len()),
            if proxied { (0, 1) } else { (5, 0) },
            "{env:?}: {}",
            output.stderr
        );
        let Some(judge) = airflow() else { continue };
        let mut env: Value = all
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        env["KUBERNETES_SERVICE_PORT"] = "443".into();
        let question = json!({
            "op": "kubernetes.ask", "kwargs": {}, "kind": "connection", "id": "db", "team": null, "pod_namespace": "airflow", "token": "t1",
            "ca": Authority::trusted().pem(), "env": env,
        });
        let answer = judge.ask(question);
        assert_eq!(answer["value"].is_string(), proxied, "{env}: {answer}");
        assert_eq!(tunnel.take().len(), asked.len(), "{env}");
    }
}
