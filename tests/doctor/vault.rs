//! Mistakes on the way to Vault, in its login and in its policies: a real server, and a scripted one for what it will not do.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::{all_is_right, doctor, each_is_named, mistake, said};
use crate::support::server::{Authority, Reply, Server, Validity};
use crate::support::{Program, bao, free_port, temp_dir};
use crate::vault::BACKEND;

fn with(home: &tempfile::TempDir, kwargs: &Value) -> Program {
    doctor(home)
        .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

/// Returns the answers of a Vault in which everything is right.
fn healthy(target: &str) -> Reply {
    if target.starts_with("/v1/sys/health") {
        Reply::json(
            200,
            json!({"initialized": true, "sealed": false, "standby": false, "version": "1.21.4"}),
        )
    } else if target.starts_with("/v1/auth/token/lookup-self") {
        Reply::json(
            200,
            json!({"data": {"display_name": "token", "ttl": 0, "policies": ["reader"], "num_uses": 0}}),
        )
    } else if target.starts_with("/v1/sys/internal/ui/mounts/") {
        Reply::json(200, json!({"data": {"type": "kv", "options": {"version": "2"}}}))
    } else {
        Reply::json(404, json!({"errors": []}))
    }
}

#[test]
fn each_mistake_on_the_way_to_a_real_vault_is_named() {
    let Some(bao) = bao() else { return };
    let home = temp_dir();
    let mount = bao.kv(2);
    let (role_id, secret_id) = bao.approle(&mount);
    let right = json!({"url": bao.https_addr, "verify": bao.ca_file, "mount_point": mount,
        "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    let but = |more: Value| with(&home, &crate::vault::with(&right, more));
    let free = free_port();
    let port = bao.addr.rsplit(':').next().unwrap().to_owned();
    let foreign = home.path().join("foreign.pem");
    std::fs::write(&foreign, Authority::new("somebody else's authority").pem()).unwrap();
    each_is_named(vec![
        mistake("a wrong URL", but(json!({"url": "https://vault.invalid:8200"}))).fails(
            5,
            "dns",
            "`vault.invalid` cannot be resolved",
            "check `url`",
        ),
        mistake(
            "a wrong port",
            but(json!({"url": format!("https://127.0.0.1:{free}")})),
        )
        .fails(5, "connect", "cannot connect to 127.0.0.1", "check `url`"),
        mistake(
            "https at a port for http",
            but(json!({"url": format!("https://127.0.0.1:{port}")})),
        )
        .fails(5, "tls", "does not speak TLS", "the scheme and the port of `url`"),
        mistake(
            "http at a port for https",
            but(json!({"url": bao.https_addr.replace("https", "http")})),
        )
        .fails(5, "server", "requires TLS", "begin `url` with `https://`"),
        mistake("a wrong CA", but(json!({"verify": foreign}))).fails(
            5,
            "tls",
            "not signed by a trusted authority",
            "backend kwarg `verify`",
        ),
        mistake(
            "a missing CA",
            but(json!({"verify": home.path().join("missing.pem")})),
        )
        .fails(2, "tls", "missing.pem", "set `verify`"),
        mistake("a wrong namespace", but(json!({"namespace": "nowhere"}))).fails(
            4,
            "login",
            "refused the `approle` login",
            "check `namespace`",
        ),
        mistake(
            "a refused login",
            but(json!({"secret_id": "00000000-0000-0000-0000-000000000000"})),
        )
        .fails(
            4,
            "login",
            "refused the `approle` login",
            "`secret_id` may be wrong",
        ),
        mistake(
            "a wrong auth mount",
            but(json!({"auth_mount_point": "elsewhere"})),
        )
        .fails(
            4,
            "login",
            "refused the `approle` login",
            "check `auth_mount_point`",
        ),
        mistake("a wrong KV version", but(json!({"kv_engine_version": 1}))).fails(
            2,
            "mount",
            "is KV v2, but is read as KV v1",
            "set the kwarg `kv_engine_version` to 2",
        ),
        mistake(
            "an unreachable proxy",
            but(json!({"proxies": {"https": format!("http://127.0.0.1:{free}")}})),
        )
        .fails(5, "proxy", "the proxy cannot be reached", "NO_PROXY"),
    ]);
}

#[test]
fn each_mistake_in_the_policies_of_a_real_vault_is_named() {
    let Some(bao) = bao() else { return };
    let home = temp_dir();
    let (mount, other) = (bao.kv(2), bao.kv(1));
    let (role_id, secret_id) = bao.approle(&other);
    let token = |policy: &str, more: Value| {
        let name = bao.unique("policy");
        bao.write(&format!("sys/policies/acl/{name}"), json!({"policy": policy}));
        let body = crate::vault::with(&json!({"policies": [name]}), more);
        let answer = bao.write("auth/token/create", body);
        answer["auth"]["client_token"].as_str().unwrap().to_owned()
    };
    let expired = token(
        "path \"x\" { capabilities = [\"read\"] }",
        json!({"ttl": "1s", "explicit_max_ttl": "1s"}),
    );
    let variables = token(
        &format!("path \"{mount}/data/variables/*\" {{ capabilities = [\"read\"] }}"),
        json!({}),
    );
    let connections_only = format!(
        "path \"{mount}/data/connections/*\" {{ capabilities = [\"read\"] }}\npath \"{mount}/data/variables/*\" {{ capabilities = [\"read\"] }}"
    );
    let no_options = token(&connections_only, json!({"period": "72h"}));
    let short = token(
        &format!("path \"{mount}/*\" {{ capabilities = [\"read\"] }}"),
        json!({"ttl": "10m"}),
    );
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let by_token = |token: &str, mount: &str| {
        with(
            &home,
            &json!({"url": bao.addr, "token": token, "mount_point": mount}),
        )
    };
    let approle = json!({"url": bao.addr, "mount_point": mount, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    let mut lines = vec![
        mistake("an expired token", by_token(&expired, &mount)).fails(
            4,
            "login",
            "does not accept the token",
            "get a new one",
        ),
        mistake("a wrong mount", by_token(&bao.root_token, "nowhere")).fails(
            2,
            "mount",
            "has no mount `nowhere`",
            "check `mount_point`",
        ),
        mistake(
            "a KV v1 mount that is read as v2",
            by_token(&bao.root_token, &other),
        )
        .fails(
            2,
            "mount",
            "is KV v1, but is read as KV v2",
            "`kv_engine_version` to 1",
        ),
        mistake("a mount that is not KV", by_token(&bao.root_token, "sys")).fails(
            2,
            "mount",
            "is not a KV engine",
            "set `mount_point`",
        ),
        mistake("a missing policy", with(&home, &approle)).fails(
            4,
            "read",
            "a policy must allow `read` on",
            "check the policies",
        ),
        mistake("a policy for variables alone", by_token(&variables, &mount)).fails(
            4,
            "read",
            "variables may be read, connections and configuration options may not",
            "policies",
        ),
    ];
    for (name, token, check, says, way_out) in [
        (
            "a policy without options",
            &no_options,
            "read",
            "configuration options may not",
            "_SECRET",
        ),
        (
            "a token that ends soon",
            &short,
            "login",
            "minutes left",
            "renew the token",
        ),
    ] {
        lines.push(mistake(name, by_token(token, &mount)).warns(check, says, way_out));
    }
    each_is_named(lines);
}

#[test]
fn each_doubt_about_a_real_vault_is_a_warning_and_a_sealed_one_fails() {
    let Some(bao) = bao() else { return };
    let home = temp_dir();
    let mount = bao.kv(2);
    let (role_id, secret_id) = bao.approle(&mount);
    let right = json!({"url": bao.https_addr, "verify": bao.ca_file, "mount_point": mount,
        "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    let but = |more: Value| with(&home, &crate::vault::with(&right, more));
    each_is_named(vec![
        mistake("certificates are not checked", but(json!({"verify": false}))).warns(
            "tls",
            "it is not checked",
            "let certificates be checked",
        ),
        mistake(
            "an ignored namespace",
            but(json!({})).env("VAULT_NAMESPACE", "team"),
        )
        .warns(
            "login",
            "`VAULT_NAMESPACE` is set, but Airflow does not read it",
            "set the kwarg `namespace`",
        ),
        mistake(
            "a `$` that Airflow eats",
            but(json!({"secret_id": "before$EATEN"})).env("EATEN", "after"),
        )
        .fails(
            4,
            "login",
            "`$EATEN` in AIRFLOW__SECRETS__BACKEND_KWARGS was replaced by a variable's value",
            "`secret_id` may be wrong",
        ),
    ]);
    let Some((_guard, sealed)) = crate::vault::servers::sealed(bao) else {
        return;
    };
    each_is_named(vec![
        mistake(
            "a sealed server",
            with(&home, &json!({"url": sealed.addr, "token": "root"})),
        )
        .fails(5, "server", "is sealed", "vault operator unseal"),
    ]);
}

#[test]
fn each_mistake_of_a_server_is_named() {
    let home = temp_dir();
    let trusted = home.path().join("ca.pem");
    std::fs::write(&trusted, Authority::trusted().pem()).unwrap();
    let tls = |validity| {
        Server::start_tls(&Authority::trusted().certificate(validity), |request| {
            healthy(&request.target)
        })
    };
    let (expired, not_yet, wrong_name) = (
        tls(Validity::Expired),
        tls(Validity::NotYet),
        tls(Validity::WrongName),
    );
    let uninitialized = Server::start(|_| {
        Reply::json(
            501,
            json!({"initialized": false, "sealed": true, "version": "1.21.4"}),
        )
    });
    let html = Server::start(|_| Reply::html(200));
    let skewed =
        Server::start(|request| healthy(&request.target).header("Date", "Sun, 06 Nov 1994 08:49:37 GMT"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging = closed.local_addr().unwrap().port();
    let at = |url: String| with(&home, &json!({"url": url, "token": "hvs.t", "verify": trusted}));
    let mut lines = vec![
        mistake("an expired certificate", at(expired.url())).fails(5, "tls", "has expired", "renew"),
        mistake("a certificate of tomorrow", at(not_yet.url())).fails(5, "tls", "is not valid yet", "clock"),
        mistake("a certificate of another name", at(wrong_name.url())).fails(
            5,
            "tls",
            "is for another name",
            "name",
        ),
        mistake("a server that is not initialized", at(uninitialized.url())).fails(
            5,
            "server",
            "is not initialized",
            "vault operator init",
        ),
        mistake("a server that is not Vault", at(html.url())).fails(
            5,
            "server",
            "answered with HTML",
            "check `url`",
        ),
        mistake(
            "a server that never answers",
            at(format!("http://127.0.0.1:{hanging}")).args(["--timeout", "1"]),
        )
        .fails(5, "server", "did not answer", "--timeout"),
    ];
    lines.push(mistake("a skewed clock", at(skewed.url())).warns(
        "clock",
        "this machine's clock is",
        "set this machine's clock",
    ));
    each_is_named(lines);
}

fn is_right(kwargs: &Value) -> Value {
    let home = temp_dir();
    all_is_right("vault", with(&home, kwargs))
}

#[test]
fn a_right_configuration_of_a_real_vault_has_only_right_lines() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    let (role_id, secret_id) = bao.approle(&mount);
    let approle =
        json!({"mount_point": mount, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
    let report = is_right(&crate::vault::with(
        &approle,
        json!({"url": bao.https_addr, "verify": bao.ca_file}),
    ));
    assert!(said(&report, "tls").contains("days left"), "{report}");
    assert!(said(&report, "server").contains("unsealed"), "{report}");
    let login = said(&report, "login");
    assert!(
        login.contains("`approle`") && login.contains("left") && login.contains(&role_id),
        "{login}"
    );
    assert_eq!(said(&report, "mount"), format!("`{mount}` is KV v2"));
    assert!(!report.to_string().contains(&secret_id));
    is_right(&crate::vault::with(&approle, json!({"url": bao.addr})));
    let one = bao.kv(1);
    is_right(&json!({"url": bao.addr, "token": bao.root_token, "mount_point": one, "kv_engine_version": 1}));
}
