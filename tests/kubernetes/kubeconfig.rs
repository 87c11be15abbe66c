//! The kubeconfig: each kind of user, each key of a cluster, and several files.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::api::{self, Held};
use super::{kubeconfig, kubernetes};
use crate::support::server::{Authority, Recorded, Reply, Server, Tunnel, Validity};
use crate::support::{Output, temp_dir};

fn answer(request: &Recorded) -> Reply {
    api::answer(
        request,
        &[Held::new("airflow.apache.org/variable-key", "hello", "world")],
    )
}

fn cluster() -> Server {
    Server::start_tls(&Authority::trusted().certificate(Validity::Good), answer)
}

fn trusted(server: &Server) -> Value {
    json!({"server": server.url(), "certificate-authority-data": STANDARD.encode(Authority::trusted().pem())})
}

#[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
fn write(folder: &Path, name: &str, text: impl ToString) {
    std::fs::write(folder.join(name), text.to_string()).unwrap();
}

fn get(list: &str) -> Output {
    kubernetes(&json!({}))
        .env("KUBECONFIG", list)
        .args(["get-var", "hello", "-n"])
        .run()
}

fn with(folder: &Path, config: &Value) -> Output {
    write(folder, "config", config);
    get(&folder.join("config").display().to_string())
}

#[test]
fn each_kind_of_user_proves_who_it_is() {
    let (dir, server) = (temp_dir(), cluster());
    let folder = dir.as_ref();
    write(folder, "token", "from-file\n");
    for (user, authorization) in [
        (json!({"token": "t"}), Some("Bearer t")),
        (json!({"tokenFile": "token"}), Some("Bearer from-file")),
        (
            json!({"tokenFile": "token", "token": "t"}),
            Some("Bearer from-file"),
        ),
        (json!({"tokenFile": "gone", "token": "t"}), Some("Bearer t")),
        (json!({"username": "u", "password": "p"}), Some("Basic dTpw")),
        (json!({}), None),
    ] {
        let output = with(folder, &kubeconfig(trusted(&server), user.clone()));
        assert_eq!(output.ok(), "world", "{user}");
        let [request] = server.take().try_into().unwrap();
        assert_eq!(request.header("authorization"), authorization, "{user}");
        assert!(
            request.target.starts_with("/api/v1/namespaces/airflow/secrets?"),
            "{}",
            request.target
        );
    }
}

#[test]
fn a_client_certificate_is_a_file_or_data() {
    let (dir, authority) = (temp_dir(), Authority::trusted());
    let folder = dir.as_ref();
    let server = Server::start_mutual_tls(&authority.certificate(Validity::Good), authority, answer);
    let own = authority.certificate_for(&["me"]);
    write(folder, "me.crt", &own.pem);
    write(folder, "me.key", &own.key_pem);
    let (certificate, key) = (STANDARD.encode(&own.pem), STANDARD.encode(&own.key_pem));
    for user in [
        json!({"client-certificate": "me.crt", "client-key": "me.key"}),
        json!({"client-certificate-data": certificate, "client-key-data": key}),
        json!({"client-certificate": "me.crt", "client-key-data": key}),
    ] {
        assert_eq!(
            with(folder, &kubeconfig(trusted(&server), user.clone())).ok(),
            "world",
            "{user}"
        );
    }
    let half = json!({"client-certificate": "me.crt"});
    let output = with(folder, &kubeconfig(trusted(&server), half));
    assert!(
        output.fails(2).contains("`client-key` of user `u` in"),
        "{}",
        output.stderr
    );
}

#[test]
fn each_key_of_a_cluster_counts() {
    let (dir, server) = (temp_dir(), cluster());
    let folder = dir.as_ref();
    write(folder, "ca.crt", Authority::trusted().pem());
    let tunnel = Tunnel::start(server.port);
    let proxy = format!("http://127.0.0.1:{}", tunnel.port);
    for cluster in [
        json!({"server": server.url(), "certificate-authority": "ca.crt"}),
        json!({"server": server.url(), "insecure-skip-tls-verify": true}),
        json!({"server": server.url(), "certificate-authority": "ca.crt", "tls-server-name": "127.0.0.1"}),
        json!({"server": "https://localhost:1", "certificate-authority": "ca.crt", "proxy-url": proxy}),
    ] {
        let output = with(folder, &kubeconfig(cluster.clone(), json!({"token": "t"})));
        assert_eq!(output.ok(), "world", "{cluster}");
    }
    assert_eq!(tunnel.take(), ["localhost:1"]);
    let other = json!({"server": server.url(), "certificate-authority": "ca.crt", "tls-server-name": "other.example"});
    let output = with(folder, &kubeconfig(other, json!({"token": "t"})));
    assert!(output.fails(5).contains("tls-server-name"), "{}", output.stderr);
}

#[test]
fn names_that_are_not_there_are_said() {
    let (dir, server) = (temp_dir(), cluster());
    let good = kubeconfig(trusted(&server), json!({"token": "hunter2"}));
    let without = |pointer: &str, value: Value| {
        let mut config = good.clone();
        *config.pointer_mut(pointer).unwrap() = value;
        config
    };
    for (config, words) in [
        (without("/current-context", json!("")), "has no `current-context`"),
        (
            without("/current-context", json!("d")),
            "the kubeconfig has no context `d`",
        ),
        (
            without("/contexts/0/context/user", json!("v")),
            "the kubeconfig has no user `v`",
        ),
        (
            without("/contexts/0/context/cluster", json!("l")),
            "the kubeconfig has no cluster `l`",
        ),
        (
            without("/users/0/user", json!({"auth-provider": {"name": "gcp"}})),
            "`auth-provider` of user `u`",
        ),
    ] {
        let output = with(dir.as_ref(), &config);
        let stderr = output.fails(2);
        assert!(stderr.contains(words) && !stderr.contains("hunter2"), "{stderr}");
    }
}

#[test]
fn several_files_are_merged_and_the_first_wins() {
    let (dir, server) = (temp_dir(), cluster());
    let folder = dir.as_ref();
    write(
        folder,
        "a",
        json!({"users": [{"name": "u", "user": {"token": "first"}}]}),
    );
    write(
        folder,
        "b",
        kubeconfig(trusted(&server), json!({"token": "second"})),
    );
    write(folder, "bad", "users: [\n");
    let list = |names: &[&str]| {
        let paths = names.iter().map(|name| folder.join(name));
        std::env::join_paths(paths).unwrap().into_string().unwrap()
    };
    for (names, token) in [
        (["a", "gone", "b"], "Bearer first"),
        (["b", "a", "b"], "Bearer second"),
    ] {
        assert_eq!(get(&list(&names)).ok(), "world");
        let [request] = server.take().try_into().unwrap();
        assert_eq!(request.header("authorization"), Some(token));
    }
    let output = get(&list(&["b", "bad"]));
    let stderr = output.fails(2);
    assert!(
        stderr.contains("bad` is not a kubeconfig") && stderr.contains("line "),
        "{stderr}"
    );
    let output = get(&list(&["gone"]));
    assert!(
        output.fails(4).contains("no file of `KUBECONFIG` exists"),
        "{}",
        output.stderr
    );
}
