//! What `hvac.Client` can be told: certificates, timeouts, proxies, headers; and what an environment says instead.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{found, login, vault};
use crate::support::server::{Authority, Reply, Server, Validity};
use crate::support::{Output, Program, airflow, cases, random, temp_dir};

#[track_caller]
fn is(output: &Output, status: i32, words: &str) {
    assert_eq!(output.status, status, "{}", output.stderr);
    assert_eq!(
        output.stdout,
        if status == 0 { b"world\n".as_slice() } else { b"" }
    );
    assert!(
        output.stderr.contains(words),
        "{words} is not in: {}",
        output.stderr
    );
}

fn get(program: Program) -> Output {
    program.args(["get-var", "hello", "--timeout", "10"]).run()
}

/// Variables.
type Env<'a> = &'a [(&'a str, &'a str)];

/// A folder with the authority's certificate, and a server that shows one of it.
fn secure() -> (TempDir, PathBuf, Server) {
    let folder = temp_dir();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, Authority::trusted().pem()).unwrap();
    let server = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| found());
    (folder, ca, server)
}

#[test]
fn the_authority_comes_from_the_first_that_names_one() {
    let (folder, ca, server) = secure();
    let stranger = folder.path().join("stranger.pem");
    std::fs::write(&stranger, Authority::new("stranger").pem()).unwrap();
    let (ca, stranger) = (ca.to_str().unwrap(), stranger.to_str().unwrap());
    let kwargs = |more: Value| {
        let mut kwargs = json!({"url": server.url(), "token": "t"});
        kwargs
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        kwargs
    };
    let unknown = "not signed by a trusted authority";
    let cases: [(Value, Env<'_>, &str); 15] = [
        (json!({}), &[], unknown),
        (json!({"verify": ca}), &[], ""),
        (json!({"verify": folder.path()}), &[], ""),
        (json!({}), &[("REQUESTS_CA_BUNDLE", ca)], ""),
        (json!({}), &[("CURL_CA_BUNDLE", ca)], ""),
        (
            json!({}),
            &[("REQUESTS_CA_BUNDLE", stranger), ("CURL_CA_BUNDLE", ca)],
            unknown,
        ),
        (json!({"verify": true}), &[("REQUESTS_CA_BUNDLE", ca)], ""),
        (
            json!({"verify": stranger}),
            &[("REQUESTS_CA_BUNDLE", ca)],
            unknown,
        ),
        (json!({}), &[("VAULT_CACERT", ca)], unknown),
        (
            json!({"verify": null}),
            &[("VAULT_CACERT", ca), ("REQUESTS_CA_BUNDLE", stranger)],
            "",
        ),
        (json!({"verify": null}), &[("VAULT_CAPATH", ca)], ""),
        (json!({"verify": null}), &[("REQUESTS_CA_BUNDLE", ca)], ""),
        (json!({"verify": false}), &[("REQUESTS_CA_BUNDLE", stranger)], ""),
        (json!({}), &[("SSL_CERT_FILE", ca)], ""),
        (
            json!({}),
            &[("SSL_CERT_DIR", folder.path().to_str().unwrap())],
            "",
        ),
    ];
    for (more, env, words) in cases {
        let output = get(vault(&kwargs(more.clone())).envs(env.iter().copied()));
        is(&output, if words.is_empty() { 0 } else { 5 }, words);
        // SSL_CERT_FILE is for OpenSSL's default store, and requests brings its own.
        let judged = airflow().filter(|_| env.iter().all(|(name, _)| !name.starts_with("SSL_")));
        if let Some(judge) = judged.filter(|_| more["verify"] != json!(folder.path())) {
            let env: serde_json::Map<_, _> = env.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
            let theirs = judge.ask(
                json!({"op": "vault.lookup", "kwargs": kwargs(more.clone()), "env": env, "kind": "var", "name": "hello"}),
            );
            assert_eq!(
                theirs.get("value").is_some(),
                output.status == 0,
                "{more} {theirs}"
            );
        }
    }
}

#[test]
fn a_bundle_that_is_missing_or_no_pem_is_a_matter_of_configuration() {
    let (folder, _, server) = secure();
    let no_pem = folder.path().join("no.pem");
    std::fs::write(&no_pem, "hello").unwrap();
    for verify in [
        json!(no_pem),
        json!("/no-such-folder/ca.pem"),
        json!(5.5),
        json!([]),
    ] {
        let output = get(vault(
            &json!({"url": server.url(), "token": "t", "verify": verify}),
        ));
        assert_eq!(output.status, 2, "{verify}: {}", output.stderr);
    }
    for name in ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let output =
            get(vault(&json!({"url": server.url(), "token": "t"})).env(name, "/no-such-folder/file"));
        is(&output, 2, "/no-such-folder/file");
    }
    assert!(server.take().is_empty());
}

#[test]
fn a_client_certificate_is_shown_where_it_is_wanted() {
    let (folder, ca, _) = secure();
    let server = Server::start_mutual_tls(
        &Authority::trusted().certificate(Validity::Good),
        Authority::trusted(),
        |_| found(),
    );
    let client = Authority::trusted().certificate(Validity::Good);
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = (write("cert.pem", &client.pem), write("key.pem", &client.key_pem));
    let both = write("both.pem", &format!("{}{}", client.key_pem, client.pem));
    let ask = |cert: Value| vault(&json!({"url": server.url(), "token": "t", "verify": ca, "cert": cert}));
    is(&get(ask(json!([cert, key]))), 0, "");
    is(&get(ask(json!(both))), 0, "");
    is(
        &get(ask(Value::Null)
            .env("VAULT_CLIENT_CERT", &cert)
            .env("VAULT_CLIENT_KEY", &key)),
        0,
        "",
    );
    is(&get(ask(Value::Null)), 5, "TLS");
    is(&get(ask(json!(cert))), 2, "no private key");
    is(&get(ask(json!([cert, ca]))), 2, "no private key");
    is(&get(ask(json!([key, key]))), 2, "no certificate");
    is(
        &get(ask(json!("/no-such-folder/file"))),
        2,
        "/no-such-folder/file",
    );
    is(&get(ask(json!([cert, key, key]))), 2, "pair");
    if let Some(judge) = airflow() {
        for (cert, works) in [(json!(both), true), (json!(null), false)] {
            let kwargs = json!({"url": server.url(), "token": "t", "verify": ca, "cert": cert});
            let theirs =
                judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "kind": "var", "name": "hello"}));
            assert_eq!(theirs.get("value").is_some(), works, "{theirs}");
        }
    }
}

#[test]
fn kwargs_that_cannot_be_used_are_named() {
    let base = json!({"url": "http://127.0.0.1:1", "token": "t"});
    for (more, words) in [
        (json!({"timeout": 0}), "`timeout` must be more than 0"),
        (json!({"timeout": "soon"}), "`timeout` must be a number"),
        (json!({"session": "x"}), "`session` is not supported"),
        (json!({"adapter": null}), "`adapter` is not supported"),
        (json!({"proxies": {"http": 5}}), "`proxies` must be"),
        (json!({"roleid": "r"}), "did you mean `role_id`?"),
        // The name that is misspelt comes before the one that is missing for it.
        (json!({"token": null, "tokn": "t"}), "did you mean `token`?"),
        (json!({"headers": {}}), "unknown backend kwarg `headers`"),
        (json!({"auth_type": "aprole"}), "did you mean `approle`?"),
        (json!({"auth_type": null}), "`auth_type` must not be null"),
        (
            json!({"auth_type": "approle"}),
            "requires the backend kwarg `role_id`",
        ),
        (
            json!({"auth_type": "github", "token": ""}),
            "requires the backend kwarg `token` or `token_path`",
        ),
        (json!({"auth_type": "kubernetes"}), "`kubernetes_role`"),
        (
            json!({"auth_type": "kubernetes", "kubernetes_role": "r", "kubernetes_jwt_path": ""}),
            "`kubernetes_jwt_path`",
        ),
        (
            json!({"auth_type": "jwt", "jwt_role": "r"}),
            "`jwt_token` or `jwt_token_path`",
        ),
        (
            json!({"auth_type": "azure", "azure_resource": "r"}),
            "`azure_tenant_id`",
        ),
        (
            json!({"auth_type": "radius", "radius_host": "h"}),
            "`radius_secret`",
        ),
        (json!({"auth_type": "gcp", "role_id": "r"}), "`gcp_scopes`"),
        (json!({"auth_type": "gcp", "gcp_scopes": "s"}), "`role_id`"),
        (json!({"auth_type": "userpass"}), "`username`"),
        (
            json!({"auth_type": "ldap", "username": ".."}),
            "is not a valid name",
        ),
        (json!({"kv_engine_version": 3}), "must be 1 or 2"),
        (json!({"connections_path": 5}), "`connections_path` must be"),
        (json!({"url": "127.0.0.1:8200"}), "has no scheme"),
        (json!({"url": "http://h:1/?x"}), "has a query"),
        (json!({"url": "http://h:port"}), "no valid port"),
        (json!({"url": "http://u:hunter2@h x:1"}), "no valid host"),
        (json!({"proxies": {"http": "socks5://h:1"}}), "SOCKS"),
    ] {
        let mut kwargs = base.clone();
        kwargs
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let output = get(vault(&kwargs));
        is(&output, 2, words);
        assert!(!output.stderr.contains("hunter2"));
    }
    is(
        &get(vault(&json!({"url": "http://127.0.0.1:1"}))),
        2,
        "VAULT_TOKEN",
    );
    is(
        &get(vault(&json!({"token": "t"})).env("VAULT_ADDR", "")),
        2,
        "VAULT_ADDR",
    );
    for (more, status) in [
        (json!({"token_path": "/no-such-folder/file"}), 4),
        (
            json!({"auth_type": "azure", "azure_resource": "r", "azure_tenant_id": "t"}),
            2,
        ),
    ] {
        let mut kwargs = json!({"url": "http://127.0.0.1:1"});
        kwargs
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(get(vault(&kwargs)).status, status);
    }
}

#[test]
fn text_forms_of_numbers_booleans_and_lists_serve() {
    let server = Server::start(|request| match request.target.as_str() {
        "/v1/secret/p2/hello" => Reply::json(200, json!({"data": {"value": "world"}})),
        _ => Reply::json(404, json!({"errors": []})),
    });
    let program = vault(&json!({"url": server.url(), "token": "t"}))
        .env("AIRFLOW__SECRETS__BACKEND_KWARG__KV_ENGINE_VERSION", "1")
        .env("AIRFLOW__SECRETS__BACKEND_KWARG__VERIFY", "false")
        .env("AIRFLOW__SECRETS__BACKEND_KWARG__TIMEOUT", "5")
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARG__VARIABLES_PATH",
            "[\"p1\", \"p2\"]",
        );
    is(&get(program), 0, "");
}

#[test]
fn an_existing_token_serves_azure_and_radius_and_nothing_is_written() {
    let server = Server::script([found()]);
    let home = temp_dir();
    std::fs::write(home.path().join(".vault-token"), "hvs.home\n").unwrap();
    for kwargs in [
        json!({"url": server.url(), "auth_type": "azure", "azure_resource": "r", "azure_tenant_id": "t"}),
        json!({"url": server.url(), "auth_type": "radius", "radius_host": "h", "radius_secret": "s"}),
    ] {
        is(&get(vault(&kwargs).env("VAULT_TOKEN", "hvs.env")), 0, "");
        is(&get(vault(&kwargs).env("HOME", home.path())), 0, "");
        is(&get(vault(&kwargs)), 2, "does not log in");
        let asked = server.take();
        let tokens: Vec<_> = asked
            .iter()
            .map(|request| request.header("x-vault-token"))
            .collect();
        assert_eq!(tokens, [Some("hvs.env"), Some("hvs.home")]);
        assert!(asked.iter().all(|request| request.method == "GET"));
    }
}

#[test]
fn the_proxy_is_the_one_that_requests_would_take() {
    let Some(judge) = airflow() else { return };
    let proxy = Server::script([found()]);
    let here = format!("http://127.0.0.1:{}", proxy.port);
    let mut random = random("proxies");
    let hosts = [
        "vault.example",
        "a.vault.example",
        "127.1.2.3",
        "vault",
        "[::1]",
        "127.0.0.2",
    ];
    let lists = [
        "",
        "*",
        "vault.example",
        ".example",
        "example",
        "127.0.0.0/8",
        "127.1.2.3",
        "127.1.2.3:8200",
        "vault:8200",
        "ault",
        "::1",
        "other, .vault.example",
        "127.1.2.3/33",
        "VAULT",
        "*.example",
    ];
    let (mut through, mut direct) = (0, 0);
    for _ in 0..cases(60, 1000) {
        let host = *random.pick(&hosts);
        let url = format!("http://{host}:8200");
        let mut env = serde_json::Map::new();
        for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy", "Http_Proxy"] {
            if random.one_in(3) {
                env.insert(
                    name.to_owned(),
                    json!(if random.one_in(4) { "" } else { here.as_str() }),
                );
            }
        }
        for name in ["no_proxy", "NO_PROXY"] {
            if random.one_in(2) {
                env.insert(name.to_owned(), json!(random.pick(&lists)));
            }
        }
        if random.one_in(8) {
            env.insert("REQUEST_METHOD".to_owned(), json!("GET"));
        }
        let mut proxies = serde_json::Map::new();
        for key in ["http", "all", "http://vault.example", "all://vault", "no_proxy"] {
            if random.one_in(6) {
                let value = match (key, random.below(4)) {
                    ("no_proxy", _) => json!(random.pick(&lists)),
                    (_, 0) => Value::Null,
                    (_, 1) => json!(""),
                    _ => json!(here),
                };
                proxies.insert(key.to_owned(), value);
            }
        }
        let theirs = judge.ask(json!({"op": "vault.bypass", "url": url, "env": env, "proxies": proxies}));
        // Where no proxy is taken, only what is on this machine is asked.
        if theirs.is_null() && !host.starts_with("127.") {
            continue;
        }
        if theirs.is_null() {
            let output = vault(&json!({"url": url, "token": "t", "proxies": proxies}))
                .envs(env.iter().map(|(name, value)| (name, value.as_str().unwrap())))
                .args(["get-var", "hello", "--timeout", "10"])
                .run();
            assert!(
                proxy.take().is_empty(),
                "{url} {env:?} {proxies:?}: {}",
                output.stderr
            );
            direct += 1;
            continue;
        }
        through += 1;
        let output = vault(&json!({"url": url, "token": "t", "proxies": proxies}))
            .envs(env.iter().map(|(name, value)| (name, value.as_str().unwrap())))
            .args(["get-var", "hello"])
            .run();
        is(&output, 0, "");
        let asked = proxy.take();
        assert_eq!(
            asked[0].target,
            format!("{url}/v1/secret/data/variables/hello"),
            "{env:?} {proxies:?}"
        );
    }
    assert!(through > 10 && direct > 0, "{through} {direct}");
}

#[test]
fn a_tunnel_is_asked_for_https_with_the_proxys_own_credentials() {
    let (_folder, ca, server) = secure();
    // A proxy that refuses, and says why.
    for (status, words) in [(407, "wants a user and password"), (403, "refuses a tunnel")] {
        let proxy = Server::script([Reply::status(status)]);
        let with_user = format!("http://us%40er:hunter2@127.0.0.1:{}", proxy.port);
        let kwargs =
            json!({"url": server.url(), "token": "t", "verify": ca, "proxies": {"https": with_user}});
        let output = get(vault(&kwargs));
        is(&output, 5, words);
        assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
        let asked = proxy.take();
        assert_eq!(
            (asked[0].method.as_str(), asked[0].target.as_str()),
            ("CONNECT", format!("localhost:{}", server.port).as_str())
        );
        assert_eq!(
            asked[0].header("proxy-authorization"),
            Some("Basic dXNAZXI6aHVudGVyMg==")
        );
        assert_eq!(
            asked[0].header("x-vault-token"),
            None,
            "the token is for Vault alone"
        );
    }
    assert!(server.take().is_empty());
}

#[test]
fn many_names_take_one_login_and_kept_connections() {
    let server = Server::start(|request| match request.method.as_str() {
        "POST" => Reply::json(200, login("hvs.issued")),
        _ => found().after(std::time::Duration::from_millis(20)),
    });
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    let names: Vec<String> = (0..40).map(|n| format!("v{n}")).collect();
    let mut program = vault(&kwargs).args(["export", "--format", "json"]);
    for name in &names {
        program = program.args(["--var", name]);
    }
    let output = program.run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let asked = server.take();
    assert_eq!(asked.iter().filter(|request| request.method == "POST").count(), 1);
    assert_eq!(asked.len(), 41);
    assert!(
        server.connections() <= 8 && server.most_open() <= 8,
        "{}",
        server.connections()
    );
}

#[test]
fn a_rejected_token_is_replaced_once_for_all() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let logins = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if request.method == "POST" {
            let number = logins.fetch_add(1, Ordering::SeqCst);
            return Reply::json(200, login(&format!("hvs.{number}")));
        }
        match request.header("x-vault-token") {
            Some("hvs.0") => Reply::json(403, json!({"errors": ["permission denied"]})),
            _ => found(),
        }
    });
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    is(&get(vault(&kwargs)), 0, "");
    let methods: Vec<_> = server.take().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["POST", "GET", "POST", "GET"]);
}

#[test]
fn a_url_with_a_user_is_basic_authorization_and_never_shown() {
    let server = Server::script([Reply::json(404, json!({"errors": []}))]);
    let url = server.url().replace("http://", "http://user:hunter2@");
    let output = get(vault(&json!({"url": url, "token": "t"})));
    assert_eq!(output.status, 3);
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
    assert_eq!(
        server.take()[0].header("authorization"),
        Some("Basic dXNlcjpodW50ZXIy")
    );
}
