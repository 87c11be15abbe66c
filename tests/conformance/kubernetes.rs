//! Kubernetes Secrets: a scripted API server over TLS, outside of a cluster.

use serde_json::json;

use super::{DSN, Subject, URI, WORLD, conforms};
use crate::kubernetes::api::{self, Held};
use crate::kubernetes::{BACKEND, kubeconfig};
use crate::support::server::{Authority, Server, Validity};
use crate::support::temp_dir;

#[test]
fn kubernetes_secrets_conform() {
    let held = [
        Held::new("airflow.apache.org/connection-id", "smtp_default", URI),
        Held::new("airflow.apache.org/variable-key", "hello", WORLD),
        Held::new("airflow.apache.org/config-key", "sql_alchemy_conn", DSN),
    ];
    let certificate = Authority::trusted().certificate(Validity::Good);
    let server = Server::start_tls(&certificate, move |request| api::answer(request, &held));
    let folder = temp_dir();
    std::fs::write(folder.path().join("ca.pem"), Authority::trusted().pem()).unwrap();
    let cluster =
        json!({"server": format!("https://127.0.0.1:{}", server.port), "certificate-authority": "ca.pem"});
    let file = folder.path().join("config");
    std::fs::write(
        &file,
        kubeconfig(cluster, json!({"token": "hidden-token"})).to_string(),
    )
    .unwrap();
    conforms(&Subject {
        class_path: BACKEND,
        kwargs: json!({}),
        env: vec![("KUBECONFIG".to_owned(), file.to_str().unwrap().to_owned())],
        has_configuration: true,
    });
}
