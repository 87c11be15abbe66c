//! A real server in every run: `OpenBao`, and the namespaces that Vault has in its Enterprise edition alone.

use serde_json::{Value, json};

use super::servers::{both, logins, tests_with};
use super::{servers, vault};
use crate::support::bao;

tests_with! {
    bao: servers:
    kv_v2_is_read_by_http_and_by_https,
    kv_v1_is_read_and_the_wrong_version_is_said,
    common_mistakes_get_their_way_out,
    deleted_and_destroyed_versions_are_not_found_and_it_is_said_why,
    a_sealed_server_is_said_to_be_sealed,
}

tests_with! {
    bao: logins:
    policies_that_deny_and_wrong_credentials_are_status_4,
    tokens_serve_from_kwargs_and_files_until_they_expire,
    a_token_with_one_use_serves_one_lookup,
    secret_ids_that_are_used_up_expired_or_wrapped_are_refused,
    jwt_and_kubernetes_logins_work_with_real_tokens,
    userpass_works_and_a_wrong_password_is_refused,
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
