//! The credentials of a kubeconfig, what its plugins are given and print, and the values of a cluster.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::leaks::canary;
use super::scenarios::Scenario;
use crate::kubernetes::{BACKEND, api, kubeconfig};
use crate::support::free_port;
use crate::support::server::{Authority, Recorded, Reply, Server, Validity};

/// A cluster whose namespaces have values of every shape, or echo the credential.
fn answer(request: &Recorded) -> Reply {
    let namespace = request.target.split('/').nth(4).unwrap_or_default().to_owned();
    let (value, password) = (canary("kubevalue"), canary("kubepassword"));
    let credential = request.header("authorization").unwrap_or_default();
    let decoded = credential
        .split(' ')
        .nth(1)
        .and_then(|word| STANDARD.decode(word).ok());
    let echo = format!(
        "of {credential} {}",
        String::from_utf8_lossy(&decoded.unwrap_or_default())
    );
    let is_connection = request.target.contains("connection-id");
    let secret = |data: Value| api::list(&json!([{"metadata": {"name": "s"}, "data": data}]));
    let with = |text: String| secret(json!({"value": STANDARD.encode(text)}));
    match namespace.as_str() {
        "refused" => api::status(403, "Forbidden", &echo),
        "unknown" => api::status(401, "Unauthorized", &echo),
        "broken" => api::status(500, "InternalError", &echo),
        "html" => Reply::html(200).body(echo),
        "keyless" => secret(json!({"other": STANDARD.encode(&value)})),
        "plain" => secret(json!({"value": format!("{value}!")})),
        "bytes" => secret(json!({"value": STANDARD.encode([value.as_bytes(), b"\xff"].concat())})),
        "port" if is_connection => with(format!("x://h:{password}")),
        "fields" if is_connection => with(json!({"conn_type": "x", "passwrd": password}).to_string()),
        _ if is_connection => with(format!("postgres://u:{password}%40@h/db?a={password}")),
        _ => with(format!("{value}\n'\"$%\\ é::set-env ##vso[task]{value}")),
    }
}

/// A plugin: a shell with a script.
fn plugin(script: &str) -> Value {
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "interactiveMode": "Never",
        "args": ["-c", script, "plugin", "--client-secret", canary("kubeargument")],
        "env": [{"name": "MINE", "value": canary("kubevariable")}],
    }})
}

/// Returns the scenarios, and the cluster that they need.
#[expect(clippy::too_many_lines, reason = "a list")]
pub fn all() -> (Server, Vec<Scenario>) {
    let server = Server::start_tls(&Authority::trusted().certificate(Validity::Good), answer);
    let cluster = json!({"server": server.url(), "certificate-authority-data": STANDARD.encode(Authority::trusted().pem())});
    let with = |name: &str, status: i32, namespace: &str, config: String| {
        Scenario::new(&format!("Kubernetes: {name}"), status)
            .args(&["--timeout", "5"])
            .backend(BACKEND, json!({"namespace": namespace}).to_string())
            .set("KUBECONFIG", "{dir}/config")
            .file("config", config)
            .file("token", canary("kubetokenfile"))
            .remote(canary("kubevalue"))
            .remote(canary("kubepassword"))
    };
    let token = canary("kubetoken");
    let user = |user: Value| kubeconfig(cluster.clone(), user).to_string();
    let of_token = || user(json!({"token": token}));
    let basic = json!({"username": "u", "password": canary("kubebasic")});
    let printed = |token: &str| {
        format!(
            "echo '{{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\", \"status\": {{\"token\": \"{token}\"}}}}'"
        )
    };
    let of_plugin = canary("kubeplugin");
    let says = format!(
        "echo $MINE; echo \"$2\"; echo '{of_plugin}'; echo 'password: {}'",
        canary("kubespoken")
    );
    let mut elsewhere = cluster.clone();
    elsewhere["server"] = format!("https://127.0.0.1:{}", free_port()).into();
    let mut proxied = cluster.clone();
    proxied["proxy-url"] = format!("http://u:{}@127.0.0.1:{}", canary("kubeproxy"), free_port()).into();
    let mut named = cluster.clone();
    named["server"] = format!("https://u:{}@localhost:{}", canary("kubeurl"), server.port).into();
    let mut untrusted = cluster.clone();
    untrusted["certificate-authority-data"] = STANDARD.encode(canary("kubeauthority")).into();
    let key = json!({
        "client-certificate-data": STANDARD.encode(Authority::trusted().pem()),
        "client-key-data": STANDARD.encode(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", canary("kubekey"))),
    });
    let scenarios = vec![
        with("a URI", 0, "uri", of_token()),
        with("fields", 6, "fields", of_token()),
        with("a port", 6, "port", of_token()),
        with("no key", 6, "keyless", of_token()),
        with("no base64", 6, "plain", of_token()),
        with("no UTF-8", 6, "bytes", of_token()),
        with("an echo with 403", 4, "refused", of_token()),
        with(
            "an echo with 401",
            4,
            "unknown",
            user(json!({"tokenFile": "token"})),
        ),
        with("an echo with 500", 5, "broken", user(basic.clone())),
        with("an echo in HTML", 5, "html", user(basic)),
        with(
            "nobody",
            5,
            "uri",
            kubeconfig(elsewhere, json!({"token": token})).to_string(),
        )
        .slow(),
        with(
            "a password of a proxy",
            5,
            "uri",
            kubeconfig(proxied, json!({"token": token})).to_string(),
        )
        .slow(),
        with(
            "a password in the address",
            4,
            "refused",
            kubeconfig(named, json!({"token": token})).to_string(),
        ),
        with(
            "an authority that is text",
            2,
            "uri",
            kubeconfig(untrusted, json!({"token": token})).to_string(),
        ),
        with(
            "a token that is a list",
            2,
            "uri",
            user(json!({"token": [token]})),
        ),
        with(
            "a token of two words",
            4,
            "uri",
            user(json!({"token": format!("{token} {token}")})),
        ),
        with(
            "a token and a password",
            2,
            "uri",
            user(json!({"token": token, "username": "u", "password": canary("kubebasic")})),
        ),
        with("a key that is not a key", 2, "uri", user(key)),
        with(
            "a kubeconfig that is cut off",
            2,
            "uri",
            format!("{{\"users\": [{{\"token\": \"{token}"),
        ),
        with("a kubeconfig that is a token", 2, "uri", token.clone()),
        with(
            "a plugin",
            0,
            "uri",
            user(plugin(&format!("{{ {says}; }} >&2; {}", printed(&of_plugin)))),
        ),
        with(
            "a plugin that fails",
            4,
            "uri",
            user(plugin(&format!(
                "{{ {says}; }} >&2; {}; exit 3",
                printed(&of_plugin)
            ))),
        ),
        with(
            "a plugin that prints something else",
            4,
            "uri",
            user(plugin(&says)),
        ),
        with(
            "a plugin whose token is echoed",
            4,
            "refused",
            user(plugin(&printed(&of_plugin))),
        ),
        with(
            "a plugin whose token is two words",
            4,
            "uri",
            user(plugin(&printed(&format!("{of_plugin} x")))),
        ),
    ];
    (server, scenarios)
}
