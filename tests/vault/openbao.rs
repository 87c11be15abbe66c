//! A real server: `OpenBao` answers Airflow's backend and secretctl, and both must find the same.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::vault;
use crate::support::server::{Authority, Reply, Server};
use crate::support::{Bao, Output, airflow, bao, free_port, temp_dir, wait_for_port};

/// Asks both for `name` and compares what they find; `status` is secretctl's.
#[track_caller]
fn both(kwargs: &Value, kind: &str, name: &str, status: i32) -> Output {
    let command = match kind {
        "conn" => vec!["get-conn", "-o", "raw"],
        "var" => vec!["get-var"],
        _ => vec!["get-config"],
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

fn fill(bao: &Bao, mount: &str) {
    bao.put(mount, "variables/hello", json!({"value": "wörld\n"}));
    bao.put(mount, "variables/five", json!({"value": 5}));
    bao.put(mount, "variables/empty", json!({"value": ""}));
    bao.put(mount, "variables/null", json!({"value": null}));
    bao.put(mount, "variables/a%20b/c%3Fd", json!({"value": "quoted"}));
    bao.put(
        mount,
        "connections/uri",
        json!({"conn_uri": "smtp://user:pass@mail.example.com:587"}),
    );
    bao.put(
        mount,
        "connections/fields",
        json!({"conn_type": "postgres", "host": "h", "port": 5432, "extra": {"a": 1}}),
    );
    bao.put(mount, "connections/nothing", json!({}));
    bao.put(mount, "config/sql", json!({"value": "sqlite://"}));
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

#[test]
fn kv_v2_is_read_by_http_and_by_https() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    fill(bao, &mount);
    let (role_id, secret_id) = bao.approle(&mount);
    let kwargs = |url: &str| json!({"url": url, "mount_point": mount, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    everything(&kwargs(&bao.addr));
    let mut secure = kwargs(&bao.https_addr);
    secure["verify"] = json!(bao.ca_file);
    everything(&secure);
    secure["verify"] = json!(false);
    both(&secure, "var", "hello", 0);
}

#[test]
fn kv_v1_is_read_and_the_wrong_version_is_said() {
    let Some(bao) = bao() else { return };
    let (one, two) = (bao.kv(1), bao.kv(2));
    bao.write(&format!("{one}/variables/hello"), json!({"value": "world"}));
    bao.write(&format!("{one}/connections/uri"), json!({"conn_uri": "x://h"}));
    bao.put(&two, "variables/hello", json!({"value": "world"}));
    let kwargs = |mount: &str, version: u8| json!({"url": bao.addr, "token": bao.root_token, "mount_point": mount, "kv_engine_version": version});
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

#[test]
fn deleted_and_destroyed_versions_are_not_found_and_it_is_said_why() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    for name in ["deleted", "destroyed"] {
        bao.put(&mount, &format!("variables/{name}"), json!({"value": "x"}));
    }
    bao.request("DELETE", &format!("{mount}/data/variables/deleted"), &Value::Null);
    bao.write(
        &format!("{mount}/destroy/variables/destroyed"),
        json!({"versions": [1]}),
    );
    let kwargs = json!({"url": bao.addr, "token": bao.root_token, "mount_point": mount});
    for name in ["deleted", "destroyed"] {
        let output = both(&kwargs, "var", name, 3);
        assert!(
            output.stderr.contains(&format!("its newest version is {name}")),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn namespaces_are_for_logins_too() {
    let Some(bao) = bao() else { return };
    let namespace = bao.unique("ns");
    bao.write(&format!("sys/namespaces/{namespace}"), json!({}));
    let write = |path: &str, body: Value| {
        let (status, answer) = bao.request_in(&namespace, "POST", path, &body);
        assert!(status < 300, "{path}: {status} {answer}");
    };
    write(
        "sys/mounts/airflow",
        json!({"type": "kv", "options": {"version": "1"}}),
    );
    write("airflow/variables/hello", json!({"value": "from the namespace"}));
    write("sys/auth/userpass", json!({"type": "userpass"}));
    write(
        "sys/policies/acl/reader",
        json!({"policy": "path \"airflow/*\" { capabilities = [\"read\"] }"}),
    );
    write(
        "auth/userpass/users/jane",
        json!({"password": "pw-4711", "token_policies": "reader"}),
    );
    let kwargs = |namespace: &str| {
        json!({"url": bao.addr, "mount_point": "airflow", "kv_engine_version": 1, "namespace": namespace,
            "auth_type": "userpass", "username": "jane", "password": "pw-4711"})
    };
    both(&kwargs(&namespace), "var", "hello", 0);
    // Airflow takes a 404 of the login for "not found"; this is a refused login.
    both(&kwargs("nowhere"), "var", "hello", 4);
    let output = vault(&kwargs(""))
        .env("VAULT_NAMESPACE", &namespace)
        .args(["get-var", "hello"])
        .run();
    assert_eq!(output.status, 4);
    assert!(output.stderr.contains("VAULT_NAMESPACE"), "{}", output.stderr);
}

#[test]
fn policies_that_deny_and_wrong_credentials_are_status_4() {
    let Some(bao) = bao() else { return };
    let (mine, other) = (bao.kv(2), bao.kv(2));
    bao.put(&other, "variables/hello", json!({"value": "x"}));
    let (role_id, secret_id) = bao.approle(&mine);
    let kwargs = |secret_id: &str| json!({"url": bao.addr, "mount_point": other, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    let output = both(&kwargs(&secret_id), "var", "hello", 4);
    assert!(output.stderr.contains("permission denied"), "{}", output.stderr);
    let output = both(&kwargs("00000000-wrong"), "var", "hello", 4);
    assert!(output.stderr.contains("no uses left"), "{}", output.stderr);
    let wrapped = bao.unique("s.CAESIJwrapping-token-of-some-length");
    let output = both(&kwargs(&wrapped), "var", "hello", 4);
    assert!(
        output.stderr.contains("unwrap it first") && !output.stderr.contains(&wrapped),
        "{}",
        output.stderr
    );
    let output = both(
        &json!({"url": bao.addr, "token": "s.nobody", "mount_point": other}),
        "var",
        "hello",
        4,
    );
    assert!(output.stderr.contains("may have expired"), "{}", output.stderr);
}

#[test]
fn a_token_with_one_use_serves_one_lookup() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    bao.put(&mount, "variables/hello", json!({"value": "world"}));
    let created = bao.write("auth/token/create", json!({"num_uses": 1}));
    let token = created["auth"]["client_token"].as_str().unwrap();
    let kwargs = json!({"url": bao.addr, "token": token, "mount_point": mount});
    let output = vault(&kwargs).args(["get-var", "hello"]).run();
    assert_eq!(
        (output.status, output.stdout.as_slice()),
        (0, b"world\n".as_slice()),
        "{}",
        output.stderr
    );
    let output = vault(&kwargs).args(["get-var", "hello"]).run();
    assert_eq!(output.status, 4);
    assert!(output.stderr.contains("no uses left"), "{}", output.stderr);
}

/// An RSA key for JWTs: the test's own, made by `openssl`, which `OpenBao`'s users have; without it the test is skipped.
fn rsa_key(folder: &std::path::Path) -> Option<(String, std::path::PathBuf)> {
    let key = folder.join("key.pem");
    let made = Command::new("openssl")
        .args(["genrsa", "-out"])
        .arg(&key)
        .arg("2048")
        .output();
    let public = made.ok().filter(|made| made.status.success()).and_then(|_| {
        Command::new("openssl")
            .args(["rsa", "-pubout", "-in"])
            .arg(&key)
            .output()
            .ok()
    });
    let Some(public) = public else {
        crate::support::skip("openssl", "no RSA key can be made for JWTs without it");
        return None;
    };
    Some((String::from_utf8(public.stdout).unwrap(), key))
}

/// Signs `claims` with RS256.
fn jwt(key: &std::path::Path, claims: &Value) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!(
        "{}.{}",
        encode(&json!({"alg": "RS256", "typ": "JWT"})),
        encode(claims)
    );
    let file = key.with_extension("message");
    std::fs::write(&file, &message).unwrap();
    let signature = Command::new("openssl")
        .args(["dgst", "-sha256", "-sign"])
        .arg(key)
        .arg(&file)
        .output()
        .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.stdout))
}

#[test]
fn jwt_and_kubernetes_logins_work_with_real_tokens() {
    let Some(bao) = bao() else { return };
    let folder = temp_dir();
    let Some((public, key)) = rsa_key(folder.path()) else {
        return;
    };
    let mount = bao.kv(2);
    bao.put(&mount, "variables/hello", json!({"value": "world"}));
    let (policy, _) = bao.approle(&mount);
    let at = bao.unique("jwt");
    bao.write(&format!("sys/auth/{at}"), json!({"type": "jwt"}));
    bao.write(
        &format!("auth/{at}/config"),
        json!({"jwt_validation_pubkeys": [public], "bound_issuer": "me"}),
    );
    bao.write(
        &format!("auth/{at}/role/dev"),
        json!({
            "role_type": "jwt", "bound_audiences": ["vault"], "user_claim": "sub", "token_policies": [policy],
        }),
    );
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let claims = |aud: &str| json!({"iss": "me", "sub": "jane", "aud": aud, "iat": now, "nbf": now - 60, "exp": now + 600});
    let token = jwt(&key, &claims("vault"));
    let file = folder.path().join("token.jwt");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let kwargs = |more: Value| {
        let mut kwargs = json!({"url": bao.addr, "mount_point": mount, "auth_type": "jwt", "auth_mount_point": at, "jwt_role": "dev"});
        kwargs
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        kwargs
    };
    both(&kwargs(json!({"jwt_token": token})), "var", "hello", 0);
    both(&kwargs(json!({"jwt_token_path": file})), "var", "hello", 0);
    let other = jwt(&key, &claims("somebody"));
    let output = both(&kwargs(json!({"jwt_token": other})), "var", "hello", 4);
    assert!(!output.stderr.contains(&other));

    // Kubernetes: the server asks an API server about the token, which is scripted.
    let api = Server::start(|_| {
        Reply::json(
            201,
            json!({
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
                "status": {"authenticated": true, "user": {
                    "username": "system:serviceaccount:default:airflow", "uid": "u1",
                    "groups": ["system:serviceaccounts", "system:serviceaccounts:default"],
                }},
            }),
        )
    });
    let at = bao.unique("k8s");
    bao.write(&format!("sys/auth/{at}"), json!({"type": "kubernetes"}));
    bao.write(&format!("auth/{at}/config"), json!({
        "kubernetes_host": api.url(), "disable_local_ca_jwt": true, "kubernetes_ca_cert": Authority::trusted().pem(), "token_reviewer_jwt": token,
    }));
    bao.write(
        &format!("auth/{at}/role/dev"),
        json!({
            "bound_service_account_names": ["airflow"], "bound_service_account_namespaces": ["default"],
            "token_policies": [policy],
        }),
    );
    let service_account = jwt(
        &key,
        &json!({
            "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:default:airflow",
            "kubernetes.io/serviceaccount/namespace": "default", "kubernetes.io/serviceaccount/service-account.name": "airflow",
            "kubernetes.io/serviceaccount/service-account.uid": "u1", "kubernetes.io/serviceaccount/secret.name": "s",
            "iat": now, "nbf": now - 60, "exp": now + 600,
        }),
    );
    std::fs::write(&file, &service_account).unwrap();
    let kwargs = json!({"url": bao.addr, "mount_point": mount, "auth_type": "kubernetes", "auth_mount_point": at,
        "kubernetes_role": "dev", "kubernetes_jwt_path": file});
    both(&kwargs, "var", "hello", 0);
    assert!(
        api.take()
            .iter()
            .all(|request| request.target.ends_with("/tokenreviews"))
    );
}

#[test]
fn userpass_works_and_a_wrong_password_is_refused() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    bao.put(&mount, "variables/hello", json!({"value": "world"}));
    let (policy, _) = bao.approle(&mount);
    let at = bao.unique("up");
    bao.write(&format!("sys/auth/{at}"), json!({"type": "userpass"}));
    bao.write(
        &format!("auth/{at}/users/jane"),
        json!({"password": "pw-4711", "token_policies": [policy]}),
    );
    let kwargs = |password: &str| {
        json!({"url": bao.addr, "mount_point": mount, "auth_type": "userpass", "auth_mount_point": at, "username": "jane",
            "password": password})
    };
    both(&kwargs("pw-4711"), "var", "hello", 0);
    let output = both(&kwargs("pw-0815"), "var", "hello", 4);
    assert!(output.stderr.contains("invalid username or password") && !output.stderr.contains("pw-0815"));
}

#[test]
fn a_sealed_server_is_said_to_be_sealed() {
    let Some(binary) = bao().and_then(|bao| bao.binary.as_ref()) else {
        return;
    };
    let port = free_port();
    let mut server = Command::new(binary)
        .args(["server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token"])
        .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    assert!(wait_for_port(port, Duration::from_secs(30)));
    let own = Bao {
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
    let token = vault(&json!({"url": own.addr, "token": "root"}))
        .args(["get-var", "hello"])
        .run();
    let login = json!({"url": own.addr, "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    let login = vault(&login).args(["get-var", "hello"]).run();
    server.kill().unwrap();
    server.wait().unwrap();
    for output in [token, login] {
        assert_eq!(output.status, 5, "{}", output.stderr);
        assert!(
            output.stderr.contains("is sealed") && output.stderr.contains("unseal"),
            "{}",
            output.stderr
        );
    }
}
