//! The deliberate differences from Airflow's backend: each is asked of both, and what each makes of it is stated.

use serde_json::{Value, json};

use super::{found, kv2, login, vault, with};
use crate::support::server::{Authority, Recorded, Reply, Server, Validity, in_order};
use crate::support::{Judge, Output, Side, Sides, airflow, differs, requests, temp_dir};

/// The path of the variable `hello`.
const HELLO: &str = "GET /v1/secret/data/variables/hello";

/// What both sent and made of it.
struct Both {
    theirs: Side,
    asked_by_them: Vec<Recorded>,
    output: Output,
    asked: Vec<Recorded>,
}

impl Both {
    /// States both sides, with the requests of each.
    fn are(&self, airflow: Side, secretctl: Side) -> Sides {
        self.with(requests, airflow, secretctl)
    }

    /// States both sides, with what `of` sees in the requests of each.
    fn with(&self, of: impl Fn(&[Recorded]) -> Value, airflow: Side, secretctl: Side) -> Sides {
        let ours = Side::of_secretctl(&self.output);
        Sides {
            airflow: (self.theirs.clone().asking(of(&self.asked_by_them)), airflow),
            secretctl: (ours.asking(of(&self.asked)), secretctl),
        }
    }
}

fn ask(judge: &Judge, server: &Server, kwargs: &Value, env: &[(&str, &str)], name: &str) -> Both {
    let theirs = ask_airflow(judge, server, kwargs, env, name);
    let asked_by_them = server.take();
    let output = ask_us(server, kwargs, env, name);
    Both {
        theirs,
        asked_by_them,
        output,
        asked: server.take(),
    }
}

fn ask_airflow(judge: &Judge, server: &Server, kwargs: &Value, env: &[(&str, &str)], name: &str) -> Side {
    let kwargs = with(&json!({"url": server.url()}), kwargs.clone());
    let env: serde_json::Map<_, _> = env.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
    Side::of_airflow(
        &judge.ask(json!({"op": "vault.lookup", "kwargs": kwargs, "env": env, "kind": "var", "name": name})),
    )
}

fn ask_us(server: &Server, kwargs: &Value, env: &[(&str, &str)], name: &str) -> Output {
    vault(&with(&json!({"url": server.url()}), kwargs.clone()))
        .envs(env.iter().copied())
        .args(["--no-fallback", "-n", "get-var", "--", name])
        .run()
}

/// Asks each of its own server, of which both have the same replies.
fn ask_apart<R: IntoIterator<Item = Reply>>(judge: &Judge, kwargs: &Value, replies: impl Fn() -> R) -> Both {
    let servers = [(); 2].map(|()| Server::start(in_order(replies().into_iter().collect::<Vec<_>>())));
    Both {
        theirs: ask_airflow(judge, &servers[0], kwargs, &[], "hello"),
        asked_by_them: servers[0].take(),
        output: ask_us(&servers[1], kwargs, &[], "hello"),
        asked: servers[1].take(),
    }
}

fn world() -> Side {
    Side::found("world")
}

fn status(status: u8) -> Side {
    Side::failed(format!("status {status}"))
}

/// What stands in a header of each request.
fn headers(name: &'static str) -> impl Fn(&[Recorded]) -> Value {
    move |requests| {
        requests
            .iter()
            .map(|request| json!(request.header(name)))
            .collect()
    }
}

/// A Vault that takes any login and has `reply` for any read.
fn any_vault(reply: Reply) -> Server {
    Server::start(move |request| match request.method.as_str() {
        "GET" => reply.clone(),
        _ => Reply::json(200, login("hvs.issued")),
    })
}

fn approle() -> Value {
    json!({"auth_type": "approle", "role_id": "r", "secret_id": "s"})
}

/// The login that these kwargs make.
fn approle_login() -> Value {
    json!(["POST /v1/auth/approle/login", {"role_id": "r", "secret_id": "s"}])
}

#[test]
fn a_secret_without_a_value_is_malformed() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(Reply::json(200, kv2(&json!({"other": 1}))));
    let both = ask(judge, &server, &json!({"token": "t"}), &[], "hello");
    differs(
        "vault-no-value-key",
        &both.are(
            Side::not_found().asking(json!([HELLO])),
            status(6).asking(json!([HELLO])),
        ),
    );
}

#[test]
fn a_value_that_is_no_text_keeps_its_type_in_airflow_alone() {
    let Some(judge) = airflow() else { return };
    for (value, text) in [
        (json!(5), "5"),
        (json!({"a": 5}), r#"{"a":5}"#),
        (json!(true), "true"),
    ] {
        let server = any_vault(Reply::json(200, kv2(&json!({"value": value}))));
        let both = ask(judge, &server, &json!({"token": "t"}), &[], "hello");
        differs(
            "vault-value-type",
            &both.are(
                Side::found(value).asking(json!([HELLO])),
                Side::found(text).asking(json!([HELLO])),
            ),
        );
    }
}

#[test]
fn a_url_with_a_query_is_not_asked() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    for (tail, target) in [("?x", "GET /?x/v1/secret/data/variables/hello"), ("/#y", "GET /")] {
        let kwargs = json!({"token": "t", "url": format!("{}{tail}", server.url())});
        let both = ask(judge, &server, &kwargs, &[], "hello");
        differs(
            "vault-url-query",
            &both.are(world().asking(json!([target])), status(2).asking(json!([]))),
        );
    }
}

#[test]
fn names_stay_in_their_paths() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    let both = ask(judge, &server, &json!({"token": "t"}), &[], "../../sys/x");
    differs(
        "vault-climbing-id",
        &both.are(
            world().asking(json!(["GET /v1/secret/sys/x"])),
            status(2).asking(json!([])),
        ),
    );

    let login = |path: &str| json!([format!("POST /v1/auth/userpass/login/{path}"), {"password": "p"}]);
    let kwargs = json!({"auth_type": "userpass", "username": "a/b?c", "password": "p"});
    let both = ask(judge, &server, &kwargs, &[], "hello");
    differs(
        "vault-username-quoting",
        &both.are(
            world().asking(json!([login("a/b?c"), HELLO])),
            world().asking(json!([login("a%2Fb%3Fc"), HELLO])),
        ),
    );
    let in_mount = |mount: &str| json!([format!("POST /v1/auth/{mount}/login/u"), {"password": "p"}]);
    let kwargs =
        json!({"auth_type": "userpass", "username": "u", "password": "p", "auth_mount_point": "a?b"});
    let both = ask(judge, &server, &kwargs, &[], "hello");
    differs(
        "vault-username-quoting",
        &both.are(
            world().asking(json!([in_mount("a?b"), HELLO])),
            world().asking(json!([in_mount("a%3Fb"), HELLO])),
        ),
    );
    let both = ask(
        judge,
        &server,
        &json!({"auth_type": "userpass", "password": "p"}),
        &[],
        "hello",
    );
    differs(
        "vault-username-quoting",
        &both.are(
            world().asking(json!([login("None"), HELLO])),
            status(2).asking(json!([])),
        ),
    );
}

#[test]
fn a_redirect_to_another_path_takes_nothing_along() {
    let Some(judge) = airflow() else { return };
    let elsewhere = any_vault(found());
    let location = format!("{}/v1/x", elsewhere.url());
    let server = Server::script([Reply::status(307).header("Location", &location)]);
    let sees = |requests: Vec<Recorded>| headers("x-vault-token")(&requests);
    let kwargs = json!({"token": "hvs.secret"});
    let theirs = ask_airflow(judge, &server, &kwargs, &[], "hello");
    let theirs = theirs.asking(sees(elsewhere.take()));
    let output = ask_us(&server, &kwargs, &[], "hello");
    differs(
        "vault-redirect",
        &Sides {
            airflow: (theirs, world().asking(json!(["hvs.secret"]))),
            secretctl: (
                Side::of_secretctl(&output).asking(sees(elsewhere.take())),
                status(5).asking(json!([])),
            ),
        },
    );
}

#[test]
fn a_login_that_is_redirected_takes_nothing_along() {
    let Some(judge) = airflow() else { return };
    let elsewhere = any_vault(found());
    let location = format!("{}/v1/x", elsewhere.url());
    let server = Server::start(move |request| match request.method.as_str() {
        "GET" => found(),
        _ => Reply::status(307).header("Location", &location),
    });
    let theirs = ask_airflow(judge, &server, &approle(), &[], "hello");
    let theirs = theirs.asking(requests(&elsewhere.take()));
    let output = ask_us(&server, &approle(), &[], "hello");
    let sent = json!([["POST /v1/x", {"role_id": "r", "secret_id": "s"}]]);
    differs(
        "vault-redirect",
        &Sides {
            airflow: (theirs, world().asking(sent)),
            secretctl: (
                Side::of_secretctl(&output).asking(requests(&elsewhere.take())),
                status(5).asking(json!([])),
            ),
        },
    );
}

#[test]
fn a_token_of_the_environment_goes_along_with_airflows_logins_alone() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    let both = ask(judge, &server, &approle(), &[("VAULT_TOKEN", "hvs.env")], "hello");
    differs(
        "vault-token-on-login",
        &both.with(
            headers("x-vault-token"),
            world().asking(json!(["hvs.env", "hvs.issued"])),
            world().asking(json!([null, "hvs.issued"])),
        ),
    );
}

#[test]
fn a_netrc_file_is_read_by_airflow_alone() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    let folder = temp_dir();
    let netrc = folder.path().join("netrc");
    std::fs::write(&netrc, "machine 127.0.0.1 login user password hunter2\n").unwrap();
    let env = [("NETRC", netrc.to_str().unwrap())];
    let both = ask(judge, &server, &json!({"token": "t"}), &env, "hello");
    differs(
        "vault-netrc",
        &both.with(
            headers("authorization"),
            world().asking(json!(["Basic dXNlcjpodW50ZXIy"])),
            world().asking(json!([null])),
        ),
    );
}

#[test]
fn a_github_token_is_read_from_its_file() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    let folder = temp_dir();
    let file = folder.path().join("token");
    std::fs::write(&file, "ghp_file\n").unwrap();
    let kwargs = json!({"auth_type": "github", "token_path": file});
    let both = ask(judge, &server, &kwargs, &[], "hello");
    let login = |token: Value| json!(["POST /v1/auth/github/login", {"token": token}]);
    differs(
        "vault-github-token-path",
        &both.are(
            world().asking(json!([login(json!(null)), HELLO])),
            world().asking(json!([login(json!("ghp_file")), HELLO])),
        ),
    );
}

#[test]
fn azure_and_radius_are_configured_anew_by_airflow_alone() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    let token = [("VAULT_TOKEN", "hvs.env")];
    for (kwargs, written) in [
        (
            json!({"auth_type": "azure", "azure_resource": "r", "azure_tenant_id": "t"}),
            json!(["POST /v1/auth/azure/config", {"tenant_id": "t", "resource": "r"}]),
        ),
        (
            json!({"auth_type": "radius", "radius_host": "h", "radius_secret": "s"}),
            json!(["POST /v1/auth/radius/config", {"host": "h", "secret": "s"}]),
        ),
    ] {
        let both = ask(judge, &server, &kwargs, &token, "hello");
        differs(
            "vault-azure-radius",
            &both.are(
                world().asking(json!([written, HELLO])),
                world().asking(json!([HELLO])),
            ),
        );
        let both = ask(judge, &server, &kwargs, &[], "hello");
        differs(
            "vault-azure-radius",
            &both.are(
                Side::failed("VaultError").asking(json!([written])),
                status(2).asking(json!([])),
            ),
        );
    }
}

#[test]
fn a_login_that_is_not_found_is_a_missing_secret_in_airflow_alone() {
    let Some(judge) = airflow() else { return };
    let kwargs = with(&approle(), json!({"variables_path": ["a", "b"]}));
    let server = Server::script([Reply::json(404, json!({"errors": ["no handler for route"]}))]);
    let both = ask(judge, &server, &kwargs, &[], "hello");
    let login = approle_login();
    differs(
        "vault-login-not-found",
        &both.are(
            Side::not_found().asking(json!([login, login])),
            status(4).asking(json!([login])),
        ),
    );
}

#[test]
fn a_login_that_is_refused_is_not_sent_again_and_one_that_is_throttled_is() {
    let Some(judge) = airflow() else { return };
    let login_sent = approle_login();
    let server = Server::script([Reply::json(403, json!({"errors": ["permission denied"]}))]);
    let both = ask(judge, &server, &approle(), &[], "hello");
    differs(
        "vault-login-retry",
        &both.are(
            Side::failed("VaultError").asking(json!([login_sent, login_sent])),
            status(4).asking(json!([login_sent])),
        ),
    );
    for (code, class) in [(429, "RateLimitExceeded"), (503, "VaultDown")] {
        let replies = || [Reply::status(code), Reply::json(200, login("hvs.x")), found()];
        let both = ask_apart(judge, &approle(), replies);
        differs(
            "vault-login-retry",
            &both.are(
                Side::failed(class).asking(json!([login_sent])),
                world().asking(json!([login_sent, login_sent, HELLO])),
            ),
        );
    }
}

#[test]
fn a_cut_body_is_asked_for_again() {
    let Some(judge) = airflow() else { return };
    let both = ask_apart(judge, &json!({"token": "t"}), || [found().cut_at(120), found()]);
    differs(
        "vault-cut-body",
        &both.are(
            Side::failed("ChunkedEncodingError").asking(json!([HELLO])),
            world().asking(json!([HELLO, HELLO])),
        ),
    );
}

#[test]
fn certificates_are_taken_in_pairs_and_never_left_unchecked_by_accident() {
    let Some(judge) = airflow() else { return };
    let (authority, folder) = (Authority::trusted(), temp_dir());
    let client = authority.certificate_for(&["client"]);
    let server = Server::start_mutual_tls(&authority.certificate(Validity::Good), authority, |_| found());
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let kwargs = json!({
        "token": "t", "verify": write("ca.pem", &authority.pem()),
        "cert": [write("client.pem", &client.pem), write("client.key", &client.key_pem)],
    });
    let both = ask(judge, &server, &kwargs, &[], "hello");
    differs(
        "vault-client-certificate-pair",
        &both.are(
            Side::failed("TypeError").asking(json!([])),
            world().asking(json!([HELLO])),
        ),
    );

    let server = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| found());
    let both = ask(judge, &server, &json!({"token": "t", "verify": ""}), &[], "hello");
    differs(
        "vault-verify-empty",
        &both.are(world().asking(json!([HELLO])), status(2).asking(json!([]))),
    );
}

#[test]
fn a_session_without_a_region_signs_for_the_first_one() {
    let Some(judge) = airflow() else { return };
    let server = any_vault(found());
    // boto3's session finds the keys and no region.
    let env = [
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let kwargs = json!({"auth_type": "aws_iam", "role_id": "r"});
    let both = ask(judge, &server, &kwargs, &env, "hello");
    let region = |requests: &[Recorded]| requests.iter().filter_map(signed_region).collect();
    differs(
        "vault-aws-region",
        &both.with(
            region,
            Side::failed("TypeError").asking(json!([])),
            world().asking(json!(["us-east-1"])),
        ),
    );
}

/// The region in the scope of the signature that a login carries.
fn signed_region(request: &Recorded) -> Option<Value> {
    use base64::Engine as _;
    if request.method != "POST" {
        return None;
    }
    let signed = request.json()["iam_request_headers"].as_str()?.to_owned();
    let signed = base64::engine::general_purpose::STANDARD.decode(signed).unwrap();
    let signed = String::from_utf8(signed).unwrap();
    let scope = signed.split("Credential=").nth(1)?;
    Some(json!(scope.split('/').nth(2)?))
}

#[test]
fn the_metadata_of_an_instance_are_not_asked_through_a_proxy() {
    let keys = json!({
        "AccessKeyId": "AKIAINSTANCE", "SecretAccessKey": "secret", "Token": "token", "Expiration": "2999-01-01T00:00:00Z",
    });
    let metadata = move |request: &Recorded| match request.target.rsplit('/').next() {
        Some("token") => Reply::status(200).body("imds-token"),
        Some("") => Reply::status(200).body("role"),
        _ => Reply::json(200, keys.clone()),
    };
    let (instance, proxy) = (Server::start(metadata.clone()), Server::start(metadata));
    let (instance_url, proxy_url) = (instance.url(), proxy.url());
    let home = temp_dir();
    let Some(judge) = airflow() else { return };
    let theirs = judge.ask(json!({"op": "aws_credentials.keys", "env": {
        "HOME": home.path(), "AWS_DEFAULT_REGION": "eu-west-1", "HTTP_PROXY": proxy_url,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": instance_url,
    }}));
    let through_proxy = |proxy: &Server| json!(proxy.take().len());
    let airflow = Side::found(theirs["keys"][0].clone()).asking(through_proxy(&proxy));
    assert!(instance.take().is_empty());
    let vault_server = any_vault(found());
    let ours = vault(&json!({"url": vault_server.url(), "auth_type": "aws_iam"}))
        .envs([
            ("HOME", home.path().to_str().unwrap()),
            ("HTTP_PROXY", proxy_url.as_str()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance_url.as_str()),
        ])
        .args(["get-var", "hello", "--timeout", "10"])
        .run();
    assert_eq!(instance.take().len(), 3, "{}", ours.stderr);
    let asked: Vec<_> = proxy.take();
    // Vault itself is asked through the proxy.
    let metadata = asked
        .iter()
        .filter(|request| request.target.starts_with(&instance_url))
        .count();
    differs(
        "vault-aws-metadata-proxy",
        &Sides {
            airflow: (airflow, Side::found("AKIAINSTANCE").asking(json!(3))),
            secretctl: (
                Side::found("AKIAINSTANCE").asking(json!(metadata)),
                Side::found("AKIAINSTANCE").asking(json!(0)),
            ),
        },
    );
}
