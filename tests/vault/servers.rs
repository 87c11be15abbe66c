//! What holds beside every server of Vault's API, `OpenBao` and Vault itself: it answers Airflow's backend and secretctl, and both
//! must find the same.
//!
//! Logins are `logins`'; what one server alone has is in the file of its name.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{vault, with};
use crate::support::{Guard, Output, VaultServer, airflow, free_port, wait_for_port};

pub mod logins;

/// Makes a test of each function named, with the server of `$fixture`.
macro_rules! tests_with {
    ($fixture:path: $functions:ident: $($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                if let Some(server) = $fixture() {
                    $functions::$name(server);
                }
            }
        )+
    };
}
pub(super) use tests_with;

/// Asks both for `name` and compares what they find; `status` is secretctl's.
#[track_caller]
pub fn both(kwargs: &Value, kind: &str, name: &str, status: i32) -> Output {
    let command = match kind {
        "conn" => vec!["get-conn", "-o", "raw"],
        "var" => vec!["get-var"],
        _ => vec!["get-config", "--backend-key"],
    };
    let output = vault(kwargs)
        .args(["--no-fallback", "-n"])
        .args(command)
        .args(["--", name])
        .run();
    assert_eq!(output.status, status, "{kwargs} {name}: {}", output.stderr);
    if let Some(judge) = airflow() {
        let theirs = judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": kind, "name": name}));
        match &theirs["value"] {
            Value::String(text) => {
                assert_eq!(String::from_utf8_lossy(&output.stdout), *text, "{kwargs} {name}");
            }
            Value::Null => assert_ne!(output.status, 0, "{kwargs} {name}: {theirs}"),
            other => assert_eq!(&serde_json::from_slice::<Value>(&output.stdout).unwrap(), other),
        }
    }
    output
}

fn fill(server: &VaultServer, mount: &str) {
    server.put(mount, "variables/hello", json!({"value": "wörld\n"}));
    server.put(mount, "variables/five", json!({"value": 5}));
    server.put(mount, "variables/empty", json!({"value": ""}));
    server.put(mount, "variables/null", json!({"value": null}));
    server.put(mount, "variables/a%20b/c%3Fd", json!({"value": "quoted"}));
    server.put(
        mount,
        "connections/uri",
        json!({"conn_uri": "smtp://user:pass@mail.example.com:587"}),
    );
    server.put(
        mount,
        "connections/fields",
        json!({"conn_type": "postgres", "host": "h", "port": 5432, "extra": {"a": 1}}),
    );
    server.put(mount, "connections/nothing", json!({}));
    server.put(mount, "config/sql", json!({"value": "sqlite://"}));
}

#[track_caller]
fn everything(kwargs: &Value) {
    for (kind, name, status) in [
        ("var", "hello", 0),
        ("var", "five", 0),
        ("var", "empty", 0),
        ("var", "null", 3),
        ("var", "a b/c?d", 0),
        ("var", "nowhere", 3),
        ("conn", "uri", 0),
        ("conn", "fields", 0),
        ("conn", "nothing", 0),
        ("conn", "nowhere", 3),
        ("config", "sql", 0),
        ("config", "nowhere", 3),
    ] {
        both(kwargs, kind, name, status);
    }
}

#[track_caller]
pub fn kv_v2_is_read_by_http_and_by_https(server: &VaultServer) {
    let mount = server.kv(2);
    fill(server, &mount);
    let (role_id, secret_id) = server.approle(&mount);
    let kwargs = |url: &str| json!({"url": url, "mount_point": mount, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    everything(&kwargs(&server.addr));
    let mut secure = kwargs(&server.https_addr);
    secure["verify"] = json!(server.ca_file);
    everything(&secure);
    secure["verify"] = json!(false);
    both(&secure, "var", "hello", 0);
}

#[track_caller]
pub fn kv_v1_is_read_and_the_wrong_version_is_said(server: &VaultServer) {
    let (one, two) = (server.kv(1), server.kv(2));
    server.write(&format!("{one}/variables/hello"), json!({"value": "world"}));
    server.write(&format!("{one}/connections/uri"), json!({"conn_uri": "x://h"}));
    server.put(&two, "variables/hello", json!({"value": "world"}));
    let kwargs = |mount: &str, version: u8| json!({"url": server.addr, "token": server.root_token, "mount_point": mount, "kv_engine_version": version});
    both(&kwargs(&one, 1), "var", "hello", 0);
    both(&kwargs(&one, 1), "conn", "uri", 0);
    both(&kwargs(&one, 1), "var", "nowhere", 3);
    both(&kwargs(&one, 2), "var", "hello", 3);
    let output = both(&kwargs(&two, 1), "var", "hello", 3);
    assert!(
        output
            .stderr
            .contains("is KV v2: set the kwarg `kv_engine_version` to 2"),
        "{}",
        output.stderr
    );
}

/// Each mistake is made at the real server, which says no more about it than this: the way out is in secretctl's words.
#[track_caller]
pub fn common_mistakes_get_their_way_out(server: &VaultServer) {
    let (one, two) = (server.kv(1), server.kv(2));
    server.write(&format!("{one}/variables/hello"), json!({"value": "world"}));
    server.put(&two, "variables/hello", json!({"value": "world"}));
    let root = json!({"url": server.addr, "token": server.root_token, "mount_point": two});
    let (role_id, secret_id) = server.approle("nowhere");
    let denied = json!({"url": server.addr, "mount_point": two, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    let at = server.unique("up");
    server.write(&format!("sys/auth/{at}"), json!({"type": "userpass"}));
    server.write(&format!("auth/{at}/users/jane"), json!({"password": "pw-4711"}));
    let login =
        json!({"url": server.addr, "auth_type": "userpass", "username": "jane", "password": "pw-4711"});
    let tls_as_http = server.https_addr.replace("https:", "http:");
    let http_as_tls = server.addr.replace("http:", "https:");
    for (kwargs, status, words) in [
        (
            with(&root, json!({"mount_point": "no-mount"})),
            3,
            "Vault has no mount `no-mount`: check `mount_point`".to_owned(),
        ),
        (
            with(&root, json!({"mount_point": one})),
            3,
            "if the mount is KV v1, set `kv_engine_version` to 1".to_owned(),
        ),
        (
            with(&root, json!({"variables_path": "data/variables"})),
            3,
            "remove `data/` from `variables_path`".to_owned(),
        ),
        (
            with(&root, json!({"mount_point": format!("{two}/data")})),
            3,
            "remove `/data` from `mount_point`".to_owned(),
        ),
        (
            with(
                &root,
                json!({"variables_path": "data/variables", "kv_engine_version": 1}),
            ),
            6,
            "set `kv_engine_version` to 2".to_owned(),
        ),
        (
            denied,
            4,
            format!("a policy must allow `read` on `{two}/data/variables/hello`"),
        ),
        (
            login,
            4,
            "sent to `auth/userpass/login`, because `auth_mount_point` is not set".to_owned(),
        ),
        (
            with(&root, json!({"url": tls_as_http})),
            5,
            "begin `url` with `https://`".to_owned(),
        ),
        (
            with(&root, json!({"url": http_as_tls})),
            5,
            "does not speak TLS".to_owned(),
        ),
    ] {
        let output = vault(&kwargs)
            .env("VAULT_NAMESPACE", "")
            .args(["--no-fallback", "get-var", "hello"])
            .run();
        assert_eq!(output.status, status, "{kwargs}: {}", output.stderr);
        assert!(
            output.stderr.contains(&words) && !output.stderr.contains("pw-4711"),
            "{words} is not in: {}",
            output.stderr
        );
    }
}

#[track_caller]
pub fn deleted_and_destroyed_versions_are_not_found_and_it_is_said_why(server: &VaultServer) {
    let mount = server.kv(2);
    for name in ["deleted", "destroyed"] {
        server.put(&mount, &format!("variables/{name}"), json!({"value": "x"}));
    }
    server.request("DELETE", &format!("{mount}/data/variables/deleted"), &Value::Null);
    server.write(
        &format!("{mount}/destroy/variables/destroyed"),
        json!({"versions": [1]}),
    );
    let kwargs = json!({"url": server.addr, "token": server.root_token, "mount_point": mount});
    for name in ["deleted", "destroyed"] {
        let output = both(&kwargs, "var", name, 3);
        assert!(
            output.stderr.contains(&format!("its newest version is {name}")),
            "{}",
            output.stderr
        );
    }
}

/// A server of the test's own is sealed; the shared one goes on.
/// Starts another server and seals it, or says why the test is skipped.
pub fn sealed(server: &VaultServer) -> Option<(Guard, VaultServer)> {
    let Some(binary) = server.binary.as_ref() else {
        crate::support::skip("binary", "the server is given without its binary");
        return None;
    };
    let port = free_port();
    let process = Command::new(binary)
        .args(["server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token"])
        .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let guard = Guard::new(process.unwrap());
    assert!(wait_for_port(port, Duration::from_secs(30)));
    let own = VaultServer {
        addr: format!("http://127.0.0.1:{port}"),
        https_addr: String::new(),
        ca_file: "/no-such-folder/file".into(),
        root_token: "root".to_owned(),
        binary: None,
    };
    // A dev server answers before it is unsealed.
    while own.request("PUT", "sys/seal", &Value::Null).0 != 204 {
        std::thread::sleep(Duration::from_millis(50));
    }
    Some((guard, own))
}

#[track_caller]
pub fn a_sealed_server_is_said_to_be_sealed(server: &VaultServer) {
    let Some((_guard, own)) = sealed(server) else {
        return;
    };
    for kwargs in [
        json!({"url": own.addr, "token": "root"}),
        json!({"url": own.addr, "auth_type": "approle", "role_id": "r", "secret_id": "s"}),
    ] {
        let output = both(&kwargs, "var", "hello", 5);
        assert!(
            output.stderr.contains("is sealed") && output.stderr.contains("unseal"),
            "{}",
            output.stderr
        );
    }
}
