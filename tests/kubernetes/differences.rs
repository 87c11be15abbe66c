//! The deliberate differences from Airflow: both sides of each, asked the same.

use serde_json::{Value, json};

use super::api::{self, Held};
use super::{kubeconfig, kubernetes};
use crate::support::server::{Authority, Server, Validity};
use crate::support::{Judge, Program, Side, Sides, airflow, differs, temp_dir};

/// A cluster with secrets, and a kubeconfig that leads to it.
struct Cluster {
    server: Server,
    folder: tempfile::TempDir,
}

impl Cluster {
    fn start(secrets: Vec<Held>) -> Self {
        let certificate = Authority::trusted().certificate(Validity::Good);
        let server = Server::start_tls(&certificate, move |request| api::answer(request, &secrets));
        let folder = temp_dir();
        std::fs::write(folder.path().join("ca.pem"), Authority::trusted().pem()).unwrap();
        let cluster = json!({"server": format!("https://127.0.0.1:{}", server.port), "certificate-authority": "ca.pem"});
        let config = kubeconfig(cluster, json!({"token": "t1"}));
        std::fs::write(folder.path().join("config"), config.to_string()).unwrap();
        Self { server, folder }
    }

    fn program(&self) -> Program {
        self.program_with(&json!({}))
    }

    fn program_with(&self, kwargs: &Value) -> Program {
        kubernetes(kwargs)
            .env("KUBECONFIG", self.folder.path().join("config"))
            .arg("--no-fallback")
    }

    /// Asks Airflow's backend, in a pod whose files lead to the cluster.
    fn theirs(&self, judge: &Judge, id: &str) -> Value {
        let env = json!({"KUBERNETES_SERVICE_PORT": self.server.port.to_string()});
        Self::ask(judge, &json!({}), id, &env)
    }

    fn ask(judge: &Judge, kwargs: &Value, id: &str, env: &Value) -> Value {
        judge.ask(json!({
            "op": "kubernetes.ask", "kwargs": kwargs, "kind": "variable", "id": id, "team": null,
            "pod_namespace": "airflow", "token": "t1", "ca": Authority::trusted().pem(), "env": env,
        }))
    }

    /// Returns how often the cluster was asked since.
    fn asked(&self) -> usize {
        self.server.take().len()
    }
}

const LABEL: &str = "airflow.apache.org/variable-key";

#[test]
fn an_id_that_no_label_can_have_is_not_asked_for() {
    let Some(judge) = airflow() else { return };
    let cluster = Cluster::start(vec![Held::new(LABEL, "db", "found by another requirement")]);
    // A `,` begins another requirement: the first secret with the label `db` answers.
    let id = "db,!other";
    let theirs = Side::of_airflow(&cluster.theirs(judge, id)).asking(cluster.asked());
    let output = cluster.program().args(["get-var", id]).run();
    let ours = Side::of_secretctl(&output).asking(cluster.asked());
    differs(
        "kubernetes-id-is-no-label",
        &Sides {
            airflow: (theirs, Side::found("found by another requirement").asking(1)),
            secretctl: (ours, Side::not_found().asking(0)),
        },
    );
    assert!(output.stderr.contains("`,`"), "{}", output.stderr);
}

#[test]
fn a_secret_without_its_key_is_an_error() {
    let Some(judge) = airflow() else { return };
    let mut secret = Held::new(LABEL, "db", "x");
    secret.data = vec![("password".to_owned(), b"hidden".to_vec())];
    let cluster = Cluster::start(vec![secret]);
    let theirs = Side::of_airflow(&cluster.theirs(judge, "db"));
    let output = cluster.program().args(["get-var", "db"]).run();
    differs(
        "kubernetes-secret-without-its-key",
        &Sides {
            airflow: (theirs, Side::not_found()),
            secretctl: (Side::of_secretctl(&output), Side::failed("status 6")),
        },
    );
    assert!(
        output.stderr.contains("`value`") && output.stderr.contains("`password`"),
        "{}",
        output.stderr
    );
}

#[test]
fn outside_a_pod_the_kubeconfig_is_used() {
    let Some(judge) = airflow() else { return };
    let cluster = Cluster::start(vec![Held::new(LABEL, "db", "x")]);
    let kubeconfig = cluster.folder.path().join("config");
    let env = json!({
        "KUBERNETES_SERVICE_HOST": "", "KUBERNETES_SERVICE_PORT": "", "KUBECONFIG": kubeconfig,
    });
    let theirs = Side::of_airflow(&Cluster::ask(judge, &json!({}), "db", &env)).asking(cluster.asked());
    let output = cluster.program().args(["get-var", "db"]).run();
    let ours = Side::of_secretctl(&output).asking(cluster.asked());
    differs(
        "kubernetes-kubeconfig",
        &Sides {
            airflow: (theirs, Side::failed("ConfigException").asking(0)),
            secretctl: (ours, Side::found("x").asking(1)),
        },
    );
}

#[test]
fn a_data_key_that_is_null_is_refused() {
    let Some(judge) = airflow() else { return };
    let cluster = Cluster::start(vec![Held::new(LABEL, "db", "x")]);
    let kwargs = json!({"variables_data_key": null});
    let env = json!({"KUBERNETES_SERVICE_PORT": cluster.server.port.to_string()});
    let theirs = Side::of_airflow(&Cluster::ask(judge, &kwargs, "db", &env)).asking(cluster.asked());
    let output = cluster.program_with(&kwargs).args(["get-var", "db"]).run();
    let ours = Side::of_secretctl(&output).asking(cluster.asked());
    differs(
        "kubernetes-null-data-key",
        &Sides {
            airflow: (theirs, Side::not_found().asking(1)),
            secretctl: (ours, Side::failed("status 2").asking(0)),
        },
    );
    // A label that is null is not looked up, by either.
    let kwargs = json!({"variables_label": null});
    let theirs = Cluster::ask(judge, &kwargs, "db", &env);
    assert_eq!(theirs, json!({"value": null}));
    cluster
        .program_with(&kwargs)
        .args(["get-var", "db"])
        .run()
        .fails(3);
    assert_eq!(cluster.asked(), 0);
}
