//! `HashiCorp` Vault itself, where `VAULT` names its binary: all that `OpenBao` is asked, and the logins that it lacks.
//!
//! LDAP has a real directory; GitHub's, AWS's and Kubernetes's APIs are scripted, and Vault asks them as it would ask the real ones.

use serde_json::{Value, json};

use super::servers::{both, logins, tests_with};
use super::{servers, with};
use crate::support::server::{Reply, Server};
use crate::support::{VaultServer, airflow, hashicorp};

mod slapd;

use slapd::Slapd;

tests_with! {
    hashicorp: servers:
    kv_v2_is_read_by_http_and_by_https,
    kv_v1_is_read_and_the_wrong_version_is_said,
    common_mistakes_get_their_way_out,
    deleted_and_destroyed_versions_are_not_found_and_it_is_said_why,
    a_sealed_server_is_said_to_be_sealed,
}

tests_with! {
    hashicorp: logins:
    policies_that_deny_and_wrong_credentials_are_status_4,
    tokens_serve_from_kwargs_and_files_until_they_expire,
    a_token_with_one_use_serves_one_lookup,
    secret_ids_that_are_used_up_expired_or_wrapped_are_refused,
    jwt_and_kubernetes_logins_work_with_real_tokens,
    userpass_works_and_a_wrong_password_is_refused,
}

/// Enables `method` under a name of its own, and returns the kwargs of its login, the name, and a policy that may read
/// `variables/hello`.
fn enable(server: &VaultServer, method: &str, auth_type: &str) -> (Value, String, String) {
    let mount = server.kv(2);
    server.put(&mount, "variables/hello", json!({"value": "world"}));
    let (policy, _) = server.approle(&mount);
    let at = server.unique(method);
    server.write(&format!("sys/auth/{at}"), json!({"type": method}));
    let kwargs =
        json!({"url": server.addr, "mount_point": mount, "auth_type": auth_type, "auth_mount_point": at});
    (kwargs, at, policy)
}

#[test]
fn ldap_logs_in_with_a_real_directory() {
    let Some(server) = hashicorp() else { return };
    let Some(directory) = Slapd::start() else { return };
    let (kwargs, at, policy) = enable(server, "ldap", "ldap");
    server.write(
        &format!("auth/{at}/config"),
        json!({"url": directory.url, "userdn": "dc=example,dc=com", "userattr": "uid", "token_policies": [policy]}),
    );
    let jane = |password: &str| with(&kwargs, json!({"username": "jane", "password": password}));
    both(&jane("pw-4711"), "var", "hello", 0);
    both(&jane("pw-4711"), "var", "nowhere", 3);
    let unusual = json!({"username": "jöe van & doe", "password": "pw-0815 ü"});
    both(&with(&kwargs, unusual), "var", "hello", 0);
    let nobody = with(&kwargs, json!({"username": "nobody", "password": "pw-4711"}));
    for refused in [jane("pw-wrong"), jane(""), nobody] {
        let output = both(&refused, "var", "hello", 4);
        assert!(
            output.stderr.contains("refused the `ldap` login") && !output.stderr.contains("pw-"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn github_logs_in_with_what_its_api_says_of_the_token() {
    let Some(server) = hashicorp() else { return };
    let github = Server::start(|request| {
        let known = request.header("authorization") == Some("Bearer ghp-4711");
        match request.target.split('?').next().unwrap() {
            _ if !known => Reply::json(401, json!({"message": "Bad credentials"})),
            "/user" => Reply::json(200, json!({"login": "jane", "id": 1})),
            "/user/orgs" => Reply::json(200, json!([{"login": "acme", "id": 4711}])),
            "/user/teams" => Reply::json(
                200,
                json!([{"name": "data", "slug": "data", "organization": {"login": "acme", "id": 4711}}]),
            ),
            _ => Reply::status(404),
        }
    });
    let (kwargs, at, policy) = enable(server, "github", "github");
    server.write(
        &format!("auth/{at}/config"),
        json!({"organization": "acme", "organization_id": 4711, "base_url": format!("{}/", github.url())}),
    );
    server.write(&format!("auth/{at}/map/teams/data"), json!({"value": policy}));
    both(&with(&kwargs, json!({"token": "ghp-4711"})), "var", "hello", 0);
    assert!(!github.take().is_empty());
    let output = both(&with(&kwargs, json!({"token": "ghp-0815"})), "var", "hello", 4);
    assert!(
        output.stderr.contains("refused the `github` login") && !output.stderr.contains("ghp-0815"),
        "{}",
        output.stderr
    );
}

#[test]
fn aws_logs_in_with_a_signed_request_that_vault_passes_on() {
    const KEY: &str = "AKIA4711";
    const SECRET: &str = "secret-4711";
    let Some(server) = hashicorp() else { return };
    let sts = Server::start(|request| {
        let authorization = request.header("authorization").unwrap_or_default();
        if !authorization.contains(&format!("Credential={KEY}/")) {
            return Reply::status(403).body("<ErrorResponse/>");
        }
        Reply::status(200).header("Content-Type", "text/xml").body(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::123456789012:user/jane</Arn><UserId>AIDA4711</UserId><Account>123456789012</Account>\
             </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>",
        )
    });
    let (kwargs, at, policy) = enable(server, "aws", "aws_iam");
    let config = |more: Value| {
        let config = json!({"sts_endpoint": sts.url(), "sts_region": "us-east-1"});
        server.write(&format!("auth/{at}/config/client"), with(&config, more));
    };
    config(json!({}));
    server.write(
        &format!("auth/{at}/role/dev"),
        json!({
            "auth_type": "iam", "bound_iam_principal_arn": "arn:aws:iam::123456789012:user/jane",
            "resolve_aws_unique_ids": false, "token_policies": [policy],
        }),
    );
    let kwargs = |key: &str, role: &str| {
        with(
            &kwargs,
            json!({"key_id": key, "secret_id": SECRET, "role_id": role, "region": "us-east-1"}),
        )
    };
    both(&kwargs(KEY, "dev"), "var", "hello", 0);
    // What reaches the service through Vault, of secretctl and of Airflow, is signed with the key.
    let passed_on = sts.take();
    assert!(!passed_on.is_empty());
    for request in passed_on {
        assert_eq!(request.body, b"Action=GetCallerIdentity&Version=2011-06-15");
        if let Some(judge) = airflow() {
            let expected = judge.ask(json!({
                "op": "vault.authorization", "headers": {"X-Amz-Date": [request.header("x-amz-date")]},
                "access_key": KEY, "secret_key": SECRET, "session_token": null, "region": "us-east-1",
            }));
            assert_eq!(request.header("authorization"), expected.as_str());
        }
    }
    both(&kwargs("AKIA0815", "dev"), "var", "hello", 4);
    both(&kwargs(KEY, "nobody"), "var", "hello", 4);
    config(json!({"iam_server_id_header_value": "vault.example.com"}));
    let output = both(&kwargs(KEY, "dev"), "var", "hello", 4);
    assert!(
        output.stderr.contains("server id header") && !output.stderr.contains(SECRET),
        "{}",
        output.stderr
    );
}

#[test]
fn the_namespace_of_a_server_without_namespaces_means_the_same_to_both() {
    let Some(server) = hashicorp() else { return };
    let mount = server.kv(2);
    server.put(&mount, "variables/hello", json!({"value": "world"}));
    let kwargs =
        json!({"url": server.addr, "token": server.root_token, "mount_point": mount, "namespace": "team"});
    both(&kwargs, "var", "hello", 0);
}
