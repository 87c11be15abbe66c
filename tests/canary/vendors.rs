//! The credentials and values of Akeyless and of Yandex Lockbox.

use serde_json::json;

use super::leaks::canary;
use super::scenarios::{AKEYLESS, LOCKBOX, Scenario};
use crate::support::free_port;
use crate::support::server::{Reply, Server};

/// Yandex Cloud's credentials: invalid, incomplete, and of every kind without a server.
pub fn lockbox(port: u16) -> Vec<Scenario> {
    let (token, key) = (canary("yandextoken"), canary("yandexkey"));
    let with = |name: &str, status: i32, mut kwargs: serde_json::Value| {
        kwargs["endpoint"] = format!("127.0.0.1:{port}").into();
        Scenario::new(&format!("Lockbox: {name}"), status)
            .args(&["--timeout", "0.5"])
            .backend(LOCKBOX, kwargs.to_string())
            .set("YC_METADATA_ADDR", format!("127.0.0.1:{port}"))
            .slow()
    };
    let invalid = json!({
        "id": "i", "service_account_id": "s",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"),
    });
    let connection = json!({"conn_type": "yandexcloud", "extra": {"oauth": token, "folder_id": "f"}});
    vec![
        with("a token", 5, json!({"yc_oauth_token": token, "folder_id": "f"})),
        with("a token without a folder", 2, json!({"yc_oauth_token": token})),
        with(
            "a token that is a list",
            2,
            json!({"yc_oauth_token": [token], "folder_id": "f"}),
        ),
        with("a key", 5, json!({"yc_sa_key_json": invalid, "folder_id": "f"})),
        with(
            "a key as text",
            2,
            json!({"yc_sa_key_json": key, "folder_id": "f"}),
        ),
        with(
            "half a key",
            2,
            json!({"yc_sa_key_json": {"private_key": key}, "folder_id": "f"}),
        ),
        with(
            "a key in a file",
            2,
            json!({"yc_sa_key_json_path": "{dir}/key", "folder_id": "f"}),
        )
        .file("key", format!("{{\"private_key\": \"{key}")),
        with("an unknown kwarg", 2, json!({"yc_token": token})),
        with("a connection", 5, json!({})).set("AIRFLOW_CONN_YANDEXCLOUD_DEFAULT", connection.to_string()),
        with("a connection that is malformed", 6, json!({})).set(
            "AIRFLOW_CONN_YANDEXCLOUD_DEFAULT",
            format!("{{\"password\": \"{token}"),
        ),
    ]
}

/// Akeyless: without a server, with one that echoes, and with values of every shape.
pub fn akeyless() -> (Server, Vec<Scenario>) {
    let (key, issued) = (canary("akeylesskey"), canary("akeylesstoken"));
    let (value, password) = (canary("akeylessvalue"), canary("akeylesspassword"));
    let (token, secrets) = (issued.clone(), [value.clone(), password.clone()]);
    let server = Server::start(move |request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        if request.target == "/echo/auth" {
            return Reply::json(401, json!({"error": body}));
        }
        if request.target.ends_with("/auth") {
            return Reply::json(200, json!({"token": token}));
        }
        let name = request.json()["names"][0].as_str().unwrap_or_default().to_owned();
        let [value, password] = &secrets;
        let stored = match name.split('/').nth(1).unwrap_or_default() {
            "refused" => return Reply::json(403, json!({"message": body})),
            "uri" => format!("postgres://u:{password}%40@h/db?a={password}"),
            "fields" => json!({"conn_type": "x", "passwrd": password}).to_string(),
            "port" => format!("x://h:{password}"),
            "cut" => format!("{{\"password\": \"{password}"),
            _ => format!("{value}\n'\"$%\\ é::set-env ##vso[task]{value}"),
        };
        Reply::json(200, json!({name: stored}))
    });
    let with = |name: &str, status: i32, more: serde_json::Value| {
        let mut kwargs = json!({"api_url": server.url(), "access_id": "p-1", "access_key": key});
        kwargs
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        Scenario::new(&format!("Akeyless: {name}"), status)
            .args(&["--timeout", "2"])
            .backend(AKEYLESS, kwargs.to_string())
            .remote(issued.clone())
            .remote(value.clone())
            .remote(password.clone())
    };
    let of = |shape: &str| json!({"connections_path": format!("/{shape}"), "variables_path": "/v"});
    let nobody = format!("http://user:{}@127.0.0.1:{}", canary("akeylessurl"), free_port());
    let uid =
        json!({"access_type": "uid", "uid_token": canary("akeylessuid"), "connections_path": "/refused"});
    let scenarios = vec![
        with("nobody", 5, json!({"api_url": nobody})).slow(),
        with("an echo", 4, json!({"api_url": format!("{}/echo", server.url())})),
        with("a refusal that echoes", 4, of("refused")),
        with("a universal identity's token that is echoed", 4, uid),
        with("a key as the access type", 2, json!({"access_type": key})),
        with("a key that is a list", 2, json!({"access_key": [key]})),
        with("a key without an id", 2, json!({"access_id": null})),
        with("a URI", 0, of("uri")),
        with("fields", 6, of("fields")),
        with("a port", 6, of("port")),
        // Airflow reads it as a URI.
        with("JSON cut off", 0, of("cut")),
    ];
    (server, scenarios)
}
