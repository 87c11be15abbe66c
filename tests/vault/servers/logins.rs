//! Logins that every server of Vault's API has, and what is said of those that are refused.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::{vault, with};
use super::both;
use crate::support::server::{Authority, Reply, Server};
use crate::support::{VaultServer, airflow, temp_dir};

#[track_caller]
pub fn policies_that_deny_and_wrong_credentials_are_status_4(server: &VaultServer) {
    let (mine, other) = (server.kv(2), server.kv(2));
    server.put(&other, "variables/hello", json!({"value": "x"}));
    let (role_id, secret_id) = server.approle(&mine);
    let kwargs = |secret_id: &str| json!({"url": server.addr, "mount_point": other, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    let output = both(&kwargs(&secret_id), "var", "hello", 4);
    assert!(output.stderr.contains("permission denied"), "{}", output.stderr);
    let output = both(&kwargs("00000000-wrong"), "var", "hello", 4);
    assert!(output.stderr.contains("no uses left"), "{}", output.stderr);
    let wrapped = server.unique("s.CAESIJwrapping-token-of-some-length");
    let output = both(&kwargs(&wrapped), "var", "hello", 4);
    assert!(
        output.stderr.contains("unwrap it first") && !output.stderr.contains(&wrapped),
        "{}",
        output.stderr
    );
    let output = both(
        &json!({"url": server.addr, "token": "s.nobody", "mount_point": other}),
        "var",
        "hello",
        4,
    );
    assert!(output.stderr.contains("may have expired"), "{}", output.stderr);
}

/// Makes a token as `wish` says.
fn token(server: &VaultServer, wish: Value) -> String {
    let created = server.write("auth/token/create", wish);
    created["auth"]["client_token"].as_str().unwrap().to_owned()
}

#[track_caller]
pub fn tokens_serve_from_kwargs_and_files_until_they_expire(server: &VaultServer) {
    let mount = server.kv(2);
    server.put(&mount, "variables/hello", json!({"value": "world"}));
    let (policy, _) = server.approle(&mount);
    let kwargs = json!({"url": server.addr, "mount_point": mount});
    let lasting = token(server, json!({"policies": [policy], "ttl": "1h"}));
    let folder = temp_dir();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{lasting}\n")).unwrap();
    both(&with(&kwargs, json!({"token": lasting})), "var", "hello", 0);
    both(&with(&kwargs, json!({"token_path": file})), "var", "hello", 0);
    let brief = token(server, json!({"policies": [policy], "ttl": "1s"}));
    // Nothing tells of the end of a token but its end.
    std::thread::sleep(Duration::from_millis(1500));
    let output = both(&with(&kwargs, json!({"token": brief})), "var", "hello", 4);
    assert!(
        output.stderr.contains("may have expired") && !output.stderr.contains(&brief),
        "{}",
        output.stderr
    );
}

#[track_caller]
pub fn a_token_with_one_use_serves_one_lookup(server: &VaultServer) {
    let mount = server.kv(2);
    server.put(&mount, "variables/hello", json!({"value": "world"}));
    let kwargs = || {
        let token = token(server, json!({"num_uses": 1}));
        json!({"url": server.addr, "token": token, "mount_point": mount})
    };
    let ours = kwargs();
    let output = vault(&ours).args(["get-var", "hello"]).run();
    assert_eq!(
        (output.status, output.stdout.as_slice()),
        (0, b"world\n".as_slice()),
        "{}",
        output.stderr
    );
    let output = both(&ours, "var", "hello", 4);
    assert!(output.stderr.contains("no uses left"), "{}", output.stderr);
    if let Some(judge) = airflow() {
        let question = json!({"op": "vault.lookup", "kwargs": kwargs(), "kind": "var", "name": "hello"});
        assert_eq!(judge.ask(question)["value"], "world");
    }
}

#[track_caller]
pub fn secret_ids_that_are_used_up_expired_or_wrapped_are_refused(server: &VaultServer) {
    let mount = server.kv(2);
    server.put(&mount, "variables/hello", json!({"value": "world"}));
    let (role, _) = server.approle(&mount);
    let kwargs = |secret_id: &str| json!({"url": server.addr, "mount_point": mount, "auth_type": "approle", "role_id": role, "secret_id": secret_id});
    let path = format!("auth/approle/role/{role}/secret-id");
    let secret_id = |wish: Value| {
        let answer = server.write(&path, wish);
        answer["data"]["secret_id"].as_str().unwrap().to_owned()
    };
    let one_use = secret_id(json!({"num_uses": 1}));
    let output = vault(&kwargs(&one_use)).args(["get-var", "hello"]).run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let brief = secret_id(json!({"ttl": "1s"}));
    // Vault lets an expired secret id in until it has tidied up, which it does in its own time unless it is told to.
    std::thread::sleep(Duration::from_millis(1500));
    server.write("auth/approle/tidy/secret-id", Value::Null);
    let lookup = || {
        server
            .request("POST", &format!("{path}/lookup"), &json!({"secret_id": brief}))
            .0
    };
    let start = Instant::now();
    while lookup() == 200 {
        assert!(start.elapsed() < Duration::from_secs(30), "it is not tidied up");
        std::thread::sleep(Duration::from_millis(50));
    }
    for gone in [&one_use, &brief] {
        let output = both(&kwargs(gone), "var", "hello", 4);
        assert!(
            output.stderr.contains("has expired or has no uses left") && !output.stderr.contains(gone),
            "{}",
            output.stderr
        );
    }
    let (status, answer) = server.request_with("X-Vault-Wrap-TTL: 60s\r\n", "POST", &path, &Value::Null);
    assert_eq!(status, 200, "{answer}");
    let wrapped = answer["wrap_info"]["token"].as_str().unwrap();
    let output = both(&kwargs(wrapped), "var", "hello", 4);
    assert!(
        output.stderr.contains("unwrap it first") && !output.stderr.contains(wrapped),
        "{}",
        output.stderr
    );
}

#[track_caller]
pub fn userpass_works_and_a_wrong_password_is_refused(server: &VaultServer) {
    let mount = server.kv(2);
    server.put(&mount, "variables/hello", json!({"value": "world"}));
    let (policy, _) = server.approle(&mount);
    let at = server.unique("up");
    server.write(&format!("sys/auth/{at}"), json!({"type": "userpass"}));
    server.write(
        &format!("auth/{at}/users/jane"),
        json!({"password": "pw-4711", "token_policies": [policy]}),
    );
    let kwargs = |password: &str| {
        json!({"url": server.addr, "mount_point": mount, "auth_type": "userpass", "auth_mount_point": at, "username": "jane",
            "password": password})
    };
    both(&kwargs("pw-4711"), "var", "hello", 0);
    let output = both(&kwargs("pw-0815"), "var", "hello", 4);
    assert!(output.stderr.contains("invalid username or password") && !output.stderr.contains("pw-0815"));
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

#[track_caller]
pub fn jwt_and_kubernetes_logins_work_with_real_tokens(server: &VaultServer) {
    let folder = temp_dir();
    let Some((public, key)) = rsa_key(folder.path()) else {
        return;
    };
    let mount = server.kv(2);
    server.put(&mount, "variables/hello", json!({"value": "world"}));
    let (policy, _) = server.approle(&mount);
    let at = server.unique("jwt");
    server.write(&format!("sys/auth/{at}"), json!({"type": "jwt"}));
    server.write(
        &format!("auth/{at}/config"),
        json!({"jwt_validation_pubkeys": [public], "bound_issuer": "me"}),
    );
    server.write(
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
        let mut kwargs = json!({"url": server.addr, "mount_point": mount, "auth_type": "jwt", "auth_mount_point": at, "jwt_role": "dev"});
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
    let at = server.unique("k8s");
    server.write(&format!("sys/auth/{at}"), json!({"type": "kubernetes"}));
    server.write(&format!("auth/{at}/config"), json!({
        "kubernetes_host": api.url(), "disable_local_ca_jwt": true, "kubernetes_ca_cert": Authority::trusted().pem(), "token_reviewer_jwt": token,
    }));
    server.write(
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
    let kwargs = json!({"url": server.addr, "mount_point": mount, "auth_type": "kubernetes", "auth_mount_point": at,
        "kubernetes_role": "dev", "kubernetes_jwt_path": file});
    both(&kwargs, "var", "hello", 0);
    assert!(
        api.take()
            .iter()
            .all(|request| request.target.ends_with("/tokenreviews"))
    );
}
